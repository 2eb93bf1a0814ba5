"""Messages for the outbox, in any state."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.ids import new_id
from crm_api.outbox.models import OutboxMessage
from crm_api.users.models import User


def make_message(session: Session, sender: User, status: str = "queued", **values: Any) -> OutboxMessage:
    """A follow-up of `sender` in a state; one that waits is due in an hour."""
    key = new_id()
    due = clock.now() + timedelta(hours=1) if status in ("planned", "queued") else None
    row = OutboxMessage(
        **{
            "purpose": "followup",
            "idem_key": str(key),
            "status": status,
            "due_at": due,
            "sender_id": sender.id,
            "team_id": sender.team_id,
            "sender_address": sender.email or "",
            "recipient_address": "dana@customer.example",
            "recipient_name": "Dana Whitfield",
            "recipient_key": "dana@customer.example",
            "template": "followup_first",
            "message_id": f"<{key}@example.com>",
            **values,
        }
    )
    session.add(row)
    session.flush()
    return row
