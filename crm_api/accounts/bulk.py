"""Writing many accounts at once, for imports and the demo company, in few statements."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.accounts.models import Account, AccountStats
from crm_api.accounts.service import require_no_loop
from crm_api.core import numbering
from crm_api.core.ids import new_id
from crm_api.matching.phones import comparable
from crm_api.organisation import rates
from crm_api.organisation.service import currency, today

Row = dict[str, Any]


def insert(session: Session, rows: Sequence[Row]) -> list[UUID]:
    """New accounts from complete, valid rows (attribute names); numbers are taken for those without.

    Returns their ids in order.
    """
    unnumbered = [row for row in rows if not row.get("number")]
    if unnumbered:
        taken = numbering.take(session, "ACC", today(session), len(unnumbered))
        for row, number in zip(unnumbered, taken, strict=True):
            row["number"] = number
    ids = audit.bulk_insert(session, Account, [_complete(session, row) for row in rows])
    if ids:
        session.execute(
            sa.insert(AccountStats), [{"id": new_id(), "account_id": account_id} for account_id in ids]
        )
    return ids


def update(session: Session, rows: Sequence[Row]) -> int:
    """Change accounts: rows with `id` and what to set. Returns how many really changed.

    Raises Invalid for an account that would be below itself.
    """
    changed = rates.in_base(session, Account, rows, amount="annual_revenue")
    count = audit.bulk_update(session, Account, [with_e164(row, "phone") for row in changed])
    for row in rows:  # once all are written, so that two rows make no loop together
        if row.get("parent_id") is not None:
            require_no_loop(session, row["id"], row["parent_id"])
    return count


def _complete(session: Session, row: Row) -> Row:
    code, revenue = row.get("currency", currency(session)), row.get("annual_revenue")
    row = row | {"currency": code, "annual_revenue_base": rates.convert(session, revenue, code)}
    if row.get("latitude") is not None and not row.get("coordinates_source"):
        row = row | {"coordinates_source": row.get("origin", "user")}
    return with_e164(row, "phone")


def with_e164(row: Row, *columns: str) -> Row:
    """The row with the comparable form of each number it gives."""
    return row | {f"{column}_e164": comparable(row, column) for column in columns if column in row}
