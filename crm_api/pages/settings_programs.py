"""The settings of programs: API keys, and webhooks with their log. Secrets are shown once, when they are made."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from crm_api.access import Actor
from crm_api.conditions import filters, records
from crm_api.conditions.tree import All, Comparison
from crm_api.core.errors import Conflict, Invalid, NotAllowed, Problem, Stale
from crm_api.core.listing import Window
from crm_api.core.routing import Router
from crm_api.dependencies import Db, KeysDep, PortsDep, Visitor, state
from crm_api.pages import frame, once, sections
from crm_api.pages.editing import typed_in
from crm_api.pages.errors import PageRoute
from crm_api.pages.sections import Ask
from crm_api.pages.session import Signed, Trusted
from crm_api.users import api_keys, people, scopes
from crm_api.users.schemas import ApiKeyIn
from crm_api.webhooks import flows, service
from crm_api.webhooks.schemas import WebhookIn, WebhookPatch

router = Router(include_in_schema=False, route_class=PageRoute)
KEYS, HOOKS = "/crm/settings/api-keys", "/crm/settings/webhooks"
KEY = (
    Ask("name", "Name", required=True, hint="What program it is for."),
    Ask("scopes", "May", "words", required=True, hint="leads:read, leads:write, *:read … with commas between them."),
    Ask("expires_at", "Ends on", "date", hint="Empty: never."),
)  # fmt: skip
HOOK = (
    Ask("name", "Name", required=True),
    Ask("url", "Address", "url", required=True, hint="An https address of the other system."),
    Ask("event_types", "Events", "words", hint="lead.created, lead.*, * … with commas between them."),
    Ask("is_active", "Is told", "checkbox", when="change"),
)  # fmt: skip
REFUSED = (Invalid, Conflict, Stale, NotAllowed)
A_PAGE = 50


# ── API keys ─────────────────────────────────────────────────────────────────────────────────────


@router.get(KEYS)
async def show_keys(request: Request, db: Db, visitor: Signed) -> Response:
    """One's own keys; everybody's for administrators."""
    actor = visitor.actor
    keys = await db.read(api_keys.listed, user_id=None if actor.is_administrator else actor.user_id)
    persons = await db.read(sections.listed, actor, "user")
    return await frame.page(
        request,
        db,
        visitor,
        "settings/keys.html",
        keys=keys,
        names={one["id"]: one["name"] for one in persons},
    )


@router.get(KEYS + "/new")
async def ask_for_key(request: Request, db: Db, visitor: Signed) -> Response:
    """The form for a new key."""
    return await _form(request, db, visitor, KEY, f"{KEYS}/new", "New API key")


@router.post(KEYS + "/new")
async def make_key(request: Request, db: Db, visitor: Trusted) -> Response:
    """Make it; the token is on this page and on no other."""
    typed = await typed_in(request)
    shown: list[dict[str, Any]] = []

    async def work() -> str:
        data = sections.body(KEY, ApiKeyIn, {**typed, **_midnight(typed)})
        assert isinstance(data, ApiKeyIn)
        if unknown := scopes.unknown(data.scopes, request.app.openapi()["paths"]):
            raise Invalid.field("scopes", f"there is nothing called {', '.join(unknown)}")
        shown.append(await db.write(people.create_api_key, visitor.actor, data=data))
        return KEYS

    try:
        again = await once.go_on_once(request, db, visitor, work)
    except REFUSED as problem:
        return await _form(
            request, db, visitor, KEY, f"{KEYS}/new", "New API key", typed=typed, problem=problem
        )
    if not shown:
        return again
    made = shown[0]
    return await _secret(
        request, db, visitor, made["name"], made["token"], KEYS, "Send it as Authorization: Bearer …"
    )


def _midnight(typed: dict[str, str]) -> dict[str, str]:
    """A day typed for an instant: its end in UTC."""
    day = typed.get("expires_at", "")
    return {"expires_at": f"{day}T23:59:59Z"} if day else {}


@router.post(KEYS + "/{key_id}/remove")
async def revoke_key(request: Request, db: Db, visitor: Trusted, key_id: UUID) -> Response:
    """End a key for good."""
    actor = visitor.actor
    done = await frame.act(
        db, visitor, "Revoked an API key", _revoke, key_id=key_id,
        user_id=None if actor.is_administrator else actor.user_id,
    )  # fmt: skip
    state(request).keyholders.clear()
    return frame.go_on(request, KEYS, done)


def _revoke(session: Any, _: Actor, /, **which: Any) -> None:
    api_keys.revoke(session, **which)


# ── Webhooks ─────────────────────────────────────────────────────────────────────────────────────


@router.get(HOOKS)
async def show_hooks(request: Request, db: Db, visitor: Signed) -> Response:
    """The webhooks this person sees."""
    found = await db.read(sections.listed, visitor.actor, "webhook", sort="-created_at")
    return await frame.page(
        request, db, visitor, "settings/webhooks.html", hooks=found, may_edit=_may(visitor)
    )


@router.get(HOOKS + "/new")
async def ask_for_hook(request: Request, db: Db, visitor: Signed) -> Response:
    """The form for a new webhook."""
    _require(visitor)
    return await _form(
        request, db, visitor, HOOK[:-1], f"{HOOKS}/new", "New webhook", item={"event_types": ["*"]}
    )


@router.post(HOOKS + "/new")
async def make_hook(request: Request, db: Db, visitor: Trusted, ports: PortsDep, keys: KeysDep) -> Response:
    """Make it; the secret is on this page and on no other."""
    typed = await typed_in(request)
    shown: list[dict[str, Any]] = []

    async def work() -> str:
        data = sections.body(HOOK[:-1], WebhookIn, typed)
        assert isinstance(data, WebhookIn)
        shown.append(await flows.create(db, ports, keys, visitor.actor, data=data))
        return f"{HOOKS}/{shown[0]['id']}"

    try:
        again = await once.go_on_once(request, db, visitor, work)
    except REFUSED as problem:
        return await _form(
            request, db, visitor, HOOK[:-1], f"{HOOKS}/new", "New webhook", typed=typed, problem=problem
        )
    if not shown:
        return again
    made = shown[0]
    address = f"{HOOKS}/{made['id']}"
    return await _secret(
        request, db, visitor, made["name"], made["secret"], address, "The receiver checks signatures with it."
    )


@router.get(HOOKS + "/{webhook_id}")
async def show_hook(
    request: Request,
    db: Db,
    visitor: Signed,
    webhook_id: UUID,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """A webhook with its delivery log, the newest first."""
    hook = await db.read(records.one, visitor.actor, "webhook", webhook_id)
    mine = All(all=[Comparison(field="webhook_id", op="eq", value=str(webhook_id))])
    query = filters.Query(
        tree=mine, sort=("-created_at",), window=Window(page_size=A_PAGE, count="none", cursor=cursor)
    )
    log = await db.read(records.page, visitor.actor, "webhook_delivery", query)
    return await frame.page(
        request, db, visitor, "settings/webhook.html", hook=hook, log=log, may_edit=_may(visitor)
    )


@router.get(HOOKS + "/{webhook_id}/edit")
async def ask_for_hook_changes(request: Request, db: Db, visitor: Signed, webhook_id: UUID) -> Response:
    """The form of a webhook as it is."""
    _require(visitor)
    hook = await db.read(records.one, visitor.actor, "webhook", webhook_id)
    return await _form(request, db, visitor, HOOK, f"{HOOKS}/{webhook_id}/edit", hook["name"], item=hook)


@router.post(HOOKS + "/{webhook_id}/edit")
async def change_hook(
    request: Request, db: Db, visitor: Trusted, ports: PortsDep, webhook_id: UUID
) -> Response:
    """Change it, or show the form again with what was wrong."""
    typed = await typed_in(request)
    hook = await db.read(records.one, visitor.actor, "webhook", webhook_id)
    try:
        data = sections.body(HOOK, WebhookPatch, typed)
        assert isinstance(data, WebhookPatch)
        version = typed.get("version", "")
        await flows.update(
            db, ports, visitor.actor, webhook_id=webhook_id, data=data,
            if_match=int(version) if version.isdecimal() else None,
        )  # fmt: skip
    except REFUSED as problem:
        address = f"{HOOKS}/{webhook_id}/edit"
        return await _form(
            request, db, visitor, HOOK, address, hook["name"], item=hook, typed=typed, problem=problem
        )
    return frame.go_on(request, f"{HOOKS}/{webhook_id}")


@router.post(HOOKS + "/{webhook_id}/remove")
async def remove_hook(request: Request, db: Db, visitor: Trusted, webhook_id: UUID) -> Response:
    """Remove a webhook with its log."""
    done = await frame.act(db, visitor, "Deleted a webhook", service.delete, webhook_id=webhook_id)
    return frame.go_on(request, HOOKS, done)


@router.post(HOOKS + "/{webhook_id}/test")
async def test_hook(
    request: Request, db: Db, visitor: Trusted, ports: PortsDep, keys: KeysDep, webhook_id: UUID
) -> Response:
    """Post a test now; the log says what the receiver answered."""
    await flows.test(db, ports, keys, visitor.actor, webhook_id=webhook_id)
    return frame.go_on(request, f"{HOOKS}/{webhook_id}")


@router.post(HOOKS + "/{webhook_id}/deliveries/{delivery_id}/replay")
async def replay_delivery(
    request: Request, db: Db, visitor: Trusted, webhook_id: UUID, delivery_id: UUID
) -> Response:
    """Deliver one message again."""
    await frame.act(
        db, visitor, "Delivers again", service.replay, webhook_id=webhook_id, delivery_id=delivery_id
    )
    return frame.go_on(request, f"{HOOKS}/{webhook_id}")


def _may(visitor: Visitor) -> bool:
    return visitor.actor.role in sections.MANAGERS


def _require(visitor: Visitor) -> None:
    if not _may(visitor):
        raise NotAllowed("Webhooks are made by managers and administrators.")


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────


async def _form(
    request: Request,
    db: Db,
    visitor: Visitor,
    asks: tuple[Ask, ...],
    action: str,
    title: str,
    *,
    item: dict[str, Any] | None = None,
    typed: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    shown = await db.read(sections.inputs, visitor.actor, asks, item=item, typed=typed, problem=problem)
    return await frame.sheet(
        request, db, visitor, "settings/plain_form.html", title=title, status=problem.status if problem else 200,
        action=action, inputs=shown, problem=problem, version=(item or {}).get("version"),
    )  # fmt: skip


async def _secret(
    request: Request, db: Db, visitor: Visitor, name: str, secret: str, back: str, about: str
) -> Response:
    """What is shown once."""
    return await frame.sheet(
        request, db, visitor, "settings/secret.html", title=name, secret=secret, back=back, about=about
    )
