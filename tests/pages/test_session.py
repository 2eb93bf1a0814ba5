"""Signing in on the pages, and what keeps other sites from acting in one's name."""

from pathlib import Path

import httpx
import pytest

from crm_api.core.database import Database
from crm_api.pages.session import local_path
from crm_api.users import flows
from crm_api.users.passwords import hash_password
from tests.factories import make_user
from tests.support.api import Api, serving
from tests.support.pages import OWN, Visit, visiting

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


async def knocking(api: Api, **headers: str) -> httpx.Response:
    """Somebody with the right password sends the sign-in form."""
    await api.db.write(make_user, "rep", email="ana@example.com", password_hash=HASH)
    form = {"email": "ana@example.com", "password": PASSWORD}
    return await api.anonymous().post("/sign-in", data=form, headers=headers or OWN)


async def signed_in(api: Api) -> Visit:
    """A rep with the start page open."""
    return await visiting(api, await api.db.write(make_user, "rep"))


async def test_the_right_password_opens_the_start_page(api: Api) -> None:
    answer = await knocking(api)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(api: Api) -> None:
    cookie = (await knocking(api)).headers["set-cookie"]

    assert cookie.startswith("rounds=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "Path=/" in cookie


async def test_behind_https_the_cookie_is_bound_to_this_host(db: Database, tmp_path: Path) -> None:
    async with serving(db, tmp_path, public_url="https://crm.example.com") as api:
        cookie = (await knocking(api, Origin="https://crm.example.com")).headers["set-cookie"]

    assert cookie.startswith("__Host-rounds=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


async def test_a_wrong_password_shows_the_form_again_with_the_address(api: Api) -> None:
    await api.db.write(make_user, "rep", email="ana@example.com", password_hash=HASH)

    answer = await api.anonymous().post(
        "/sign-in", data={"email": "ana@example.com", "password": "wrong"}, headers=OWN
    )

    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert 'value="ana@example.com"' in answer.text
    assert "set-cookie" not in answer.headers


async def test_somebody_who_is_not_signed_in_comes_back_to_the_page_they_wanted(api: Api) -> None:
    answer = await Visit(api.anonymous()).get("/visits")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/visits")


async def test_htmx_is_told_to_open_the_sign_in(api: Api) -> None:
    answer = await api.anonymous().get("/visits", headers={"HX-Request": "true"})

    assert answer.headers["hx-redirect"] == "/sign-in"


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/sign-out"],
)
def test_signing_in_never_leads_to_another_site(path: str) -> None:
    assert local_path(path) == "/"


def test_signing_in_leads_on_to_a_page_of_ours() -> None:
    assert local_path("/visits?plan=1") == "/visits?plan=1"


async def test_signing_out_ends_the_session_on_the_server(api: Api) -> None:
    visit = await signed_in(api)

    await visit.post("/sign-out")
    visit.client.cookies.clear()
    again = await visit.get("/")

    assert again.status_code == 303


async def test_a_stolen_cookie_is_worth_nothing_after_signing_out(api: Api) -> None:
    visit = await signed_in(api)
    stolen = dict(visit.client.cookies)

    await visit.post("/sign-out")
    thief = api.anonymous()
    thief.cookies.update(stolen)

    assert (await thief.get("/")).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver:8080"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_a_form_of_another_site_is_refused(api: Api, headers: dict[str, str]) -> None:
    visit = await signed_in(api)

    answer = await visit.client.post("/sign-out", data={"csrf_token": visit.token}, headers=headers)

    assert answer.status_code == 403


async def test_another_site_cannot_sign_anybody_in(api: Api) -> None:
    answer = await knocking(api, Origin="https://evil.example")

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("token", ["", "wrong", "ü"])
async def test_a_form_without_the_token_of_the_session_is_refused(api: Api, token: str) -> None:
    visit = await signed_in(api)

    answer = await visit.post("/sign-out", csrf_token=token)

    assert answer.status_code == 403


async def test_the_token_of_somebody_else_is_refused(api: Api) -> None:
    visit, other = await signed_in(api), await signed_in(api)

    answer = await visit.post("/sign-out", csrf_token=other.token)

    assert answer.status_code == 403


async def test_the_token_may_come_as_a_header(api: Api) -> None:
    visit = await signed_in(api)

    answer = await visit.client.post("/sign-out", headers={**OWN, "X-CSRF-Token": visit.token})

    assert answer.status_code == 303


async def test_the_cookie_means_nothing_to_the_api(api: Api) -> None:
    visit = await signed_in(api)

    assert (await visit.client.get("/api/v1/crm/leads")).status_code == 401


async def test_a_refresh_token_of_the_api_opens_no_page(api: Api) -> None:
    await api.db.write(make_user, "rep", email="ana@example.com", password_hash=HASH)
    opened = await flows.sign_in(api.db, "ana@example.com", PASSWORD, channel="api")
    client = api.anonymous()
    client.cookies.set("rounds", opened.token)

    assert (await client.get("/")).status_code == 303


async def test_demo_users_are_offered_in_demo_mode_on_this_machine_alone(
    db: Database, tmp_path: Path
) -> None:
    async with serving(db, tmp_path, demo=True, demo_password="demo password") as api:
        client = api.anonymous()
        here = await client.get("/sign-in", headers={"Host": "127.0.0.1:8000"})
        elsewhere = await client.get("/sign-in", headers={"Host": "crm.example.com"})

    assert "rep@demo.example" in here.text
    assert "demo password" not in here.text
    assert "rep@demo.example" not in elsewhere.text


async def test_a_demo_user_signs_in_with_one_tap(db: Database, tmp_path: Path) -> None:
    await db.write(make_user, "rep", email="rep@demo.example", password_hash=HASH)
    own = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}
    async with serving(db, tmp_path, demo=True, demo_password=PASSWORD) as api:
        answer = await api.anonymous().post("/sign-in", data={"demo": "rep@demo.example"}, headers=own)

    assert answer.status_code == 303
    assert "rounds=" in answer.headers["set-cookie"]


async def test_nobody_else_signs_in_with_the_demo_password_by_tapping(db: Database, tmp_path: Path) -> None:
    await db.write(make_user, "administrator", email="boss@example.com", password_hash=HASH)
    own = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}
    async with serving(db, tmp_path, demo=True, demo_password=PASSWORD) as api:
        answer = await api.anonymous().post("/sign-in", data={"demo": "boss@example.com"}, headers=own)

    assert answer.status_code == 401
