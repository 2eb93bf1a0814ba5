"""How many SQL statements a call may send, whatever the size of the page: that is what keeps the service fast."""

from typing import Any

import pytest

from crm_api.orders.schemas import OrderOut
from tests.app.resources import ACCOUNT, CONTACT, LEAD, OPPORTUNITY, SEGMENT, Resource, checked
from tests.factories import (
    make_account,
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
