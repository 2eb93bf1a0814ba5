"""Orders on their way back to what they were before a change set."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor
from crm_api.audit.undoing import Back, Refusals
from crm_api.orders import figures
from crm_api.orders.service import event
from crm_api.organisation import rates
from crm_api.products.models import Product


def examine(session: Session, actor: Actor, backs: Sequence[Back]) -> Refusals:
    """A product of the lines may be gone; the total counts at the rate of the day of the order."""
    wanted = {product for back in backs for product in _products(back)}
    there = set(session.scalars(sa.select(Product.id).where(Product.id.in_(wanted)))) if wanted else set()
    for back in backs:
        on = back.values.get("order_date", back.record.order_date)
        rates.follow_values(
            session,
            back.record,
            back.values,
            amount="total",
            into="total_base",
            on=on,
            dated_by=["order_date"],
        )
        if not there.issuperset(_products(back)):
            yield back, "a product of its lines is erased by now"


def settle(session: Session, actor: Actor, backs: Sequence[Back]) -> None:
    """Tell what happened, and count anew what the accounts bought."""
    events.record_many(
        session,
        [
            event(session, f"order.{back.move}d", back.record)
            if back.move
            else event(session, "order.updated", back.record, fields=back.told)
            for back in backs
        ],
    )
    accounts = {back.record.account_id for back in backs}
    figures.refresh(session, accounts | {i for back in backs if (i := back.was.get("account_id"))})


def _products(back: Back) -> list[UUID]:
    return [UUID(line["product_id"]) for line in back.values.get("lines") or () if line["product_id"]]
