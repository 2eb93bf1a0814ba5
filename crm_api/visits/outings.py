"""Who goes out, on which days, from when to when, and from where to where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, actor_of
from crm_api.core import clock as time
from crm_api.core.errors import Invalid, NotAllowed
from crm_api.organisation import service as organisation
from crm_api.organisation.calendars import days_off
from crm_api.ports import BusyTime, Coordinates
from crm_api.users.models import User
from crm_api.visits import queries
from crm_api.visits.agenda import Agenda
from crm_api.visits.hours import DayClock
from crm_api.visits.preferences import Preferences
from crm_api.visits.schedule import Lunch, Shift, Window
from crm_api.visits.schemas import Place, PlanIn, WeekIn

ROUND_UP = timedelta(minutes=5)  # nobody sets out this second


@dataclass(frozen=True)
class Frame:
    """What narrows a day that is planned anew: `begins` and `ends` are instants, `start` where the rep is.

    `is_closed`: nobody is tried but those that are `held` or asked for by id.
    """

    begins: datetime | None = None
    ends: datetime | None = None
    start: Coordinates | None = None
    held: tuple[UUID, ...] = ()
    week_id: UUID | None = None
    is_closed: bool = False


@dataclass(frozen=True)
class Taken:
    """Times that only the calendars of these people know, and what there is to say of calendars that were not read."""

    times: Mapping[UUID, Sequence[BusyTime]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Crew:
    """One rep with the days to plan; `hours` are each day's working time in seconds since midnight."""

    rep: Actor
    clocks: tuple[DayClock, ...]
    hours: tuple[Window, ...]
    start: Coordinates
    end: Coordinates
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Outing:
    """One rep's day: its clock, its shift on it, and what the calendar holds."""

    rep: Actor
    clock: DayClock
    shift: Shift
    start: Coordinates
    end: Coordinates
    agenda: Agenda


def crews(
    session: Session, actor: Actor, data: PlanIn | WeekIn, wishes: Preferences, frame: Frame
) -> list[Crew]:
    """Everybody who goes out, with at least one day each.

    Raises NotAllowed for somebody whose days the actor does not plan, Invalid where a day is over, a shift makes no
    sense, or nobody knows where a day begins.
    """
    zone = organisation.zone(session)
    made = [
        _crew(session, actor_of(session, user, organisation_zone=zone), user, data, wishes, frame)
        for user in _reps(session, actor, data)
    ]
    return [crew for crew in made if crew.clocks] or _no_day(made, data)


def shift(crew: Crew, number: int, clock: DayClock, data: PlanIn | WeekIn, wishes: Preferences) -> Shift:
    """The shift of one of a crew's days on its clock, which may stand still for calls; its nodes are to be set."""
    hours = crew.hours[number]
    start, end = clock.less_busy(hours.opens), clock.less_busy(hours.closes)
    most = data.max_driving_minutes or wishes.max_driving_minutes
    lunch = _lunch(data, wishes, clock, start, end)
    return Shift(start, end, lunch=lunch, max_visits=data.max_visits, max_driving=60 * most if most else None)


def place_of(place: Place | None) -> Coordinates | None:
    """The point of a body."""
    return Coordinates(place.latitude, place.longitude) if place else None


def _crew(
    session: Session, rep: Actor, user: User, data: PlanIn | WeekIn, wishes: Preferences, frame: Frame
) -> Crew:
    days, notes = _days(session, rep, data)
    clocks = [DayClock(day, rep.time_zone) for day in days]
    hours = [_hours(clock, data, wishes, frame) for clock in clocks]
    kept = [(clock, window) for clock, window in zip(clocks, hours, strict=True) if window is not None]
    start, told = _start(session, rep, user, data, frame, [clock for clock, _ in kept])
    # A day that goes on in the middle of it still ends where it was to end.
    home = place_of(data.start) or _home(user) or start
    return Crew(
        rep,
        tuple(clock for clock, _ in kept),
        tuple(window for _, window in kept),
        start,
        place_of(data.end) or home,
        (*notes, *told),
    )


def _reps(session: Session, actor: Actor, data: PlanIn | WeekIn) -> list[User]:
    if isinstance(data, PlanIn):
        return [_rep(session, actor, data.owner_id, "owner_id")]
    if data.team_id is not None:
        return _team(session, actor, data.team_id)
    chosen: list[UUID | None] = [*dict.fromkeys(data.owner_ids)] or [None]
    return [_rep(session, actor, owner, f"owner_ids.{n}") for n, owner in enumerate(chosen)]


def _rep(session: Session, actor: Actor, owner_id: UUID | None, field: str) -> User:
    """The rep to plan for: oneself, or somebody whose days one may plan."""
    wanted = owner_id or actor.user_id
    user = session.get(User, wanted) if wanted else None
    if user is None or not user.is_active:
        raise Invalid.field(field, "there is no such active user")
    manages = actor.role == "manager" and user.team_id is not None and user.team_id in actor.team_ids
    if user.id != actor.user_id and not actor.is_administrator and not manages:
        raise NotAllowed("You plan your own days; a manager plans those of the team.")
    return user


def _team(session: Session, actor: Actor, team_id: UUID) -> list[User]:
    if not actor.is_administrator and not (actor.role == "manager" and team_id in actor.team_ids):
        raise NotAllowed("You plan your own days; a manager plans those of the team.")
    members = session.scalars(
        sa.select(User)
        .where(User.team_id == team_id, User.is_active.is_(True), User.role.in_(("rep", "field")))
        .order_by(User.id)
    ).all()
    if not members:
        raise Invalid.field("team_id", "nobody in this team makes visits")
    return list(members)


def _days(session: Session, rep: Actor, data: PlanIn | WeekIn) -> tuple[list[date], list[str]]:
    """The days to plan, and what there is to say of those that are not like others."""
    span = data.calendar_days
    off = days_off(session, since=span[0], territory_ids=rep.territory_ids)
    if isinstance(data, PlanIn):
        why = off.why(data.day)
        return span, [f"{data.day} is a day off: {why}."] if why else []
    today = time.today(rep.time_zone)
    wanted = [day for day in span if day not in data.days_off]
    worked = [day for day in wanted if data.work_days_off or off.is_worked(day)]
    notes = [f"{day} is a day off: {off.holidays[day]}." for day in wanted if day in off.holidays]
    return [day for day in worked if day >= today], notes


def _hours(clock: DayClock, data: PlanIn | WeekIn, wishes: Preferences, frame: Frame) -> Window | None:
    """The working time of a day: what is left of it where it has begun. A week goes on without a day that is over."""
    start = clock.passed(data.shift_start or wishes.shift_start)
    end = clock.passed(data.shift_end or wishes.shift_end)
    if end <= start:
        raise Invalid.field("shift_end", "the shift must end after it starts")
    if frame.ends is not None:
        end = int((frame.ends - clock.midnight).total_seconds())
    begins = frame.begins if frame.begins is not None else _rounded_up(time.now())
    start = max(start, int((begins - clock.midnight).total_seconds()))
    if start < end:
        return Window(start, end)
    if isinstance(data, WeekIn):
        return None
    if clock.day < time.today(clock.zone):
        raise Invalid.field("day", f"{clock.day} is over; plan today or a day to come")
    told = data.shift_end or wishes.shift_end
    raise Invalid.field(
        "day", f"the working day ended at {told}; plan the next day, or give a later shift_end"
    )


def _rounded_up(at: datetime) -> datetime:
    return at + (datetime.min.replace(tzinfo=at.tzinfo) - at) % ROUND_UP


def _start(
    session: Session, rep: Actor, user: User, data: PlanIn | WeekIn, frame: Frame, clocks: Sequence[DayClock]
) -> tuple[Coordinates, list[str]]:
    """Where the days begin: as asked, where the rep is today, at home, else in the middle of the rep's accounts."""
    given = frame.start or place_of(data.start) or _last_place(session, rep, clocks) or _home(user)
    if given is not None:
        return given, []
    terms = queries.reachable((rep,), territory_id=data.territory_id, account_type=data.account_type)
    rows = session.execute(queries.places(*terms)).all()
    if not rows:
        raise Invalid.field("start", "say where the day begins, or give the rep a home on the map")
    latitudes, longitudes = sorted(row.latitude for row in rows), sorted(row.longitude for row in rows)
    middle = Coordinates(latitudes[len(rows) // 2], longitudes[len(rows) // 2])
    nearest = min(rows, key=lambda row: middle.metres_to(Coordinates(row.latitude, row.longitude)))
    told = (
        f"{user.name} has no home place on the map, so the day begins and ends in the middle of the accounts; "
        "a home place in the profile makes it exact."
    )
    return Coordinates(nearest.latitude, nearest.longitude), [told]


def _last_place(session: Session, rep: Actor, clocks: Sequence[DayClock]) -> Coordinates | None:
    """Where today's last visit was, for a single day that has begun."""
    if len(clocks) != 1 or rep.user_id is None or clocks[0].day != time.today(clocks[0].zone):
        return None
    row = session.execute(queries.last_place(rep.user_id, clocks[0].midnight, time.now())).first()
    return Coordinates(row.latitude, row.longitude) if row else None


def _home(user: User) -> Coordinates | None:
    if user.home_latitude is None or user.home_longitude is None:
        return None
    return Coordinates(user.home_latitude, user.home_longitude)


def _lunch(data: PlanIn | WeekIn, wishes: Preferences, clock: DayClock, start: int, end: int) -> Lunch | None:
    """Lunch, unless none is wanted or the shift does not run through its window."""
    minutes = wishes.lunch_minutes if data.lunch_minutes is None else data.lunch_minutes
    if minutes == 0:
        return None
    earliest = clock.seconds(data.lunch_from or wishes.lunch_from)
    latest = clock.seconds(data.lunch_to or wishes.lunch_to)
    if latest < earliest:
        raise Invalid.field("lunch_to", "the lunch window must end after it begins")
    if max(start, earliest) + minutes * 60 > end or start > latest:
        return None
    return Lunch(minutes * 60, earliest, latest)


def _no_day(made: Sequence[Crew], data: PlanIn | WeekIn) -> list[Crew]:
    """Nobody has a day: say why."""
    assert isinstance(data, WeekIn), "a single day is refused by its hours"
    last = data.calendar_days[-1]
    over = all(last < time.today(crew.rep.time_zone) for crew in made)
    if over:
        raise Invalid.field("first_day", f"the days up to {last} are over; plan days to come")
    raise Invalid.field("days", "none of these days is worked; see days_off, work_days_off and the holidays")
