"""References 000 and 004: what they add to leads: BANT, stages' older words, follow-ups, conversion and its traces."""

from typing import Any

import httpx
import pytest

from tests.app.resources import CRM, problem
from tests.support.api import Api

LEADS = f"{CRM}/leads"


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(LEADS, json={"company_name": "Harbor", **values})
    assert answer.status_code == 201, answer.text
    lead: dict[str, Any] = answer.json()
    return lead


@pytest.mark.parametrize("source", ["website", "trade_show", "referral", "cold_call", "social_media"])
async def test_004_sources(api: Api, source: str) -> None:
    assert (await made(await api.client(), source=source))["source"] == source


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("inquiry", "new"),
        ("qualified", "qualified"),
        ("proposal", "proposal"),
        ("negotiation", "negotiation"),
    ],
)
async def test_004_lead_stages(api: Api, stage: str, status: str) -> None:
    client = await api.client()

    assert (await made(client, status=stage))["status"] == status
    assert (await client.get(LEADS, params={"status": stage})).json()["total"] == 1


async def test_004_bant_is_kept_shown_and_filtered(api: Api) -> None:
    client = await api.client()
    bant = {"budget": 25000.5, "authority": "Ann Lee signs", "need": "Old vans fail", "timeline": "Q3"}
    lead = await made(client, **bant)

    assert {name: lead[name] for name in bant} == bant
    for name, value in bant.items():
        assert (await client.get(LEADS, params={name: value})).json()["total"] == 1
    assert (await client.get(LEADS, params={"budget__gt": 25001})).json()["total"] == 0


async def test_004_qualifying_takes_bant_too(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    body = {"qualification_score": 70, "budget": 100, "timeline": "now"}

    qualified = (await client.post(f"{LEADS}/{lead['id']}/qualify", json=body)).json()

    assert (qualified["budget"], qualified["timeline"], qualified["is_qualified"]) == (100, "now", True)
    assert qualified["qualified_at"] is not None


async def test_004_what_was_found_out_comes_along_with_the_conversion(api: Api) -> None:
    client = await api.client()
    for kind in ("lead", "account", "opportunity"):
        field = {"kind": kind, "key": "bays", "label": "Service bays", "type": "integer"}
        assert (await client.post(f"{CRM}/custom-fields", json=field)).status_code == 201
    lead = await made(
        client,
        budget=25000,
        need="Old vans fail",
        requirements="Twelve vans",
        tags=["Fleet"],
        custom_fields={"bays": 4},
        last_name="Lee",
        email_opt_out=True,
    )
    note = {"activity_type": "note", "subject": "Met at the fair", "lead_id": lead["id"]}
    await client.post(f"{CRM}/activities", json=note)

    body = {"create_opportunity": True, "opportunity_name": "Vans"}
    converted = (await client.post(f"{LEADS}/{lead['id']}/convert", json=body)).json()

    account = (await client.get(f"{CRM}/accounts/{converted['converted_account_id']}")).json()
    contact = (await client.get(f"{CRM}/contacts/{converted['converted_contact_id']}")).json()
    deal = (await client.get(f"{CRM}/opportunities/{converted['converted_opportunity_id']}")).json()
    assert (deal["name"], deal["tags"], account["tags"]) == ("Vans", ["Fleet"], ["Fleet"])
    assert account["custom_fields"] == deal["custom_fields"] == {"bays": 4}
    assert "Requirements: Twelve vans" in deal["description"]
    assert "Need: Old vans fail" in deal["description"]
    assert contact["email_opt_out"] is True
    activities = (await client.get(f"{CRM}/activities", params={"account_id": account["id"]})).json()
    assert "Met at the fair" in [item["subject"] for item in activities["items"]]


async def test_a_converted_lead_is_read_only_and_converts_once(api: Api) -> None:
    client = await api.client()
    address = f"{LEADS}/{(await made(client))['id']}"
    first = await client.post(f"{address}/convert")
    account_id = first.json()["converted_account_id"]

    assert problem(await client.post(f"{address}/convert"), 409)["account_id"] == account_id
    for method, path, body in (
        ("PATCH", "", {"priority": "low"}),
        ("PATCH", "", {"status": "new"}),
        ("POST", "/qualify", {}),
        ("POST", "/mark-lost", {}),
        ("POST", "/move-stage", {"status": "new"}),
        ("POST", "/call-attempts", {}),
    ):
        problem(await client.request(method, address + path, json=body), 409)


@pytest.mark.parametrize("way", ["patch", "bulk", "stage"])
async def test_setting_the_status_converted_any_other_way_runs_the_same_rule(api: Api, way: str) -> None:
    client = await api.client()
    lead, twin = await made(client), await made(client)
    (pipeline,) = (await client.get(f"{CRM}/pipelines", params={"applies_to": "lead"})).json()["items"]
    won = next(stage["id"] for stage in pipeline["stages"] if stage["kind"] == "converted")

    async def convert(lead_id: str) -> httpx.Response:
        if way == "patch":
            return await client.patch(f"{LEADS}/{lead_id}", json={"status": "won"})
        if way == "bulk":
            body = {"lead_ids": [lead_id], "new_status": "converted"}
            return await client.post(f"{LEADS}/bulk/status", json=body)
        return await client.post(f"{LEADS}/{lead_id}/move-stage", json={"stage_id": won})

    assert (await convert(lead["id"])).status_code == 200
    converted = (await client.get(f"{LEADS}/{lead['id']}")).json()
    assert (converted["status"], converted["probability"]) == ("converted", 100)
    assert converted["converted_account_id"] is not None
    assert problem(await convert(twin["id"]), 409)["candidates"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"account_id": "01920000-0000-7000-8000-000000000000"}, "account_id"),
        ({"customer_id": "x"}, "customer_id"),
        ({"create_account": False}, "account_id"),
        ({"contact_id": "01920000-0000-7000-8000-000000000000"}, "contact_id"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
async def test_converting_into_nothing_is_refused_by_name(api: Api, body: dict[str, Any], field: str) -> None:
    client = await api.client()
    lead = await made(client)

    problem(await client.post(f"{LEADS}/{lead['id']}/convert", json=body), 422, field=field)
    assert (await client.get(f"{LEADS}/{lead['id']}")).json()["status"] == "new"
    assert (await client.get(f"{CRM}/accounts")).json()["total"] == 0


async def test_converting_tells_what_would_follow_and_keeps_nothing_in_a_rehearsal(api: Api) -> None:
    client = await api.client()
    lead = await made(client)

    told = (await client.post(f"{LEADS}/{lead['id']}/convert", params={"dry_run": "true"})).json()

    assert {"lead.converted", "account.created"} <= {event["type"] for event in told["events"]}
    assert (await client.get(f"{CRM}/accounts")).json()["total"] == 0


async def test_a_person_who_is_a_contact_of_the_account_stays_that_one(api: Api) -> None:
    client = await api.client()
    account = (await client.post(f"{CRM}/accounts", json={"name": "Other"})).json()
    person = {"first_name": "Ann", "email": "ann@harbor.example", "account_id": account["id"]}
    contact = (await client.post(f"{CRM}/contacts", json=person)).json()
    lead = await made(client, last_name="Lee", email="Ann@harbor.example")

    body = {"account_id": account["id"]}
    converted = (await client.post(f"{LEADS}/{lead['id']}/convert", json=body)).json()

    assert converted["converted_contact_id"] == contact["id"]


async def test_000_a_lead_is_found_by_its_number(api: Api) -> None:
    client = await api.client()
    lead = await made(client)

    assert (await client.get(f"{LEADS}/number/{lead['lead_number']}")).json()["id"] == lead["id"]
    problem(await client.get(f"{LEADS}/number/LEAD-19990101-0001"), 404)


async def test_000_estimated_close_date_and_address(api: Api) -> None:
    lead = await made(await api.client(), estimated_close_date="2026-12-31T00:00:00Z", address="1 Quay")

    assert (lead["estimated_close_date"], lead["address"], lead["street"]) == (
        "2026-12-31",
        "1 Quay",
        "1 Quay",
    )


async def test_000_analytics_by_priority(api: Api) -> None:
    client = await api.client()
    await made(client, priority="urgent")

    assert (await client.get(f"{LEADS}/analytics/summary")).json()["by_priority"] == {"urgent": 1}
