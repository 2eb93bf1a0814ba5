"""What routes ask for: the database, the acting user, the ports."""

import time
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from fastapi.security import OAuth2PasswordBearer
from pydantic_core import to_json
from sqlalchemy.orm import Session

from crm_api.access import Actor, actor_of
from crm_api.core import context
from crm_api.core.database import Database
from crm_api.core.errors import BadRequest, NotAllowed, NotSignedIn
from crm_api.core.limiting import Limiter
from crm_api.core.secrets import Keys, fingerprint
from crm_api.modules import service as modules
from crm_api.modules.manifest import Menu
from crm_api.organisation.service import zone
from crm_api.ports import Ports
from crm_api.settings import Settings
from crm_api.users import api_keys, scopes, sessions
from crm_api.users.flows import ACCESS

SESSION_CACHE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Keyholder:
    """Who acts through an API key, and how far it reaches."""

    actor: Actor
    scopes: frozenset[str]
    origin: str


@dataclass(slots=True)
class State:
    """What one web process holds open; lives at `app.state.rounds`."""

    settings: Settings
    db: Database
    ports: Ports
    keys: Keys
    actors: dict[UUID, tuple[float, Actor]] = field(default_factory=dict)
    demo_password: str | None = None
    keyholders: dict[str, tuple[float, Keyholder]] = field(default_factory=dict)
    limiter: Limiter = field(init=False)

    def __post_init__(self) -> None:
        self.limiter = Limiter(self.settings.rate_limit)
        self.db.rules = self.settings.rules


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in on the pages; `csrf_token` proves that a form is one of ours. `off` are the optional parts
    that are switched off, `menus` the navigation over the others."""

    session_id: UUID
    csrf_token: str
    actor: Actor
    menus: tuple[Menu, ...] = ()
    off: frozenset[str] = frozenset()


def state(request: Request) -> State:
    """The process's state."""
    return request.app.state.rounds  # type: ignore[no-any-return]


async def _db(request: Request) -> Database:
    return state(request).db


async def _ports(request: Request) -> Ports:
    return state(request).ports


async def _settings(request: Request) -> Settings:
    return state(request).settings


async def _keys(request: Request) -> Keys:
    return state(request).keys


_bearer = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)


async def current_actor(request: Request, token: Annotated[str | None, Depends(_bearer)]) -> Actor:
    """The user behind the bearer token; raises NotSignedIn, or NotAllowed for an API key without the scope.

    Cookies do nothing here.
    """
    if not token:
        raise NotSignedIn("Send a bearer token: POST /api/v1/auth/token gives one.")
    here = state(request)
    if token.startswith(api_keys.PREFIX):
        return await _through_key(here, request, token)
    claims = here.keys.verify(token, purpose=ACCESS)
    actor = await live_actor(here, UUID(claims["sid"]))
    here.limiter.take(actor.user_id)
    context.enter(actor_id=actor.user_id, label=_label(request))
    await _require_module(here, request)
    return actor


def _label(request: Request) -> str:
    """What a change set of this request is called: the operation's own name, "Update lead"."""
    return str(request.scope["route"].name).replace("_", " ").capitalize()


async def _through_key(here: State, request: Request, token: str) -> Actor:
    holder = await live_keyholder(here, token)
    here.limiter.take(holder.origin)
    context.enter(actor_id=holder.actor.user_id, origin=holder.origin, label=_label(request))
    wanted = scopes.needed(request.method, request.scope["path"])
    if not scopes.permits(holder.scopes, wanted):
        if wanted and wanted.startswith(f"{scopes.PERSONAL}:"):
            raise NotAllowed("API keys cannot do this; sign in as a person.", missing_scope=None)
        raise NotAllowed(f"This API key lacks the scope {wanted}.", missing_scope=wanted)
    await _require_module(here, request)
    return holder.actor


async def _require_module(here: State, request: Request) -> None:
    resource = scopes.resource_of(request.scope["path"])
    if resource is not None and modules.is_optional(resource):
        await here.db.read(modules.require, resource)


async def live_keyholder(here: State, token: str) -> Keyholder:
    """Who holds an API key. Kept for five seconds: so long may a revoked key still work elsewhere."""
    mark = fingerprint(token)
    kept = here.keyholders.get(mark)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    found = await here.db.read(_load_keyholder, token)
    if found is None:
        here.keyholders.pop(mark, None)
        raise NotSignedIn("This API key does not exist, was revoked, or has run out.")
    held, actor = found
    if api_keys.is_stale(held.last_used_at):
        await here.db.write(api_keys.note_use, held.key_id)
    holder = Keyholder(actor, held.scopes, held.origin)
    if len(here.keyholders) > 10_000:
        here.keyholders.clear()
    here.keyholders[mark] = (time.monotonic() + SESSION_CACHE_SECONDS, holder)
    return holder


def _load_keyholder(session: Session, token: str) -> tuple[api_keys.Held, Actor] | None:
    held = api_keys.held(session, token)
    return (held, actor_of(session, held.user, organisation_zone=zone(session))) if held else None


CurrentActor = Annotated[Actor, Depends(current_actor)]


async def _session_id(
    request: Request, token: Annotated[str | None, Depends(_bearer)], actor: CurrentActor
) -> UUID:
    return UUID(state(request).keys.verify(token or "", purpose=ACCESS)["sid"])


async def live_actor(here: State, session_id: UUID) -> Actor:
    """The actor of a live session. Kept for five seconds: so long may an ended session still work."""
    kept = here.actors.get(session_id)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    actor = await here.db.read(_load, session_id)
    if actor is None:
        here.actors.pop(session_id, None)
        raise NotSignedIn("The session is over; sign in again.")
    if len(here.actors) > 10_000:
        here.actors.clear()
    here.actors[session_id] = (time.monotonic() + SESSION_CACHE_SECONDS, actor)
    return actor


def _load(session: Session, session_id: UUID) -> Actor | None:
    found = sessions.live_user(session, session_id=session_id)
    return actor_of(session, found[1], organisation_zone=zone(session)) if found else None


async def live_visitor(here: State, token: str) -> Visitor | None:
    """Whose web session an opaque token opens, or None. Not cached: signing out holds at once."""
    return await here.db.read(_visitor, token)


def _visitor(session: Session, token: str) -> Visitor | None:
    found = sessions.live_user(session, token=token)
    if found is None or found[0].channel != "web":
        return None
    kept, user = found
    actor, menus = actor_of(session, user, organisation_zone=zone(session)), tuple(modules.menus(session))
    return Visitor(kept.id, kept.csrf_token or "", actor, menus, modules.switched_off(session))


async def _if_match(
    if_match: Annotated[str | None, Header(description="The ETag of the version you read.")] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise BadRequest('If-Match takes an ETag as this service gives it, such as "3".')
    return int(text)


Db = Annotated[Database, Depends(_db)]
PortsDep = Annotated[Ports, Depends(_ports)]
SettingsDep = Annotated[Settings, Depends(_settings)]
KeysDep = Annotated[Keys, Depends(_keys)]
SessionId = Annotated[UUID, Depends(_session_id)]
IfMatch = Annotated[int | None, Depends(_if_match)]


def takes_only(*names: str) -> Any:
    """A dependency that refuses every query parameter but these with a 400: a misspelt one is no filter."""

    async def check(request: Request) -> None:
        unknown = [name for name in request.query_params if name not in names]
        if unknown:
            raise BadRequest(f"There is no parameter '{unknown[0]}'; this address takes {', '.join(names)}.")

    return Depends(check)


def json_answer(body: Any, status: int = 200) -> Response:
    """Serialised once, past FastAPI's own encoder: the routes' models document, tests compare them."""
    return Response(to_json(body), status, media_type="application/json")


def record_answer(body: dict[str, Any], status: int = 200) -> Response:
    """One record, with its version as the ETag."""
    response = json_answer(body, status)
    if "version" in body:
        response.headers["ETag"] = f'"{body["version"]}"'
    return response
