"""How many SQL statements a call may send, whatever the size of the page: that is what keeps the service fast."""

from typing import Any

import pytest

from crm_api.orders.schemas import OrderOut
from tests.app.resources import ACCOUNT, CONTACT, LEAD, OPPORTUNITY, SEGMENT, Resource, checked
from tests.factories import (
    make_account,
    make_activity,
    make_contact,
    make_lead,
    make_opportunity,
    make_order,
    make_segment,
)
from tests.support.api import Api
from tests.support.statements import counted

ORDER = Resource("order", "/api/v1/crm/orders", OrderOut, {}, {})
MADE = [
    (ACCOUNT, make_account),
    (CONTACT, make_contact),
    (LEAD, make_lead),
    (OPPORTUNITY, make_opportunity),
    (ORDER, make_order),
    (SEGMENT, make_segment),
]
RESOURCES = [pytest.param(resource, make, id=resource.path.rpartition("/")[2]) for resource, make in MADE]


@pytest.mark.parametrize(("resource", "make"), RESOURCES)
@pytest.mark.parametrize("rows", [1, 60])
async def test_a_list_takes_no_more_than_four(api: Api, resource: Resource, make: Any, rows: int) -> None:
    await api.db.write(lambda session: [make(session) for _ in range(rows)] and None)
    client = await api.client()
    await client.get(resource.path)

    with counted() as sent:
        page = (await client.get(resource.path, params={"page_size": 50})).json()

    assert len(page["items"]) == min(rows, 50)
    assert len(sent) <= 4, "\n".join(sent)


@pytest.mark.parametrize(("resource", "make"), RESOURCES)
async def test_one_record_takes_no_more_than_four(api: Api, resource: Resource, make: Any) -> None:
    record_id = await api.db.write(lambda session: make(session).id)
    client = await api.client()
    await client.get(resource.path)

    with counted() as sent:
        checked(resource, await client.get(f"{resource.path}/{record_id}"))

    assert len(sent) <= 4, "\n".join(sent)


async def test_creating_a_lead_takes_no_more_than_ten(api: Api) -> None:
    client = await api.client()
    await client.post(LEAD.path, json={"company_name": "Acme"})

    with counted() as sent:
        made = await client.post(LEAD.path, json={"company_name": "Badger", "email": "ada@badger.example"})

    assert made.status_code == 201
    assert len(sent) <= 10, "\n".join(sent)


@pytest.mark.parametrize("path", ["communications", "tasks", "notes", "attachments", "notifications"])
async def test_the_other_lists_take_no_more_than_four_either(api: Api, path: str) -> None:
    client = await api.client()
    for n in range(3):
        await client.post("/api/v1/crm/notes", json={"content": f"Note {n}"})
        await client.post("/api/v1/crm/tasks", json={"subject": f"Task {n}"})
    await client.get(f"/api/v1/crm/{path}")

    with counted() as sent:
        page = await client.get(f"/api/v1/crm/{path}")

    assert page.status_code == 200, page.text
    assert len(sent) <= 4, "\n".join(sent)


async def test_logging_a_communication_with_a_lead_takes_no_more_than_fifteen(api: Api) -> None:
    client = await api.client()
    lead = (await client.post(LEAD.path, json={"company_name": "Acme"})).json()["id"]
    body = {
        "type": "phone",
        "lead_id": lead,
        "requires_follow_up": True,
        "follow_up_date": "2026-12-01T09:00:00Z",
    }
    await client.post("/api/v1/crm/communications", json=body)

    with counted() as sent:
        made = await client.post("/api/v1/crm/communications", json=body)

    assert made.status_code == 201
    assert len(sent) <= 15, "\n".join(sent)


READINGS = (
    "kanban",
    "pipeline/stats",
    "pipeline/report",
    "hygiene",
    "forecast",
    "forecast/bridge?since=2026-01-01",
)


@pytest.mark.parametrize("reading", READINGS)
async def test_figures_of_deals_take_as_many_whatever_the_number_of_deals(api: Api, reading: str) -> None:
    client = await api.client()
    address, numbers = f"{OPPORTUNITY.path}/{reading}", []
    for rows in (1, 60):
        await api.db.write(lambda session, n=rows: [make_opportunity(session) for _ in range(n)] and None)
        await client.get(address)
        with counted() as sent:
            assert (await client.get(address)).status_code == 200
        numbers.append(len(sent))

    assert numbers[0] == numbers[1] <= 14, "\n".join(sent)


@pytest.mark.parametrize("reading", ["kanban?cards=0", "pipeline/stats", "forecast"])
async def test_who_sees_every_deal_gets_sums_without_a_look_at_any(api: Api, reading: str) -> None:
    client = await api.client()
    await api.db.write(lambda session: make_opportunity(session).id)

    with counted() as sent:
        assert (await client.get(f"{OPPORTUNITY.path}/{reading}")).status_code == 200

    assert any("pipeline_rollups" in sql for sql in sent)
    assert not any("FROM opportunities" in sql for sql in sent), "\n".join(sent)


@pytest.mark.parametrize("reading", ["leads/kanban?cards=0", "leads/statistics", "leads/analytics/summary"])
async def test_who_sees_every_lead_gets_its_statistics_without_a_look_at_any(api: Api, reading: str) -> None:
    client = await api.client()
    await api.db.write(lambda session: make_lead(session).id)

    with counted() as sent:
        assert (await client.get(f"/api/v1/crm/{reading}")).status_code == 200

    assert any("lead_rollups" in sql for sql in sent)
    assert not any("FROM leads" in sql for sql in sent), "\n".join(sent)


async def test_a_dashboard_takes_as_many_whatever_the_number_of_records(api: Api) -> None:
    client, numbers = await api.client(), []
    for rows in (1, 40):
        for make in (make_lead, make_opportunity, make_activity):
            await api.db.write(lambda session, n=rows, one=make: [one(session) for _ in range(n)] and None)
        await client.get("/api/v1/crm/dashboard")
        with counted() as sent:
            assert (await client.get("/api/v1/crm/dashboard")).status_code == 200
        numbers.append(len(sent))

    assert numbers[0] == numbers[1] <= 24, "\n".join(sent)


async def test_creating_a_deal_on_an_account_takes_no_more_than_sixteen(api: Api) -> None:
    client = await api.client()
    account = (await client.post(ACCOUNT.path, json={"name": "Acme"})).json()["id"]
    body = {"name": "Fleet", "account_id": account, "estimated_value": 100}
    await client.post(OPPORTUNITY.path, json=body)

    with counted() as sent:
        assert (await client.post(OPPORTUNITY.path, json=body)).status_code == 201

    assert len(sent) <= 16, "\n".join(sent)
