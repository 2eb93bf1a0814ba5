"""What may be asked about notifications, and who sees them: each person their own, and nobody else's."""

import sqlalchemy as sa

from crm_api import access
from crm_api.access import Actor
from crm_api.core.fields import Catalogue, Field, FieldType
from crm_api.core.presenting import shown_by
from crm_api.notifications.models import TYPES, Notification
from crm_api.notifications.schemas import NotificationOut

IS_READ = Notification.read_at.is_not(None)


def _sees(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.user_id is None:
        return sa.true()
    return sa.and_(Notification.user_id == actor.user_id, Notification.in_app)


access.declare("notification", Notification, sees=_sees)

_SHOWN = sa.select(*shown_by(NotificationOut, Notification, is_read=IS_READ))

CATALOGUE = Catalogue(
    kind="notification",
    plural="notifications",
    model=Notification,
    out=NotificationOut,
    label="summary",
    asked=False,
    default_sort="-at",
    time_field="at",
    fields=(
        Field("type", FieldType.CHOICE, Notification.type, choices=TYPES, nullable=False),
        Field("kind", FieldType.TEXT, Notification.kind, nullable=False),
        Field("record_id", FieldType.REFERENCE, Notification.record_id, nullable=False),
        Field("actor_id", FieldType.REFERENCE, Notification.actor_id),
        Field("summary", FieldType.TEXT, Notification.summary, nullable=False),
        Field("is_read", FieldType.BOOLEAN, IS_READ, nullable=False),
        Field("at", FieldType.DATETIME, Notification.at, sortable=True, nullable=False),
        Field("due_at", FieldType.DATETIME, Notification.due_at),
    ),
    shown=lambda: _SHOWN,
)
