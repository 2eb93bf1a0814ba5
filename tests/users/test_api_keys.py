"""API keys: a program acts as its user, and no further than its scopes."""

import hashlib
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.core import clock
from crm_api.events import flows
from crm_api.events.models import EventRow
from crm_api.users import scopes
from crm_api.users.models import ApiKey, User
from tests.support.api import Api
from tests.support.repository import described

KEYS = "/api/v1/auth/api-keys"
LEADS = "/api/v1/crm/leads"


async def make_key(client: httpx.AsyncClient, *wanted: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(KEYS, json={"name": "Order system", "scopes": list(wanted), **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def program(api: Api, role: str = "administrator", *wanted: str) -> httpx.AsyncClient:
    """A client that signs its requests with a key of a new user's."""
    person = await api.client(role)
    made = await make_key(person, *(wanted or ("*:read", "*:write")))
    client = api.anonymous()
    client.headers["Authorization"] = f"Bearer {made['token']}"
    return client


async def test_a_key_acts_as_its_user(api: Api) -> None:
    person = await api.client("rep")
    client = api.anonymous()
    client.headers["Authorization"] = f"Bearer {(await make_key(person, 'leads:read'))['token']}"

    assert (await client.get("/api/v1/auth/me")).json() == (await person.get("/api/v1/auth/me")).json()


async def test_only_the_first_answer_holds_the_token(api: Api) -> None:
    person = await api.client()
    token = (await make_key(person, "leads:read"))["token"]

    listed = (await person.get(KEYS)).text

    assert token.startswith("crm_")
    assert token not in listed
    assert token[:8] in listed


async def test_the_database_holds_the_hash_of_a_token_and_nothing_else_of_it(api: Api) -> None:
    token = (await make_key(await api.client(), "leads:read"))["token"]

    row = await api.db.read(lambda s: s.scalars(sa.select(ApiKey)).one())
    trail = await api.db.read(
        lambda s: s.scalars(sa.select(AuditEntry).where(AuditEntry.kind == "api_key")).one()
    )

    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert row.token_hash not in str(trail.after)
    assert token not in str(trail.after)


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("leads:read", "GET", LEADS, 200),
        ("leads:read", "POST", LEADS + "/search", 200),
        ("leads:read", "POST", LEADS, 403),
        ("leads:write", "POST", LEADS, 201),
        ("leads:write", "GET", LEADS, 403),
        ("*:read", "GET", LEADS, 200),
        ("*:read", "POST", LEADS, 403),
        ("*:write", "POST", LEADS, 201),
        ("accounts:read", "GET", LEADS, 403),
        ("events:read", "GET", "/api/v1/events", 200),
        ("*:write", "POST", KEYS, 403),
        ("*:read", "GET", KEYS, 403),
        ("*:write", "POST", "/api/v1/auth/sign-out", 403),
    ],
)
async def test_a_scope_opens_its_resource_and_nothing_else(
    api: Api, scope: str, method: str, path: str, status: int
) -> None:
    client = await program(api, "administrator", scope)

    body = {} if path.endswith("/search") else {"title": "Acme", "company_name": "Acme"}
    answer = await client.request(method, path, json=body if method == "POST" else None)

    assert answer.status_code == status, answer.text


async def test_a_refusal_names_the_missing_scope(api: Api) -> None:
    client = await program(api, "administrator", "accounts:read")

    problem = (await client.get(LEADS)).json()

    assert problem["missing_scope"] == "leads:read"
    assert "leads:read" in problem["detail"]


async def test_a_scope_gives_nothing_that_the_user_may_not_do(api: Api) -> None:
    client = await program(api, "viewer", "*:read", "*:write")

    assert (await client.post(LEADS, json={"title": "Acme"})).status_code == 403


async def test_every_operation_belongs_to_a_resource(api: Api) -> None:
    paths = described()["paths"]
    assert [path for path in paths if path.startswith("/api/") and not scopes.resource_of(path)] == []


async def test_what_a_key_changes_carries_the_key_as_its_origin(api: Api) -> None:
    person = await api.client()
    made = await make_key(person, "leads:write")
    client = api.anonymous()
    client.headers["Authorization"] = f"Bearer {made['token']}"
    lead = (await client.post(LEADS, json={"title": "Acme"})).json()
    await flows.relay(api.db)

    def origins(session: Any) -> list[str]:
        event = session.scalars(sa.select(EventRow).where(EventRow.type == "lead.created")).one()
        change = session.scalars(
            sa.select(ChangeSet).join(AuditEntry).where(AuditEntry.kind == "lead").distinct()
        ).one()
        return [event.origin, change.origin]

    assert await api.db.read(origins) == [f"api_key:{made['id']}"] * 2
    assert lead["origin"] == f"api_key:{made['id']}"


async def test_a_revoked_key_opens_nothing(api: Api) -> None:
    person = await api.client()
    made = await make_key(person, "leads:read")
    client = api.anonymous()
    client.headers["Authorization"] = f"Bearer {made['token']}"
    assert (await client.get(LEADS)).status_code == 200

    assert (await person.delete(f"{KEYS}/{made['id']}")).status_code == 204

    assert (await client.get(LEADS)).status_code == 401
    assert (await person.get(KEYS)).json()["items"][0]["revoked_at"] is not None


async def test_a_key_that_has_run_out_opens_nothing(api: Api) -> None:
    ends = clock.now() + timedelta(hours=1)
    made = await make_key(await api.client(), "leads:read", expires_at=ends.isoformat())
    client = api.anonymous()
    client.headers["Authorization"] = f"Bearer {made['token']}"

    with clock.frozen(ends):
        assert (await client.get(LEADS)).status_code == 401


async def test_the_key_of_a_deactivated_user_opens_nothing(api: Api) -> None:
    client = await program(api, "rep")
    await api.db.write(lambda s: s.execute(sa.update(User).where(User.role == "rep").values(is_active=False)))

    assert (await client.get(LEADS)).status_code == 401


@pytest.mark.parametrize("token", ["crm_", "crm_nonsense", "crm_" + "x" * 5000])
async def test_a_made_up_key_opens_nothing(api: Api, token: str) -> None:
    answer = await api.anonymous().get(LEADS, headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-signed-in")


async def test_the_last_use_is_noted_once_in_ten_minutes(api: Api) -> None:
    client = await program(api)

    async def last_used(at: Any) -> Any:
        with clock.frozen(at):
            api.application.state.rounds.keyholders.clear()
            await client.get(LEADS)
        return await api.db.read(lambda s: s.scalar(sa.select(ApiKey.last_used_at)))

    first = clock.now()
    assert await last_used(first) == first
    assert await last_used(first + timedelta(minutes=9)) == first
    assert await last_used(first + timedelta(minutes=10)) == first + timedelta(minutes=10)


async def test_a_key_of_somebody_else_is_not_there(api: Api) -> None:
    made = await make_key(await api.client("rep"), "leads:read")
    other = await api.client("rep")

    assert (await other.get(KEYS)).json()["items"] == []
    assert (await other.delete(f"{KEYS}/{made['id']}")).status_code == 404


async def test_an_administrator_sees_and_revokes_everybodys_keys(api: Api) -> None:
    made = await make_key(await api.client("rep"), "leads:read")
    boss = await api.client()

    assert [key["id"] for key in (await boss.get(KEYS)).json()["items"]] == [made["id"]]
    assert (await boss.delete(f"{KEYS}/{made['id']}")).status_code == 204


async def test_only_an_administrator_makes_a_key_for_somebody_else(api: Api) -> None:
    boss, rep = await api.client(), await api.client("rep")
    someone = (await boss.get("/api/v1/auth/me")).json()["id"]
    me = (await rep.get("/api/v1/auth/me")).json()["id"]

    refused = await rep.post(KEYS, json={"name": "x", "scopes": ["*:read"], "user_id": someone})

    assert refused.status_code == 403
    assert (await make_key(boss, "leads:read", user_id=me))["user_id"] == me


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["leads"]},
        {"name": "x", "scopes": ["leads:delete"]},
        {"name": "x", "scopes": ["unicorns:read"]},
        {"name": "x", "scopes": ["auth:write"]},
        {"name": "", "scopes": ["leads:read"]},
        {"name": "x", "scopes": ["leads:read"], "expires_at": "2001-01-01T00:00:00Z"},
        {"name": "x", "scopes": ["leads:read"], "token_hash": "mine"},
        {"name": "x", "scopes": ["leads:read"], "user_id": "0198c5a0-0000-7000-8000-000000000000"},
    ],
)
async def test_a_key_that_makes_no_sense_is_refused_and_not_made(api: Api, body: dict[str, Any]) -> None:
    client = await api.client()

    assert (await client.post(KEYS, json=body)).status_code == 422
    assert (await client.get(KEYS)).json()["items"] == []


RESOURCES = st.sampled_from(["leads", "accounts", "events", "auth", "webhooks"])
RIGHTS = st.sampled_from(["read", "write"])


@given(held=st.sets(st.tuples(st.one_of(RESOURCES, st.just("*")), RIGHTS)), resource=RESOURCES, right=RIGHTS)
def test_a_scope_permits_exactly_its_own_right(held: set[tuple[str, str]], resource: str, right: str) -> None:
    permitted = scopes.permits({f"{r}:{x}" for r, x in held}, f"{resource}:{right}")

    assert permitted == (resource != "auth" and ((resource, right) in held or ("*", right) in held))
