"""The life of one outgoing message, as one pure function.

    planned ─► queued ─► claimed ─► sending ─► sent
       │▲        │▲  ▲      │          ├─────► dead
       ▼│        ▼│  └──────┘          └─────► unknown ─► sent | queued | cancelled
        held ────┘                                │
    (planned, queued, held, claimed) ─► cancelled | suppressed | expired

What keeps a message from leaving twice:

- Whoever claims a message gets a new `token`. An answer that comes with an older one is refused.
- `sending` goes back to `queued` only after a failure that certainly sent nothing.
- `unknown` goes back only after somebody looked: the transport's own `find`, or a person.
- A stop that arrives too late leaves `stop_requested`, and such a message is never queued again.

Nothing here knows a database, a clock or a transport: times come with the events.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from crm_api.ports import SendState

MAX_ATTEMPTS = 8
FIRST_BACKOFF = timedelta(seconds=30)
LONGEST_BACKOFF = timedelta(hours=6)
MAX_LOOKS = 5


class Status(StrEnum):
    """Where a message stands."""

    PLANNED = "planned"
    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    HELD = "held"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    DEAD = "dead"


WAITING = frozenset({Status.PLANNED, Status.QUEUED, Status.HELD})
STOPPABLE = WAITING | {Status.CLAIMED}
IN_FLIGHT = frozenset({Status.SENDING, Status.UNKNOWN})
REFUSALS = frozenset({Status.CANCELLED, Status.SUPPRESSED, Status.EXPIRED})
TERMINAL = REFUSALS | {Status.SENT, Status.DEAD}


class IllegalTransition(Exception):
    """The event means nothing to a message in this state."""


class StaleToken(IllegalTransition):
    """The event comes from somebody who no longer holds the message."""


@dataclass(frozen=True, slots=True)
class MessageState:
    """Everything the rules look at. `due_at` is when to act next: to claim it, or to look for it.

    `due_at` None on an unknown message means that the transport is not asked any more: a person settles it.
    """

    status: Status
    token: int = 0
    attempts: int = 0
    looks: int = 0
    due_at: datetime | None = None
    expires_at: datetime | None = None
    lease_until: datetime | None = None
    claimed_by: str | None = None
    handle: str | None = None
    provider_id: str | None = None
    reason: str | None = None
    stop_requested: bool = False


# ── Events ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Queue:
    """The time to send is near."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker takes the message, until `lease_until`."""

    worker: str
    now: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The worker lets go without having tried: the final check says later, or it is shutting down."""

    token: int
    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """The final check says no: cancelled, suppressed, expired, or held until somebody mends something."""

    token: int
    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class Submit:
    """The point of no return: from here on the message may leave."""

    token: int
    handle: str
    now: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Accept:
    """The transport has taken the message."""

    token: int
    provider_id: str


@dataclass(frozen=True, slots=True)
class Fail:
    """Certainly not sent; to be tried again at `due_at`."""

    token: int
    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Certainly not sent, and never will be."""

    token: int
    reason: str


@dataclass(frozen=True, slots=True)
class LoseSight:
    """No answer came: it may have been sent. `look_at` is when to look for it."""

    token: int
    look_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LeaseRanOut:
    """The worker went silent. `look_at` is when to look, where the message may have left.

    `worker_is_gone` says that this is known for sure, and the lease need not be waited for.
    """

    now: datetime
    look_at: datetime
    worker_is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The transport was asked what became of the message. `look_at` is when to ask again, if ever."""

    verdict: SendState
    now: datetime
    look_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The message is no longer wanted: a reply, a changed status, an opt-out."""

    reason: str
    status: Status = Status.CANCELLED


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait until somebody mends something or lifts a pause."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resume:
    """The reason to wait is gone."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Expire:
    """Too late to make sense."""

    now: datetime


@dataclass(frozen=True, slots=True)
class MarkSent:
    """A person has seen that the message arrived."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """A person wants the message sent (again), knowing what is known about it."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Discard:
    """A person gives the message up."""

    reason: str


Event = (
    Queue | Claim | GiveBack | Refuse | Submit | Accept | Fail | Reject | LoseSight | LeaseRanOut | Found | Stop
    | Hold | Resume | Expire | MarkSent | Retry | Discard
)  # fmt: skip


def transition(state: MessageState, event: Event) -> MessageState:
    """The state after `event`.

    Raises IllegalTransition where the event means nothing in this state, and StaleToken where it comes
    from a worker that has lost the message meanwhile. Both change nothing.
    """
    return _RULES[type(event)](state, event)


def backoff(attempts: int, chance: float, *, retry_after: float | None = None) -> timedelta:
    """How long to wait after the `attempts`-th failure: full jitter over min(6 h, 30 s · 2^k).

    `chance` in [0, 1) spreads the retries; `retry_after` (seconds) is what the other side asked for, at least.
    """
    longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** min(max(attempts - 1, 0), 20))
    wait: timedelta = max(longest * chance, timedelta(seconds=retry_after or 0))
    return wait


# ── Rules ────────────────────────────────────────────────────────────────────────────────────────


def _from(state: MessageState, allowed: frozenset[Status] | set[Status], event: Event) -> None:
    token = getattr(event, "token", state.token)
    if token != state.token:
        raise StaleToken(f"token {token} is not {state.token}")
    if state.status not in allowed:
        raise IllegalTransition(f"{type(event).__name__} means nothing to a message that is {state.status}")


def _free(state: MessageState, status: Status, **changes: Any) -> MessageState:
    """Out of the worker's hands; a new token makes whatever it still says stale."""
    return replace(state, status=status, token=state.token + 1, lease_until=None, claimed_by=None, **changes)


def _end(state: MessageState, status: Status, **changes: Any) -> MessageState:
    return replace(state, status=status, due_at=None, lease_until=None, claimed_by=None, **changes)


def _queue(state: MessageState, event: Queue) -> MessageState:
    _from(state, {Status.PLANNED}, event)
    return replace(state, status=Status.QUEUED, due_at=event.due_at)


def _claim(state: MessageState, event: Claim) -> MessageState:
    _from(state, {Status.QUEUED}, event)
    if state.due_at is None or state.due_at > event.now:
        raise IllegalTransition("not due yet")
    return replace(
        state,
        status=Status.CLAIMED,
        token=state.token + 1,
        claimed_by=event.worker,
        lease_until=event.lease_until,
    )


def _give_back(state: MessageState, event: GiveBack) -> MessageState:
    _from(state, {Status.CLAIMED}, event)
    return _free(state, Status.QUEUED, due_at=event.due_at, reason=event.reason)


def _refuse(state: MessageState, event: Refuse) -> MessageState:
    _from(state, {Status.CLAIMED}, event)
    if event.status not in REFUSALS | {Status.HELD}:
        raise IllegalTransition(f"a refusal cannot end as {event.status}")
    return _end(state, event.status, token=state.token + 1, reason=event.reason)


def _submit(state: MessageState, event: Submit) -> MessageState:
    _from(state, {Status.CLAIMED}, event)
    if state.lease_until is None or state.lease_until <= event.now:
        raise StaleToken("the lease ran out before the message was handed over")
    return replace(
        state, status=Status.SENDING, handle=event.handle, lease_until=event.lease_until, reason=None
    )


def _accept(state: MessageState, event: Accept) -> MessageState:
    # A late answer to our own, only submission settles an unknown message better than any search.
    _from(state, IN_FLIGHT, event)
    return _end(state, Status.SENT, provider_id=event.provider_id, reason=None)


def _fail(state: MessageState, event: Fail) -> MessageState:
    _from(state, IN_FLIGHT | {Status.CLAIMED}, event)
    attempts = state.attempts + 1
    if state.stop_requested:
        return _end(state, Status.CANCELLED, attempts=attempts)
    if attempts >= MAX_ATTEMPTS:
        return _end(state, Status.DEAD, attempts=attempts, reason=f"{attempts} attempts: {event.reason}")
    if state.expires_at is not None and event.due_at >= state.expires_at:
        return _end(state, Status.EXPIRED, attempts=attempts, reason=event.reason)
    return _free(state, Status.QUEUED, attempts=attempts, due_at=event.due_at, reason=event.reason)


def _reject(state: MessageState, event: Reject) -> MessageState:
    _from(state, IN_FLIGHT | {Status.CLAIMED}, event)
    return _end(state, Status.DEAD, attempts=state.attempts + 1, reason=event.reason)


def _lose_sight(state: MessageState, event: LoseSight) -> MessageState:
    _from(state, {Status.SENDING}, event)
    return replace(state, status=Status.UNKNOWN, due_at=event.look_at, lease_until=None, reason=event.reason)


def _lease_ran_out(state: MessageState, event: LeaseRanOut) -> MessageState:
    _from(state, {Status.CLAIMED, Status.SENDING}, event)
    if not event.worker_is_gone and (state.lease_until is None or state.lease_until > event.now):
        raise IllegalTransition("the lease still runs")
    if state.status is Status.CLAIMED:  # nothing can have been sent: the handle is committed with `sending`
        return _free(state, Status.QUEUED, due_at=event.now, reason="the worker went silent before sending")
    return replace(
        state, status=Status.UNKNOWN, due_at=event.look_at, lease_until=None,
        reason="the worker went silent while sending",
    )  # fmt: skip


def _found(state: MessageState, event: Found) -> MessageState:
    _from(state, {Status.UNKNOWN}, event)
    match event.verdict:
        case SendState.SENT:
            return _end(state, Status.SENT, provider_id=state.provider_id or state.handle, reason=None)
        case SendState.NOT_SENT if state.stop_requested:
            return _end(state, Status.CANCELLED, token=state.token + 1)
        case SendState.NOT_SENT:
            return _free(state, Status.QUEUED, due_at=event.now, reason="looked for, and not sent")
        case _:
            return replace(state, looks=state.looks + 1, due_at=event.look_at)


def _stop(state: MessageState, event: Stop) -> MessageState:
    if state.status in STOPPABLE:
        return _end(state, event.status, token=state.token + 1, reason=event.reason)
    if state.status in IN_FLIGHT:
        return replace(state, stop_requested=True)
    return state


def _hold(state: MessageState, event: Hold) -> MessageState:
    _from(state, WAITING, event)
    return replace(state, status=Status.HELD, due_at=None, reason=event.reason)


def _resume(state: MessageState, event: Resume) -> MessageState:
    _from(state, {Status.HELD}, event)
    return replace(state, status=Status.QUEUED, due_at=event.due_at, reason=None)


def _expire(state: MessageState, event: Expire) -> MessageState:
    _from(state, WAITING, event)
    if state.expires_at is None or state.expires_at > event.now:
        raise IllegalTransition("not expired yet")
    return _end(state, Status.EXPIRED, reason=state.reason or "not sent in time")


def _mark_sent(state: MessageState, event: MarkSent) -> MessageState:
    _from(state, {Status.UNKNOWN}, event)
    return _end(state, Status.SENT, token=state.token + 1, provider_id=state.handle, reason=event.reason)


def _retry(state: MessageState, event: Retry) -> MessageState:
    _from(state, {Status.UNKNOWN, Status.DEAD}, event)
    # What was refused for good is prepared anew; what may have left keeps its handle, so that a transport
    # that can tell still sends it once.
    handle = state.handle if state.status is Status.UNKNOWN else None
    return _free(
        state, Status.QUEUED, due_at=event.due_at, attempts=0, looks=0, handle=handle, stop_requested=False,
        reason="sent again by hand",
    )  # fmt: skip


def _discard(state: MessageState, event: Discard) -> MessageState:
    _from(state, WAITING | {Status.UNKNOWN, Status.DEAD}, event)
    return _end(state, Status.CANCELLED, token=state.token + 1, reason=event.reason)


_RULES: dict[type, Callable[[MessageState, Any], MessageState]] = {
    Queue: _queue, Claim: _claim, GiveBack: _give_back, Refuse: _refuse, Submit: _submit, Accept: _accept,
    Fail: _fail, Reject: _reject, LoseSight: _lose_sight, LeaseRanOut: _lease_ran_out, Found: _found, Stop: _stop,
    Hold: _hold, Resume: _resume, Expire: _expire, MarkSent: _mark_sent, Retry: _retry, Discard: _discard,
}  # fmt: skip
