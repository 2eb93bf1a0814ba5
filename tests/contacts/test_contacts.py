"""What is particular to people at accounts."""

from typing import Any

import httpx

from tests.app.resources import ACCOUNT, CONTACT, checked, problem
from tests.support.api import Api


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    return checked(CONTACT, await client.post(CONTACT.path, json={"first_name": "Dana", **values}), 201)


async def account(client: httpx.AsyncClient) -> str:
    return str(checked(ACCOUNT, await client.post(ACCOUNT.path, json={"name": "Harbor"}), 201)["id"])


async def primary(client: httpx.AsyncClient, contact: dict[str, Any]) -> bool:
    return bool((await client.get(f"{CONTACT.path}/{contact['id']}")).json()["is_primary"])


async def test_an_account_has_one_primary_contact_the_last_one_made_so(api: Api) -> None:
    client = await api.client()
    harbor = await account(client)
    one = await made(client, account_id=harbor, is_primary=True)
    two = await made(client, account_id=harbor, is_primary=True)
    assert (await primary(client, one), await primary(client, two)) == (False, True)

    await client.patch(f"{CONTACT.path}/{one['id']}", json={"is_primary": True})
    assert (await primary(client, one), await primary(client, two)) == (True, False)


async def test_a_primary_contact_who_moves_to_an_account_that_has_one_stands_back(api: Api) -> None:
    client = await api.client()
    harbor, dock = await account(client), await account(client)
    one = await made(client, account_id=harbor, is_primary=True)
    two = await made(client, account_id=dock, is_primary=True)
    await client.patch(f"{CONTACT.path}/{one['id']}", json={"account_id": dock})

    assert (await primary(client, one), await primary(client, two)) == (False, True)


async def test_a_primary_contact_restored_stands_back_where_another_is(api: Api) -> None:
    client = await api.client()
    harbor = await account(client)
    one = await made(client, account_id=harbor, is_primary=True)
    await client.delete(f"{CONTACT.path}/{one['id']}")
    await made(client, account_id=harbor, is_primary=True)

    restored = checked(CONTACT, await client.post(f"{CONTACT.path}/{one['id']}/restore"))
    assert not restored["is_primary"]


async def test_nobody_reports_to_themselves_however_long_the_way_round(api: Api) -> None:
    client = await api.client()
    one = await made(client)
    two = await made(client, reports_to_id=one["id"])
    three = await made(client, reports_to_id=two["id"])
    for boss in (one, two, three):
        answer = await client.patch(f"{CONTACT.path}/{one['id']}", json={"reports_to_id": boss["id"]})
        problem(answer, 422, field="reports_to_id")


async def test_a_contact_is_linked_to_no_account_one_cannot_see_or_that_is_deleted(api: Api) -> None:
    client, rep = await api.client(), await api.client("rep")
    harbor = await account(client)
    linked = {"first_name": "Dana", "account_id": harbor}

    problem(await rep.post(CONTACT.path, json=linked), 422, field="account_id")
    await client.delete(f"{ACCOUNT.path}/{harbor}")
    problem(await client.post(CONTACT.path, json=linked), 422, field="account_id")


async def test_an_account_is_not_below_itself(api: Api) -> None:
    client = await api.client()
    top = await account(client)
    low = checked(ACCOUNT, await client.post(ACCOUNT.path, json={"name": "Low", "parent_id": top}), 201)["id"]

    for parent in (top, low):
        problem(
            await client.patch(f"{ACCOUNT.path}/{top}", json={"parent_id": parent}), 422, field="parent_id"
        )
