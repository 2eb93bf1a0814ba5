"""Opportunities: making, changing, moving through stages, closing and reopening."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create, visible
from crm_api.accounts import service as accounts
from crm_api.conditions import records
from crm_api.core import clock, context
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.fields import CATALOGUES
from crm_api.core.money import require_currency, to_minor
from crm_api.core.numbering import take
from crm_api.core.schemas import apply_patch, changes
from crm_api.events import Event, record
from crm_api.opportunities.models import CLOSED_KINDS, Opportunity, OpportunityLine, StageMove
from crm_api.opportunities.schemas import Close, LineIn, OpportunityIn, OpportunityPatch
from crm_api.organisation import service as organisation
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import Stage
from crm_api.products.models import Product
from crm_api.tags.service import put_on
from crm_api.users.service import team_of


def create(session: Session, actor: Actor, *, data: OpportunityIn) -> Opportunity:
    """A new opportunity, in the first stage of the default pipeline where nothing else is asked for."""
    require_create(actor, "opportunity")
    values = data.model_dump(
        exclude={"tags", "lines", "stage", "stage_id", "pipeline_id", "loss_reason", "actual_close_date"}
    )
    values["owner_id"] = values["owner_id"] or (actor.user_id if actor.role in ("rep", "manager") else None)
    values["currency"] = require_currency(data.currency or organisation.currency(session))
    _resolve(session, actor, values, currency=values["currency"])
    stage = pipelines.resolve(
        session, "opportunity", pipeline_id=data.pipeline_id, stage_id=data.stage_id, kind=data.stage
    )
    if values["probability"] is None:
        values["probability"] = stage.probability
    number = take(session, "OPP", organisation.today(session))[0]
    deal = Opportunity(
        **values,
        number=number,
        pipeline_id=stage.pipeline_id,
        stage_id=stage.id,
        stage_kind=stage.kind,
        origin=context.current().origin,
    )
    if stage.kind in CLOSED_KINDS:
        _close(deal, stage, loss_reason=data.loss_reason, at=data.actual_close_date)
    deal.lines = _lines(session, data.lines or [], deal.currency)
    session.add(deal)
    session.flush()
    session.add(
        StageMove(
            kind="opportunity",
            record_id=deal.id,
            to_stage_id=stage.id,
            at=clock.now(),
            actor_id=actor.user_id,
        )
    )
    if data.tags:
        put_on(session, "opportunity", deal.id, data.tags)
    refresh_access(session, deal.account_id)
    record(session, _event("opportunity.created", deal))
    return deal


def update(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: OpportunityPatch, if_match: int | None
) -> Opportunity:
    """Change just the fields sent. A closed deal changes only after it is reopened."""
    deal = _open(session, actor, opportunity_id, if_match)
    values = changes(
        data,
        leave_out=("tags", "lines", "stage", "stage_id", "pipeline_id", "loss_reason", "actual_close_date"),
    )
    for required in ("name", "opportunity_type", "priority", "currency", "probability"):
        if required in values and values[required] is None:
            raise Invalid.field(required, "cannot be empty")
    if "currency" in values:
        values["currency"] = require_currency(values["currency"])
    _resolve(session, actor, values, currency=values.get("currency", deal.currency))
    before = {deal.account_id}
    changed = apply_patch(deal, values)
    if data.lines is not None:
        deal_lines = _lines(session, data.lines, deal.currency)
        session.execute(sa.delete(OpportunityLine).where(OpportunityLine.opportunity_id == deal.id))
        session.add_all(_owned(deal_lines, deal.id))
        deal.updated_at, changed = clock.now(), True
    if data.tags is not None:
        put_on(session, "opportunity", deal.id, data.tags)
        deal.updated_at, changed = clock.now(), True
    if changed:
        record(session, _event("opportunity.updated", deal, fields=sorted(data.model_fields_set)))
    if {"stage", "stage_id", "pipeline_id"} & data.model_fields_set:
        stage = pipelines.resolve(
            session,
            "opportunity",
            stage_id=data.stage_id,
            kind=data.stage,
            pipeline_id=data.pipeline_id or (deal.pipeline_id if data.stage_id is None else None),
        )
        _enter(
            session,
            actor,
            deal,
            stage,
            probability=values.get("probability"),
            loss_reason=data.loss_reason,
            at=data.actual_close_date,
        )
    for account_id in before | {deal.account_id}:
        refresh_access(session, account_id)
    return deal


def close(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: Close, if_match: int | None = None
) -> Opportunity:
    """Win or lose a deal: the same rule as moving it to a won or lost stage."""
    deal = _open(session, actor, opportunity_id, if_match)
    stage = pipelines.resolve(
        session, "opportunity", pipeline_id=deal.pipeline_id, stage_id=None, kind=data.stage
    )
    _enter(session, actor, deal, stage, loss_reason=data.loss_reason, at=data.actual_close_date)
    refresh_access(session, deal.account_id)
    return deal


def reopen(session: Session, actor: Actor, *, opportunity_id: UUID) -> Opportunity:
    """Bring a closed deal back to the stage it was in before it closed, else to the first one."""
    deal: Opportunity = records.get(session, actor, Opportunity, opportunity_id, writing=True)
    if not deal.is_closed:
        raise Conflict("This opportunity is open already.")
    last = session.scalars(
        sa.select(StageMove)
        .where(
            StageMove.kind == "opportunity",
            StageMove.record_id == deal.id,
            StageMove.to_stage_id == deal.stage_id,
        )
        .order_by(StageMove.at.desc(), StageMove.id.desc())
    ).first()
    before = session.get(Stage, last.from_stage_id) if last and last.from_stage_id else None
    if before is None or before.is_won or before.is_lost:
        before = pipelines.stages_of(session, deal.pipeline_id)[0]
    deal.actual_close_date, deal.loss_reason = None, None
    _enter(session, actor, deal, before)
    refresh_access(session, deal.account_id)
    record(session, _event("opportunity.reopened", deal))
    return deal


def archive(session: Session, actor: Actor, *, opportunity_id: UUID, if_match: int | None) -> None:
    """Delete softly."""
    deal = records.get(session, actor, Opportunity, opportunity_id, writing=True, if_match=if_match)
    deal.archived_at = clock.now()
    session.flush()
    refresh_access(session, deal.account_id)
    record(session, _event("opportunity.archived", deal))


def restore(session: Session, actor: Actor, *, opportunity_id: UUID) -> Opportunity:
    """Take a soft deletion back."""
    deal: Opportunity = records.get(session, actor, Opportunity, opportunity_id, writing=True, archived=True)
    if deal.archived_at is not None:
        deal.archived_at = None
        session.flush()
        refresh_access(session, deal.account_id)
        record(session, _event("opportunity.restored", deal))
    return deal


def _open(session: Session, actor: Actor, opportunity_id: UUID, if_match: int | None) -> Opportunity:
    deal: Opportunity = records.get(
        session, actor, Opportunity, opportunity_id, writing=True, if_match=if_match
    )
    if deal.is_closed:
        raise Conflict("A closed opportunity does not change; reopen it first.")
    return deal


def _enter(
    session: Session,
    actor: Actor,
    deal: Opportunity,
    stage: Stage,
    *,
    probability: int | None = None,
    loss_reason: str | None = None,
    at: datetime | None = None,
) -> None:
    if stage.id == deal.stage_id:
        return
    before = deal.stage_id
    if stage.kind in CLOSED_KINDS:
        _close(deal, stage, loss_reason=loss_reason, at=at)
    else:
        deal.probability = stage.probability if probability is None else probability
    deal.pipeline_id, deal.stage_id, deal.stage_kind = stage.pipeline_id, stage.id, stage.kind
    session.add(
        StageMove(
            kind="opportunity",
            record_id=deal.id,
            from_stage_id=before,
            to_stage_id=stage.id,
            at=clock.now(),
            actor_id=actor.user_id,
        )
    )
    record(session, _event("opportunity.stage_changed", deal, before=before, after=stage.id, kind=stage.kind))
    if stage.kind in CLOSED_KINDS:
        record(session, _event("opportunity.won" if stage.is_won else "opportunity.lost", deal))


def _close(deal: Opportunity, stage: Stage, *, loss_reason: str | None, at: datetime | None) -> None:
    if stage.is_lost and not loss_reason:
        raise Invalid.field("loss_reason", "a loss needs its reason")
    if stage.is_won and deal.account_id is None:
        raise Conflict("Link the opportunity to an account before winning it.")
    deal.actual_close_date = at or clock.now()
    deal.loss_reason = loss_reason if stage.is_lost else None
    deal.probability = 100 if stage.is_won else 0


def _resolve(session: Session, actor: Actor, values: dict[str, Any], *, currency: str) -> None:
    if "estimated_value" in values:
        values["estimated_value"] = to_minor(values["estimated_value"], currency, field="estimated_value")
        values["value_base"] = (
            values["estimated_value"] if currency == organisation.currency(session) else None
        )
    if "owner_id" in values:
        values["team_id"] = team_of(session, values["owner_id"])
    if values.get("account_id"):
        accounts.require_visible(session, actor, values["account_id"])
    # Leads lie above opportunities, so their model comes from the registry.
    for field, kind in (("contact_id", "contact"), ("lead_id", "lead")):
        model = CATALOGUES[kind].model
        if (
            values.get(field)
            and session.scalar(sa.select(model.id).where(model.id == values[field], visible(kind, actor)))
            is None
        ):
            raise Invalid.field(field, f"there is no such {kind}, or it is not yours to see")


def _lines(session: Session, given: list[LineIn], currency: str) -> list[OpportunityLine]:
    known = (
        {
            p.id: p
            for p in session.scalars(
                sa.select(Product).where(Product.id.in_([line.product_id for line in given]))
            )
        }
        if given
        else {}
    )
    lines = []
    for position, line in enumerate(given):
        product = known.get(line.product_id)
        if product is None:
            raise Invalid.field(f"lines.{position}.product_id", "there is no such product")
        price = (
            product.list_price
            if line.unit_price is None and product.currency == currency
            else to_minor(line.unit_price, currency, field=f"lines.{position}.unit_price")
        )
        lines.append(
            OpportunityLine(
                product_id=product.id,
                position=position,
                quantity=float(line.quantity),
                unit_price=price,
                discount_percent=float(line.discount_percent),
            )
        )
    return lines


def _owned(lines: list[OpportunityLine], opportunity_id: UUID) -> list[OpportunityLine]:
    for line in lines:
        line.opportunity_id = opportunity_id
    return lines


def refresh_access(session: Session, account_id: UUID | None) -> None:
    """Owners of open deals reach the account; closing the last one ends that."""
    if account_id is None:
        return
    session.flush()
    owners = session.scalars(
        sa.select(Opportunity.owner_id)
        .where(
            Opportunity.account_id == account_id,
            Opportunity.owner_id.is_not(None),
            Opportunity.stage_kind.not_in(CLOSED_KINDS),
            Opportunity.archived_at.is_(None),
        )
        .distinct()
    )
    accounts.refresh_open_deal_access(session, account_id, {o for o in owners if o is not None})


def _event(type_: str, deal: Opportunity, **data: Any) -> Event:
    return Event(
        type_,
        "opportunity",
        deal.id,
        {**data, "account_id": deal.account_id, "lead_id": deal.lead_id, "contact_id": deal.contact_id},
        deal.owner_id,
        deal.team_id,
        accounts.territory_of(deal),
    )
