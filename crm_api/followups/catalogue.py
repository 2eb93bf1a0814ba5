"""What may be asked about sequences, rules and enrolments, and who sees them."""

from typing import Any

import sqlalchemy as sa

from crm_api import access
from crm_api.core.fields import Catalogue, Field, FieldType, Relation
from crm_api.core.presenting import in_order, shown_by
from crm_api.followups.models import STATUSES, Enrolment, FollowUpRule, Sequence
from crm_api.followups.schemas import EnrolmentOut, RuleOut, SequenceOut

access.declare("sequence", Sequence, shared=True, config=True)
access.declare("followup_rule", FollowUpRule, shared=True, config=True)
access.declare(
    "enrolment", Enrolment, owner=Enrolment.owner_id,
    follows=(("lead", Enrolment.lead_id), ("contact", Enrolment.contact_id)),
)  # fmt: skip

_SEQUENCE = sa.select(*shown_by(SequenceOut, Sequence))
_RULE = sa.select(
    *shown_by(RuleOut, FollowUpRule, where=FollowUpRule.conditions),
    FollowUpRule.window_days, FollowUpRule.window_start, FollowUpRule.window_end,
)  # fmt: skip
_ENROLMENT = sa.select(*shown_by(EnrolmentOut, Enrolment))


def _present_rule(row: dict[str, Any]) -> dict[str, Any]:
    row["window"] = {"days": row["window_days"], "start": row["window_start"], "end": row["window_end"]}
    return in_order(RuleOut, row)


SEQUENCES = Catalogue(
    kind="sequence",
    plural="sequences",
    model=Sequence,
    out=SequenceOut,
    label="name",
    default_sort="-created_at",
    fields=(
        Field("name", FieldType.TEXT, Sequence.name, nullable=False),
        Field("category", FieldType.TEXT, Sequence.category, nullable=False),
        Field("created_at", FieldType.DATETIME, Sequence.created_at, sortable=True, nullable=False),
    ),
    live=lambda: Sequence.archived_at.is_(None),
    shown=lambda: _SEQUENCE,
)

RULES = Catalogue(
    kind="followup_rule",
    plural="followup_rules",
    model=FollowUpRule,
    out=RuleOut,
    label="name",
    synonyms=("follow-up rule", "rule"),
    fields=(
        Field("name", FieldType.TEXT, FollowUpRule.name, nullable=False),
        Field("is_on", FieldType.BOOLEAN, FollowUpRule.is_on, nullable=False),
        Field("after_minutes", FieldType.INTEGER, FollowUpRule.after_minutes, nullable=False),
        Field("created_at", FieldType.DATETIME, FollowUpRule.created_at, sortable=True, nullable=False),
    ),
    relations=(Relation("sequence", "sequence", FollowUpRule.sequence_id, "rules"),),
    live=lambda: FollowUpRule.archived_at.is_(None),
    shown=lambda: _RULE,
    present=_present_rule,
)

ENROLMENTS = Catalogue(
    kind="enrolment",
    plural="enrolments",
    model=Enrolment,
    out=EnrolmentOut,
    label="status",
    fields=(
        Field("status", FieldType.CHOICE, Enrolment.status, choices=STATUSES, groupable=True, nullable=False),
        Field("stop_reason", FieldType.TEXT, Enrolment.stop_reason),
        Field("lead_id", FieldType.REFERENCE, Enrolment.lead_id),
        Field("contact_id", FieldType.REFERENCE, Enrolment.contact_id),
        Field("rule_id", FieldType.REFERENCE, Enrolment.rule_id),
        Field("sequence_id", FieldType.REFERENCE, Enrolment.sequence_id, nullable=False),
        Field("owner_id", FieldType.REFERENCE, Enrolment.owner_id, nullable=False),
        Field("created_at", FieldType.DATETIME, Enrolment.created_at, sortable=True, nullable=False),
    ),
    relations=(
        Relation("lead", "lead", Enrolment.lead_id, "enrolments"),
        Relation("contact", "contact", Enrolment.contact_id, "enrolments"),
    ),
    shown=lambda: _ENROLMENT,
)
