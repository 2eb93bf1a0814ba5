"""Signing in, staying signed in, and not."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.users import passwords
from crm_api.users.models import SignInAttempt, User, UserSession
from tests.app.resources import problem
from tests.factories import make_user
from tests.support.api import Api

PASSWORD = "correct horse battery"
AUTH = "/api/v1/auth"


@pytest.fixture
async def user(db: Database) -> User:
    """Somebody who can sign in."""
    hashed = passwords.hash_password(PASSWORD)
    return await db.write(lambda session: make_user(session, email="Ann@Example.com", password_hash=hashed))


async def sign_in(client: httpx.AsyncClient, username: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post(f"{AUTH}/token", data={"username": username, "password": password})


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def attempts(session: Session) -> list[bool]:
    return list(session.scalars(sa.select(SignInAttempt.succeeded).order_by(SignInAttempt.id)))


async def test_the_right_password_opens_a_session_whatever_the_case_of_the_address(
    api: Api, user: User
) -> None:
    client = api.anonymous()
    tokens = (await sign_in(client, "ANN@example.COM")).json()
    me = (await client.get(f"{AUTH}/me", headers=bearer(tokens))).json()

    assert (me["id"], me["role"], tokens["token_type"]) == (str(user.id), "rep", "bearer")


async def test_a_wrong_password_and_an_unknown_address_look_the_same_and_leave_a_trace(
    api: Api, user: User
) -> None:
    client = api.anonymous()
    wrong = problem(await sign_in(client, "ann@example.com", "wrong"), 401)
    unknown = problem(await sign_in(client, "bob@example.com"), 401)

    assert wrong["detail"] == unknown["detail"]
    assert await api.db.read(attempts) == [False, False]


@pytest.mark.parametrize("name", ["", " ", "a\x00b", "\x1b[31m", "é" * 3000, "' OR 1=1 --"])
async def test_whatever_is_typed_as_an_address_is_only_wrong(api: Api, name: str) -> None:
    answer = await sign_in(api.anonymous(), name)

    problem(answer, 422 if name == "" else 401)


async def test_a_form_without_a_password_is_refused_by_name(api: Api) -> None:
    answer = await api.anonymous().post(f"{AUTH}/token", data={"username": "ann@example.com"})

    problem(answer, 422, field="password")


async def test_after_five_failures_even_the_right_password_has_to_wait(api: Api, user: User) -> None:
    client = api.anonymous()
    for _ in range(5):
        problem(await sign_in(client, "ann@example.com", "wrong"), 401)
    answer = await sign_in(client, "ann@example.com")

    problem(answer, 429)
    with clock.frozen(clock.now() + timedelta(seconds=int(answer.headers["retry-after"]) + 1)):
        assert (await sign_in(client, "ann@example.com")).status_code == 200
        problem(await sign_in(client, "ann@example.com", "wrong"), 401)
        assert (await sign_in(client, "ann@example.com")).status_code == 200, (
            "a success forgives the failures"
        )


async def test_one_password_tried_on_many_accounts_from_one_place_has_to_wait(api: Api, user: User) -> None:
    client = api.anonymous()
    for n in range(30):
        problem(await sign_in(client, f"guess{n}@example.com", "Summer2026!"), 401)
    answer = await sign_in(client, "ann@example.com")

    problem(answer, 429)
    with clock.frozen(clock.now() + timedelta(seconds=int(answer.headers["retry-after"]) + 1)):
        assert (await sign_in(client, "ann@example.com")).status_code == 200


async def test_attempts_are_forgotten_after_thirty_days(api: Api, user: User) -> None:
    client = api.anonymous()
    with clock.frozen(clock.now() - timedelta(days=31)):
        await sign_in(client, "ann@example.com", "wrong")
    await sign_in(client, "ann@example.com")

    assert await api.db.read(attempts) == [True]


async def test_a_refresh_token_is_changed_for_the_next_one(api: Api, user: User) -> None:
    client = api.anonymous()
    first = (await sign_in(client, "ann@example.com")).json()
    second = (await client.post(f"{AUTH}/refresh", json={"refresh_token": first["refresh_token"]})).json()

    assert second["refresh_token"] != first["refresh_token"]
    assert (await client.get(f"{AUTH}/me", headers=bearer(second))).status_code == 200


async def test_a_refresh_token_used_twice_ends_the_session_and_says_so_in_its_row(
    api: Api, user: User
) -> None:
    client = api.anonymous()
    first = (await sign_in(client, "ann@example.com")).json()
    second = (await client.post(f"{AUTH}/refresh", json={"refresh_token": first["refresh_token"]})).json()
    problem(await client.post(f"{AUTH}/refresh", json={"refresh_token": first["refresh_token"]}), 401)

    reasons = await api.db.read(lambda s: list(s.scalars(sa.select(UserSession.end_reason))))
    assert reasons == ["refresh token used twice"]
    problem(await client.post(f"{AUTH}/refresh", json={"refresh_token": second["refresh_token"]}), 401)
    later(api)
    problem(await client.get(f"{AUTH}/me", headers=bearer(second)), 401)


async def test_a_token_of_the_database_is_not_the_token_itself(api: Api, user: User) -> None:
    tokens = (await sign_in(api.anonymous(), "ann@example.com")).json()
    kept = await api.db.read(lambda s: s.scalars(sa.select(UserSession.token_hash)).one())

    assert tokens["refresh_token"] not in kept


async def test_signing_out_ends_the_session_at_once(api: Api, user: User) -> None:
    client = api.anonymous()
    tokens = (await sign_in(client, "ann@example.com")).json()
    assert (await client.post(f"{AUTH}/sign-out", headers=bearer(tokens))).status_code == 204

    problem(await client.get(f"{AUTH}/me", headers=bearer(tokens)), 401)
    problem(await client.post(f"{AUTH}/refresh", json={"refresh_token": tokens["refresh_token"]}), 401)


async def test_an_access_token_lives_ten_minutes(api: Api, user: User) -> None:
    client = api.anonymous()
    tokens = (await sign_in(client, "ann@example.com")).json()

    with clock.frozen(clock.now() + timedelta(minutes=10, seconds=1)):
        problem(await client.get(f"{AUTH}/me", headers=bearer(tokens)), 401)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another long password"}])
async def test_deactivation_and_a_new_password_end_every_session(
    api: Api, user: User, change: dict[str, Any]
) -> None:
    administrator, client = await api.client(), api.anonymous()
    tokens = (await sign_in(client, "ann@example.com")).json()
    changed = await administrator.patch(f"/api/v1/users/{user.id}", json=change)
    assert changed.status_code == 200, changed.text

    later(api)
    problem(await client.get(f"{AUTH}/me", headers=bearer(tokens)), 401)
    problem(await sign_in(client, "ann@example.com"), 401)


async def test_an_ended_session_is_believed_for_five_seconds_at_most(api: Api) -> None:
    assert api.application.state.rounds.actors == {}
    client = await api.client("rep")
    await client.get(f"{AUTH}/me")

    from crm_api.dependencies import SESSION_CACHE_SECONDS

    assert SESSION_CACHE_SECONDS <= 5
    assert len(api.application.state.rounds.actors) == 1


def later(api: Api) -> None:
    """As five seconds later: nothing is believed without a look at the database."""
    api.application.state.rounds.actors.clear()
