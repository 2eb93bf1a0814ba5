"""What may be asked about opportunities, and who sees them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.core.dialect import days_between
from crm_api.core.fields import Catalogue, Field, FieldType, Measure, Relation, Word
from crm_api.core.money import to_major
from crm_api.core.presenting import in_major, in_order, shown_by
from crm_api.opportunities.models import (
    CLOSED_KINDS,
    OPPORTUNITY_TYPES,
    PRIORITIES,
    Opportunity,
    OpportunityLine,
)
from crm_api.opportunities.schemas import OpportunityOut
from crm_api.pipelines.models import OPPORTUNITY_KINDS, Stage
from crm_api.products.models import Product
from crm_api.tags.service import attach, tagged

access.declare(
    "opportunity",
    Opportunity,
    owner=Opportunity.owner_id,
    team=Opportunity.team_id,
    follows=(("account", Opportunity.account_id),),
    field_sees=lambda: Opportunity.stage_kind.not_in(CLOSED_KINDS),
)

_SHOWN = sa.select(
    *shown_by(OpportunityOut, Opportunity, stage=Opportunity.stage_kind, stage_name=Stage.name)
).join(Stage, Stage.id == Opportunity.stage_id)
_TAGS = attach("opportunity")


def _decorate(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    _TAGS(session, rows, single)
    if not single:
        return
    row = rows[0]
    lines = session.execute(
        sa.select(OpportunityLine, Product.name)
        .join(Product, Product.id == OpportunityLine.product_id)
        .where(OpportunityLine.opportunity_id == row["id"])
        .order_by(OpportunityLine.position)
    )
    row["lines"] = [
        {
            "product_id": line.product_id,
            "product_name": name,
            "quantity": float(line.quantity),
            "unit_price": to_major(line.unit_price, row["currency"]),
            "discount_percent": float(line.discount_percent),
        }
        for line, name in lines
    ]


def _present(row: dict[str, Any]) -> dict[str, Any]:
    return in_order(OpportunityOut, in_major(row, "estimated_value", "expected_revenue"))


def _kind(*kinds: str) -> dict[str, Any]:
    return {"field": "stage", "op": "in", "value": list(kinds)}


_WON, _LOST, _CLOSED = _kind("closed_won"), _kind("closed_lost"), _kind(*CLOSED_KINDS)

CATALOGUE = Catalogue(
    kind="opportunity",
    plural="opportunities",
    model=Opportunity,
    label="label",
    synonyms=("deal", "opp", "sale"),
    default_sort="-created_at",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            Opportunity.name,
            sortable=True,
            nullable=False,
            sort_column=Opportunity.name_key,
        ),
        Field(
            "label",
            FieldType.TEXT,
            sa.func.coalesce(Opportunity.external_id, Opportunity.number),
            nullable=False,
        ),
        Field("number", FieldType.TEXT, Opportunity.number, nullable=False, aliases=("opportunity_number",)),
        Field(
            "stage",
            FieldType.CHOICE,
            Opportunity.stage_kind,
            choices=OPPORTUNITY_KINDS,
            nullable=False,
            label="kind of stage",
            aliases=("stage_kind",),
        ),
        Field(
            "opportunity_type",
            FieldType.CHOICE,
            Opportunity.opportunity_type,
            choices=OPPORTUNITY_TYPES,
            label="type",
            groupable=True,
            nullable=False,
        ),
        Field(
            "priority",
            FieldType.CHOICE,
            Opportunity.priority,
            choices=PRIORITIES,
            groupable=True,
            nullable=False,
        ),
        Field(
            "estimated_value",
            FieldType.MONEY,
            Opportunity.value_base,
            sortable=True,
            scale=100,
            aliases=("amount",),
            label="value",
            synonyms=("value", "deal size", "size", "worth", "amount", "revenue"),
        ),
        Field(
            "expected_revenue",
            FieldType.MONEY,
            Opportunity.expected_revenue,
            scale=100,
            synonyms=("weighted value", "expected revenue"),
        ),
        Field("probability", FieldType.INTEGER, Opportunity.probability, unit="%", nullable=False),
        Field(
            "expected_close_date",
            FieldType.DATE,
            Opportunity.expected_close_date,
            sortable=True,
            aliases=("close_date",),
            synonyms=("closing", "expected close", "due to close"),
        ),
        Field(
            "started_at",
            FieldType.DATETIME,
            Opportunity.started_at,
            synonyms=("engaged", "started", "engage"),
        ),
        Field(
            "actual_close_date",
            FieldType.DATETIME,
            Opportunity.actual_close_date,
            synonyms=("closed", "close date", "close"),
        ),
        Field(
            "sales_cycle",
            FieldType.NUMBER,
            days_between(Opportunity.started_at, Opportunity.actual_close_date),
            unit="days",
            synonyms=("sales cycle", "cycle time", "days to close"),
        ),
        Field("loss_reason", FieldType.TEXT, Opportunity.loss_reason, groupable=True),
        Field("next_step", FieldType.TEXT, Opportunity.next_step),
        Field("next_step_date", FieldType.DATETIME, Opportunity.next_step_date),
        Field("account_id", FieldType.REFERENCE, Opportunity.account_id, aliases=("customer_id",)),
        Field("contact_id", FieldType.REFERENCE, Opportunity.contact_id),
        Field("lead_id", FieldType.REFERENCE, Opportunity.lead_id),
        Field("pipeline_id", FieldType.REFERENCE, Opportunity.pipeline_id, nullable=False),
        Field("stage_id", FieldType.REFERENCE, Opportunity.stage_id, nullable=False),
        Field(
            "owner_id", FieldType.REFERENCE, Opportunity.owner_id, aliases=("assigned_to_id", "assigned_to")
        ),
        Field("team_id", FieldType.REFERENCE, Opportunity.team_id),
        Field("tags", FieldType.TAGS, tagged("opportunity", Opportunity), synonyms=("tag", "tagged")),
        Field("external_system", FieldType.TEXT, Opportunity.external_system),
        Field("external_id", FieldType.TEXT, Opportunity.external_id),
        Field("origin", FieldType.TEXT, Opportunity.origin, nullable=False),
        Field(
            "created_at",
            FieldType.DATETIME,
            Opportunity.created_at,
            sortable=True,
            nullable=False,
            synonyms=("created", "added"),
        ),
        Field("updated_at", FieldType.DATETIME, Opportunity.updated_at, nullable=False),
    ),
    relations=(
        Relation(
            "account",
            "account",
            Opportunity.account_id,
            "opportunities",
            synonyms=("account", "customer", "company", "client"),
            reverse_synonyms=("deal", "opportunity"),
        ),
        Relation("contact", "contact", Opportunity.contact_id, "opportunities", synonyms=("contact",)),
        Relation(
            "owner",
            "user",
            Opportunity.owner_id,
            "opportunities",
            synonyms=("owner", "rep", "agent", "salesperson", "sales rep", "sales agent", "seller"),
        ),
        Relation("stage_row", "stage", Opportunity.stage_id, "opportunities", synonyms=("stage",)),
        Relation("pipeline", "pipeline", Opportunity.pipeline_id, "opportunities", synonyms=("pipeline",)),
        Relation("team", "team", Opportunity.team_id, "opportunities", synonyms=("team",)),
    ),
    measures=(
        Measure(
            "win_rate",
            "ratio",
            where=_WON,
            of=_CLOSED,
            unit="%",
            synonyms=("win rate", "close rate", "hit rate"),
            time_field="actual_close_date",
        ),
        Measure(
            "won_value",
            "sum",
            field="estimated_value",
            where=_WON,
            time_field="actual_close_date",
            synonyms=("won revenue", "won value", "revenue", "sales"),
        ),
        Measure(
            "weighted_value",
            "sum",
            field="expected_revenue",
            where={"not": _CLOSED},
            synonyms=("weighted pipeline", "weighted value", "weighted forecast"),
        ),
        Measure(
            "average_cycle",
            "avg",
            field="sales_cycle",
            unit="days",
            time_field="actual_close_date",
            synonyms=("average sales cycle", "sales cycle", "cycle time"),
        ),
    ),
    words=(
        Word(("won", "win", "winning"), _WON, time_field="actual_close_date"),
        Word(("lost", "lose", "losing"), _LOST, time_field="actual_close_date"),
        Word(("closed",), _CLOSED, time_field="actual_close_date"),
        Word(("open", "active", "ongoing"), {"not": _CLOSED}),
    ),
    filters={"min_value": ("estimated_value", "gte"), "max_value": ("estimated_value", "lte")},
    live=lambda: Opportunity.archived_at.is_(None),
    shown=lambda: _SHOWN,
    decorate=_decorate,
    present=_present,
)
