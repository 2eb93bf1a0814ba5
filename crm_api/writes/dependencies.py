"""The dependency of every route that changes something.

    async def create_lead(body: LeadIn, write: Write) -> Response:
        return await write.record(service.create, data=body, status=201)

It runs the verb in one transaction and makes the answer inside it, so that a dry run can roll both back and an
Idempotency-Key can keep both together.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response
from fastapi.dependencies.models import Dependant
from pydantic_core import to_json
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.conditions.filters import Wanted
from crm_api.core.database import Database
from crm_api.core.errors import BadRequest, Problem
from crm_api.dependencies import CurrentActor, Db
from crm_api.writes import idempotency, rehearsal
from crm_api.writes.idempotency import Answer, Lease

Verb = Callable[..., Any]
JSON = "application/json"


class Writing:
    """One request that changes something: who asks, and how it is to be done."""

    def __init__(
        self,
        db: Database,
        actor: Actor,
        *,
        dry_run: bool = False,
        key: "Key | None" = None,
        aliases: bool = True,
    ) -> None:
        self.db, self.actor, self.dry_run, self.key = db, actor, dry_run, key
        self.wanted = Wanted(aliases=aliases)

    async def record(self, verb: Verb, /, *, status: int = 200, **kwargs: Any) -> Response:
        """Run a verb that returns a record; answer with the record as it now is, and its version as the ETag."""

        def work(session: Session) -> Answer | Problem:
            record = verb(session, self.actor, **kwargs)
            if isinstance(record, Problem):
                return record
            return told(records.as_shown(session, self.actor, record, self.wanted), status)

        return await self.transaction(work)

    async def answer(self, verb: Verb, /, *, status: int = 200, **kwargs: Any) -> Response:
        """Run a verb whose result is the answer itself."""

        def work(session: Session) -> Answer | Problem:
            result = verb(session, self.actor, **kwargs)
            return result if isinstance(result, Problem) else told(result, status)

        return await self.transaction(work)

    async def nothing(self, verb: Verb, /, **kwargs: Any) -> Response:
        """Run a verb that leaves nothing to tell: 204."""

        def work(session: Session) -> Answer | Problem:
            result = verb(session, self.actor, **kwargs)
            return result if isinstance(result, Problem) else Answer(204, b"")

        return await self.transaction(work)

    async def transaction(self, work: Callable[[Session], Answer | Problem]) -> Response:
        """Run `work` in one transaction, kept under the key or rolled back as the request asks."""
        if self.dry_run:
            return response(await _rehearsed(self.db, work))
        if self.key is None:
            return response(await _done(self.db, work))
        return await self.leased(lambda lease: _done(self.db, work, lease))

    async def flow(self, work: Callable[[], Awaitable[Answer]]) -> Response:
        """Run work that is more than one transaction, with a port between them: its answer is kept once it is there.
        Cut off before that, it may be done again, as without a key."""
        if self.key is None:
            return response(await work())

        async def kept(lease: Lease) -> Answer:
            answer = await work()
            await self.db.write(idempotency.finish, lease, answer)
            return answer

        return await self.leased(kept)

    async def leased(self, work: Callable[[Lease], Awaitable[Answer]]) -> Response:
        """Do keyed work under its lease, or give the answer kept for it. A refusal gives the lease back."""
        assert self.key is not None, "there is a key"
        begun = await self.db.write(idempotency.begin, **self.key.which)
        if isinstance(begun, Answer):
            return response(begun)
        try:
            return response(await work(begun))
        except BaseException:
            await self.db.write(idempotency.release, begun)
            raise


class Key:
    """An Idempotency-Key with the request it stands for."""

    def __init__(self, user_id: UUID, request: Request, key: str, body: bytes) -> None:
        self.which = {
            "user_id": user_id,
            "method": request.method,
            "path": request.scope["path"],
            "key": idempotency.require_key(key),
            "mark": idempotency.fingerprint(request.scope["query_string"], body),
        }


def told(body: Any, status: int) -> Answer:
    """The answer with this body; a record's version becomes its ETag."""
    version = body.get("version") if isinstance(body, dict) else None
    return Answer(status, to_json(body), {"ETag": f'"{version}"'} if version is not None else {})


async def _done(
    db: Database, work: Callable[[Session], Answer | Problem], lease: Lease | None = None
) -> Answer:
    def kept(session: Session) -> Answer | Problem:
        answer = work(session)
        if lease is not None and isinstance(answer, Answer):
            idempotency.finish(session, lease, answer)
        return answer

    done = await db.write(kept)
    assert isinstance(done, Answer), "the database raises a returned Problem"
    return done


async def _rehearsed(db: Database, work: Callable[[Session], Answer | Problem]) -> Answer:
    def rehearsed(session: Session) -> None:
        rehearsal.begin(session)
        answer = work(session)
        if isinstance(answer, Problem):
            raise answer
        told_ = {"dry_run": True, "status": answer.status}
        raise rehearsal.RolledBack((answer, told_ | rehearsal.consequences(session)))

    try:
        await db.write(rehearsed)
    except rehearsal.RolledBack as rolled_back:
        answer, body = rolled_back.answer
        whole = to_json(body)
        record = b',"answer":' + (answer.body or b"null") + b"}"
        return Answer(200, whole[:-1] + record, {"Dry-Run": "true"})
    raise AssertionError("a rehearsal always ends in RolledBack")


def response(answer: Answer) -> Response:
    """The HTTP response of an answer."""
    media_type = JSON if answer.body else None
    return Response(answer.body, answer.status, answer.headers, media_type)


IdempotencyKey = Annotated[
    str | None,
    Header(description="The same key with the same request is answered again for 24 h, not done again."),
]


async def _writing(
    request: Request,
    db: Db,
    actor: CurrentActor,
    dry_run: Annotated[
        bool, Query(description="Do everything, keep nothing, and say what would follow.")
    ] = False,
    idempotency_key: IdempotencyKey = None,
    aliases: Annotated[
        bool, Query(description="Whether the answer has each field under its other, deprecated names too.")
    ] = True,
) -> Writing:
    _refuse_unknown(request)
    key = None if dry_run else await _key(request, actor, idempotency_key)
    return Writing(db, actor, dry_run=dry_run, key=key, aliases=aliases)


async def _asking_once(
    request: Request, db: Db, actor: CurrentActor, idempotency_key: IdempotencyKey = None
) -> Writing:
    _refuse_unknown(request)
    return Writing(db, actor, key=await _key(request, actor, idempotency_key))


async def _key(request: Request, actor: Actor, given: str | None) -> Key | None:
    if given is None or request.method != "POST" or actor.user_id is None:
        return None
    return Key(actor.user_id, request, given, await request.body())


Write = Annotated[Writing, Depends(_writing)]
Once = Annotated[
    Writing, Depends(_asking_once)
]  # for flows over ports: what a port did cannot be rolled back
_parameters: dict[Any, frozenset[str]] = {}


def _refuse_unknown(request: Request) -> None:
    """A misspelt `dry_run` must not do in earnest what was to be tried."""
    if not request.scope["query_string"]:
        return
    route = request.scope["route"]
    if route.endpoint not in _parameters:
        _parameters[route.endpoint] = frozenset(_query_names(route.dependant))
    takes = _parameters[route.endpoint]
    unknown = [name for name in request.query_params if name not in takes]
    if unknown:
        choices = ", ".join(sorted(takes))
        raise BadRequest(f"There is no parameter '{unknown[0]}'; this address takes {choices}.")


def _query_names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for below in dependant.dependencies:
        yield from _query_names(below)
