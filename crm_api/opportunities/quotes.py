"""Quotes: files and mails that somebody marked as an offer for a deal. Sending one is an event."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid, NotFound
from crm_api.core.money import to_major, to_minor
from crm_api.events import record
from crm_api.opportunities import moves
from crm_api.opportunities.models import Opportunity, Quote
from crm_api.opportunities.schemas import QuoteIn, QuoteSent


def read(session: Session, actor: Actor, opportunity_id: UUID) -> dict[str, Any]:
    """The quotes of a deal, newest first; raises NotFound where it is not the actor's to see."""
    records.get(session, actor, Opportunity, opportunity_id)
    found = sa.select(Quote).where(Quote.opportunity_id == opportunity_id).order_by(Quote.id.desc())
    return {"items": [shown(quote) for quote in session.scalars(found)]}


def create(session: Session, actor: Actor, *, opportunity_id: UUID, data: QuoteIn) -> dict[str, Any]:
    """Mark a mail or a file as a quote for the deal."""
    deal = records.get(session, actor, Opportunity, opportunity_id, writing=True)
    if (data.message_id is None) == (data.attachment is None):
        raise Invalid.field(
            "attachment", "a quote is a file or a mail: give one of attachment and message_id"
        )
    if data.message_id is not None:
        records.require_link(session, actor, "message", data.message_id, field="message_id")
    amount = to_minor(data.amount, deal.currency) if data.amount is not None else deal.estimated_value
    quote = Quote(
        opportunity_id=deal.id, name=data.name, message_id=data.message_id, amount=amount,
        attachment=data.attachment.model_dump() if data.attachment else None, currency=deal.currency,
        valid_until=data.valid_until, created_by_id=actor.user_id,
    )  # fmt: skip
    session.add(quote)
    session.flush()
    record(session, moves.event("opportunity.quote_added", deal, quote_id=quote.id))
    if data.sent_at is not None:
        _send(session, deal, quote, QuoteSent(sent_at=data.sent_at))
    return shown(quote)


def mark_sent(
    session: Session, actor: Actor, *, opportunity_id: UUID, quote_id: UUID, data: QuoteSent
) -> dict[str, Any]:
    """Say that a quote went out; twice is a Conflict."""
    deal = records.get(session, actor, Opportunity, opportunity_id, writing=True)
    quote = session.get(Quote, quote_id)
    if quote is None or quote.opportunity_id != deal.id:
        raise NotFound(f"There is no quote {quote_id} of this opportunity.")
    if quote.sent_at is not None:
        raise Conflict("This quote was sent already.")
    _send(session, deal, quote, data)
    session.flush()
    return shown(quote)


def _send(session: Session, deal: Opportunity, quote: Quote, data: QuoteSent) -> None:
    quote.sent_at = data.sent_at or clock.now()
    record(
        session, moves.event("opportunity.quote_sent", deal, quote_id=quote.id, message_id=quote.message_id)
    )


def shown(quote: Quote) -> dict[str, Any]:
    """A quote as the API answers it."""
    names = ("id", "opportunity_id", "name", "message_id", "attachment", "currency", "valid_until", "sent_at",
             "created_by_id", "created_at", "updated_at")  # fmt: skip
    return {name: getattr(quote, name) for name in names} | {"amount": to_major(quote.amount, quote.currency)}
