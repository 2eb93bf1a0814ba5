"""Reference 003 and 004, contacts: every address, field, role, filter and rule."""

from typing import Any

import httpx
import pytest

from crm_api.contacts.models import CONTACT_ROLES
from tests.app.resources import problem
from tests.factories import make_account
from tests.support.api import Api

CONTACTS = "/api/v1/crm/contacts"
FIELDS: dict[str, Any] = {
    "first_name": "Dana",
    "last_name": "Reyes",
    "email": "dana@acme.example",
    "phone": "+1 555 010 0101",
    "mobile": "+1 555 010 0102",
    "job_title": "Buyer",
    "department": "Purchasing",
    "is_primary": True,
    "do_not_call": True,
    "email_opt_out": True,
}


@pytest.fixture
async def client(api: Api) -> httpx.AsyncClient:
    """Signed in as the administrator."""
    return await api.client()


@pytest.fixture
async def account_id(api: Api) -> str:
    """An account."""
    return await api.db.write(lambda session: str(make_account(session).id))


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(CONTACTS, json={"first_name": "Dana"} | values)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def read(client: httpx.AsyncClient, contact: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get(f"{CONTACTS}/{contact['id']}")).json()
    return body


async def test_a_contact_takes_every_field(client: httpx.AsyncClient, account_id: str) -> None:
    contact = await made(client, **FIELDS, account_id=account_id)
    assert {name: contact[name] for name in FIELDS} == FIELDS
    assert contact["account_id"] == account_id


@pytest.mark.parametrize("slash", ["", "/"])
async def test_contacts_are_made_listed_read_changed_and_deleted(
    client: httpx.AsyncClient, slash: str
) -> None:
    answer = await client.post(f"{CONTACTS}{slash}", json={"first_name": "Dana"})
    address = f"{CONTACTS}/{answer.json()['id']}{slash}"

    assert (await client.get(f"{CONTACTS}{slash}")).json()["total"] == 1
    assert (await client.get(address)).json()["first_name"] == "Dana"
    assert (await client.put(address, json={"last_name": "Reyes"})).json()["first_name"] == "Dana"
    assert (await client.delete(address)).status_code == 204
    assert (await client.get(f"{CONTACTS}{slash}")).json()["total"] == 0


async def test_only_the_first_name_is_needed(client: httpx.AsyncClient) -> None:
    assert (await made(client))["role"] == "contact"
    problem(await client.post(CONTACTS, json={"last_name": "Reyes"}), 422, field="first_name")


@pytest.mark.parametrize("role", CONTACT_ROLES)
async def test_each_role_is_taken_and_filtered_by(client: httpx.AsyncClient, role: str) -> None:
    assert (await made(client, role=role))["role"] == role
    assert (await client.get(CONTACTS, params={"role": role})).json()["total"] == 1


async def test_contacts_are_filtered_by_account_and_active_status(
    client: httpx.AsyncClient, account_id: str
) -> None:
    here = await made(client, account_id=account_id)
    left = await made(client, account_id=account_id, is_active=False)
    await made(client)

    async def ids(**asked: str) -> set[str]:
        return {item["id"] for item in (await client.get(CONTACTS, params=asked)).json()["items"]}

    assert await ids(account_id=account_id) == {here["id"], left["id"]}
    assert await ids(customer_id=account_id, is_active="true") == {here["id"]}
    assert await ids(is_active="false") == {left["id"]}


@pytest.mark.parametrize("flag", ["is_primary", "do_not_call", "email_opt_out"])
async def test_flags_are_filtered_by(client: httpx.AsyncClient, account_id: str, flag: str) -> None:
    await made(client, account_id=account_id, **{flag: True})
    await made(client, account_id=account_id)
    assert (await client.get(CONTACTS, params={flag: "true"})).json()["total"] == 1


@pytest.mark.parametrize("typed", ["dana", "Reyes", "dana@acme", "555 010 0101", "0102"])
async def test_a_search_looks_in_names_mail_and_phones(client: httpx.AsyncClient, typed: str) -> None:
    contact = await made(client, **FIELDS | {"is_primary": False})
    await made(client, first_name="Somebody")
    found = (await client.get(CONTACTS, params={"search": typed})).json()["items"]
    assert [item["id"] for item in found] == [contact["id"]]


async def test_an_account_has_one_primary_contact_and_the_change_leaves_its_trace(
    client: httpx.AsyncClient, account_id: str
) -> None:
    first = await made(client, account_id=account_id, is_primary=True)
    second = await made(client, account_id=account_id, first_name="Ann")
    await client.patch(f"{CONTACTS}/{second['id']}", json={"is_primary": True})

    now = await read(client, first)
    assert (now["is_primary"], now["version"]) == (False, 2)
    assert (await read(client, second))["is_primary"]
    history = (await client.get(f"{CONTACTS}/{first['id']}/history")).json()
    assert "is_primary" in str(history["items"][0])


async def test_a_new_primary_contact_takes_over(client: httpx.AsyncClient, account_id: str) -> None:
    first = await made(client, account_id=account_id, is_primary=True)
    second = await made(client, account_id=account_id, is_primary=True)
    assert not (await read(client, first))["is_primary"]
    assert second["is_primary"]


async def test_contacts_report_to_one_another(client: httpx.AsyncClient) -> None:
    boss = await made(client)
    assert (await made(client, reports_to_id=boss["id"]))["reports_to_id"] == boss["id"]
    assert (await client.get(CONTACTS, params={"reports_to_id": boss["id"]})).json()["total"] == 1


async def test_nobody_reports_to_themselves(client: httpx.AsyncClient) -> None:
    boss = await made(client)
    middle = await made(client, reports_to_id=boss["id"])
    below = await made(client, reports_to_id=middle["id"])
    for other in (boss, middle, below):
        answer = await client.patch(f"{CONTACTS}/{boss['id']}", json={"reports_to_id": other["id"]})
        problem(answer, 422, field="reports_to_id")
