"""Reference 004, the endpoints for the company's order system (BOS): orders come in by that system's own ids."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.ids import new_id
from crm_api.events import flows
from crm_api.orders.models import ORDER_STATUSES
from tests.app.resources import problem
from tests.factories import make_account, make_contact, make_opportunity, make_product
from tests.support.api import Api

CRM = "/api/v1/crm"
ORDERS = f"{CRM}/orders"
CUSTOMER = {"external_system": "bos", "external_id": "C-17"}
ORDER: dict[str, Any] = {
    "number": "SO-10042",
    "account_id": CUSTOMER,
    "status": "confirmed",
    "order_date": "2026-11-02",
    "currency": "USD",
    "total": 390.0,
    "lines": [{"sku": "RR-1", "quantity": 2, "unit_price": 195.0}],
}


@pytest.fixture
async def client(api: Api) -> httpx.AsyncClient:
    """Signed in as the administrator; the customer C-17 and the product RR-1 of the order system are there."""

    def make(session: Session) -> None:
        make_account(session, name="Riverside Motors", **CUSTOMER)
        make_product(session, name="Roof rack", code="RR-1", external_system="bos", external_id="P-1")

    await api.db.write(make)
    return await api.client()


async def put(client: httpx.AsyncClient, external_id: str = "1", **values: Any) -> httpx.Response:
    return await client.put(f"{ORDERS}/external/bos/{external_id}", json=ORDER | values)


async def account(client: httpx.AsyncClient) -> dict[str, Any]:
    """The customer C-17 as it is now."""
    found: dict[str, Any] = (await client.get(f"{CRM}/accounts", params={"external_id": "C-17"})).json()[
        "items"
    ][0]
    return found


async def events(client: httpx.AsyncClient, api: Api) -> list[str]:
    await flows.relay(api.db)
    told = (await client.get("/api/v1/events")).json()["items"]
    return [event["type"] for event in told if event["kind"] == "order"]


async def test_an_order_is_put_under_the_order_systems_own_id(client: httpx.AsyncClient) -> None:
    made = await put(client)

    assert made.status_code == 201, made.text
    order = made.json()
    shown = ("number", "status", "order_date", "currency", "total", "account_name", "external_id")
    assert [order[name] for name in shown] == [
        "SO-10042", "confirmed", "2026-11-02", "USD", 390.0, "Riverside Motors", "1",
    ]  # fmt: skip
    (line,) = order["lines"]
    assert (line["product_name"], line["sku"], line["quantity"], line["unit_price"], line["total"]) == (
        "Roof rack", "RR-1", 2.0, 195.0, 390.0,
    )  # fmt: skip
    again = await put(client, status="shipped")
    assert (again.status_code, again.json()["id"], again.json()["version"]) == (200, order["id"], 2)


async def test_the_same_order_again_changes_nothing(client: httpx.AsyncClient) -> None:
    first = (await put(client)).json()
    assert (await put(client)).json() == first


async def test_an_older_version_is_left_alone(client: httpx.AsyncClient) -> None:
    await put(client, source_updated_at="2026-11-02T10:00:00Z", status="shipped")

    older = await put(client, source_updated_at="2026-11-02T09:00:00Z", status="draft")

    assert (older.status_code, older.json()["status"]) == (200, "shipped")


async def test_many_orders_come_in_one_request(client: httpx.AsyncClient) -> None:
    operations = [
        {
            "op": "upsert",
            "external_system": "bos",
            "external_id": str(n),
            "data": ORDER | {"number": f"SO-{n}"},
        }
        for n in range(5)
    ]
    operations[3]["data"] |= {"account_id": CUSTOMER | {"external_id": "nobody"}}

    answer = (await client.post(f"{ORDERS}/bulk", json={"operations": operations})).json()

    assert [result["status"] for result in answer["results"]] == [201, 201, 201, 422, 201]
    assert (await client.get(ORDERS)).json()["total"] == 4


@pytest.mark.parametrize("status", ORDER_STATUSES)
async def test_each_status_is_taken(client: httpx.AsyncClient, status: str) -> None:
    assert (await put(client, status=status)).json()["status"] == status


async def test_other_words_for_fields_and_statuses_are_understood(client: httpx.AsyncClient) -> None:
    body = {
        "order_number": "SO-1", "customer_id": CUSTOMER, "status": "canceled", "total_amount": 12.5,
        "order_date": "2026-11-02T22:00:00-05:00",
    }  # fmt: skip
    made = (await client.post(ORDERS, json=body)).json()

    assert (made["number"], made["status"], made["total"], made["order_date"]) == (
        "SO-1", "cancelled", 12.5, "2026-11-02",
    )  # fmt: skip
    assert (made["order_number"], made["customer_id"]) == (made["number"], made["account_id"])


async def test_the_total_is_the_sum_of_the_lines_where_none_is_given(client: httpx.AsyncClient) -> None:
    lines = [
        {"sku": "RR-1", "quantity": 3, "unit_price": 10.01, "discount_percent": 50},
        {"description": "Freight", "unit_price": 5},
    ]
    order = (await client.post(ORDERS, json={"account_id": CUSTOMER, "lines": lines})).json()

    assert [line["total"] for line in order["lines"]] == [15.02, 5.0]
    assert order["total"] == 20.02
    assert order["number"].startswith("ORD-")


@pytest.mark.parametrize(
    ("total", "status"), [(390.0, 201), (390.01, 201), (389.99, 201), (390.02, 422), (1, 422)]
)
async def test_total_and_lines_agree_but_for_rounding(
    client: httpx.AsyncClient, total: float, status: int
) -> None:
    answer = await client.post(ORDERS, json=ORDER | {"total": total})
    assert answer.status_code == status, answer.text
    if status == 422:
        problem(answer, 422, field="total")


async def test_products_are_named_by_id_by_external_id_or_by_code(
    api: Api, client: httpx.AsyncClient
) -> None:
    product = await api.db.write(lambda session: str(make_product(session, name="Tow bar").id))
    named = (
        {"product_id": product},
        {"product_id": {"external_system": "bos", "external_id": "P-1"}},
        {"sku": "RR-1"},
    )
    body = ORDER | {"total": None, "lines": [{**one, "quantity": 1} for one in named]}

    order = (await client.post(ORDERS, json=body)).json()

    assert [line["product_name"] for line in order["lines"]] == ["Tow bar", "Roof rack", "Roof rack"]
    assert [line["unit_price"] for line in order["lines"]] == [100.0, 100.0, 100.0]


async def test_a_code_that_no_product_has_is_kept(client: httpx.AsyncClient) -> None:
    lines = [{"sku": "ZZ-9", "unit_price": 4}]
    (line,) = (await client.post(ORDERS, json=ORDER | {"total": None, "lines": lines})).json()["lines"]
    assert (line["product_id"], line["sku"], line["total"]) == (None, "ZZ-9", 4.0)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"account_id": str(new_id())}, "account_id"),
        ({"account_id": {"external_system": "bos", "external_id": "C-0"}}, "account_id"),
        ({"account_id": None}, "account_id"),
        ({"contact_id": str(new_id())}, "contact_id"),
        ({"opportunity_id": str(new_id())}, "opportunity_id"),
        ({"status": "lost"}, "status"),
        ({"currency": "XXY"}, "currency"),
        ({"total": -1}, "total"),
        ({"total": 1.234, "lines": None}, "total"),
        ({"lines": [{"product_id": str(new_id()), "unit_price": 1}]}, "lines.0.product_id"),
        ({"lines": [{"sku": "ZZ-9"}]}, "lines.0.unit_price"),
        ({"lines": [{"quantity": 1, "unit_price": 1}]}, "lines.0"),
        ({"lines": [{"sku": "RR-1", "quantity": 0}]}, "lines.0.quantity"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    client: httpx.AsyncClient, values: dict[str, Any], field: str
) -> None:
    answer = await client.post(ORDERS, json=ORDER | values)
    told = problem(answer, 422)
    assert any(error["field"].startswith(field) for error in told["errors"]), told


async def test_orders_are_filtered_sorted_and_found(client: httpx.AsyncClient) -> None:
    for n, day in enumerate(("2026-11-01", "2026-11-03", "2026-11-02")):
        await put(
            client,
            str(n),
            number=f"SO-{n}",
            order_date=day,
            total=None,
            lines=[{"sku": "RR-1", "unit_price": n + 1}],
        )

    async def numbers(**asked: Any) -> list[str]:
        return [item["number"] for item in (await client.get(ORDERS, params=asked)).json()["items"]]

    assert await numbers() == ["SO-1", "SO-2", "SO-0"]
    assert await numbers(sort="total") == ["SO-0", "SO-1", "SO-2"]
    assert await numbers(order_date__gte="2026-11-02", sort="number") == ["SO-1", "SO-2"]
    assert await numbers(min_value=2, max_value=2) == ["SO-1"]
    assert await numbers(search="SO-2") == ["SO-2"]
    assert await numbers(**{"account.name": "Riverside Motors", "sort": "number"}) == ["SO-0", "SO-1", "SO-2"]
    assert await numbers(status="cancelled") == []
    racks = {"related": "lines", "where": {"field": "product.name", "op": "eq", "value": "Roof rack"}}
    assert (await client.post(f"{ORDERS}/search", json={"where": racks})).json()["total"] == 3


async def test_an_account_lists_its_orders(api: Api, client: httpx.AsyncClient) -> None:
    await put(client)
    other = await api.db.write(lambda session: str(make_account(session).id))

    mine = await client.get(f"{CRM}/accounts/{(await account(client))['id']}/orders")

    assert [item["number"] for item in mine.json()["items"]] == ["SO-10042"]
    assert (await client.get(f"{CRM}/accounts/{other}/orders")).json()["total"] == 0
    problem(await client.get(f"{CRM}/accounts/{new_id()}/orders"), 404)


async def test_an_order_appears_on_the_timelines_of_account_contact_and_deal(
    api: Api, client: httpx.AsyncClient
) -> None:
    account_id = (await account(client))["id"]

    def make(session: Session) -> tuple[str, str]:
        links = {"account_id": account_id}
        return str(make_contact(session, **links).id), str(make_opportunity(session, **links).id)

    contact_id, deal_id = await api.db.write(make)
    await put(client, contact_id=contact_id, opportunity_id=deal_id)
    await put(client, status="shipped", contact_id=contact_id, opportunity_id=deal_id)

    for place in (f"accounts/{account_id}", f"contacts/{contact_id}", f"opportunities/{deal_id}"):
        told = (await client.get(f"{CRM}/{place}/timeline")).json()
        lines = told["items"] if isinstance(told, dict) else told
        assert [line["summary"] for line in lines] == ["Order SO-10042 · shipped · USD 390.00"]


async def test_what_happens_to_an_order_is_told(api: Api, client: httpx.AsyncClient) -> None:
    order = (await put(client)).json()
    await put(client, status="shipped")
    await put(client, status="cancelled")
    await client.delete(f"{ORDERS}/{order['id']}")
    await client.post(f"{ORDERS}/{order['id']}/restore")

    assert await events(client, api) == [
        "order.created", "order.updated", "order.cancelled", "order.archived", "order.restored",
    ]  # fmt: skip


async def test_the_account_knows_its_last_order_and_what_it_spends(client: httpx.AsyncClient) -> None:
    with clock.frozen(datetime(2026, 11, 21, 12, tzinfo=UTC)):
        before = await account(client)
        for n, day in enumerate(("2026-08-01", "2026-09-01", "2026-10-01")):
            await put(client, str(n), order_date=day)
        now = await account(client)

    assert (before["last_order_date"], before["annual_spend"]) == (None, None)
    assert (now["last_order_date"], now["last_order_value"]) == ("2026-10-01", 390.0)
    assert (now["annual_spend"], now["annual_orders"], now["order_count"]) == (1170.0, 3, 3)
    # 31 and 30 days lie between the orders; 30.5 after the first of October is the first of November.
    assert (now["order_rhythm_days"], now["next_order_date"], now["order_overdue_days"]) == (
        30.5,
        "2026-11-01",
        20,
    )
    assert now["version"] == before["version"]


async def test_changing_lines_moves_the_total_and_the_version(client: httpx.AsyncClient) -> None:
    order = (await put(client)).json()
    lines = [{"sku": "RR-1", "quantity": 1, "unit_price": 195.0}]

    changed = (await client.patch(f"{ORDERS}/{order['id']}", json={"lines": lines})).json()

    assert (changed["total"], changed["version"]) == (195.0, 2)
    problem(await client.patch(f"{ORDERS}/{order['id']}", json={"total": 390}), 422, field="total")


async def test_another_currency_keeps_the_numbers(client: httpx.AsyncClient) -> None:
    order = (await put(client)).json()
    changed = (await client.patch(f"{ORDERS}/{order['id']}", json={"currency": "JPY"})).json()
    assert (changed["total"], changed["lines"][0]["unit_price"], changed["currency"]) == (390, 195, "JPY")


async def test_a_change_of_an_order_can_be_undone(api: Api, client: httpx.AsyncClient) -> None:
    order = (await put(client)).json()
    await put(client, status="cancelled", lines=[{"sku": "RR-1", "unit_price": 1}], total=1)
    change_set = (await client.get("/api/v1/changes")).json()["items"][0]["id"]

    undone = await client.post(f"/api/v1/changes/{change_set}/revert")

    assert undone.status_code == 200, undone.text
    now = (await client.get(f"{ORDERS}/{order['id']}")).json()
    assert (now["status"], now["total"], now["lines"]) == ("confirmed", 390.0, order["lines"])
    assert (await account(client))["order_count"] == 1


async def test_an_order_made_by_mistake_can_be_undone(client: httpx.AsyncClient) -> None:
    await put(client)
    change_set = (await client.get("/api/v1/changes")).json()["items"][0]["id"]

    assert (await client.post(f"/api/v1/changes/{change_set}/revert")).status_code == 200

    now = await account(client)
    assert ((await client.get(ORDERS)).json()["total"], now["order_count"]) == (0, None)
    assert (await put(client)).status_code == 201  # the other system's id is free again


async def test_reps_see_and_write_the_orders_of_their_own_accounts(
    api: Api, client: httpx.AsyncClient
) -> None:
    rep = await api.client("rep")
    me = (await rep.get("/api/v1/auth/me")).json()["id"]
    mine = await api.db.write(lambda session: str(make_account(session, owner_id=me).id))
    await put(client)

    made = await rep.post(ORDERS, json={"account_id": mine, "total": 5})

    assert made.status_code == 201, made.text
    assert [item["id"] for item in (await rep.get(ORDERS)).json()["items"]] == [made.json()["id"]]
    problem(
        await rep.post(ORDERS, json={"account_id": (await account(client))["id"]}), 422, field="account_id"
    )
    for role in ("field", "viewer"):
        problem(await (await api.client(role)).post(ORDERS, json=ORDER), 403)


async def test_an_account_with_orders_is_not_erased(client: httpx.AsyncClient) -> None:
    order = (await put(client)).json()
    address = f"{CRM}/accounts/{order['account_id']}"
    problem(await client.delete(address, params={"hard": "true"}), 409)

    assert (await client.delete(f"{ORDERS}/{order['id']}", params={"hard": "true"})).status_code == 204
    problem(await client.get(f"{ORDERS}/{order['id']}"), 404)
    now = await account(client)
    assert (now["order_count"], now["last_order_date"]) == (None, None)


async def test_an_account_whose_orders_are_archived_is_erased_with_them(client: httpx.AsyncClient) -> None:
    order = (await put(client)).json()
    await client.delete(f"{ORDERS}/{order['id']}")
    address = f"{CRM}/accounts/{order['account_id']}"

    assert (await client.delete(address, params={"hard": "true"})).status_code == 204

    problem(await client.get(f"{ORDERS}/{order['id']}"), 404)


async def test_the_same_key_makes_one_order(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = await client.post(ORDERS, json=ORDER, headers=headers)
    again = await client.post(ORDERS, json=ORDER, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    tried = await client.post(ORDERS, json=ORDER, params={"dry_run": "true"})
    assert (tried.json()["dry_run"], (await client.get(ORDERS)).json()["total"]) == (True, 1)


async def test_orders_are_exported_and_counted_where_they_belong(client: httpx.AsyncClient) -> None:
    await put(client)
    table = (await client.get(f"{ORDERS}/export", params={"format": "csv", "fields": "number,total"})).text
    assert table.splitlines() == ["id,number,total", table.splitlines()[1]]
    assert table.splitlines()[1].endswith(",SO-10042,390.0")
