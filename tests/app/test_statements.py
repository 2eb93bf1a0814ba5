"""How many SQL statements a call may send, whatever the size of the page: that is what keeps the service fast."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from tests.app.resources import ACCOUNT, CONTACT, LEAD, OPPORTUNITY, Resource, checked
from tests.factories import make_account, make_contact, make_lead, make_opportunity
from tests.support.api import Api

MADE = [(ACCOUNT, make_account), (CONTACT, make_contact), (LEAD, make_lead), (OPPORTUNITY, make_opportunity)]
RESOURCES = [pytest.param(resource, make, id=resource.path.rpartition("/")[2]) for resource, make in MADE]


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent to any database while the block runs; SQLite's own BEGIN is none."""
    sent: list[str] = []

    def note(_: sa.Connection, __: Any, sql: str, *___: Any) -> None:
        if not sql.startswith("BEGIN"):
            sent.append(sql)

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)


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
