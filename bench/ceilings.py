"""What the service is measured against: a route that does nothing, and bare routes over the driver.

A bare route does what the service's own does as a program without it would: it checks the token, sends the very
statements the service sent (recorded beforehand) over asyncpg, and writes the rows it got as JSON.
"""

import os
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from itertools import count
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, FastAPI, Request, Response
from fastapi.security import OAuth2PasswordBearer
from pydantic_core import to_json

from bench.replay import Call, together
from crm_api.core.secrets import Keys
from crm_api.users.flows import ACCESS

_turn = count()


@asynccontextmanager
async def _opened(app: FastAPI) -> AsyncIterator[None]:
    if "BENCH_CALLS" in os.environ:
        with open(os.environ["BENCH_CALLS"], "rb") as kept:  # noqa: ASYNC230 - before the first request
            app.state.calls = pickle.load(kept)
        app.state.keys = Keys(os.environ["SECRET_KEY"])
        async with asyncpg.create_pool(os.environ["BENCH_URL"], min_size=8, max_size=8) as app.state.pool:
            yield
    else:
        yield


app = FastAPI(openapi_url=None, lifespan=_opened)
_bearer = OAuth2PasswordBearer(tokenUrl="token")


@app.get("/empty")
async def empty() -> dict[str, str]:
    """Answers as FastAPI answers when there is nothing to do."""
    return {}


async def user(request: Request, token: Annotated[str, Depends(_bearer)]) -> dict[str, Any]:
    """Who asks: the claims of a token signed by the service."""
    claims: dict[str, Any] = request.app.state.keys.verify(token, purpose=ACCESS)
    return claims


@app.get("/bare/{name}")
async def read(name: str, request: Request, _: Annotated[dict[str, Any], Depends(user)]) -> Response:
    """The statements of a reading call."""
    return await _repeated(request, name)


@app.post("/bare/{name}")
async def write(
    name: str, body: dict[str, Any], request: Request, _: Annotated[dict[str, Any], Depends(user)]
) -> Response:
    """The statements of a writing call; what is sent is parsed and stands for what is written."""
    return await _repeated(request, name)


async def _repeated(request: Request, name: str) -> Response:
    calls: list[Call] = request.app.state.calls[name]
    call, rows = calls[next(_turn) % len(calls)], list[Any]()
    async with request.app.state.pool.acquire() as connection:
        for transaction in call.repeated():
            async with connection.transaction() if call.writes else nullcontext():
                for sql, sets in together(transaction):
                    if len(sets) == 1:
                        rows += await connection.fetch(sql, *sets[0])
                    else:
                        await connection.executemany(sql, sets)
    return Response(to_json([dict(row) for row in rows]), media_type="application/json")
