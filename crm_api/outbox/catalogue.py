"""What may be asked about outgoing messages, and who sees them."""

import sqlalchemy as sa

from crm_api import access
from crm_api.core.fields import Catalogue, Field, FieldType, Relation
from crm_api.core.presenting import shown_by
from crm_api.outbox.models import OutboxMessage, Suppression
from crm_api.outbox.schemas import MessageOut, SuppressionOut
from crm_api.outbox.state import Status

access.declare(
    "message",
    OutboxMessage,
    owner=OutboxMessage.sender_id,
    team=OutboxMessage.team_id,
    follows=(("lead", OutboxMessage.lead_id), ("contact", OutboxMessage.contact_id)),
)
access.declare("suppression", Suppression, shared=True, config=True)

_IS_UNCERTAIN = sa.and_(OutboxMessage.status == Status.UNKNOWN, OutboxMessage.looks > 0)
_MESSAGE = sa.select(*shown_by(MessageOut, OutboxMessage, is_uncertain=_IS_UNCERTAIN))
_SUPPRESSION = sa.select(*shown_by(SuppressionOut, Suppression))

CATALOGUE = Catalogue(
    kind="message",
    plural="messages",
    model=OutboxMessage,
    out=MessageOut,
    label="subject",
    synonyms=("outgoing mail", "follow-up mail"),
    fields=(
        Field(
            "status",
            FieldType.CHOICE,
            OutboxMessage.status,
            choices=tuple(Status),
            groupable=True,
            nullable=False,
        ),
        Field("is_uncertain", FieldType.BOOLEAN, _IS_UNCERTAIN, nullable=False),
        Field("purpose", FieldType.TEXT, OutboxMessage.purpose, nullable=False),
        Field("recipient_address", FieldType.TEXT, OutboxMessage.recipient_address, nullable=False),
        Field("sender_id", FieldType.REFERENCE, OutboxMessage.sender_id),
        Field("lead_id", FieldType.REFERENCE, OutboxMessage.lead_id),
        Field("contact_id", FieldType.REFERENCE, OutboxMessage.contact_id),
        Field("account_id", FieldType.REFERENCE, OutboxMessage.account_id),
        Field("enrolment_id", FieldType.REFERENCE, OutboxMessage.source_id),
        Field("due_at", FieldType.DATETIME, OutboxMessage.due_at),
        Field("sent_at", FieldType.DATETIME, OutboxMessage.sent_at),
        Field("created_at", FieldType.DATETIME, OutboxMessage.created_at, sortable=True, nullable=False),
    ),
    relations=(Relation("lead", "lead", OutboxMessage.lead_id, "messages"),),
    time_field="sent_at",
    shown=lambda: _MESSAGE,
)

SUPPRESSIONS = Catalogue(
    kind="suppression",
    plural="suppressions",
    model=Suppression,
    out=SuppressionOut,
    label="address_key",
    fields=(
        Field("address_key", FieldType.TEXT, Suppression.address_key, aliases=("address",), nullable=False),
        Field("reason", FieldType.TEXT, Suppression.reason, nullable=False),
        Field("created_at", FieldType.DATETIME, Suppression.created_at, sortable=True, nullable=False),
    ),
    shown=lambda: _SUPPRESSION,
)
