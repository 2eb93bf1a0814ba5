"""Idempotency-Key: a request repeated after a lost answer is answered again, not done again.

draft-ietf-httpapi-idempotency-key-header-07: while the first is at work a repeat is a 409, the key with another body
a 422. "Begun" is committed before the work, with a lease; the answer is stored in the work's own transaction, so
that there is no moment at which the work is done and its answer is not known.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from crm_api.core import clock, dialect
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.ids import new_id
from crm_api.writes.models import KeptAnswer

LEASE = timedelta(seconds=60)
KEPT = timedelta(hours=24)
LONGEST_KEY = 255
# What is left of an answer that showed somebody who was erased. Doing the work again would bring the person back.
GONE = 410
FORGOTTEN = {"status": GONE, "body": b"", "headers": None, "results": None}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client is sent: status, JSON text, and headers of its own."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do the work of a keyed request. `results` are what an interrupted bulk request has done."""

    id: UUID
    token: int
    change_set_id: UUID | None = None
    results: tuple[dict[str, Any], ...] = ()


def fingerprint(query: bytes, body: bytes) -> str:
    """What tells two requests under one key apart."""
    return hashlib.sha256(query + b"\0" + body).hexdigest()


def require_key(given: str) -> str:
    """The key itself; raises Invalid where it is empty, too long, or not printable ASCII."""
    if not given or len(given) > LONGEST_KEY or not (given.isascii() and given.isprintable()):
        raise Invalid.field(
            "Idempotency-Key", f"1 to {LONGEST_KEY} printable ASCII characters, such as a UUID"
        )
    return given


def begin(session: Session, *, user_id: UUID, method: str, path: str, key: str, mark: str) -> Lease | Answer:
    """Take the lease on a keyed request, or give the answer that was kept for it.

    Raises Conflict while the same request is at work and once its answer was erased, Invalid where the key came with
    another request.
    """
    now = clock.now()
    which = {"user_id": user_id, "method": method, "path": path, "key": key}
    fresh = {"id": new_id(), "fingerprint": mark, "started_at": now, "lease_until": now, "token": 0}
    dialect.insert_if_absent(session, KeptAnswer.__table__, which | fresh, key=list(which))
    row = session.scalars(sa.select(KeptAnswer).filter_by(**which).with_for_update()).one()
    if row.started_at < now - KEPT:
        row.fingerprint, row.started_at, row.lease_until = mark, now, now
        row.status = row.body = row.headers = row.results = row.change_set_id = None
    if row.fingerprint != mark:
        raise Invalid.field(
            "Idempotency-Key", "was used for another request; take a new key for a new request"
        )
    if row.status == GONE:
        raise Conflict("This was done under the same key, and what its answer showed was erased since.")
    if row.status is not None:
        assert row.body is not None, "an answer has a body, if an empty one"
        return Answer(row.status, row.body, (row.headers or {}) | {"Idempotency-Replayed": "true"})
    if row.lease_until > now:
        raise Conflict("The same request is still at work; repeat it in a moment.")
    row.lease_until, row.token = now + LEASE, row.token + 1
    return Lease(row.id, row.token, row.change_set_id, tuple(row.results or ()))


def answered(session: Session, *, user_id: UUID, method: str, path: str, key: str) -> Answer | None:
    """The answer that is kept under a key, whatever the request was; None where there is none, or it was erased."""
    which = {"user_id": user_id, "method": method, "path": path, "key": key}
    row = session.scalars(sa.select(KeptAnswer).filter_by(**which)).one_or_none()
    if row is None or row.status in (None, GONE):
        return None
    return Answer(row.status, row.body or b"", row.headers or {})


def finish(session: Session, lease: Lease, answer: Answer) -> None:
    """Keep the answer, in the transaction of the work. Raises Conflict where another has taken the lease over."""
    _set(session, lease, status=answer.status, body=answer.body, headers=answer.headers, results=None)


def progress(session: Session, lease: Lease, *, change_set_id: UUID, results: list[dict[str, Any]]) -> None:
    """Remember how far a bulk request is, in the transaction of its slice; the lease begins anew."""
    until = clock.now() + LEASE
    _set(session, lease, change_set_id=change_set_id, results=to_jsonable_python(results), lease_until=until)


def release(session: Session, lease: Lease) -> None:
    """Give a lease back unused: the work was refused, and the repeat is to find out for itself."""
    session.execute(
        sa.update(KeptAnswer)
        .where(KeptAnswer.id == lease.id, KeptAnswer.token == lease.token)
        .values(lease_until=clock.now())
    )


def tidy(session: Session, *, limit: int = 1000) -> int:
    """Forget requests that were begun more than 24 hours ago; returns how many."""
    old = sa.select(KeptAnswer.id).where(KeptAnswer.started_at < clock.now() - KEPT).limit(limit)
    ids = session.scalars(old).all()
    if ids:
        session.execute(sa.delete(KeptAnswer).where(KeptAnswer.id.in_(ids)))
    return len(ids)


def _set(session: Session, lease: Lease, **values: Any) -> None:
    mine = (KeptAnswer.id == lease.id) & (KeptAnswer.token == lease.token)
    found = session.execute(
        sa.update(KeptAnswer).where(mine).values(**values).returning(KeptAnswer.id)
    ).first()
    if found is None:
        raise Conflict("This request took so long that its repeat has taken over; nothing was done here.")
