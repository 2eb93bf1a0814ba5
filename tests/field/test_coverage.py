"""Who was visited in time, and how often the promise was kept."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_api.core import clock
from tests.factories import make_account, make_territory, make_user
from tests.visits.people import MONDAY, make_dealer, rep_with_dealers

VISITS = "/api/v1/crm/visits"
NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with clock.frozen(NOW):
        yield


def ago(days):
    return NOW - timedelta(days=days)


async def world(db):
    """Two territories: Ohio with one of each state and one that nobody is meant to visit, Iowa with one in time."""

    def make(session):
        ohio, iowa = make_territory(session, "Ohio"), make_territory(session, "Iowa")
        owner = make_user(session, "rep")
        make_dealer(session, territory_id=ohio.id, owner_id=owner.id, last_visit_at=ago(10))
        make_dealer(session, territory_id=ohio.id, visit_every_days=7, last_visit_at=ago(10))
        make_dealer(session, territory_id=ohio.id)
        make_dealer(session, territory_id=ohio.id, archived_at=NOW)
        make_account(session, territory_id=ohio.id, account_type="customer")
        make_account(session, territory_id=iowa.id, account_type="customer", visit_every_days=30)
        return owner, ohio

    return await db.write(make)


async def test_each_territory_says_who_is_in_time_overdue_and_never_visited(api):
    await world(api.db)
    found = (await (await api.client()).get(f"{VISITS}/coverage")).json()
    counts = [(g["name"], g["accounts"], g["in_time"], g["overdue"], g["never"]) for g in found["items"]]
    assert counts == [("Iowa", 1, 0, 0, 1), ("Ohio", 3, 1, 1, 1)]
    assert (found["total"]["accounts"], found["total"]["in_time_rate"]) == (4, 25.0)


@pytest.mark.parametrize(
    ("params", "accounts"),
    [({"group_by": "owner"}, 4), ({"account_type": "dealer"}, 3), ({"group_by": "account_type"}, 4)],
)
async def test_coverage_is_cut_as_asked(api, params, accounts):
    await world(api.db)
    found = (await (await api.client()).get(f"{VISITS}/coverage", params=params)).json()
    assert found["total"]["accounts"] == accounts == sum(group["accounts"] for group in found["items"])


async def test_the_map_shows_each_account_where_it_is_those_that_wait_longest_first(api):
    _, ohio = await world(api.db)
    client = await api.client()
    found = (await client.get(f"{VISITS}/coverage/places", params={"territory_id": str(ohio.id)})).json()
    late = (await client.get(f"{VISITS}/coverage/places", params={"state": "overdue"})).json()

    assert [item["state"] for item in found["items"]] == ["overdue", "never", "in_time"]
    assert (found["total"], found["without_place"]) == (3, 0)
    assert [item["visit_every_days"] for item in late["items"]] == [7]
    assert (await client.get(f"{VISITS}/coverage/places")).json()["without_place"] == 1


async def test_everybody_sees_the_coverage_of_what_they_see(api):
    owner, ohio = await world(api.db)
    seen = (await (await api.signed_in(owner)).get(f"{VISITS}/coverage")).json()
    assert seen["total"]["accounts"] == 1
    one = (await (await api.client()).get(f"{VISITS}/coverage", params={"territory_id": str(ohio.id)})).json()
    assert one["total"]["accounts"] == 3


async def test_nobody_to_visit_is_no_rate(api):
    found = (await (await api.client()).get(f"{VISITS}/coverage")).json()
    assert (found["items"], found["total"]["in_time_rate"]) == ([], None)


async def visited(client, dealer, *days):
    for day in days:
        body = {"activity_type": "visit", "subject": "Visit", "account_id": str(dealer.id)}
        answer = await client.post(
            "/api/v1/crm/activities", json=body | {"occurred_at": ago(day).isoformat()}
        )
        assert answer.status_code == 201, answer.text


async def statistics(client, **params):
    answer = await client.get(
        f"{VISITS}/statistics", params={"since": "2026-10-01", "until": "2026-11-30", **params}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_frequency_is_kept_where_no_interval_is_longer_than_it(api):
    rep, dealers = await rep_with_dealers(api.db, 3)
    client = await api.signed_in(rep)
    for dealer in dealers:
        await client.patch(f"/api/v1/crm/accounts/{dealer.id}", json={"visit_every_days": 20})
    await visited(client, dealers[0], 40, 25, 10)  # two intervals of fifteen days, and the last still open
    await visited(client, dealers[1], 50, 10)  # forty days
    await visited(client, dealers[2], 45)  # and nobody came again
    found = await statistics(client)
    assert (found["intervals_kept"], found["intervals_missed"], found["frequency_kept_rate"]) == (2, 2, 50.0)
    assert found["made_visits"] == 6


async def test_an_interval_belongs_to_the_period_in_which_it_ends(api):
    rep, (dealer,) = await rep_with_dealers(api.db, 1)
    client = await api.signed_in(rep)
    await visited(client, dealer, 100, 40)
    assert (await statistics(client, since="2026-11-01"))["intervals_kept"] == 0
    assert (await statistics(client, since="2026-10-01"))["intervals_kept"] == 1


async def test_plans_and_check_ins_of_the_period_are_counted(api):
    rep, _ = await rep_with_dealers(api.db, 6)
    client = await api.signed_in(rep)
    plan = (await client.post(f"{VISITS}/plans", json={"day": MONDAY, "account_type": "dealer"})).json()
    plan = (await client.post(f"{VISITS}/plans/{plan['id']}/accept")).json()
    stop = plan["stops"][0]
    place = {"latitude": stop["latitude"], "longitude": stop["longitude"]}
    await client.post(f"{VISITS}/check-ins", json={"account_id": stop["account_id"], **place})
    found = await statistics(client)
    assert (found["planned_visits"], found["planned_metres"]) == (plan["visits"], plan["driving_metres"])
    assert (found["check_ins"], found["verified"], found["verified_rate"]) == (1, 1, 100.0)
    assert (await statistics(client, since="2026-10-01", until="2026-10-31"))["planned_visits"] == 0


@pytest.mark.parametrize("period", [{"since": "2026-12-01"}, {"since": "2025-01-01"}])
async def test_a_period_that_cannot_be_is_refused(api, period):
    answer = await (await api.client()).get(f"{VISITS}/statistics", params={"until": "2026-11-30", **period})
    assert answer.status_code == 422
