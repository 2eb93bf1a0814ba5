"""Reference 003 and 004, accounts: every address, field, word, filter and aggregate."""

from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from crm_api.accounts.models import ACCOUNT_TYPES, RATINGS, TIERS
from tests.app.resources import problem
from tests.factories import (
    make_account,
    make_contact,
    make_opportunity,
    make_order,
    make_territory,
    make_user,
)
from tests.support.api import Api

ACCOUNTS = "/api/v1/crm/accounts"
FIELDS: dict[str, Any] = {
    "name": "Acme Corp",
    "website": "https://acme.example",
    "phone": "+1 555 010 0100",
    "account_type": "customer",
    "industry": "technology",
    "rating": "hot",
    "employees": 250,
    "annual_revenue": 1_250_000.50,
    "billing_street": "1 Main Street",
    "billing_city": "Columbus",
    "billing_state": "OH",
    "billing_zip": "43004",
    "billing_country": "United States",
}


@pytest.fixture
async def client(api: Api) -> httpx.AsyncClient:
    """Signed in as the administrator."""
    return await api.client()


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(ACCOUNTS, json={"name": "Acme Corp"} | values)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_an_account_takes_every_field(client: httpx.AsyncClient) -> None:
    account = await made(client, **FIELDS)
    assert {name: account[name] for name in FIELDS} == FIELDS
    assert account["number"].startswith("ACC-")


@pytest.mark.parametrize("slash", ["", "/"])
async def test_accounts_are_made_listed_read_changed_and_deleted(
    client: httpx.AsyncClient, slash: str
) -> None:
    answer = await client.post(f"{ACCOUNTS}{slash}", json={"name": "Acme Corp"})
    address = f"{ACCOUNTS}/{answer.json()['id']}{slash}"

    assert (await client.get(f"{ACCOUNTS}{slash}")).json()["total"] == 1
    assert (await client.get(address)).json()["name"] == "Acme Corp"
    assert (await client.put(address, json={"name": "Acme"})).json()["name"] == "Acme"
    assert (await client.delete(address)).status_code == 204
    assert (await client.get(f"{ACCOUNTS}{slash}")).json()["total"] == 0


async def test_only_the_name_is_needed(client: httpx.AsyncClient) -> None:
    assert (await made(client))["account_type"] == "prospect"
    problem(await client.post(ACCOUNTS, json={"industry": "finance"}), 422, field="name")


@pytest.mark.parametrize("word", ACCOUNT_TYPES)
async def test_each_type_is_taken_and_filtered_by(client: httpx.AsyncClient, word: str) -> None:
    assert (await made(client, account_type=word))["account_type"] == word
    assert (await client.get(ACCOUNTS, params={"account_type": word})).json()["total"] == 1


async def test_a_vendor_is_a_supplier(client: httpx.AsyncClient) -> None:
    assert (await made(client, account_type="vendor"))["account_type"] == "supplier"
    assert (await client.get(ACCOUNTS, params={"account_type": "vendor"})).json()["total"] == 1


@pytest.mark.parametrize(("field", "words"), [("tier", TIERS), ("rating", RATINGS)])
async def test_each_tier_and_rating_is_taken_and_filtered_by(
    client: httpx.AsyncClient, field: str, words: tuple[str, ...]
) -> None:
    for word in words:
        assert (await made(client, **{field: word}))[field] == word
        assert (await client.get(ACCOUNTS, params={field: word})).json()["total"] == 1
    problem(await client.post(ACCOUNTS, json={"name": "Odd", field: "tin"}), 422, field=field)


@pytest.mark.parametrize("industry", ["technology", "finance", "healthcare", "Boat building"])
async def test_industries_are_an_open_list(client: httpx.AsyncClient, industry: str) -> None:
    await made(client, industry=industry)
    assert (await client.get(ACCOUNTS, params={"industry": industry.upper()})).json()["total"] == 1


@pytest.mark.parametrize("of", ["billing", "shipping", "visit"])
async def test_an_account_has_three_addresses(client: httpx.AsyncClient, of: str) -> None:
    address = {
        f"{of}_street": "2 Harbor Road", f"{of}_city": "Dayton", f"{of}_state": "OH", f"{of}_zip": "45402",
        f"{of}_country": "United States",
    }  # fmt: skip
    account = await made(client, **address)
    assert {name: account[name] for name in address} == address
    assert (await client.get(ACCOUNTS, params={f"{of}_city": "dayton"})).json()["total"] == 1


async def test_the_account_manager_is_the_owner(api: Api, client: httpx.AsyncClient) -> None:
    manager = await api.db.write(lambda session: str(make_user(session, "rep").id))
    account = await made(client, account_manager_id=manager)
    assert (account["owner_id"], account["account_manager_id"]) == (manager, manager)
    assert (await client.get(ACCOUNTS, params={"account_manager_id": manager})).json()["total"] == 1


async def test_an_account_belongs_to_a_territory(api: Api, client: httpx.AsyncClient) -> None:
    territory = await api.db.write(lambda session: str(make_territory(session).id))
    assert (await made(client, territory_id=territory))["territory_id"] == territory
    assert (await client.get(ACCOUNTS, params={"territory.name": "Ohio"})).json()["total"] == 1


@pytest.mark.parametrize("alone", [True, False], ids=["one", "list"])
async def test_an_account_counts_its_contacts_and_deals_and_what_they_come_to(
    api: Api, client: httpx.AsyncClient, alone: bool
) -> None:
    def make(session: Session) -> str:
        account = make_account(session)
        for _ in range(2):
            make_contact(session, account_id=account.id)
        make_opportunity(session, account_id=account.id, estimated_value=10_000)
        make_opportunity(session, "closed_won", account_id=account.id, estimated_value=5_000)
        for archived in (make_contact, make_opportunity):
            archived(session, account_id=account.id).archived_at = account.created_at
        return str(account.id)

    account_id = await api.db.write(make)
    answer = await client.get(f"{ACCOUNTS}/{account_id}" if alone else ACCOUNTS)

    account = answer.json() if alone else answer.json()["items"][0]
    counted = ("contact_count", "opportunity_count", "open_opportunity_count", "total_value", "open_value")
    assert [account[name] for name in counted] == [2, 2, 1, 150.0, 100.0]


async def test_field_staff_count_the_deals_they_see(api: Api) -> None:
    def make(session: Session) -> Any:
        territory = make_territory(session)
        account = make_account(session, territory_id=territory.id)
        make_opportunity(session, account_id=account.id, estimated_value=10_000)
        make_opportunity(session, "closed_lost", account_id=account.id, estimated_value=5_000)
        return make_user(session, "field", territories=[territory])

    client = await api.signed_in(await api.db.write(make))
    (account,) = (await client.get(ACCOUNTS)).json()["items"]
    assert (account["opportunity_count"], account["total_value"]) == (1, 100.0)


@pytest.mark.parametrize(
    ("plural", "make"), [("contacts", make_contact), ("opportunities", make_opportunity)]
)
async def test_an_account_lists_what_hangs_on_it(
    api: Api, client: httpx.AsyncClient, plural: str, make: Any
) -> None:
    def write(session: Session) -> tuple[str, str]:
        account = make_account(session)
        make(session)
        return str(account.id), str(make(session, account_id=account.id).id)

    account_id, linked = await api.db.write(write)
    page = (await client.get(f"{ACCOUNTS}/{account_id}/{plural}", params={"sort": "-created_at"})).json()
    assert [item["id"] for item in page["items"]] == [linked]
    problem(await client.get(f"{ACCOUNTS}/{account_id}/{plural}", params={"colour": "red"}), 400)


# ── Hierarchy ────────────────────────────────────────────────────────────────────────────────────


async def test_accounts_are_below_one_another(client: httpx.AsyncClient) -> None:
    parent = await made(client)
    child = await made(client, parent_account_id=parent["id"])
    assert (child["parent_id"], child["parent_account_id"]) == (parent["id"], parent["id"])
    assert (await client.get(ACCOUNTS, params={"parent_id": parent["id"]})).json()["total"] == 1


@pytest.mark.parametrize("depth", [1, 2, 40])
async def test_an_account_is_not_below_itself_however_deep(
    api: Api, client: httpx.AsyncClient, depth: int
) -> None:
    def chain(session: Session) -> tuple[str, str]:
        top = at = make_account(session)
        for _ in range(depth - 1):
            at = make_account(session, parent_id=at.id)
        return str(top.id), str(at.id)

    top, bottom = await api.db.write(chain)
    problem(await client.patch(f"{ACCOUNTS}/{top}", json={"parent_id": bottom}), 422, field="parent_id")


async def test_two_of_one_request_make_no_loop_together(api: Api, client: httpx.AsyncClient) -> None:
    one, other = [await api.db.write(lambda session: str(make_account(session).id)) for _ in range(2)]
    operations = [
        {"op": "update", "id": one, "data": {"parent_id": other}},
        {"op": "update", "id": other, "data": {"parent_id": one}},
    ]
    results = (await client.post(f"{ACCOUNTS}/bulk", json={"operations": operations})).json()["results"]
    assert [result["status"] for result in results] == [200, 422]


async def test_the_hierarchy_tells_each_account_with_its_own_and_all_below(
    api: Api, client: httpx.AsyncClient
) -> None:
    def make(session: Session) -> dict[str, str]:
        group = make_account(session, name="Group")
        north = make_account(session, name="North", parent_id=group.id)
        plant = make_account(session, name="Plant", parent_id=north.id)
        south = make_account(session, name="South", parent_id=group.id)
        make_contact(session, account_id=plant.id)
        make_opportunity(session, account_id=plant.id, estimated_value=10_000)
        make_opportunity(session, "closed_won", account_id=south.id, estimated_value=70_000)
        return {row.name: str(row.id) for row in (group, north, plant, south)}

    ids = await api.db.write(make)
    body = {"account_id": ids["North"], "total": 12, "order_date": date.today().isoformat()}  # noqa: DTZ011
    assert (await client.post("/api/v1/crm/orders", json=body)).status_code == 201

    for asked in ids.values():
        tree = (await client.get(f"{ACCOUNTS}/{asked}/hierarchy")).json()
        assert [(row["name"], row["level"]) for row in tree["accounts"]] == [
            ("Group", 0), ("North", 1), ("Plant", 2), ("South", 1),
        ]  # fmt: skip
    told = {row["name"]: row for row in tree["accounts"]}
    assert (tree["currency"], tree["complete"]) == ("USD", True)
    assert told["Plant"]["below_id"] == ids["North"]
    assert told["Group"]["own"] == {
        "contacts": 0, "open_opportunities": 0, "open_value": 0, "won_value": 0, "annual_spend": 0,
    }  # fmt: skip
    assert told["Group"]["total"] == {
        "contacts": 1, "open_opportunities": 1, "open_value": 100, "won_value": 700, "annual_spend": 12,
    }  # fmt: skip
    assert told["North"]["total"]["won_value"] == 0


async def test_the_hierarchy_leaves_out_what_one_may_not_see(api: Api) -> None:
    rep = await api.client("rep")
    me = (await rep.get("/api/v1/auth/me")).json()["id"]

    def make(session: Session) -> tuple[str, str]:
        above = make_account(session, name="Not mine")
        mine = make_account(session, name="Mine", parent_id=above.id, owner_id=me)
        between = make_account(session, name="Nor this", parent_id=mine.id)
        below = make_account(session, name="Mine too", parent_id=between.id, owner_id=me)
        make_order(session, account_id=between.id)
        return str(above.id), str(below.id)

    above, below = await api.db.write(make)
    tree = (await rep.get(f"{ACCOUNTS}/{below}/hierarchy")).json()["accounts"]
    assert [(row["name"], row["level"]) for row in tree] == [("Mine", 0), ("Mine too", 1)]
    assert tree[1]["below_id"] == tree[0]["id"]
    problem(await rep.get(f"{ACCOUNTS}/{above}/hierarchy"), 404)
