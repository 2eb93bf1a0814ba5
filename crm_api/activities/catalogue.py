"""What may be asked about activities, and who sees them."""

from typing import Any

import sqlalchemy as sa

from crm_api import access
from crm_api.activities.models import (
    ACTIVITY_TYPES,
    CONTACT_TYPES,
    DIRECTIONS,
    PRIORITIES,
    STATUSES,
    TASK_TYPES,
    Activity,
)
from crm_api.activities.schemas import ActivityOut
from crm_api.core import clock
from crm_api.core.fields import Catalogue, Field, FieldType, Relation, Word
from crm_api.core.presenting import in_order, shown_by

access.declare(
    "activity",
    Activity,
    owner=Activity.owner_id,
    team=Activity.team_id,
    follows=(
        ("account", Activity.account_id),
        ("lead", Activity.lead_id),
        ("opportunity", Activity.opportunity_id),
        ("contact", Activity.contact_id),
    ),
)

_SHOWN = sa.select(*shown_by(ActivityOut, Activity, custom_fields=Activity.custom))


def _present(row: dict[str, Any]) -> dict[str, Any]:
    open_ = row["status"] not in ("completed", "cancelled")
    row["attachments"] = row["attachments"] or []
    row["is_overdue"] = open_ and row["due_at"] is not None and row["due_at"] < clock.now()
    return in_order(ActivityOut, row)


def _of_type(*types: str) -> dict[str, Any]:
    return {"field": "activity_type", "op": "in", "value": list(types)}


# As a question's period: up to, not including, today.
_BEFORE_TODAY = {"form": "span", "last": {"form": "relative", "unit": "day", "offset": 0}, "shut_out": True}
_DONE = {"field": "status", "op": "eq", "value": "completed"}


def _done(*types: str) -> dict[str, Any]:
    return {"all": [_of_type(*types), _DONE]}


_UNOWNED = {"field": "owner_id", "op": "isnull", "value": True}
_FOLLOW_UP = {"field": "task_type", "op": "eq", "value": "follow_up"}
_OPEN = {"field": "status", "op": "in", "value": ["scheduled", "in_progress"]}

CATALOGUE = Catalogue(
    kind="activity",
    plural="activities",
    model=Activity,
    out=ActivityOut,
    label="subject",
    synonyms=("interaction", "touch", "touchpoint"),
    default_sort="-created_at",
    time_field="occurred_at",
    summed_by="activity_type",
    texts=("subject", "description", "outcome"),
    listed=("activity_type", "status", "due_at", "owner", "account"),
    fields=(
        Field("subject", FieldType.TEXT, Activity.subject, nullable=False),
        Field(
            "activity_type",
            FieldType.CHOICE,
            Activity.activity_type,
            label="type",
            choices=ACTIVITY_TYPES,
            synonyms=("type",),
            groupable=True,
            nullable=False,
        ),
        Field(
            "status",
            FieldType.CHOICE,
            Activity.status,
            choices=STATUSES,
            choice_synonyms={"scheduled": ("planned", "upcoming"), "completed": ("logged",)},
            groupable=True,
            nullable=False,
        ),
        Field(
            "priority",
            FieldType.CHOICE,
            Activity.priority,
            choices=PRIORITIES,
            groupable=True,
            nullable=False,
        ),
        Field("task_type", FieldType.CHOICE, Activity.task_type, choices=TASK_TYPES, groupable=True),
        Field("direction", FieldType.CHOICE, Activity.direction, choices=DIRECTIONS, groupable=True),
        Field(
            "occurred_at",
            FieldType.DATETIME,
            Activity.occurred_at,
            sortable=True,
            synonyms=("happened", "made", "held"),
        ),
        Field(
            "due_at",
            FieldType.DATETIME,
            Activity.due_at,
            sortable=True,
            synonyms=("due", "due date"),
            planned=True,
        ),
        Field(
            "completed_at",
            FieldType.DATETIME,
            Activity.completed_at,
            synonyms=("completed", "done", "finished"),
        ),
        Field(
            "duration_minutes",
            FieldType.INTEGER,
            Activity.duration_minutes,
            unit="minutes",
            synonyms=("duration",),
        ),
        Field("remind_at", FieldType.DATETIME, Activity.remind_at, label="reminder"),
        Field("description", FieldType.TEXT, Activity.description),
        Field("outcome", FieldType.TEXT, Activity.outcome),
        Field("next_steps", FieldType.TEXT, Activity.next_steps),
        Field("latitude", FieldType.NUMBER, Activity.latitude),
        Field("longitude", FieldType.NUMBER, Activity.longitude),
        Field("requires_follow_up", FieldType.BOOLEAN, Activity.requires_follow_up, nullable=False),
        Field("follow_up_date", FieldType.DATETIME, Activity.follow_up_date, planned=True),
        Field(
            "follow_up_due",
            FieldType.DATETIME,
            Activity.follow_up_due,
            sortable=True,
            label="open follow-up",
            planned=True,
        ),
        Field("follow_up_completed", FieldType.BOOLEAN, Activity.follow_up_completed, nullable=False),
        Field("contact_person", FieldType.TEXT, Activity.contact_person),
        Field("related_order", FieldType.TEXT, Activity.related_order),
        Field("account_id", FieldType.REFERENCE, Activity.account_id),
        Field("contact_id", FieldType.REFERENCE, Activity.contact_id),
        Field("lead_id", FieldType.REFERENCE, Activity.lead_id),
        Field("opportunity_id", FieldType.REFERENCE, Activity.opportunity_id),
        Field(
            "owner_id",
            FieldType.REFERENCE,
            Activity.owner_id,
        ),
        Field("team_id", FieldType.REFERENCE, Activity.team_id),
        Field("external_system", FieldType.TEXT, Activity.external_system),
        Field("external_id", FieldType.TEXT, Activity.external_id),
        Field("origin", FieldType.TEXT, Activity.origin, nullable=False),
        Field("created_at", FieldType.DATETIME, Activity.created_at, sortable=True, nullable=False),
        Field("updated_at", FieldType.DATETIME, Activity.updated_at, nullable=False),
    ),
    relations=(
        Relation("account", "account", Activity.account_id, "activities", synonyms=("account",)),
        Relation("contact", "contact", Activity.contact_id, "activities", synonyms=("contact",)),
        Relation("lead", "lead", Activity.lead_id, "activities", synonyms=("lead",)),
        Relation(
            "opportunity", "opportunity", Activity.opportunity_id, "activities", synonyms=("opportunity",)
        ),
        Relation(
            "owner",
            "user",
            Activity.owner_id,
            "activities",
            synonyms=("owner", "assignee", "assigned", "own", "owned"),
        ),
        Relation("team", "team", Activity.team_id, "activities", synonyms=("team",)),
    ),
    words=(
        Word(("task", "tasks", "to-do", "todo"), _of_type("task"), time_field="due_at", noun=True),
        Word(("call", "calls", "phone call", "phone calls"), _of_type("call"), noun=True),
        Word(
            ("call or follow-up", "calls to make", "call to make", "people to call"),
            {"all": [_OPEN, {"any": [_of_type("call"), _FOLLOW_UP]}]},
            time_field="due_at",
            noun=True,
        ),
        Word(("meeting", "meetings"), _of_type("meeting", "video_call"), noun=True),
        Word(("visit", "visits"), _of_type("visit"), noun=True),
        Word(("email", "emails", "e-mail", "e-mails", "mail", "mails"), _of_type("email"), noun=True),
        Word(("note", "notes"), _of_type("note"), noun=True),
        # A deed is one that was done: a visit still to come has not visited anybody.
        Word(("visited", "visiting"), _done("visit")),
        Word(("called", "phoned", "telephoned", "rung"), _done("call")),
        Word(("emailed", "e-mailed", "mailed"), _done("email")),
        Word(("met", "met with"), _done("meeting", "video_call")),
        Word(
            (
                "contacted",
                "contact",
                "been in touch",
                "in touch",
                "touched",
                "spoken to",
                "spoken with",
                "talked to",
            ),
            _done(*CONTACT_TYPES),
        ),
        Word(
            ("sent", "went out", "sent out", "outgoing"),
            {"all": [_DONE, {"field": "direction", "op": "eq", "value": "outbound"}]},
        ),
        Word(("received", "incoming"), {"field": "direction", "op": "eq", "value": "inbound"}),
        Word(("unassigned", "unowned"), _UNOWNED),
        Word(
            ("open", "pending", "outstanding", "unfinished", "incomplete", "still open", "still pending"),
            _OPEN,
            time_field="due_at",
        ),
        Word(
            ("overdue", "past due"),
            {"all": [_OPEN, {"field": "due_at", "op": "during", "value": _BEFORE_TODAY}]},
            time_field="due_at",
        ),
        Word(
            ("done", "completed", "finished"),
            _DONE,
            time_field="completed_at",
        ),
    ),
    past=_DONE,
    filters={
        "date_range_start": ("occurred_at", "gte"),
        "date_range_end": ("occurred_at", "lte"),
    },
    live=lambda: Activity.archived_at.is_(None),
    shown=lambda: _SHOWN,
    present=_present,
)
