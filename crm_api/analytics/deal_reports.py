"""Reports of deals: the forecast, how it came to be, and why deals are won and lost."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.analytics import bridge as bridges
from crm_api.analytics import forecast as forecasts
from crm_api.analytics.lists import OPEN_STAGES, closing, listed, rate, same
from crm_api.analytics.periods import Period
from crm_api.analytics.tables import Asked, Column, Table
from crm_api.core import clock
from crm_api.core.dialect import Wide
from crm_api.core.money import to_major
from crm_api.opportunities import rollups as deals
from crm_api.opportunities.models import FORECAST_CATEGORIES, Opportunity
from crm_api.organisation import service as organisation
from crm_api.organisation.fiscal import months_later

_TOLD = ",".join(category for category in FORECAST_CATEGORIES if category != "omitted")
_EXPECTED = (
    Column("count", "Open deals"),
    Column("total_value", "Open", "money"),
    Column("weighted_value", "Weighted", "money"),
    Column("best_case", "Best case", "money"),
    Column("commit", "Commit", "money"),
    Column("won_value", "Won", "money"),
    Column("target", "Target", "money"),
)


def forecast(session: Session, actor: Actor, asked: Asked) -> Table:
    """What open deals may bring in each month that the period touches, beside what is won and what was aimed at."""
    start, last = asked.period.start.replace(day=1), asked.period.end.replace(day=1)
    scope = forecasts.Scope(start, months_later(last, 1) - timedelta(days=1), owner_id=asked.owner_id)
    found = forecasts.forecast(session, actor, group_by="month", scope=scope)
    rows = []
    for month, bucket in zip(scope.months, found["buckets"], strict=True):
        days = Period("custom", month, months_later(month, 1) - timedelta(days=1))
        address = listed(
            "opportunities",
            asked.owner_id,
            stage__in=OPEN_STAGES,
            forecast_category__in=_TOLD,
            **closing(days),
        )
        rows.append(
            {"month": f"{month:%b %Y}", "list": address} | {c.name: bucket[c.name] for c in _EXPECTED}
        )
    return Table((Column("month", "Month", "text"), *_EXPECTED), rows, "weighted_value")


def bridge(session: Session, actor: Actor, asked: Asked) -> Table:
    """How what is open now came to be since the first day of the period: new, won, lost, pushed, resized."""
    columns = (Column("part", "Part", "text"), Column("count", "Deals"), Column("value", "Value", "money"))
    if asked.period.start > clock.today(actor.time_zone):
        return Table(columns, note="A bridge looks back: choose a period that has begun.")
    found = bridges.bridge(session, actor, since=asked.period.start, owner_id=asked.owner_id)
    steps = [
        (one["part"].replace("_", " ").capitalize(), one["count"], one["value"]) for one in found["parts"]
    ]
    ends = ("Opening", None, found["opening"]), ("Closing", None, found["closing"])
    rows = [
        {"part": part, "count": count, "value": value, "list": None}
        for part, count, value in (ends[0], *steps, ends[1])
    ]
    rows[-1]["list"] = listed("opportunities", asked.owner_id, stage__in=OPEN_STAGES)
    return Table(columns, rows, "value", "From the first moment of the period to now.")


def win_loss(session: Session, actor: Actor, asked: Asked) -> Table:
    """Deals that were closed in the period: won, and lost by reason."""
    period, currency = asked.period, organisation.currency(session)
    columns = (
        Column("reason", "Outcome", "text"), Column("deals", "Deals"), Column("value", "Value", "money"),
        Column("share", "Share of closed", "percent"),
    )  # fmt: skip
    of = {"owner_id": asked.owner_id}
    closed = {
        row["stage_kind"]: row
        for row in deals.closing(session, actor, ["stage_kind"], period.start, period.end, **of)
    }
    total = sum(closed[kind]["deals"] for kind in ("closed_won", "closed_lost") if kind in closed)
    rows: list[dict[str, Any]] = []
    for outcome, count, value, kind, more in (
        *[("Won", row["deals"], row["value"], "closed_won", {}) for row in [closed.get("closed_won")] if row],
        *[(reason or "No reason given", count, value, "closed_lost", same("loss_reason", reason))
          for reason, count, value in session.execute(_lost(actor, asked))],
    ):  # fmt: skip
        address = listed("opportunities", asked.owner_id, stage=kind, **closing(period), **more)
        rows.append(
            {"reason": outcome, "deals": count, "value": to_major(int(value), currency),
             "share": rate(count, total), "list": address}
        )  # fmt: skip
    return Table(columns, rows, "deals")


def _lost(actor: Actor, asked: Asked) -> sa.Select[str | None, int, float]:
    value = sa.func.sum(sa.cast(sa.func.coalesce(Opportunity.value_base, 0), Wide))
    statement = sa.select(Opportunity.loss_reason, sa.func.count(), value).where(
        Opportunity.closes_on.between(asked.period.start, asked.period.end),
        Opportunity.stage_kind == "closed_lost",
        Opportunity.archived_at.is_(None),
        visible("opportunity", actor),
    )
    if asked.owner_id is not None:
        statement = statement.where(Opportunity.owner_id == asked.owner_id)
    return statement.group_by(Opportunity.loss_reason).order_by(
        sa.func.count().desc(), Opportunity.loss_reason
    )
