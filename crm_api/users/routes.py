"""/api/v1/auth, /api/v1/users, /api/v1/teams"""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.errors import Invalid
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import (
    CurrentActor,
    Db,
    IfMatch,
    KeysDep,
    SessionId,
    json_answer,
    record_answer,
    state,
)
from crm_api.users import api_keys, flows, passwords, people, scopes, sessions
from crm_api.users.catalogue import TEAMS, USERS
from crm_api.users.schemas import (
    ApiKeyIn,
    ApiKeyMade,
    ApiKeys,
    Me,
    MyFormats,
    Refresh,
    TeamIn,
    TeamOut,
    TeamPatch,
    Tokens,
    UserIn,
    UserOut,
    UserPatch,
)
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/auth", tags=["auth"])


@router.post("/token", response_model=Tokens, responses=documented(401, 422, 429))
async def sign_in(
    request: Request, form: Annotated[OAuth2PasswordRequestForm, Depends()], db: Db, keys: KeysDep
) -> Tokens:
    """Sign in with e-mail address and password (OAuth2 password form)."""
    opened = await flows.sign_in(
        db,
        form.username,
        form.password,
        channel="api",
        address=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
    )
    return flows.tokens(keys, opened)


@router.post("/refresh", response_model=Tokens, responses=documented(401, 422))
async def refresh(body: Refresh, db: Db, keys: KeysDep) -> Tokens:
    """The next pair of tokens; the refresh token is used up by this."""
    return flows.tokens(keys, await flows.refresh(db, body.refresh_token))


@router.post("/sign-out", status_code=204, responses=documented(401))
async def sign_out(request: Request, db: Db, session_id: SessionId) -> None:
    """End this session on every device that holds its tokens."""
    await db.write(sessions.end, session_id, reason="signed out")
    state(request).actors.pop(session_id, None)


@router.get("/me", response_model=Me, responses=documented(401))
async def me(actor: CurrentActor) -> Response:
    """Who the token stands for."""
    return json_answer(_shown(actor))


@router.patch("/me", response_model=Me, responses=documented(400, 401, 403, 422))
async def choose_formats(request: Request, body: MyFormats, write: Write) -> Response:
    """Choose your own zone and formats: just the fields sent, null for the organisation's."""

    def choose(session: Session, actor: Actor) -> dict[str, Any]:
        return _shown(people.choose_formats(session, actor, data=body))

    answer = await write.answer(choose)
    state(request).actors.clear()
    return answer


def _shown(actor: Actor) -> dict[str, Any]:
    shown = {name: getattr(actor, name) for name in Me.model_fields if name != "id"}
    return {"id": actor.user_id, **shown}


@router.get("/api-keys", response_model=ApiKeys)
async def list_api_keys(db: Db, actor: CurrentActor) -> Response:
    """Your API keys; everybody's for administrators."""
    whose = None if actor.is_administrator else actor.user_id
    return json_answer({"items": await db.read(api_keys.listed, user_id=whose)})


@router.post("/api-keys", status_code=201, response_model=ApiKeyMade, responses=documented(403, 409, 422))
async def create_api_key(request: Request, body: ApiKeyIn, db: Db, actor: CurrentActor) -> Response:
    """Make a key for a program. Its token is in this answer and in no other."""
    if unknown := scopes.unknown(body.scopes, request.app.openapi()["paths"]):
        raise Invalid.field("scopes", f"there is nothing called {', '.join(unknown)}; see the paths in /docs")
    return json_answer(await db.write(people.create_api_key, actor, data=body), 201)


@router.delete("/api-keys/{key_id}", status_code=204, responses=documented(404, 422))
async def revoke_api_key(request: Request, key_id: UUID, db: Db, actor: CurrentActor) -> None:
    """End a key for good; administrators may end anybody's."""
    await db.write(api_keys.revoke, key_id=key_id, user_id=None if actor.is_administrator else actor.user_id)
    state(request).keyholders.clear()


users_router = Router(prefix="/api/v1/users", tags=["users"])


async def _hashed(password: str | None) -> str | None:
    return await asyncio.to_thread(passwords.hash_password, password) if password else None


@users_router.get(
    "", response_model=Page[UserOut], openapi_extra=listed(USERS), responses=documented(400, 422)
)
async def list_users(db: Db, actor: CurrentActor, query: Annotated[Query, listing("user")]) -> Response:
    """Colleagues, by name."""
    return json_answer(await db.read(records.page, actor, "user", query))


@users_router.post("", status_code=201, response_model=UserOut, responses=documented(403, 409, 422))
async def create_user(body: UserIn, write: Write) -> Response:
    """Add a colleague."""
    require_role(write.actor)
    return await write.record(
        people.create_user, data=body, password_hash=await _hashed(body.password), status=201
    )


@users_router.get(
    "/{user_id}",
    response_model=UserOut,
    openapi_extra=shown(USERS),
    responses=documented(400, 404, 422),
)
async def read_user(
    user_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("user")]
) -> Response:
    """One colleague."""
    return record_answer(await db.read(records.one, actor, "user", user_id, wanted))


@users_router.patch("/{user_id}", response_model=UserOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_user(user_id: UUID, body: UserPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent; a new password and deactivation end the user's sessions."""
    require_role(write.actor)
    return await write.record(
        people.update_user,
        user_id=user_id,
        data=body,
        if_match=if_match,
        password_hash=await _hashed(body.password),
    )


teams_router = Router(prefix="/api/v1/teams", tags=["teams"])


@teams_router.get(
    "", response_model=Page[TeamOut], openapi_extra=listed(TEAMS), responses=documented(400, 422)
)
async def list_teams(db: Db, actor: CurrentActor, query: Annotated[Query, listing("team")]) -> Response:
    """Teams, by name."""
    return json_answer(await db.read(records.page, actor, "team", query))


@teams_router.post("", status_code=201, response_model=TeamOut, responses=documented(403, 422))
async def create_team(body: TeamIn, write: Write) -> Response:
    """Make a team."""
    return await write.record(people.create_team, data=body, status=201)


@teams_router.get(
    "/{team_id}",
    response_model=TeamOut,
    openapi_extra=shown(TEAMS),
    responses=documented(400, 404, 422),
)
async def read_team(
    team_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("team")]
) -> Response:
    """One team."""
    return record_answer(await db.read(records.one, actor, "team", team_id, wanted))


@teams_router.patch("/{team_id}", response_model=TeamOut, responses=documented(400, 403, 404, 412, 422))
async def update_team(team_id: UUID, body: TeamPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    return await write.record(people.update_team, team_id=team_id, data=body, if_match=if_match)
