"""The words of older systems, over the API: bodies, answers, lists, filters, sorts, fields, bulk and imports."""

from typing import Any

import pytest

from tests.app.resources import ACCOUNT, ACTIVITY, CONTACT, LEAD, OPPORTUNITY, Resource, problem
from tests.support.api import Api

# One other name of each kind that a body takes, ours, and two values of it.
NAMES = [
    pytest.param(LEAD, "lead_score", "score", 61, 62, id="lead"),
    pytest.param(LEAD, "estimated_deal_value", "estimated_value", 61.5, 62.5, id="lead value"),
    pytest.param(LEAD, "name", "title", "Fleet A", "Fleet B", id="lead name"),
    pytest.param(LEAD, "title_position", "job_title", "Buyer", "Head buyer", id="lead job"),
    pytest.param(OPPORTUNITY, "amount", "estimated_value", 100.5, 101.5, id="opportunity"),
    pytest.param(
        OPPORTUNITY, "close_date", "expected_close_date", "2026-12-01", "2026-12-02", id="deal date"
    ),
    pytest.param(CONTACT, "title_position", "job_title", "Buyer", "Head buyer", id="contact"),
    pytest.param(
        ACTIVITY, "due_date", "due_at", "2026-12-01T08:00:00Z", "2026-12-02T08:00:00Z", id="activity"
    ),
]


async def made(api: Api, resource: Resource, **body: Any) -> tuple[Any, dict[str, Any]]:
    client = await api.client()
    return client, (await client.post(resource.path, json={**resource.body, **body})).json()


def plain(resource: Resource, ours: str) -> Resource:
    body = {name: value for name, value in resource.body.items() if name != ours}
    return Resource(resource.kind, resource.path, resource.shape, body, resource.change, resource.text)


@pytest.mark.parametrize(("resource", "old", "ours", "one", "other"), NAMES)
async def test_a_record_is_made_changed_and_read_under_either_name(
    api: Api, resource: Resource, old: str, ours: str, one: Any, other: Any
) -> None:
    client, record = await made(api, plain(resource, ours), **{old: one})
    address = f"{resource.path}/{record['id']}"

    assert record[old] == record[ours] == one
    changed = (await client.patch(address, json={old: other})).json()
    assert changed[old] == changed[ours] == other
    assert (await client.get(address)).json()[old] == other
    both = {name: value for name, value in ((old, one), (ours, other))}
    assert {f["field"] for f in problem(await client.patch(address, json=both), 422)["errors"]} == {old, ours}


@pytest.mark.parametrize(("resource", "old", "ours", "one", "other"), NAMES)
async def test_lists_filter_sort_and_show_by_either_name(
    api: Api, resource: Resource, old: str, ours: str, one: Any, other: Any
) -> None:
    client, first = await made(api, plain(resource, ours), **{ours: one})
    _, second = await made(api, plain(resource, ours), **{ours: other})

    async def ids(**params: Any) -> list[str]:
        answer = await client.get(resource.path, params=params)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert await ids(**{old: one}) == [first["id"]]
    assert await ids(**{f"{old}__in": other}) == [second["id"]]
    assert await ids(sort=f"-{old}") == [second["id"], first["id"]]
    body = {"where": {"field": old, "op": "eq", "value": other}, "sort": [old], "fields": [old]}
    (found,) = (await client.post(f"{resource.path}/search", json=body)).json()["items"]
    assert found == {"id": second["id"], old: other}


@pytest.mark.parametrize("resource", [LEAD, ACCOUNT, CONTACT, OPPORTUNITY, ACTIVITY], ids=lambda r: r.kind)
async def test_other_names_stand_in_single_answers_unless_declined_and_in_lists_when_asked_for(
    api: Api, resource: Resource
) -> None:
    client, record = await made(api, resource)
    address, old = f"{resource.path}/{record['id']}", set(resource.shape.vocabulary.names)

    assert old <= set(record)
    assert old <= set((await client.get(address)).json())
    assert not old & set((await client.get(address, params={"aliases": "false"})).json())
    changed = await client.patch(address, json=resource.change, params={"aliases": "false"})
    assert not old & set(changed.json())
    for asked, there in (({}, False), ({"aliases": "true"}, True), ({"aliases": "false"}, False)):
        (item,) = (await client.get(resource.path, params=asked)).json()["items"]
        assert bool(old & set(item)) is there
    problem(await client.get(address, params={"aliases": "maybe"}), 422, field="aliases")


async def test_a_customer_is_an_account_everywhere(api: Api) -> None:
    client, account = await made(api, ACCOUNT)
    for resource in (CONTACT, OPPORTUNITY, ACTIVITY):
        _, record = await made(api, resource, customer_id=account["id"])
        assert record["account_id"] == record["customer_id"] == account["id"]
        listed = await client.get(resource.path, params={"customer_id": account["id"]})
        assert [item["id"] for item in listed.json()["items"]] == [record["id"]]


async def test_whoever_is_assigned_is_the_owner_everywhere(api: Api) -> None:
    client = await api.client("rep")
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    for resource in (LEAD, ACCOUNT, CONTACT, OPPORTUNITY, ACTIVITY):
        body = {**resource.body, "assigned_to_id": me, "assigned_to": me}
        record = (await client.post(resource.path, json=body)).json()
        assert record["owner_id"] == record["assigned_to_id"] == record["assigned_to"] == me


@pytest.mark.parametrize(
    ("resource", "field", "old", "ours"),
    [
        pytest.param(LEAD, "status", "inquiry", "new", id="status"),
        pytest.param(ACCOUNT, "account_type", "vendor", "supplier", id="account_type"),
        pytest.param(ACTIVITY, "activity_type", "phone", "call", id="activity_type"),
    ],
)
async def test_older_words_for_values_are_taken_and_ours_are_answered(
    api: Api, resource: Resource, field: str, old: str, ours: str
) -> None:
    client, record = await made(api, resource, **{field: old})

    assert record[field] == ours
    for params in ({field: old}, {f"{field}__in": f"{old},{ours}"}):
        assert (await client.get(resource.path, params=params)).json()["total"] == 1
    assert (await client.get(resource.path, params={f"{field}__ne": old})).json()["total"] == 0


async def test_a_person_is_one_name_or_two(api: Api) -> None:
    client, lead = await made(
        api, plain(plain(LEAD, "first_name"), "last_name"), contact_person="Mary Ann Lee"
    )

    assert (lead["first_name"], lead["last_name"]) == ("Mary Ann", "Lee")
    assert lead["contact_name"] == lead["contact_person"] == "Mary Ann Lee"
    for params in ({"contact_person": "mary ann lee"}, {"contact_name__contains": "ann l"}):
        assert (await client.get(LEAD.path, params=params)).json()["total"] == 1


async def test_bulk_and_upsert_speak_the_same_words(api: Api) -> None:
    client = await api.client()
    await client.put(f"{ACCOUNT.path}/external/erp/17", json={"name": "Riverside", "account_type": "vendor"})
    deal = {
        "name": "Vans",
        "amount": 12,
        "customer_id": {"external_system": "erp", "external_id": "17"},
    }
    answer = await client.post(
        f"{OPPORTUNITY.path}/bulk",
        json={
            "operations": [
                {"op": "create", "data": deal},
                {"op": "create", "data": {"name": "A", "amount": 1, "estimated_value": 2}},
            ]
        },
    )
    good, bad = answer.json()["results"]

    record = (await client.get(f"{OPPORTUNITY.path}/{good['id']}")).json()
    assert (record["estimated_value"], record["account_id"] is not None) == (12, True)
    assert bad["status"] == 422
    assert {fault["field"] for fault in bad["error"]["errors"]} == {"amount", "estimated_value"}


async def test_a_name_the_body_does_not_take_is_refused_as_it_was_sent(api: Api) -> None:
    client = await api.client()

    problem(await client.post(LEAD.path, json={"name": "A", "lead_number": "7"}), 422, field="lead_number")
    problem(await client.post(LEAD.path, json={"name": "A", "lead_score": 700}), 422, field="lead_score")
