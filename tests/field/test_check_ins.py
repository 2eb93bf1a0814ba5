"""Checking in at the door and out again: what it proves, what it refuses, and what it does to the visit."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from crm_api.accounts.models import Account, AccountStats
from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.events.models import EventRow
from crm_api.field.models import CheckIn
from crm_api.maps.models import AccountPlace
from tests.factories import make_contact, make_team, make_territory, make_user
from tests.visits.people import COLUMBUS, MONDAY, make_dealer, rep_with_dealers

VISITS = "/api/v1/crm/visits"
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # noon in Columbus
DOOR = {"latitude": COLUMBUS.latitude + 0.0005, "longitude": COLUMBUS.longitude, "accuracy_metres": 10}
AWAY = {"latitude": COLUMBUS.latitude + 0.05, "longitude": COLUMBUS.longitude, "accuracy_metres": 10}


@pytest.fixture(autouse=True)
def _at_noon():
    with clock.frozen(NOON):
        yield


@pytest.fixture
async def town(api):
    """A rep with a client, and a dealer at the very middle of Columbus."""
    rep, _ = await rep_with_dealers(api.db, 0)
    dealer = await api.db.write(lambda s: make_dealer(s, owner_id=rep.id, name="Middle Motors"))
    return await api.signed_in(rep), rep, dealer


async def came(client, dealer, *, status=201, **body):
    answer = await client.post(f"{VISITS}/check-ins", json={"account_id": str(dealer.id), **body})
    assert answer.status_code == status, answer.text
    return answer.json()


async def left(client, check_in, *, status=200, **body):
    answer = await client.post(f"{VISITS}/check-ins/{check_in['id']}/check-out", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def visit_of(api, check_in):
    return await api.db.read(lambda s: s.get_one(Activity, UUID(check_in["activity_id"])))


@pytest.mark.parametrize(
    ("position", "verdict"),
    [
        (DOOR, "verified"),
        (AWAY, "away"),
        (AWAY | {"accuracy_metres": 5_000}, "unverified"),
        (DOOR | {"latitude": COLUMBUS.latitude + 0.002, "accuracy_metres": 100}, "verified"),
        (DOOR | {"latitude": COLUMBUS.latitude + 0.002, "accuracy_metres": 10}, "away"),
        ({}, "unverified"),
    ],
    ids=["at the door", "away", "a vague phone", "within its doubt", "beyond it", "no position"],
)
async def test_the_position_proves_what_it_can(town, position, verdict):
    client, _, dealer = town
    made = await came(client, dealer, **position)
    assert made["verdict"] == verdict
    if position:
        assert made["distance_metres"] == pytest.approx(
            111_195 * (position["latitude"] - COLUMBUS.latitude), abs=2
        )


async def test_a_pin_that_is_only_the_towns_proves_nothing(api, town):
    client, _, dealer = town
    await api.db.write(lambda s: s.add(AccountPlace(account_id=dealer.id, status="placed", precision="town")))
    assert (await came(client, dealer, **DOOR))["verdict"] == "unverified"


async def test_the_visit_planned_for_the_day_is_the_one_that_begins(api, town):
    client, _, dealer = town
    visit = {"activity_type": "visit", "subject": "Visit", "account_id": str(dealer.id)}
    body = visit | {"due_at": "2026-11-23T20:00:00Z"}
    planned = (await client.post("/api/v1/crm/activities", json=body)).json()
    made = await came(client, dealer, **DOOR)
    assert made["activity_id"] == planned["id"]
    visit = await visit_of(api, made)
    assert (visit.status, visit.occurred_at) == ("in_progress", NOON)
    assert visit.latitude == DOOR["latitude"]


async def test_without_a_plan_a_visit_begins_anyway_and_shows_no_position_that_is_not_the_accounts(api, town):
    client, rep, dealer = town
    visit = await visit_of(api, await came(client, dealer, **AWAY))
    assert (visit.subject, visit.owner_id, visit.status) == ("Visit Middle Motors", rep.id, "in_progress")
    assert visit.latitude is None


async def test_leaving_completes_the_visit_and_makes_the_account_less_overdue(api, town):
    client, _, dealer = town
    made = await came(client, dealer, at="2026-11-23T16:20:00Z", **DOOR)
    gone = await left(client, made, outcome="Wants 20 units", next_steps="Quote")
    assert gone["checked_out_at"] == "2026-11-23T17:00:00Z"
    visit = await visit_of(api, made)
    assert (visit.status, visit.outcome, visit.next_steps, visit.duration_minutes) == (
        "completed", "Wants 20 units", "Quote", 40,
    )  # fmt: skip
    last = sa.select(AccountStats.last_visit_at).where(AccountStats.account_id == dealer.id)
    assert await api.db.read(lambda s: s.scalar(last)) == NOON - timedelta(minutes=40)


async def test_the_next_step_and_the_follow_up_are_planned_in_the_same_form(api, town):
    client, rep, dealer = town
    contact = await api.db.write(lambda s: make_contact(s, account_id=dealer.id, owner_id=rep.id))
    made = await came(client, dealer, **DOOR)
    await left(
        client, made, outcome="Good", contact_id=str(contact.id), follow_up_date="2026-12-01T15:00:00Z",
        next_step={"subject": "Send the quote", "due_at": "2026-11-25T15:00:00Z"},
    )  # fmt: skip
    visit = await visit_of(api, made)
    assert (visit.contact_id, visit.requires_follow_up) == (contact.id, True)
    (task,) = (await client.get("/api/v1/crm/tasks")).json()["items"]
    assert (task["subject"], task["task_type"], task["account_id"]) == (
        "Send the quote",
        "follow_up",
        str(dealer.id),
    )


async def test_where_nobody_was_there_it_was_no_visit(api, town):
    client, _, dealer = town
    made = await came(client, dealer, **DOOR)
    await left(client, made, nobody_there=True)
    visit = await visit_of(api, made)
    assert (visit.status, visit.outcome) == ("cancelled", "Nobody was there")
    last = sa.select(AccountStats.last_visit_at).where(AccountStats.account_id == dealer.id)
    assert await api.db.read(lambda s: s.scalar(last)) is None


async def test_what_the_phone_kept_while_offline_is_believed_with_its_own_times(api, town):
    client, _, dealer = town
    own = str(uuid4())
    made = await came(client, dealer, id=own, at="2026-11-23T15:00:00Z", **DOOR)
    again = await came(client, dealer, id=own, at="2026-11-23T15:00:00Z", **DOOR)
    gone = await left(client, made, at="2026-11-23T15:25:00Z", outcome="Fine")
    assert (made["id"], again["id"], made["is_late"]) == (own, own, True)
    assert (made["checked_in_at"], gone["checked_out_at"]) == ("2026-11-23T15:00:00Z", "2026-11-23T15:25:00Z")
    assert await api.db.read(lambda s: s.scalar(sa.select(sa.func.count()).select_from(CheckIn))) == 1
    assert (await visit_of(api, made)).occurred_at == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


async def test_a_whole_visit_may_be_told_at_once(town):
    client, _, dealer = town
    made = await came(
        client,
        dealer,
        at="2026-11-23T15:00:00Z",
        check_out={"at": "2026-11-23T15:30:00Z", "outcome": "Fine"},
    )
    assert made["checked_out_at"] == "2026-11-23T15:30:00Z"


async def test_the_same_key_checks_in_once(town):
    client, _, dealer = town
    answers = [
        await client.post(
            f"{VISITS}/check-ins",
            json={"account_id": str(dealer.id)},
            headers={"Idempotency-Key": "tapped twice"},
        )
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"at": "2026-11-23T18:00:00Z"}, "at"),
        ({"at": "2026-11-01T18:00:00Z"}, "at"),
        ({"latitude": 40.0}, "body"),
        ({"pin_here": True}, "pin_here"),
        ({"pin_here": True, **DOOR, "accuracy_metres": 400}, "pin_here"),
        ({"latitude": 95, "longitude": 0}, "latitude"),
    ],
    ids=["the future", "long ago", "half a position", "no position to pin", "a vague pin", "no such place"],
)
async def test_what_cannot_be_is_refused_by_name(town, body, field):
    client, _, dealer = town
    answer = await client.post(f"{VISITS}/check-ins", json={"account_id": str(dealer.id), **body})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_a_phone_a_little_ahead_means_now(town):
    client, _, dealer = town
    made = await came(client, dealer, at="2026-11-23T17:05:00Z")
    assert made["checked_in_at"] == "2026-11-23T17:00:00Z"


async def test_a_visit_ends_once_and_not_before_it_began(town):
    client, _, dealer = town
    made = await came(client, dealer)
    await left(client, made, at="2026-11-23T16:00:00Z", status=422)
    await left(client, made)
    await left(client, made, status=409)


async def test_a_visit_somebody_checked_in_for_cannot_begin_again(town):
    client, _, dealer = town
    made = await came(client, dealer)
    await came(client, dealer, activity_id=made["activity_id"], status=409)
    await left(client, made)
    await came(client, dealer, activity_id=made["activity_id"], status=409)
    assert (await came(client, dealer))["activity_id"] != made["activity_id"]


async def test_standing_at_the_door_gives_an_account_its_pin_unless_somebody_set_one(api, town):
    client, rep, _ = town
    dealer = await api.db.write(lambda s: make_dealer(s, owner_id=rep.id, latitude=None, longitude=None))
    await came(client, dealer, pin_here=True, **DOOR)
    account = await api.db.read(lambda s: s.get_one(Account, dealer.id))
    assert (account.latitude, account.coordinates_source) == (DOOR["latitude"], "check_in")
    place = (await client.get(f"/api/v1/crm/maps/places/{dealer.id}")).json()
    assert (place["source"], place["is_ours"]) == ("check_in", True)
    await client.put(f"/api/v1/crm/maps/places/{dealer.id}", json={"latitude": 40.0, "longitude": -83.0})
    await came(client, dealer, pin_here=True, status=422, **DOOR)


async def test_field_staff_may_pin_what_they_may_not_change_otherwise(api):
    def make(session):
        ohio = make_territory(session)
        return make_user(session, "field", territories=[ohio]), make_dealer(
            session, territory_id=ohio.id, latitude=None, longitude=None
        )

    user, dealer = await api.db.write(make)
    client = await api.signed_in(user)
    assert (await came(client, dealer, pin_here=True, **DOOR))["verdict"] == "unverified"
    assert (await came(client, dealer, **DOOR))["verdict"] == "verified"


async def test_the_house_decides_how_near_is_near_enough(api, town):
    client, _, dealer = town
    administrator = await api.client()
    assert (await client.put(f"{VISITS}/road-rules", json={"check_in_metres": 20})).status_code == 403
    assert (await administrator.put(f"{VISITS}/road-rules", json={"check_in_metres": 20})).status_code == 200
    assert (await came(client, dealer, **DOOR))["verdict"] == "away"
    assert (await client.get(f"{VISITS}/road-rules")).json() == {"check_in_metres": 20, "mileage_rate": None}


async def test_a_position_is_seen_by_its_person_and_the_manager_alone(api):
    def make(session):
        team = make_team(session)
        reps = [make_user(session, "rep", team_id=team.id, time_zone="America/New_York") for _ in range(2)]
        manager = make_user(session, "manager", team_id=team.id)
        team.manager_id = manager.id
        return reps, manager, make_dealer(session, owner_id=reps[0].id)

    (rep, colleague), manager, dealer = await api.db.write(make)
    made = await came(await api.signed_in(rep), dealer, **DOOR)
    for user, seen in ((rep, 1), (manager, 1), (colleague, 0)):
        client = await api.signed_in(user)
        assert (await client.get(f"{VISITS}/check-ins")).json()["total"] == seen
        assert (await client.get(f"{VISITS}/check-ins/{made['id']}")).status_code == (200 if seen else 404)
    await left(await api.signed_in(manager), made, status=403)


async def test_viewers_and_strangers_check_in_nowhere(api, town):
    _, _, dealer = town
    await came(await api.client("viewer"), dealer, status=403)
    await came(await api.client("rep"), dealer, status=404)


async def test_arriving_and_leaving_are_events(api, town):
    client, _, dealer = town
    await left(client, await came(client, dealer, **DOOR))
    types = sa.select(EventRow.type).where(EventRow.kind == "check_in").order_by(EventRow.id)
    assert await api.db.read(lambda s: list(s.scalars(types))) == ["check_in.made", "check_in.ended"]


async def test_a_rehearsed_check_in_leaves_nothing(api, town):
    client, _, dealer = town
    answer = await client.post(
        f"{VISITS}/check-ins", params={"dry_run": True}, json={"account_id": str(dealer.id)}
    )
    assert answer.json()["dry_run"] is True
    assert (await client.get(f"{VISITS}/check-ins")).json()["total"] == 0


async def test_a_checked_in_stop_of_an_accepted_plan_is_that_stops_visit(api):
    rep, _ = await rep_with_dealers(api.db, 6)
    client = await api.signed_in(rep)
    plan = (await client.post(f"{VISITS}/plans", json={"day": MONDAY, "account_type": "dealer"})).json()
    plan = (await client.post(f"{VISITS}/plans/{plan['id']}/accept")).json()
    stop = plan["stops"][0]
    answer = await client.post(f"{VISITS}/check-ins", json={"account_id": stop["account_id"]})
    assert answer.json()["activity_id"] == stop["activity_id"]


async def test_whoever_changes_teams_takes_their_check_ins_to_the_new_manager(api, town):
    client, rep, dealer = town
    await came(client, dealer, **DOOR)

    def make(session):
        team = make_team(session, "West")
        team.manager_id = (manager := make_user(session, "manager", team_id=team.id)).id
        return team, manager

    team, manager = await api.db.write(make)
    assert (await (await api.signed_in(manager)).get(f"{VISITS}/check-ins")).json()["total"] == 0
    moved = await (await api.client()).patch(f"/api/v1/users/{rep.id}", json={"team_id": str(team.id)})
    assert moved.status_code == 200, moved.text
    assert (await (await api.signed_in(manager)).get(f"{VISITS}/check-ins")).json()["total"] == 1
