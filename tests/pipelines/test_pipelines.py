"""Pipelines and stages: what holds records stays, what has an end keeps it."""

from typing import Any

import httpx
import pytest

from tests.app.resources import CRM, OPPORTUNITY, PIPELINE, checked, problem
from tests.changes.trail import last, undone
from tests.support.api import Api

STAGES = f"{CRM}/stages"


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    return checked(PIPELINE, await client.post(PIPELINE.path, json={**PIPELINE.body, **values}), 201)


async def deal_in(client: httpx.AsyncClient, pipeline: dict[str, Any]) -> dict[str, Any]:
    return dict(
        (await client.post(OPPORTUNITY.path, json={"name": "Fleet", "pipeline_id": pipeline["id"]})).json()
    )


async def test_a_new_pipeline_has_its_stages_in_order_and_certain_ends(api: Api) -> None:
    stages = (await made(await api.client()))["stages"]

    assert [(s["name"], s["position"], s["probability"]) for s in stages] == [
        ("Talk", 0, 15),
        ("Yes", 1, 100),
        ("No", 2, 0),
    ]


@pytest.mark.parametrize(
    "stages",
    [
        [{"name": "a", "kind": "prospecting"}, {"name": "b", "kind": "closed_won"}],
        [
            {"name": "a", "kind": "new"},
            {"name": "b", "kind": "closed_won"},
            {"name": "c", "kind": "closed_lost"},
        ],
    ],
)
async def test_a_pipeline_without_an_end_or_of_the_other_kind_is_refused(api: Api, stages: Any) -> None:
    client = await api.client()

    problem(await client.post(PIPELINE.path, json={**PIPELINE.body, "stages": stages}), 422, field="stages")


async def test_there_is_one_default_of_each_kind(api: Api) -> None:
    client = await api.client()
    mine = await made(client, is_default=True)
    asked = {"applies_to": "opportunity", "is_default": "true"}

    assert [p["id"] for p in (await client.get(PIPELINE.path, params=asked)).json()["items"]] == [mine["id"]]
    problem(await client.delete(f"{PIPELINE.path}/{mine['id']}"), 409)


async def test_what_holds_records_is_not_deleted(api: Api) -> None:
    client = await api.client()
    pipeline = await made(client)
    deal = await deal_in(client, pipeline)
    assert deal["pipeline_id"] == pipeline["id"]

    problem(await client.delete(f"{PIPELINE.path}/{pipeline['id']}"), 409)
    problem(await client.delete(f"{STAGES}/{deal['stage_id']}"), 409)


async def test_the_last_end_of_its_kind_is_not_deleted(api: Api) -> None:
    client = await api.client()
    won = (await made(client))["stages"][1]

    problem(await client.delete(f"{STAGES}/{won['id']}"), 409)


async def test_a_deleted_pipeline_takes_no_stage_and_no_deal_until_it_is_restored(api: Api) -> None:
    client = await api.client()
    pipeline = await made(client)
    address = f"{PIPELINE.path}/{pipeline['id']}"
    assert (await client.delete(address)).status_code == 204
    stage = {"pipeline_id": pipeline["id"], "name": "More", "kind": "proposal"}

    problem(await client.post(STAGES, json=stage), 422, field="pipeline_id")
    refused = await client.post(OPPORTUNITY.path, json={"name": "x", "pipeline_id": pipeline["id"]})
    problem(refused, 422, field="pipeline_id")
    await made(client)
    problem(await client.post(f"{address}/restore"), 409)


async def test_stages_are_added_before_the_ends_and_moved(api: Api) -> None:
    client = await api.client()
    pipeline = await made(client)
    added = await client.post(
        STAGES, json={"pipeline_id": pipeline["id"], "name": "Offer", "kind": "proposal"}
    )
    assert added.status_code == 201, added.text
    await client.patch(f"{STAGES}/{added.json()['id']}", json={"position": 0, "probability": 40})

    stages = (await client.get(f"{PIPELINE.path}/{pipeline['id']}")).json()["stages"]
    assert [s["name"] for s in stages] == ["Offer", "Talk", "Yes", "No"]
    assert [s["position"] for s in stages] == [0, 1, 2, 3]


async def test_a_deal_sent_to_another_pipeline_keeps_the_kind_of_its_stage(api: Api) -> None:
    client = await api.client()
    deal = (await client.post(OPPORTUNITY.path, json={"name": "Fleet"})).json()
    other = await made(client)
    moved = await client.patch(f"{OPPORTUNITY.path}/{deal['id']}", json={"pipeline_id": other["id"]})

    assert (checked(OPPORTUNITY, moved)["stage"], moved.json()["stage_name"]) == ("prospecting", "Talk")


# ── Deleting what is in use ──────────────────────────────────────────────────────────────────────


async def closed(client: httpx.AsyncClient, address: str, **asked: Any) -> int:
    return (await client.delete(address, params=asked)).status_code


async def history(client: httpx.AsyncClient, deal: dict[str, Any]) -> list[dict[str, Any]]:
    found = (await client.get(f"{OPPORTUNITY.path}/{deal['id']}/stage-history")).json()
    return list(found["items"])


async def test_the_deals_of_a_deleted_stage_go_where_it_says_with_their_history(api: Api) -> None:
    client = await api.client()
    pipeline = await made(client)
    body = {"pipeline_id": pipeline["id"], "name": "Offer", "kind": "proposal", "probability": 60}
    offer = (await client.post(STAGES, json=body)).json()
    deal = await deal_in(client, pipeline)
    talk = deal["stage_id"]

    assert await closed(client, f"{STAGES}/{talk}", move_to=offer["id"]) == 204

    moved = (await client.get(f"{OPPORTUNITY.path}/{deal['id']}")).json()
    assert (moved["stage_id"], moved["stage"], moved["probability"]) == (offer["id"], "proposal", 60)
    assert moved["version"] == deal["version"] + 1
    stays = await history(client, deal)
    assert [(s["stage_name"], s["stage"], s["left_at"] is None) for s in stays] == [
        ("Talk", "prospecting", False),
        ("Offer", "proposal", True),
    ]
    assert all(stay["days"] >= 0 for stay in stays)


async def test_undoing_the_deletion_of_a_stage_brings_its_deals_back(api: Api) -> None:
    client = await api.client()
    pipeline = await made(client)
    body = {"pipeline_id": pipeline["id"], "name": "Offer", "kind": "proposal"}
    offer = (await client.post(STAGES, json=body)).json()
    deal = await deal_in(client, pipeline)
    await closed(client, f"{STAGES}/{deal['stage_id']}", move_to=offer["id"])

    await undone(client, await last(api.db))

    back = (await client.get(f"{OPPORTUNITY.path}/{deal['id']}")).json()
    assert (back["stage_id"], back["stage"], back["probability"]) == (deal["stage_id"], "prospecting", 15)
    stages = (await client.get(f"{PIPELINE.path}/{pipeline['id']}")).json()["stages"]
    assert [stage["name"] for stage in stages] == ["Talk", "Offer", "Yes", "No"]


async def test_deleting_a_stage_closes_and_opens_nothing(api: Api) -> None:
    client = await api.client()
    pipeline = await made(client)
    talk, yes, no = [stage["id"] for stage in pipeline["stages"]]
    default = (await client.get(PIPELINE.path, params={"applies_to": "lead"})).json()["items"][0]
    await client.post(STAGES, json={"pipeline_id": pipeline["id"], "name": "Offer", "kind": "proposal"})
    more = {"pipeline_id": pipeline["id"], "name": "Also", "kind": "closed_won"}
    await client.post(STAGES, json=more)

    for move_to in (yes, no, talk, default["stages"][0]["id"], default["id"]):
        refused = await client.delete(f"{STAGES}/{talk}", params={"move_to": move_to})
        problem(refused, 422, field="move_to")
    problem(await client.delete(f"{STAGES}/{yes}", params={"move_to": no}), 422, field="move_to")


async def test_the_last_open_stage_is_not_deleted(api: Api) -> None:
    client = await api.client()

    problem(await client.delete(f"{STAGES}/{(await made(client))['stages'][0]['id']}"), 409)


async def test_the_leads_of_a_deleted_stage_take_the_status_of_the_next(api: Api) -> None:
    client = await api.client()
    leads = (await client.get(PIPELINE.path, params={"applies_to": "lead"})).json()["items"][0]
    by_kind = {stage["kind"]: stage["id"] for stage in leads["stages"]}
    lead = (await client.post(f"{CRM}/leads", json={"title": "Vans", "status": "proposal"})).json()

    assert await closed(client, f"{STAGES}/{by_kind['proposal']}", move_to=by_kind["negotiation"]) == 204

    moved = (await client.get(f"{CRM}/leads/{lead['id']}")).json()
    assert (moved["status"], moved["stage_id"]) == ("negotiation", by_kind["negotiation"])


async def test_the_deals_of_a_deleted_pipeline_go_to_stages_of_their_kind(api: Api) -> None:
    client = await api.client()
    pipeline, other = await made(client), await made(client, name="Other")
    deal = await deal_in(client, pipeline)
    lost = {"stage": "closed_lost", "loss_reason": "Price"}
    gone = await deal_in(client, pipeline)
    await client.post(f"{OPPORTUNITY.path}/{gone['id']}/close", json=lost)

    address = f"{PIPELINE.path}/{pipeline['id']}"
    problem(await client.delete(address, params={"move_to": pipeline["id"]}), 422, field="move_to")
    assert await closed(client, address, move_to=other["id"]) == 204

    talk, _, no = [stage["id"] for stage in other["stages"]]
    for one, stage in ((deal, talk), (gone, no)):
        moved = (await client.get(f"{OPPORTUNITY.path}/{one['id']}")).json()
        assert (moved["pipeline_id"], moved["stage_id"]) == (other["id"], stage)
    assert moved["loss_reason"] == "Price"


async def test_the_history_of_a_deal_that_is_not_yours_is_not_there(api: Api) -> None:
    client = await api.client()
    deal = await deal_in(client, await made(client))

    answer = await (await api.client("rep")).get(f"{OPPORTUNITY.path}/{deal['id']}/stage-history")
    problem(answer, 404)
