"""`expand=` and `fields=`: what stands beside an id, for whom, and at what price."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.conditions import records
from crm_api.conditions.expansion import choices
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.database import Database
from crm_api.core.fields import CATALOGUES
from tests.app.resources import problem
from tests.factories import actor_for, make_account, make_contact, make_opportunity, make_user
from tests.support.api import Api
from tests.support.statements import counted

ACCOUNTS, DEALS = "/api/v1/crm/accounts", "/api/v1/crm/opportunities"


async def test_a_related_record_stands_beside_its_id(api: Api) -> None:
    def make(session: Session) -> Any:
        owner = make_user(session, name="Ada")
        account = make_account(session, name="Acme", number="ACC-1", owner_id=owner.id)
        return make_opportunity(session, account_id=account.id).id, account.id, owner.id

    deal_id, account_id, owner_id = await api.db.write(make)
    client = await api.client()

    deal = (await client.get(f"{DEALS}/{deal_id}", params={"expand": "account,contact"})).json()
    assert deal["account"] == {"id": str(account_id), "label": "Acme", "number": "ACC-1"}
    assert deal["account_id"] == str(account_id)
    assert deal["contact"] is None
    (row,) = (await client.get(ACCOUNTS, params={"expand": "owner", "fields": "name"})).json()["items"]
    assert row == {"id": str(account_id), "name": "Acme", "owner": {"id": str(owner_id), "label": "Ada"}}
    searched = (await client.post(f"{ACCOUNTS}/search", json={"expand": ["owner"]})).json()["items"]
    assert searched[0]["owner"]["label"] == "Ada"


async def test_a_record_that_may_not_be_seen_is_null_beside_its_id(db: Database) -> None:
    def check(session: Session) -> dict[str, Any]:
        rep = make_user(session)
        account = make_account(session)
        deal = make_opportunity(session, owner_id=rep.id, account_id=account.id)
        return records.one(
            session, actor_for(session, rep), "opportunity", deal.id, Wanted(expand=("account", "owner"))
        )

    deal = await db.write(check)
    assert deal["account_id"] is not None
    assert deal["account"] is None
    assert deal["owner"]["id"] == deal["owner_id"]


@pytest.mark.parametrize("rows", [1, 60])
async def test_each_relation_costs_one_statement_whatever_the_page(db: Database, rows: int) -> None:
    def fill(session: Session) -> None:
        for _ in range(rows):
            owner = make_user(session)
            account = make_account(session, owner_id=owner.id)
            make_opportunity(
                session,
                owner_id=owner.id,
                account_id=account.id,
                contact_id=make_contact(session, account_id=account.id).id,
            )

    def statements(session: Session, *names: str) -> int:
        with counted() as sent:
            records.page(session, SYSTEM, "opportunity", Query(expand=names))
        return len(sent)

    await db.write(fill)
    await db.read(statements)  # from here on the definitions of custom fields are known
    plain = await db.read(statements)
    assert plain <= 4
    assert await db.read(statements, "account", "contact", "owner") == plain + 3


async def test_names_that_cannot_be_expanded_or_shown_are_refused_with_the_choices(api: Api) -> None:
    client = await api.client()

    for path in (DEALS, f"{DEALS}?page_size=1"):
        answer = await client.get(path, params={"expand": "dragons"})
        assert "account" in problem(answer, 400)["detail"]
    four = {"expand": "account,contact,owner,team"}
    assert "3" in problem(await client.get(DEALS, params=four), 400)["detail"]
    assert "stage_name" in problem(await client.get(DEALS, params={"fields": "dragons"}), 400)["detail"]
    problem(await client.get(DEALS, params={"expand": "owner"} | {"expanded": "owner"}), 400)


async def test_one_record_takes_fields_and_expand_and_no_other_parameter(api: Api) -> None:
    account = await api.db.write(lambda session: make_account(session, name="Acme"))
    client = await api.client()
    address = f"{ACCOUNTS}/{account.id}"

    assert (await client.get(address, params={"fields": "name"})).json() == {
        "id": str(account.id),
        "name": "Acme",
    }
    problem(await client.get(address, params={"field": "name"}), 400)
    problem(await client.get(f"{address}?fields=name&fields=email"), 400)
    problem(await client.get(address, params={"fields": "names"}), 400)


async def test_a_list_says_that_only_the_record_itself_shows_its_lines(api: Api) -> None:
    deal = await api.db.write(lambda session: make_opportunity(session))
    client = await api.client()

    assert (
        "read the opportunity itself"
        in problem(await client.get(DEALS, params={"fields": "lines"}), 400)["detail"]
    )
    assert (await client.get(f"{DEALS}/{deal.id}", params={"fields": "lines"})).json()["lines"] == []


def test_every_relation_that_can_be_expanded_has_a_label_to_show() -> None:
    expandable = {(c.kind, name) for c in CATALOGUES if c.shown for name in choices(c)}

    assert {
        ("lead", "owner"),
        ("account", "parent"),
        ("opportunity", "account"),
        ("user", "team"),
    } <= expandable
    assert ("opportunity", "stage") not in expandable  # an answer has a word of that name: its kind
    for catalogue in CATALOGUES:
        for relation in choices(catalogue).values():
            target = CATALOGUES[relation.target]
            assert target.field(target.label), relation


async def test_every_relation_can_be_expanded(db: Database) -> None:
    def check(session: Session) -> None:
        for catalogue in CATALOGUES:
            for name in choices(catalogue):
                records.page(session, SYSTEM, catalogue.kind, Query(expand=(name,)))

    await db.read(check)
