"""004, Opportunity Model and Management: stages, probability and amount, requirements, competition and risk."""

from typing import Any

import pytest

from tests.reference.test_001_opportunities import PATH, made
from tests.support.api import Api


@pytest.mark.parametrize(
    "stage", ["prospecting", "qualification", "proposal", "negotiation", "closed_won", "closed_lost"]
)
async def test_every_sales_stage_is_reached_by_an_update(api: Api, stage: str) -> None:
    client = await api.client()
    deal = await made(client, stage="needs_analysis")
    reason = {"loss_reason": "Price"} if stage == "closed_lost" else {}
    answer = await client.put(f"{PATH}/{deal['id']}", json={"stage": stage, **reason})

    assert answer.json()["stage"] == stage


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("requirements", "Delivery before March, in two lots"),
        ("products_interested", ["Tyres", "Rims"]),
        ("competitors", "Contoso offers ten per cent less"),
        ("risks", ["The buyer may leave", "The budget year ends"]),
    ],
)
async def test_requirements_products_competition_and_risks_are_kept(api: Api, field: str, value: Any) -> None:
    client = await api.client()
    deal = await made(client)
    await client.put(f"{PATH}/{deal['id']}", json={field: value})

    assert (await client.get(f"{PATH}/{deal['id']}")).json()[field] == value


async def test_probability_and_amount_make_the_forecast(api: Api) -> None:
    client = await api.client()
    await made(client, estimated_value=2000, probability=25, expected_close_date="2026-12-10")
    asked = {"group_by": "owner", "period_start": "2026-12-01", "period_end": "2026-12-31"}
    told = (await client.get(f"{PATH}/forecast", params=asked)).json()

    assert [(b["total_value"], b["weighted_value"]) for b in told["buckets"]] == [(2000, 500)]


async def test_the_pipeline_value_is_what_open_deals_are_worth(api: Api) -> None:
    client = await api.client()
    await made(client, estimated_value=2000)
    await made(client, estimated_value=500, stage="negotiation")
    await made(client, estimated_value=9000, stage="closed_won")

    assert (await client.get(f"{PATH}/pipeline/stats")).json()["total_value"] == 2500
