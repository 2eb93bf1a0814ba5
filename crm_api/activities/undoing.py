"""Activities on their way back to what they were before a change set."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor
from crm_api.activities import timeline
from crm_api.activities.figures import recount
from crm_api.activities.service import event
from crm_api.activities.timeline import LINKS
from crm_api.attachments import service as files
from crm_api.audit.undoing import Back


def settle(session: Session, actor: Actor, backs: Sequence[Back]) -> None:
    """Bring timelines and last contacts in line, and tell what happened."""
    # The lines of a restored activity were forgotten when it was archived: taken off and told anew suits all.
    timeline.forget(session, [back.record.id for back in backs])
    for back in backs:
        if not back.record.is_archived:
            timeline.tell(session, back.record, back.record.owner_id)
        if back.record.attachments or back.changed("attachments"):
            files.resettle(session, kind="activity", record_id=back.record.id, shown=back.record.attachments)
    now = [{name: getattr(back.record, name) for name, _ in LINKS} for back in backs]
    before = [{name: back.was.get(name) for name, _ in LINKS} for back in backs]
    recount(session, *now, *before)
    events.record_many(
        session,
        [
            event(f"activity.{back.move}d", back.record)
            if back.move
            else event("activity.updated", back.record, fields=back.told)
            for back in backs
        ],
    )
