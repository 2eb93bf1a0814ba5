"""The settings that are one thing each: the organisation, what roles may do, what is connected, who changed what."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from crm_api.access import Actor, require_role
from crm_api.changes import service as changes
from crm_api.conditions import filters, records
from crm_api.conditions.tree import All, Comparison
from crm_api.core.errors import Conflict, Invalid, NotAllowed, Problem, Stale
from crm_api.core.listing import Window
from crm_api.core.routing import Router
from crm_api.core.schemas import changes as fields_sent
from crm_api.dependencies import Db, PortsDep, Visitor, state
from crm_api.organisation import service as organisation
from crm_api.organisation.schemas import OrganisationPatch
from crm_api.pages import frame, sections
from crm_api.pages.editing import typed_in
from crm_api.pages.errors import PageRoute
from crm_api.pages.kinds import address_of
from crm_api.pages.sections import Ask
from crm_api.pages.session import Signed, Trusted

router = Router(include_in_schema=False, route_class=PageRoute)
PATH = "/crm/settings"
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
PROFILE = (
    Ask("name", "Name", required=True, hint="As it stands on pages and mails."),
    Ask("street", "Street"), Ask("zip", "ZIP"), Ask("city", "City"), Ask("state", "State"), Ask("country", "Country"),
    Ask("time_zone", "Time zone", required=True, hint="Such as America/New_York."),
    Ask("currency", "Currency", required=True, hint="Three letters. Fixed once there are amounts."),
    Ask("fiscal_year_start_month", "Fiscal year begins in", "select",
        tuple((str(n), month) for n, month in enumerate(MONTHS, 1)), required=True),
    Ask("locale", "Formats", required=True, hint="Such as en-US: how numbers and dates are written."),
    Ask("week_starts_on", "Week begins on", "select", (("1", "Monday"), ("7", "Sunday"), ("6", "Saturday")),
        required=True),
    Ask("distance_unit", "Distances in", "select", (("km", "Kilometres"), ("mi", "Miles")), required=True),
    Ask("approval_threshold", "Deals need approval above", "text", hint="An amount; empty: never."),
)  # fmt: skip
A_PAGE = 50
# What is off until its keys are set: (port, what people call it, what switches it on).
_MICROSOFT = "OFFICE365_TENANT_ID, OFFICE365_CLIENT_ID and OFFICE365_CLIENT_SECRET"
SWITCHED = (
    ("calendar", "calendar", _MICROSOFT), ("mailbox_reader", "mailboxes", _MICROSOFT),
    ("road_times", "google maps", "GOOGLE_MAPS_API_KEY"), ("text_model", "language model", "OPENAI_API_KEY"),
)  # fmt: skip


# ── Organisation ─────────────────────────────────────────────────────────────────────────────────


@router.get(PATH + "/organisation")
async def show_organisation(request: Request, db: Db, visitor: Signed) -> Response:
    """The profile: as a form for administrators, to read for others."""
    return await _organisation(request, db, visitor)


@router.post(PATH + "/organisation")
async def change_organisation(request: Request, db: Db, visitor: Trusted) -> Response:
    """Change what was typed, or show it again with what was wrong."""
    typed = await typed_in(request)
    try:
        data = sections.body(PROFILE, OrganisationPatch, typed)
        version = typed.get("version", "")
        done = await frame.act(
            db, visitor, "Changed the organisation", _change, data=data,
            if_match=int(version) if version.isdecimal() else None,
        )  # fmt: skip
    except (Invalid, Conflict, Stale) as problem:
        return await _organisation(request, db, visitor, typed=typed, problem=problem)
    state(request).actors.clear()  # who reads with the organisation's zone, currency and formats
    return frame.go_on(request, f"{PATH}/organisation", done)


def _change(session: Any, actor: Actor, *, data: OrganisationPatch, if_match: int | None) -> None:
    require_role(actor)
    organisation.change_profile(session, values=fields_sent(data), if_match=if_match)


def _profile(session: Any) -> dict[str, Any]:
    organisation.profile(session)
    return organisation.told(session) or {}


async def _organisation(
    request: Request,
    db: Db,
    visitor: Visitor,
    *,
    typed: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    item = await db.read(organisation.told) or await db.write(_profile)
    shown = await db.read(sections.inputs, visitor.actor, PROFILE, item=item, typed=typed, problem=problem)
    return await frame.page(
        request, db, visitor, "settings/organisation.html", status=problem.status if problem else 200, item=item,
        inputs=shown, problem=problem, may_edit=visitor.actor.is_administrator,
    )  # fmt: skip


# ── Roles, integrations ──────────────────────────────────────────────────────────────────────────


@router.get(PATH + "/roles")
async def show_roles(request: Request, db: Db, visitor: Signed) -> Response:
    """What each role reads, writes and gives away, and who has it."""
    people = await db.read(sections.listed, visitor.actor, "user")
    having: dict[str, list[str]] = {}
    for person in people:
        if person["is_active"]:
            having.setdefault(person["role"], []).append(person["name"])
    return await frame.page(request, db, visitor, "settings/roles.html", having=having)


@router.get(PATH + "/integrations")
async def show_integrations(request: Request, db: Db, visitor: Signed, ports: PortsDep) -> Response:
    """What the adapters say of themselves; what is off says what it needs. For administrators."""
    if not visitor.actor.is_administrator:
        raise NotAllowed("What is connected is for administrators to see.")
    told = [one for adapter in ports.diagnostics for one in await adapter.diagnose()]
    off = [(name, keys) for port, name, keys in SWITCHED if getattr(ports, port) is None]
    return await frame.page(request, db, visitor, "settings/integrations.html", told=told, off=off)


# ── Audit log ────────────────────────────────────────────────────────────────────────────────────


@router.get(PATH + "/audit")
async def show_audit(
    request: Request,
    db: Db,
    visitor: Signed,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    actor_id: Annotated[str, Query(max_length=40)] = "",
    origin: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """What was changed, by whom, through which channel, the newest first."""
    chosen = [("actor_id", actor_id), ("origin", origin)]
    tree = All(all=[Comparison(field=name, op="eq", value=value) for name, value in chosen if value])
    query = filters.Query(
        tree=tree, sort=("-at",), window=Window(page_size=A_PAGE, count="none", cursor=cursor)
    )
    page = await db.read(records.page, visitor.actor, "change_set", query)
    people = await db.read(sections.listed, visitor.actor, "user")
    return await frame.page(
        request, db, visitor, "settings/audit.html", page=page, people=people, actor_id=actor_id, origin=origin,
        names={person["id"]: person["name"] for person in people},
    )  # fmt: skip


@router.get(PATH + "/audit/{change_set_id}")
async def show_change(request: Request, db: Db, visitor: Signed, change_set_id: UUID) -> Response:
    """One change set: each record with its fields before and after."""
    window = filters.Query(window=Window(page_size=A_PAGE))
    found = await db.read(changes.one, visitor.actor, change_set_id=change_set_id, query=window)
    may_undo = found["reverted_by_id"] is None and visitor.actor.role != "viewer"
    may_undo = may_undo and (visitor.actor.is_administrator or found["actor_id"] == visitor.actor.user_id)
    return await frame.sheet(
        request, db, visitor, "settings/change.html", title=found["label"] or "Change", found=found,
        address_of=address_of, may_undo=may_undo,
    )  # fmt: skip
