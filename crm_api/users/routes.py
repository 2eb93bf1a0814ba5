"""/api/v1/auth"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from crm_api.core.problems import documented
from crm_api.dependencies import CurrentActor, Db, KeysDep, SessionId, json_answer, state
from crm_api.users import flows, sessions
from crm_api.users.schemas import Me, Refresh, Tokens

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


@router.post("/token", response_model=Tokens, responses=documented(401, 422, 429))
async def sign_in(
    request: Request, form: Annotated[OAuth2PasswordRequestForm, Depends()], db: Db, keys: KeysDep
) -> Tokens:
    """Sign in with e-mail address and password (OAuth2 password form)."""
    opened = await flows.sign_in(
        db, form.username, form.password, channel="api", address=request.client.host if request.client else None,
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
    return json_answer(
        {
            "id": actor.user_id, "name": actor.name, "email": actor.email, "role": actor.role,
            "time_zone": actor.time_zone, "team_ids": actor.team_ids, "territory_ids": actor.territory_ids,
        }
    )
