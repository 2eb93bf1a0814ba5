"""Pipelines and stages: what holds records stays, what has an end keeps it."""

from typing import Any

import httpx
import pytest

from tests.app.resources import CRM, OPPORTUNITY, PIPELINE, checked, problem
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
