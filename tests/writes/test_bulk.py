"""Bulk work: one result for each operation, in order."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.models import ChangeSet
from crm_api.leads.models import Lead
from crm_api.writes import bulk
from tests.app.resources import RECORDS, Resource
from tests.support.api import Api

CRM = "/api/v1/crm"
LEADS = f"{CRM}/leads"


def create(name: str, **data: Any) -> dict[str, Any]:
    return {"op": "create", "data": {"company_name": name, **data}}


def upsert(external_id: str, **data: Any) -> dict[str, Any]:
    return {"op": "upsert", "external_system": "erp", "external_id": external_id, "data": data}


async def run(client: Any, *operations: Any, path: str = LEADS, **params: Any) -> dict[str, Any]:
    answer = await client.post(f"{path}/bulk", json={"operations": list(operations)}, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def leads(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count(Lead.id))) or 0


async def test_create_change_and_delete_go_in_one_request(api: Api) -> None:
    client = await api.client()
    there = (await client.post(LEADS, json={"company_name": "There"})).json()
    gone = (await client.post(LEADS, json={"company_name": "Gone"})).json()

    told = await run(
        client,
        create("New"),
        {"op": "update", "id": there["id"], "version": 1, "data": {"priority": "high"}},
        {"op": "delete", "id": gone["id"]},
    )

    assert [r["status"] for r in told["results"]] == [201, 200, 204]
    assert told["results"][0]["number"].startswith("LEAD-")
    assert (await client.get(f"{LEADS}/{there['id']}")).json()["priority"] == "high"
    assert (await client.get(f"{LEADS}/{gone['id']}")).json()["archived_at"] is not None


async def test_a_faulty_operation_is_its_own_result_and_stops_no_other(api: Api) -> None:
    client = await api.client()

    told = await run(client, create("One"), {"op": "explode"}, 17, create("Two", score=300), create("Three"))

    assert [r["status"] for r in told["results"]] == [201, 422, 422, 422, 201]
    assert told["results"][3]["error"]["errors"][0]["field"] == "score"
    assert (told["succeeded"], told["failed"]) == (2, 3)
    assert await api.db.read(leads) == 2


async def test_all_or_nothing_writes_nothing_where_one_cannot_be_done(api: Api) -> None:
    client = await api.client()
    body = {"operations": [create("One"), create("Two", email="no address")]}

    answer = await client.post(f"{LEADS}/bulk", params={"all_or_nothing": "true"}, json=body)

    assert answer.status_code == 422
    assert [r["index"] for r in answer.json()["results"]] == [1]
    assert await api.db.read(leads) == 0


async def test_an_upsert_makes_and_then_changes(api: Api) -> None:
    client = await api.client()

    first = await run(client, upsert("17", company_name="Harbor"))
    second = await run(client, upsert("17", priority="high"))

    assert [first["results"][0]["status"], second["results"][0]["status"]] == [201, 200]
    assert first["results"][0]["id"] == second["results"][0]["id"]
    shown = (await client.get(f"{LEADS}/{first['results'][0]['id']}")).json()
    assert (shown["company_name"], shown["priority"], shown["external_id"]) == ("Harbor", "high", "17")


async def test_one_external_id_twice_in_a_request_is_one_record(api: Api) -> None:
    client = await api.client()

    told = await run(client, upsert("17", company_name="Harbor"), upsert("17", priority="high"))

    assert [r["status"] for r in told["results"]] == [201, 200]
    assert await api.db.read(leads) == 1


async def test_an_older_version_from_the_source_changes_nothing(api: Api) -> None:
    client = await api.client()
    await run(client, upsert("17", company_name="New", source_updated_at="2026-11-20T10:00:00Z"))

    told = await run(client, upsert("17", company_name="Old", source_updated_at="2026-11-19T10:00:00Z"))

    assert told["results"][0]["unchanged"]
    assert (await client.get(LEADS)).json()["items"][0]["company_name"] == "New"


async def test_a_reference_may_be_the_other_systems_id(api: Api) -> None:
    client = await api.client()
    dealer = {"name": "Dealer", "external_system": "erp", "external_id": "A1"}
    account = (await client.post(f"{CRM}/accounts", json=dealer)).json()
    known = {"external_system": "erp", "external_id": "A1"}
    unknown = {"external_system": "erp", "external_id": "A2"}

    told = await run(
        client,
        upsert("D1", name="Deal", account_id=known),
        upsert("D2", name="Deal", account_id=unknown),
        path=f"{CRM}/opportunities",
    )

    made, refused = told["results"]
    assert refused["error"]["errors"][0]["field"] == "account_id"
    shown = (await client.get(f"{CRM}/opportunities/{made['id']}")).json()
    assert shown["account_id"] == account["id"]


async def test_a_reference_to_what_one_may_not_see_leads_nowhere(api: Api) -> None:
    admin, rep = await api.client(), await api.client("rep")
    await admin.post(f"{CRM}/accounts", json={"name": "X", "external_system": "erp", "external_id": "A1"})
    known = {"external_system": "erp", "external_id": "A1"}

    told = await run(rep, upsert("D1", name="Deal", account_id=known), path=f"{CRM}/opportunities")

    assert told["results"][0]["status"] == 422


async def test_the_external_id_of_a_record_one_may_not_see_is_a_conflict(api: Api) -> None:
    admin, rep = await api.client(), await api.client("rep")
    await run(admin, upsert("17", company_name="Harbor"))

    told = await run(rep, upsert("17", company_name="Mine"))

    assert told["results"][0]["status"] == 409


async def test_put_by_external_id_makes_and_then_changes(api: Api) -> None:
    client = await api.client()
    where = f"{CRM}/accounts/external/erp/17"

    made, changed = (
        await client.put(where, json={"name": "Dealer"}),
        await client.put(where, json={"tier": "gold"}),
    )

    assert (made.status_code, changed.status_code) == (201, 200)
    assert changed.json()["name"] == "Dealer"
    assert changed.headers["ETag"] == '"2"'


async def test_all_slices_of_a_request_are_one_change_set(api: Api) -> None:
    client = await api.client()

    await run(client, *(create(f"Lead {n}") for n in range(bulk.SLICE * 2 + 1)))

    def sets(session: Session) -> int:
        return session.scalar(sa.select(sa.func.count(ChangeSet.id)).where(ChangeSet.origin == "api")) or 0

    assert await api.db.read(leads) == bulk.SLICE * 2 + 1
    assert await api.db.read(sets) == 1


async def test_numbers_of_a_request_rise_without_a_gap(api: Api) -> None:
    client = await api.client()

    told = await run(client, *(create(f"Lead {n}") for n in range(60)))

    numbers = [int(r["number"].rpartition("-")[2]) for r in told["results"]]
    assert numbers == list(range(1, 61))


async def test_a_keyed_request_is_answered_again(api: Api) -> None:
    client = await api.client()
    body = {"operations": [create(f"Lead {n}") for n in range(40)]}
    headers = {"Idempotency-Key": "bulk"}

    first = await client.post(f"{LEADS}/bulk", json=body, headers=headers)
    second = await client.post(f"{LEADS}/bulk", json=body, headers=headers)

    assert second.content == first.content
    assert await api.db.read(leads) == 40


async def test_an_interrupted_keyed_request_goes_on_where_it_was(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await api.client()
    body = {"operations": [create(f"Lead {n}") for n in range(bulk.SLICE * 3)]}
    headers = {"Idempotency-Key": "bulk"}
    whole, calls = bulk._slice, []

    def dying(*args: Any, **kwargs: Any) -> Any:
        calls.append(kwargs["first"])
        if len(calls) == 2:
            raise RuntimeError("the process dies")
        return whole(*args, **kwargs)

    monkeypatch.setattr(bulk, "_slice", dying)
    died = await client.post(f"{LEADS}/bulk", json=body, headers=headers)
    again = await client.post(f"{LEADS}/bulk", json=body, headers=headers)

    assert died.status_code == 500
    assert calls == [0, bulk.SLICE, bulk.SLICE, bulk.SLICE * 2]
    assert again.json()["succeeded"] == bulk.SLICE * 3
    assert await api.db.read(leads) == bulk.SLICE * 3


async def test_a_rehearsed_request_says_what_each_would_come_to(api: Api) -> None:
    client = await api.client()

    told = await run(client, create("One"), create("Two", score=300), dry_run=True)

    assert [r["status"] for r in told["answer"]["results"]] == [201, 422]
    assert await api.db.read(leads) == 0


@pytest.mark.parametrize("operations", [[], [{"op": "delete", "id": "x"}] * 1001, None, {}])
async def test_no_operations_or_too_many_are_refused_as_a_whole(api: Api, operations: Any) -> None:
    client = await api.client()

    assert (await client.post(f"{LEADS}/bulk", json={"operations": operations})).status_code == 422


@pytest.mark.parametrize("resource", [r for r in RECORDS if r.kind != "pipeline"], ids=lambda r: r.kind)
async def test_every_kind_of_record_has_its_bulk_address(api: Api, resource: Resource) -> None:
    client = await api.client()

    told = await run(client, {"op": "create", "data": resource.body}, path=resource.path)

    assert told["succeeded"] == 1, told
