"""Figures of accounts as catalogue fields: what the orders say, kept beside the account, and what is counted."""

from typing import Any

import sqlalchemy as sa

from crm_api.access import Actor, on_seen
from crm_api.accounts.models import Account, AccountStats
from crm_api.accounts.rhythms import RHYTHM
from crm_api.core import clock
from crm_api.core.columns import UTCDateTime, moving
from crm_api.core.dialect import days_between
from crm_api.core.fields import CATALOGUES, Elsewhere, Field, FieldType, Word
from crm_api.core.money import to_major
from crm_api.organisation.basics import Basics
from crm_api.organisation.models import Organisation
from crm_api.pipelines.models import CLOSED_KINDS

_KEPT = AccountStats.__table__.alias("kept")  # beside the join that shows them


def _stat(name: str) -> Any:
    """The figure of the account at hand."""
    here = AccountStats.account_id == Account.id
    return sa.select(getattr(AccountStats, name)).where(here).correlate(Account).scalar_subquery()


def _elsewhere(name: str) -> Elsewhere:
    value, rows = _KEPT.c[name], _KEPT.c[name].is_not(None)

    def holds(condition: Any) -> Any:
        return Account.id.in_(sa.select(_KEPT.c.account_id).where(rows, condition).correlate(None))

    def lacks(condition: Any) -> Any:
        here = sa.exists().where(rows, _KEPT.c.account_id == Account.id, condition)
        return sa.not_(here.correlate_except(_KEPT))

    return Elsewhere(value, value, rows, _KEPT.c.account_id, holds, lacks)


def _kept(name: str, type_: FieldType, *synonyms: str, label: str = "", **how: Any) -> Field:
    column = _stat(name)
    if how.get("sortable"):
        how |= {"sort_column": column}
    return Field(name, type_, column, label, synonyms, elsewhere=_elsewhere(name), **how)


FIELDS = (
    _kept("last_contact_at", FieldType.DATETIME, "last contact", "last contacted"),
    _kept("last_visit_at", FieldType.DATETIME, "last visit", "last visited"),
    _kept(
        "annual_spend",
        FieldType.MONEY,
        "annual spend", "yearly spend", "spending", "yearly sales", "sales volume",
        sortable=True,
    ),
    _kept("annual_orders", FieldType.INTEGER, "orders last year", "orders a year", "order frequency"),
    _kept("order_count", FieldType.INTEGER, "number of orders", "order count"),
    _kept("last_order_date", FieldType.DATE, "last order", "last ordered", sortable=True),
    _kept("last_order_value", FieldType.MONEY, "last order value", "value of the last order"),
    _kept("order_rhythm_days", FieldType.NUMBER, "order rhythm", "days between orders", unit="days"),
    _kept("next_order_date", FieldType.DATE, "next order", "next expected order", "next order date", sortable=True),
    _kept("order_overdue_days", FieldType.INTEGER, "days overdue", "order overdue days", unit="days"),
    _kept("recency_score", FieldType.INTEGER, "recency", "recency score"),
    _kept("frequency_score", FieldType.INTEGER, "frequency", "frequency score"),
    _kept("monetary_score", FieldType.INTEGER, "monetary score", "monetary value"),
)  # fmt: skip

# Whether somebody was there within the days that may lie between two visits; nothing where nobody means to be.
_SINCE = days_between(_stat("last_visit_at"), moving(clock.now, UTCDateTime()))
VISIT_STANDINGS = ("visited_in_time", "visit_overdue", "never_visited")
VISIT_STANDING = Field(
    "visit_standing",
    FieldType.CHOICE,
    sa.case(
        (RHYTHM.is_(None), None),
        (_SINCE.is_(None), "never_visited"),
        (_SINCE > RHYTHM, "visit_overdue"),
        else_="visited_in_time",
    ),
    choices=VISIT_STANDINGS,
    groupable=True,
)

WORDS = (
    Word(
        (
            "order is overdue",
            "orders are overdue",
            "overdue order",
            "overdue orders",
            "with overdue orders",
            "overdue with an order",
        ),
        {"field": "order_overdue_days", "op": "gt", "value": 0},
    ),
)

KEPT = tuple(field.name for field in FIELDS)
_AMOUNTS = ("annual_spend", "last_order_value", "total_value", "open_value")


def in_major(row: dict[str, Any]) -> dict[str, Any]:
    """Turn the figures of an account into JSON numbers of the organisation's currency, in place."""
    for name in _AMOUNTS:
        row[name] = to_major(row.get(name), row["base_currency"])
    return row


def counted(actor: Actor) -> dict[str, Any]:
    """What hangs on each account, as the actor sees it; within the rows' own statement, by the indexes of the links."""
    contact, deal = CATALOGUES["contact"].model, CATALOGUES["opportunity"].model
    contacts = [contact.account_id == Account.id, contact.archived_at.is_(None), on_seen("contact", actor)]
    deals = [deal.account_id == Account.id, deal.archived_at.is_(None), on_seen("opportunity", actor)]
    still_open = deal.stage_kind.not_in(CLOSED_KINDS)
    value = sa.func.coalesce(sa.func.sum(deal.value_base), 0)
    return {
        "contact_count": _of(contact, sa.func.count(), *contacts),
        "opportunity_count": _of(deal, sa.func.count(), *deals),
        "open_opportunity_count": _of(deal, sa.func.count(), *deals, still_open),
        "total_value": _of(deal, value, *deals),
        "open_value": _of(deal, value, *deals, still_open),
        "base_currency": sa.func.coalesce(
            sa.select(Organisation.currency).limit(1).scalar_subquery(), Basics().currency
        ),
    }


def _of(model: Any, figure: Any, *which: Any) -> Any:
    return sa.select(figure).select_from(model).where(*which).correlate(Account).scalar_subquery()
