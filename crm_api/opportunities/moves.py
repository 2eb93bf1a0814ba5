"""A deal's way through the stages: one rule for moving, closing and creating it closed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.service import territory_of
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid
from crm_api.events import Event, record
from crm_api.opportunities import approvals, history
from crm_api.opportunities.models import Opportunity, StageMove, category_of
from crm_api.organisation import rates
from crm_api.organisation.basics import zone
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import CLOSED_KINDS, Pipeline, Stage


def destination(
    session: Session,
    deal: Opportunity,
    *,
    stage_id: UUID | None = None,
    kind: str | None = None,
    pipeline_id: UUID | None = None,
) -> Stage:
    """The stage meant: one by its id, one of a kind, or that of the present kind in another pipeline."""
    elsewhere = pipeline_id not in (None, deal.pipeline_id)
    if stage_id is None and not elsewhere and kind in (None, deal.stage_kind):
        return session.get_one(Stage, deal.stage_id)
    return pipelines.resolve(
        session,
        "opportunity",
        stage_id=stage_id,
        kind=kind or (deal.stage_kind if stage_id is None else None),
        pipeline_id=pipeline_id or (deal.pipeline_id if stage_id is None else None),
    )


def enter(
    session: Session,
    deal: Opportunity,
    stage: Stage,
    *,
    probability: int | None = None,
    forecast_category: str | None = None,
    loss_reason: str | None = None,
    at: datetime | None = None,
) -> None:
    """Put the deal in a stage; entering a won or lost one closes it. Raises as `settle` does, and Conflict for
    winning what has to be approved first."""
    if stage.is_won and not deal.is_won:
        approvals.require(session, deal)
    settle(
        deal, stage, probability=probability, forecast_category=forecast_category,
        loss_reason=loss_reason, at=at,
    )  # fmt: skip
    if stage.id == deal.stage_id:
        return
    before = deal.stage_id
    deal.pipeline_id, deal.stage_id, deal.stage_kind = stage.pipeline_id, stage.id, stage.kind
    refigure(session, deal)
    note(session, deal, before)
    moved = event("opportunity.stage_changed", deal, before=before, after=stage.id, kind=stage.kind)
    record(session, moved)
    tell_closing(session, deal)


def settle(
    deal: Opportunity,
    stage: Stage,
    *,
    probability: int | None = None,
    forecast_category: str | None = None,
    loss_reason: str | None = None,
    at: datetime | None = None,
) -> None:
    """Set what a stage decides: probability, forecast category, closing date, reason.

    Raises Invalid for a loss without its reason, and for a closing date or reason without a closing;
    Conflict for winning without an account.
    """
    if loss_reason is not None and not stage.is_lost:
        raise Invalid.field("loss_reason", "goes with a lost stage alone")
    if stage.kind not in CLOSED_KINDS:
        if at is not None:
            raise Invalid.field("actual_close_date", "goes with a won or lost stage alone")
        if probability is not None or stage.id != deal.stage_id:
            deal.probability = stage.probability if probability is None else probability
        if forecast_category is not None or stage.id != deal.stage_id:
            deal.forecast_category = forecast_category or category_of(stage.probability)
        return
    if stage.is_lost and not loss_reason:
        raise Invalid.field("loss_reason", "a loss needs its reason")
    if stage.is_won and deal.account_id is None:
        raise Conflict("Link the opportunity to an account before winning it.")
    deal.actual_close_date = at or clock.now()
    deal.loss_reason = loss_reason
    deal.probability = 100 if stage.is_won else 0
    deal.forecast_category = "commit" if stage.is_won else "omitted"


def refigure(session: Session, deal: Opportunity) -> None:
    """The deal's figures: its value in the organisation's currency, at today's rate or, of a closed deal, at that of
    its closing day; and the day it closes."""
    closed_at = deal.actual_close_date if deal.is_closed else None
    deal.value_base = rates.convert(session, deal.estimated_value, deal.currency, on=closed_at)
    deal.closes_on = closing_day(session, deal.stage_kind, deal.expected_close_date, deal.actual_close_date)


def closing_day(session: Session, kind: str, expected: date | None, actual: datetime | None) -> date | None:
    """The day a deal in a stage of this kind closes: as expected, or as it did in the organisation's zone."""
    if kind not in CLOSED_KINDS:
        return expected
    return actual.astimezone(ZoneInfo(zone(session))).date() if actual else None


def note(session: Session, deal: Opportunity, before: UUID | None) -> None:
    """Keep the entry into the present stage with its time."""
    if before is not None:  # a new deal has entered its stage by being made
        deal.stage_entered_at = clock.now()
    history.note(session, "opportunity", deal.id, before, deal.stage_id, at=deal.stage_entered_at)


def stage_before_closing(session: Session, deal: Opportunity) -> Stage:
    """The open stage the deal was in last, if there still is such a stage, else the first of its pipeline."""
    was_in = (
        sa.select(Stage)
        .join(StageMove, StageMove.to_stage_id == Stage.id)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(
            StageMove.kind == "opportunity",
            StageMove.record_id == deal.id,
            Stage.kind.not_in(CLOSED_KINDS),
            Pipeline.archived_at.is_(None),
        )
        .order_by(StageMove.at.desc(), StageMove.id.desc())
    )
    return session.scalars(was_in.limit(1)).first() or pipelines.stages_of(session, deal.pipeline_id)[0]


def tell_closing(session: Session, deal: Opportunity) -> None:
    """Record that a deal is won or lost, if it is."""
    if deal.is_closed:
        record(session, event("opportunity.won" if deal.is_won else "opportunity.lost", deal))


def event(type_: str, deal: Opportunity, **data: Any) -> Event:
    """An event about a deal, with its links and who was responsible; its territory is the account's."""
    return Event(
        type_,
        "opportunity",
        deal.id,
        {**data, "account_id": deal.account_id, "lead_id": deal.lead_id, "contact_id": deal.contact_id},
        deal.owner_id,
        deal.team_id,
        territory_of(deal),
    )
