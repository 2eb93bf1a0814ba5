"""Which leads, which enrolments: pure Selects."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter

from crm_api.access import Actor
from crm_api.conditions import Tree, where
from crm_api.core.fields import Registry
from crm_api.followups.models import LIVE, Enrolment, FollowUpRule, Sequence
from crm_api.leads.models import Lead, LeadStats
from crm_api.outbox import queries as sent
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.state import IN_FLIGHT, STOPPABLE, Status
from crm_api.users.models import User

IMPORTED = "import"
_TREE: TypeAdapter[Any] = TypeAdapter(Tree)


def neglected(
    rule: FollowUpRule, now: datetime, *, registry: Registry, actor: Actor
) -> sa.Select[Lead, User]:
    """Leads the rule would write to, with their owner, the longest neglected first.

    `actor` is the service itself: a rule's conditions see everything, in the organisation's zone and currency.

    Open, owned by somebody with an address, reachable, nobody in touch for `after_minutes` since the last
    contact or, without one, since they were made. Never imported rows, never a lead this rule had before,
    never one that is in a sequence.
    """
    since = sa.func.coalesce(LeadStats.last_contact_at, Lead.created_at)
    suppressed = sa.exists().where(sent.keeps_out(Lead.email_key))
    had_before = sa.exists().where(Enrolment.lead_id == Lead.id, Enrolment.rule_id == rule.id)
    in_a_sequence = sa.exists().where(Enrolment.lead_id == Lead.id, Enrolment.status.in_(LIVE))
    statement = (
        sa.select(Lead, User)
        .join(User, User.id == Lead.owner_id)
        .outerjoin(LeadStats, LeadStats.lead_id == Lead.id)
        .where(
            Lead.archived_at.is_(None),
            Lead.status.not_in(("converted", "lost")),
            Lead.email_key.is_not(None),
            Lead.email_opt_out.is_(False),
            Lead.origin != IMPORTED,
            User.is_active.is_(True),
            User.email.is_not(None),
            since <= now - timedelta(minutes=rule.after_minutes),
            ~suppressed,
            ~had_before,
            ~in_a_sequence,
        )
        .order_by(since, Lead.id)
    )
    if rule.conditions is None:
        return statement
    tree = _TREE.validate_python(rule.conditions)
    return statement.where(where(registry, "lead", tree, actor))


def live_of_lead(lead_id: UUID) -> sa.Select[Enrolment]:
    """The enrolments of a lead in which something may still be sent."""
    return _locked(Enrolment.lead_id == lead_id)


def live_of_contact(contact_id: UUID) -> sa.Select[Enrolment]:
    """The enrolments of a person at an account in which something may still be sent."""
    return _locked(Enrolment.contact_id == contact_id)


def live_with(term: sa.ColumnElement[bool]) -> sa.Select[str]:
    """The name of a sequence that somebody is in."""
    live = sa.select(Sequence.name).join(Enrolment, Enrolment.sequence_id == Sequence.id)
    return live.where(term, Enrolment.status.in_(LIVE)).order_by(Enrolment.id).limit(1)


def live_at_address(address_key: str) -> sa.Select[Enrolment]:
    """The enrolments that write to an address."""
    return _locked(Enrolment.address_key == address_key)


def live_in_sequence(sequence_id: UUID) -> sa.Select[Enrolment]:
    """Everybody who is in a sequence."""
    return _locked(Enrolment.sequence_id == sequence_id)


def live_of_rule(rule_id: UUID) -> sa.Select[Enrolment]:
    """Everybody a rule has enrolled and not lost again."""
    return _locked(Enrolment.rule_id == rule_id)


def _locked(term: sa.ColumnElement[bool]) -> sa.Select[Enrolment]:
    # Always in the order of their ids and before their messages, so that two stops never wait for each other.
    live = Enrolment.status.in_(LIVE)
    return sa.select(Enrolment).where(term, live).order_by(Enrolment.id).with_for_update()


def without_a_next_mail(*, limit: int = 200) -> sa.Select[Enrolment]:
    """Live enrolments for which nothing is left to send: their last message expired or was taken back.

    A dead message keeps its enrolment open, because somebody may still send it.
    """
    open_ = (*STOPPABLE, *IN_FLIGHT, Status.DEAD)
    pending = sa.exists().where(OutboxMessage.source_id == Enrolment.id, OutboxMessage.status.in_(open_))
    return (
        sa.select(Enrolment)
        .where(Enrolment.status.in_(LIVE), ~pending)
        .order_by(Enrolment.id)
        .limit(limit)
        .with_for_update()
    )


def enrolled_since(rule_id: UUID, since: datetime) -> sa.Select[int]:
    """How many leads a rule has enrolled since an instant."""
    return (
        sa.select(sa.func.count())
        .select_from(Enrolment)
        .where(Enrolment.rule_id == rule_id, Enrolment.created_at > since)
    )
