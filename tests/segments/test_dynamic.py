"""Dynamic segments: the accounts for which a condition holds."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from crm_api.segments.flows import evaluate
from tests.app.resources import problem
from tests.factories import make_account, make_segment
from tests.support.api import Api

SEGMENTS, ACCOUNTS = "/api/v1/crm/segments", "/api/v1/crm/accounts"
GOLD = {"field": "tier", "op": "eq", "value": "gold"}


@pytest.fixture
async def client(api: Api) -> httpx.AsyncClient:
    return await api.client()


async def made(client: httpx.AsyncClient, criteria: dict[str, Any] = GOLD, **values: Any) -> dict[str, Any]:
    body = {"name": "Gold", "code": "GOLD", "kind": "dynamic", "criteria": criteria} | values
    answer = await client.post(SEGMENTS, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def names(client: httpx.AsyncClient, code: str = "gold") -> set[str]:
    page = await client.get(ACCOUNTS, params={"segments": code})
    return {item["name"] for item in page.json()["items"]}


async def test_its_customers_are_there_at_once(api: Api, client: httpx.AsyncClient) -> None:
    for values in ({"name": "Golden", "tier": "gold"}, {}):
        await api.db.write(lambda s, values=values: make_account(s, **values) and None)

    segment = await made(client)

    assert (segment["customer_count"], await names(client)) == (1, {"Golden"})
    assert segment["evaluated_at"] is not None
    (member,) = (await client.get(f"{SEGMENTS}/{segment['id']}/customers")).json()["items"]
    assert (member["account_name"], member["assigned_by_id"]) == ("Golden", None)


async def test_the_job_lets_accounts_come_and_go(api: Api, client: httpx.AsyncClient) -> None:
    leaves = await api.db.write(lambda s: str(make_account(s, name="Leaves", tier="gold").id))
    segment = await made(client)
    await client.patch(f"{ACCOUNTS}/{leaves}", json={"tier": "silver"})
    await client.post(ACCOUNTS, json={"name": "Comes", "tier": "gold"})

    assert await evaluate(api.db) == 2

    now = (await client.get(f"{SEGMENTS}/{segment['id']}")).json()
    assert (await names(client), now["customer_count"], now["version"]) == ({"Comes"}, 1, 1)
    assert await evaluate(api.db) == 0


async def test_other_criteria_count_at_once(api: Api, client: httpx.AsyncClient) -> None:
    await api.db.write(lambda s: make_account(s, name="Silver one", tier="silver") and None)
    segment = await made(client)

    changed = await client.patch(
        f"{SEGMENTS}/{segment['id']}", json={"criteria": {"field": "tier", "op": "eq", "value": "silver"}}
    )

    assert (changed.json()["customer_count"], await names(client)) == (1, {"Silver one"})


@pytest.mark.parametrize("verb", ["assign-customers", "remove-customers"])
async def test_nobody_is_put_in_or_out_by_hand(api: Api, client: httpx.AsyncClient, verb: str) -> None:
    segment = await made(client)
    account = await api.db.write(lambda s: str(make_account(s).id))
    problem(await client.post(f"{SEGMENTS}/{segment['id']}/{verb}", json={"customer_ids": [account]}), 409)


@pytest.mark.parametrize(
    ("criteria", "field"),
    [
        ({"min_annual_spend": 5}, "criteria"),
        ({"field": "colour", "op": "eq", "value": "red"}, "criteria.colour"),
        ({"field": "tier", "op": "eq", "value": "tin"}, "criteria.tier"),
        ({"field": "segments", "op": "isnull", "value": False}, "criteria.segments"),
        ({"related": "segment_members"}, "criteria"),
    ],
)
async def test_criteria_are_checked_against_the_fields_of_accounts(
    client: httpx.AsyncClient, criteria: dict[str, Any], field: str
) -> None:
    body = {"name": "Odd", "code": "ODD", "kind": "dynamic", "criteria": criteria}
    told = problem(await client.post(SEGMENTS, json=body), 422)
    assert any(error["field"].startswith(field) for error in told["errors"]), told


async def test_it_may_ask_for_static_segments_but_not_for_dynamic_ones(
    api: Api, client: httpx.AsyncClient
) -> None:
    await api.db.write(
        lambda s: make_segment(s, code="HAND", accounts=[make_account(s, name="By hand")]) and None
    )
    await made(client)

    await made(client, {"field": "segments", "op": "eq", "value": "hand"}, code="TWO")

    assert await names(client, "TWO") == {"By hand"}
    body = {"name": "Three", "code": "THREE", "kind": "dynamic"}
    circle = {"criteria": {"not": {"field": "segments", "op": "in", "value": ["HAND", "gold"]}}}
    problem(await client.post(SEGMENTS, json=body | circle), 422, field="criteria.segments")


async def test_a_segment_with_customers_is_not_made_dynamic(api: Api, client: httpx.AsyncClient) -> None:
    segment_id = await api.db.write(lambda s: str(make_segment(s, accounts=[make_account(s)]).id))
    change = {"kind": "dynamic", "criteria": GOLD}
    problem(await client.patch(f"{SEGMENTS}/{segment_id}", json=change), 409)


async def test_an_inactive_one_rests(api: Api, client: httpx.AsyncClient) -> None:
    segment = await made(client)
    await client.patch(f"{SEGMENTS}/{segment['id']}", json={"is_active": False})
    await client.post(ACCOUNTS, json={"name": "Comes", "tier": "gold"})

    assert await evaluate(api.db) == 0


async def test_a_saved_view_speaks_of_segments(api: Api, client: httpx.AsyncClient) -> None:
    await api.db.write(lambda s: make_account(s, name="Golden", tier="gold") and None)
    await made(client)
    where = {
        "all": [
            {"field": "segments", "op": "eq", "value": "GOLD"},
            {"field": "name", "op": "contains", "value": "old"},
        ]
    }

    view = {"name": "Gold", "kind": "account", "where": where}
    kept = await client.post("/api/v1/crm/views", json=view)

    listed = await client.get(ACCOUNTS, params={"view": kept.json()["id"]})
    assert [item["name"] for item in listed.json()["items"]] == ["Golden"]


async def test_an_account_erased_for_good_counts_no_more(api: Api, client: httpx.AsyncClient) -> None:
    def make(session: Session) -> tuple[str, str]:
        account = make_account(session)
        return str(account.id), str(make_segment(session, accounts=[account]).id)

    account_id, segment_id = await api.db.write(make)
    assert (await client.delete(f"{ACCOUNTS}/{account_id}", params={"hard": "true"})).status_code == 204
    await evaluate(api.db)

    assert (await client.get(f"{SEGMENTS}/{segment_id}")).json()["customer_count"] == 0


async def test_assignments_at_the_same_time_are_all_counted(api: Api, client: httpx.AsyncClient) -> None:
    def make(session: Session) -> tuple[str, list[str]]:
        return str(make_segment(session).id), [str(make_account(session).id) for _ in range(6)]

    segment_id, ids = await api.db.write(make)
    address = f"{SEGMENTS}/{segment_id}/assign-customers"
    # Each account twice, in pairs that overlap.
    pairs = [[ids[n], ids[(n + 1) % len(ids)]] for n in range(len(ids))]
    answers = await asyncio.gather(*(client.post(address, json={"customer_ids": pair}) for pair in pairs))

    assert {answer.status_code for answer in answers} == {200}
    assert (await client.get(f"{SEGMENTS}/{segment_id}")).json()["customer_count"] == 6


async def test_a_change_of_criteria_can_be_undone(api: Api, client: httpx.AsyncClient) -> None:
    await api.db.write(lambda s: make_account(s, name="Golden", tier="gold") and None)
    segment = await made(client)
    address = f"{SEGMENTS}/{segment['id']}"
    await client.patch(address, json={"criteria": {"field": "tier", "op": "eq", "value": "silver"}})
    change_set = (await client.get("/api/v1/changes")).json()["items"][0]["id"]

    assert (await client.post(f"/api/v1/changes/{change_set}/revert")).status_code == 200
    await evaluate(api.db)

    assert ((await client.get(address)).json()["criteria"], await names(client)) == (GOLD, {"Golden"})


async def test_customers_who_spend_much_follow_their_orders(api: Api, client: httpx.AsyncClient) -> None:
    account = (await client.post(ACCOUNTS, json={"name": "Big"})).json()["id"]
    spend = {"field": "annual_spend", "op": "gt", "value": 500_000}
    segment = await made(client, spend, code="HVC")
    order = {"account_id": account, "total": 500_000.01}
    made_order = (await client.post("/api/v1/crm/orders", json=order)).json()
    await evaluate(api.db)
    assert await names(client, "hvc") == {"Big"}

    await client.patch(f"/api/v1/crm/orders/{made_order['id']}", json={"status": "cancelled"})
    await evaluate(api.db)

    assert await names(client, "hvc") == set()
    assert (await client.get(f"{SEGMENTS}/{segment['id']}")).json()["customer_count"] == 0
