"""Writing many products at once, for imports and the demo company."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.organisation import rates
from crm_api.organisation.service import currency
from crm_api.products.models import Product

Row = dict[str, Any]


def insert(session: Session, rows: Sequence[Row]) -> list[UUID]:
    """New products from complete, valid rows; returns their ids in order."""
    priced: list[Row] = [{"currency": currency(session)} | row for row in rows]
    for row in priced:
        row["list_price_base"] = rates.convert(session, row.get("list_price"), row["currency"])
    return audit.bulk_insert(session, Product, priced)


def update(session: Session, rows: Sequence[Row]) -> int:
    """Change products: rows with `id` and what to set. Returns how many really changed."""
    changed = rates.in_base(session, Product, rows, amount="list_price")
    return audit.bulk_update(session, Product, changed)
