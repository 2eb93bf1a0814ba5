"""The tree an account belongs to, with what each account comes to, alone and with all below it."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.accounts.models import Account, AccountStats
from crm_api.conditions import records
from crm_api.conditions.filters import Wanted
from crm_api.core import trees
from crm_api.core.fields import CATALOGUES
from crm_api.core.money import to_major
from crm_api.organisation.service import currency
from crm_api.pipelines.models import CLOSED_KINDS

MOST = 1000
_COLUMNS = ("id", "number", "name", "name_key", "account_type", "owner_id", "parent_id")
COUNTS, AMOUNTS = ("contacts", "open_opportunities"), ("open_value", "won_value", "annual_spend")
Figures = dict[str, int]


def read(session: Session, actor: Actor, *, account_id: UUID) -> dict[str, Any]:
    """The tree around an account, from the topmost account above it that the actor sees, as the JSON answer.

    Accounts that the actor may not see are left out with their figures; those below them hang on the nearest account
    that is seen. Raises NotFound where the account itself is not the actor's to see.
    """
    records.one(session, actor, "account", account_id, Wanted(fields=("id",)))
    top = _top(session, actor, account_id)
    rows, chain, complete = _tree(session, actor, top)
    own = _figures(session, actor, [row["id"] for row in rows])
    children: dict[UUID | None, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        row["below_id"] = None if row["id"] == top else _nearest(row["parent_id"], rows, chain)
        children[row["below_id"]].append(row)
    base = currency(session)
    ordered = _in_order(children)
    totals = _rolled_up(ordered, own)
    return {
        "account_id": account_id,
        "currency": base,
        "complete": complete,
        "accounts": [
            {**row, "own": _shown(own[row["id"]], base), "total": _shown(totals[row["id"]], base)}
            for row in ordered
        ],
    }


def _top(session: Session, actor: Actor, account_id: UUID) -> UUID:
    """The topmost account above this one that the actor sees, whatever lies between."""
    above = sa.select(Account.id, Account.parent_id).where(
        Account.id.in_(trees.above(Account.id, Account.parent_id, account_id))
    )
    parents = {row.id: row.parent_id for row in session.execute(above)}
    seen = set(
        session.scalars(
            sa.select(Account.id).where(
                Account.id.in_(list(parents)), Account.archived_at.is_(None), visible("account", actor)
            )
        )
    )
    top, at, walked = account_id, parents.get(account_id), {account_id}
    while at is not None and at not in walked:
        top = at if at in seen else top
        walked.add(at)
        at = parents.get(at)
    return top


def _tree(
    session: Session, actor: Actor, top: UUID
) -> tuple[list[dict[str, Any]], dict[UUID, UUID | None], bool]:
    """The accounts from `top` down that are seen, the parents of all of them, seen or not, and whether that is all."""
    first = sa.select(Account.id, Account.parent_id).where(Account.id == top).cte("below", recursive=True)
    below = first.union(sa.select(Account.id, Account.parent_id).where(Account.parent_id == first.c.id))
    found = session.execute(sa.select(below.c.id, below.c.parent_id).limit(MOST * 10)).all()
    seen = Account.archived_at.is_(None), visible("account", actor)
    columns = [getattr(Account, name) for name in _COLUMNS]
    shown = sa.select(*columns).where(Account.id.in_(sa.select(below.c.id)), *seen)
    rows = [dict(row) for row in session.execute(shown.limit(MOST * 10 + 1)).mappings()]
    chain = {row.id: row.parent_id for row in found}
    if len(rows) <= MOST:
        return rows, chain, len(found) < MOST * 10
    return _nearest_to(top, rows, chain), chain, False


def _nearest_to(
    top: UUID, rows: list[dict[str, Any]], chain: dict[UUID, UUID | None]
) -> list[dict[str, Any]]:
    """The first accounts of a very large tree, level by level, so that none is shown without what is above it."""

    def depth(row: dict[str, Any]) -> int:
        steps, at = 0, row["id"]
        while at != top and at in chain and steps < len(chain):
            steps, at = steps + 1, chain[at]
        return steps

    known = [row for row in rows if row["id"] in chain]
    return sorted(known, key=lambda row: (depth(row), row["name_key"], row["id"]))[:MOST]


def _nearest(at: UUID | None, rows: list[dict[str, Any]], chain: dict[UUID, UUID | None]) -> UUID | None:
    seen, walked = {row["id"] for row in rows}, set()
    while at is not None and at not in seen and at not in walked:
        walked.add(at)
        at = chain.get(at)
    return at


def _in_order(children: dict[UUID | None, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Each account followed by those below it, by name, with its level."""
    ordered: list[dict[str, Any]] = []
    waiting = [(row, 0) for row in children[None]]
    while waiting:
        row, level = waiting.pop()
        ordered.append({**{name: value for name, value in row.items() if name != "name_key"}, "level": level})
        below = sorted(
            children.get(row["id"], ()), key=lambda one: (one["name_key"], one["id"]), reverse=True
        )
        waiting += [(one, level + 1) for one in below]
    return ordered


def _rolled_up(ordered: list[dict[str, Any]], own: dict[UUID, Figures]) -> dict[UUID, Figures]:
    totals = {row["id"]: dict(own[row["id"]]) for row in ordered}
    for row in reversed(ordered):  # whatever is below comes after
        if row["below_id"] is not None:
            above = totals[row["below_id"]]
            for name, value in totals[row["id"]].items():
                above[name] += value
    return totals


def _figures(session: Session, actor: Actor, ids: list[UUID]) -> dict[UUID, Figures]:
    """What each account comes to by itself, in one grouped statement a kind, over what the actor sees."""
    own = {i: dict.fromkeys((*COUNTS, *AMOUNTS), 0) for i in ids}
    contact, deal = CATALOGUES["contact"].model, CATALOGUES["opportunity"].model
    contacts = sa.select(contact.account_id, sa.func.count().label("contacts")).where(
        contact.account_id.in_(ids), contact.archived_at.is_(None), visible("contact", actor)
    )
    is_won, is_open = deal.stage_kind == "closed_won", deal.stage_kind.not_in(CLOSED_KINDS)
    deals = sa.select(
        deal.account_id,
        _sum(is_open, 1).label("open_opportunities"),
        _sum(is_open, deal.value_base).label("open_value"),
        _sum(is_won, deal.value_base).label("won_value"),
    ).where(deal.account_id.in_(ids), deal.archived_at.is_(None), visible("opportunity", actor))
    spent = sa.select(
        AccountStats.account_id, sa.func.coalesce(AccountStats.annual_spend, 0).label("annual_spend")
    )
    for statement in (
        contacts.group_by(contact.account_id),
        deals.group_by(deal.account_id),
        spent.where(AccountStats.account_id.in_(ids)),
    ):
        for row in session.execute(statement).mappings():
            own[row["account_id"]] |= {
                name: int(value) for name, value in row.items() if name != "account_id"
            }
    return own


def _sum(which: Any, what: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((which, what), else_=0)), 0)


def _shown(figures: Figures, base: str) -> dict[str, Any]:
    return {name: to_major(value, base) if name in AMOUNTS else value for name, value in figures.items()}
