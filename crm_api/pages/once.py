"""Forms that do their work once, however often they are sent: by a double tap, the back button, a lost answer.

A form carries a key made when it was drawn, {{ once() }}; what it led to is kept under that key for a day.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from pydantic_core import from_json, to_json

from crm_api.core.database import Database
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.ids import new_id
from crm_api.dependencies import Visitor
from crm_api.pages import frame
from crm_api.writes import idempotency
from crm_api.writes.idempotency import Answer, Lease

FIELD = "once"
PATIENCE, PAUSE = 40, 0.25  # a second tap waits so many times so many seconds for the first
Work = Callable[[], Awaitable[str]]


def new_key() -> str:
    """A key for a form about to be drawn."""
    return str(new_id())


async def go_on_once(request: Request, db: Database, visitor: Visitor, work: Work) -> Response:
    """Do `work`, which tells where to go on, unless this very form did it before: then go there at once.

    Raises what `work` raises, and Conflict where the form was changed after it was taken.
    """
    fields = [
        (name, value)
        for name, value in (await request.form()).multi_items()
        if isinstance(value, str) and name != "csrf_token"
    ]
    key = next((value for name, value in fields if name == FIELD), "")
    if not key:
        return frame.go_on(request, await work())
    asked: dict[str, Any] = {
        "user_id": visitor.actor.user_id, "method": request.method, "path": request.url.path,
        "key": idempotency.require_key(key), "mark": idempotency.fingerprint(b"", urlencode(fields).encode()),
    }  # fmt: skip
    begun = await _begin_changed(db, asked)
    if isinstance(begun, Answer):
        return frame.go_on(request, from_json(begun.body)["address"])
    try:
        address = await work()
        await db.write(idempotency.finish, begun, Answer(303, to_json({"address": address})))
    except BaseException:
        await db.write(idempotency.release, begun)
        raise
    return frame.go_on(request, address)


async def _begin_changed(db: Database, asked: dict[str, Any]) -> Lease | Answer:
    """As `_begin`. What was refused may be changed and sent again; what was taken may not be by mistake."""
    try:
        return await _begin(db, asked)
    except Invalid:
        which = {name: asked[name] for name in ("user_id", "method", "path", "key")}
        kept = await db.read(idempotency.answered, **which)
        if kept is not None:
            address = from_json(kept.body)["address"]
            raise Conflict(
                "This form was taken already, as it was before you changed it. Send it once more to add another one.",
                made=address,
            ) from None
        return await _begin(db, asked | {"key": f"{asked['key']}:{asked['mark'][:16]}"})


async def _begin(db: Database, asked: dict[str, Any]) -> Lease | Answer:
    for _ in range(PATIENCE):
        try:
            return await db.write(idempotency.begin, **asked)
        except Conflict:
            await asyncio.sleep(PAUSE)
    return await db.write(idempotency.begin, **asked)
