"""The products of a deal."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.service import note
from crm_api.core.errors import Invalid
from crm_api.core.money import recast, to_minor
from crm_api.opportunities.models import Opportunity, OpportunityLine
from crm_api.opportunities.schemas import LineIn
from crm_api.products.models import Product


def put_on(session: Session, deal: Opportunity, given: Sequence[LineIn]) -> bool:
    """Make these the deal's lines, in its currency; returns whether that changed any.

    A line without a price has the product's list price, where that is in the same currency. Raises Invalid
    naming the line whose product is not there.
    """
    before = _written(session, deal.id)
    kept = {line["product_id"] for line in before}
    after = [_row(session, deal, position, line, kept) for position, line in enumerate(given)]
    if before == after:
        return False
    session.execute(sa.delete(OpportunityLine).where(OpportunityLine.opportunity_id == deal.id))
    session.add_all(OpportunityLine(opportunity_id=deal.id, **row) for row in after)
    note(
        session,
        kind="opportunity",
        record_id=deal.id,
        action="update",
        before={"lines": before},
        after={"lines": after},
    )
    return True


def recast_prices(session: Session, deal: Opportunity, currency: str) -> None:
    """Keep the numbers people see when the deal's currency is corrected to `currency`."""
    own = sa.select(OpportunityLine).where(OpportunityLine.opportunity_id == deal.id)
    for line in session.scalars(own):
        field = f"lines.{line.position}.unit_price"
        line.unit_price = recast(line.unit_price, deal.currency, currency, field=field)


def _written(session: Session, opportunity_id: UUID) -> list[dict[str, Any]]:
    columns = ("product_id", "position", "quantity", "unit_price", "discount_percent")
    statement = (
        sa.select(*(getattr(OpportunityLine, name) for name in columns))
        .where(OpportunityLine.opportunity_id == opportunity_id)
        .order_by(OpportunityLine.position)
    )
    return [dict(row) for row in session.execute(statement).mappings()]


def _row(session: Session, deal: Opportunity, position: int, line: LineIn, kept: set[UUID]) -> dict[str, Any]:
    product = session.get(Product, line.product_id)
    if product is None or (product.is_archived and product.id not in kept):
        raise Invalid.field(f"lines.{position}.product_id", "there is no such product")
    if line.unit_price is None and product.currency == deal.currency:
        price = product.list_price
    else:
        price = to_minor(line.unit_price, deal.currency, field=f"lines.{position}.unit_price")
    return {
        "product_id": product.id,
        "position": position,
        "quantity": float(line.quantity),
        "unit_price": price,
        "discount_percent": float(line.discount_percent),
    }
