"""Values of custom fields: in and out of records, and through everything that finds records."""

from typing import Any

import httpx

from tests.support.api import Api

FIELDS = "/api/v1/crm/custom-fields"
ACCOUNTS = "/api/v1/crm/accounts"


async def define(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(FIELDS, json={"kind": "account", "label": values["key"], **values})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_value_goes_in_comes_out_and_is_found(api: Api) -> None:
    client = await api.client()
    await define(client, key="bays", type="integer", label="Service bays", searchable=False)
    made = (await client.post(ACCOUNTS, json={"name": "Riverside", "custom_fields": {"bays": 7}})).json()
    assert made["custom_fields"] == {"bays": 7}
    other = (await client.post(ACCOUNTS, json={"name": "Other"})).json()
    assert other["custom_fields"] == {"bays": None}
    answer = await client.get(ACCOUNTS, params={"custom.bays__gte": 5, "sort": "-custom.bays"})
    assert [row["id"] for row in answer.json()["items"]] == [made["id"]]
    answer = await client.get(ACCOUNTS, params={"sort": "-custom.bays", "fields": "name,custom_fields"})
    assert [row["name"] for row in answer.json()["items"]] == ["Riverside", "Other"]
