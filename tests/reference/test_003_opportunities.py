"""003, Opportunities, Pipelines and Stages: their fields, kanban, moves, won and lost, forecast."""

from typing import Any

import httpx
import pytest

from tests.app.resources import PIPELINE, problem
from tests.support.api import Api

CRM = "/api/v1/crm"
PATH, STAGES = f"{CRM}/opportunities", f"{CRM}/stages"


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(f"{PATH}/", json={"name": "Enterprise licence", **values})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def account(client: httpx.AsyncClient) -> str:
    return str((await client.post(f"{CRM}/accounts", json={"name": "Acme Corp"})).json()["id"])


async def test_every_field_reads_back(api: Api) -> None:
    client = await api.client()
    contact = await client.post(f"{CRM}/contacts", json={"first_name": "Dana"})
    first = (await made(client))["stage_id"]
    body = {
        "account_id": await account(client),
        "contact_id": contact.json()["id"],
        "stage_id": first,
        "amount": 25000.5,
        "probability": 40,
        "close_date": "2026-12-24",
        "opportunity_type": "renewal",
        "priority": "urgent",
    }
    deal = await made(client, **body)

    assert {name: deal[name] for name in body} == body


@pytest.mark.parametrize("word", ["new_business", "existing_business", "renewal", "upsell", "cross_sell"])
async def test_every_opportunity_type(api: Api, word: str) -> None:
    client = await api.client()

    assert (await made(client, opportunity_type=word))["opportunity_type"] == word
    assert (await client.get(PATH, params={"opportunity_type": word})).json()["total"] == 1


@pytest.mark.parametrize("word", ["low", "medium", "high", "urgent"])
async def test_every_priority(api: Api, word: str) -> None:
    client = await api.client()

    assert (await made(client, priority=word))["priority"] == word
    assert (await client.get(PATH, params={"priority": word})).json()["total"] == 1


async def test_a_name_is_required(api: Api) -> None:
    problem(await (await api.client()).post(PATH, json={"amount": 5}), 422, field="name")


@pytest.mark.parametrize("name", ["pipeline_id", "stage_id", "account_id"])
async def test_lists_filter_by_pipeline_stage_and_account(api: Api, name: str) -> None:
    client = await api.client()
    deal = await made(client, account_id=await account(client))

    assert (await client.get(PATH, params={name: deal[name]})).json()["total"] == 1
    assert (await client.get(PATH, params={name: deal["id"]})).json()["total"] == 0


async def test_the_kanban_has_a_column_a_stage_with_its_cards_and_sums(api: Api) -> None:
    client = await api.client()
    deal = await made(client, amount=1000, probability=40)
    other = await made(client, amount=500, stage="proposal")
    board = (await client.get(f"{PATH}/kanban")).json()

    assert [c["stage"]["name"] for c in board["columns"]][:4] == [
        "Prospecting",
        "Qualification",
        "Needs analysis",
        "Proposal",
    ]
    first, proposal = board["columns"][0], board["columns"][3]
    assert (first["count"], first["value"], first["weighted_value"]) == (1, 1000, 400)
    assert [card["id"] for card in first["cards"]] == [deal["id"]]
    assert [card["id"] for card in proposal["cards"]] == [other["id"]]
    assert board["count"] == 2


async def test_a_column_of_the_kanban_goes_on_by_its_cursor(api: Api) -> None:
    client = await api.client()
    deals = [await made(client) for _ in range(5)]
    seen, cursor = [], None
    while True:
        asked = {"cards": 2, "stage_id": deals[0]["stage_id"]} | ({"cursor": cursor} if cursor else {})
        (column,) = (await client.get(f"{PATH}/kanban", params=asked)).json()["columns"]
        seen += [card["id"] for card in column["cards"]]
        if (cursor := column["next_cursor"]) is None:
            break

    assert seen == [deal["id"] for deal in reversed(deals)]


async def test_the_kanban_takes_the_filters_of_the_list(api: Api) -> None:
    client = await api.client()
    deal = await made(client, amount=1000)
    await made(client, amount=10)
    board = (await client.get(f"{PATH}/kanban", params={"min_value": 500, "sort": "-estimated_value"})).json()

    assert [card["id"] for card in board["columns"][0]["cards"]] == [deal["id"]]
    assert (board["columns"][0]["count"], board["columns"][0]["value"]) == (1, 1000)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"page": 1}, 400),
        ({"cursor": "x"}, 400),
        ({"cards": 201}, 422),
        ({"cards": "many"}, 422),
        ({"pipeline_id": "no"}, 422),
        ({"nonsense": 1}, 400),
        ({"sort": "name,number"}, 400),
        ({"pipeline_id": "0198c000-0000-7000-8000-000000000001"}, 404),
        ({"stage_id": "0198c000-0000-7000-8000-000000000001"}, 404),
    ],
)
async def test_the_kanban_refuses_what_it_does_not_take(api: Api, asked: dict[str, Any], status: int) -> None:
    problem(await (await api.client()).get(f"{PATH}/kanban", params=asked), status)


async def test_a_pipeline_of_leads_is_no_board_of_deals(api: Api) -> None:
    client = await api.client()
    leads = (await client.get(f"{CRM}/pipelines", params={"applies_to": "lead"})).json()["items"][0]["id"]

    problem(await client.get(f"{PATH}/kanban", params={"pipeline_id": leads}), 422, field="pipeline_id")


async def test_move_stage_by_id_and_by_kind(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    proposal = (await made(client, stage="proposal"))["stage_id"]

    moved = await client.post(f"{PATH}/{deal['id']}/move-stage", json={"stage_id": proposal})
    assert (moved.json()["stage"], moved.json()["probability"]) == ("proposal", 50)
    moved = await client.post(
        f"{PATH}/{deal['id']}/move-stage", json={"stage": "negotiation", "probability": 90, "notes": "Go"}
    )
    assert (moved.json()["stage"], moved.json()["probability"]) == ("negotiation", 90)
    problem(await client.post(f"{PATH}/{deal['id']}/move-stage", json={}), 422, field="stage_id")


async def test_moving_a_card_somebody_else_moved_meanwhile_is_refused(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    before = {"If-Match": f'"{deal["version"]}"'}
    address = f"{PATH}/{deal['id']}/move-stage"
    assert (await client.post(address, json={"stage": "proposal"}, headers=before)).status_code == 200

    problem(await client.post(address, json={"stage": "negotiation"}, headers=before), 412)


async def test_moving_into_a_lost_stage_needs_the_reason(api: Api) -> None:
    client = await api.client()
    address = f"{PATH}/{(await made(client))['id']}/move-stage"

    problem(await client.post(address, json={"stage": "closed_lost"}), 422, field="loss_reason")
    moved = await client.post(address, json={"stage": "closed_lost", "loss_reason": "Price"})
    assert moved.json()["loss_reason"] == "Price"


async def test_mark_won(api: Api) -> None:
    client = await api.client()
    deal = await made(client, account_id=await account(client))
    won = (await client.post(f"{PATH}/{deal['id']}/mark-won")).json()

    assert (won["stage"], won["probability"], won["forecast_category"]) == ("closed_won", 100, "commit")
    assert won["actual_close_date"] is not None


async def test_winning_needs_an_account(api: Api) -> None:
    client = await api.client()

    problem(await client.post(f"{PATH}/{(await made(client))['id']}/mark-won", json={}), 409)


async def test_mark_lost_needs_a_reason(api: Api) -> None:
    client = await api.client()
    address = f"{PATH}/{(await made(client))['id']}/mark-lost"

    problem(await client.post(address, json={}), 422, field="loss_reason")
    lost = (await client.post(address, json={"lost_reason": "Price", "notes": "Next year"})).json()
    assert (lost["stage"], lost["loss_reason"], lost["probability"]) == ("closed_lost", "Price", 0)


async def test_the_forecast_counts_by_probability(api: Api) -> None:
    client = await api.client()
    await made(client, amount=1000, close_date="2026-11-20", stage="proposal")
    await made(client, amount=2000, close_date="2026-12-05", stage="negotiation")
    asked = {"period_start": "2026-11-01", "period_end": "2026-12-31"}
    told = (await client.get(f"{PATH}/forecast", params=asked)).json()

    assert [(b["key"], b["total_value"], b["weighted_value"]) for b in told["buckets"]] == [
        ("2026-11", 1000, 500),
        ("2026-12", 2000, 1500),
    ]
    assert (told["total_value"], told["best_case"], told["commit"]) == (3000, 1000, 2000)


# ── Pipelines and stages ─────────────────────────────────────────────────────────────────────────


async def test_a_pipeline_is_read_with_its_stages(api: Api) -> None:
    client = await api.client()
    made_ = (await client.post(f"{CRM}/pipelines/", json=PIPELINE.body)).json()
    read = (await client.get(f"{CRM}/pipelines/{made_['id']}")).json()

    assert [(s["name"], s["sequence"], s["is_won"], s["is_lost"]) for s in read["stages"]] == [
        ("Talk", 0, False, False),
        ("Yes", 1, True, False),
        ("No", 2, False, True),
    ]
    assert read["is_active"] is True


async def test_a_pipeline_is_renamed_made_the_default_and_deleted(api: Api) -> None:
    client = await api.client()
    pipeline = (await client.post(f"{CRM}/pipelines", json=PIPELINE.body)).json()
    address = f"{CRM}/pipelines/{pipeline['id']}"

    assert (await client.put(address, json={"name": "Enterprise Deals"})).json()["name"] == "Enterprise Deals"
    assert (await client.put(address, json={"is_default": True})).json()["is_default"] is True
    problem(await client.delete(address), 409)


async def test_a_stage_has_sequence_probability_and_color(api: Api) -> None:
    client = await api.client()
    pipeline = (await client.post(f"{CRM}/pipelines", json=PIPELINE.body)).json()
    body = {"pipeline_id": pipeline["id"], "name": "Trial", "sequence": 1, "probability": 45, "color": "teal"}
    stage = (await client.post(f"{STAGES}/", json=body)).json()

    assert {name: stage[name] for name in body} == body
    changed = await client.put(f"{STAGES}/{stage['id']}", json={"sequence": 0, "color": "#00ff00"})
    assert (changed.json()["sequence"], changed.json()["color"]) == (0, "#00ff00")
    assert (await client.get(f"{STAGES}/{stage['id']}")).json()["name"] == "Trial"
    listed = (await client.get(STAGES, params={"pipeline_id": pipeline["id"]})).json()
    assert [one["name"] for one in listed["items"]] == ["Trial", "Talk", "Yes", "No"]
    assert (await client.delete(f"{STAGES}/{stage['id']}")).status_code == 204


@pytest.mark.parametrize(("flag", "kind"), [("is_won", "closed_won"), ("is_lost", "closed_lost")])
async def test_a_stage_is_marked_as_won_or_lost(api: Api, flag: str, kind: str) -> None:
    client = await api.client()
    pipeline = (await client.post(f"{CRM}/pipelines", json=PIPELINE.body)).json()
    stage = await client.post(STAGES, json={"pipeline_id": pipeline["id"], "name": "End", flag: True})

    assert (stage.json()["kind"], stage.json()[flag]) == (kind, True)
    clash = {"pipeline_id": pipeline["id"], "name": "End", flag: True, "kind": "proposal"}
    problem(await client.post(STAGES, json=clash), 422, field="kind")


async def test_a_stage_change_is_told_as_an_event(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    await client.post(f"{PATH}/{deal['id']}/move-stage", json={"stage": "proposal"})
    lines = (await client.get(f"{PATH}/{deal['id']}/timeline")).json()["items"]

    assert [line["summary"] for line in lines] == ["Moved to proposal"]
