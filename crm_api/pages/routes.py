"""The pages: sign in, today with its question box, visits and outbox, and the files they are made of."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from crm_api.activities import service as activities
from crm_api.activities.schemas import Completion
from crm_api.core import clock
from crm_api.core.errors import NotFound, NotSignedIn, Problem, TooMany
from crm_api.core.routing import Router
from crm_api.dependencies import Db, PortsDep, Visitor
from crm_api.pages import (
    answers,
    asking,
    board_pages,
    coverage_pages,
    day,
    editing,
    files,
    formats,
    frame,
    import_pages,
    insight,
    installing,
    list_pages,
    mileage_pages,
    notices,
    outbox,
    outbox_pages,
    palette,
    planner_pages,
    record_pages,
    road,
    road_pages,
    stage_pages,
    undoing,
    visits,
)
from crm_api.pages.assets import FOREVER, library, maps, reference
from crm_api.pages.errors import PageRoute
from crm_api.pages.headers import ASSET_HEADERS, PAGE_HEADERS, PERMISSIONS_ON_THE_ROAD
from crm_api.pages.session import (
    MaybeSigned,
    SameSite,
    Signed,
    Trusted,
    demo_password,
    give_cookie,
    local_path,
    take_cookie,
)
from crm_api.pages.templating import accepts_gzip, is_fragment, render
from crm_api.users import flows as users
from crm_api.users import sessions
from crm_api.visits import flows as planning
from crm_api.visits import service as visit_plans
from crm_api.visits.schemas import PlanIn

router = Router(include_in_schema=False, route_class=PageRoute)
# Each page is a module with a router of its own; a new one is a word here.
for _page in (
    asking,
    insight,
    installing,
    files,
    coverage_pages,
    mileage_pages,
    planner_pages,
    road_pages,
    notices,
    palette,
    undoing,
    list_pages,
    editing,
    board_pages,
    stage_pages,
    record_pages,
    outbox_pages,
    import_pages,
):
    router.include_router(_page.router)

DEMO_USERS = (
    ("rep@demo.example", "Sales rep", "Own deals, leads and follow-ups"),
    ("field@demo.example", "Field rep", "A territory, visits on the road"),
    ("manager@demo.example", "Manager", "The whole team"),
    ("viewer@demo.example", "Viewer", "Reads, changes nothing"),
)


@router.get("/a/{digest}/{name}")
async def read_asset(request: Request, digest: str, name: str) -> Response:
    """A file that never changes under this address."""
    asset = library().get(name) or maps().get(name) or reference().get(name)
    if asset is None or asset.path != request.url.path:
        raise NotFound("There is no such file.")
    packed = accepts_gzip(request)
    headers = {**ASSET_HEADERS, "Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.body, 200, headers, asset.media_type)


@router.get("/docs")
async def show_reference(request: Request) -> Response:
    """The API reference, from this installation's own description and without any other host."""
    return render(request, "docs.html", files=reference())


# ── Signing in and out ───────────────────────────────────────────────────────────────────────────


@router.get("/sign-in")
async def show_sign_in(request: Request, visitor: MaybeSigned, next: str = "/") -> Response:
    """The form, unless somebody is signed in already."""
    return see_other(local_path(next)) if visitor else _sign_in_form(request, next)


@router.post("/sign-in", dependencies=[SameSite])
async def sign_in(
    request: Request,
    db: Db,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    demo: Annotated[str, Form(max_length=254)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Open a session, or show the form again with what was wrong."""
    known = demo_password(request)
    if demo and known and demo in {address for address, _, _ in DEMO_USERS}:
        email, password = demo, known
    try:
        opened = await users.sign_in(
            db, email.strip(), password, channel="web", address=request.client.host if request.client else None,
            user_agent=request.headers.get("user-agent"),
        )  # fmt: skip
    except (NotSignedIn, TooMany) as problem:
        return _sign_in_form(request, next, email=email, problem=problem)
    response = see_other(local_path(next))
    give_cookie(request, response, opened.token)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, db: Db, visitor: Trusted) -> Response:
    """End the session on the server, and make the browser forget it."""
    await db.write(sessions.end, visitor.session_id, reason="signed out")
    response = see_other("/sign-in")
    take_cookie(request, response)
    return response


def _sign_in_form(
    request: Request, next: str, *, email: str = "", problem: Problem | None = None
) -> Response:
    response = render(
        request, "sign_in.html", status=problem.status if problem else 200, email=email, problem=problem,
        next=local_path(next), demo_users=DEMO_USERS if demo_password(request) else (),
    )  # fmt: skip
    if isinstance(problem, TooMany):
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def see_other(address: str) -> Response:
    """After a form: go on to a page, so that reloading does not send the form again."""
    return RedirectResponse(address, 303, PAGE_HEADERS)


# ── Today ────────────────────────────────────────────────────────────────────────────────────────


@router.get("/")
async def today(request: Request, db: Db, visitor: Signed, plan: UUID | None = None) -> Response:
    """The start page."""
    actor = visitor.actor
    planned = await visits.visits(db, actor, plan_id=plan)
    next_stop, at_door = await road.next_one(db, actor, planned.day)
    response = await frame.page(
        request, db, visitor, "today.html", greeting=formats.greeting(actor.time_zone),
        date=clock.today(actor.time_zone), examples=answers.examples(actor.role),
        visits=planned, next_stop=next_stop, at_door=at_door, outbox=await outbox.outbox(db, actor),
        waiting=await db.read(day.read, actor), changed=await db.read(day.changed, actor),
    )  # fmt: skip
    if next_stop:
        response.headers["Permissions-Policy"] = PERMISSIONS_ON_THE_ROAD  # checking in says where
    return response


@router.get("/visits")
async def show_visits(request: Request, db: Db, visitor: Signed, plan: UUID | None = None) -> Response:
    """The visits card alone, for htmx; a person who opens this address gets the whole page."""
    if not is_fragment(request):
        return see_other(f"/?plan={plan}" if plan else "/")
    return await _visits(request, db, visitor, plan)


@router.post("/visits/plan")
async def plan_day(
    request: Request,
    db: Db,
    ports: PortsDep,
    visitor: Trusted,
    owner_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Propose today's visits for oneself or a rep."""
    zone = visitor.actor.time_zone
    plan = await planning.plan_day(
        db, ports, visitor.actor, data=PlanIn(day=clock.today(zone), owner_id=owner_id)
    )
    return await _planned(request, db, visitor, plan["id"])


@router.post("/visits/{plan_id}/accept")
async def accept_plan(request: Request, db: Db, visitor: Trusted, plan_id: UUID) -> Response:
    """Make a proposal the day."""
    await db.write(visit_plans.accept, visitor.actor, plan_id=plan_id, if_match=None)
    return await _planned(request, db, visitor, plan_id)


@router.post("/visits/{plan_id}/stops/{activity_id}/done")
async def finish_visit(
    request: Request, db: Db, visitor: Trusted, plan_id: UUID, activity_id: UUID
) -> Response:
    """Tick a visit off."""
    await db.write(activities.complete, visitor.actor, activity_id=activity_id, data=Completion())
    return await _planned(request, db, visitor, plan_id)


@router.post("/outbox/{message_id}/{action}")
async def settle_message(
    request: Request,
    db: Db,
    visitor: Trusted,
    message_id: UUID,
    action: str,
    back: Annotated[str, Form(max_length=2000)] = "/#outbox",
) -> Response:
    """Do what a button beside a message says."""
    if action not in outbox.ACTIONS:
        raise NotFound("There is no such action.")
    await outbox.act(db, visitor.actor, message_id, action)
    if not is_fragment(request):
        return see_other(local_path(back))
    shown = await outbox.outbox(db, visitor.actor)
    return render(request, "partials/outbox.html", visitor=visitor, outbox=shown)


async def _planned(request: Request, db: Db, visitor: Visitor, plan_id: UUID) -> Response:
    if not is_fragment(request):
        return see_other(f"/?plan={plan_id}#visits")
    return await _visits(request, db, visitor, plan_id)


async def _visits(request: Request, db: Db, visitor: Visitor, plan_id: UUID | None) -> Response:
    shown = await visits.visits(db, visitor.actor, plan_id=plan_id)
    return render(request, "partials/visits.html", visitor=visitor, visits=shown)
