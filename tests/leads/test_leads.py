"""What is particular to leads."""

from typing import Any

import httpx
import pytest

from crm_api.pipelines.service import LEAD_STAGES
from tests.app.resources import CRM, LEAD, checked, problem
from tests.support.api import Api


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    return checked(LEAD, await client.post(LEAD.path, json={"title": "Vans", **values}), 201)


async def changed(client: httpx.AsyncClient, lead: dict[str, Any], **values: Any) -> dict[str, Any]:
    return checked(LEAD, await client.patch(f"{LEAD.path}/{lead['id']}", json=values))


async def stages(client: httpx.AsyncClient) -> dict[str, str]:
    found = (await client.get(f"{CRM}/pipelines", params={"applies_to": "lead"})).json()["items"][0]["stages"]
    return {stage["kind"]: stage["id"] for stage in found}


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({"company_name": "Harbor"}, "Harbor"),
        ({"first_name": "Ann", "last_name": "Lee"}, "Ann Lee"),
        ({"last_name": "Lee", "company_name": "Harbor"}, "Harbor"),
    ],
)
async def test_a_lead_is_called_after_its_company_else_its_person(
    api: Api, given: dict[str, str], title: str
) -> None:
    client = await api.client()

    assert checked(LEAD, await client.post(LEAD.path, json=given), 201)["title"] == title


async def test_a_lead_nobody_is_named_in_is_refused(api: Api) -> None:
    client = await api.client()

    problem(await client.post(LEAD.path, json={"email": "a@b.example"}), 422, field="title")


async def test_numbers_rise_by_the_day(api: Api) -> None:
    client = await api.client()
    one, two = await made(client), await made(client)

    assert one["number"][:5] == "LEAD-"
    assert int(two["number"][-4:]) == int(one["number"][-4:]) + 1


async def test_an_address_belongs_to_one_live_lead(api: Api) -> None:
    client, rep = await api.client(), await api.client("rep")
    first = await made(client, email="Ann@Lee.example")

    seen = problem(await client.post(LEAD.path, json={"title": "x", "email": "ann@lee.EXAMPLE"}), 409)
    assert seen["lead_id"] == first["id"]
    unseen = problem(await rep.post(LEAD.path, json={"title": "x", "email": "ann@lee.example"}), 409)
    assert "lead_id" not in unseen
    assert first["number"] not in unseen["detail"]

    await client.delete(f"{LEAD.path}/{first['id']}")
    await made(client, email="ann@lee.example")
    problem(await client.post(f"{LEAD.path}/{first['id']}/restore"), 409)


@pytest.mark.parametrize(
    ("status", "kind"),
    [("contacted", "new"), ("callback", "new"), ("qualified", "qualified"), ("lost", "lost")],
)
async def test_a_status_moves_the_card_to_its_stage(api: Api, status: str, kind: str) -> None:
    client = await api.client()
    lead = await changed(client, await made(client), status=status)

    assert (lead["status"], lead["stage_id"]) == (status, (await stages(client))[kind])
    assert lead["probability"] == {k: p for _, k, p, _ in LEAD_STAGES}[kind]


async def test_a_stage_sets_the_status_and_keeps_one_it_holds(api: Api) -> None:
    client, ids = await api.client(), None
    lead = await made(client, status="callback")
    ids = await stages(client)

    assert (await changed(client, lead, stage_id=ids["new"]))["status"] == "callback"
    assert (await changed(client, lead, stage_id=ids["proposal"]))["status"] == "proposal"
    problem(
        await client.patch(f"{LEAD.path}/{lead['id']}", json={"status": "new", "stage_id": ids["lost"]}), 422
    )


async def test_naming_the_pipeline_it_is_in_moves_no_card(api: Api) -> None:
    client = await api.client()
    lead = await changed(client, await made(client), status="proposal")

    assert await changed(client, lead, pipeline_id=lead["pipeline_id"]) == lead
    for name in ("status", "stage_id", "pipeline_id"):
        problem(await client.patch(f"{LEAD.path}/{lead['id']}", json={name: None}), 422, field=name)


async def test_a_probability_given_with_a_move_is_kept(api: Api) -> None:
    client = await api.client()

    assert (await changed(client, await made(client), status="proposal", probability=64))["probability"] == 64


async def test_a_new_lead_is_not_converted_already(api: Api) -> None:
    client = await api.client()

    problem(await client.post(LEAD.path, json={"title": "x", "status": "converted"}), 422, field="status")


async def test_a_corrected_currency_keeps_the_number_people_see(api: Api) -> None:
    client = await api.client()
    lead = await made(client, estimated_value=1500, currency="USD")
    lead = await changed(client, lead, currency="JPY")

    assert (lead["estimated_value"], lead["currency"]) == (1500, "JPY")
    cents = await made(client, estimated_value=10.5)
    refused = await client.patch(f"{LEAD.path}/{cents['id']}", json={"currency": "JPY"})
    problem(refused, 422, field="estimated_value")


async def test_a_lead_moved_at_its_change_rises_by_one_version(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    after = await changed(client, lead, status="qualified", score=90, tags=["Hot"], priority="high")

    assert after["version"] == lead["version"] + 1
    assert after["is_hot_lead"]


async def test_a_rep_takes_a_lead_that_is_nobodys_and_gives_none_away(api: Api) -> None:
    client, rep = await api.client(), await api.client("rep")
    me = (await rep.get("/api/v1/auth/me")).json()["id"]
    other = (await client.get("/api/v1/auth/me")).json()["id"]
    lead = await made(rep)
    assert lead["owner_id"] == me

    problem(await rep.patch(f"{LEAD.path}/{lead['id']}", json={"owner_id": other}), 403)
    problem(await rep.patch(f"{LEAD.path}/{lead['id']}", json={"owner_id": None}), 403)
    given = await changed(client, lead, owner_id=other)
    assert given["owner_id"] == other
    problem(await rep.get(f"{LEAD.path}/{lead['id']}"), 404)
