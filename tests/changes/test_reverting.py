"""Undoing one change set: each kind of change, what stands in the way, and what is never undone."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.changes import service
from crm_api.core import clock
from crm_api.core.errors import Conflict
from crm_api.events.models import EventRow
from tests.app.resources import (
    ACCOUNT,
    ACTIVITY,
    CONTACT,
    LEAD,
    OPPORTUNITY,
    PRODUCT,
    RECORDS,
    TAG,
    Resource,
    problem,
)
from tests.changes.trail import CHANGES, changed, last, made, read, shown, undone
from tests.support.api import Api

each_record = pytest.mark.parametrize("resource", RECORDS, ids=lambda r: r.kind)


@each_record
async def test_an_edit_is_undone_and_redone(api: Api, resource: Resource) -> None:
    client = await api.client()
    before = await made(client, resource)
    after = await changed(client, resource, before, **resource.change)
    edit = await last(api.db)

    revert = await undone(client, edit)

    assert shown(await read(client, resource, before)) == shown(before)
    assert revert["counts"][0]["changed"] == 1
    assert revert["records"][0]["id"] == before["id"]
    await undone(client, revert["id"])
    assert shown(await read(client, resource, before)) == shown(after)


@each_record
async def test_a_creation_is_undone_by_archiving_and_redone_by_restoring(
    api: Api, resource: Resource
) -> None:
    client = await api.client()
    record = await made(client, resource, **external(resource))
    revert = await undone(client, await last(api.db))

    gone = await read(client, resource, record)
    assert gone["archived_at"] is not None
    await undone(client, revert["id"])
    assert shown(await read(client, resource, record)) == shown(record)


@each_record
async def test_a_deletion_is_undone(api: Api, resource: Resource) -> None:
    client = await api.client()
    record = await made(client, resource)
    await client.delete(f"{resource.path}/{record['id']}")

    await undone(client, await last(api.db))

    assert shown(await read(client, resource, record)) == shown(record)


def external(resource: Resource) -> dict[str, str]:
    fields = resource.shape.model_fields
    return {"external_system": "erp", "external_id": "17"} if "external_id" in fields else {}


async def test_an_undone_creation_gives_its_external_id_free(api: Api) -> None:
    client = await api.client()
    await made(client, ACCOUNT, external_system="erp", external_id="17")
    revert = await undone(client, await last(api.db))

    await made(client, ACCOUNT, external_system="erp", external_id="17")

    refused = problem(await client.post(f"{CHANGES}/{revert['id']}/revert"), 409)
    assert refused["records"][0]["reason"] == "rule"
    assert "external_id" in refused["records"][0]["fields"]


@each_record
async def test_what_was_changed_since_is_named_and_nothing_is_undone(api: Api, resource: Resource) -> None:
    client = await api.client()
    record = await made(client, resource)
    await changed(client, resource, record, **{resource.text: "First"})
    edit = await last(api.db)
    now = await changed(client, resource, record, **{resource.text: "Second"})

    refused = problem(await client.post(f"{CHANGES}/{edit}/revert"), 409)

    (named,) = refused["records"]
    assert (named["kind"], named["id"], named["reason"]) == (resource.kind, record["id"], "changed")
    assert resource.text in named["fields"]
    assert await read(client, resource, record) == now


async def test_a_change_of_other_fields_since_is_no_obstacle_and_stays(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD)
    await changed(client, LEAD, lead, score=77)
    edit = await last(api.db)
    await changed(client, LEAD, lead, city="Columbus")

    await undone(client, edit)

    now = await read(client, LEAD, lead)
    assert (now["score"], now["city"]) == (60, "Columbus")


async def test_a_record_somebody_has_worked_on_is_not_archived_by_undoing_its_creation(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD)
    creation = await last(api.db)
    await changed(client, LEAD, lead, city="Columbus")

    refused = problem(await client.post(f"{CHANGES}/{creation}/revert"), 409)

    assert refused["records"][0]["fields"] == ["city"]


async def test_a_record_tagged_since_is_not_archived_by_undoing_its_creation(api: Api) -> None:
    client = await api.client()
    contact = await made(client, CONTACT)
    creation = await last(api.db)
    await changed(client, CONTACT, contact, tags=["Fleet"])

    response = await client.post(f"{CHANGES}/{creation}/revert")

    assert problem(response, 409)["records"][0]["fields"] == ["tags"]


async def test_an_edit_of_what_was_archived_since_is_refused_by_name(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD)
    await changed(client, LEAD, lead, score=77)
    edit = await last(api.db)
    await client.delete(f"{LEAD.path}/{lead['id']}")

    refused = problem(await client.post(f"{CHANGES}/{edit}/revert"), 409)

    assert refused["records"][0]["reason"] == "archived"
    assert refused["records"][0]["label"] == lead["title"]


# ── Parts, stages, closings ──────────────────────────────────────────────────────────────────────


async def test_tags_go_back_with_the_rest(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD, tags=["Fleet", "Vans"])
    await changed(client, LEAD, lead, tags=["Fleet", "Lost"], score=90)

    await undone(client, await last(api.db))

    now = await read(client, LEAD, lead)
    assert (now["tags"], now["score"]) == (["Fleet", "Vans"], 60)
    tags = (await client.get(TAG.path)).json()["items"]
    assert "Lost" not in [tag["name"] for tag in tags]


async def test_a_deleted_tag_comes_back_to_what_carried_it(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD, tags=["Fleet", "Vans"])
    tag = next(t for t in (await client.get(TAG.path)).json()["items"] if t["name"] == "Fleet")
    await client.delete(f"{TAG.path}/{tag['id']}")
    assert (await read(client, LEAD, lead))["tags"] == ["Vans"]

    await undone(client, await last(api.db))

    assert (await read(client, LEAD, lead))["tags"] == ["Fleet", "Vans"]
    assert (await client.get(f"{TAG.path}/{tag['id']}")).json()["color"] == tag["color"]


async def test_a_word_that_was_used_again_meanwhile_serves_as_the_tag(api: Api) -> None:
    client = await api.client()
    one, other = await made(client, LEAD), await made(client, LEAD, email="other@harbor.example")
    await changed(client, LEAD, one, tags=["Rare"])
    await undone(client, await last(api.db))  # takes the tag away, too
    undoing = await last(api.db)
    await changed(client, LEAD, other, tags=["Rare"])

    await undone(client, undoing)

    assert (await read(client, LEAD, one))["tags"] == ["Rare"]
    assert [tag["name"] for tag in (await client.get(TAG.path)).json()["items"]].count("Rare") == 1


async def test_a_change_taken_back_by_hand_leaves_nothing_to_undo_but_its_words(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD)
    await client.delete(f"{LEAD.path}/{lead['id']}")  # tags it "archived", a word that nobody used before
    archiving = await last(api.db)
    await client.post(f"{LEAD.path}/{lead['id']}/restore")

    response = await client.post(f"{CHANGES}/{archiving}/revert")

    assert problem(response, 409)["detail"] == "Nothing of this change is left to undo."


async def test_a_word_deleted_meanwhile_does_not_hinder_the_undoing_of_what_brought_it(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD, tags=[])
    await changed(client, LEAD, lead, tags=["Rare"], score=90)
    tagging = await last(api.db)
    tag = next(t for t in (await client.get(TAG.path)).json()["items"] if t["name"] == "Rare")
    await client.delete(f"{TAG.path}/{tag['id']}")

    await undone(client, tagging)

    assert (await read(client, LEAD, lead))["score"] == 60


async def test_lines_and_their_currency_go_back(api: Api) -> None:
    client = await api.client()
    product = await made(client, PRODUCT)
    line = {"product_id": product["id"], "quantity": 2, "unit_price": 100.5}
    deal = await made(client, OPPORTUNITY, currency="USD", lines=[line])
    before = await read(client, OPPORTUNITY, deal)
    await changed(client, OPPORTUNITY, deal, lines=[{**line, "quantity": 3}, line])
    edit = await last(api.db)

    await undone(client, edit)
    assert (await read(client, OPPORTUNITY, deal))["lines"] == before["lines"]

    await changed(client, OPPORTUNITY, deal, currency="EUR")
    await undone(client, await last(api.db))
    assert shown(await read(client, OPPORTUNITY, deal)) == shown(before)


async def test_a_closing_is_undone_and_done_again(api: Api) -> None:
    client = await api.client()
    account = await made(client, ACCOUNT)
    deal = await made(client, OPPORTUNITY, account_id=account["id"])
    open_ = await read(client, OPPORTUNITY, deal)
    won = (await client.post(f"{OPPORTUNITY.path}/{deal['id']}/close", json={"stage": "closed_won"})).json()

    revert = await undone(client, await last(api.db))

    assert shown(await read(client, OPPORTUNITY, deal)) == shown(open_)
    assert await events(api, revert["id"]) >= {"opportunity.reopened", "opportunity.stage_changed"}
    again = await undone(client, revert["id"])
    assert shown(await read(client, OPPORTUNITY, deal)) == shown(won)
    assert "opportunity.won" in await events(api, again["id"])


async def events(api: Api, change_set_id: str) -> set[str]:
    """The events of a revert, by the change set it undid."""

    def found(session: Session) -> set[str]:
        reverts = session.get_one(ChangeSet, UUID(change_set_id)).reverts_id
        return {
            row.type
            for row in session.scalars(sa.select(EventRow))
            if row.data.get("reverts") == str(reverts)
        }

    return await api.db.read(found)


async def test_a_lead_goes_back_to_its_stage_and_status(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD)
    await changed(client, LEAD, lead, status="proposal")

    revert = await undone(client, await last(api.db))

    assert shown(await read(client, LEAD, lead)) == shown(lead)
    assert await events(api, revert["id"]) >= {"lead.stage_changed", "lead.status_changed"}


async def test_an_undone_visit_leaves_the_timeline_and_the_last_contact(api: Api) -> None:
    client = await api.client()
    account = await made(client, ACCOUNT)
    await made(
        client, ACTIVITY, account_id=account["id"], status="completed", occurred_at="2026-01-02T08:30:00Z"
    )
    call = await last(api.db)
    path = f"/api/v1/crm/accounts/{account['id']}/timeline"
    assert len((await client.get(path)).json()["items"]) == 1
    contact = (await read(client, ACCOUNT, account))["last_contact_at"]

    revert = await undone(client, call)
    assert (await client.get(path)).json()["items"] == []
    assert (await read(client, ACCOUNT, account))["last_contact_at"] is None

    await undone(client, revert["id"])
    assert len((await client.get(path)).json()["items"]) == 1
    assert (await read(client, ACCOUNT, account))["last_contact_at"] == contact


async def test_the_primary_contact_that_stepped_down_is_it_again(api: Api) -> None:
    client = await api.client()
    account = await made(client, ACCOUNT)
    first = await made(client, CONTACT, account_id=account["id"], is_primary=True)
    second = await made(client, CONTACT, account_id=account["id"], email="second@riverside.example")
    await changed(client, CONTACT, second, is_primary=True)

    revert = await undone(client, await last(api.db))

    assert [(await read(client, CONTACT, c))["is_primary"] for c in (first, second)] == [True, False]
    await undone(client, revert["id"])
    assert [(await read(client, CONTACT, c))["is_primary"] for c in (first, second)] == [False, True]


async def test_an_address_that_another_lead_has_by_now_is_not_given_back(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD, email="ann@harbor.example")
    await changed(client, LEAD, lead, email="lee@harbor.example")
    edit = await last(api.db)
    await made(client, LEAD, email="ANN@harbor.example")

    refused = problem(await client.post(f"{CHANGES}/{edit}/revert"), 409)

    assert "another live record has its e-mail address" in refused["records"][0]["detail"]


async def test_an_owner_who_left_does_not_get_records_back(api: Api) -> None:
    client = await api.client()
    users = [(await client.post("/api/v1/users", json=body)).json() for body in people()]
    lead = await made(client, LEAD, owner_id=users[0]["id"])
    await changed(client, LEAD, lead, owner_id=users[1]["id"])
    edit = await last(api.db)
    await client.patch(f"/api/v1/users/{users[0]['id']}", json={"is_active": False})

    refused = problem(await client.post(f"{CHANGES}/{edit}/revert"), 409)

    assert refused["records"][0]["fields"] == ["owner_id"]


def people() -> list[dict[str, Any]]:
    return [{"name": name, "role": "rep"} for name in ("Ann", "Ben")]


# ── Who may, when, how often ─────────────────────────────────────────────────────────────────────


async def test_one_undoes_what_one_did_and_administrators_what_anybody_did(api: Api) -> None:
    rep, colleague, administrator = [await api.client(role) for role in ("rep", "manager", "administrator")]
    lead = await made(rep, LEAD)
    await changed(rep, LEAD, lead, score=77)
    edit = await last(api.db)

    problem(await colleague.post(f"{CHANGES}/{edit}/revert"), 404)
    revert = await undone(rep, edit)
    problem(await rep.post(f"{CHANGES}/{edit}/revert"), 409)
    await undone(administrator, revert["id"])
    await undone(administrator, edit)

    assert (await read(rep, LEAD, lead))["score"] == 60


async def test_a_record_that_went_to_somebody_else_is_not_written_by_undoing(api: Api) -> None:
    rep, administrator = await api.client("rep"), await api.client()
    other = (await administrator.post("/api/v1/users", json={"name": "Ann", "role": "rep"})).json()
    lead = await made(rep, LEAD)
    await changed(rep, LEAD, lead, score=77)
    edit = await last(api.db)
    await changed(administrator, LEAD, lead, owner_id=other["id"])

    refused = problem(await rep.post(f"{CHANGES}/{edit}/revert"), 409)

    (named,) = refused["records"]
    assert (named["id"], named["label"], named["reason"]) == (lead["id"], None, "not_yours")


async def test_after_thirty_days_a_change_stays(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await api.client()
    await made(client, LEAD)
    creation = UUID(await last(api.db))
    later = clock.now() + timedelta(days=30, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    with pytest.raises(Conflict, match="30 days"):
        await api.db.write(service.revert, SYSTEM, change_set_id=creation)


async def test_a_dry_run_says_it_all_and_changes_nothing(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD)
    after = await changed(client, LEAD, lead, score=77, tags=["Other"])
    edit = await last(api.db)

    told = (await client.post(f"{CHANGES}/{edit}/revert", params={"dry_run": True})).json()

    answer = told["answer"]
    assert (told["dry_run"], answer["reverts_id"]) == (True, edit)
    assert {"lead", "tag"} == {change["kind"] for change in told["changes"]}
    assert {"kind": "lead", "changed": 1}.items() <= next(
        c for c in answer["counts"] if c["kind"] == "lead"
    ).items()
    assert await read(client, LEAD, lead) == after
    assert await last(api.db) == edit


async def test_what_has_no_way_back_is_said_and_left(api: Api) -> None:
    client = await api.client()
    answer = await client.post("/api/v1/auth/api-keys", json={"name": "Orders", "scopes": ["leads:read"]})
    assert answer.status_code == 201, answer.text

    refused = problem(await client.post(f"{CHANGES}/{await last(api.db)}/revert"), 409)

    assert refused["records"][0]["kind"] == "api_key"


async def test_undoing_is_a_change_set_with_a_name_that_points_to_what_it_undid(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD)
    await changed(client, LEAD, lead, score=77)
    edit = await last(api.db)
    revert = await undone(client, edit)

    shown_edit = (await client.get(f"{CHANGES}/{edit}")).json()
    shown_revert = (await client.get(f"{CHANGES}/{revert['id']}")).json()

    assert shown_edit["reverted_by_id"] == revert["id"]
    assert shown_revert["reverts_id"] == edit
    assert shown_revert["label"] == f"Revert of: {shown_edit['label']}"
    assert shown_edit["label"] == "Update lead"


async def test_people_pipelines_and_rules_go_back_too(api: Api) -> None:
    client = await api.client()
    territory = (await client.post("/api/v1/territories", json={"name": "Ohio"})).json()
    user = (await client.post("/api/v1/users", json={"name": "Ann", "role": "rep"})).json()
    path = f"/api/v1/users/{user['id']}"
    await client.patch(path, json={"role": "manager", "territory_ids": [territory["id"]]})

    await undone(client, await last(api.db))

    now = (await client.get(path)).json()
    assert (now["role"], now["territory_ids"]) == ("rep", [])


async def test_somebody_who_was_added_by_mistake_is_deactivated(api: Api) -> None:
    client = await api.client()
    user = (await client.post("/api/v1/users", json={"name": "Ann", "role": "rep"})).json()

    await undone(client, await last(api.db))

    assert (await client.get(f"/api/v1/users/{user['id']}")).json()["is_active"] is False


def entries(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) or 0


async def test_a_refused_revert_leaves_no_trace_in_the_trail(api: Api) -> None:
    client: httpx.AsyncClient = await api.client()
    lead = await made(client, LEAD)
    creation = await last(api.db)
    await changed(client, LEAD, lead, score=77)
    before = await api.db.read(entries)

    problem(await client.post(f"{CHANGES}/{creation}/revert"), 409)

    assert await api.db.read(entries) == before
