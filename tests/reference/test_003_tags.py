"""Reference 003, tags: labels for quick categorisation, made, renamed, coloured, merged, put on many and counted."""

from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from crm_api.core.ids import new_id
from tests.app.resources import problem
from tests.factories import make_account, make_contact, make_lead, make_opportunity
from tests.support.api import Api

TAGS, CRM = "/api/v1/crm/tags", "/api/v1/crm"
PLURALS = {"account": "accounts", "contact": "contacts", "lead": "leads", "opportunity": "opportunities"}
MAKE: dict[str, Any] = {
    "account": make_account, "contact": make_contact, "lead": make_lead, "opportunity": make_opportunity,
}  # fmt: skip


@pytest.fixture
async def client(api: Api) -> httpx.AsyncClient:
    """Signed in as the administrator."""
    return await api.client()


async def made(client: httpx.AsyncClient, name: str = "High Value", **values: Any) -> dict[str, Any]:
    answer = await client.post(TAGS, json={"name": name, **values})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def some(api: Api, kind: str = "account", n: int = 2, **values: Any) -> list[str]:
    """The ids of new records of a kind."""
    return await api.db.write(lambda session: [str(MAKE[kind](session, **values).id) for _ in range(n)])


async def tags(client: httpx.AsyncClient, record_id: str, kind: str = "account") -> list[str]:
    found: list[str] = (await client.get(f"{CRM}/{PLURALS[kind]}/{record_id}")).json()["tags"]
    return found


async def test_a_tag_is_made_renamed_coloured_and_deleted(client: httpx.AsyncClient) -> None:
    tag = await made(client, color="green")
    address = f"{TAGS}/{tag['id']}"

    changed = (await client.patch(address, json={"name": "Enterprise", "color": "blue"})).json()

    assert (changed["name"], changed["color"], changed["version"]) == ("Enterprise", "blue", 2)
    assert [item["name"] for item in (await client.get(TAGS)).json()["items"]] == ["Enterprise"]
    assert (await client.delete(address)).status_code == 204
    problem(await client.get(address), 404)


async def test_a_name_is_taken_once_whatever_its_case(client: httpx.AsyncClient) -> None:
    await made(client)
    problem(await client.post(TAGS, json={"name": "high value"}), 409)


@pytest.mark.parametrize("kind", sorted(MAKE))
async def test_a_tag_is_put_on_many_at_once_and_taken_off(
    api: Api, client: httpx.AsyncClient, kind: str
) -> None:
    tag, ids = await made(client), await some(api, kind)
    body = {"kind": kind, "ids": ids}

    put = (await client.post(f"{TAGS}/{tag['id']}/assign", json=body)).json()
    again = (await client.post(f"{TAGS}/{tag['id']}/assign", json=body)).json()

    assert (put["changed"], put["unchanged"], again["changed"], again["unchanged"]) == (2, 0, 0, 2)
    assert [await tags(client, i, kind) for i in ids] == [["High Value"]] * 2
    assert (await client.get(f"{CRM}/{PLURALS[kind]}", params={"tags": "high value"})).json()["total"] == 2
    taken = (await client.post(f"{TAGS}/{tag['id']}/remove", json=body | {"ids": ids[:1]})).json()
    assert (taken["changed"], await tags(client, ids[0], kind), await tags(client, ids[1], kind)) == (
        1, [], ["High Value"],
    )  # fmt: skip


async def test_other_tags_stay_and_the_version_rises(api: Api, client: httpx.AsyncClient) -> None:
    tag = await made(client)
    account = (await client.post(f"{CRM}/accounts", json={"name": "Acme", "tags": ["Fleet"]})).json()
    await client.post(f"{TAGS}/{tag['id']}/assign", json={"kind": "account", "ids": [account["id"]]})

    now = (await client.get(f"{CRM}/accounts/{account['id']}")).json()

    assert (now["tags"], now["version"]) == (["Fleet", "High Value"], 2)


async def test_an_assignment_can_be_undone(api: Api, client: httpx.AsyncClient) -> None:
    tag, ids = await made(client), await some(api)
    await client.post(f"{TAGS}/{tag['id']}/assign", json={"kind": "account", "ids": ids})
    change_set = (await client.get("/api/v1/changes")).json()["items"][0]["id"]

    assert (await client.post(f"/api/v1/changes/{change_set}/revert")).status_code == 200

    assert [await tags(client, i) for i in ids] == [[], []]


async def test_two_tags_become_one_everywhere(api: Api, client: httpx.AsyncClient) -> None:
    old, new = await made(client, "SMB"), await made(client, "Small business")
    accounts, leads = await some(api), await some(api, "lead", 1)
    await client.post(f"{TAGS}/{old['id']}/assign", json={"kind": "account", "ids": accounts})
    await client.post(f"{TAGS}/{new['id']}/assign", json={"kind": "account", "ids": accounts[:1]})
    await client.post(f"{TAGS}/{old['id']}/assign", json={"kind": "lead", "ids": leads})

    merged = await client.post(f"{TAGS}/{old['id']}/merge", json={"into_id": new["id"]})

    assert merged.json()["id"] == new["id"]
    problem(await client.get(f"{TAGS}/{old['id']}"), 404)
    assert [await tags(client, i) for i in accounts] == [["Small business"]] * 2
    assert await tags(client, leads[0], "lead") == ["Small business"]


async def test_a_tag_is_not_merged_into_itself_or_nothing(client: httpx.AsyncClient) -> None:
    tag = await made(client)
    for into in (tag["id"], str(new_id())):
        answer = await client.post(f"{TAGS}/{tag['id']}/merge", json={"into_id": into})
        problem(answer, 422, field="into_id")


async def test_tags_are_counted_by_kind_over_what_one_sees(api: Api, client: httpx.AsyncClient) -> None:
    rep = await api.client("rep")
    me = (await rep.get("/api/v1/auth/me")).json()["id"]
    tag = await made(client)
    await made(client, "Unused")
    own, others = await some(api, n=1, owner_id=me), await some(api, n=2)
    archived = await api.db.write(_archived)
    for ids in (own, others):
        await client.post(f"{TAGS}/{tag['id']}/assign", json={"kind": "account", "ids": ids})
    problem(
        await client.post(f"{TAGS}/{tag['id']}/assign", json={"kind": "account", "ids": [archived]}),
        422,
        field="ids.0",
    )

    async def counted(asker: httpx.AsyncClient) -> dict[str, int]:
        told = (await asker.get(f"{TAGS}/counts")).json()
        assert [row["name"] for row in told] == ["High Value", "Unused"]
        assert told[0]["counts"]["account"] == told[0]["total"]
        return {row["name"]: row["total"] for row in told}

    assert await counted(client) == {"High Value": 3, "Unused": 0}
    assert await counted(rep) == {"High Value": 1, "Unused": 0}


def _archived(session: Session) -> str:
    account = make_account(session)
    account.archived_at = account.created_at
    return str(account.id)


async def test_what_is_not_yours_to_change_gets_no_tag(api: Api, client: httpx.AsyncClient) -> None:
    rep = await api.client("rep")
    tag, (account,) = await made(client), await some(api, n=1)
    body = {"kind": "account", "ids": [account]}
    problem(await rep.post(f"{TAGS}/{tag['id']}/assign", json=body), 422, field="ids.0")
    problem(
        await client.post(f"{TAGS}/{tag['id']}/assign", json=body | {"kind": "colour"}), 422, field="kind"
    )


async def test_a_closed_deal_gets_no_tag(api: Api, client: httpx.AsyncClient) -> None:
    tag = await made(client)
    ids = await some(api, "opportunity", 1, stage="closed_lost")
    problem(await client.post(f"{TAGS}/{tag['id']}/assign", json={"kind": "opportunity", "ids": ids}), 409)
