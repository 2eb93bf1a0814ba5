"""Evening out territories: shown first, then done as one change that can be taken back."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_role, visible
from crm_api.accounts import service as accounts
from crm_api.accounts.models import Account, AccountStats
from crm_api.core.errors import Conflict, Invalid
from crm_api.events import record
from crm_api.field.balancing import Move, Piece, balance, spread
from crm_api.field.insight_schemas import BalanceApply, BalanceIn
from crm_api.organisation import service as organisation
from crm_api.organisation.models import Territory
from crm_api.ports import Coordinates
from crm_api.visits.preferences import preferences

MOST_ACCOUNTS = 10_000
MINUTES_A_YEAR = 365 / 60  # visit minutes every n days -> hours a year: minutes * MINUTES_A_YEAR / n


@dataclass(frozen=True, slots=True)
class Evened:
    """What there is, and what would change hands."""

    names: dict[UUID, str]
    territories: dict[UUID, str]
    pieces: list[Piece[UUID]]
    moves: list[Move[UUID]]

    @property
    def mark(self) -> str:
        """Tells one preview from another: the same moves of the same accounts."""
        told = "\n".join(
            f"{move.key} {move.before} {move.after}" for move in sorted(self.moves, key=lambda m: m.key)
        )
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def preview(session: Session, actor: Actor, *, data: BalanceIn) -> dict[str, Any]:
    """Which accounts would change territory, and what that does to the loads. Nothing is changed.

    Managers and administrators only (NotAllowed); raises Invalid for a territory that is not there, or too many
    accounts.
    """
    found = _evened(session, actor, data)
    loads = {piece.key: piece.load for piece in found.pieces}
    before, after = _sums(found), _sums(found, moved=True)
    return {
        "measure": data.measure,
        "spread_before": 100 * spread({key: load for key, (_, load) in before.items()}),
        "spread_after": 100 * spread({key: load for key, (_, load) in after.items()}),
        "territories": [
            {
                "territory_id": territory_id,
                "name": name,
                "accounts_before": before[territory_id][0],
                "accounts_after": after[territory_id][0],
                "load_before": before[territory_id][1],
                "load_after": after[territory_id][1],
            }
            for territory_id, name in found.territories.items()
        ],
        "moves": [
            {
                "account_id": move.key,
                "account_name": found.names[move.key],
                "from_territory_id": move.before,
                "to_territory_id": move.after,
                "load": loads[move.key],
                "metres_before": round(move.metres_before),
                "metres_after": round(move.metres_after),
            }
            for move in found.moves
        ],
        "unplaced": sum(piece.place is None for piece in found.pieces),
        "mark": found.mark,
    }


def apply(session: Session, actor: Actor, *, data: BalanceApply) -> dict[str, Any]:
    """Do what the preview with this mark showed; raises Conflict where it would be something else by now."""
    found = _evened(session, actor, data)
    if found.mark != data.mark:
        raise Conflict("The accounts have changed since the preview; look at it again.")
    if not found.moves:
        raise Conflict("There is nothing to even out.")
    rows = [{"id": move.key, "territory_id": move.after} for move in found.moves]
    change_set_id = audit.change_set(session)
    moved = audit.bulk_update(session, Account, rows)
    ids = [move.key for move in found.moves]
    for account in session.scalars(sa.select(Account).where(Account.id.in_(ids)).order_by(Account.id)):
        record(session, accounts.event("account.updated", account, fields=["territory_id"]))
    return {"moved": moved, "change_set_id": change_set_id}


def _evened(session: Session, actor: Actor, data: BalanceIn) -> Evened:
    require_role(actor, "manager")
    names = _territories(session, data.territory_ids)
    rows = session.execute(
        sa.select(
            Account.id, Account.name, Account.territory_id, Account.latitude, Account.longitude,
            Account.account_type, Account.visit_minutes, Account.visit_every_days, AccountStats.annual_spend,
        )
        .outerjoin(AccountStats, AccountStats.account_id == Account.id)
        .where(Account.territory_id.in_(data.territory_ids), Account.archived_at.is_(None), visible("account", actor))
        .order_by(Account.id)
        .limit(MOST_ACCOUNTS + 1)
    ).all()  # fmt: skip
    if len(rows) > MOST_ACCOUNTS:
        raise Invalid.field(
            "territory_ids", f"they hold more than {MOST_ACCOUNTS:,} accounts; take fewer at a time"
        )
    weigh = _weigher(session, data.measure)
    kept = set(data.keep)
    pieces = [
        Piece(row.id, row.territory_id, weigh(row), _place(row), is_movable=row.id not in kept)
        for row in rows
    ]
    moves = balance(pieces, list(names), tolerance=data.tolerance_percent / 100, most=data.most_moves)
    return Evened({row.id: row.name for row in rows}, names, pieces, moves)


def _weigher(session: Session, measure: str) -> Any:
    wishes = preferences(organisation.basics(session).settings)

    def weigh(row: Any) -> float:
        if measure == "accounts":
            return 1.0
        if measure == "annual_spend":
            return float(row.annual_spend or 0) / 100
        minutes, every = (
            getattr(row, name) or wishes.usual(row.account_type, row.territory_id, name)
            for name in ("visit_minutes", "visit_every_days")
        )
        return float(minutes * MINUTES_A_YEAR / every)

    return weigh


def _place(row: Any) -> Coordinates | None:
    return None if row.latitude is None or row.longitude is None else Coordinates(row.latitude, row.longitude)


def _territories(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {
        row.id: row.name
        for row in session.execute(
            sa.select(Territory.id, Territory.name).where(
                Territory.id.in_(ids), Territory.archived_at.is_(None)
            )
        )
    }
    for position, territory_id in enumerate(ids):
        if territory_id not in found:
            raise Invalid.field(f"territory_ids.{position}", "there is no such territory")
    return {territory_id: found[territory_id] for territory_id in ids}


def _sums(found: Evened, *, moved: bool = False) -> dict[UUID, tuple[int, float]]:
    """How many accounts, and what they weigh, by territory."""
    after = {move.key: move.after for move in found.moves} if moved else {}
    counts: dict[UUID, int] = defaultdict(int)
    loads: dict[UUID, float] = defaultdict(float)
    for piece in found.pieces:
        territory = after.get(piece.key, piece.territory)
        counts[territory] += 1
        loads[territory] += piece.load
    return {territory: (counts[territory], loads[territory]) for territory in found.territories}
