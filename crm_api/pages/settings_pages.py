"""/crm/settings: an overview, and each list of settings with its forms. Forms open in the dialogue."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.core.errors import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from crm_api.core.routing import Router
from crm_api.dependencies import Db, Visitor, state
from crm_api.pages import frame, once, sections
from crm_api.pages.editing import typed_in
from crm_api.pages.errors import PageRoute
from crm_api.pages.frame import Done
from crm_api.pages.sections import BY_KEY, SECTIONS, Section
from crm_api.pages.session import Signed, Trusted
from crm_api.users import passwords

router = Router(include_in_schema=False, route_class=PageRoute)
PATH = "/crm/settings"
HIDDEN = ("stages",)  # has no list of its own
REFUSED = (Invalid, Conflict, Stale, NotAllowed)
# What is no list of things to make and change: (path, title, about, icon, roles)
OTHERS = (
    ("organisation", "Organisation", "Name, address, zone, currency, fiscal year", "building-2", sections.EVERYBODY),
    ("roles", "Roles", "Who reads and changes what", "star", sections.EVERYBODY),
    ("api-keys", "API keys", "Programs that act for people", "link", sections.EVERYBODY),
    ("webhooks", "Webhooks", "Who is told of changes, and what was delivered", "external-link", sections.MANAGERS),
    ("integrations", "Integrations", "What is connected, and what is missing", "route", sections.ADMINISTRATORS),
    ("audit", "Audit log", "Who changed what, with undo", "history", sections.EVERYBODY),
)  # fmt: skip


@router.get(PATH)
async def show_settings(request: Request, db: Db, visitor: Signed) -> Response:
    """All settings that this person may look at."""
    role, off = visitor.actor.role, visitor.off
    offered = [
        (section.path, section.title, section.about, section.icon)
        for section in SECTIONS
        if section.key not in HIDDEN and sections.may_see(section, visitor.actor)
    ]
    offered += [
        (f"{PATH}/{key}", title, about, icon)
        for key, title, about, icon, roles in OTHERS
        if role in roles and key not in off
    ]
    return await frame.page(request, db, visitor, "settings/index.html", offered=offered)


def _section(key: str, visitor: Visitor, *, changing: bool = False) -> Section:
    section = BY_KEY.get(key)
    if section is None or not sections.may_see(section, visitor.actor):
        raise NotFound("There is no such page of settings.")
    if changing and not sections.may_change(section, visitor.actor):
        raise NotAllowed(f"{section.title} are changed by {' or '.join(section.changed)}; ask one.")
    return section


async def _asked_for(request: Request, section: Section) -> dict[str, str]:
    """The values a link to a form brings along, such as the pipeline of a new stage."""
    return {"pipeline_id": request.query_params.get("pipeline_id", "")} if section.key == "stages" else {}


@router.get(PATH + "/pipelines")
async def show_pipelines(request: Request, db: Db, visitor: Signed) -> Response:
    """The pipelines with their stages in order."""
    section = BY_KEY["pipelines"]
    found = await db.read(sections.listed, visitor.actor, "pipeline", sort=section.sort)
    return await frame.page(
        request, db, visitor, "settings/pipelines.html", section=section, pipelines=found,
        may_edit=sections.may_change(section, visitor.actor),
    )  # fmt: skip


@router.get(PATH + "/{key}")
async def show_section(request: Request, db: Db, visitor: Signed, key: str) -> Response:
    """One list of settings."""
    section = _section(key, visitor)
    if key in HIDDEN:
        raise NotFound("There is no such page of settings.")
    items, names = await db.read(_listed, visitor.actor, section)
    return await frame.page(
        request, db, visitor, "settings/list.html", section=section, items=items, names=names,
        may_edit=sections.may_change(section, visitor.actor),
    )  # fmt: skip


def _listed(session: Any, actor: Actor, section: Section) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The things, and what the people and teams they name are called."""
    items = sections.listed(session, actor, section.kind, sort=section.sort)
    others = {ask.of for ask in section.asks if ask.of is not None}
    named = {str(one["id"]): one["name"] for kind in others for one in sections.listed(session, actor, kind)}
    return items, named


# ── New, changed ─────────────────────────────────────────────────────────────────────────────────


@router.get(PATH + "/{key}/new")
async def ask_for_new(request: Request, db: Db, visitor: Signed, key: str) -> Response:
    """The form for a new thing."""
    return await _form(request, db, visitor, _section(key, visitor, changing=True))


@router.post(PATH + "/{key}/new")
async def make_new(request: Request, db: Db, visitor: Trusted, key: str) -> Response:
    """Make it, or show the form again with what was wrong."""
    section, typed = _section(key, visitor, changing=True), await typed_in(request)

    async def work() -> str:
        done = await _make(db, visitor, section, typed)
        state(request).actors.clear()  # roles, teams and zones are remembered for a while
        return frame.after(_home(section), done)

    try:
        return await once.go_on_once(request, db, visitor, work)
    except REFUSED as problem:
        return await _form(request, db, visitor, section, typed=typed, problem=problem)


async def _make(db: Db, visitor: Visitor, section: Section, typed: dict[str, str]) -> Done:
    more: dict[str, Any] = {}
    asks = section.asked(new=True)
    if section.key == "pipelines":
        more, asks = {"stages": sections.with_ends(typed)}, tuple(a for a in asks if a.name != "stages")
    if section.key == "stages":
        more = {"pipeline_id": typed.get("pipeline_id", "")}
    data = sections.body(asks, section.creating, typed, **more)
    return await frame.act(
        db,
        visitor,
        f"Added {section.one} {_called(typed)}",
        section.make,
        data=data,
        **await _secret(section, typed),
    )


@router.get(PATH + "/{key}/{record_id}")
async def ask_for_changes(request: Request, db: Db, visitor: Signed, key: str, record_id: UUID) -> Response:
    """The form of a thing as it is."""
    section = _section(key, visitor, changing=True)
    item = await db.read(records.one, visitor.actor, section.kind, record_id)
    return await _form(request, db, visitor, section, item=item)


@router.post(PATH + "/{key}/{record_id}")
async def change(request: Request, db: Db, visitor: Trusted, key: str, record_id: UUID) -> Response:
    """Change it, or show the form again with what was wrong."""
    section, typed = _section(key, visitor, changing=True), await typed_in(request)
    try:
        data = sections.body(section.asked(new=False), section.changing, typed)
        version = typed.get("version", "")
        done = await frame.act(
            db, visitor, f"Changed {section.one} {_called(typed)}", section.update, data=data,
            if_match=int(version) if version.isdecimal() else None, **section.named(record_id),
            **await _secret(section, typed),
        )  # fmt: skip
    except REFUSED as problem:
        item = await db.read(records.one, visitor.actor, section.kind, record_id)
        return await _form(request, db, visitor, section, item=item, typed=typed, problem=problem)
    return _settled(request, section, done)


async def _secret(section: Section, typed: dict[str, str]) -> dict[str, Any]:
    """The hash of a password that was typed, for the verbs over people; making one takes a while."""
    if section.key != "users":
        return {}
    password = typed.get("password", "")
    return {"password_hash": await asyncio.to_thread(passwords.hash_password, password) if password else None}


def _called(typed: dict[str, str]) -> str:
    return (typed.get("name") or typed.get("label") or "").strip()[:80]


def _settled(request: Request, section: Section, done: Done | None = None) -> Response:
    state(request).actors.clear()  # roles, teams and zones are remembered for a while
    return frame.go_on(request, _home(section), done)


def _home(section: Section) -> str:
    """The page that lists these things."""
    return f"{PATH}/pipelines" if section.key in HIDDEN else section.path


async def _form(
    request: Request,
    db: Db,
    visitor: Visitor,
    section: Section,
    *,
    item: dict[str, Any] | None = None,
    typed: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    asks = section.asked(new=item is None)
    given = await _asked_for(request, section) if item is None else {}
    shown = await db.read(
        sections.inputs, visitor.actor, asks, item=item or _fresh(section), typed=typed, problem=problem
    )
    title = f"New {section.one}" if item is None else item.get("name") or item.get("label") or section.title
    return await frame.sheet(
        request, db, visitor, "settings/form.html", title=title, status=problem.status if problem else 200,
        section=section, inputs=shown, item=item, problem=problem, hidden={**given, **_hidden(typed)},
    )  # fmt: skip


def _fresh(section: Section) -> dict[str, Any]:
    """What stands in the form of a new thing."""
    return {"users": {"role": "rep"}, "segments": {"kind": "static"}}.get(section.key, {"color": "grey"})


def _hidden(typed: dict[str, str] | None) -> dict[str, str]:
    return {"pipeline_id": typed["pipeline_id"]} if typed and typed.get("pipeline_id") else {}


# ── Removed, moved ───────────────────────────────────────────────────────────────────────────────


@router.get(PATH + "/{key}/{record_id}/remove")
async def ask_before_removing(
    request: Request, db: Db, visitor: Signed, key: str, record_id: UUID
) -> Response:
    """What deleting a thing means, before it is done."""
    return await _removal(request, db, visitor, _section(key, visitor, changing=True), record_id)


@router.post(PATH + "/{key}/{record_id}/remove")
async def remove(request: Request, db: Db, visitor: Trusted, key: str, record_id: UUID) -> Response:
    """Delete it, or say why not."""
    section, typed = _section(key, visitor, changing=True), await typed_in(request)
    if section.remove is None:
        raise NotFound("This is not deleted.")
    try:
        more = {"move_to": UUID(typed["move_to"])} if section.moves and typed.get("move_to") else {}
        label = f"Deleted {section.one} {typed.get('called', '')[:80]}"
        done = await frame.act(
            db, visitor, label, section.remove, if_match=None, **section.named(record_id), **more
        )
    except (*REFUSED, ValueError) as refusal:
        problem = refusal if isinstance(refusal, Problem) else Invalid.field("move_to", "one of the list")
        return await _removal(request, db, visitor, section, record_id, problem=problem)
    return _settled(request, section, done)


async def _removal(
    request: Request,
    db: Db,
    visitor: Visitor,
    section: Section,
    record_id: UUID,
    problem: Problem | None = None,
) -> Response:
    if section.remove is None:
        raise NotFound("This is not deleted.")
    item = await db.read(records.one, visitor.actor, section.kind, record_id)
    asks = await db.read(_places, visitor.actor, section, item) if section.moves else ()
    shown = await db.read(sections.inputs, visitor.actor, asks, problem=problem)
    called = item.get("name") or item.get("label")
    return await frame.sheet(
        request, db, visitor, "settings/remove.html", title=f"{section.removing} {called}?",
        status=problem.status if problem else 200, section=section, item=item, called=called, inputs=shown,
        problem=problem,
    )  # fmt: skip


def _places(session: Any, actor: Actor, section: Section, item: dict[str, Any]) -> tuple[sections.Ask, ...]:
    """Where the records of a pipeline or stage may go: others of the same sort."""
    everything = sections.listed(session, actor, "pipeline")
    if section.key == "pipelines":
        found = [one for one in everything if one["applies_to"] == item["applies_to"]]
    else:
        own = next(one for one in everything if one["id"] == item["pipeline_id"])
        ends = (item["is_won"], item["is_lost"])
        found = [stage for stage in own["stages"] if (stage["is_won"], stage["is_lost"]) == ends]
    options = tuple((str(one["id"]), one["name"]) for one in found if one["id"] != item["id"])
    return (sections.moving_to(section, options),)


@router.post(PATH + "/pipelines/{pipeline_id}/default")
async def make_default(request: Request, db: Db, visitor: Trusted, pipeline_id: UUID) -> Response:
    """New records go here from now on."""
    section = _section("pipelines", visitor, changing=True)
    data = section.changing.model_validate({"is_default": True})
    done = await frame.act(
        db, visitor, "Made it the default", section.update, pipeline_id=pipeline_id, data=data, if_match=None
    )
    return _settled(request, section, done)


@router.post(PATH + "/stages/{stage_id}/move")
async def move_stage(request: Request, db: Db, visitor: Trusted, stage_id: UUID) -> Response:
    """Put a stage at another place of its pipeline."""
    section, typed = _section("stages", visitor, changing=True), await typed_in(request)
    data = sections.body((sections.Ask("position", "Place"),), section.changing, typed)
    done = await frame.act(
        db, visitor, "Moved a stage", section.update, stage_id=stage_id, data=data, if_match=None
    )
    return _settled(request, section, done)
