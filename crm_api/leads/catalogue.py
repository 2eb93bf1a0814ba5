"""What may be asked about leads, and who sees them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.core import clock
from crm_api.core.columns import UTCDateTime, moving
from crm_api.core.dialect import whole_days_between
from crm_api.core.fields import Catalogue, Field, FieldType, Measure, Relation, Word
from crm_api.core.presenting import in_major, in_order, shown_by
from crm_api.leads import history
from crm_api.leads.models import HOT, LEAD_SOURCES, LEAD_STATUSES, PRIORITIES, RATINGS, Lead, LeadStats
from crm_api.leads.schemas import LeadListed, LeadOut
from crm_api.tags.models import Tag
from crm_api.tags.service import names_of, tagged

access.declare("lead", Lead, owner=Lead.owner_id, team=Lead.team_id, territory=Lead.territory_id)

_SHOWN = sa.select(
    *shown_by(
        LeadOut,
        Lead,
        custom_fields=Lead.custom,
        tags=names_of("lead", Lead.id),
        last_contact_date=LeadStats.last_contact_at,
        # What a person has set goes before what the open follow-ups say.
        next_follow_up_date=sa.func.coalesce(Lead.next_follow_up_date, LeadStats.next_follow_up_at),
        call_attempts=sa.func.coalesce(LeadStats.call_attempts + LeadStats.missed_calls, 0),
    )
).outerjoin(LeadStats, LeadStats.lead_id == Lead.id)


_BOTH = sa.func.coalesce(Lead.first_name, "") + " " + sa.func.coalesce(Lead.last_name, "")
_PERSON = sa.func.nullif(sa.func.trim(_BOTH), "")


def _stat(column: Any) -> Any:
    return sa.select(column).where(LeadStats.lead_id == Lead.id).correlate(Lead).scalar_subquery()


def _present(row: dict[str, Any]) -> dict[str, Any]:
    now, contacted = clock.now(), row["last_contact_date"]
    row["contact_name"] = " ".join(p for p in (row["first_name"], row["last_name"]) if p) or None
    row["is_hot_lead"] = row["score"] >= HOT or row["rating"] == "hot"
    row["score_reasons"] = row["score_reasons"] or []
    row["days_since_created"] = (now - row["created_at"]).days
    row["days_since_last_contact"] = None if contacted is None else (now - contacted).days
    return in_order(LeadOut if "notes" in row else LeadListed, in_major(row, "estimated_value", "budget"))


def _decorate(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    if single:
        rows[0]["notes"] = history.of(session, rows[0]["id"], rows[0]["currency"])


_IS_HOT = sa.or_(Lead.score >= HOT, sa.func.coalesce(Lead.rating, "") == "hot")
_HAS_DEAL = sa.or_(Lead.deal_count > 0, Lead.converted_opportunity_id.is_not(None))
# Asked of the service's clock each time the statement is sent, not when it is built.
_NOW = moving(clock.now, UTCDateTime())


_CONVERTED = {"field": "status", "op": "eq", "value": "converted"}

CATALOGUE = Catalogue(
    kind="lead",
    plural="leads",
    model=Lead,
    out=LeadOut,
    label="title",
    named=True,
    synonyms=("inquiry", "inquiries", "enquiry", "prospect lead"),
    default_sort="-created_at",
    size=("estimated_value",),
    age="created_at",
    summed_by="status",
    listed=("status", "source", "owner", "estimated_value"),
    fields=(
        Field(
            "title",
            FieldType.TEXT,
            Lead.title,
            sortable=True,
            nullable=False,
            sort_column=Lead.title_key,
        ),
        Field("number", FieldType.TEXT, Lead.number, nullable=False),
        Field("company_name", FieldType.TEXT, Lead.company_name, groupable=True),
        Field("first_name", FieldType.TEXT, Lead.first_name),
        Field("last_name", FieldType.TEXT, Lead.last_name),
        Field("contact_name", FieldType.TEXT, _PERSON, synonyms=("contact person",)),
        Field("email", FieldType.TEXT, Lead.email),
        Field("phone", FieldType.TEXT, Lead.phone),
        Field("mobile", FieldType.TEXT, Lead.mobile),
        Field("website", FieldType.TEXT, Lead.website),
        Field("company_size", FieldType.TEXT, Lead.company_size, groupable=True),
        Field("job_title", FieldType.TEXT, Lead.job_title),
        Field("industry", FieldType.TEXT, Lead.industry, synonyms=("industry", "sector"), groupable=True),
        Field("city", FieldType.TEXT, Lead.city, groupable=True),
        Field("state", FieldType.TEXT, Lead.state, groupable=True),
        Field("country", FieldType.TEXT, Lead.country, groupable=True),
        Field(
            "status",
            FieldType.CHOICE,
            Lead.status,
            choices=LEAD_STATUSES,
            sortable=False,
            groupable=True,
            nullable=False,
        ),
        Field(
            "source",
            FieldType.CHOICE,
            Lead.source,
            choices=LEAD_SOURCES,
            synonyms=("source", "channel", "lead source"),
            groupable=True,
        ),
        Field(
            "priority", FieldType.CHOICE, Lead.priority, choices=PRIORITIES, groupable=True, nullable=False
        ),
        Field("rating", FieldType.CHOICE, Lead.rating, choices=RATINGS, groupable=True),
        Field(
            "score",
            FieldType.INTEGER,
            Lead.score,
            sortable=True,
            nullable=False,
            synonyms=("lead score",),
        ),
        Field("is_qualified", FieldType.BOOLEAN, Lead.is_qualified, nullable=False),
        Field("score_is_manual", FieldType.BOOLEAN, Lead.score_is_manual, nullable=False),
        Field("has_deal", FieldType.BOOLEAN, _HAS_DEAL, label="with a deal", nullable=False),
        Field("is_hot_lead", FieldType.BOOLEAN, _IS_HOT, label="hot lead", nullable=False),
        Field("qualified_at", FieldType.DATETIME, Lead.qualified_at, synonyms=("qualified on",)),
        Field("budget", FieldType.MONEY, Lead.budget_base),
        Field("authority", FieldType.TEXT, Lead.authority, label="decision authority"),
        Field("need", FieldType.TEXT, Lead.need, label="stated need"),
        Field("timeline", FieldType.TEXT, Lead.timeline, label="buying timeline"),
        Field("estimated_close_date", FieldType.DATE, Lead.estimated_close_date, planned=True),
        Field(
            "estimated_value",
            FieldType.MONEY,
            Lead.value_base,
            synonyms=("value", "worth", "amount"),
        ),
        Field("probability", FieldType.INTEGER, Lead.probability, unit="%"),
        Field(
            "next_follow_up_date",
            FieldType.DATETIME,
            sa.func.coalesce(Lead.next_follow_up_date, _stat(LeadStats.next_follow_up_at)),
            synonyms=("follow up", "follow-up"),
            planned=True,
        ),
        Field(
            "last_contact_date",
            FieldType.DATETIME,
            _stat(LeadStats.last_contact_at),
            synonyms=("last contact", "last contacted"),
        ),
        Field(
            "call_attempts",
            FieldType.INTEGER,
            sa.func.coalesce(_stat(LeadStats.call_attempts + LeadStats.missed_calls), 0),
            nullable=False,
        ),
        Field(
            "days_since_created",
            FieldType.INTEGER,
            whole_days_between(Lead.created_at, _NOW),
            unit="days",
            nullable=False,
        ),
        Field(
            "days_since_last_contact",
            FieldType.INTEGER,
            whole_days_between(_stat(LeadStats.last_contact_at), _NOW),
            unit="days",
        ),
        Field("converted_at", FieldType.DATETIME, Lead.converted_at),
        Field("converted_account_id", FieldType.REFERENCE, Lead.converted_account_id),
        Field("converted_contact_id", FieldType.REFERENCE, Lead.converted_contact_id),
        Field("converted_opportunity_id", FieldType.REFERENCE, Lead.converted_opportunity_id),
        Field(
            "lost_reason",
            FieldType.TEXT,
            Lead.lost_reason,
            groupable=True,
            synonyms=("reason", "loss reason"),
        ),
        Field("email_opt_out", FieldType.BOOLEAN, Lead.email_opt_out, nullable=False),
        Field("do_not_call", FieldType.BOOLEAN, Lead.do_not_call, nullable=False),
        Field("pipeline_id", FieldType.REFERENCE, Lead.pipeline_id, nullable=False),
        Field("stage_id", FieldType.REFERENCE, Lead.stage_id, nullable=False),
        Field("owner_id", FieldType.REFERENCE, Lead.owner_id),
        Field("team_id", FieldType.REFERENCE, Lead.team_id),
        Field("territory_id", FieldType.REFERENCE, Lead.territory_id),
        Field("tags", FieldType.TAGS, tagged("lead", Lead), names=Tag.name, synonyms=("tag", "tagged")),
        Field("external_system", FieldType.TEXT, Lead.external_system),
        Field("external_id", FieldType.TEXT, Lead.external_id),
        Field("origin", FieldType.TEXT, Lead.origin, nullable=False),
        Field(
            "created_at",
            FieldType.DATETIME,
            Lead.created_at,
            sortable=True,
            nullable=False,
            synonyms=("created", "added", "received", "came in"),
        ),
        Field("updated_at", FieldType.DATETIME, Lead.updated_at, nullable=False),
    ),
    relations=(
        Relation(
            "owner",
            "user",
            Lead.owner_id,
            "leads",
            synonyms=("owner", "assignee", "assigned", "own", "owned"),
        ),
        Relation("stage", "stage", Lead.stage_id, "leads", synonyms=("stage",)),
        Relation("pipeline", "pipeline", Lead.pipeline_id, "leads", synonyms=("pipeline",)),
        Relation("territory", "territory", Lead.territory_id, "leads", synonyms=("territory", "region")),
        Relation("team", "team", Lead.team_id, "leads", synonyms=("team",)),
    ),
    measures=(
        Measure(
            "conversion_rate",
            "ratio",
            where=_CONVERTED,
            of={"all": []},
            unit="%",
            synonyms=("conversion rate", "conversion"),
        ),
        Measure("average_lead_score", "avg", field="score", synonyms=("average score", "average lead score")),
    ),
    words=(
        Word(("converted", "convert", "won"), _CONVERTED, time_field="converted_at"),
        Word(("unassigned", "unowned"), {"field": "owner_id", "op": "isnull", "value": True}),
        Word(("lost",), {"field": "status", "op": "eq", "value": "lost"}),
        Word(
            ("open", "active", "still open"),
            {"not": {"field": "status", "op": "in", "value": ["converted", "lost"]}},
        ),
        Word(
            ("hot",),
            {
                "any": [
                    {"field": "score", "op": "gte", "value": 80},
                    {"field": "rating", "op": "eq", "value": "hot"},
                ]
            },
        ),
    ),
    filters={
        "is_hot_leads_only": ("is_hot_lead", "only"),
        "lead_score_min": ("score", "gte"),
        "lead_score_max": ("score", "lte"),
        "date_range_start": ("created_at", "gte"),
        "date_range_end": ("created_at", "lte"),
        "min_value": ("estimated_value", "gte"),
        "max_value": ("estimated_value", "lte"),
    },
    live=lambda: Lead.archived_at.is_(None),
    alone=("notes",),
    shown=lambda: _SHOWN,
    decorate=_decorate,
    present=_present,
)
