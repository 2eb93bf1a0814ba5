"""What a sent mail leaves behind: an activity on the timeline, the last contact, and an event."""

from sqlalchemy.orm import Session

from crm_api import events
from crm_api.activities.models import Activity, TimelineEntry
from crm_api.core import clock, dialect
from crm_api.core.ids import new_id
from crm_api.leads.models import LeadStats
from crm_api.outbox.models import OutboxMessage


def tell(session: Session, message: OutboxMessage) -> None:
    """Log a mail that was sent. Called once a message, in the transaction that makes it `sent`."""
    at = message.sent_at or clock.now()
    activity = Activity(
        activity_type="email", direction="outbound", status="completed", subject=message.subject or "",
        description=message.text, occurred_at=at, completed_at=at, owner_id=message.sender_id,
        account_id=message.account_id, contact_id=message.contact_id, lead_id=message.lead_id,
        external_system="outbox", external_id=str(message.id), origin="job",
    )  # fmt: skip
    session.add(activity)
    session.add(
        TimelineEntry(
            at=at, kind="activity", record_id=activity.id, summary=f"E-mail sent: {activity.subject}",
            actor_id=message.sender_id, account_id=message.account_id, contact_id=message.contact_id,
            lead_id=message.lead_id,
        )
    )  # fmt: skip
    if message.lead_id is not None:
        row = {"id": new_id(), "lead_id": message.lead_id, "last_contact_at": at, "call_attempts": 0}
        dialect.upsert(session, LeadStats.__table__, [row], key=["lead_id"], update=["last_contact_at"])  # type: ignore[arg-type]
    session.flush()
    events.record(
        session,
        events.Event(
            "mail.sent",
            "message",
            message.id,
            {
                "purpose": message.purpose, "source_id": message.source_id, "source_step": message.source_step,
                "lead_id": message.lead_id, "contact_id": message.contact_id, "activity_id": activity.id,
                "at": at,
            },
            owner_id=message.sender_id,
        ),
    )  # fmt: skip
