"""001, Opportunity Management: its bodies as they are written there, its filters, and its notes on the rules."""

import re
from typing import Any

import httpx
import pytest

from tests.app.resources import problem
from tests.support.api import Api

CRM = "/api/v1/crm"
PATH = f"{CRM}/opportunities"


async def written(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    """The create body of the reference, with ids that lead somewhere; returns it."""
    account = await client.post(f"{CRM}/accounts", json={"name": "Harbor"})
    lead = await client.post(f"{CRM}/leads", json={"company_name": "Harbor"})
    me = await client.get("/api/v1/auth/me")
    return {
        "name": "Q4 Winter Collection Order",
        "description": "Bulk order for winter garments",
        "customer_id": account.json()["id"],
        "owner_id": me.json()["id"],
        "lead_id": lead.json()["id"],
        "estimated_value": 150000.00,
        "probability": 70,
        "expected_close_date": "2025-12-31T00:00:00Z",
        "stage": "proposal",
        "products_interested": {"categories": ["Jackets", "Sweaters"], "quantity": 500},
    } | values


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json=await written(client, **values))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_the_create_body_runs_as_written_and_reads_back(api: Api) -> None:
    client = await api.client()
    body = await written(client)
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text

    read = (await client.get(f"{PATH}/{answer.json()['id']}")).json()
    assert {name: read[name] for name in body} == body | {"expected_close_date": "2025-12-31"}


async def test_the_answer_has_a_number_and_the_expected_revenue(api: Api) -> None:
    deal = await made(await api.client())

    assert re.fullmatch(r"OPP-\d{8}-\d{4}", deal["opportunity_number"])
    assert deal["expected_revenue"] == 150000 * 70 / 100


async def test_numbers_rise_by_one_within_a_day(api: Api) -> None:
    client = await api.client()
    first, second = [(await made(client))["opportunity_number"] for _ in range(2)]

    assert int(second[-4:]) == int(first[-4:]) + 1
    assert first[:-4] == second[:-4]


@pytest.mark.parametrize(
    "stage", ["prospecting", "qualification", "needs_analysis", "proposal", "negotiation", "closed_won"]
)
async def test_every_stage_may_be_entered(api: Api, stage: str) -> None:
    client = await api.client()

    assert (await made(client, stage=stage))["stage"] == stage
    assert (await client.get(PATH, params={"stage": stage})).json()["total"] == 1


async def test_the_stage_closed_lost_takes_a_reason(api: Api) -> None:
    deal = await made(await api.client(), stage="closed_lost", loss_reason="Competitor had lower pricing")

    assert (deal["stage"], deal["probability"]) == ("closed_lost", 0)


async def test_the_update_body_runs_as_written_and_the_revenue_follows(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    answer = await client.put(
        f"{PATH}/{deal['id']}",
        json={
            "stage": "negotiation",
            "probability": 85,
            "next_step": "Send final proposal with pricing",
            "next_step_date": "2025-12-20T00:00:00Z",
        },
    )

    changed = answer.json()
    assert (changed["stage"], changed["probability"]) == ("negotiation", 85)
    assert changed["next_step"] == "Send final proposal with pricing"
    assert changed["next_step_date"] == "2025-12-20T00:00:00Z"
    assert changed["expected_revenue"] == 150000 * 85 / 100


async def test_expected_revenue_follows_a_change_of_value_alone(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    answer = await client.put(f"{PATH}/{deal['id']}", json={"estimated_value": 1000})

    assert answer.json()["expected_revenue"] == 700


async def test_the_close_body_of_a_won_deal_runs_as_written(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    answer = await client.post(
        f"{PATH}/{deal['id']}/close",
        json={
            "stage": "closed_won",
            "actual_close_date": "2025-12-15T10:30:00Z",
            "notes": "Deal closed - PO received",
        },
    )

    closed = answer.json()
    assert (closed["stage"], closed["actual_close_date"]) == ("closed_won", "2025-12-15T10:30:00Z")
    assert [note["text"] for note in closed["notes"]] == ["Deal closed - PO received"]


async def test_the_close_body_of_a_lost_deal_runs_as_written(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    answer = await client.post(
        f"{PATH}/{deal['id']}/close",
        json={
            "stage": "closed_lost",
            "actual_close_date": "2025-12-15T10:30:00Z",
            "loss_reason": "Competitor had lower pricing",
            "notes": "Customer chose competitor",
        },
    )

    closed = answer.json()
    assert (closed["stage"], closed["loss_reason"]) == ("closed_lost", "Competitor had lower pricing")
    assert [note["text"] for note in closed["notes"]] == ["Customer chose competitor"]


async def test_closing_as_lost_needs_the_reason(api: Api) -> None:
    client = await api.client()
    deal = await made(client)

    problem(
        await client.post(f"{PATH}/{deal['id']}/close", json={"stage": "closed_lost"}),
        422,
        field="loss_reason",
    )


async def test_closed_opportunities_are_not_updated(api: Api) -> None:
    client = await api.client()
    deal = await made(client, stage="closed_won")

    problem(await client.put(f"{PATH}/{deal['id']}", json={"name": "Other"}), 409)


@pytest.mark.parametrize("probability", [-1, 101, 0.7])
async def test_probability_is_from_0_to_100(api: Api, probability: float) -> None:
    client = await api.client()
    body = await written(client, probability=probability)

    problem(await client.post(PATH, json=body), 422, field="probability")


async def test_pipeline_statistics_count_and_weigh_what_is_open(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    await made(client, stage="closed_won")
    await made(client, stage="closed_lost", loss_reason="Price")
    answer = await client.get(f"{PATH}/pipeline/stats", params={"owner_id": deal["owner_id"]})

    told = answer.json()
    assert (told["total_opportunities"], told["total_value"], told["weighted_value"]) == (3, 150000, 105000)
    assert {row["stage"]: row["count"] for row in told["by_stage"]} == {
        "proposal": 1,
        "closed_won": 1,
        "closed_lost": 1,
    }
    assert told["win_rate"] == 50


async def test_pipeline_statistics_of_an_owner_without_deals_are_empty(api: Api) -> None:
    client = await api.client()
    await made(client)
    nobody = (await (await api.client("rep")).get("/api/v1/auth/me")).json()["id"]
    told = (await client.get(f"{PATH}/pipeline/stats", params={"owner_id": nobody})).json()

    assert (told["total_opportunities"], told["win_rate"], told["by_stage"]) == (0, None, [])


async def test_the_search_example_finds_by_words_stage_and_value(api: Api) -> None:
    client = await api.client()
    wanted = await made(client, stage="negotiation")
    await made(client, stage="negotiation", estimated_value=1000)
    await made(client, stage="negotiation", estimated_value=900000)
    await made(client, stage="negotiation", name="Summer", description="Shirts")
    await made(client)
    answer = await client.get(f"{PATH}?search=winter&stage=negotiation&min_value=50000&max_value=200000")

    assert [item["id"] for item in answer.json()["items"]] == [wanted["id"]]
