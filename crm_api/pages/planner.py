"""What the planner shows: a day of one rep with its plan, the days of a week, or who goes where."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.errors import NotFound
from crm_api.pages import permits, visits
from crm_api.pages.frame import may_make
from crm_api.pages.visits import PLANS_FOR_OTHERS, Day
from crm_api.visits.moving import BY_HAND
from crm_api.visits.schemas import LeftOutOut, VisitPlanOut, VisitWeekOut

PATH = "/crm/visits"
LIVE = ("proposed", "accepted")
NEXT_IN = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says. Without a `rep` it is oneself, or everybody for those who plan for others."""

    day: date
    view: str = "day"
    rep: UUID | None = None
    plan: UUID | None = None

    @property
    def monday(self) -> date:
        """The first day of its week."""
        return self.day - timedelta(days=self.day.weekday())

    @property
    def first(self) -> date:
        """The first day that is shown."""
        return self.monday if self.view == "week" else self.day

    @property
    def last(self) -> date:
        """The last day that is shown."""
        return self.first + timedelta(days=NEXT_IN[self.view] - 1)

    def address(self, **changes: Any) -> str:
        """The page with something else picked; another pick leaves the plan that was open."""
        other = replace(self, **{"plan": None, **changes})
        named = {"day": other.day, "view": other.view if other.view != "day" else None, "rep": other.rep,
                 "plan": other.plan}  # fmt: skip
        return f"{PATH}?{urlencode({name: str(value) for name, value in named.items() if value})}"

    def step(self, by: int) -> str:
        """The page of the day or week before (-1) or after (1)."""
        return self.address(day=self.day + timedelta(days=by * NEXT_IN[self.view]))


@dataclass(frozen=True, slots=True)
class Bar:
    """What is picked and what may be picked; `reps` is empty for whoever has only their own days."""

    asked: Asked
    reps: list[dict[str, Any]]
    today: date
    may_plan: bool

    @property
    def is_past(self) -> bool:
        """Nothing is planned for days that are over."""
        return self.asked.last < self.today


@dataclass(frozen=True, slots=True)
class Difference:
    """How a plan changes the one it is to replace. Seconds are more (or less, if negative) driving; `reordered` says
    that who is in both comes in another order."""

    added: list[str]
    gone: list[str]
    driving_seconds: int
    reordered: bool
    before: VisitPlanOut


@dataclass(frozen=True, slots=True)
class Line:
    """One plan in a list of days; `name` is the rep's."""

    plan: VisitPlanOut
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Opened:
    """One plan, what may be done with it, the other live ones of its day, and the rep's days of its week."""

    day: Day
    others: list[VisitPlanOut]
    week: list[Line]
    difference: Difference | None
    proposed_by: str | None
    may_accept: bool
    may_change: bool

    @property
    def is_by_hand(self) -> bool:
        """Whether a person put its stops in order."""
        return self.day.plan.engine == BY_HAND

    @property
    def may_decline(self) -> bool:
        """A proposal may be refused by the rep and by whoever made it."""
        return self.may_change and self.day.plan.status == "proposed"


@dataclass(frozen=True, slots=True)
class Overview:
    """Days with the plans of one rep or everybody. `acceptable` are weeks with a day that waits for this person's yes,
    with how many; `left_out` is who was on no day of the week planned last."""

    days: list[tuple[date, list[Line]]]
    unplanned: list[dict[str, Any]]
    acceptable: list[tuple[UUID, int]]
    left_out: list[LeftOutOut]
    notes: list[str]


async def bar(db: Database, actor: Actor, asked: Asked) -> Bar:
    """The bar above; a plan that was asked for says itself which day and rep. Raises NotFound for what they may not
    see.
    """
    if asked.plan is not None:
        found = VisitPlanOut.model_validate(await db.read(records.one, actor, "visit_plan", asked.plan))
        asked = replace(asked, day=found.day, rep=found.owner_id, view="day")
    people = await visits.reps(db, actor) if actor.role in PLANS_FOR_OTHERS else []
    today = clock.today(actor.time_zone)
    if not people:
        return Bar(replace(asked, rep=actor.user_id), [], today, may_make(actor, "visit_plan"))
    if asked.rep is not None and asked.rep not in [person["id"] for person in people]:
        raise NotFound("There is no such rep.")
    return Bar(asked, people, today, may_make(actor, "visit_plan"))


async def opened(db: Database, actor: Actor, asked: Asked) -> Opened | None:
    """The plan asked for, else the newest live one of the rep's day; None where there is none."""
    live = [
        plan for plan in await visits.plans_of(db, actor, asked.day, asked.day, owner_id=asked.rep)
        if plan.status in LIVE
    ]  # fmt: skip
    chosen = asked.plan or (live[0].id if live else None)
    if chosen is None:
        return None
    day = await visits.day_of(db, actor, chosen)
    plan = day.plan
    proposer = plan.proposed_by if plan.proposed_by != plan.owner_id else None
    names = await visits.labels(db, actor, "user", [proposer] if proposer else [], "name")
    may_change = plan.status in LIVE and await db.read(
        permits.may_change, actor, "visit_plan", plan.model_dump()
    )
    return Opened(
        day,
        [one for one in live if one.id != plan.id and one.owner_id == plan.owner_id],
        await _days(db, actor, asked, plan),
        await _difference(db, actor, plan),
        (names.get(proposer) or "A manager") if proposer else None,
        may_accept=may_change and plan.status == "proposed" and plan.owner_id == actor.user_id,
        may_change=may_change,
    )


async def _days(db: Database, actor: Actor, asked: Asked, plan: VisitPlanOut) -> list[Line]:
    """The days of the plan's week, each by its newest live plan; this day by this one."""
    monday = plan.day - timedelta(days=plan.day.weekday())
    found = await visits.plans_of(db, actor, monday, monday + timedelta(days=6), owner_id=plan.owner_id)
    newest = {plan.day: plan}
    for one in found:
        if one.status in LIVE:
            newest.setdefault(one.day, one)
    return [
        Line(newest[day], "", asked.address(day=day, rep=plan.owner_id, plan=newest[day].id))
        for day in sorted(newest)
    ]


async def _difference(db: Database, actor: Actor, plan: VisitPlanOut) -> Difference | None:
    if plan.replans_id is None or plan.status != "proposed":
        return None
    before = VisitPlanOut.model_validate(await db.read(records.one, actor, "visit_plan", plan.replans_id))
    then = {stop.account_id: stop.account_name for stop in before.stops or []}
    now = {stop.account_id: stop.account_name for stop in plan.stops or []}
    made = await visits.labels(
        db, actor, "activity", [s.activity_id for s in before.stops or [] if s.activity_id], "status"
    )
    over = {
        s.account_id for s in before.stops or [] if made.get(s.activity_id) in ("completed", "in_progress")
    }
    return Difference(
        [name for account, name in now.items() if account not in then],
        [name for account, name in then.items() if account not in now and account not in over],
        plan.driving_seconds - before.driving_seconds,
        [account for account in then if account in now] != [account for account in now if account in then],
        before,
    )


async def overview(db: Database, actor: Actor, asked: Asked, reps: list[dict[str, Any]]) -> Overview:
    """The live plans of the days shown, each rep's newest a day."""
    found = await visits.plans_of(db, actor, asked.first, asked.last, owner_id=asked.rep)
    live = [plan for plan in found if plan.status in LIVE]
    names: dict[Any, str] = {person["id"]: person["name"] for person in reps} | {actor.user_id: actor.name}
    newest: dict[tuple[date, UUID], VisitPlanOut] = {}
    for plan in live:
        newest.setdefault((plan.day, plan.owner_id), plan)
    lines = [
        Line(plan, names.get(plan.owner_id, "Somebody"),
             asked.address(view="day", day=plan.day, rep=plan.owner_id, plan=plan.id))
        for plan in newest.values()
    ]  # fmt: skip
    lines.sort(key=lambda line: line.name.casefold())
    days = [asked.first + timedelta(days=n) for n in range((asked.last - asked.first).days + 1)]
    week = await _week(db, actor, live)
    return Overview(
        [(day, [line for line in lines if line.plan.day == day]) for day in days],
        [person for person in reps if person["id"] not in {plan.owner_id for plan in live}],
        _acceptable(actor, live),
        (week.left_out or []) if week else [],
        week.notes if week else [],
    )


def _acceptable(actor: Actor, plans: list[VisitPlanOut]) -> list[tuple[UUID, int]]:
    waiting = [
        plan.week_id for plan in plans
        if plan.week_id and plan.status == "proposed" and plan.owner_id == actor.user_id
    ]  # fmt: skip
    return [(week, waiting.count(week)) for week in dict.fromkeys(waiting)]


async def _week(db: Database, actor: Actor, plans: list[VisitPlanOut]) -> VisitWeekOut | None:
    """The week that was planned last, where its owner lets this person see it."""
    week_id = next((plan.week_id for plan in plans if plan.week_id), None)
    if week_id is None:
        return None
    try:
        return VisitWeekOut.model_validate(await db.read(records.one, actor, "visit_week", week_id))
    except NotFound:
        return None
