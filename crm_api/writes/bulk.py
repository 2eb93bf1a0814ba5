"""Many records in one request: create, update, delete, and upsert by the other system's id.

Each operation stands alone behind a savepoint and has a result of its own, unless `all_or_nothing` is asked for.
Alone, they are written in slices, so that a thousand of them do not hold up everybody else's writes; all slices are
one change set, and with an Idempotency-Key an interrupted request goes on where it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor
from crm_api.core import numbering
from crm_api.core.database import translated
from crm_api.core.errors import Conflict, Invalid, Problem, Unavailable
from crm_api.core.problems import document, from_validation
from crm_api.organisation.service import today
from crm_api.writes import externals
from crm_api.writes.dependencies import Writing, response, told
from crm_api.writes.externals import External
from crm_api.writes.idempotency import Answer, Lease, finish, progress
from crm_api.writes.schemas import Create, Delete, Operation, Update, Upsert

SLICE = 25  # some 50 ms of writing on SQLite
Result = dict[str, Any]
_OPERATION: TypeAdapter[Any] = TypeAdapter(Operation)


@dataclass(frozen=True, slots=True)
class Verbs:
    """What one kind of record lets be done to it in bulk. `number` is the prefix of its numbers, if it has any."""

    kind: str
    creating: type[BaseModel]
    changing: type[BaseModel]
    create: Callable[..., Any]
    update: Callable[..., Any]
    archive: Callable[..., Any]
    number: str | None = None

    def named(self, record_id: UUID) -> dict[str, UUID]:
        """The keyword under which the verbs take a record's id."""
        return {f"{self.kind}_id": record_id}


async def run(write: Writing, verbs: Verbs, operations: Sequence[Any], *, all_or_nothing: bool) -> Response:
    """Do the operations; returns the answer with one result for each, in order.

    Raises Invalid, and writes nothing, where all were asked for and one cannot be done.
    """
    if all_or_nothing or write.dry_run:
        return await write.transaction(
            lambda session: _whole(session, write.actor, verbs, operations, all_or_nothing)
        )
    if write.key is None:
        return response(await _sliced(write, verbs, operations, None))
    return await write.leased(lambda lease: _sliced(write, verbs, operations, lease))


def _whole(
    session: Session, actor: Actor, verbs: Verbs, operations: Sequence[Any], all_or_nothing: bool
) -> Answer:
    results = _slice(session, actor, verbs, operations, first=0)
    failed = [result for result in results if result["status"] >= 400]
    if failed and all_or_nothing:
        raise Invalid(
            f"{len(failed)} of {len(results)} operations cannot be done, so nothing was written.",
            results=failed,
        )
    return _answer(results)


async def _sliced(write: Writing, verbs: Verbs, operations: Sequence[Any], lease: Lease | None) -> Answer:
    results: list[Result] = list(lease.results) if lease else []
    change_set = lease.change_set_id if lease else None

    def one_slice(session: Session) -> tuple[UUID, list[Result]]:
        if change_set is not None:
            audit.continue_change_set(session, change_set)
        here = audit.change_set(session)
        first = len(results)
        done = _slice(session, write.actor, verbs, operations[first : first + SLICE], first=first)
        so_far = [*results, *done]
        if lease is not None and len(so_far) == len(operations):
            finish(session, lease, _answer(so_far))
        elif lease is not None:
            progress(session, lease, change_set_id=here, results=so_far)
        return here, so_far

    while len(results) < len(operations):
        change_set, results = await write.db.write(one_slice)
    return _answer(results)


def _answer(results: list[Result]) -> Answer:
    failed = sum(result["status"] >= 400 for result in results)
    return told({"succeeded": len(results) - failed, "failed": failed, "results": results}, 200)


def _slice(
    session: Session, actor: Actor, verbs: Verbs, operations: Sequence[Any], *, first: int
) -> list[Result]:
    # Before the first savepoint: one that is rolled back must not take the change set with it.
    audit.change_set(session)
    read = [_read(operation) for operation in operations]
    known = externals.known(
        session,
        actor,
        verbs.kind,
        [(op.external_system, op.external_id) for op in read if isinstance(op, Upsert)],
        also=[op.id for op in read if isinstance(op, Update | Delete)],
    )
    links = externals.Links(session, actor, verbs.kind)
    links.load(op.data for op in read if not isinstance(op, Delete | Problem))
    if verbs.number:
        births = sum(
            isinstance(op, Create)
            or (isinstance(op, Upsert) and (op.external_system, op.external_id) not in known)
            for op in read
        )
        numbering.reserve(session, verbs.number, today(session), births)
    work = Work(session, actor, verbs, known, links)
    return [{"index": first + n} | work.result(op) for n, op in enumerate(read)]


def _read(operation: Any) -> Any:
    try:
        return _OPERATION.validate_python(operation)
    except ValidationError as error:
        return from_validation(error.errors())


@dataclass(frozen=True, slots=True)
class Work:
    """One slice at work: what is known of the other systems' ids, and the records they lead to."""

    session: Session
    actor: Actor
    verbs: Verbs
    known: dict[tuple[str, str], External]
    links: externals.Links

    def result(self, operation: Any) -> Result:
        """Do one operation behind a savepoint; a refusal is its result."""
        if isinstance(operation, Problem):
            return {"op": None, "status": operation.status, "error": document(operation)}
        try:
            return {"op": operation.op, **self._behind_savepoint(operation)}
        except ValidationError as error:
            refusal: Problem = from_validation(error.errors())
        except Unavailable:
            raise  # no answer to this operation: nothing of the transaction can be kept
        except Problem as problem:
            refusal = problem
        return {"op": operation.op, "status": refusal.status, "error": document(refusal)}

    def _behind_savepoint(self, operation: Any) -> Result:
        try:
            with translated(), self.session.begin_nested():
                done = self._do(operation)
                self.session.flush()
            return done()
        except Conflict as conflict:
            # Somebody else made it at the same moment: then it is there now, and to be changed.
            if not (isinstance(operation, Upsert) and "external" in conflict.extra.get("constraint", "")):
                raise
            mark = (operation.external_system, operation.external_id)
            if mark in self.known:
                raise
            self.known.update(externals.known(self.session, self.actor, self.verbs.kind, [mark]))
            return self._behind_savepoint(operation)

    def _do(self, operation: Any) -> Callable[[], Result]:
        match operation:
            case Create():
                return self._create(operation.data)
            case Update():
                return self._update(operation.id, operation.data, operation.version)
            case Delete():
                self._archive(operation)
                return lambda: {"status": 204, "id": operation.id}
            case _:
                return self.upsert(operation.external_system, operation.external_id, operation.data)

    def _create(self, data: dict[str, Any]) -> Callable[[], Result]:
        body = self.verbs.creating.model_validate(self.links.resolved(data))
        record = _kept(self.verbs.create(self.session, self.actor, data=body))
        return lambda: _told(record, 201)

    def _update(self, record_id: UUID, data: dict[str, Any], version: int | None) -> Callable[[], Result]:
        body = self.verbs.changing.model_validate(self.links.resolved(data))
        record = _kept(
            self.verbs.update(
                self.session, self.actor, data=body, if_match=version, **self.verbs.named(record_id)
            )
        )
        return lambda: _told(record, 200)

    def _archive(self, operation: Delete) -> None:
        which = self.verbs.named(operation.id)
        _kept(self.verbs.archive(self.session, self.actor, if_match=operation.version, **which))

    def upsert(self, system: str, external_id: str, data: dict[str, Any]) -> Callable[[], Result]:
        """Change the record that another system calls so, or make it; an older version of it changes nothing."""
        named = {"external_system": system, "external_id": external_id}
        for name, value in named.items():
            if data.get(name, value) != value:
                raise Invalid.field(name, "differs from the one that the operation names")
        there = self.known.get((system, external_id))
        if there is None:
            made = self._create(data | named)
            record = made()
            self.known[system, external_id] = External(record["id"], True, False, None)
            return made
        if not there.is_seen:
            raise Conflict(f"The {self.verbs.kind} of this external id is not yours to see.")
        if there.is_archived:
            raise Conflict(
                f"The {self.verbs.kind} of this external id is archived; restore it first.", id=there.id
            )
        given = self.verbs.changing.model_validate(self.links.resolved(data))
        newest = getattr(given, "source_updated_at", None)
        if newest is not None and there.source_updated_at is not None and newest < there.source_updated_at:
            return lambda: {"status": 200, "id": there.id, "unchanged": "a newer version is here"}
        return self._update(there.id, data, None)


def _kept(result: Any) -> Any:
    """The record. A refusal that wants its trace kept is an ordinary one here: the other operations go on."""
    if isinstance(result, Problem):
        raise result
    return result


def _told(record: Any, status: int) -> Result:
    told = {"status": status, "id": record.id, "version": record.version}
    return told | ({"number": record.number} if hasattr(record, "number") else {})
