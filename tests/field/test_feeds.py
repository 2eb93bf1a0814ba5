"""One secret address a person, behind which any calendar program finds their visits."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_api.core import clock
from crm_api.core.secrets import fingerprint
from crm_api.field.models import CalendarFeed
from crm_api.users.models import User
from tests.visits.people import MONDAY, rep_with_dealers

FEED = "/api/v1/crm/calendar/feed"
MORNING = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_the_morning():
    with clock.frozen(MORNING):
        yield


async def switched_on(client):
    answer = await client.post(FEED)
    assert answer.status_code == 201, answer.text
    return answer.json()["url"].removeprefix("http://127.0.0.1:8000")


async def accepted(client):
    plan = (
        await client.post("/api/v1/crm/visits/plans", json={"day": MONDAY, "account_type": "dealer"})
    ).json()
    return (await client.post(f"/api/v1/crm/visits/plans/{plan['id']}/accept")).json()


async def test_an_accepted_plan_is_in_the_feed_without_any_sign_in(api):
    rep, _ = await rep_with_dealers(api.db, 6)
    client = await api.signed_in(rep)
    url, plan = await switched_on(client), await accepted(client)
    answer = await api.anonymous().get(url)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert answer.text.count("BEGIN:VEVENT") == plan["visits"] > 0
    assert f"UID:{plan['stops'][0]['activity_id']}@rounds" in answer.text
    assert "ATTENDEE" not in answer.text


async def test_an_unchanged_calendar_is_not_sent_again(api):
    rep, _ = await rep_with_dealers(api.db, 3)
    client = await api.signed_in(rep)
    url = await switched_on(client)
    await accepted(client)
    first = await api.anonymous().get(url)
    again = await api.anonymous().get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_another_address_and_switching_off_close_the_one_before(api):
    client = await api.client("rep")
    first, second = await switched_on(client), await switched_on(client)
    assert (await api.anonymous().get(first)).status_code == 404
    assert (await api.anonymous().get(second)).status_code == 200
    assert (await client.get(FEED)).json()["last_read_at"] == "2026-11-23T12:00:00Z"
    assert (await client.delete(FEED)).status_code == 204
    assert (await api.anonymous().get(second)).status_code == 404
    assert (await client.get(FEED)).json()["is_on"] is False
    assert (await client.delete(FEED)).status_code == 404


async def test_only_what_the_token_hashes_to_is_kept_and_shown_once(api):
    client = await api.client("rep")
    url = await switched_on(client)
    token = url.rsplit("/", 1)[1].removesuffix(".ics")
    (feed,) = await api.db.read(lambda s: list(s.query(CalendarFeed)))
    assert feed.token_hash == fingerprint(token)
    assert (await client.get(FEED)).json()["url"] is None


async def test_whoever_may_not_sign_in_any_more_has_no_calendar(api):
    rep, _ = await rep_with_dealers(api.db, 0)
    url = await switched_on(await api.signed_in(rep))
    await api.db.write(lambda s: setattr(s.get_one(User, rep.id), "is_active", False))
    assert (await api.anonymous().get(url)).status_code == 404


@pytest.mark.parametrize("token", ["", "x", "..%2f", "a" * 99])
async def test_a_guess_opens_nothing(api, token):
    assert (await api.anonymous().get(f"/calendar/{token}.ics")).status_code == 404


async def test_a_cancelled_visit_and_one_of_long_ago_are_not_in_it(api):
    rep, dealers = await rep_with_dealers(api.db, 1)
    client = await api.signed_in(rep)
    url = await switched_on(client)
    for due, status in (
        (MORNING, "cancelled"),
        (MORNING - timedelta(days=40), "scheduled"),
        (MORNING, "scheduled"),
    ):
        body = {"activity_type": "visit", "subject": "Here", "due_at": due.isoformat(), "status": status}
        await client.post("/api/v1/crm/activities", json=body | {"account_id": str(dealers[0].id)})
    assert (await api.anonymous().get(url)).text.count("BEGIN:VEVENT") == 1
