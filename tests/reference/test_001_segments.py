"""Reference 001, customer segmentation, and what 000 says of it: every address, field and rule."""

from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from crm_api.core.ids import new_id
from tests.app.resources import problem
from tests.factories import make_account, make_segment
from tests.support.api import Api

SEGMENTS = "/api/v1/crm/segments"
HIGH_VALUE: dict[str, Any] = {
    "name": "High Value Customers",
    "description": "Customers with annual spend > 500K",
    "code": "HVC",
    "criteria": {"min_annual_spend": 500000, "order_frequency": "monthly", "credit_rating": "excellent"},
    "is_active": True,
    "priority": 1,
    "benefits": {
        "discount_tier": "Platinum",
        "payment_terms": "Net 60",
        "dedicated_account_manager": True,
    },
}


@pytest.fixture
async def client(api: Api) -> httpx.AsyncClient:
    """Signed in as the administrator."""
    return await api.client()


async def accounts(api: Api, n: int = 3) -> list[str]:
    """The ids of new accounts, as the API writes them."""
    return await api.db.write(lambda session: [str(make_account(session).id) for _ in range(n)])


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    """A segment made as the reference makes it."""
    answer = await client.post(SEGMENTS, json=HIGH_VALUE | values)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_segment_is_made_with_the_body_of_the_reference(client: httpx.AsyncClient) -> None:
    segment = await made(client)

    assert {name: segment[name] for name in HIGH_VALUE} == HIGH_VALUE
    assert (segment["kind"], segment["customer_count"], segment["version"]) == ("static", 0, 1)


async def test_segments_are_listed_by_page_activity_and_search(client: httpx.AsyncClient) -> None:
    high = await made(client)
    await made(client, name="High but over", code="OLD", is_active=False)
    premium = await made(client, name="Premium dealers", code="PD")

    page = await client.get(
        SEGMENTS, params={"page": 1, "page_size": 50, "is_active": "true", "search": "High"}
    )
    assert [item["id"] for item in page.json()["items"]] == [high["id"]]
    assert (page.json()["total"], page.json()["page"], page.json()["pages"]) == (1, 1, 1)
    found = await client.get(SEGMENTS, params={"search": "premium", "is_active": "true"})
    assert [item["id"] for item in found.json()["items"]] == [premium["id"]]


async def test_customers_are_assigned_in_bulk_with_who_did_it_and_when(
    api: Api, client: httpx.AsyncClient
) -> None:
    segment, customers = await made(client), await accounts(api)
    body = {"customer_ids": customers, "segment_id": segment["id"]}

    answer = await client.post(f"{SEGMENTS}/{segment['id']}/assign-customers", json=body)

    told = {"segment_id": segment["id"], "changed": 3, "unchanged": 0, "customer_count": 3}
    assert answer.json() == told
    inside = (await client.get(f"{SEGMENTS}/{segment['id']}/customers")).json()["items"]
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    assert {item["account_id"] for item in inside} == set(customers)
    assert {item["assigned_by_id"] for item in inside} == {me}
    assert all(item["assigned_at"] for item in inside)


async def test_customers_are_removed_in_bulk_with_a_bare_list(api: Api, client: httpx.AsyncClient) -> None:
    segment, customers = await made(client), await accounts(api)
    await client.post(f"{SEGMENTS}/{segment['id']}/assign-customers", json={"customer_ids": customers})

    answer = await client.post(f"{SEGMENTS}/{segment['id']}/remove-customers", json=customers[:2])

    assert (answer.status_code, answer.json()["changed"], answer.json()["customer_count"]) == (200, 2, 1)
    again = {"customer_ids": customers[:2]}
    answer = await client.post(f"{SEGMENTS}/{segment['id']}/remove-customers", json=again)
    assert (answer.json()["changed"], answer.json()["unchanged"]) == (0, 2)


async def test_the_count_of_customers_is_kept_and_bumps_no_version(
    api: Api, client: httpx.AsyncClient
) -> None:
    segment, customers = await made(client), await accounts(api)
    address = f"{SEGMENTS}/{segment['id']}"
    await client.post(f"{address}/assign-customers", json={"customer_ids": customers})
    await client.post(f"{address}/assign-customers", json={"customer_ids": customers[:1]})
    await client.delete(f"/api/v1/crm/accounts/{customers[0]}")

    now = (await client.get(address)).json()
    assert (now["customer_count"], now["version"]) == (2, 1)
    assert (await client.get(f"{address}/customers")).json()["total"] == 2

    await client.post(f"/api/v1/crm/accounts/{customers[0]}/restore")
    assert (await client.get(address)).json()["customer_count"] == 3
    assert (await client.get(SEGMENTS)).json()["items"][0]["customer_count"] == 3


async def test_a_code_is_unique_whatever_its_case(client: httpx.AsyncClient) -> None:
    await made(client)
    problem(await client.post(SEGMENTS, json=HIGH_VALUE | {"code": "hvc"}), 409)
    other = await made(client, code="B2B")
    problem(await client.patch(f"{SEGMENTS}/{other['id']}", json={"code": "Hvc"}), 409)


async def test_an_archived_segment_does_not_block_its_code(client: httpx.AsyncClient) -> None:
    first = await made(client)
    assert (await client.delete(f"{SEGMENTS}/{first['id']}")).status_code == 204

    await made(client)

    problem(await client.post(f"{SEGMENTS}/{first['id']}/restore"), 409)


async def test_a_segment_is_read_by_id_and_by_code(client: httpx.AsyncClient) -> None:
    segment = await made(client)

    by_id = await client.get(f"{SEGMENTS}/{segment['id']}")
    by_code = await client.get(f"{SEGMENTS}/code/hvc")

    assert by_id.json() == by_code.json() == segment
    assert by_code.headers["etag"] == '"1"'
    problem(await client.get(f"{SEGMENTS}/code/none"), 404)


async def test_put_changes_just_the_fields_sent(client: httpx.AsyncClient) -> None:
    segment = await made(client)

    changed = (
        await client.put(f"{SEGMENTS}/{segment['id']}", json={"priority": 7, "is_active": False})
    ).json()

    assert changed == segment | {
        "priority": 7, "is_active": False, "version": 2, "updated_at": changed["updated_at"],
    }  # fmt: skip


async def test_deleting_a_segment_takes_its_customers_out_of_it(api: Api, client: httpx.AsyncClient) -> None:
    segment, customers = await made(client), await accounts(api)
    await client.post(f"{SEGMENTS}/{segment['id']}/assign-customers", json={"customer_ids": customers})
    listed = {"segments": "HVC"}
    assert (await client.get("/api/v1/crm/accounts", params=listed)).json()["total"] == 3

    assert (await client.delete(f"{SEGMENTS}/{segment['id']}")).status_code == 204

    assert (await client.get(SEGMENTS)).json()["total"] == 0
    assert (await client.get("/api/v1/crm/accounts", params=listed)).json()["total"] == 0
    await client.post(f"{SEGMENTS}/{segment['id']}/restore")
    assert (await client.get("/api/v1/crm/accounts", params=listed)).json()["total"] == 3


async def test_a_customer_may_be_in_many_segments(api: Api, client: httpx.AsyncClient) -> None:
    first, second = await made(client), await made(client, code="VIP", name="Very important")
    (customer,) = await accounts(api, 1)
    for segment in (first, second):
        await client.post(f"{SEGMENTS}/{segment['id']}/assign-customers", json={"customer_ids": [customer]})

    told = (await client.get(f"/api/v1/crm/accounts/{customer}/segments")).json()["items"]

    assert {item["segment_code"] for item in told} == {"HVC", "VIP"}
    both = {"all": [{"field": "segments", "op": "eq", "value": code} for code in ("HVC", "VIP")]}
    found = await client.post("/api/v1/crm/accounts/search", json={"where": both})
    assert [item["id"] for item in found.json()["items"]] == [customer]


async def test_segments_are_in_the_order_of_their_priority(client: httpx.AsyncClient) -> None:
    for code, priority in (("C", 3), ("A", 1), ("B", 2)):
        await made(client, code=code, priority=priority)

    listed = (await client.get(SEGMENTS)).json()["items"]

    assert [item["code"] for item in listed] == ["A", "B", "C"]


@pytest.mark.parametrize("verb", ["assign-customers", "remove-customers"])
async def test_an_unknown_customer_refuses_the_whole(api: Api, client: httpx.AsyncClient, verb: str) -> None:
    segment, customers = await made(client), await accounts(api, 1)
    body = {"customer_ids": [*customers, str(new_id())]}

    problem(await client.post(f"{SEGMENTS}/{segment['id']}/{verb}", json=body), 422, field="customer_ids.1")

    assert (await client.get(f"{SEGMENTS}/{segment['id']}")).json()["customer_count"] == 0


async def test_another_segment_in_the_body_is_refused(api: Api, client: httpx.AsyncClient) -> None:
    segment, customers = await made(client), await accounts(api, 1)
    body = {"customer_ids": customers, "segment_id": str(new_id())}

    answer = await client.post(f"{SEGMENTS}/{segment['id']}/assign-customers", json=body)

    problem(answer, 422, field="segment_id")


@pytest.mark.parametrize("field", ["name", "code"])
async def test_a_segment_needs_its_name_and_code(client: httpx.AsyncClient, field: str) -> None:
    body = {name: value for name, value in HIGH_VALUE.items() if name != field}
    problem(await client.post(SEGMENTS, json=body), 422, field=field)


@pytest.mark.parametrize(
    "criteria", [{}, {"a": [1, {"b": None}]}, {"größe": "ab 10 m²", "n": 1.5, "flag": False}]
)
async def test_criteria_are_stored_as_they_are_given(
    client: httpx.AsyncClient, criteria: dict[str, Any]
) -> None:
    segment = await made(client, criteria=criteria)
    assert (await client.get(f"{SEGMENTS}/{segment['id']}")).json()["criteria"] == criteria


async def test_an_assignment_is_in_the_history_of_the_account_and_can_be_undone(
    api: Api, client: httpx.AsyncClient
) -> None:
    segment, customers = await made(client), await accounts(api, 2)
    await client.post(f"{SEGMENTS}/{segment['id']}/assign-customers", json={"customer_ids": customers})
    change_set = (await client.get("/api/v1/changes")).json()["items"][0]["id"]

    undone = await client.post(f"/api/v1/changes/{change_set}/revert")

    assert undone.status_code == 200, undone.text
    assert (await client.get(f"{SEGMENTS}/{segment['id']}")).json()["customer_count"] == 0


async def test_reps_see_segments_and_their_own_customers_in_them(api: Api) -> None:
    rep = await api.client("rep")
    me = (await rep.get("/api/v1/auth/me")).json()["id"]

    def make(session: Session) -> str:
        own, other = make_account(session, owner_id=me), make_account(session)
        return str(make_segment(session, accounts=[own, other]).id)

    segment_id = await api.db.write(make)
    customers = (await rep.get(f"{SEGMENTS}/{segment_id}/customers")).json()
    assert (await rep.get(SEGMENTS)).json()["total"] == 1
    assert customers["total"] == len(customers["items"]) == 1
    problem(await rep.post(SEGMENTS, json=HIGH_VALUE), 403)
