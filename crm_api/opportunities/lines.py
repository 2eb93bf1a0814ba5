"""The products of a deal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.service import note_many
from crm_api.core.errors import Invalid
from crm_api.core.ids import new_id
from crm_api.core.money import recast, to_minor
from crm_api.opportunities.models import Opportunity, OpportunityLine
from crm_api.opportunities.schemas import LineIn
from crm_api.products.models import Product

Line = dict[str, Any]

COLUMNS = ("product_id", "position", "quantity", "unit_price", "discount_percent")


def put_on(session: Session, deal: Opportunity, given: Sequence[LineIn]) -> bool:
    """Make these the deal's lines, in its currency; returns whether that changed any.

    A line without a price has the product's list price, where that is in the same currency. Raises Invalid
    naming the line whose product is not there.
    """
    kept = {line["product_id"] for line in written(session, [deal.id])[deal.id]}
    after = [_row(session, deal, position, line, kept) for position, line in enumerate(given)]
    return bool(replace(session, {deal.id: after}))


def replace(session: Session, wanted: Mapping[UUID, Sequence[Line]]) -> set[UUID]:
    """Make complete rows (`COLUMNS`) the lines of deals, and tell the trail; returns whose lines that changed."""
    before = written(session, wanted)
    changed = sorted(i for i in wanted if before[i] != list(wanted[i]))
    if changed:
        session.execute(sa.delete(OpportunityLine).where(OpportunityLine.opportunity_id.in_(changed)))
        rows = [{"id": new_id(), "opportunity_id": i, **row} for i in changed for row in wanted[i]]
        if rows:
            session.execute(sa.insert(OpportunityLine), rows)
        told = {i: ({"lines": before[i]}, {"lines": list(wanted[i])}) for i in changed}
        note_many(session, kind="opportunity", changed=told)
    return set(changed)


def put_back(session: Session, told: Mapping[UUID, Sequence[Line]]) -> set[UUID]:
    """Make what the trail tells of deals their lines again; returns whose lines that changed."""
    return replace(
        session,
        {i: [{**row, "product_id": UUID(row["product_id"])} for row in rows] for i, rows in told.items()},
    )


def recast_prices(session: Session, deal: Opportunity, currency: str) -> None:
    """Keep the numbers people see when the deal's currency is corrected to `currency`."""
    rows = written(session, [deal.id])[deal.id]
    for row in rows:
        field = f"lines.{row['position']}.unit_price"
        row["unit_price"] = recast(row["unit_price"], deal.currency, currency, field=field)
    replace(session, {deal.id: rows})


def written(session: Session, ids: Iterable[UUID]) -> dict[UUID, list[Line]]:
    """The lines of deals as rows of `COLUMNS`, in order; an empty list for a deal without any."""
    found: dict[UUID, list[Line]] = {i: [] for i in ids}
    statement = (
        sa.select(OpportunityLine.opportunity_id, *(getattr(OpportunityLine, name) for name in COLUMNS))
        .where(OpportunityLine.opportunity_id.in_(list(found)))
        .order_by(OpportunityLine.opportunity_id, OpportunityLine.position)
    )
    for row in session.execute(statement).mappings():
        found[row["opportunity_id"]].append({name: row[name] for name in COLUMNS})
    return found


def _row(session: Session, deal: Opportunity, position: int, line: LineIn, kept: set[UUID]) -> Line:
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
