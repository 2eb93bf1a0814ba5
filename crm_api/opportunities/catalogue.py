"""What may be asked about opportunities, and who sees them."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.contacts.models import Contact
from crm_api.core import clock
from crm_api.core.columns import UTCDateTime, moving
from crm_api.core.dialect import days_between, whole_days_between
from crm_api.core.fields import Catalogue, Field, FieldType, Measure, Relation, Word
from crm_api.core.money import to_major
from crm_api.core.presenting import in_major, in_order, shown_by
from crm_api.opportunities.models import (
    APPROVALS,
    FORECAST_CATEGORIES,
    OPPORTUNITY_TYPES,
    PRIORITIES,
    Opportunity,
    OpportunityLine,
)
from crm_api.opportunities.schemas import OpportunityOut
from crm_api.pipelines.models import CLOSED_KINDS, OPPORTUNITY_KINDS, Stage
from crm_api.products.models import Product
from crm_api.tags.models import Tag
from crm_api.tags.service import names_of, tagged
from crm_api.writes import notes

access.declare(
    "opportunity",
    Opportunity,
    owner=Opportunity.owner_id,
    team=Opportunity.team_id,
    follows=(("account", Opportunity.account_id),),
    field_sees=lambda: Opportunity.stage_kind.not_in(CLOSED_KINDS),
)

_SHOWN = sa.select(
    *shown_by(
        OpportunityOut,
        Opportunity,
        custom_fields=Opportunity.custom,
        tags=names_of("opportunity", Opportunity.id),
        stage=Opportunity.stage_kind,
        stage_name=Stage.name,
    ),
    Stage.rotting_days.label("_rotting_days"),
).join(Stage, Stage.id == Opportunity.stage_id)


def _decorate(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    if not single:
        return
    row = rows[0]
    row["notes"] = notes.of(session, "opportunity", row["id"])
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
    days = max((clock.now() - row["stage_entered_at"]) // timedelta(days=1), 0)
    row["days_in_stage"], limit = days, row.pop("_rotting_days")
    row["is_rotting"] = limit is not None and days >= limit and row["stage"] not in CLOSED_KINDS
    row["approved_value"] = to_major(row["approved_value"], row["currency"])
    return in_order(OpportunityOut, in_major(row, "estimated_value", "expected_revenue"))


def _kind(*kinds: str) -> dict[str, Any]:
    return {"field": "stage", "op": "in", "value": list(kinds)}


OPEN = Opportunity.stage_kind.not_in(CLOSED_KINDS)
DAYS_IN_STAGE = whole_days_between(Opportunity.stage_entered_at, moving(clock.now, UTCDateTime()))
_ROTTING_DAYS = (
    sa.select(Stage.rotting_days)
    .where(Stage.id == Opportunity.stage_id)
    .correlate(Opportunity)
    .scalar_subquery()
)
_COLLEAGUES = (
    sa.select(sa.func.count(Contact.id))
    .where(Contact.account_id == Opportunity.account_id, Contact.archived_at.is_(None))
    .correlate(Opportunity)
    .scalar_subquery()
)
# The day that is over everywhere on Earth by now: no deal is called late while its day lasts anywhere.
_OVER = moving(lambda: (clock.now() - timedelta(hours=36)).date(), sa.Date())
WITHOUT_NEXT_STEP = sa.and_(OPEN, sa.func.coalesce(Opportunity.next_step, "") == "")
CLOSE_DATE_PASSED = sa.and_(OPEN, sa.func.coalesce(Opportunity.expected_close_date <= _OVER, sa.false()))
WITHOUT_CLOSE_DATE = sa.and_(OPEN, Opportunity.expected_close_date.is_(None))
SINGLE_CONTACT = sa.and_(OPEN, _COLLEAGUES <= 1)
ROTTING = sa.and_(OPEN, sa.func.coalesce(DAYS_IN_STAGE >= _ROTTING_DAYS, sa.false()))

_WON, _LOST, _CLOSED = _kind("closed_won"), _kind("closed_lost"), _kind(*CLOSED_KINDS)

CATALOGUE = Catalogue(
    kind="opportunity",
    plural="opportunities",
    model=Opportunity,
    out=OpportunityOut,
    alone=("lines", "notes"),
    label="label",
    named=True,
    synonyms=("deal", "opp", "sales opportunity", "sale opportunity"),
    default_sort="-created_at",
    time_field="",  # "deals in May" may be won, lost or begun then: the asker is asked
    size=("estimated_value",),
    lasts=("sales_cycle",),
    stays={"stage": "days_in_stage", "deal_stage": "days_in_stage", "is_rotting": "days_in_stage"},
    age="started_at",
    summed_by="deal_stage",
    summary=("name", "account", "owner", "deal_stage", "estimated_value", "expected_close_date", "next_step"),
    listed=("name", "account", "owner", "deal_stage", "estimated_value"),
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
            synonyms=("id", "opportunity id", "deal id", "reference"),
        ),
        Field("number", FieldType.TEXT, Opportunity.number, nullable=False),
        Field(
            "stage",
            FieldType.CHOICE,
            Opportunity.stage_kind,
            choices=OPPORTUNITY_KINDS,
            nullable=False,
            label="kind of stage",
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
            label="value",
            synonyms=(
                "value",
                "worth",
                "amount",
                "deal value",
                "deal amount",
                "close value",
                "closing value",
                "size",
                "dollar value",
                "valued",
            ),
        ),
        Field(
            "expected_revenue",
            FieldType.MONEY,
            Opportunity.value_base * Opportunity.probability / 100.0,
            synonyms=("weighted value", "expected revenue"),
        ),
        Field("probability", FieldType.INTEGER, Opportunity.probability, unit="%", nullable=False),
        Field(
            "expected_close_date",
            FieldType.DATE,
            Opportunity.expected_close_date,
            sortable=True,
            synonyms=(
                "expected close",
                "due to close",
                "expected to close",
                "forecast to close",
                "set to close",
                "scheduled to close",
            ),
            planned=True,
        ),
        Field(
            "started_at",
            FieldType.DATETIME,
            Opportunity.started_at,
            label="engage date",
            synonyms=("start date", "engagement date", "started on"),
        ),
        Field(
            "actual_close_date",
            FieldType.DATETIME,
            Opportunity.actual_close_date,
            label="close date",
            synonyms=("closing date", "date closed", "closed on"),
        ),
        Field(
            "sales_cycle",
            FieldType.NUMBER,
            days_between(Opportunity.started_at, Opportunity.actual_close_date),
            unit="days",
            synonyms=("sales cycle", "cycle time", "cycle", "days to close", "time to close"),
        ),
        Field(
            "loss_reason",
            FieldType.TEXT,
            Opportunity.loss_reason,
            groupable=True,
            synonyms=("reason", "reason for losing", "reason lost", "reason of loss"),
        ),
        Field("next_step", FieldType.TEXT, Opportunity.next_step),
        Field("next_step_date", FieldType.DATETIME, Opportunity.next_step_date, planned=True),
        Field(
            "forecast_category",
            FieldType.CHOICE,
            Opportunity.forecast_category,
            choices=FORECAST_CATEGORIES,
            groupable=True,
            nullable=False,
        ),
        Field("closes_on", FieldType.DATE, Opportunity.closes_on, label="day of closing"),
        Field(
            "stage_entered_at",
            FieldType.DATETIME,
            Opportunity.stage_entered_at,
            nullable=False,
            label="entry into stage",
        ),
        Field("days_in_stage", FieldType.INTEGER, DAYS_IN_STAGE, unit="days", nullable=False),
        Field("push_count", FieldType.INTEGER, Opportunity.push_count, nullable=False, label="times pushed"),
        Field("is_rotting", FieldType.BOOLEAN, ROTTING, nullable=False, label="rotting"),
        Field("without_next_step", FieldType.BOOLEAN, WITHOUT_NEXT_STEP, nullable=False),
        Field("close_date_passed", FieldType.BOOLEAN, CLOSE_DATE_PASSED, nullable=False),
        Field("without_close_date", FieldType.BOOLEAN, WITHOUT_CLOSE_DATE, nullable=False),
        Field("single_contact", FieldType.BOOLEAN, SINGLE_CONTACT, nullable=False),
        Field("approval_status", FieldType.CHOICE, Opportunity.approval_status, choices=APPROVALS),
        Field("account_id", FieldType.REFERENCE, Opportunity.account_id),
        Field("contact_id", FieldType.REFERENCE, Opportunity.contact_id),
        Field("lead_id", FieldType.REFERENCE, Opportunity.lead_id),
        Field("pipeline_id", FieldType.REFERENCE, Opportunity.pipeline_id, nullable=False),
        Field("stage_id", FieldType.REFERENCE, Opportunity.stage_id, nullable=False),
        Field("owner_id", FieldType.REFERENCE, Opportunity.owner_id),
        Field("team_id", FieldType.REFERENCE, Opportunity.team_id),
        Field(
            "tags",
            FieldType.TAGS,
            tagged("opportunity", Opportunity),
            names=Tag.name,
            synonyms=("tag", "tagged"),
        ),
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
        Relation("account", "account", Opportunity.account_id, "opportunities", synonyms=("account",)),
        Relation("contact", "contact", Opportunity.contact_id, "opportunities", synonyms=("contact",)),
        Relation(
            "owner",
            "user",
            Opportunity.owner_id,
            "opportunities",
            synonyms=(
                "owner",
                "deal owner",
                "owned",
                "assigned",
                "own",
                "handled",
                "handle",
                "worked",
                "run",
                "responsible",
                "closer",
            ),
        ),
        Relation(
            "deal_stage",
            "stage",
            Opportunity.stage_id,
            "opportunities",
            synonyms=("stage", "deal stage", "sales stage", "pipeline stage", "status", "deal status"),
        ),
        Relation("pipeline", "pipeline", Opportunity.pipeline_id, "opportunities", synonyms=("pipeline",)),
        Relation(
            "team",
            "team",
            Opportunity.team_id,
            "opportunities",
            synonyms=("team", "region", "office", "regional office", "sales office", "branch", "sales team"),
        ),
    ),
    measures=(
        Measure(
            "win_rate",
            "ratio",
            where=_WON,
            of=_CLOSED,
            unit="%",
            synonyms=(
                "winrate",
                "close rate",
                "hit rate",
                "success rate",
                "winning rate",
                "win percentage",
                "win pct",
                "win percent",
                "win ratio",
                "conversion rate",
            ),
            time_field="actual_close_date",
        ),
        Measure(
            "loss_rate",
            "ratio",
            where=_LOST,
            of=_CLOSED,
            unit="%",
            time_field="actual_close_date",
            synonyms=("lose rate", "lost rate", "loss percentage", "loss percent", "loss ratio"),
            low_is_good=True,
        ),
        Measure(
            "deal_size",
            "avg",
            field="estimated_value",
            where=_WON,
            time_field="actual_close_date",
            synonyms=("won deal size", "ticket size", "contract size"),
        ),
        Measure(
            "won_value",
            "sum",
            field="estimated_value",
            where=_WON,
            time_field="actual_close_date",
            synonyms=(
                "won revenue",
                "revenue",
                "sales",
                "won amount",
                "won sales",
                "closed won revenue",
                "closed revenue",
                "booking",
                "sales revenue",
                "deal revenue",
                "won deal value",
                "value won",
                "revenue won",
                "won business",
                "earned",
                "earn",
                "earnings",
                "revenue from won deals",
                "value of won deals",
                "won close value",
                "money",
                "money made",
                "money earned",
                "bring in",
                "brought in",
                "brings in",
                "bringing in",
            ),
        ),
        Measure(
            "pipeline_value",
            "sum",
            field="estimated_value",
            where={"not": _CLOSED},
            synonyms=(
                "pipeline",
                "pipeline analysis",
                "pipeline report",
                "open pipeline",
                "pipeline amount",
                "pipeline total",
                "value of the pipeline",
                "value of our pipeline",
                "open value",
            ),
        ),
        Measure(
            "weighted_value",
            "sum",
            field="expected_revenue",
            where={"not": _CLOSED},
            synonyms=("weighted pipeline", "weighted value", "weighted forecast"),
        ),
        Measure(
            "average_days_in_stage",
            "avg",
            field="days_in_stage",
            where={"not": _CLOSED},
            unit="days",
            low_is_good=True,
            synonyms=("days in stage", "time in stage", "days in the stage", "stage age"),
        ),
        Measure(
            "average_cycle",
            "avg",
            field="sales_cycle",
            unit="days",
            time_field="actual_close_date",
            low_is_good=True,
            synonyms=(
                "sales cycle",
                "sales cycle length",
                "length of the sales cycle",
                "length of the cycle",
                "duration of the sales cycle",
                "sales cycle time",
                "sales cycle duration",
                "cycle time",
                "cycle length",
                "cycle",
                "deal cycle",
                "length of sales cycle",
                "days to close",
                "time to close",
                "time it takes to close",
                "days it takes to close",
                "days to",
                "time to",
                "time it takes to",
                "days it takes to",
                "how long",
                "how many days",
                "days from engage to close",
                "days from engagement to close",
                "days from engaging to close",
                "days from start to close",
                "days between engage and close",
                "days between engagement and close",
                "days between engaging and closing",
            ),
        ),
    ),
    words=(
        Word(
            (
                "won",
                "win",
                "winning",
                "sold",
                "sell",
                "bought",
                "buy",
                "purchased",
                "landed",
                "spent",
                "spend",
                "spends",
                "closed won",
            ),
            _WON,
            time_field="actual_close_date",
        ),
        Word(("lost", "lose", "losing", "loss", "closed lost"), _LOST, time_field="actual_close_date"),
        Word(
            ("closed", "close", "closing"),
            _CLOSED,
            time_field="actual_close_date",
            ahead="expected_close_date",
        ),
        Word(
            (
                "open",
                "active",
                "ongoing",
                "in progress",
                "still open",
                "unclosed",
                "in the pipeline",
                "in play",
                "working on",
            ),
            {"not": _CLOSED},
            time_field="started_at",
        ),
        Word(("unassigned", "unowned"), {"field": "owner_id", "op": "isnull", "value": True}),
        Word(
            ("stuck", "stalled", "rotting", "rotten", "stagnant"),
            {"field": "is_rotting", "op": "eq", "value": True},
        ),
        Word(
            ("engaged", "engage", "started", "start", "opened", "began", "kicked off"),
            {"field": "started_at", "op": "isnull", "value": False},
            time_field="started_at",
        ),
    ),
    filters={"min_value": ("estimated_value", "gte"), "max_value": ("estimated_value", "lte")},
    live=lambda: Opportunity.archived_at.is_(None),
    shown=lambda: _SHOWN,
    decorate=_decorate,
    present=_present,
)

access.declare(
    "opportunity_line", OpportunityLine, follows=(("opportunity", OpportunityLine.opportunity_id),)
)

LINES = Catalogue(
    kind="opportunity_line",
    plural="opportunity lines",
    model=OpportunityLine,
    label="id",
    default_sort="position",
    time_field="",
    fields=(
        Field("id", FieldType.REFERENCE, OpportunityLine.id, nullable=False),
        Field("quantity", FieldType.NUMBER, OpportunityLine.quantity, synonyms=("units",), nullable=False),
        Field("opportunity_id", FieldType.REFERENCE, OpportunityLine.opportunity_id, nullable=False),
        Field("product_id", FieldType.REFERENCE, OpportunityLine.product_id, nullable=False),
        Field("position", FieldType.INTEGER, OpportunityLine.position, sortable=True, nullable=False),
    ),
    relations=(
        Relation("opportunity", "opportunity", OpportunityLine.opportunity_id, "lines"),
        Relation("product", "product", OpportunityLine.product_id, "lines"),
    ),
)
