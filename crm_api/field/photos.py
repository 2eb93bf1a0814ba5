"""Photos of a visit: files of its activity, each content once."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.activities import service as activities
from crm_api.activities.models import Activity
from crm_api.activities.schemas import ActivityPatch
from crm_api.attachments import service as files
from crm_api.attachments.models import Attachment
from crm_api.attachments.schemas import MOST, AttachmentRef
from crm_api.conditions import records
from crm_api.core.errors import Conflict, NotAllowed
from crm_api.field.models import CheckIn


def require_own(session: Session, actor: Actor, *, check_in_id: UUID, writing: bool = False) -> CheckIn:
    """The actor's own check-in, held where something is written; raises NotFound where it is not there, NotAllowed
    where it is a colleague's."""
    here: CheckIn = records.get(session, actor, CheckIn, check_in_id, writing=writing)
    if here.owner_id != actor.user_id:
        raise NotAllowed("Photos of a visit are added by whoever made it.")
    return here


def hang(session: Session, actor: Actor, *, check_in_id: UUID, file_id: UUID) -> Activity:
    """Add a file that was just taken in to the visit, and let go of it where the visit has that very photo already:
    a phone that never heard of its success sends it again. Raises Conflict for one photo too many.
    """
    here = require_own(session, actor, check_in_id=check_in_id, writing=True)
    visit: Activity = records.get(session, actor, Activity, here.activity_id)
    file: Attachment = records.get(session, actor, Attachment, file_id, writing=True)
    hanging = visit.attachments or []
    known = [UUID(one["file_id"]) for one in hanging if one.get("file_id")]
    same = sa.select(Attachment.id).where(Attachment.id.in_(known), Attachment.sha256 == file.sha256)
    if session.scalar(same.limit(1)):
        files.delete(session, actor, attachment_id=file.id, if_match=None)
        return visit
    if len(hanging) >= MOST:
        raise Conflict(f"A visit has at most {MOST} files; take one out first.")
    kept = [_ref(one) for one in hanging]
    data = ActivityPatch(attachments=[*kept, AttachmentRef(file_id=file.id)])
    return activities.update(session, actor, activity_id=visit.id, data=data, if_match=None)


def _ref(shown: dict[str, str | int | None]) -> AttachmentRef:
    names = ("name", "file_id") if shown.get("file_id") else ("name", "url", "size", "type")
    return AttachmentRef.model_validate({name: shown.get(name) for name in names})
