"""/crm/visits/today: the day on the road. Check in, say what came of it, drive on."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import File, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from crm_api.access import Actor
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid, Problem
from crm_api.core.routing import Router
from crm_api.dependencies import Db, Files, PortsDep, SettingsDep, Visitor
from crm_api.field import check_ins
from crm_api.field import flows as field
from crm_api.field.schemas import CheckInIn, OutcomeIn
from crm_api.pages import forms, frame, once, road
from crm_api.pages.errors import PageRoute
from crm_api.pages.headers import ON_THE_ROAD, PAGE_HEADERS, PERMISSIONS_ON_THE_ROAD
from crm_api.pages.session import Signed, Trusted
from crm_api.pages.templating import is_script, render
from crm_api.visits import flows
from crm_api.visits.schemas import FreeTime, FreeTimeIn

router = Router(include_in_schema=False, route_class=PageRoute, prefix="/crm/visits")
PATH = "/crm/visits/today"
MORNING = time(9)
SOON = ((1, "Tomorrow"), (3, "In 3 days"), (7, "In a week"), (30, "In a month"))
STEPS = (("task", "Task"), ("call", "Call"), ("email", "E-mail"), ("visit", "Visit"), ("meeting", "Meeting"))
Line = Annotated[str, Form(max_length=20_000)]
Clock = Annotated[str, Form(max_length=40)]
Degrees = Annotated[float | Literal[""], Form()]


@router.get("/today")
async def show_road(request: Request, db: Db, visitor: Signed) -> Response:
    """The next stop, large; its account in five lines; the stops after it."""
    return await _road(request, db, visitor)


@router.get("/today/stops")
async def show_stops(request: Request, db: Db, visitor: Signed) -> Response:
    """Every open stop as it stands on top once its turn comes: what a phone without a signal goes on with."""
    drawn = clock.now()
    stops = await road.stops(db, visitor.actor)
    return render(
        request, "visits/stops.html", visitor=visitor, stops=stops, drawn=drawn, typed={}, problem=None,
        soon=SOON, steps=STEPS, sequences=await db.read(road.sequences, visitor.actor),
        may_check_in=frame.may_make(visitor.actor, "check_in"),
    )  # fmt: skip


@router.get("/today/me")
async def tell_who(visitor: Signed) -> Response:
    """Whose session this is: what waits on the phone is sent for that person alone, with the session's own token."""
    told = {"user_id": str(visitor.actor.user_id), "csrf_token": visitor.csrf_token}
    return JSONResponse(told, headers=PAGE_HEADERS)


@router.post("/check-in")
async def check_in(
    request: Request,
    db: Db,
    visitor: Trusted,
    id: Annotated[UUID | None, Form()] = None,
    account_id: Annotated[UUID | Literal[""], Form()] = "",
    activity_id: Annotated[UUID | Literal[""], Form()] = "",
    named: Annotated[str, Form(max_length=300)] = "",
    latitude: Degrees = "",
    longitude: Degrees = "",
    accuracy_metres: Degrees = "",
    at: Clock = "",
) -> Response:
    """At the door. The position goes along where the phone gave one; without it the visit begins all the same.
    `at` is the phone's time, where it may have had no signal then.
    """
    try:
        account = account_id or await _account(db, visitor.actor, named.strip())
        data = frame.checked(
            CheckInIn, id=id, account_id=account, activity_id=activity_id or None, at=at or None,
            **{name: value for name, value in (("latitude", latitude), ("longitude", longitude),
                                               ("accuracy_metres", accuracy_metres)) if value != ""},
        )  # fmt: skip
        return await once.go_on_once(request, db, visitor, _doing(db, visitor, check_ins.check_in, data=data))
    except (Invalid, Conflict) as problem:
        if is_script(request):
            raise
        return await _road(request, db, visitor, problem=problem)


@router.post("/check-ins/{check_in_id}/check-out")
async def check_out(
    request: Request,
    db: Db,
    visitor: Trusted,
    check_in_id: UUID,
    outcome: Line = "",
    nobody_there: Annotated[bool, Form()] = False,
    contact_id: Annotated[UUID | Literal[""], Form()] = "",
    next_subject: Annotated[str, Form(max_length=1000)] = "",
    next_type: Annotated[str, Form(max_length=20)] = "task",
    next_in: Annotated[int, Form(ge=0, le=3650)] = 1,
    next_on: Annotated[date | Literal[""], Form()] = "",
    follow_up_sequence_id: Annotated[UUID | Literal[""], Form()] = "",
    at: Clock = "",
) -> Response:
    """What came of the visit and what follows, in one form; the visit is over then."""
    subject = next_subject.strip()
    due = _morning(visitor.actor, next_on or _day(visitor.actor, at) + timedelta(days=next_in))
    try:
        data = frame.checked(
            OutcomeIn, at=at or None, outcome=outcome.strip() or None, nobody_there=nobody_there,
            contact_id=contact_id or None, next_steps=subject or None,
            next_step={"activity_type": next_type, "subject": subject, "due_at": due} if subject else None,
            follow_up_sequence_id=follow_up_sequence_id or None,
        )  # fmt: skip
        work = _doing(db, visitor, check_ins.check_out, check_in_id=check_in_id, data=data)
        return await once.go_on_once(request, db, visitor, work)
    except (Invalid, Conflict) as problem:
        if is_script(request):
            raise
        typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        return await _road(request, db, visitor, typed=typed, problem=problem)


@router.post("/check-ins/{check_in_id}/photos")
async def add_photo(
    request: Request,
    db: Db,
    store: Files,
    settings: SettingsDep,
    visitor: Trusted,
    check_in_id: UUID,
    photo: Annotated[UploadFile, File()],
) -> Response:
    """A photo of what there was to be seen."""
    limit = settings.attachment_max_mb * 1_000_000

    async def work() -> str:
        await field.add_photo(
            db, store, visitor.actor, check_in_id=check_in_id, source=photo.file, name=photo.filename or "",
            limit=limit,
        )  # fmt: skip
        return PATH

    try:
        return await once.go_on_once(request, db, visitor, work)
    except (Invalid, Conflict) as problem:
        if is_script(request):
            raise
        return await _road(request, db, visitor, problem=problem)


@router.get("/free")
async def ask_free_time(request: Request, db: Db, visitor: Signed) -> Response:
    """How many minutes are free, and from where."""
    return await _free(request, db, visitor)


@router.post("/free")
async def use_free_time(
    request: Request,
    db: Db,
    ports: PortsDep,
    visitor: Trusted,
    minutes: Annotated[int, Form(ge=5, le=480)] = 40,
    latitude: Degrees = "",
    longitude: Degrees = "",
) -> Response:
    """Who is overdue and near enough, and what each visit does to the rest of the day."""
    shown = await road.read(db, visitor.actor)
    here = (latitude, longitude) if latitude != "" and longitude != "" else shown.whereabouts
    if here is None:
        problem = Invalid("Nobody knows where you are: allow the position, or accept a plan for today first.")
        return await _free(request, db, visitor, minutes=minutes, problem=problem)
    data = frame.checked(FreeTimeIn, minutes=minutes, here={"latitude": here[0], "longitude": here[1]})
    told = FreeTime.model_validate(await flows.free_time(db, ports, visitor.actor, data=data))
    return await _free(request, db, visitor, minutes=minutes, told=told)


def _doing(db: Db, visitor: Visitor, verb: Callable[..., Any], **given: Any) -> once.Work:
    async def work() -> str:
        await db.write(verb, visitor.actor, **given)
        return PATH

    return work


async def _account(db: Db, actor: Actor, named: str) -> UUID:
    if not named:
        raise Invalid.field("named", "say where you are")
    try:
        return UUID(await db.read(forms.picked, actor, "account", named))
    except ValueError as error:
        raise Invalid.field("named", str(error)) from error


def _day(actor: Actor, at: str) -> date:
    """The day on which the phone did it; today where it does not say."""
    try:
        return datetime.fromisoformat(at).astimezone(ZoneInfo(actor.time_zone)).date()
    except ValueError:
        return clock.today(actor.time_zone)


def _morning(actor: Actor, day: date) -> datetime:
    return datetime.combine(day, MORNING, ZoneInfo(actor.time_zone))


async def _road(
    request: Request,
    db: Db,
    visitor: Visitor,
    *,
    typed: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    drawn = clock.now()  # before anything is read: what was done until now is on the page
    response = await frame.page(
        request, db, visitor, "visits/road.html", status=problem.status if problem else 200,
        road=await road.read(db, visitor.actor), typed=typed or {}, problem=problem, drawn=drawn, soon=SOON,
        steps=STEPS, sequences=await db.read(road.sequences, visitor.actor),
    )  # fmt: skip
    response.headers.update(ON_THE_ROAD)
    return response


async def _free(
    request: Request,
    db: Db,
    visitor: Visitor,
    *,
    minutes: int = 40,
    told: FreeTime | None = None,
    problem: Problem | None = None,
) -> Response:
    response = await frame.sheet(
        request, db, visitor, "visits/free.html", title="Time to spare", status=problem.status if problem else 200,
        minutes=minutes, told=told, problem=problem, key=once.new_key,
    )  # fmt: skip
    response.headers["Permissions-Policy"] = PERMISSIONS_ON_THE_ROAD
    return response
