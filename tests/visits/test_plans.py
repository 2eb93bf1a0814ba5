"""Planning a day over HTTP: what comes out, who may, what is refused, and what accepting does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from crm_api.accounts.models import Account
from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.events.models import EventRow
from crm_api.ports import Drive, Leg, TemporaryFailure, TravelMatrix
from crm_api.visits.itinerary import as_text
from integrations.fallback import FirstThatAnswers
from integrations.offline.great_circle import GreatCircleTravelTimes, driving_seconds
from tests.factories import make_opportunity, make_organisation, make_team, make_territory
from tests.support.api import serving
from tests.support.ports import offline_ports
from tests.visits.people import (
    DEALERS,
    MONDAY,
    NEW_YORK,
    SUNDAY,
    ford_dealers,
    make_dealer,
    make_rep,
    rep_with_dealers,
)

PLANS = "/api/v1/crm/visits/plans"


async def planned(client, **body):
    response = await client.post(PLANS, json={"day": MONDAY, "account_type": "dealer", **body})
    assert response.status_code == 201, response.text
    return response.json()


def instant(text):
    return datetime.fromisoformat(text)


async def test_a_planned_day_holds_together(api):
    rep, _ = await rep_with_dealers(api.db, 25)
    plan = await planned(await api.signed_in(rep))
    stops = plan["stops"]
    assert plan["status"] == "proposed"
    assert plan["visits"] == len(stops) > 4
    assert instant(plan["shift_starts_at"]) == datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
    assert instant(plan["shift_starts_at"]) <= instant(plan["leaves_at"]) <= instant(stops[0]["arrives_at"])
    assert instant(plan["over_at"]) <= instant(plan["shift_ends_at"])
    for stop in stops:
        assert instant(stop["starts_at"]) >= datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
        assert instant(stop["ends_at"]) - instant(stop["starts_at"]) == timedelta(minutes=30)
    for before, after in pairwise(stops):
        driving = timedelta(seconds=after["driving_seconds"])
        assert instant(after["starts_at"]) >= instant(before["ends_at"]) + driving
    assert sum(stop["driving_metres"] for stop in stops) < plan["driving_metres"]


async def test_every_candidate_is_visited_or_left_out_with_a_sentence(api):
    rep, dealers = await rep_with_dealers(api.db, 25)
    plan = await planned(await api.signed_in(rep))
    visited = {stop["account_id"] for stop in plan["stops"]}
    left_out = {item["account_id"]: item["text"] for item in plan["left_out"]}
    assert visited | left_out.keys() == {str(dealer.id) for dealer in dealers}
    assert not visited & left_out.keys()
    assert all(left_out.values())


async def test_the_links_lead_through_every_stop_and_home(api):
    rep, _ = await rep_with_dealers(api.db, 25)
    plan = await planned(await api.signed_in(rep))
    assert len(plan["links"]["desktop"]) == 1 + (plan["visits"] > 9)
    assert len(plan["links"]["mobile"]) == -(-(plan["visits"] + 1) // 4)


async def test_a_plan_is_read_back_as_it_was_answered(api):
    rep, _ = await rep_with_dealers(api.db, 12)
    client = await api.signed_in(rep)
    plan = await planned(client)
    response = await client.get(f"{PLANS}/{plan['id']}")
    assert response.json() == plan
    assert response.headers["ETag"] == '"1"'


async def test_the_list_shows_plans_without_their_stops(api):
    rep, _ = await rep_with_dealers(api.db, 12)
    client = await api.signed_in(rep)
    plan = await planned(client)
    (item,) = (await client.get(PLANS, params={"day": MONDAY, "status": "proposed"})).json()["items"]
    assert item["id"] == plan["id"]
    assert "stops" not in item
    assert (await client.get(PLANS, params={"day": SUNDAY})).json()["items"] == []


async def test_planning_the_same_day_twice_gives_the_same_day(api):
    rep, _ = await rep_with_dealers(api.db, 30)
    client = await api.signed_in(rep)
    own = ("id", "created_at", "updated_at")
    first, second = [{k: v for k, v in (await planned(client)).items() if k not in own} for _ in range(2)]
    assert first == second


async def test_a_plan_asked_for_again_under_its_key_is_the_plan_there_is(api):
    rep, _ = await rep_with_dealers(api.db, 12)
    client = await api.signed_in(rep)
    asked = {
        "json": {"day": MONDAY, "account_type": "dealer"},
        "headers": {"Idempotency-Key": "tapped twice"},
    }
    first, second = await client.post(PLANS, **asked), await client.post(PLANS, **asked)
    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (await client.get(PLANS)).json()["total"] == 1


async def test_on_sunday_everybody_is_closed(api):
    rep, _ = await rep_with_dealers(api.db, 3)
    plan = await planned(await api.signed_in(rep), day=SUNDAY)
    assert plan["visits"] == 0
    assert {item["why"] for item in plan["left_out"]} == {"closed"}


async def test_a_day_without_anybody_in_reach_says_so(api):
    rep, _ = await rep_with_dealers(api.db, 0)
    plan = await planned(await api.signed_in(rep))
    assert plan["stops"] == []
    assert plan["notes"] == ["No account with coordinates lies within 80 km."]
    assert plan["links"] == {"desktop": [], "mobile": []}


async def test_must_see_accounts_come_first_however_far_from_the_radius(api):
    rep, _ = await rep_with_dealers(api.db, 20)

    def far(session):
        return make_dealer(session, north=60, owner_id=rep.id).id

    far_id = str(await api.db.write(far))
    plan = await planned(await api.signed_in(rep), radius_km=40, must_see=[far_id])
    (stop,) = [stop for stop in plan["stops"] if stop["account_id"] == far_id]
    assert stop["must_see"]
    assert stop["reasons"][0] == {"code": "must_see", "text": "must see"}


async def test_an_appointment_is_kept_to_the_minute_in_the_reps_own_zone(api):
    rep, dealers = await rep_with_dealers(api.db, 20)
    agreed = {"account_id": str(dealers[3].id), "at": "15:10"}
    plan = await planned(await api.signed_in(rep), appointments=[agreed])
    (stop,) = [stop for stop in plan["stops"] if stop["account_id"] == str(dealers[3].id)]
    assert instant(stop["starts_at"]) == datetime(2026, 11, 23, 20, 10, tzinfo=UTC)
    assert stop["reasons"][0]["text"] == "agreed for 15:10"


async def test_an_account_that_is_to_be_left_out_is(api):
    rep, dealers = await rep_with_dealers(api.db, 5)
    plan = await planned(await api.signed_in(rep), leave_out=[str(dealers[0].id)])
    told = {item["account_id"] for item in [*plan["stops"], *plan["left_out"]]}
    assert str(dealers[0].id) not in told


async def test_max_visits_is_kept(api):
    rep, _ = await rep_with_dealers(api.db, 20)
    assert (await planned(await api.signed_in(rep), max_visits=2))["visits"] == 2


async def test_too_many_candidates_are_cut_and_counted(api):
    rep, _ = await rep_with_dealers(api.db, 20)
    plan = await planned(await api.signed_in(rep), candidates=5)
    assert len(plan["stops"]) + len(plan["left_out"]) == 5
    assert plan["notes"][0].startswith("15 more accounts are in reach")


async def test_the_more_overdue_dealer_with_the_bigger_deal_is_chosen_and_says_why(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def two(session):
        ago = datetime(2026, 11, 20, 15, tzinfo=UTC)
        fresh = make_dealer(session, 10, owner_id=rep.id, last_visit_at=ago - timedelta(days=60))
        overdue = make_dealer(
            session,
            11,
            owner_id=rep.id,
            visit_every_days=30,
            tier="gold",
            last_visit_at=ago - timedelta(days=48),
        )
        make_opportunity(
            session, "negotiation", account_id=overdue.id, estimated_value=4_000_000, owner_id=rep.id
        )
        make_opportunity(
            session, "closed_won", account_id=fresh.id, estimated_value=9_000_000, owner_id=rep.id
        )
        return fresh.id, overdue.id

    fresh_id, overdue_id = await api.db.write(two)
    plan = await planned(await api.signed_in(rep), max_visits=1)
    assert plan["stops"][0]["account_id"] == str(overdue_id)
    texts = [reason["text"] for reason in plan["stops"][0]["reasons"]]
    assert sorted(texts) == ["1 open deal, USD 40,000", "gold account", "overdue 21 days"]
    assert plan["left_out"][0]["account_id"] == str(fresh_id)
    assert plan["left_out"][0]["instead_of"] == str(overdue_id)


async def test_an_accounts_own_hours_and_minutes_are_used(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def one(session):
        hours = {"1": [["14:00", "15:00"]]}
        return make_dealer(session, 5, owner_id=rep.id, opening_hours=hours, visit_minutes=50).id

    await api.db.write(one)
    (stop,) = (await planned(await api.signed_in(rep)))["stops"]
    assert instant(stop["starts_at"]) == datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    assert instant(stop["ends_at"]) == datetime(2026, 11, 23, 19, 50, tzinfo=UTC)


async def test_the_organisations_settings_give_hours_and_shift(api):
    rep, _ = await rep_with_dealers(api.db, 3)

    def settings(session):
        hours = {"dealer": {"1": [["18:00", "20:00"]]}}
        visits = {"opening_hours": hours, "shift_start": "17:00", "shift_end": "21:00", "visit_minutes": 20}
        make_organisation(session, settings={"visits": visits})

    await api.db.write(settings)
    plan = await planned(await api.signed_in(rep))
    assert plan["visits"] == 3
    assert min(instant(stop["starts_at"]) for stop in plan["stops"]) == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert plan["notes"] == ["No lunch is planned."]


async def test_settings_that_make_no_sense_are_named(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    await api.db.write(lambda s: make_organisation(s, settings={"visits": {"shift_start": "noon"}}) and None)
    response = await (await api.signed_in(rep)).post(PLANS, json={"day": MONDAY})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "settings.visits.shift_start"


async def test_accounts_of_a_territory_without_coordinates_are_left_out_with_that_reason(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        territory = make_territory(session)
        make_dealer(session, 3, owner_id=rep.id, territory_id=territory.id)
        make_dealer(session, 4, owner_id=rep.id)
        lost = make_dealer(session, owner_id=rep.id, territory_id=territory.id)
        lost.latitude = lost.longitude = 0.0
        return str(territory.id), str(lost.id)

    territory_id, lost_id = await api.db.write(make)
    plan = await planned(await api.signed_in(rep), territory_id=territory_id)
    assert plan["visits"] == 1
    assert [(item["account_id"], item["why"]) for item in plan["left_out"]] == [(lost_id, "no_coordinates")]


# ── Who may ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_plan_has_only_accounts_its_rep_may_see(api):
    rep, dealers = await rep_with_dealers(api.db, 4)
    await rep_with_dealers(api.db, 4)
    plan = await planned(await api.client(), owner_id=str(rep.id))
    told = {item["account_id"] for item in [*plan["stops"], *plan["left_out"]]}
    assert told == {str(dealer.id) for dealer in dealers}


async def test_field_staff_plan_in_their_own_territory(api):
    def make(session):
        territory = make_territory(session)
        user = make_rep(session, "field", territories=[territory])
        return user, str(make_dealer(session, 3, territory_id=territory.id).id), make_dealer(session, 4)

    user, mine, _ = await api.db.write(make)
    plan = await planned(await api.signed_in(user))
    assert [stop["account_id"] for stop in plan["stops"]] == [mine]


async def test_a_rep_plans_nobody_elses_day(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    response = await (await api.client("rep")).post(PLANS, json={"day": MONDAY, "owner_id": str(rep.id)})
    assert response.status_code == 403


async def test_a_manager_plans_the_days_of_the_team_and_of_no_other(api):
    def make(session):
        east, west = make_team(session), make_team(session, "West")
        boss = make_rep(session, "manager", team_id=east.id)
        return boss, make_rep(session, team_id=east.id), make_rep(session, team_id=west.id)

    boss, own, foreign = await api.db.write(make)
    client = await api.signed_in(boss)
    assert (await planned(client, owner_id=str(own.id)))["owner_id"] == str(own.id)
    assert (await client.post(PLANS, json={"day": MONDAY, "owner_id": str(foreign.id)})).status_code == 403


async def test_a_viewer_plans_nothing(api):
    response = await (await api.client("viewer")).post(PLANS, json={"day": MONDAY})
    assert response.status_code == 403


async def test_a_colleague_does_not_see_the_plan(api):
    rep, _ = await rep_with_dealers(api.db, 3)
    plan = await planned(await api.signed_in(rep))
    colleague = await api.client("rep")
    assert (await colleague.get(f"{PLANS}/{plan['id']}")).status_code == 404
    assert (await colleague.get(PLANS)).json()["items"] == []


# ── What is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"day": "2026-02-30"}, "day"),
        ({"shift_start": "17:00", "shift_end": "09:00"}, "shift_end"),
        ({"shift_start": "8 o'clock"}, "shift_start"),
        ({"lunch_from": "14:00", "lunch_to": "12:00"}, "lunch_to"),
        ({"radius_km": 0}, "radius_km"),
        ({"radius_km": 20_000}, "radius_km"),
        ({"start": {"latitude": 91, "longitude": 0}}, "start.latitude"),
        ({"candidates": 5_000}, "candidates"),
        ({"must_see": ["0190e2a4-0000-7000-8000-000000000000"]}, "must_see.0"),
        (
            {"appointments": [{"account_id": "0190e2a4-0000-7000-8000-000000000000", "at": "10:00"}]},
            "appointments.0.account_id",
        ),
        ({"owner_id": "0190e2a4-0000-7000-8000-000000000000"}, "owner_id"),
    ],
)
async def test_input_that_makes_no_sense_names_its_field(api, body, field):
    rep, _ = await rep_with_dealers(api.db, 1)
    response = await (await api.signed_in(rep)).post(PLANS, json={"day": MONDAY, **body})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"].removeprefix("body.") == field


async def test_a_rep_without_a_home_must_say_where_the_day_begins(api):
    client = await api.client("rep")
    response = await client.post(PLANS, json={"day": MONDAY})
    assert response.json()["errors"][0]["field"] == "start"
    assert (await planned(client, start={"latitude": 40, "longitude": -83}))["visits"] == 0


async def test_a_shift_too_short_to_reach_its_end_is_refused(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    body = {
        "day": MONDAY,
        "shift_start": "09:00",
        "shift_end": "10:00",
        "end": {"latitude": 42, "longitude": -83},
    }
    response = await (await api.signed_in(rep)).post(PLANS, json=body)
    assert response.json()["errors"][0]["field"] == "shift_end"


async def test_the_same_account_as_must_see_and_left_out_is_refused(api):
    rep, dealers = await rep_with_dealers(api.db, 1)
    body = {"day": MONDAY, "must_see": [str(dealers[0].id)], "leave_out": [str(dealers[0].id)]}
    assert (await (await api.signed_in(rep)).post(PLANS, json=body)).status_code == 422


# ── Accepting ────────────────────────────────────────────────────────────────────────────────────


async def accepted(client, **body):
    plan = await planned(client, **body)
    response = await client.post(f"{PLANS}/{plan['id']}/accept")
    assert response.status_code == 200, response.text
    return response.json()


async def visits_of(api, rep, status="scheduled"):
    statement = sa.select(Activity).where(Activity.owner_id == rep.id, Activity.status == status)
    return await api.db.read(lambda s: s.scalars(statement.order_by(Activity.due_at)).all())


async def test_accepting_makes_each_stop_a_scheduled_visit(api):
    rep, _ = await rep_with_dealers(api.db, 12)
    plan = await accepted(await api.signed_in(rep))
    assert plan["status"] == "accepted"
    visits = await visits_of(api, rep)
    assert [(v.activity_type, str(v.account_id), v.due_at, v.duration_minutes) for v in visits] == [
        ("visit", stop["account_id"], instant(stop["starts_at"]), 30) for stop in plan["stops"]
    ]
    assert [str(visit.id) for visit in visits] == [stop["activity_id"] for stop in plan["stops"]]


async def test_an_accepted_visit_says_why_it_is_made(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    await accepted(await api.signed_in(rep))
    (visit,) = await visits_of(api, rep)
    assert visit.description == "Why: never visited"


async def test_a_plan_is_accepted_once(api):
    rep, _ = await rep_with_dealers(api.db, 2)
    client = await api.signed_in(rep)
    plan = await accepted(client)
    assert (await client.post(f"{PLANS}/{plan['id']}/accept")).status_code == 409
    assert len(await visits_of(api, rep)) == 2


async def test_accepting_a_plan_that_changed_since_is_refused(api):
    rep, _ = await rep_with_dealers(api.db, 2)
    client = await api.signed_in(rep)
    plan = await planned(client)
    response = await client.post(f"{PLANS}/{plan['id']}/accept", headers={"If-Match": '"7"'})
    assert response.status_code == 412


async def test_a_new_plan_for_the_day_moves_the_visits_it_keeps_and_cancels_the_others(api):
    rep, _ = await rep_with_dealers(api.db, 6)
    client = await api.signed_in(rep)
    first = await accepted(client)
    done, dropped = first["stops"][0], first["stops"][1]
    await client.post(f"/api/v1/crm/activities/{done['activity_id']}/complete", json={})
    second = await accepted(client, leave_out=[dropped["account_id"]], shift_start="09:30")
    assert (await client.get(f"{PLANS}/{first['id']}")).json()["status"] == "replaced"
    assert [str(v.id) for v in await visits_of(api, rep, "cancelled")] == [dropped["activity_id"]]
    before = {stop["account_id"]: stop["activity_id"] for stop in first["stops"]}
    after = {stop["account_id"]: stop["activity_id"] for stop in second["stops"]}
    assert after == {account: before[account] for account in after}
    assert done["account_id"] not in after
    starts = {str(v.id): v.due_at for v in await visits_of(api, rep)}
    assert starts == {stop["activity_id"]: instant(stop["starts_at"]) for stop in second["stops"]}


async def test_making_and_accepting_are_events_and_audited(api):
    rep, _ = await rep_with_dealers(api.db, 2)
    await accepted(await api.signed_in(rep))
    types = await api.db.read(
        lambda s: s.scalars(
            sa.select(EventRow.type).where(EventRow.kind == "visit_plan").order_by(EventRow.id)
        ).all()
    )
    assert types == ["visit_plan.created", "visit_plan.accepted"]


async def test_a_dealer_visited_today_is_not_planned_again_unless_somebody_insists(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    client = await api.signed_in(rep)
    (stop,) = (await accepted(client))["stops"]
    await client.post(f"/api/v1/crm/activities/{stop['activity_id']}/complete", json={})
    again = await planned(client)
    assert [(item["account_id"], item["why"]) for item in again["left_out"]] == [
        (stop["account_id"], "visited_recently")
    ]
    insisted = await planned(client, must_see=[stop["account_id"]])
    assert [s["account_id"] for s in insisted["stops"]] == [stop["account_id"]]


async def test_a_manager_proposes_and_only_the_rep_accepts(api):
    def make(session):
        team = make_team(session)
        boss, rep = make_rep(session, "manager", team_id=team.id), make_rep(session, team_id=team.id)
        make_dealer(session, 3, owner_id=rep.id)
        return boss, rep

    boss, rep = await api.db.write(make)
    manager = await api.signed_in(boss)
    plan = await planned(manager, owner_id=str(rep.id))
    assert plan["proposed_by"] == str(boss.id)
    assert (await manager.post(f"{PLANS}/{plan['id']}/accept")).status_code == 403
    assert (await (await api.client()).post(f"{PLANS}/{plan['id']}/accept")).status_code == 403
    response = await (await api.signed_in(rep)).post(f"{PLANS}/{plan['id']}/accept")
    assert response.json()["status"] == "accepted"


async def test_a_declined_proposal_cannot_be_accepted_any_more(api):
    rep, _ = await rep_with_dealers(api.db, 1)
    client = await api.signed_in(rep)
    plan = await planned(client)
    assert (await client.post(f"{PLANS}/{plan['id']}/decline")).json()["status"] == "declined"
    assert (await client.post(f"{PLANS}/{plan['id']}/accept")).status_code == 409


# ── The day as it is ─────────────────────────────────────────────────────────────────────────────


async def test_a_day_that_has_begun_is_planned_from_now_on(api):
    rep, _ = await rep_with_dealers(api.db, 20)
    with clock.frozen(datetime(2026, 11, 23, 19, 2, tzinfo=UTC)):
        plan = await planned(await api.signed_in(rep))
    assert plan["visits"] > 0
    assert instant(plan["leaves_at"]) >= datetime(2026, 11, 23, 19, 5, tzinfo=UTC)
    assert instant(plan["over_at"]) <= datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), "the working day ended at 17:30"),
        (datetime(2026, 11, 24, 15, 0, tzinfo=UTC), "2026-11-23 is over"),
    ],
)
async def test_a_day_that_is_over_is_not_planned(api, now, says):
    rep, _ = await rep_with_dealers(api.db, 2)
    with clock.frozen(now):
        response = await (await api.signed_in(rep)).post(PLANS, json={"day": MONDAY})
    (error,) = response.json()["errors"]
    assert error["field"] == "day"
    assert says in error["message"]


async def test_a_rep_without_a_home_starts_in_the_middle_of_their_accounts_and_is_told(api):
    rep, dealers = await rep_with_dealers(api.db, 9, home_latitude=None, home_longitude=None)
    plan = await planned(await api.signed_in(rep))
    assert plan["visits"] > 0
    assert (plan["start_latitude"], plan["start_longitude"]) in [(d.latitude, d.longitude) for d in dealers]
    assert "no home place" in plan["notes"][0]


async def test_meetings_in_the_calendar_are_kept_and_calls_without_a_place_keep_their_time_free(api):
    rep, dealers = await rep_with_dealers(api.db, 20)
    client = await api.signed_in(rep)
    meeting = {"activity_type": "meeting", "subject": "Autumn range", "account_id": str(dealers[2].id)}
    at = {"status": "scheduled", "due_at": "2026-11-23T15:30:00Z", "duration_minutes": 60}
    held = (await client.post("/api/v1/crm/activities", json={**meeting, **at})).json()
    online = {"activity_type": "video_call", "subject": "Team call", "status": "scheduled"}
    later = {"due_at": "2026-11-23T19:00:00Z", "duration_minutes": 45}
    await client.post("/api/v1/crm/activities", json={**online, **later})

    plan = await accepted(client)
    (stop,) = [stop for stop in plan["stops"] if stop["account_id"] == str(dealers[2].id)]
    assert (stop["starts_at"], stop["activity_id"]) == ("2026-11-23T15:30:00Z", held["id"])
    assert instant(stop["ends_at"]) - instant(stop["starts_at"]) == timedelta(hours=1)
    (call,) = plan["busy"]
    begins, ends = map(instant, call)
    assert (begins, ends) == (
        datetime(2026, 11, 23, 19, tzinfo=UTC), datetime(2026, 11, 23, 19, 45, tzinfo=UTC),
    )  # fmt: skip
    for other in plan["stops"]:
        assert instant(other["ends_at"]) <= begins or instant(other["starts_at"]) >= ends
    ignored = await planned(client, calendar=False)
    assert ignored["busy"] == []


async def test_a_plan_on_the_map_is_geojson_with_longitude_first(api):
    rep, _ = await rep_with_dealers(api.db, 5)
    client = await api.signed_in(rep)
    plan = await planned(client)
    response = await client.get(f"{PLANS}/{plan['id']}/geojson")
    assert response.headers["Content-Type"] == "application/geo+json"
    *points, route = response.json()["features"]
    assert [point["properties"]["role"] for point in points] == ["start", *["visit"] * plan["visits"], "end"]
    assert route["geometry"]["coordinates"] == [point["geometry"]["coordinates"] for point in points]
    assert points[0]["geometry"]["coordinates"] == [plan["start_longitude"], plan["start_latitude"]]


# ── Looking around ───────────────────────────────────────────────────────────────────────────────


async def test_candidates_come_most_worthwhile_first_with_todays_hours(api):
    rep, _ = await rep_with_dealers(api.db, 8)
    params = {"latitude": 39.9612, "longitude": -82.9988, "day": "2026-11-28", "limit": 3}
    found = (await (await api.signed_in(rep)).get("/api/v1/crm/visits/candidates", params=params)).json()
    assert (len(found["items"]), found["total"], found["without_coordinates"]) == (3, 8, 0)
    assert found["items"][0]["opens"] == [["09:00", "14:00"]]
    assert found["items"][0]["reasons"][0]["text"] == "never visited"


async def test_deals_that_are_closed_or_archived_are_no_reason_for_a_visit(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        dealer = make_dealer(session, 9, owner_id=rep.id)
        deal = {"account_id": dealer.id, "owner_id": rep.id, "estimated_value": 5_000_000}
        make_opportunity(session, "closed_won", **deal)
        make_opportunity(session, "proposal", archived_at=datetime(2026, 11, 1, tzinfo=UTC), **deal)
        make_opportunity(session, "proposal", **deal)

    await api.db.write(make)
    params = {"latitude": 39.9612, "longitude": -82.9988, "day": MONDAY}
    found = (await (await api.signed_in(rep)).get("/api/v1/crm/visits/candidates", params=params)).json()
    assert [reason["text"] for reason in found["items"][0]["reasons"]] == [
        "never visited",
        "1 open deal, USD 50,000",
    ]


async def test_nearby_lists_the_nearest_first_within_the_radius(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        return [str(make_dealer(session, north=n, owner_id=rep.id).id) for n in (9, 3, 30)]

    nine, three, _ = await api.db.write(make)
    params = {"latitude": 39.9612, "longitude": -82.9988, "radius_km": 15}
    found = (await (await api.signed_in(rep)).get("/api/v1/crm/visits/nearby", params=params)).json()
    assert [item["account_id"] for item in found["items"]] == [three, nine]
    assert found["items"][0]["distance_metres"] == pytest.approx(3336, abs=2)


async def test_nearby_works_across_the_date_line(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        east = make_dealer(session, owner_id=rep.id)
        east.latitude, east.longitude = -17.0, 179.95
        west = make_dealer(session, owner_id=rep.id)
        west.latitude, west.longitude = -17.0, -179.95

    await api.db.write(make)
    params = {"latitude": -17.0, "longitude": 179.99, "radius_km": 25}
    found = (await (await api.signed_in(rep)).get("/api/v1/crm/visits/nearby", params=params)).json()
    assert len(found["items"]) == 2


async def test_somebody_elses_accounts_are_nowhere_around(api):
    await rep_with_dealers(api.db, 3)
    client = await api.client("rep")
    params = {"latitude": 39.9612, "longitude": -82.9988}
    assert (await client.get("/api/v1/crm/visits/nearby", params=params)).json()["items"] == []
    assert (await client.get("/api/v1/crm/visits/candidates", params=params)).json()["total"] == 0


# ── Roads ────────────────────────────────────────────────────────────────────────────────────────


class Roads(GreatCircleTravelTimes):
    """Exact roads that take `factor` times the estimate, and count what was asked. A drive costs `micros`."""

    def __init__(self, factor: float = 1.0, failing: bool = False, micros: int = 5_000) -> None:
        self.factor, self.failing, self.micros, self.drives = factor, failing, micros, list[int]()

    def price(self, places: int) -> int:
        return self.micros

    async def drive(self, places, *, departure=None) -> Drive:
        if self.failing:
            raise TemporaryFailure("roads.example answered 503.")
        self.drives.append(len(places))
        found = await super().matrix(places, places)
        legs = [
            Leg(round((found.seconds[n][n + 1] or 0) * self.factor), found.metres[n][n + 1])
            for n in range(len(places) - 1)
        ]
        return Drive(tuple(legs), "Exact Roads")


class NoTimes(GreatCircleTravelTimes):
    """Not even an estimate."""

    async def matrix(self, origins, destinations, *, departure=None) -> TravelMatrix:
        raise TemporaryFailure("roads.example answered 503.")


async def with_roads(db, tmp_path, roads, count=20):
    rep, _ = await rep_with_dealers(db, count)
    async with serving(db, tmp_path, ports=replace(offline_ports(tmp_path), road_times=roads)) as api:
        return await planned(await api.signed_in(rep))


async def test_exact_roads_are_asked_for_the_drive_of_the_day_alone(db, tmp_path):
    roads = Roads()
    plan = await with_roads(db, tmp_path, roads)
    assert roads.drives == [plan["visits"] + 2]
    assert (plan["travel_source"], plan["is_estimate"]) == ("Exact Roads", False)


async def test_slower_roads_cost_visits_but_never_make_the_day_invalid(db, tmp_path):
    roads = Roads(1.6, micros=0)
    plan = await with_roads(db, tmp_path, roads)
    assert instant(plan["over_at"]) <= instant(plan["shift_ends_at"])
    assert plan["visits"] >= 3
    for stop in plan["stops"]:
        exact = 1.6 * driving_seconds(stop["driving_metres"])
        assert stop["driving_seconds"] == pytest.approx(exact, abs=3)


async def test_a_day_costs_two_cents_at_most_and_says_what_it_could_not_ask(db, tmp_path):
    roads = Roads(1.6, micros=15_000)
    plan = await with_roads(db, tmp_path, roads)
    assert len(roads.drives) == 1
    assert "drives are estimated" in plan["notes"][0]
    assert instant(plan["over_at"]) <= instant(plan["shift_ends_at"])


async def test_roads_that_fail_leave_the_estimate_and_say_so(db, tmp_path):
    plan = await with_roads(db, tmp_path, Roads(failing=True))
    assert plan["is_estimate"]
    assert plan["notes"] == ["Travel times are estimated: roads.example answered 503."]


async def test_what_the_free_travel_times_have_to_say_is_told(db, tmp_path):
    rep, _ = await rep_with_dealers(db, 2)
    times = FirstThatAnswers(NoTimes(), GreatCircleTravelTimes())
    async with serving(db, tmp_path, ports=replace(offline_ports(tmp_path), travel_times=times)) as api:
        plan = await planned(await api.signed_in(rep))
    assert plan["notes"] == ["Travel times are estimated: roads.example answered 503."]


async def test_without_any_travel_times_planning_is_unavailable(db, tmp_path):
    rep, _ = await rep_with_dealers(db, 2)
    ports = replace(offline_ports(tmp_path), travel_times=NoTimes())
    async with serving(db, tmp_path, ports=ports) as api:
        response = await (await api.signed_in(rep)).post(PLANS, json={"day": MONDAY})
    assert response.status_code == 503
    assert "Retry-After" in response.headers


# ── Real dealers ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(not DEALERS.exists(), reason=f"{DEALERS} is not there; set CRM_TEST_DATA")
async def test_a_rep_in_columbus_has_a_full_day_among_the_real_ford_dealers(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def load(session):
        session.add_all(
            Account(
                name=row["name"],
                number=f"ACC-FORD-{n:04}",
                account_type="dealer",
                billing_city=row["city"],
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                owner_id=rep.id,
            )
            for n, row in enumerate(ford_dealers())
        )

    await api.db.write(load)
    plan = await planned(await api.signed_in(rep), radius_km=80)
    assert plan["engine"] == "vroom"
    assert plan["time_zone"] == NEW_YORK
    assert plan["visits"] >= 8
    assert plan["lunch_starts_at"] is not None
    assert {item["why"] for item in plan["left_out"]} <= {"worth_less", "no_time"}


async def test_a_plan_reads_as_a_day_in_the_terminal(api):
    rep, _ = await rep_with_dealers(api.db, 0)

    def make(session):
        make_dealer(session, 9, owner_id=rep.id, name="Ann's Autos", billing_city="Worthington", tier="gold")
        make_dealer(session, 9, owner_id=rep.id, name="Bob's", opening_hours={"1": [["13:00", "15:00"]]})
        make_dealer(session, 9, owner_id=rep.id, name="Cy's", opening_hours={})

    await api.db.write(make)
    text = as_text(await planned(await api.signed_in(rep)))
    assert text.splitlines() == [
        "2026-11-23  2 visits, about 26 km, 34 min of driving (great circle)",
        "08:30        leave",
        "08:47-09:17  Ann's Autos, Worthington  (13 km, 17 min)  never visited; gold account",
        "12:00-12:45  lunch",
        "13:00-13:30  Bob's  (0 km, 0 min)  never visited",
        "13:47        back",
        "Not today:",
        "  Cy's: closed that day",
    ]


async def test_a_plan_for_a_day_off_says_so(api):
    rep, _ = await rep_with_dealers(api.db, 2)
    boss = await api.client()
    holiday = {"name": "World", "holidays": [{"day": MONDAY, "name": "Founders' Day"}]}
    await boss.post("/api/v1/organisation/holiday-calendars", json=holiday)
    plan = await planned(await api.signed_in(rep))
    assert plan["notes"] == [f"{MONDAY} is a day off: Founders' Day."]
