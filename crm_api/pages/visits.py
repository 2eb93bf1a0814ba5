"""The visits of a day, as the page shows them: one plan with its stops, or who else is on the road."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.conditions.filters import Query
from crm_api.conditions.tree import All, Comparison
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.listing import Window
from crm_api.pages import frame, maps
from crm_api.visits.opening import Hours, opening
from crm_api.visits.schemas import StopOut, VisitPlanOut

PLANS_FOR_OTHERS = ("administrator", "manager")


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit with what one needs at the kerb: the phone number, the way there, whether it is done."""

    plan: StopOut
    phone: str | None
    done: bool
    open: bool
    ahead: bool
    navigate: str
    hours: Hours | None

    @property
    def dial(self) -> str:
        """The phone number as a link takes it."""
        return f"tel:{(self.phone or '').replace(' ', '')}"


@dataclass(frozen=True, slots=True)
class Day:
    """A planned day; `rep` is named where it is somebody else's."""

    plan: VisitPlanOut
    rep: str | None
    stops: list[Stop]
    sketch: maps.Sketch

    @property
    def lunch(self) -> int | None:
        """How many stops come before lunch; one more than there are when it waits until after the way back."""
        if self.plan.lunch_starts_at is None:
            return None
        at_home = self.plan.lunch_starts_at >= self.plan.returns_at
        return len(self.stops) + 1 if at_home else self.plan.lunch_leg

    @property
    def next_stop(self) -> Stop | None:
        """The first visit that is still open, once the plan is accepted."""
        return next((stop for stop in self.stops if stop.open), None)


@dataclass(frozen=True, slots=True)
class OnTheRoad:
    """Somebody's accepted plan, in one line."""

    plan: VisitPlanOut
    name: str


@dataclass(frozen=True, slots=True)
class Visits:
    """Everything the card needs. `reps` are those whose day this person may plan."""

    day: Day | None
    on_the_road: list[OnTheRoad]
    reps: list[dict[str, Any]]
    may_plan: bool
    may_accept: bool


async def visits(db: Database, actor: Actor, *, plan_id: UUID | None = None) -> Visits:
    """The plan asked for, else the actor's own of today. Raises NotFound for a plan they may not see."""
    accepted = await _plans(db, actor, status="accepted")
    own = [plan for plan in accepted if plan.owner_id == actor.user_id]
    proposed = [] if own or plan_id else await _plans(db, actor, status="proposed", owner_id=actor.user_id)
    chosen = plan_id or next((plan.id for plan in [*own, *proposed]), None)
    others = [plan for plan in accepted if plan.owner_id != actor.user_id and plan.id != chosen]
    names = await labels(db, actor, "user", [plan.owner_id for plan in others], "name")
    plans_for_others = actor.role in PLANS_FOR_OTHERS
    return Visits(
        day=await day_of(db, actor, chosen) if chosen else None,
        on_the_road=[OnTheRoad(plan, names.get(plan.owner_id) or "Somebody") for plan in others],
        reps=await reps(db, actor) if plans_for_others else [],
        may_plan=actor.role in ("rep", "field"),
        may_accept=frame.may_make(actor, "visit_plan"),
    )


async def _plans(db: Database, actor: Actor, **values: Any) -> list[VisitPlanOut]:
    """The plans of today with these values, the newest first."""
    today = clock.today(actor.time_zone)
    return await plans_of(db, actor, today, today, **values)


async def plans_of(db: Database, actor: Actor, first: date, last: date, **values: Any) -> list[VisitPlanOut]:
    """The plans of some days with these values, without their stops, the newest first."""
    between = Comparison(field="day", op="between", value=[first.isoformat(), last.isoformat()])
    # `owner_id=None` is everybody's.
    given = [Comparison(field=name, value=value) for name, value in values.items() if value is not None]
    query = Query(
        tree=All(all=[between, *given]), sort=("-created_at",), window=Window(page_size=200, count="none")
    )
    page = await db.read(records.page, actor, "visit_plan", query)
    return [VisitPlanOut.model_validate(item) for item in page["items"]]


async def day_of(db: Database, actor: Actor, plan_id: UUID) -> Day:
    """A plan with its stops; raises NotFound for one the actor may not see."""
    plan = VisitPlanOut.model_validate(await db.read(records.one, actor, "visit_plan", plan_id))
    stops = plan.stops or []
    mine = plan.owner_id == actor.user_id
    names = {} if mine else await labels(db, actor, "user", [plan.owner_id], "name")
    phones = await labels(db, actor, "account", [stop.account_id for stop in stops], "phone")
    states = await labels(db, actor, "activity", [s.activity_id for s in stops if s.activity_id], "status")
    hours = await db.read(
        opening, actor, account_ids=[stop.account_id for stop in stops], day=plan.day, zone=plan.time_zone
    )
    return Day(
        plan=plan,
        rep=None if mine else names.get(plan.owner_id) or "Somebody",
        stops=[
            _stop(stop, phones.get(stop.account_id), states.get(stop.activity_id), hours.get(stop.account_id))
            for stop in stops
        ],
        sketch=maps.sketch(
            [(plan.start_latitude, plan.start_longitude), *((s.latitude, s.longitude) for s in stops),
             (plan.end_latitude, plan.end_longitude)]
        ),
    )  # fmt: skip


def _stop(stop: StopOut, phone: str | None, state: str | None, hours: Hours | None) -> Stop:
    return Stop(
        plan=stop,
        phone=phone,
        done=state == "completed",
        open=state in ("scheduled", "in_progress"),
        ahead=state == "scheduled" if stop.activity_id else True,
        navigate=maps.navigate(stop.latitude, stop.longitude),
        hours=hours,
    )


async def labels(
    db: Database, actor: Actor, kind: str, ids: list[UUID], field: str
) -> dict[UUID | None, Any]:
    """One field of several records by id, without those the actor may not see."""
    if not ids:
        return {}
    tree = All(all=[Comparison(field="id", op="in", value=[str(i) for i in ids])])
    query = Query(tree=tree, window=Window(page_size=200, count="none"), fields=(field,), archived="with")
    page = await db.read(records.page, actor, kind, query)
    return {item["id"]: item[field] for item in page["items"]}


async def reps(db: Database, actor: Actor) -> list[dict[str, Any]]:
    """Those whose days may be planned for them, by name."""
    tree = All(
        all=[
            Comparison(field="role", op="in", value=["rep", "field"]),
            Comparison(field="is_active", value=True),
            Comparison(field="email", op="isnull", value=False),
        ]
    )
    query = Query(tree=tree, window=Window(page_size=200, count="none"), fields=("name",))
    page = await db.read(records.page, actor, "user", query)
    return list(page["items"])
