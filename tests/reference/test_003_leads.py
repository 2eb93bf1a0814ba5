"""Reference 003, "CRM Module Documentation": the leads API, its fields and its board."""

from typing import Any

import httpx
import pytest

from tests.app.resources import ACCOUNT, CRM, problem
from tests.support.api import Api

LEADS = f"{CRM}/leads"
FIELDS: dict[str, Any] = {
    "name": "Twelve vans",
    "contact_name": "Ann Lee",
    "email": "ann@harbor.example",
    "phone": "+1 614 555 0100",
    "company_name": "Harbor Logistics",
    "job_title": "Fleet manager",
    "priority": "urgent",
    "rating": "warm",
    "source": "cold_call",
    "expected_revenue": 48000.5,
    "probability": 35,
}


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(f"{LEADS}/", json={**FIELDS, **values})
    assert answer.status_code == 201, answer.text
    lead: dict[str, Any] = answer.json()
    return lead


async def stages(client: httpx.AsyncClient) -> dict[str, str]:
    (pipeline,) = (await client.get(f"{CRM}/pipelines/", params={"applies_to": "lead"})).json()["items"]
    return {stage["name"]: stage["id"] for stage in pipeline["stages"]}


async def test_a_lead_of_every_field_reads_back_every_value_posted(api: Api) -> None:
    client = await api.client()
    (pipeline,) = (await client.get(f"{CRM}/pipelines", params={"applies_to": "lead"})).json()["items"]
    where = {"pipeline_id": pipeline["id"], "stage_id": pipeline["stages"][2]["id"]}
    lead = await made(client, **where)

    assert {name: lead[name] for name in (*FIELDS, *where)} == FIELDS | where
    assert lead["status"] == "proposal"
    assert (await client.get(f"{LEADS}/{lead['id']}")).json()["contact_name"] == "Ann Lee"


@pytest.mark.parametrize("path", [LEADS, f"{LEADS}/"])
async def test_paths_work_with_and_without_a_slash(api: Api, path: str) -> None:
    client = await api.client()
    await made(client)

    answer = await client.get(path)
    assert (answer.status_code, answer.json()["total"]) == (200, 1)


async def test_without_pipeline_and_stage_a_lead_is_in_the_defaults_first(api: Api) -> None:
    client = await api.client()
    lead = await made(client)

    assert lead["stage_id"] == (await stages(client))["New"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("priority", p) for p in ("low", "medium", "high", "urgent")]
    + [("rating", r) for r in ("cold", "warm", "hot")],
)
async def test_every_priority_and_rating_is_taken_and_filters(api: Api, field: str, value: str) -> None:
    client = await api.client()
    await made(client, **{field: value})

    assert (await client.get(LEADS, params={field: value})).json()["total"] == 1
    problem(await client.get(LEADS, params={field: "tepid"}), 422, field=field)


@pytest.mark.parametrize("probability", [-1, 101, "often"])
async def test_a_probability_is_from_0_to_100(api: Api, probability: Any) -> None:
    client = await api.client()

    answer = await client.post(LEADS, json={"name": "x", "probability": probability})
    problem(answer, 422, field="probability")


async def test_a_lead_is_updated_and_deleted(api: Api) -> None:
    client = await api.client()
    address = f"{LEADS}/{(await made(client))['id']}"

    assert (await client.put(address, json={"name": "Ten vans"})).json()["name"] == "Ten vans"
    assert (await client.delete(address)).status_code == 204


async def test_the_default_pipeline_has_six_stages(api: Api) -> None:
    client = await api.client()
    await made(client)

    assert list(await stages(client)) == ["New", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]


async def test_the_board_groups_leads_by_stage(api: Api) -> None:
    client = await api.client()
    new, moved = await made(client), await made(client, email=None)
    ids = await stages(client)
    await client.post(f"{LEADS}/{moved['id']}/move-stage", json={"stage_id": ids["Proposal"]})

    board = (await client.get(f"{LEADS}/kanban")).json()

    cards = {c["stage"]["name"]: [card["id"] for card in c["cards"]] for c in board["columns"]}
    assert list(cards) == list(ids)
    assert (cards["New"], cards["Proposal"], cards["Won"]) == ([new["id"]], [moved["id"]], [])
    assert {c["stage"]["name"]: c["count"] for c in board["columns"] if c["count"]} == {
        "New": 1,
        "Proposal": 1,
    }
    assert sum(column["value"] for column in board["columns"]) == 2 * 48000.5


@pytest.mark.parametrize(
    ("name", "value"), [("priority", "urgent"), ("rating", "warm"), ("source", "cold_call")]
)
async def test_the_board_takes_the_filters_of_the_list(api: Api, name: str, value: str) -> None:
    client = await api.client()
    await made(client)

    assert (await client.get(f"{LEADS}/kanban", params={name: value})).json()["count"] == 1
    assert (await client.get(f"{LEADS}/kanban", params={f"{name}__ne": value})).json()["count"] == 0


async def test_a_lead_is_moved_to_another_stage(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    address = f"{LEADS}/{lead['id']}/move-stage"
    ids = await stages(client)

    moved = (await client.post(address, json={"stage_id": ids["Negotiation"], "notes": "Price asked"})).json()

    assert (moved["stage_id"], moved["status"], moved["probability"]) == (
        ids["Negotiation"],
        "negotiation",
        70,
    )
    assert "Price asked" in [line["text"] for line in moved["notes"]]
    problem(await client.post(address, json={}), 422, field="stage_id")
    nowhere = {"stage_id": "01920000-0000-7000-8000-000000000000"}
    problem(await client.post(address, json=nowhere), 422, field="stage_id")


async def test_a_stale_move_is_refused(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    address = f"{LEADS}/{lead['id']}/move-stage"
    await client.post(address, json={"status": "qualified"})

    answer = await client.post(address, json={"status": "proposal"}, headers={"If-Match": '"1"'})
    problem(answer, 412)


async def test_a_lead_is_marked_lost(api: Api) -> None:
    client = await api.client()
    address = f"{LEADS}/{(await made(client))['id']}/mark-lost"

    lost = (await client.post(address, json={"lost_reason": "Bought elsewhere", "notes": "In spring"})).json()

    assert (lost["status"], lost["lost_reason"], lost["probability"]) == ("lost", "Bought elsewhere", 0)
    problem(await client.post(address), 409)


async def test_a_lead_becomes_opportunity_contact_and_account(api: Api) -> None:
    client = await api.client()
    lead = await made(client)

    answer = await client.post(f"{LEADS}/{lead['id']}/convert", json={"create_opportunity": True})

    converted = answer.json()
    account = (await client.get(f"{CRM}/accounts/{converted['converted_account_id']}")).json()
    contact = (await client.get(f"{CRM}/contacts/{converted['converted_contact_id']}")).json()
    deal = (await client.get(f"{CRM}/opportunities/{converted['converted_opportunity_id']}")).json()
    assert (account["name"], account["account_type"]) == ("Harbor Logistics", "customer")
    assert (contact["first_name"], contact["last_name"], contact["account_id"]) == (
        "Ann",
        "Lee",
        account["id"],
    )
    assert (contact["email"], contact["job_title"], contact["is_primary"]) == (
        "ann@harbor.example",
        "Fleet manager",
        True,
    )
    assert (deal["name"], deal["amount"], deal["account_id"]) == ("Twelve vans", 48000.5, account["id"])
    assert (deal["lead_id"], deal["contact_id"]) == (lead["id"], contact["id"])


async def test_conversion_fails_where_the_target_account_exists(api: Api) -> None:
    client = await api.client()
    there = (await client.post(ACCOUNT.path, json={"name": "HARBOR Logistics, Inc."})).json()
    address = f"{LEADS}/{(await made(client))['id']}/convert"

    (candidate,) = problem(await client.post(address), 409)["candidates"]

    assert (candidate["id"], candidate["reasons"]) == (there["id"], ["same company name"])
    assert (await client.post(address, json={"account_id": there["id"]})).status_code == 200


async def test_the_conversion_rate_of_leads_to_opportunities(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    await made(client, email=None)
    await client.post(f"{LEADS}/{lead['id']}/convert", json={"create_opportunity": True})

    assert (await client.get(f"{LEADS}/statistics")).json()["opportunity_rate"] == 50
