"""Nobody writes what is not theirs to write, or learns of what is not theirs to see; asked of every operation."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from crm_api.audit.models import AuditEntry
from crm_api.core.secrets import Keys
from crm_api.users import sessions
from crm_api.users.flows import tokens
from tests.app.resources import ACCOUNT, ACTIVITY, CONTACT, LEAD, OPPORTUNITY, PRODUCT, problem
from tests.factories import make_user
from tests.support.api import Api
from tests.support.repository import described

pytestmark = pytest.mark.deep_on_postgresql  # refused before a statement, or by rules of one kind for both

MISSING = str(UUID(int=7))
VALUES = {
    "plural": "leads",
    "resource": "leads",
    "kind": "lead",
    "currency": "EUR",
    "valid_from": "2026-01-01",
}
HIDDEN = {
    "account_id": ACCOUNT,
    "contact_id": CONTACT,
    "lead_id": LEAD,
    "opportunity_id": OPPORTUNITY,
    "activity_id": ACTIVITY,
}
DESCRIBED = described()
SCHEMAS = DESCRIBED["components"]["schemas"]


def address(path: str, **ids: str) -> str:
    """The path with these ids, and with ones of nothing for the rest."""
    return re.sub(r"{(\w+)}", lambda found: ids.get(found[1]) or VALUES.get(found[1], MISSING), path)


def named(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a `$ref` names, or the first of several."""
    first = schema.get("anyOf", [schema])[0]
    return SCHEMAS[first["$ref"].rsplit("/", 1)[1]] if "$ref" in first else first


def read_only() -> Iterator[tuple[str, str, str, Any]]:
    """Every field an operation answers with and does not take."""
    for path, methods in DESCRIBED["paths"].items():
        for method, operation in methods.items():
            taken = operation.get("requestBody", {}).get("content", {}).get("application/json")
            answers = operation["responses"]
            told = (answers.get("201") or answers.get("200") or {}).get("content", {}).get("application/json")
            if method == "get" or path.endswith(("/search", "/export")) or not (taken and told):
                continue
            takes = named(taken["schema"]).get("properties")
            if takes is None:
                continue  # an upsert takes what making and changing take
            for name, schema in named(told["schema"]).get("properties", {}).items():
                if name not in takes:
                    yield method, path, name, schema


async def test_no_operation_takes_a_field_that_is_only_to_be_read(api: Api) -> None:
    client = await api.client()
    before = await api.db.read(lambda session: session.scalar(sa.select(sa.func.count(AuditEntry.id))))
    tried = list(read_only())

    for method, path, name, _ in tried:
        found = problem(await client.request(method, address(path), json={name: MISSING}), 422)
        assert name in [fault["field"] for fault in found["errors"]], f"{method} {path} {name}: {found}"

    after = await api.db.read(lambda session: session.scalar(sa.select(sa.func.count(AuditEntry.id))))
    assert after == before
    assert len(tried) > 400


@pytest.mark.parametrize("resource", [*HIDDEN.values(), PRODUCT], ids=lambda resource: resource.kind)
@pytest.mark.parametrize("name", ["id", "number", "version", "created_at", "archived_at", "created_by_id"])
async def test_a_whole_body_with_a_field_only_to_be_read_makes_and_changes_nothing(
    api: Api, resource: Any, name: str
) -> None:
    client = await api.client()
    made = (await client.post(resource.path, json=resource.body)).json()
    made.pop("possible_duplicates", None)  # told of a creation alone
    one = f"{resource.path}/{made['id']}"

    problem(await client.post(resource.path, json={**resource.body, name: made["id"]}), 422, field=name)
    problem(await client.patch(one, json={**resource.change, name: made["id"]}), 422, field=name)
    problem(
        await client.put(f"{resource.path}/external/erp/17", json={**resource.body, name: made["id"]}),
        422,
        field=name,
    )

    assert (await client.get(one)).json() == made
    assert (await client.get(resource.path)).json()["total"] == 1


async def test_what_one_may_not_see_looks_as_if_it_were_not_there_on_every_path(api: Api) -> None:
    owner, stranger = await api.client("rep"), await api.client("rep")
    tried = 0
    for parameter, resource in HIDDEN.items():
        made = await owner.post(resource.path, json=resource.body)
        assert made.status_code == 201, made.text
        one = made.json()["id"]
        plural = resource.path.rsplit("/", 1)[1]
        for path, methods in DESCRIBED["paths"].items():
            general = {"plural", "resource"} & set(re.findall(r"{(\w+)}", path))
            if f"{{{parameter}}}" not in path and not general:
                continue
            ids = {"plural": plural, "resource": plural}
            for method in methods:
                body = None if method in ("get", "delete") else {}
                hidden, missing = [
                    await stranger.request(
                        method, address(path, **ids, **{parameter: id_, "record_id": id_}), json=body
                    )
                    for id_ in (one, MISSING)
                ]
                assert hidden.status_code == missing.status_code in (404, 422), (
                    f"{method} {path}: {hidden.text}"
                )
                assert told(hidden.json(), one) == told(missing.json(), MISSING)
                tried += 1
        beside = {"possible_duplicates": []} if "possible_duplicates" in made.json() else {}
        assert (await owner.get(f"{resource.path}/{one}")).json() | beside == made.json()
    assert tried > 30


def told(body: dict[str, Any], asked: str) -> str:
    """A problem without what tells one request from another; an address of two ids may name the other one."""
    return str({**body, "request_id": None}).replace(asked, "it").replace(MISSING, "it")


async def test_a_token_signed_with_another_key_opens_nothing(api: Api) -> None:
    user = await api.db.write(lambda session: make_user(session, "administrator"))
    opened = await api.db.write(sessions.open_session, user.email or "", user.id, channel="api")
    assert isinstance(opened, sessions.Opened)
    client = api.anonymous()
    forged = tokens(Keys("another secret, just as long as that one"), opened).access_token

    answer = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {forged}"})
    problem(answer, 401)


async def test_a_method_not_taken_is_told_all_that_are(api: Api) -> None:
    client = await api.client()

    assert (await client.delete(ACCOUNT.path)).headers["allow"] == "GET, POST"
    assert (await client.post(f"{ACCOUNT.path}/{MISSING}")).headers["allow"] == "DELETE, GET, PATCH, PUT"


async def test_a_direction_that_is_none_is_refused_though_nothing_is_sorted_by(api: Api) -> None:
    client = await api.client()

    problem(await client.get(ACCOUNT.path, params={"sort_order": "up"}), 400)


async def test_an_upsert_of_a_body_that_does_not_fit_names_its_fields(api: Api) -> None:
    client = await api.client()

    problem(await client.put(f"{ACCOUNT.path}/external/erp/17", json={}), 422, field="name")


async def test_the_first_change_of_the_profile_can_be_asked_to_be_taken_back(api: Api) -> None:
    client = await api.client()
    await client.patch("/api/v1/organisation", json={"name": "Harbor"})
    change, *_ = (await client.get("/api/v1/changes")).json()["items"]

    answer = await client.post(f"/api/v1/changes/{change['id']}/revert")

    assert answer.status_code in (200, 409), answer.text
    assert (await client.get("/api/v1/organisation")).json()["name"] == "Harbor"


async def test_a_custom_field_shows_its_default_and_its_group(api: Api) -> None:
    client = await api.client()
    body = {
        "kind": "lead",
        "key": "region",
        "label": "Region",
        "type": "text",
        "default": "North",
        "group": "Where",
    }

    made = (await client.post("/api/v1/crm/custom-fields", json=body)).json()

    assert (made["default"], made["group"]) == ("North", "Where")


@pytest.mark.parametrize(
    ("resource", "name"), [(ACCOUNT, "employees"), (ACCOUNT, "latitude"), (LEAD, "score")]
)
async def test_true_is_no_number(api: Api, resource: Any, name: str) -> None:
    client = await api.client()

    problem(await client.post(resource.path, json={**resource.body, name: True}), 422, field=name)
