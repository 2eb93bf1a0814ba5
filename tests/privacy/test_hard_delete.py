"""`DELETE …?hard=true`: one record goes for good, with its traces and what hangs on it alone."""

from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import search
from crm_api.core.database import Database
from crm_api.core.ids import new_id
from crm_api.visits.models import VisitPlan
from tests.app.resources import ACCOUNT, ACTIVITY, CONTACT, LEAD, OPPORTUNITY, RECORDS, Resource, problem
from tests.changes.trail import changed, last, made, read
from tests.factories import make_user
from tests.privacy.grep import everywhere
from tests.privacy.person import plan_of
from tests.support.api import Api

KINDS = [resource for resource in RECORDS if resource.kind != "product"]
each_record = pytest.mark.parametrize("resource", KINDS, ids=lambda r: r.kind)
MARKED = "Zanzibarian pelican"


async def gone(
    client: httpx.AsyncClient, resource: Resource, record: dict[str, Any], **headers: str
) -> httpx.Response:
    return await client.delete(f"{resource.path}/{record['id']}", params={"hard": True}, headers=headers)


async def found(db: Database, word: str) -> dict[str, set[str]]:
    def look(session: Session) -> dict[str, set[str]]:
        return everywhere(session, [word])

    while await db.write(search.forget_words):
        pass
    return await db.read(look)


@each_record
async def test_an_administrator_deletes_a_record_with_all_its_traces(api: Api, resource: Resource) -> None:
    client = await api.client()
    record = await made(client, resource, **{resource.text: MARKED})
    await changed(client, resource, record, **resource.change)
    kept = await made(client, resource, **{resource.text: "Another"}, **_another(resource))

    assert (await gone(client, resource, record)).status_code == 204

    problem(await client.get(f"{resource.path}/{record['id']}"), 404)
    assert await found(api.db, MARKED) == {}
    assert await read(client, resource, kept) == kept
    problem(await client.post(f"/api/v1/changes/{await last(api.db)}/revert"), 409)


def _another(resource: Resource) -> dict[str, Any]:
    return {"email": "other@riverside.example"} if resource is CONTACT else {}


@each_record
async def test_an_archived_record_can_be_deleted_and_no_other_twice(api: Api, resource: Resource) -> None:
    client = await api.client()
    record = await made(client, resource)
    assert (await client.delete(f"{resource.path}/{record['id']}")).status_code == 204

    assert (await gone(client, resource, record)).status_code == 204

    problem(await gone(client, resource, record), 404)
    problem(await client.post(f"{resource.path}/{record['id']}/restore"), 404)


@each_record
async def test_others_archive_but_do_not_delete(api: Api, resource: Resource) -> None:
    client, manager = await api.client(), await api.client("manager")
    record = await made(client, resource)

    problem(await gone(manager, resource, record), 403)

    assert await read(client, resource, record) == record


@each_record
async def test_a_stale_version_is_not_deleted_and_a_rehearsal_deletes_nothing(
    api: Api, resource: Resource
) -> None:
    client = await api.client()
    record = await made(client, resource)
    later = await changed(client, resource, record, **resource.change)

    problem(await gone(client, resource, record, **{"If-Match": f'"{record["version"]}"'}), 412)
    tried = await client.delete(f"{resource.path}/{record['id']}", params={"hard": True, "dry_run": True})

    assert {event["type"] for event in tried.json()["events"]} == {f"{resource.kind}.erased"}
    assert await read(client, resource, record) == later


async def test_an_account_with_people_or_deals_stays_until_they_are_elsewhere(api: Api) -> None:
    client = await api.client()
    account = await made(client, ACCOUNT)
    contact = await made(client, CONTACT, account_id=account["id"])
    deal = await made(client, OPPORTUNITY, account_id=account["id"])
    below = await made(client, ACCOUNT, parent_id=account["id"])

    refused = problem(await gone(client, ACCOUNT, account), 409)
    assert refused["hanging"] == {"contacts": 1, "deals": 1, "accounts below it": 1}

    await changed(client, ACCOUNT, below, parent_id=None)
    await client.delete(f"{CONTACT.path}/{contact['id']}")
    await client.delete(f"{OPPORTUNITY.path}/{deal['id']}")
    assert (await gone(client, ACCOUNT, account)).status_code == 204
    back = await client.post(f"{OPPORTUNITY.path}/{deal['id']}/restore")
    assert back.json()["account_id"] is None


async def test_what_hangs_on_others_as_well_stays_with_them(api: Api) -> None:
    client = await api.client()
    deal, account = await made(client, OPPORTUNITY), await made(client, ACCOUNT)
    both = await made(client, ACTIVITY, opportunity_id=deal["id"], account_id=account["id"])
    alone = await made(client, ACTIVITY, opportunity_id=deal["id"])

    assert (await gone(client, OPPORTUNITY, deal)).status_code == 204

    kept = await read(client, ACTIVITY, both)
    assert (kept["subject"], kept["opportunity_id"]) == (both["subject"], None)
    assert kept["version"] > both["version"]
    problem(await client.get(f"{ACTIVITY.path}/{alone['id']}"), 404)


async def test_an_address_that_another_record_has_is_left_with_it(api: Api) -> None:
    client = await api.client()
    email = "dana@riverside.example"
    lead, contact = await made(client, LEAD, email=email), await made(client, CONTACT, email=email)
    await client.post("/api/v1/crm/followups/suppressions", json={"address": email, "reason": "opt_out"})

    assert (await gone(client, LEAD, lead)).status_code == 204

    assert (await read(client, CONTACT, contact))["email"] == email
    assert (await client.get("/api/v1/crm/followups/suppressions")).json()["items"][0]["address_key"] == email


async def test_a_record_that_is_not_there_cannot_be_deleted(api: Api) -> None:
    client = await api.client()

    problem(await client.delete(f"{LEAD.path}/{new_id()}", params={"hard": True}), 404)


async def test_a_visit_plan_names_a_deleted_account_no_more(api: Api) -> None:
    client = await api.client()
    account, stays = await made(client, ACCOUNT, name=MARKED), await made(client, ACCOUNT)

    def planned(session: Session) -> None:
        owner = make_user(session)
        plan_of(session, UUID(account["id"]), owner)
        plan = session.scalars(sa.select(VisitPlan)).one()
        plan.left_out = [
            {"account_id": account["id"], "account_name": MARKED, "text": "closed"},
            {"account_id": stays["id"], "account_name": "Other", "text": f"instead of {MARKED}"},
        ]

    await api.db.write(planned)
    assert (await gone(client, ACCOUNT, account)).status_code == 204

    assert await found(api.db, MARKED) == {}
    (plan,) = (await client.get("/api/v1/crm/visits/plans")).json()["items"]
    shown = (await client.get(f"/api/v1/crm/visits/plans/{plan['id']}")).json()
    assert [item["text"] for item in shown["left_out"]] == ["instead of [erased]"]
    assert shown["stops"] == []
