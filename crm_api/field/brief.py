"""An account in five lines, for whoever stands at its door: only what they may see."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.accounts.models import Account, AccountStats
from crm_api.activities.models import CONTACT_TYPES, Activity
from crm_api.conditions import records
from crm_api.contacts.models import Contact
from crm_api.core.money import to_major
from crm_api.maps.addresses import address_of
from crm_api.opportunities.models import Opportunity
from crm_api.orders.models import COUNTING, Order
from crm_api.organisation import service as organisation
from crm_api.pipelines.models import CLOSED_KINDS

LONGEST = 160  # characters of a sentence that somebody wrote
_ROLES = {"decision_maker": 0, "influencer": 1, "dealer": 2}
Line = dict[str, Any]


def brief(session: Session, actor: Actor, *, account_id: UUID) -> dict[str, Any]:
    """Last order, open promise, open deals, who to ask for, last words. Raises NotFound."""
    account: Account = records.get(session, actor, Account, account_id)
    address = address_of(account)
    return {
        "account_id": account.id,
        "account_name": account.name,
        "phone": account.phone,
        "address": address.text if address else None,
        "navigate": navigate(account.latitude, account.longitude),
        "lines": [
            _last_order(session, actor, account.id),
            _open_promise(session, actor, account.id),
            _open_deals(session, actor, account.id),
            _who_to_ask_for(session, actor, account.id),
            _last_words(session, actor, account.id),
        ],
    }


def navigate(latitude: float | None, longitude: float | None) -> str | None:
    """A Google Maps link that leads there from wherever the phone is; no key, no cost."""
    if latitude is None or longitude is None:
        return None
    there = {"api": "1", "destination": f"{latitude:.6f},{longitude:.6f}", "dir_action": "navigate"}
    return "https://www.google.com/maps/dir/?" + urlencode(there, safe=",")


def _last_order(session: Session, actor: Actor, account_id: UUID) -> Line:
    order = session.scalars(
        sa.select(Order)
        .where(
            Order.account_id == account_id, Order.archived_at.is_(None), Order.status.in_(COUNTING),
            visible("order", actor),
        )
        .order_by(Order.order_date.desc(), Order.id.desc())
        .limit(1)
    ).first()  # fmt: skip
    if order is None:
        return _line("last_order", "No order yet.")
    worth = f" over {_money(order.total, order.currency)}" if order.total is not None else ""
    text = f"Last order {order.order_date:%-d %b %Y}{worth} ({order.number})"
    rhythm = session.execute(
        sa.select(AccountStats.order_rhythm_days, AccountStats.order_overdue_days).where(
            AccountStats.account_id == account_id
        )
    ).first()
    if rhythm and rhythm.order_overdue_days:
        text += f"; the next one is {_days(rhythm.order_overdue_days)} late"
    return _line("last_order", f"{text}.", "order", order.id)


def _open_promise(session: Session, actor: Actor, account_id: UUID) -> Line:
    """What was promised and not done yet: a follow-up somebody asked for, or an open task; the earliest first."""
    due = sa.case((Activity.activity_type == "task", Activity.due_at), else_=Activity.follow_up_due)
    promised = sa.or_(
        Activity.follow_up_due.is_not(None),
        sa.and_(Activity.activity_type == "task", Activity.status.in_(("scheduled", "in_progress"))),
    )
    found = session.execute(
        sa.select(Activity.id, Activity.subject, Activity.next_steps, due.label("due"))
        .where(
            Activity.account_id == account_id, Activity.archived_at.is_(None), promised, visible("activity", actor)
        )
        .order_by(due.is_(None), due, Activity.id)
        .limit(1)
    ).first()  # fmt: skip
    if found is None:
        return _line("open_promise", "Nothing is promised.")
    when = f", by {_day(found.due, actor)}" if found.due else ""
    return _line(
        "open_promise", f"Promised: {_cut(found.next_steps or found.subject)}{when}.", "activity", found.id
    )


def _open_deals(session: Session, actor: Actor, account_id: UUID) -> Line:
    deals = session.execute(
        sa.select(Opportunity.id, Opportunity.name, Opportunity.stage_kind, Opportunity.value_base)
        .where(
            Opportunity.account_id == account_id, Opportunity.archived_at.is_(None),
            Opportunity.stage_kind.not_in(CLOSED_KINDS), visible("opportunity", actor),
        )
        .order_by(sa.func.coalesce(Opportunity.value_base, 0).desc(), Opportunity.id)
    ).all()  # fmt: skip
    if not deals:
        return _line("open_deals", "No open deal.")
    largest, total = deals[0], sum(deal.value_base or 0 for deal in deals)
    worth = f" over {_money(total, organisation.currency(session))}" if total else ""
    count = "1 open deal" if len(deals) == 1 else f"{len(deals)} open deals"
    stage = largest.stage_kind.replace("_", " ")
    which = "" if len(deals) == 1 else "largest "
    return _line(
        "open_deals", f"{count}{worth}; {which}{_cut(largest.name)} ({stage}).", "opportunity", largest.id
    )


def _who_to_ask_for(session: Session, actor: Actor, account_id: UUID) -> Line:
    rank = sa.case(_ROLES, value=Contact.role, else_=9)
    person = session.scalars(
        sa.select(Contact)
        .where(
            Contact.account_id == account_id, Contact.archived_at.is_(None), Contact.is_active,
            visible("contact", actor),
        )
        .order_by(Contact.is_primary.desc(), rank, Contact.name_key, Contact.id)
        .limit(1)
    ).first()  # fmt: skip
    if person is None:
        return _line("who_to_ask_for", "Nobody is known there yet.")
    title = f", {person.job_title}" if person.job_title else ""
    number = person.mobile or person.phone
    return _line(
        "who_to_ask_for",
        f"Ask for {person.full_name}{title}{f', {number}' if number else ''}.",
        "contact",
        person.id,
    )


def _last_words(session: Session, actor: Actor, account_id: UUID) -> Line:
    said = sa.func.coalesce(Activity.outcome, Activity.description)
    found = session.execute(
        sa.select(Activity.id, Activity.activity_type, Activity.occurred_at, said.label("said"))
        .where(
            Activity.account_id == account_id, Activity.archived_at.is_(None), Activity.status == "completed",
            Activity.activity_type.in_((*CONTACT_TYPES, "note")), said.is_not(None), visible("activity", actor),
        )
        .order_by(Activity.occurred_at.desc(), Activity.id.desc())
        .limit(1)
    ).first()  # fmt: skip
    if found is None:
        return _line("last_words", "Nothing was noted yet.")
    kind, day = found.activity_type.replace("_", " ").capitalize(), _day(found.occurred_at, actor)
    return _line("last_words", f"{kind} on {day}: {_cut(found.said)}", "activity", found.id)


def _line(code: str, text: str, kind: str | None = None, record_id: UUID | None = None) -> Line:
    return {"code": code, "text": text, "kind": kind, "record_id": record_id}


def _cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= LONGEST else one_line[: LONGEST - 1].rstrip() + "…"


def _money(minor: int, currency: str) -> str:
    return f"{currency} {to_major(minor, currency) or 0:,.0f}"


def _day(at: datetime, actor: Actor) -> str:
    return f"{at.astimezone(ZoneInfo(actor.time_zone)):%-d %b %Y}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
