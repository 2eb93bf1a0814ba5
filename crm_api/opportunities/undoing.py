"""Deals on their way back to what they were before a change set: closings are reopened, losses won again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor
from crm_api.audit.undoing import Back, Refusals
from crm_api.opportunities import moves
from crm_api.opportunities.service import refresh_access
from crm_api.organisation import rates
from crm_api.pipelines.models import CLOSED_KINDS, Stage
from crm_api.products.models import Product


def examine(session: Session, actor: Actor, backs: Sequence[Back]) -> Refusals:
    """A stage may be deleted, a product gone; a closed deal changes only where closing it is undone as well."""
    stages = _there(session, Stage, [back.values["stage_id"] for back in backs if "stage_id" in back.values])
    products = _there(session, Product, [product for back in backs for product in _products(back)])
    for back in backs:
        values, deal = back.values, back.record
        _revalue(session, back)
        if "stage_id" in values and values["stage_id"] not in stages:
            yield back, "the stage it was in is deleted by now"
        elif not products.issuperset(_products(back)):
            yield back, "a product of its lines is erased by now"
        elif deal.is_closed and back.move is None and "stage_id" not in values:
            yield back, "it was closed since, and a closed deal does not change; reopen it first"
        elif _wins_without_account(back):
            yield back, "it would be won without an account"


def settle(session: Session, actor: Actor, backs: Sequence[Back]) -> None:
    """Keep the moves, let owners of open deals reach the accounts, and tell what happened."""
    told = []
    for back in backs:
        deal, was = back.record, back.was
        if back.move is not None:
            told.append(moves.event(f"opportunity.{back.move}d", deal))
        elif back.told:
            told.append(moves.event("opportunity.updated", deal, fields=back.told))
        if back.changed("stage_id"):
            before = was["stage_id"]
            moves.note(session, deal, before)
            moved = {"before": before, "after": deal.stage_id, "kind": deal.stage_kind}
            told.append(moves.event("opportunity.stage_changed", deal, **moved))
            if was.get("stage_kind", deal.stage_kind) in CLOSED_KINDS and not deal.is_closed:
                told.append(moves.event("opportunity.reopened", deal))
            elif deal.is_closed:
                told.append(moves.event("opportunity.won" if deal.is_won else "opportunity.lost", deal))
    deals = [back.record for back in backs]
    refresh_access(
        session, *(deal.account_id for deal in deals), *(back.was.get("account_id") for back in backs)
    )
    events.record_many(session, told)


def _revalue(session: Session, back: Back) -> None:
    """What the deal is worth then: at today's rate, of a closed one at the rate of its closing day."""
    closed = back.values.get("stage_kind", back.record.stage_kind) in CLOSED_KINDS
    at = back.values.get("actual_close_date", back.record.actual_close_date) if closed else None
    rates.follow_values(
        session, back.record, back.values,
        amount="estimated_value", into="value_base", on=at, dated_by=["stage_kind", "actual_close_date"],
    )  # fmt: skip
    if not back.values.keys().isdisjoint({"stage_kind", "actual_close_date", "expected_close_date"}):
        kind, expected, actual = (
            back.values.get(name, getattr(back.record, name))
            for name in ("stage_kind", "expected_close_date", "actual_close_date")
        )
        back.values["closes_on"] = moves.closing_day(session, kind, expected, actual)


def _products(back: Back) -> list[UUID]:
    return [UUID(line["product_id"]) for line in back.values.get("lines") or ()]


def _wins_without_account(back: Back) -> bool:
    kind = back.values.get("stage_kind", back.record.stage_kind)
    return kind == "closed_won" and back.values.get("account_id", back.record.account_id) is None


def _there(session: Session, model: Any, ids: Sequence[Any]) -> set[Any]:
    if not ids:
        return set()
    found: set[Any] = set(session.scalars(sa.select(model.id).where(model.id.in_(ids))))
    return found.union(session.info.get("restoring", ()))
