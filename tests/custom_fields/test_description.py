"""The description of the running API names the custom fields of this organisation."""

import json
from typing import Any

from tests.custom_fields.test_values import ACCOUNTS, FIELDS, define
from tests.support.api import Api


def values_of(described: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = described["components"]["schemas"][name]["properties"]["custom_fields"]
    return found


async def test_bodies_answers_and_filters_are_described_with_their_types(api: Api) -> None:
    client = await api.client()
    await define(client, key="bays", type="integer", minimum=0, maximum=500, required=True, help="Lifts too.")
    await define(client, key="color", type="choice", choices=["Red", {"value": "Blue", "retired": True}])

    described = (await client.get("/openapi.json")).json()

    made, shown = values_of(described, "AccountIn"), values_of(described, "AccountOut")
    bays = made["properties"]["bays"]["anyOf"][0]
    assert (bays["type"], bays["minimum"], bays["maximum"]) == ("integer", 0, 500)
    assert bays["description"] == "Lifts too."
    assert made["required"] == ["bays"]
    assert "custom_fields" in described["components"]["schemas"]["AccountIn"]["required"]
    assert values_of(described, "AccountPatch")["required"] == []
    assert made["properties"]["color"]["anyOf"][0]["enum"] == ["Red"]
    assert shown["properties"]["color"]["anyOf"][0]["enum"] == ["Red", "Blue"]
    assert shown["required"] == ["bays", "color"]
    names = [parameter["name"] for parameter in described["paths"][ACCOUNTS]["get"]["parameters"]]
    assert {"custom.bays", "custom.color"} <= set(names)
    assert "properties" not in values_of(described, "LeadOut")


async def test_a_change_shows_at_once_in_the_process_that_made_it(api: Api) -> None:
    client = await api.client()
    field = await define(client, key="bays", type="integer")
    assert "bays" in values_of((await client.get("/openapi.json")).json(), "AccountOut")["properties"]

    await client.delete(f"{FIELDS}/{field['id']}")

    assert "properties" not in values_of((await client.get("/openapi.json")).json(), "AccountOut")


async def test_nobody_learns_of_custom_fields_without_signing_in(api: Api) -> None:
    await define(await api.client(), key="rival", type="choice", choices=["Acme"])

    answer = await api.anonymous().get("/openapi.json")

    assert answer.status_code == 200
    assert "Acme" not in answer.text
    assert answer.headers["vary"] == "Authorization, Cookie"
    bad = await api.anonymous().get("/openapi.json", headers={"Authorization": "Bearer nonsense"})
    assert bad.status_code == 401


async def test_the_committed_description_has_none(api: Api) -> None:
    client = await api.client()
    await define(client, key="zebra_count", type="integer")
    await client.get("/openapi.json")

    # What `make generate` writes to openapi.json.
    assert "zebra_count" not in json.dumps(api.application.openapi())
