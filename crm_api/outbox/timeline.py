"""What a sent mail leaves behind: an activity, through it the timeline and the last contact, and an event."""

from sqlalchemy.orm import Session

from crm_api import events
from crm_api.activities import service as activities
from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.outbox.models import OutboxMessage

UNTOLD = ("notice",)
SYSTEM_NAME = "outbox"  # `external_system` of the activities made here, by which our own mails are told apart


def tell(session: Session, message: OutboxMessage) -> None:
    """Log a mail that was sent. Called once a message, in the transaction that makes it `sent`.

    A notice to one of our own people belongs on nobody's timeline.
    """
    if message.purpose in UNTOLD:
        return
    at = message.sent_at or clock.now()
    activity = Activity(
        activity_type="email", direction="outbound", status="completed", subject=message.subject or "",
        description=message.text, occurred_at=at, completed_at=at, owner_id=message.sender_id,
        team_id=message.team_id, account_id=message.account_id,
        contact_id=message.contact_id, lead_id=message.lead_id, external_system=SYSTEM_NAME,
        external_id=str(message.id), origin="job",
    )  # fmt: skip
    activities.add(session, activity, actor_id=message.sender_id)
    data = {
        "purpose": message.purpose, "source_id": message.source_id, "source_step": message.source_step,
        "lead_id": message.lead_id, "contact_id": message.contact_id, "activity_id": activity.id, "at": at,
    }  # fmt: skip
    events.record(session, events.Event("mail.sent", "message", message.id, data, owner_id=message.sender_id))
