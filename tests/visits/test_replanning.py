"""A day that changed: only it is planned anew, from where the rep is; and what a few free minutes are good for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.visits.people import COLUMBUS, MONDAY, make_dealer, rep_with_dealers

WEEKS, PLANS = "/api/v1/crm/visits/weeks", "/api/v1/crm/visits/plans"
FREE = "/api/v1/crm/visits/free-time"
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
HERE = {"latitude": 40.09, "longitude": -83.02}


def instant(text):
    return datetime.fromisoformat(text)


async def accepted_week(api, count=40):
    rep, dealers = await rep_with_dealers(api.db, count)
    client = await api.signed_in(rep)
    week = (await client.post(WEEKS, json={"first_day": MONDAY})).json()
    week = (await client.post(f"{WEEKS}/{week['id']}/accept")).json()
    days = [(await client.get(f"{PLANS}/{day['plan_id']}")).json() for day in week["days"]]
    return client, week, days, dealers


async def replanned(client, plan, **body):
    response = await client.post(f"{PLANS}/{plan['id']}/replan", json=body)
    assert response.status_code == 201, response.text
    return response.json()


def accounts(plan):
    return [stop["account_id"] for stop in plan["stops"]]


async def test_a_cancelled_visit_changes_its_day_and_no_byte_of_the_others(api):
    client, week, days, _ = await accepted_week(api)
    monday, *others = days
    gone = accounts(monday)[1]
    plan = await replanned(client, monday, cancelled=[gone], accept=True)
    assert plan["status"] == "accepted"
    assert gone not in accounts(plan)
    assert (plan["week_id"], plan["replans_id"]) == (week["id"], monday["id"])
    for day in others:
        assert (await client.get(f"{PLANS}/{day['id']}")).json() == day
    elsewhere = {account for day in others for account in accounts(day)}
    assert not elsewhere & set(accounts(plan))
    now = (await client.get(f"{WEEKS}/{week['id']}")).json()["days"]
    assert [day["plan_id"] for day in now] == [plan["id"], *(day["id"] for day in others)]


async def test_a_day_goes_on_from_where_the_rep_is_and_may_end_elsewhere(api):
    client, _, days, _ = await accepted_week(api)
    for stop in days[0]["stops"][:2]:
        await client.post(f"/api/v1/crm/activities/{stop['activity_id']}/complete", json={})
    made = set(accounts(days[0])[:2])
    end = {"latitude": 40.0, "longitude": -83.0}
    plan = await replanned(client, days[0], at=NOON.isoformat(), here=HERE, end=end)
    assert plan["status"] == "proposed"
    assert (plan["start_latitude"], plan["end_latitude"]) == (HERE["latitude"], 40.0)
    assert instant(plan["leaves_at"]) >= NOON
    assert plan["visits"] > 0
    assert not made & set(accounts(plan))
    assert (await client.get(f"{PLANS}/{days[0]['id']}")).json()["status"] == "accepted"


async def test_without_a_position_the_day_goes_on_from_the_last_visit(api):
    client, _, days, _ = await accepted_week(api)
    first = days[0]["stops"][0]
    await client.post(f"/api/v1/crm/activities/{first['activity_id']}/complete", json={})
    plan = await replanned(client, days[0], at=NOON.isoformat())
    assert (plan["start_latitude"], plan["start_longitude"]) == (first["latitude"], first["longitude"])


async def test_a_visit_that_runs_over_moves_the_rest_after_it(api):
    client, _, days, _ = await accepted_week(api)
    late = NOON + timedelta(hours=2)
    plan = await replanned(client, days[0], at=NOON.isoformat(), here=HERE, busy_until=late.isoformat())
    assert instant(plan["leaves_at"]) >= late
    assert instant(plan["over_at"]) <= instant(plan["shift_ends_at"])


async def test_a_new_dealer_is_added_on_the_spot_whatever_else_has_to_go(api):
    client, _, days, dealers = await accepted_week(api)
    planned = {account for day in days for account in accounts(day)}
    new = next(str(dealer.id) for dealer in dealers if str(dealer.id) not in accounts(days[0]))
    plan = await replanned(client, days[0], add=[new])
    assert new in accounts(plan)
    assert planned


async def test_without_filling_only_what_was_planned_stays(api):
    client, _, days, _ = await accepted_week(api)
    gone = accounts(days[0])[0]
    plan = await replanned(client, days[0], cancelled=[gone], fill=False)
    assert set(accounts(plan)) <= set(accounts(days[0])) - {gone}
    assert len(accounts(plan)) == len(accounts(days[0])) - 1


async def test_a_day_that_was_not_filled_says_who_is_out_and_is_filled_when_asked_again(api):
    rep, _ = await rep_with_dealers(api.db, 12)
    client = await api.signed_in(rep)
    day = (await client.post(PLANS, json={"day": MONDAY, "max_visits": 5})).json()
    gone = accounts(day)[0]
    alone = await replanned(client, day, cancelled=[gone], fill=False)
    filled = await replanned(client, alone)
    assert {item["account_id"] for item in alone["left_out"]} == {i["account_id"] for i in day["left_out"]}
    assert (len(accounts(alone)), len(accounts(filled))) == (4, 5)
    assert gone not in accounts(filled)


async def test_what_was_agreed_keeps_its_own_length_when_the_day_changes(api):
    rep, _ = await rep_with_dealers(api.db, 3)
    dealer = await api.db.write(lambda s: str(make_dealer(s, 5, owner_id=rep.id, visit_minutes=120).id))
    client = await api.signed_in(rep)
    visit = {
        "activity_type": "visit", "subject": "Contract", "account_id": dealer, "status": "scheduled",
        "due_at": "2026-11-23T21:30:00Z", "duration_minutes": 30,
    }  # fmt: skip
    assert (await client.post("/api/v1/crm/activities", json=visit)).status_code == 201
    day = (await client.post(PLANS, json={"day": MONDAY})).json()
    plan = await replanned(client, day, cancelled=[accounts(day)[0]])
    (agreed,) = [stop for stop in plan["stops"] if stop["has_appointment"]]
    assert (agreed["account_id"], agreed["starts_at"][11:16], agreed["ends_at"][11:16]) == (
        dealer,
        "21:30",
        "22:00",
    )


async def test_an_appointment_that_can_no_longer_be_kept_is_said_before_all_else(api):
    rep, _ = await rep_with_dealers(api.db, 3)
    far = await api.db.write(lambda s: make_dealer(s, 60, owner_id=rep.id, name="Far Motors"))
    client = await api.signed_in(rep)
    agreed = {"account_id": str(far.id), "at": "15:00", "minutes": 60}
    day = (await client.post(PLANS, json={"day": MONDAY, "appointments": [agreed]})).json()
    late = await replanned(client, day, at="2026-11-23T19:55:00Z", here=HERE, shift_end="16:30")
    assert str(far.id) in accounts(day)
    assert late["notes"][0].startswith("Far Motors, agreed for 15:00, had to be visited and is not: too far")


async def test_visits_that_stay_keep_their_activity(api):
    client, _, days, _ = await accepted_week(api)
    before = {stop["account_id"]: stop["activity_id"] for stop in days[0]["stops"]}
    plan = await replanned(client, days[0], cancelled=[accounts(days[0])[0]], accept=True)
    kept = {s["account_id"]: s["activity_id"] for s in plan["stops"] if s["account_id"] in before}
    assert kept == {account: before[account] for account in kept}
    assert len(kept) >= 5


async def test_a_plan_that_gave_way_is_not_planned_anew(api):
    client, _, days, _ = await accepted_week(api, 8)
    await replanned(client, days[0], accept=True)
    response = await client.post(f"{PLANS}/{days[0]['id']}/replan", json={})
    assert response.status_code == 409


async def test_a_colleague_plans_nothing_anew(api):
    _, _, days, _ = await accepted_week(api, 4)
    response = await (await api.client("rep")).post(f"{PLANS}/{days[0]['id']}/replan", json={})
    assert response.status_code == 404


# ── Why ──────────────────────────────────────────────────────────────────────────────────────────


async def why(client, plan, account_id):
    response = await client.get(f"{PLANS}/{plan['id']}/why/{account_id}")
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_planned_account_says_what_makes_it_worth_a_visit(api):
    rep, _ = await rep_with_dealers(api.db, 3)
    client = await api.signed_in(rep)
    plan = (await client.post(PLANS, json={"day": MONDAY})).json()
    told = await why(client, plan, accounts(plan)[0])
    assert (told["is_planned"], told["why"], told["text"]) == (True, None, "never visited")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"opening_hours": {"2": [["08:00", "18:00"]]}}, "closed"),
        ({"opening_hours": {"1": [["05:00", "07:00"]]}}, "off_shift"),
        ({"opening_hours": {"1": [["09:00", "09:10"]]}}, "short_hours"),
        ({"north": 2500}, "too_far"),
        ({}, "worth_less"),
    ],
)
async def test_any_account_may_be_asked_about_and_is_really_tried(api, values, reason):
    rep, _ = await rep_with_dealers(api.db, 30)
    client = await api.signed_in(rep)
    plan = (await client.post(PLANS, json={"day": MONDAY, "max_visits": 5})).json()

    def make(session):
        recently = datetime(2026, 11, 20, 15, tzinfo=UTC)
        return make_dealer(
            session, **{"north": 4, "owner_id": rep.id, "last_visit_at": recently, **values}
        ).id

    told = await why(client, plan, await api.db.write(make))
    assert (told["is_planned"], told["why"]) == (False, reason)
    if reason == "worth_less":
        assert told["instead_of"] in accounts(plan)
        assert "which it would push out" in told["text"]


async def test_an_account_without_a_place_says_so(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    client = await api.signed_in(rep)
    plan = (await client.post(PLANS, json={"day": MONDAY})).json()

    def lost(session):
        dealer = make_dealer(session, owner_id=rep.id)
        dealer.latitude = dealer.longitude = None
        return dealer.id

    assert (await why(client, plan, await api.db.write(lost)))["why"] == "no_coordinates"


async def test_somebody_elses_account_is_not_explained(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    _, foreign = await rep_with_dealers(api.db, 1)
    client = await api.signed_in(rep)
    plan = (await client.post(PLANS, json={"day": MONDAY})).json()
    assert (await client.get(f"{PLANS}/{plan['id']}/why/{foreign[0].id}")).status_code == 404


# ── Free time ────────────────────────────────────────────────────────────────────────────────────


async def test_forty_free_minutes_find_the_nearest_overdue_dealer_that_fits(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        return [str(make_dealer(session, north=n, owner_id=rep.id, visit_minutes=20).id) for n in (9, 3, 60)]

    nine, three, _ = await api.db.write(make)
    here = {"latitude": COLUMBUS.latitude, "longitude": COLUMBUS.longitude}
    body = {"minutes": 40, "here": here, "at": NOON.isoformat()}
    found = (await (await api.signed_in(rep)).post(FREE, json=body)).json()
    assert [item["account_id"] for item in found["items"]] == [three, nine]
    assert found["items"][0]["text"] == "nothing else is planned"
    assert (found["plan_id"], found["quickest"]) == (None, None)


async def test_where_nobody_fits_it_says_who_would_with_a_little_more_time(api):
    rep, _ = await rep_with_dealers(api.db, 0)
    far, near = await api.db.write(
        lambda s: [make_dealer(s, n, owner_id=rep.id, visit_minutes=20, name=str(n)) for n in (20, 12)]
    )
    here = {"latitude": COLUMBUS.latitude, "longitude": COLUMBUS.longitude}
    body = {"minutes": 25, "here": here, "at": NOON.isoformat()}
    found = (await (await api.signed_in(rep)).post(FREE, json=body)).json()
    assert (found["items"], found["tried"]) == ([], 2)
    assert (found["quickest"]["account_name"], far.name) == (near.name, "20")
    more = body | {"minutes": found["quickest"]["minutes"]}
    assert (await (await api.signed_in(rep)).post(FREE, json=more)).json()["items"]


async def test_free_time_says_what_a_visit_does_to_the_rest_of_the_day(api):
    client, _, days, _ = await accepted_week(api, 20)
    spare = await api.db.write(
        lambda s: str(make_dealer(s, 1, 1, owner_id=_owner(days), visit_minutes=15).id)
    )
    first = days[0]["stops"][0]
    here = {"latitude": COLUMBUS.latitude, "longitude": COLUMBUS.longitude}
    body = {"minutes": 45, "here": here, "at": days[0]["leaves_at"]}
    found = (await client.post(FREE, json=body)).json()
    assert found["plan_id"] == days[0]["id"]
    (item,) = [item for item in found["items"] if item["account_id"] == spare]
    assert 0 < item["delays_next_by_seconds"] <= 45 * 60
    assert item["account_id"] != first["account_id"]


def _owner(days):
    return UUID(days[0]["owner_id"])


async def test_a_dealer_that_is_closed_now_is_not_offered(api):
    rep, _ = await rep_with_dealers(api.db, 0)
    await api.db.write(lambda s: make_dealer(s, 2, owner_id=rep.id, opening_hours={}) and None)
    body = {"minutes": 120, "here": {"latitude": 39.96, "longitude": -83.0}, "at": NOON.isoformat()}
    assert (await (await api.signed_in(rep)).post(FREE, json=body)).json()["items"] == []
