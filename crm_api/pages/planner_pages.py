"""/crm/visits: days and weeks of visits, planned, judged, changed and accepted."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Form, Query, Request, Response

from crm_api.access import Actor
from crm_api.accounts.schemas import AccountType
from crm_api.core import clock, context
from crm_api.core.errors import Conflict, Invalid, NotFound, Problem, Stale, Unavailable
from crm_api.core.routing import Router
from crm_api.dependencies import Db, PortsDep, Visitor
from crm_api.pages import forms, frame, once, planner, tiles
from crm_api.pages.errors import PageRoute
from crm_api.pages.headers import PERMISSIONS_ON_THE_ROAD
from crm_api.pages.planner import Asked
from crm_api.pages.session import Signed, Trusted
from crm_api.visits import flows, service
from crm_api.visits.schemas import MoveIn, PlanIn, ReplanIn, WeekIn

router = Router(include_in_schema=False, route_class=PageRoute, prefix="/crm/visits")
LATE = (15, 30, 45, 60, 90)
RADII = (20, 40, 80, 160)
REFUSALS = (Invalid, Conflict, Stale, Unavailable)


@router.get("")
async def show_planner(
    request: Request,
    db: Db,
    visitor: Signed,
    day: date | None = None,
    view: Literal["day", "week"] = "day",
    rep: Annotated[str, Query(max_length=40)] = "",
    plan: UUID | None = None,
) -> Response:
    """The planner: a day of one rep, or the days of a week, or of everybody."""
    asked = Asked(day or clock.today(visitor.actor.time_zone), view, _person(rep), plan)
    return await _shown(request, db, visitor, asked)


async def _shown(
    request: Request, db: Db, visitor: Visitor, asked: Asked, problem: Problem | None = None
) -> Response:
    actor = visitor.actor
    bar = await planner.bar(db, actor, asked)
    single = bar.asked.view == "day" and bar.asked.rep is not None
    opened = await planner.opened(db, actor, bar.asked) if single else None
    overview = None if single else await planner.overview(db, actor, bar.asked, bar.reps)
    response = await tiles.page(
        request, db, visitor, "visits/planner.html", status=problem.status if problem else 200, bar=bar,
        opened=opened, overview=overview, radii=RADII, late=LATE, key=once.new_key, problem=problem,
    )  # fmt: skip
    response.headers["Permissions-Policy"] = PERMISSIONS_ON_THE_ROAD
    return response


async def _tried(request: Request, db: Db, visitor: Visitor, asked: Asked, work: once.Work) -> Response:
    """Do it once; what cannot be done is said on the page that it was asked from."""
    try:
        return await once.go_on_once(request, db, visitor, work)
    except REFUSALS as problem:
        return await _shown(request, db, visitor, asked, problem)


def _person(rep: str) -> UUID | None:
    try:
        return UUID(rep) if rep else None
    except ValueError as error:
        raise Invalid.field("rep", "people are named by their id") from error


@router.post("/plan")
async def plan_day(
    request: Request,
    db: Db,
    ports: PortsDep,
    visitor: Trusted,
    day: Annotated[date, Form()],
    owner_id: Annotated[UUID | None, Form()] = None,
    radius_km: Annotated[float, Form(gt=0, le=500)] = 80,
    account_type: Annotated[AccountType | Literal[""], Form()] = "",
    max_visits: Annotated[int | Literal[""], Form()] = "",
) -> Response:
    """Propose a day of visits."""
    asked = Asked(day, rep=owner_id)
    wishes = frame.checked(
        PlanIn, day=day, owner_id=owner_id, radius_km=radius_km, account_type=account_type or None,
        max_visits=max_visits or None,
    )  # fmt: skip

    async def work() -> str:
        made = await flows.plan_day(db, ports, visitor.actor, data=wishes)
        return _at(made["id"])

    return await _tried(request, db, visitor, asked, work)


@router.post("/plan-week")
async def plan_week(
    request: Request,
    db: Db,
    ports: PortsDep,
    visitor: Trusted,
    day: Annotated[date, Form()],
    owner_id: Annotated[list[UUID], Form()],
) -> Response:
    """Propose what is left of a week, for one rep or several together."""
    asked = Asked(day, "week", owner_id[0] if len(owner_id) == 1 else None)
    wishes = frame.checked(WeekIn, first_day=asked.first, days=7, owner_ids=owner_id)

    async def work() -> str:
        await flows.plan_week(db, ports, visitor.actor, data=wishes)
        return asked.address()

    return await _tried(request, db, visitor, asked, work)


@router.post("/weeks/{week_id}/accept")
async def accept_week(
    request: Request, db: Db, visitor: Trusted, week_id: UUID, day: Annotated[date, Form()]
) -> Response:
    """Accept every day of a week that is a proposal for oneself."""

    asked = Asked(day, "week")

    async def work() -> str:
        await flows.accept_week(db, visitor.actor, week_id=week_id)
        return asked.address()

    return await _tried(request, db, visitor, asked, work)


@router.post("/plans/{plan_id}/accept")
async def accept_plan(
    request: Request, db: Db, visitor: Trusted, plan_id: UUID, version: Annotated[int | None, Form()] = None
) -> Response:
    """Make a proposal the day."""

    async def work() -> str:
        label = "Accepted the day"
        await frame.act(db, visitor, label, service.accept, plan_id=plan_id, if_match=version)
        return _at(plan_id)

    return await _tried(request, db, visitor, _on(visitor, plan_id), work)


@router.post("/plans/{plan_id}/decline")
async def decline_plan(
    request: Request, db: Db, visitor: Trusted, plan_id: UUID, version: Annotated[int | None, Form()] = None
) -> Response:
    """Say no to a proposal."""

    async def work() -> str:
        done = await frame.act(
            db, visitor, "Discarded the proposal", service.decline, plan_id=plan_id, if_match=version
        )
        return Asked(done.result.day, rep=done.result.owner_id).address()

    return await _tried(request, db, visitor, _on(visitor, plan_id), work)


@router.post("/plans/{plan_id}/change")
async def change_plan(
    request: Request,
    db: Db,
    ports: PortsDep,
    visitor: Trusted,
    plan_id: UUID,
    without: Annotated[UUID | None, Form()] = None,
    add: Annotated[UUID | None, Form()] = None,
    named: Annotated[str, Form(max_length=300)] = "",
    late: Annotated[int | None, Form(ge=1, le=480)] = None,
) -> Response:
    """Propose the rest of the day anew: without a stop, with another account, begun some minutes later, or as the
    planner has it."""

    async def work() -> str:
        added = await _account(db, visitor.actor, named.strip()) if named.strip() else add
        change = ReplanIn(
            cancelled=[without] if without else [],
            add=[added] if added else [],
            at=clock.now() + timedelta(minutes=late) if late else None,
        )
        made = await flows.replan(db, ports, visitor.actor, plan_id=plan_id, data=change)
        return _at(made["id"])

    return await _tried(request, db, visitor, _on(visitor, plan_id), work)


@router.get("/plans/{plan_id}/move")
async def ask_move(request: Request, db: Db, visitor: Signed, plan_id: UUID, account_id: UUID) -> Response:
    """Where to put a stop, for whoever does not drag it."""
    opened = await planner.opened(db, visitor.actor, _on(visitor, plan_id))
    stop = next((s for s in opened.day.stops if s.plan.account_id == account_id), None) if opened else None
    if opened is None or stop is None or not opened.may_change:
        raise NotFound("There is no such stop to move.")
    return await frame.sheet(
        request, db, visitor, "visits/move.html", title=f"Move {stop.plan.account_name}", opened=opened, stop=stop,
        key=once.new_key,
    )  # fmt: skip


@router.post("/plans/{plan_id}/move")
async def move_stop(
    request: Request,
    db: Db,
    ports: PortsDep,
    visitor: Trusted,
    plan_id: UUID,
    account_id: Annotated[UUID, Form()],
    to: Annotated[UUID | None, Form()] = None,
    position: Annotated[int | Literal[""], Form()] = "",
) -> Response:
    """Put a stop where somebody wants it, if it can be there."""
    wishes = frame.checked(MoveIn, account_id=account_id, to_plan_id=to, position=position or None)

    async def work() -> str:
        with context.working(label="Moved a stop"):
            made = await flows.move(db, ports, visitor.actor, plan_id=plan_id, data=wishes)
        there = frame.with_parameter(_at(made["plan"]["id"]), frame.DONE, str(made["change_set_id"]))
        return f"{there}#stop-{account_id}"

    return await _tried(request, db, visitor, _on(visitor, plan_id), work)


async def _account(db: Db, actor: Actor, named: str) -> UUID:
    try:
        return UUID(await db.read(forms.picked, actor, "account", named))
    except ValueError as error:
        raise Invalid.field("named", str(error)) from error


def _at(plan_id: Any) -> str:
    """The page of a plan, which knows its day and its rep."""
    return f"{planner.PATH}?plan={plan_id}"


def _on(visitor: Visitor, plan_id: UUID) -> Asked:
    """The page of a plan; the day is the plan's own."""
    return Asked(clock.today(visitor.actor.time_zone), plan=plan_id)
