"""Logging, planning, completing, and what follows: the last contact and the timeline."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from crm_api.core import clock
from tests.app.resources import ACCOUNT, ACTIVITY, CONTACT, LEAD, OPPORTUNITY, checked, problem
from tests.support.api import Api


async def made(client: httpx.AsyncClient, type_: str = "call", **values: Any) -> dict[str, Any]:
    body = {"activity_type": type_, "subject": "About the order", **values}
    return checked(ACTIVITY, await client.post(ACTIVITY.path, json=body), 201)


async def linked(client: httpx.AsyncClient) -> dict[str, str]:
    account = (await client.post(ACCOUNT.path, json={"name": "Harbor"})).json()["id"]
    contact = (await client.post(CONTACT.path, json={"first_name": "Dana", "account_id": account})).json()[
        "id"
    ]
    lead = (await client.post(LEAD.path, json={"title": "Vans"})).json()["id"]
    deal = (await client.post(OPPORTUNITY.path, json={"name": "Fleet", "account_id": account})).json()["id"]
    return {"account_id": account, "contact_id": contact, "lead_id": lead, "opportunity_id": deal}


@pytest.mark.parametrize(
    ("type_", "given", "status"),
    [
        ("call", {}, "completed"),
        ("note", {}, "completed"),
        ("task", {}, "scheduled"),
        ("meeting", {"due_at": "2030-01-01T09:00:00Z"}, "scheduled"),
        ("visit", {"occurred_at": "2030-01-01T09:00:00Z"}, "scheduled"),
        ("task", {"completed_at": "2026-01-01T09:00:00Z"}, "completed"),
    ],
)
async def test_what_is_to_come_is_scheduled_and_the_rest_is_done(
    api: Api, type_: str, given: dict[str, str], status: str
) -> None:
    assert (await made(await api.client(), type_, **given))["status"] == status


async def test_a_call_is_the_last_contact_of_all_it_is_linked_to_and_bumps_no_version(api: Api) -> None:
    client = await api.client()
    links = await linked(client)
    at = "2026-05-04T10:00:00Z"
    await made(client, occurred_at=at, **links)
    await made(client, occurred_at="2026-05-01T10:00:00Z", **links)
    await made(client, "note", **links)

    lead = (await client.get(f"{LEAD.path}/{links['lead_id']}")).json()
    account = (await client.get(f"{ACCOUNT.path}/{links['account_id']}")).json()
    contact = (await client.get(f"{CONTACT.path}/{links['contact_id']}")).json()
    assert (lead["last_contact_date"], lead["call_attempts"], lead["version"]) == (at, 2, 1)
    assert (account["last_contact_at"], account["last_visit_at"], account["version"]) == (at, None, 1)
    assert contact["last_contact_at"] == at


async def test_a_call_logged_by_mistake_is_no_contact_any_more(api: Api) -> None:
    client = await api.client()
    links = await linked(client)
    call = await made(client, occurred_at="2026-05-04T10:00:00Z", lead_id=links["lead_id"])

    async def last() -> tuple[str | None, int]:
        lead = (await client.get(f"{LEAD.path}/{links['lead_id']}")).json()
        return lead["last_contact_date"], lead["call_attempts"]

    await client.delete(f"{ACTIVITY.path}/{call['id']}")
    assert await last() == (None, 0)
    await client.post(f"{ACTIVITY.path}/{call['id']}/restore")
    assert await last() == ("2026-05-04T10:00:00Z", 1)
    await client.patch(f"{ACTIVITY.path}/{call['id']}", json={"lead_id": None})
    assert await last() == (None, 0)


async def test_a_visit_done_before_it_was_due_happened_when_it_was_done(api: Api) -> None:
    client = await api.client()
    links = await linked(client)
    due = (clock.now() + timedelta(days=7)).isoformat()
    visit = await made(client, "visit", due_at=due, account_id=links["account_id"])
    done = await client.post(f"{ACTIVITY.path}/{visit['id']}/complete", json={"outcome": "Ordered two"})
    account = (await client.get(f"{ACCOUNT.path}/{links['account_id']}")).json()

    assert checked(ACTIVITY, done)["occurred_at"] == done.json()["completed_at"]
    assert account["last_visit_at"] == done.json()["completed_at"]
    problem(await client.post(f"{ACTIVITY.path}/{visit['id']}/complete", json={}), 409)


async def test_an_activity_on_a_deal_is_one_on_its_account(api: Api) -> None:
    client = await api.client()
    links = await linked(client)
    on_deal = await made(client, opportunity_id=links["opportunity_id"])
    on_contact = await made(client, contact_id=links["contact_id"])
    alone = await made(client)

    assert [a["account_id"] for a in (on_deal, on_contact, alone)] == [links["account_id"]] * 2 + [None]
    free = (await client.post(CONTACT.path, json={"first_name": "Free"})).json()["id"]
    moved = await client.patch(f"{ACTIVITY.path}/{on_deal['id']}", json={"contact_id": free})
    assert checked(ACTIVITY, moved)["account_id"] == links["account_id"], (
        "a contact without one takes none away"
    )


async def test_the_timeline_tells_activities_and_moves_newest_first(api: Api) -> None:
    client = await api.client()
    links = await linked(client)
    await made(client, occurred_at="2026-05-04T10:00:00Z", outcome="Wants a quote", **links)
    await client.patch(f"{OPPORTUNITY.path}/{links['opportunity_id']}", json={"stage": "proposal"})
    await client.patch(f"{LEAD.path}/{links['lead_id']}", json={"status": "contacted"})

    async def told(path: str, record_id: str, **asked: Any) -> list[str]:
        answer = await client.get(f"{path}/{record_id}/timeline", params=asked)
        return [line["summary"] for line in answer.json()["items"]]

    call = "Call · About the order: Wants a quote"
    assert await told(ACCOUNT.path, links["account_id"]) == ["Moved to proposal", call]
    assert await told(LEAD.path, links["lead_id"]) == ["Status: new → contacted", call]
    assert await told(CONTACT.path, links["contact_id"]) == [call]

    await client.delete(f"{OPPORTUNITY.path}/{links['opportunity_id']}")
    assert await told(ACCOUNT.path, links["account_id"]) == [call]


async def test_the_timeline_is_read_on_without_missing_what_happened_at_one_instant(api: Api) -> None:
    client = await api.client()
    links = await linked(client)
    for n in range(5):
        await made(
            client, occurred_at="2026-05-04T10:00:00Z", subject=f"Call {n}", account_id=links["account_id"]
        )
    seen: list[str] = []
    asked: dict[str, Any] = {"limit": 2}
    while "cursor" not in asked or asked["cursor"]:
        told = (await client.get(f"{ACCOUNT.path}/{links['account_id']}/timeline", params=asked)).json()
        seen += [line["summary"] for line in told["items"]]
        asked["cursor"] = told["next_cursor"]

    assert seen == [f"Call · Call {n}" for n in (4, 3, 2, 1, 0)]


async def test_a_timeline_one_may_not_see_is_not_there(api: Api) -> None:
    client, rep = await api.client(), await api.client("rep")
    links = await linked(client)

    problem(await rep.get(f"{ACCOUNT.path}/{links['account_id']}/timeline"), 404)
