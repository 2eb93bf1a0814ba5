"""Handing over what somebody owns: looking, planning, moving in slices, and closing the door behind them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_role
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid, NotAllowed
from crm_api.events import Event, record_many
from crm_api.followups import service as followups
from crm_api.handovers import queries
from crm_api.handovers.holdings import HOLDINGS, Holding
from crm_api.handovers.schemas import HandoverIn
from crm_api.users import service as users
from crm_api.users.models import User
from crm_api.users.schemas import UserPatch
from crm_api.webhooks import service as webhooks

SLICE = 50  # rows a transaction: 50 ms of SQLite's one writer
MOST_AT_ONCE = 500
_WAITING = {holding.kind for holding in HOLDINGS if holding.waits}
OWNERS = ("administrator", "manager", "rep", "field")


@dataclass(frozen=True, slots=True)
class Step:
    """The rows of one kind (in one territory) that go to one successor."""

    holding: Holding
    territory_id: UUID | None
    successor_id: UUID


@dataclass(slots=True)
class Tally:
    """How far a hand-over has come; `others` is what was to be stopped when it began."""

    user_id: UUID
    others: dict[str, int]
    moved: Counter[tuple[str, UUID]]
    change_set_id: UUID | None = None

    def count(self, step: Step, rows: int, change_set_id: UUID | None) -> None:
        """Add a slice that is written."""
        self.moved[step.holding.kind, step.successor_id] += rows
        self.change_set_id = change_set_id

    def result(self, *, is_active: bool) -> dict[str, Any]:
        """What is told in the end."""
        return {
            "user_id": self.user_id,
            "moved": told(self.moved),
            "total": self.moved.total(),
            "others": self.others,
            "is_active": is_active,
            "change_set_id": self.change_set_id,
        }


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────


def preview(session: Session, actor: Actor, *, user_id: UUID) -> dict[str, Any]:
    """What a user owns: by kind and territory, as far as the actor sees it. Raises NotFound, NotAllowed."""
    user = _leaver(session, actor, user_id)
    kept = []
    for holding in HOLDINGS:
        rows = session.execute(queries.by_territory(holding, actor, user.id)).all()
        places = [
            {"territory_id": row.territory_id, "territory_name": row.name, "count": int(row.live)}
            for row in rows
            if row.live
        ]
        count, closed = sum(int(row.live) for row in rows), sum(int(row.closed) for row in rows)
        kept.append({"kind": holding.kind, "count": count, "closed": closed, "by_territory": places})
    return {
        "user_id": user.id,
        "user_name": user.name,
        "total": sum(item["count"] for item in kept),
        "records": kept,
        "others": others(session, user),
    }


def others(session: Session, user: User) -> dict[str, int]:
    """What of a user's does not change hands, counted."""
    found = {
        "sequences": queries.in_sequences(user.id),
        "visit_plans": queries.plans_ahead(user.id, _today(user)),
        "webhooks": queries.webhooks_of(user.id),
        "api_keys": queries.keys_of(user.id),
        "teams_managed": queries.teams_of(user.id),
        "reports": queries.reports_of(user.id),
    }
    return {name: session.scalar(queries.how_many(rows)) or 0 for name, rows in found.items()}


def plan(session: Session, actor: Actor, *, user_id: UUID, data: HandoverIn) -> dict[str, Any]:
    """What a hand-over would move to whom, and what nobody would get. Raises as `steps`."""
    ordered = steps(session, actor, user_id=user_id, data=data)
    moved: Counter[tuple[str, UUID]] = Counter()
    left: dict[str, int] = {}
    for holding in HOLDINGS:
        rows = session.execute(queries.by_territory(holding, actor, user_id)).all()
        for row in rows:
            count = int(row.live) + (int(row.closed) if data.include_closed else 0)
            fits = (s for s in ordered if s.holding is holding and s.territory_id in (None, row.territory_id))
            step = next(fits, None)
            if step is not None:
                moved[holding.kind, step.successor_id] += count
            elif count:
                left[holding.kind] = left.get(holding.kind, 0) + count
    return {"moved": told(moved), "left": left}


def told(moved: Counter[tuple[str, UUID]]) -> list[dict[str, Any]]:
    """The counts as they go out, kind by kind."""
    return [{"kind": k, "successor_id": s, "count": n} for (k, s), n in moved.items() if n]


def steps(session: Session, actor: Actor, *, user_id: UUID, data: HandoverIn) -> list[Step]:
    """The moves of a hand-over in their order: each part over all kinds it means, then everything else.

    Raises NotFound, NotAllowed, or Invalid naming a successor who cannot be one.
    """
    user = _leaver(session, actor, user_id)
    if data.deactivate:
        require_role(actor)
    if data.successor_id is None and not data.parts:
        raise Invalid.field("successor_id", "name who gets the records, here or in parts")
    parts = [
        (f"parts.{n}.successor_id", p.kind, p.territory_id, p.successor_id) for n, p in enumerate(data.parts)
    ]
    if data.successor_id is not None:
        parts.append(("successor_id", None, None, data.successor_id))
    found = []
    for field, kind, territory_id, successor_id in parts:
        _require_successor(session, actor, user, successor_id, field)
        found += [Step(h, territory_id, successor_id) for h in HOLDINGS if kind in (None, h.kind)]
    return found


def _leaver(session: Session, actor: Actor, user_id: UUID) -> User:
    require_role(actor, "manager")
    user: User = records.get(session, actor, User, user_id)
    if not actor.is_administrator and user.team_id not in actor.team_ids:
        raise NotAllowed("Managers hand over what people of their own teams own.")
    return user


def _require_successor(session: Session, actor: Actor, user: User, successor_id: UUID, field: str) -> None:
    successor = session.get(User, successor_id)
    if successor is None or not successor.is_active or successor.role not in OWNERS:
        raise Invalid.field(field, "there is no such active user who may own records")
    if successor.id == user.id:
        raise Invalid.field(field, f"{user.name} has the records already")
    if (
        not actor.is_administrator
        and successor.id != actor.user_id
        and successor.team_id not in actor.team_ids
    ):
        raise NotAllowed("Managers give records to people of their own teams.")


# ── Moving ───────────────────────────────────────────────────────────────────────────────────────


def begin(
    session: Session, actor: Actor, *, user_id: UUID, data: HandoverIn
) -> tuple[list[Step], dict[str, int]]:
    """The steps, and what will be stopped. Raises Conflict where a deactivation would leave records behind."""
    foreseen = plan(session, actor, user_id=user_id, data=data)
    waiting = {kind: count for kind, count in foreseen["left"].items() if kind in _WAITING}
    if data.deactivate and waiting:
        raise Conflict(f"Nobody would get {_listed(waiting)}; name a successor for them.", left=waiting)
    user = session.get_one(User, user_id)
    return steps(session, actor, user_id=user_id, data=data), others(session, user)


def move(
    session: Session, actor: Actor, step: Step, *, tally: Tally, closed: bool
) -> tuple[int, UUID | None]:
    """Move the next slice of a step; returns how many rows, and the change set that all slices share."""
    holding, user_id = step.holding, tally.user_id
    statement = queries.next_rows(
        holding, actor, user_id, territory_id=step.territory_id, closed=closed, limit=SLICE
    )
    rows: Sequence[Any] = session.scalars(statement).all()
    if not rows:
        return 0, tally.change_set_id
    if tally.change_set_id is not None:
        audit.continue_change_set(session, tally.change_set_id)
    change_set_id = audit.change_set(session)
    team_id = users.team_of(session, step.successor_id)
    values = {"owner_id": step.successor_id} | ({"team_id": team_id} if holding.has_team else {})
    for row in rows:
        for name, value in values.items():
            setattr(row, name, value)
    session.flush()
    if holding.moved is not None:
        holding.moved(session, rows, user_id)
    record_many(session, [fact for row in rows if (fact := holding.tell(session, row, user_id)) is not None])
    return len(rows), change_set_id


def finish(session: Session, actor: Actor, *, tally: Tally, data: HandoverIn) -> dict[str, Any]:
    """Stop what goes on in the user's name and, where asked, deactivate them; returns the result to be told.

    Raises Conflict where they own live records again by now.
    """
    user = session.get_one(User, tally.user_id, with_for_update=True)
    if tally.change_set_id is not None:
        audit.continue_change_set(session, tally.change_set_id)
    for planned in session.scalars(queries.plans_ahead(user.id, _today(user))):
        planned.status = "replaced"
    if data.deactivate:
        _close_the_door(session, user, data.successor_id)
        users.update(session, user, data=UserPatch(is_active=False), password_hash=None)
    return tally.result(is_active=user.is_active)


def at_once(session: Session, actor: Actor, *, user_id: UUID, data: HandoverIn) -> dict[str, Any]:
    """The whole hand-over in one transaction, for a rehearsal. Raises Conflict where it would take too long."""
    ordered, noticed = begin(session, actor, user_id=user_id, data=data)
    total = sum(item["count"] for item in plan(session, actor, user_id=user_id, data=data)["moved"])
    if total > MOST_AT_ONCE:
        raise Conflict(
            f"Rehearsing {total:,} records would hold up everybody; POST …/handover/plan tells what would move."
        )
    tally = Tally(user_id, noticed, Counter())
    for step in ordered:
        count = SLICE
        while count == SLICE:
            count, change_set_id = move(session, actor, step, tally=tally, closed=data.include_closed)
            tally.count(step, count, change_set_id)
    return finish(session, actor, tally=tally, data=data)


def _close_the_door(session: Session, user: User, successor_id: UUID | None) -> None:
    followups.stop(session, session.scalars(queries.in_sequences(user.id)).all(), reason="owner")
    for webhook in session.scalars(queries.webhooks_of(user.id)):
        webhooks.switch_off(session, webhook, reason=f"{user.name} was deactivated.")
    for key in session.scalars(queries.keys_of(user.id)):
        key.revoked_at = clock.now()
    if successor_id is None:
        return
    for team in session.scalars(queries.teams_of(user.id)):
        team.manager_id = successor_id
    for report in session.scalars(queries.reports_of(user.id)):
        # Whoever takes over a team does not report to themselves, but to whom the one before reported.
        report.manager_id = user.manager_id if report.id == successor_id else successor_id


# ── Nobody leaves live records behind ────────────────────────────────────────────────────────────


def refuse_orphans(session: Session, event: Event) -> None:
    """Handler of a deactivation: raises Conflict with the counts of what would be nobody's, unless it is meant."""
    if event.data["keep_records"]:
        return
    left = {h.kind: session.scalar(queries.live_count(h, event.subject_id)) or 0 for h in HOLDINGS if h.waits}
    left = {kind: count for kind, count in left.items() if count}
    if left:
        raise Conflict(
            f"They still own {_listed(left)}. Hand these over with POST /api/v1/users/{event.subject_id}/handover "
            "(deactivate: true does both), or send keep_records: true.",
            owned=left,
        )


_PLURALS = {"activity": "activities", "opportunity": "opportunities"}


def _listed(counts: dict[str, int]) -> str:
    told_ = [
        f"{count:,} {kind if count == 1 else _PLURALS.get(kind, f'{kind}s')}"
        for kind, count in counts.items()
    ]
    return _joined(told_)


def _joined(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _today(user: User) -> Any:
    return clock.today(user.time_zone or "UTC")
