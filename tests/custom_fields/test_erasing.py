"""Deleting a field for good, and finding by a changed one: slice by slice, whatever comes in between."""

from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from crm_api.core.database import Database
from crm_api.custom_fields import erasing, flows
from crm_api.privacy.flows import forget_words
from tests.app.resources import problem
from tests.changes.trail import last
from tests.custom_fields.test_values import ACCOUNTS, FIELDS, define
from tests.privacy.grep import everywhere
from tests.support.api import Api

SECRET = "Ornithorhynchus"


async def filled(
    client: httpx.AsyncClient, count: int = 5, **values: Any
) -> tuple[dict[str, Any], list[str]]:
    """A field, and records that have a value of it."""
    field = await define(client, key="creed", type="text", searchable=True, **values)
    await define(client, key="bays", type="integer")
    ids = []
    for n in range(count):
        own = {"creed": f"{SECRET} {n}", "bays": n}
        made = await client.post(ACCOUNTS, json={"name": f"Riverside {n}", "custom_fields": own})
        ids.append(made.json()["id"])
    return field, ids


async def deleted(client: httpx.AsyncClient, field: dict[str, Any]) -> None:
    answer = await client.delete(f"{FIELDS}/{field['id']}", params={"hard": True})
    assert answer.status_code == 204, answer.text


async def tables_with(db: Database, word: str) -> set[str]:
    def look(session: Session) -> set[str]:
        return everywhere(session, [word]).get(word, set())

    return await db.read(look)


async def read(client: httpx.AsyncClient, record_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"{ACCOUNTS}/{record_id}")).json()
    return found


async def test_a_field_deleted_for_good_leaves_no_value_in_records_filters_or_search(api: Api) -> None:
    client = await api.client()
    field, ids = await filled(client)
    before = [await read(client, i) for i in ids]
    await deleted(client, field)
    assert {"accounts", "field_values", "search_documents"} <= await tables_with(api.db, SECRET)

    assert await flows.work_off(api.db) > 0
    await forget_words(api.db)

    assert await tables_with(api.db, SECRET) == {"audit_entries"}
    assert await flows.work_off(api.db) == 0
    for was in before:
        now = await read(client, was["id"])
        assert now["version"] == was["version"]
        assert now["custom_fields"] == {"bays": was["custom_fields"]["bays"]}
    assert (await client.get(ACCOUNTS, params={"custom.bays__gte": 2})).json()["total"] == 3
    problem(await client.get(f"{FIELDS}/{field['id']}"), 404)
    await define(client, key="creed", type="integer")


async def test_what_was_cut_off_between_two_slices_is_gone_on_with(api: Api) -> None:
    client = await api.client()
    field, ids = await filled(client)
    await deleted(client, field)

    def one_slice(session: Session) -> int:
        return erasing.erase_some(session, limit=2)

    assert await api.db.write(one_slice) == 2
    problem(
        await client.post(FIELDS, json={"kind": "account", "key": "creed", "label": "C", "type": "text"}), 409
    )
    assert (await client.patch(f"{ACCOUNTS}/{ids[0]}", json={"name": "Changed"})).status_code == 200
    assert (
        await client.patch(f"{ACCOUNTS}/{ids[4]}", json={"custom_fields": {"bays": 9}})
    ).status_code == 200
    with pytest.raises(ZeroDivisionError):
        await api.db.write(lambda session: (erasing.erase_some(session, limit=2), 1 / 0))

    assert [await api.db.write(one_slice) for _ in range(4)] == [2, 1, 1, 0]
    assert await tables_with(api.db, f"{SECRET} 4") <= {
        "audit_entries",
        "search_fts_data",
        "search_fts_content",
    }
    assert (await read(client, ids[4]))["custom_fields"] == {"bays": 9}


async def test_no_change_brings_the_values_of_a_deleted_field_back(api: Api) -> None:
    client = await api.client()
    field, ids = await filled(client, 1)
    await client.patch(f"{ACCOUNTS}/{ids[0]}", json={"custom_fields": {"creed": None}})
    edit = await last(api.db)
    await deleted(client, field)
    deletion = await last(api.db)

    for change_set in (edit, deletion):
        problem(await client.post(f"/api/v1/changes/{change_set}/revert"), 409)
    await flows.work_off(api.db)
    for change_set in (edit, deletion):
        problem(await client.post(f"/api/v1/changes/{change_set}/revert"), 409)
    await define(client, key="creed", type="integer")
    refusal = problem(await client.post(f"/api/v1/changes/{edit}/revert"), 409)
    assert refusal["records"][0]["fields"] == ["custom.creed"]


async def test_search_follows_a_field_that_is_searched_no_more_and_again(api: Api) -> None:
    client = await api.client()
    field, ids = await filled(client)

    async def found() -> int:
        await flows.work_off(api.db)
        total: int = (await client.get(ACCOUNTS, params={"search": SECRET})).json()["total"]
        return total

    assert await found() == 5
    for change in ({"searchable": False}, {"searchable": True}):
        assert (await client.patch(f"{FIELDS}/{field['id']}", json=change)).status_code == 200
        assert await found() == (5 if change["searchable"] else 0)
    await client.post(f"/api/v1/changes/{await last(api.db)}/revert")
    assert await found() == 0
    await client.patch(f"{FIELDS}/{field['id']}", json={"searchable": True})
    assert await found() == 5
    await client.delete(f"{FIELDS}/{field['id']}")
    assert await found() == 0
    await client.post(f"{FIELDS}/{field['id']}/restore")
    assert await found() == 5
    version = (await client.get(f"{FIELDS}/{field['id']}")).json()["version"]
    await flows.work_off(api.db)
    assert (await client.get(f"{FIELDS}/{field['id']}")).json()["version"] == version
    assert len(ids) == 5


async def test_a_field_changed_while_search_follows_begins_again(api: Api) -> None:
    client = await api.client()
    field, _ = await filled(client)
    await client.patch(f"{FIELDS}/{field['id']}", json={"searchable": False})
    step = await api.db.write(lambda session: erasing.reindex_some(session, limit=2))
    await client.patch(f"{FIELDS}/{field['id']}", json={"searchable": True})

    while step is not None:
        step = await api.db.write(lambda session, step=step: erasing.reindex_some(session, step, limit=2))

    assert (await client.get(ACCOUNTS, params={"search": SECRET})).json()["total"] == 5
