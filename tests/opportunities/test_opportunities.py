"""What is particular to deals: stages, closing, lines, who reaches the account."""

import itertools
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from crm_api.opportunities.models import StageMove
from tests.app.resources import ACCOUNT, OPPORTUNITY, PRODUCT, checked, problem
from tests.support.api import Api

PATH = OPPORTUNITY.path


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    return checked(OPPORTUNITY, await client.post(PATH, json={"name": "Fleet", **values}), 201)


async def changed(client: httpx.AsyncClient, deal: dict[str, Any], **values: Any) -> dict[str, Any]:
    return checked(OPPORTUNITY, await client.patch(f"{PATH}/{deal['id']}", json=values))


async def account(client: httpx.AsyncClient, **values: Any) -> str:
    return str(
        checked(ACCOUNT, await client.post(ACCOUNT.path, json={"name": "Harbor", **values}), 201)["id"]
    )


async def test_a_deal_begins_in_the_first_stage_with_its_probability(api: Api) -> None:
    deal = await made(await api.client(), estimated_value=1000.5)

    assert (deal["stage"], deal["probability"], deal["expected_revenue"]) == ("prospecting", 10, 100.05)


async def test_a_move_sets_the_probability_unless_it_brings_one(api: Api) -> None:
    client = await api.client()
    deal = await made(client)

    assert (await changed(client, deal, stage="proposal"))["probability"] == 50
    assert (await changed(client, deal, stage="negotiation", probability=90))["probability"] == 90
    assert (await changed(client, deal, probability=60))["stage"] == "negotiation"


@pytest.mark.parametrize("name", ["stage", "stage_id", "pipeline_id", "probability", "currency", "name"])
async def test_what_a_deal_always_has_is_not_emptied(api: Api, name: str) -> None:
    client = await api.client()
    deal = await changed(client, await made(client), stage="proposal")

    problem(await client.patch(f"{PATH}/{deal['id']}", json={name: None}), 422, field=name)
    assert (await client.get(f"{PATH}/{deal['id']}")).json() == deal


async def test_naming_the_pipeline_it_is_in_moves_no_deal(api: Api) -> None:
    client = await api.client()
    deal = await changed(client, await made(client), stage="proposal")

    assert await changed(client, deal, pipeline_id=deal["pipeline_id"], stage="proposal") == deal


async def test_a_deal_is_won_with_an_account_and_lost_with_a_reason(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    problem(await client.post(f"{PATH}/{deal['id']}/close", json={"stage": "closed_won"}), 409)
    problem(
        await client.post(f"{PATH}/{deal['id']}/close", json={"stage": "closed_lost"}),
        422,
        field="loss_reason",
    )
    problem(
        await client.patch(f"{PATH}/{deal['id']}", json={"loss_reason": "price"}), 422, field="loss_reason"
    )

    won = await made(client, account_id=await account(client))
    won = await changed(client, won, stage="closed_won", actual_close_date="2026-05-01T12:00:00Z")
    assert (won["probability"], won["actual_close_date"]) == (100, "2026-05-01T12:00:00Z")
    lost = await client.post(
        f"{PATH}/{deal['id']}/close", json={"stage": "closed_lost", "loss_reason": "price"}
    )
    assert (checked(OPPORTUNITY, lost)["probability"], lost.json()["loss_reason"]) == (0, "price")


async def test_a_closed_deal_changes_only_after_it_is_reopened_where_it_was(api: Api) -> None:
    client = await api.client()
    deal = await changed(client, await made(client), stage="negotiation")
    await changed(client, deal, stage="closed_lost", loss_reason="price")
    problem(await client.patch(f"{PATH}/{deal['id']}", json={"name": "Other"}), 409)

    open_ = checked(OPPORTUNITY, await client.post(f"{PATH}/{deal['id']}/reopen"))
    assert (open_["stage"], open_["probability"], open_["loss_reason"]) == ("negotiation", 75, None)
    assert open_["actual_close_date"] is None
    problem(await client.post(f"{PATH}/{deal['id']}/reopen"), 409)


async def test_every_move_is_kept(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    await changed(client, deal, stage="proposal")
    await changed(client, deal, stage="closed_lost", loss_reason="price")
    await client.post(f"{PATH}/{deal['id']}/reopen")

    moves = await api.db.read(lambda s: list(s.scalars(sa.select(StageMove).order_by(StageMove.id))))
    assert len(moves) == 4
    assert all(move.from_stage_id == before.to_stage_id for before, move in itertools.pairwise(moves))


async def test_lines_take_the_list_price_and_rewriting_them_alike_is_no_change(api: Api) -> None:
    client = await api.client()
    product = checked(PRODUCT, await client.post(PRODUCT.path, json=PRODUCT.body), 201)["id"]
    lines = [{"product_id": product, "quantity": 2.5}, {"product_id": product, "unit_price": 150}]
    deal = await made(client, lines=lines)

    assert [line["unit_price"] for line in deal["lines"]] == [199.99, 150]
    assert await changed(client, deal, lines=lines) == deal
    fewer = await changed(client, deal, lines=lines[:1])
    assert (len(fewer["lines"]), fewer["version"]) == (1, deal["version"] + 1)


async def test_a_deleted_product_goes_on_no_new_deal_and_stays_on_the_old_one(api: Api) -> None:
    client = await api.client()
    product = checked(PRODUCT, await client.post(PRODUCT.path, json=PRODUCT.body), 201)["id"]
    line = {"product_id": product}
    deal = await made(client, lines=[line])
    await client.delete(f"{PRODUCT.path}/{product}")

    answer = await client.post(PATH, json={"name": "New", "lines": [line]})
    problem(answer, 422, field="lines.0.product_id")
    assert len((await changed(client, deal, lines=[line, line]))["lines"]) == 2


async def test_the_owner_of_an_open_deal_reaches_its_account_as_long_as_it_is_open(api: Api) -> None:
    client, rep, other = await api.client(), await api.client("rep"), await api.client("rep")
    harbor = await account(client)
    me = (await rep.get("/api/v1/auth/me")).json()["id"]
    colleague = (await other.get("/api/v1/auth/me")).json()["id"]

    async def reach() -> tuple[int, int]:
        first, second = [await c.get(f"{ACCOUNT.path}/{harbor}") for c in (rep, other)]
        return first.status_code, second.status_code

    deal = await made(client, account_id=harbor, owner_id=me)
    assert await reach() == (200, 404)
    await changed(client, deal, owner_id=colleague)
    assert await reach() == (404, 200)
    await changed(client, deal, stage="closed_won")
    assert await reach() == (404, 404)
    await client.post(f"{PATH}/{deal['id']}/reopen")
    assert await reach() == (404, 200)
    await client.delete(f"{PATH}/{deal['id']}")
    assert await reach() == (404, 404)
    await client.post(f"{PATH}/{deal['id']}/restore")
    await changed(client, deal, account_id=None)
    assert await reach() == (404, 404)


async def test_an_amount_that_could_not_be_weighed_is_refused(api: Api) -> None:
    client = await api.client()
    largest = {"name": "Fleet", "currency": "KWD", "estimated_value": 10**14}

    problem(await client.post(PATH, json=largest), 422, field="estimated_value")
