"""Amounts in the organisation's currency, worked out anew where a rate has changed.

A derived figure: no version rises, no audit entry is written, no event told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.accounts.models import Account
from crm_api.leads.models import Lead
from crm_api.opportunities.models import Opportunity
from crm_api.orders.models import Order
from crm_api.organisation import rates
from crm_api.organisation.models import Revaluation
from crm_api.pipelines.models import CLOSED_KINDS
from crm_api.products.models import Product

# Whoever was writing while a rate was put may have used the old one and commit after we passed by. A minute on
# nobody is writing any more, and the second pass, which finds little to do, is the last.
AFTERGLOW = timedelta(seconds=60)
SLICE = 2_000  # rows looked at in one read
BATCH = 200  # rows changed in one write: a few milliseconds of SQLite's one writer


@dataclass(frozen=True, slots=True)
class Book:
    """One kind of amount: where it stands, where its value goes, and the moment whose rate it keeps."""

    model: Any
    amount: Any
    value: Any
    closed_at: Any = None


_CLOSED = sa.case((Opportunity.stage_kind.in_(CLOSED_KINDS), Opportunity.actual_close_date))
BOOKS = (
    Book(Account, Account.annual_revenue, Account.annual_revenue_base),
    Book(Product, Product.list_price, Product.list_price_base),
    Book(Lead, Lead.estimated_value, Lead.value_base, Lead.converted_at),
    Book(Lead, Lead.budget, Lead.budget_base, Lead.converted_at),
    Book(Opportunity, Opportunity.estimated_value, Opportunity.value_base, _CLOSED),
    Book(Order, Order.total, Order.total_base, Order.order_date),
)


@dataclass(frozen=True, slots=True)
class Correction:
    """A row whose value is not what its amount is worth; written only while that is still its amount."""

    id: UUID
    amount: int | None
    before: int | None
    after: int | None


def requested(session: Session) -> list[Revaluation]:
    """What is to be worked out anew by now."""
    return rates.requested(session)


def corrections(
    session: Session, book: Book, *, currency: str, after: UUID | None
) -> tuple[list[Correction], UUID | None]:
    """What is wrong among the next rows in `currency`, and the last row looked at; None where there is no more."""
    model, closed_at = book.model, sa.null() if book.closed_at is None else book.closed_at
    statement = sa.select(
        model.id, book.amount.label("amount"), book.value.label("value"), closed_at.label("at")
    )
    statement = statement.where(model.currency == currency).order_by(model.id).limit(SLICE)
    if after is not None:
        statement = statement.where(model.id > after)
    rows = session.execute(statement).all()
    found = [
        Correction(row.id, row.amount, row.value, worth)
        for row in rows
        if (worth := rates.convert(session, row.amount, currency, on=row.at)) != row.value
    ]
    return found, rows[-1].id if len(rows) == SLICE else None


def correct(session: Session, book: Book, currency: str, wrong: Sequence[Correction]) -> int:
    """Write the right values; leaves alone what was changed since it was looked at. Returns how many."""
    model, done = book.model, 0
    for row in wrong:
        unchanged = (model.currency == currency, book.amount == row.amount, book.value == row.before)
        done += audit.follow(session, model, model.id == row.id, *unchanged, **{book.value.key: row.after})
    return done


def settle(session: Session, request: Revaluation, *, begun: datetime) -> None:
    """Forget a request that was passed over to the end, if nobody can have written at the old rate since."""
    if begun >= request.requested_at + AFTERGLOW:
        rates.settled(session, request)
