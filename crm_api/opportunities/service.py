"""Opportunities: making, changing, closing, reopening, deleting."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_create, require_reassign
from crm_api.accounts import service as accounts
from crm_api.conditions import records
from crm_api.core import clock, context
from crm_api.core.columns import touch
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.money import recast, require_currency, to_minor
from crm_api.core.numbering import take
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.custom_fields import values as custom_values
from crm_api.events import Event, record
from crm_api.opportunities import approvals, lines, moves
from crm_api.opportunities.models import Opportunity, category_of
from crm_api.opportunities.schemas import Close, MarkLost, MarkWon, MoveStage, OpportunityIn, OpportunityPatch
from crm_api.organisation import service as organisation
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import CLOSED_KINDS
from crm_api.tags.service import put_on
from crm_api.users.service import team_of
from crm_api.writes import notes

# What has a rule of its own and is not simply set.
REQUIRES_ACCOUNT = "opportunity_requires_account"  # of the rules a session is told (core/database.py)
_RULED = (
    "tags",
    "custom_fields",
    "lines",
    "notes",
    "stage",
    "stage_id",
    "pipeline_id",
    "loss_reason",
    "actual_close_date",
)


def create(session: Session, actor: Actor, *, data: OpportunityIn) -> Opportunity:
    """A new opportunity, in the first stage of the default pipeline where nothing else is asked for."""
    require_create(actor, "opportunity")
    if data.account_id is None and session.info.get("rules", {}).get(REQUIRES_ACCOUNT):
        raise Invalid.field("account_id", "an opportunity needs its account here")
    values = data.model_dump(exclude=set(_RULED))
    values["custom"] = custom_values.fresh(session, actor, "opportunity", data.custom_fields)
    values["owner_id"] = values["owner_id"] or (actor.user_id if actor.role in ("rep", "manager") else None)
    values["currency"] = require_currency(data.currency or organisation.currency(session))
    _resolve(session, actor, values)
    stage = pipelines.resolve(
        session, "opportunity", pipeline_id=data.pipeline_id, stage_id=data.stage_id, kind=data.stage
    )
    if values["probability"] is None:
        values["probability"] = stage.probability
    if values["forecast_category"] is None:
        values["forecast_category"] = category_of(stage.probability)
    deal = Opportunity(
        **values,
        pipeline_id=stage.pipeline_id,
        stage_id=stage.id,
        stage_kind=stage.kind,
        origin=context.current().origin,
    )
    if stage.is_won:
        approvals.require(session, deal)
    moves.settle(deal, stage, loss_reason=data.loss_reason, at=data.actual_close_date)
    moves.refigure(session, deal)
    deal.number = take(session, "OPP", organisation.today(session))[0]
    session.add(deal)
    session.flush()
    moves.note(session, deal, None)
    if data.lines:
        lines.put_on(session, deal, data.lines)
    if data.tags:
        put_on(session, "opportunity", deal.id, data.tags)
    refresh_access(session, deal.account_id)
    record(session, moves.event("opportunity.created", deal))
    moves.tell_closing(session, deal)
    _append(session, actor, deal, data.notes)
    return deal


def update(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: OpportunityPatch, if_match: int | None
) -> Opportunity:
    """Change just the fields sent. A closed deal changes only after it is reopened."""
    deal = _open(session, actor, opportunity_id, if_match)
    values = changes(data, leave_out=_RULED)
    values |= custom_values.edited(session, actor, deal, data.custom_fields)
    refuse_null(values, "name", "opportunity_type", "priority", "currency", "probability")
    refuse_null(values, "forecast_category")
    refuse_null(changes(data), "stage", "stage_id", "pipeline_id")
    if "owner_id" in values:
        require_reassign(session, actor, deal, values["owner_id"])
    owner_before = deal.owner_id
    if "currency" in values:
        values["currency"] = require_currency(values["currency"])
        lines.recast_prices(session, deal, values["currency"])
    _resolve(session, actor, values, deal)
    account_before, currency_before = deal.account_id, deal.currency
    changed = apply_patch(deal, values)
    moves.refigure(session, deal)
    approvals.follow_currency(deal, currency_before)
    shown = (
        data.lines is not None and lines.put_on(session, deal, data.lines),
        data.tags is not None and put_on(session, "opportunity", deal.id, data.tags),
    )
    if any(shown):
        touch(deal)
    if changed or any(shown):
        told = moves.event("opportunity.updated", deal, fields=sorted(data.model_fields_set))
        record(session, told)
    if deal.owner_id != owner_before:
        record(session, moves.event("opportunity.assigned", deal, before=owner_before))
    stage = moves.destination(
        session, deal, stage_id=data.stage_id, kind=data.stage, pipeline_id=data.pipeline_id
    )
    moves.enter(
        session,
        deal,
        stage,
        probability=values.get("probability"),
        forecast_category=values.get("forecast_category"),
        loss_reason=data.loss_reason,
        at=data.actual_close_date,
    )
    refresh_access(session, account_before, deal.account_id)
    _append(session, actor, deal, data.notes)
    return deal


def close(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: Close, if_match: int | None = None
) -> Opportunity:
    """Win or lose a deal: the same rule as moving it to a won or lost stage."""
    told = MoveStage(**data.model_dump(exclude_unset=True))
    return move(session, actor, opportunity_id=opportunity_id, data=told, if_match=if_match)


def mark_won(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: MarkWon, if_match: int | None = None
) -> Opportunity:
    """Win a deal."""
    told = MoveStage(stage="closed_won", **data.model_dump(exclude_unset=True))
    return move(session, actor, opportunity_id=opportunity_id, data=told, if_match=if_match)


def mark_lost(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: MarkLost, if_match: int | None = None
) -> Opportunity:
    """Lose a deal, for a reason."""
    told = MoveStage(stage="closed_lost", **data.model_dump(exclude_unset=True))
    return move(session, actor, opportunity_id=opportunity_id, data=told, if_match=if_match)


def move(
    session: Session, actor: Actor, *, opportunity_id: UUID, data: MoveStage, if_match: int | None = None
) -> Opportunity:
    """Put a deal into another stage of any pipeline for deals; a won or lost one closes it."""
    deal = _open(session, actor, opportunity_id, if_match)
    if data.stage_id is None and data.stage is None:
        raise Invalid.field("stage_id", "say which stage: its stage_id, or its kind as stage")
    stage = moves.destination(session, deal, stage_id=data.stage_id, kind=data.stage)
    if data.stage is not None and stage.kind != data.stage:
        raise Invalid.field("stage", f"this stage is of the kind {stage.kind}")
    moves.enter(
        session, deal, stage, probability=data.probability, loss_reason=data.loss_reason,
        at=data.actual_close_date,
    )  # fmt: skip
    refresh_access(session, deal.account_id)
    _append(session, actor, deal, data.notes)
    return deal


def reopen(
    session: Session, actor: Actor, *, opportunity_id: UUID, if_match: int | None = None
) -> Opportunity:
    """Bring a closed deal back to the stage it was in before it closed, else to the first one."""
    deal: Opportunity = records.get(
        session, actor, Opportunity, opportunity_id, writing=True, if_match=if_match
    )
    if not deal.is_closed:
        raise Conflict("This opportunity is open already.")
    deal.actual_close_date, deal.loss_reason = None, None
    moves.enter(session, deal, moves.stage_before_closing(session, deal))
    refresh_access(session, deal.account_id)
    record(session, moves.event("opportunity.reopened", deal))
    return deal


def archive(session: Session, actor: Actor, *, opportunity_id: UUID, if_match: int | None) -> None:
    """Delete softly."""
    deal = records.get(session, actor, Opportunity, opportunity_id, writing=True, if_match=if_match)
    deal.archived_at = clock.now()
    refresh_access(session, deal.account_id)
    record(session, moves.event("opportunity.archived", deal))


def restore(session: Session, actor: Actor, *, opportunity_id: UUID) -> Opportunity:
    """Take a soft deletion back."""
    deal: Opportunity = records.get(session, actor, Opportunity, opportunity_id, writing=True, archived=True)
    if deal.archived_at is not None:
        deal.archived_at = None
        refresh_access(session, deal.account_id)
        record(session, moves.event("opportunity.restored", deal))
    return deal


def refresh_access(session: Session, *account_ids: UUID | None) -> None:
    """Owners of open deals reach the accounts; closing the last one ends that."""
    wanted: dict[UUID, set[UUID]] = {
        account_id: set() for account_id in account_ids if account_id is not None
    }
    if not wanted:
        return
    session.flush()
    accounts.hold(session, wanted)
    open_deals = sa.select(Opportunity.account_id, Opportunity.owner_id).where(
        Opportunity.account_id.in_(list(wanted)),
        Opportunity.owner_id.is_not(None),
        Opportunity.stage_kind.not_in(CLOSED_KINDS),
        Opportunity.archived_at.is_(None),
    )
    for account_id, owner_id in session.execute(open_deals.distinct()):
        if account_id is not None and owner_id is not None:
            wanted[account_id].add(owner_id)
    accounts.refresh_open_deal_access(session, wanted)


def follow_owner(session: Session, event: Event) -> None:
    """An owner who changes teams takes their deals along; a derived figure, so no version rises."""
    audit.follow(session, Opportunity, Opportunity.owner_id == event.subject_id, team_id=event.team_id)


def _append(session: Session, actor: Actor, deal: Opportunity, text: str | None) -> None:
    if text:
        session.flush()
        notes.append(session, actor, kind="opportunity", record_id=deal.id, text=text)


def _open(session: Session, actor: Actor, opportunity_id: UUID, if_match: int | None) -> Opportunity:
    deal: Opportunity = records.get(
        session, actor, Opportunity, opportunity_id, writing=True, if_match=if_match
    )
    if deal.is_closed:
        raise Conflict("A closed opportunity does not change; reopen it first.")
    return deal


def _resolve(session: Session, actor: Actor, values: dict[str, Any], deal: Opportunity | None = None) -> None:
    """Fill in what follows from what was given; raises Invalid for links that lead nowhere."""
    before = deal.currency if deal else values["currency"]
    after = values.get("currency", before)
    if "estimated_value" in values:
        values["estimated_value"] = to_minor(values["estimated_value"], after, field="estimated_value")
    elif deal and after != before:
        values["estimated_value"] = recast(deal.estimated_value, before, after, field="estimated_value")
    if "owner_id" in values:
        values["team_id"] = team_of(session, values["owner_id"])
    for kind in ("account", "contact", "lead"):
        if values.get(f"{kind}_id"):
            records.require_link(session, actor, kind, values[f"{kind}_id"], field=f"{kind}_id")
