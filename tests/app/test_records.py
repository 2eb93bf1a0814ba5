"""What every kind of record does alike: made, read, changed, listed, deleted, restored."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.core.fields import CATALOGUES
from crm_api.events.models import EventRow
from tests.app.resources import ACCOUNT, LEAD, RECORDS, RESOURCES, Resource, checked, fits, problem
from tests.support.api import Api

every = pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.kind)
each_record = pytest.mark.parametrize("resource", RECORDS, ids=lambda r: r.kind)


async def made(client: httpx.AsyncClient, resource: Resource, **values: Any) -> dict[str, Any]:
    return checked(resource, await client.post(resource.path, json={**resource.body, **values}), 201)


def trail(session: Session, record_id: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    entries = sa.select(AuditEntry).where(AuditEntry.record_id == UUID(record_id)).order_by(AuditEntry.id)
    return [(e.action, e.before, e.after) for e in session.scalars(entries)]


def told(session: Session, record_id: str) -> list[str]:
    events = sa.select(EventRow.type).where(EventRow.subject_id == UUID(record_id)).order_by(EventRow.id)
    return list(session.scalars(events))


@every
async def test_what_is_sent_comes_back_and_stays(api: Api, resource: Resource) -> None:
    client = await api.client()
    body = await made(client, resource)

    for name, value in resource.body.items():
        if name == "tags":
            assert sorted(body["tags"]) == sorted(value)
        elif name == "occurred_at":
            assert body[name] == "2026-01-02T08:30:00Z"
        elif name == "currency":
            assert body[name] == "USD"
        elif name != "stages":
            assert body[name] == value, name
    again = checked(resource, await client.get(f"{resource.path}/{body['id']}"))
    assert again == body


@every
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_touches_just_the_fields_sent_and_raises_the_version_by_one(
    api: Api, resource: Resource, method: str
) -> None:
    client = await api.client()
    before = await made(client, resource)
    after = checked(
        resource, await client.request(method, f"{resource.path}/{before['id']}", json=resource.change)
    )

    told = {name for name in resource.shape.model_fields if before.get(name) != after.get(name)}
    assert told - {"notes"} == {
        *resource.change,
        "version",
        "updated_at",
    }
    assert after["version"] == before["version"] + 1


@every
async def test_what_changes_nothing_leaves_the_version_alone(api: Api, resource: Resource) -> None:
    client = await api.client()
    before = await made(client, resource)
    same = {k: v for k, v in resource.body.items() if k not in ("stages", "applies_to", "activity_type")}
    after = checked(resource, await client.put(f"{resource.path}/{before['id']}", json=same))

    assert after == before


@every
async def test_a_change_of_an_older_version_is_refused(api: Api, resource: Resource) -> None:
    client = await api.client()
    body = await made(client, resource)
    address, etag = f"{resource.path}/{body['id']}", f'"{body["version"]}"'

    checked(resource, await client.patch(address, json=resource.change, headers={"If-Match": etag}))
    stale = await client.patch(address, json=resource.change, headers={"If-Match": etag})

    assert problem(stale, 412)["current_version"] == body["version"] + 1
    problem(await client.delete(address, headers={"If-Match": etag}), 412)
    problem(await client.patch(address, json={}, headers={"If-Match": "yesterday"}), 400)
    assert (await client.patch(address, json={}, headers={"If-Match": "*"})).status_code == 200


@every
async def test_a_field_that_does_not_exist_is_refused(api: Api, resource: Resource) -> None:
    client = await api.client()

    problem(await client.post(resource.path, json={**resource.body, "colour_": 1}), 422, field="colour_")


@every
async def test_a_text_of_the_wrong_type_or_length_is_refused_by_name(api: Api, resource: Resource) -> None:
    client = await api.client()
    for wrong in (7, None, "", "x" * 201, "a\x00b", "a\ud800b", {"a": 1}, ["a"]):
        content = json.dumps({**resource.body, resource.text: wrong})
        answer = await client.post(
            resource.path, content=content, headers={"Content-Type": "application/json"}
        )
        if resource is LEAD and wrong is None:
            continue  # a lead takes its title from its company
        problem(answer, 422, field=resource.text)


@every
async def test_what_is_not_there_is_not_found(api: Api, resource: Resource) -> None:
    client = await api.client()
    nowhere = f"{resource.path}/{uuid4()}"

    problem(await client.get(nowhere), 404)
    problem(await client.patch(nowhere, json={}), 404)
    problem(await client.delete(nowhere), 404)
    problem(await client.get(f"{resource.path}/not-an-id"), 422)


@every
async def test_the_audit_trail_tells_what_a_request_changed(api: Api, resource: Resource) -> None:
    client = await api.client()
    body = await made(client, resource)
    before = {name: body[name] for name in resource.change}
    await client.patch(
        f"{resource.path}/{body['id']}", json=resource.change, headers={"X-Request-ID": "a-request-of-mine"}
    )

    def last(session: Session) -> tuple[AuditEntry, ChangeSet, int]:
        entry = session.scalars(
            sa.select(AuditEntry)
            .where(AuditEntry.record_id == UUID(body["id"]))
            .order_by(AuditEntry.id.desc())
        ).first()
        assert entry is not None
        sets = sa.select(sa.func.count()).where(ChangeSet.request_id == "a-request-of-mine")
        return entry, session.get_one(ChangeSet, entry.change_set_id), session.scalar(sets) or 0

    entry, change, sets = await api.db.read(last)
    assert (entry.action, entry.before, entry.after) == ("update", before, resource.change)
    assert (change.origin, change.request_id, sets) == ("api", "a-request-of-mine", 1)
    assert change.actor_id is not None
    assert (await api.db.read(trail, body["id"]))[0][0] == "create"


@each_record
async def test_a_deleted_record_is_out_of_lists_and_can_be_restored(api: Api, resource: Resource) -> None:
    client = await api.client()
    body = await made(client, resource)
    address = f"{resource.path}/{body['id']}"
    assert (await client.delete(address)).status_code == 204

    async def listed(**asked: str) -> int:
        return int((await client.get(resource.path, params=asked)).json()["total"])

    assert (await listed(), await listed(archived="only"), await listed(archived="with")) == (0, 1, 1)
    assert checked(resource, await client.get(address))["archived_at"] is not None
    problem(await client.patch(address, json=resource.change), 409)
    problem(await client.delete(address), 409)

    restored = checked(resource, await client.post(f"{address}/restore"))
    assert restored["archived_at"] is None
    assert await listed() == 1
    assert checked(resource, await client.post(f"{address}/restore")) == restored


@pytest.mark.parametrize("resource", [r for r in RECORDS if r.kind != "product"], ids=lambda r: r.kind)
async def test_each_step_of_a_records_life_is_an_event(api: Api, resource: Resource) -> None:
    client = await api.client()
    body = await made(client, resource)
    address = f"{resource.path}/{body['id']}"
    await client.patch(address, json=resource.change)
    await client.patch(address, json=resource.change)
    await client.delete(address)
    await client.post(f"{address}/restore")

    kind = resource.kind
    happened = [t for t in await api.db.read(told, body["id"]) if t != "activity.contact_made"]
    assert happened == [f"{kind}.created", f"{kind}.updated", f"{kind}.archived", f"{kind}.restored"]


@each_record
async def test_any_field_may_be_asked_for_alone(api: Api, resource: Resource) -> None:
    client = await api.client()
    await made(client, resource)
    answer = await client.get(resource.path, params={"fields": resource.text})

    assert [set(item) for item in answer.json()["items"]] == [{"id", resource.text}]
    problem(await client.get(resource.path, params={"fields": "colour"}), 400)


@every
async def test_every_field_of_the_catalogue_filters_and_sorts(api: Api, resource: Resource) -> None:
    client = await api.client()
    await made(client, resource)
    for field in CATALOGUES[resource.kind].fields:
        if field.sortable or field.type.value not in ("tags",):
            answer = await client.get(resource.path, params={"sort": f"-{field.name}", "page_size": "5"})
            assert answer.status_code == 200, answer.text
        answer = await client.get(resource.path, params={f"{field.name}__isnull": "true", "count": "exact"})
        assert answer.status_code == 200, answer.text
        for item in answer.json()["items"]:
            fits(resource, item, single=False)


@every
async def test_a_parameter_that_does_not_exist_is_refused_with_the_list_of_those_that_do(
    api: Api, resource: Resource
) -> None:
    client = await api.client()

    assert "created_at" in problem(await client.get(resource.path, params={"colour": "red"}), 400)["detail"]
    problem(await client.get(resource.path, params={"colour__in": "red"}), 400)
    problem(await client.get(resource.path, params=[("page", "1"), ("page", "2")]), 400)


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"page": "0"}, 422),
        ({"page": "x"}, 422),
        ({"page": "9" * 30}, 422),
        ({"skip": "0" * 13 + "9"}, 422),
        ({"page_size": "201"}, 422),
        ({"limit": "-1"}, 422),
        ({"count": "some"}, 422),
        ({"archived": "maybe"}, 422),
        ({"search": "x" * 201}, 422),
        ({"sort": "colour"}, 400),
        ({"sort": "tags"}, 400),
        ({"sort": "-"}, 400),
        ({"sort_by": "name", "sort_order": "up"}, 400),
        ({"cursor": "nonsense"}, 400),
        ({"cursor": "W1tbW1tb" * 5000}, 400),
        ({"name": "a\x00b"}, 422),
        ({"name" + "e" * 300 + ".x": "1"}, 400),
        ({"owner.colour": "1"}, 422),
        ({"employees__gte": "1_000"}, 422),
        ({"employees__gte": "٣"}, 422),
        ({"created_at__lt": "yesterday"}, 422),
    ],
)
async def test_a_bad_parameter_is_refused(api: Api, parameters: dict[str, str], status: int) -> None:
    client = await api.client()

    problem(await client.get(ACCOUNT.path, params=parameters), status)


async def test_a_list_is_paged_by_number_and_by_offset(api: Api) -> None:
    client = await api.client()
    for n in range(7):
        await made(client, ACCOUNT, name=f"Dealer {n}")

    async def names(**asked: Any) -> list[str]:
        answer = await client.get(ACCOUNT.path, params=asked)
        assert answer.json()["total"] == 7
        return [item["name"][-1] for item in answer.json()["items"]]

    assert await names(page=2, page_size=3) == ["3", "4", "5"]
    assert await names(skip=5, limit=3) == ["5", "6"]
    assert await names(sort_by="name", sort_order="desc", page_size=2) == ["6", "5"]
    assert (await client.get(ACCOUNT.path, params={"page_size": 3})).json()["pages"] == 3


async def test_search_takes_a_condition_tree(api: Api) -> None:
    client = await api.client()
    await made(client, LEAD)
    await made(client, LEAD, title="Two vans", score=90, email="two@vans.example")
    asked = {
        "where": {"any": [{"field": "score", "op": "gte", "value": 90}, {"field": "city", "value": "Rome"}]},
        "sort": ["-score"],
        "fields": ["title"],
    }
    answer = await client.post(f"{LEAD.path}/search", json=asked)

    assert [item["title"] for item in answer.json()["items"]] == ["Two vans"]
    problem(
        await client.post(f"{LEAD.path}/search", json={"where": {"field": "scores"}}), 422, field="scores"
    )
    problem(await client.post(f"{LEAD.path}/search", json={"where": {"maybe": []}}), 422)


async def test_words_typed_find_records_by_their_beginnings(api: Api) -> None:
    client = await api.client()
    await made(client, ACCOUNT)
    for typed, found in {
        "river mot": 1,
        "RIVÉR": 1,
        "motors river": 1,
        "riversidex": 0,
        "555010": 1,
        "%": 0,
    }.items():
        answer = await client.get(ACCOUNT.path, params={"search": typed})
        assert answer.json()["total"] == found, typed
