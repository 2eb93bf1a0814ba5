"""Approval of large deals: asked for, given or refused, and needed before winning.

Above the organisation's `approval_threshold` a deal is won with an approval only. It covers the value it was given
for: a deal that grows is asked about again.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.accounts.service import territory_of
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid, NotAllowed
from crm_api.core.money import to_major
from crm_api.events import Event, record
from crm_api.opportunities.models import Opportunity
from crm_api.opportunities.schemas import ApprovalNote
from crm_api.organisation import rates
from crm_api.organisation import service as organisation


def is_needed(session: Session, deal: Opportunity) -> bool:
    """Whether the deal is worth more than may be won without an approval."""
    threshold = organisation.basics(session).approval_threshold
    if threshold is None:
        return False
    value = rates.convert(session, deal.estimated_value, deal.currency)
    # What nobody can convert may be anything: it is asked about.
    return deal.estimated_value is not None and (value is None or value > threshold)


def require(session: Session, deal: Opportunity) -> None:
    """Raise Conflict unless the deal may be won as it is."""
    if is_needed(session, deal) and not deal.is_approved:
        here = organisation.basics(session)
        limit = f"{to_major(here.approval_threshold, here.currency):,} {here.currency}"
        raise Conflict(f"Deals above {limit} are won with an approval only; request one.")


def request(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: ApprovalNote, if_match: int | None = None
) -> Opportunity:
    """Ask for approval of the deal at its present value; raises Conflict where it is asked for, or given, already."""
    deal = _open(session, actor, opportunity_id, if_match)
    if deal.estimated_value is None:
        raise Invalid.field("estimated_value", "give the deal a value; that is what is approved")
    asked = deal.approval_status == "requested" and deal.approved_value == deal.estimated_value
    if asked or deal.is_approved:
        raise Conflict(f"Approval of this value is {deal.approval_status} already.")
    deal.approved_value = deal.estimated_value
    return _settled(session, actor, deal, "requested", data.note)


def approve(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: ApprovalNote, if_match: int | None = None
) -> Opportunity:
    """Give the approval that was asked for, up to the value it was asked for."""
    deal = _asked(session, actor, opportunity_id, if_match)
    return _settled(session, actor, deal, "approved", data.note)


def reject(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: ApprovalNote, if_match: int | None = None
) -> Opportunity:
    """Refuse the approval, and say why."""
    deal = _asked(session, actor, opportunity_id, if_match)
    if not data.note:
        raise Invalid.field("note", "a refusal needs its reason")
    return _settled(session, actor, deal, "rejected", data.note)


def follow_currency(deal: Opportunity, before: str) -> None:
    """In another currency the number that was approved means something else, so that it is asked about again."""
    if deal.currency != before and deal.approval_status is not None:
        deal.approval_status, deal.approved_value = None, None


def _open(session: Session, actor: Actor, opportunity_id: UUID, if_match: int | None) -> Opportunity:
    deal: Opportunity = records.get(
        session, actor, Opportunity, opportunity_id, writing=True, if_match=if_match
    )
    if deal.is_closed:
        raise Conflict("This opportunity is closed; approval is a matter of open ones.")
    return deal


def _asked(session: Session, actor: Actor, opportunity_id: UUID, if_match: int | None) -> Opportunity:
    """The deal somebody asks about, for a manager or an administrator to decide.

    Raises NotAllowed for others and for a manager's own request: somebody else looks at it, if only the boss.
    """
    deal = _open(session, actor, opportunity_id, if_match)
    require_role(actor, "manager")
    if deal.approval_status != "requested":
        raise Conflict("Nobody asks for an approval of this opportunity.")
    if deal.approval_by_id == actor.user_id and not actor.is_administrator:
        raise NotAllowed("Somebody else decides what you asked for.")
    return deal


def _settled(session: Session, actor: Actor, deal: Opportunity, status: str, note: str | None) -> Opportunity:
    deal.approval_status, deal.approval_note = status, note
    deal.approval_by_id, deal.approval_at = actor.user_id, clock.now()
    told = {"account_id": deal.account_id, "lead_id": deal.lead_id, "contact_id": deal.contact_id}
    record(
        session,
        Event(
            f"opportunity.approval_{status}", "opportunity", deal.id, told, deal.owner_id, deal.team_id,
            territory_of(deal),
        ),
    )  # fmt: skip
    return deal
