"""The forecast bridge: how the open deals of a period went from what they were worth then to what they are worth now.

    opening + new + reopened + pulled_in + resized - pushed_out - won - lost - deleted = closing

What a deal was then is read back from the trail: the first change of a field since tells its value before. Each deal is
put into parts by one function, `parts`, whose sum is by construction its closing less its opening.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.core.errors import Invalid
from crm_api.core.money import to_major
from crm_api.opportunities.models import Opportunity
from crm_api.organisation import rates
from crm_api.organisation import service as organisation
from crm_api.organisation.fiscal import midnight
from crm_api.pipelines.models import CLOSED_KINDS

PARTS = ("new", "reopened", "pulled_in", "resized", "pushed_out", "won", "lost", "deleted")
SHOWN = 50
_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class State:
    """A deal at one moment: how it stood, the day it was to close (or did), and its value in minor units of the
    organisation's currency. `kind` is None where there was no deal, or a deleted one."""

    kind: str | None
    closes_on: date | None = None
    value: int = 0

    @property
    def is_open(self) -> bool:
        """There, and neither won nor lost."""
        return self.kind is not None and self.kind not in CLOSED_KINDS


@dataclass(frozen=True, slots=True)
class Period:
    """Days of closing, both included; no end is without end."""

    start: date | None
    end: date | None

    def holds(self, day: date | None) -> bool:
        """Whether a deal that closes on that day belongs to it; one without a day belongs to no bounded period."""
        if day is None:
            return self.start is None and self.end is None
        return (self.start is None or day >= self.start) and (self.end is None or day <= self.end)


ALWAYS = Period(None, None)


def counted(state: State, period: Period) -> int:
    """What a deal counts in the forecast of a period: its value while it is open and to close then."""
    return state.value if state.is_open and period.holds(state.closes_on) else 0


def parts(then: State, now: State, period: Period, *, existed: bool) -> dict[str, int]:
    """What became of one deal, as signed parts; their sum is `counted(now) - counted(then)`.

    A deal that was in and is open, or ended, is first resized to today's value. One that came in and ended since is
    told on both sides, where it ended within the period.
    """
    was_in = then.is_open and period.holds(then.closes_on)
    is_in = now.is_open and period.holds(now.closes_on)
    ended_in = now.kind in CLOSED_KINDS and period.holds(now.closes_on)
    told: dict[str, int] = {}
    if was_in:
        value = then.value if now.kind is None else now.value
        told["resized"] = value - then.value
    elif (is_in or ended_in) and not (existed and then.kind == now.kind and ended_in):
        value = now.value
        entry = "new" if not existed else "reopened" if then.kind in (*CLOSED_KINDS, None) else "pulled_in"
        told[entry] = value
    else:
        return {}
    if not is_in:
        left = {"closed_won": "won", "closed_lost": "lost", None: "deleted"}.get(now.kind, "pushed_out")
        told[left] = -value
    return told


def bridge(
    session: Session,
    actor: Actor,
    *,
    since: date,
    period_start: date | None = None,
    period_end: date | None = None,
    pipeline_id: UUID | None = None,
    owner_id: UUID | None = None,
) -> dict[str, Any]:
    """The bridge as `schemas.Bridge` tells it, over deals the actor sees now, from the first moment of `since`."""
    if since > organisation.today(session):
        raise Invalid.field("since", "lies ahead; a bridge looks back")
    if period_start and period_end and period_end < period_start:
        raise Invalid.field("period_end", "cannot be before period_start")
    period, at = Period(period_start, period_end), midnight(since, organisation.zone(session))
    which: list[Any] = [visible("opportunity", actor)]
    which += [Opportunity.pipeline_id == pipeline_id] if pipeline_id else []
    which += [Opportunity.owner_id == owner_id] if owner_id else []
    before = _changed(session, at)
    opening = closing = _untouched(session, which, period, at, list(before))
    sums, counts, moved = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0), []
    made, largest = _made(session, which, period, at)
    for kind, number, value in made:
        closing += counted(State(kind, None, value), ALWAYS)
        for part, amount in _came(kind, value).items():
            sums[part] += amount
            counts[part] += number
    for deal in largest:
        moved += [
            (abs(amount), deal, part, amount)
            for part, amount in _came(deal.stage_kind, deal.value_base).items()
        ]
    for deal in _touched(session, which, at, list(before)):
        then, now = _states(session, deal, before.get(deal.id, {}), at)
        opening, closing = opening + counted(then, period), closing + counted(now, period)
        for part, amount in parts(then, now, period, existed=True).items():
            sums[part] += amount
            counts[part] += amount != 0 or part != "resized"
            if amount:
                moved.append((abs(amount), deal, part, amount))
    currency = organisation.currency(session)
    moved.sort(key=lambda one: (-one[0], one[1].id))
    return {
        "since": since,
        "period_start": period_start,
        "period_end": period_end,
        "currency": currency,
        "opening": to_major(opening, currency),
        "parts": [{"part": p, "count": counts[p], "value": to_major(sums[p], currency)} for p in PARTS],
        "closing": to_major(closing, currency),
        "largest": [
            {"opportunity_id": deal.id, "name": deal.name, "part": part, "value": to_major(amount, currency)}
            for _, deal, part, amount in moved[:SHOWN]
        ],
    }


_FIELDS = (
    "stage_kind",
    "expected_close_date",
    "actual_close_date",
    "estimated_value",
    "currency",
    "archived_at",
)


def _changed(session: Session, at: datetime) -> dict[UUID, dict[str, Any]]:
    """What the deals that were changed since `at` were before, as far as it is of interest here."""
    entries = (
        sa.select(AuditEntry.record_id, AuditEntry.before)
        .join(ChangeSet, ChangeSet.id == AuditEntry.change_set_id)
        .where(ChangeSet.at >= at, AuditEntry.kind == "opportunity", AuditEntry.action == "update")
        .order_by(ChangeSet.at, AuditEntry.id)
    )
    found: dict[UUID, dict[str, Any]] = {}
    for record_id, before in session.execute(entries):
        if told := {name: before[name] for name in _FIELDS if name in before}:
            found[record_id] = {**told, **found.get(record_id, {})}  # the earliest says what it was then
    return found


def _came(kind: str, value: int) -> dict[str, int]:
    """The parts of deals of a period that were made since then."""
    return parts(State(None), State(kind, None, value), ALWAYS, existed=False)


def _within(period: Period) -> list[sa.ColumnElement[bool]]:
    """The live deals that are to close in a period, or did."""
    inside: list[sa.ColumnElement[bool]] = [Opportunity.archived_at.is_(None)]
    inside += [Opportunity.closes_on >= period.start] if period.start else []
    return inside + ([Opportunity.closes_on <= period.end] if period.end else [])


def _made(
    session: Session, which: list[Any], period: Period, at: datetime
) -> tuple[list[tuple[str, int, int]], list[Any]]:
    """The deals that were made since then: number and value of each kind, and the largest of them.

    What became of a deal that was not there is its kind's to say, so the database can add them up: most of a year's
    deals are made in it.
    """
    kind, value = Opportunity.stage_kind, Opportunity.value_base
    these = (*which, *_within(period), Opportunity.created_at >= at)
    sums = (
        sa.select(kind, sa.func.count(), sa.func.coalesce(sa.func.sum(value), 0)).where(*these).group_by(kind)
    )
    largest = sa.select(Opportunity.id, Opportunity.name, kind, value).where(*these, value > 0)
    rows: list[Any] = list(session.execute(largest.order_by(value.desc(), Opportunity.id).limit(SHOWN)))
    return [(one, number, int(amount or 0)) for one, number, amount in session.execute(sums)], rows


def _untouched(session: Session, which: list[Any], period: Period, at: datetime, changed: list[UUID]) -> int:
    """The value of deals that were there then and are as they were: the same on both sides."""
    inside = (Opportunity.stage_kind.not_in(CLOSED_KINDS), *_within(period))
    value = sa.select(sa.func.coalesce(sa.func.sum(Opportunity.value_base), 0)).where(*which, *inside)
    whole = int(session.scalar(value.where(Opportunity.created_at < at)) or 0)
    for start in range(0, len(changed), _CHUNK):
        chunk = changed[start : start + _CHUNK]
        whole -= int(session.scalar(value.where(Opportunity.created_at < at, Opportunity.id.in_(chunk))) or 0)
    return whole


def _touched(session: Session, which: list[Any], at: datetime, changed: list[UUID]) -> Iterator[sa.Row[Any]]:
    """The deals that were there and were changed since then."""
    columns = [getattr(Opportunity, name) for name in (
        "id", "name", "closes_on", "value_base", *_FIELDS)]  # fmt: skip
    for start in range(0, len(changed), _CHUNK):
        chunk = Opportunity.id.in_(changed[start : start + _CHUNK])
        yield from session.execute(sa.select(*columns).where(*which, chunk, Opportunity.created_at < at))


def _states(session: Session, deal: sa.Row[Any], before: dict[str, Any], at: datetime) -> tuple[State, State]:
    """A deal then and now. Open ones are worth what they are at today's rate, so that a rate moves no bridge."""
    now = State(None if deal.archived_at else deal.stage_kind, deal.closes_on, deal.value_base or 0)
    kind = before.get("stage_kind", deal.stage_kind)
    day = before.get("expected_close_date", deal.expected_close_date)
    day = date.fromisoformat(day) if isinstance(day, str) else day
    value = deal.value_base or 0
    if "estimated_value" in before or "currency" in before:
        amount = before.get("estimated_value", deal.estimated_value)
        value = rates.convert(session, amount, before.get("currency", deal.currency)) or 0
    then = State(kind, day, value)
    if kind in CLOSED_KINDS and "actual_close_date" not in before:
        then = replace(then, closes_on=now.closes_on)
    gone = before.get("archived_at", deal.archived_at) is not None
    return (State(None) if gone else then), now
