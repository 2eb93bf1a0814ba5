"""The dashboard: the figures a day is steered by, each with the list behind it.

Every figure is of the records the asker sees, and of one owner if asked. What somebody who sees everything asks is read
from kept sums, so that it costs the same whatever the number of records.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.analytics import targets, work
from crm_api.analytics.lists import OPEN_STAGES, OPEN_STATUSES, closing, listed, rate, same, within
from crm_api.analytics.periods import Period
from crm_api.analytics.told import Told, said
from crm_api.core.rollups import Row
from crm_api.leads import rollups as leads
from crm_api.leads.models import Lead
from crm_api.opportunities import rollups as deals
from crm_api.organisation import service as organisation
from crm_api.organisation.fiscal import months_later
from crm_api.pipelines.models import CLOSED_KINDS, OPPORTUNITY_KINDS

A_DAY = 86_400_000  # milliseconds
TREND = 12  # months


def dashboard(
    session: Session, actor: Actor, *, period: Period, owner_id: UUID | None = None
) -> dict[str, Any]:
    """The figures as `schemas.Dashboard` tells them."""
    currency = organisation.currency(session)
    told = Told(currency)
    before = period.before()
    _deals(session, actor, told, period, before, owner_id)
    _leads(session, actor, told, period, before, owner_id)
    work.activities(session, actor, told, period, before, owner_id)
    work.visits(session, actor, told, owner_id)
    return {
        "period": _period(period),
        "before": _period(before),
        "currency": currency,
        "figures": told.figures,
        "breakdowns": told.breakdowns,
    }


def _period(period: Period) -> dict[str, Any]:
    return {"name": period.name, "start_date": period.start, "end_date": period.end}


# ── Deals ────────────────────────────────────────────────────────────────────────────────────────


def _deals(
    session: Session, actor: Actor, told: Told, period: Period, before: Period, of: UUID | None
) -> None:
    keys = deals.columns(actor)
    which = [keys["owner_id"] == of] if of is not None else []
    standing = {row["stage_kind"]: row for row in deals.read(session, actor, ["stage_kind"], *which)}
    closed = _by_kind(deals.closing(session, actor, ["stage_kind"], period.start, period.end, owner_id=of))
    earlier = _by_kind(deals.closing(session, actor, ["stage_kind"], before.start, before.end, owner_id=of))
    open_ = _sum(row for kind, row in standing.items() if kind not in CLOSED_KINDS)
    due = _sum(row for kind, row in closed.items() if kind not in CLOSED_KINDS)
    won, lost = closed["closed_won"], closed["closed_lost"]
    won_before, lost_before = earlier["closed_won"], earlier["closed_lost"]
    all_open, days = listed("opportunities", of, stage__in=OPEN_STAGES), closing(period)
    won_list = listed("opportunities", of, stage="closed_won", **days)
    told.figure("open_pipeline", "Open pipeline", "money", open_["value"], open_["deals"], all_open)
    told.figure(
        "weighted_forecast", "Weighted forecast", "money", open_["weighted"] / 100, open_["deals"], all_open
    )
    told.figure(
        "due_to_close", "Due to close", "money", due["value"], due["deals"],
        listed("opportunities", of, stage__in=OPEN_STAGES, **days),
    )  # fmt: skip
    told.figure(
        "won_revenue", "Won revenue", "money", won["value"], won["deals"], won_list,
        before=won_before["value"], target=targets.won(session, actor, period.months, owner_id=of),
    )  # fmt: skip
    told.figure(
        "win_rate", "Win rate", "percent", rate(won["deals"], won["deals"] + lost["deals"]),
        won["deals"] + lost["deals"], listed("opportunities", of, stage__in=",".join(CLOSED_KINDS), **days),
        before=rate(won_before["deals"], won_before["deals"] + lost_before["deals"]),
    )  # fmt: skip
    told.figure(
        "cycle_time", "Days to win", "days", _average(won), won["timed"],
        listed("opportunities", of, stage="closed_won", **days, sales_cycle__isnull="false"),
        before=_average(won_before),
    )  # fmt: skip
    total = _sum(standing.values())
    told.figure(
        "total_opportunities",
        "Opportunities",
        "records",
        total["deals"],
        total["deals"],
        listed("opportunities", of),
    )
    told.breakdown("pipeline", "Pipeline by stage", "money", (
        {"key": kind, "label": said(kind), "value": standing[kind]["value"], "count": standing[kind]["deals"],
         "list": listed("opportunities", of, stage=kind)}
        for kind in OPPORTUNITY_KINDS if kind in standing
    ))  # fmt: skip
    told.breakdown("won_by_month", "Won revenue by month", "money", _trend(session, actor, period, of))


def _trend(session: Session, actor: Actor, period: Period, of: UUID | None) -> list[dict[str, Any]]:
    """Won revenue of the twelve months up to the last of the period, with what was aimed at."""
    last = period.end.replace(day=1)
    months = [months_later(last, n - TREND + 1) for n in range(TREND)]
    end = months_later(last, 1) - timedelta(days=1)
    rows = deals.closing(session, actor, ["month", "stage_kind"], months[0], end, owner_id=of)
    won = {row["month"]: row for row in rows if row["stage_kind"] == "closed_won"}
    aims = targets.won_by_month(session, actor, months, owner_id=of)
    told = []
    for month in months:
        key, days = month.isoformat()[:7], Period("custom", month, months_later(month, 1) - timedelta(days=1))
        row = won.get(key, {"value": 0, "deals": 0})
        told.append(
            {"key": key, "label": f"{month:%b %Y}", "value": row["value"], "count": row["deals"],
             "target": aims.get(month), "list": listed("opportunities", of, stage="closed_won", **closing(days))}
        )  # fmt: skip
    return told


def _by_kind(rows: Iterable[Row]) -> dict[str, Row]:
    return dict.fromkeys(OPPORTUNITY_KINDS, _sum([])) | {row["stage_kind"]: row for row in rows}


def _sum(rows: Iterable[Row]) -> Row:
    rows = list(rows)
    return {name: sum(row[name] for row in rows) for name in deals.SUMS}


def _average(won: Row) -> float | None:
    return won["taken"] / won["timed"] / A_DAY if won["timed"] else None


# ── Leads ────────────────────────────────────────────────────────────────────────────────────────


def _leads(
    session: Session, actor: Actor, told: Told, period: Period, before: Period, of: UUID | None
) -> None:
    which = [Lead.owner_id == of] if of is not None else []

    def made(axis: leads.Axis, days: Period) -> dict[str | None, Row]:
        return leads.read(session, actor, axis, *which, since=days.since, until=days.until)

    by_status, by_source, earlier = made("status", period), made("source", period), made("status", before)
    standing = leads.read(session, actor, "status", *which)
    active = sum(row["leads"] for status, row in standing.items() if status not in ("converted", "lost"))
    new, old = _added(by_status), _added(earlier)
    days = within("created_at", period)
    told.figure(
        "active_leads", "Active leads", "records", active, active,
        listed("leads", of, status__in=OPEN_STATUSES),
    )  # fmt: skip
    told.figure(
        "new_leads", "New leads", "records", new["leads"], new["leads"], listed("leads", of, **days),
        before=old["leads"],
    )  # fmt: skip
    told.figure(
        "hot_leads", "Hot leads", "records", new["hot"], new["hot"],
        listed("leads", of, is_hot_lead="true", **days), before=old["hot"],
    )  # fmt: skip
    told.figure(
        "conversion_rate", "Leads converted", "percent", rate(new["converted"], new["leads"]), new["converted"],
        listed("leads", of, status="converted", **days), before=rate(old["converted"], old["leads"]),
    )  # fmt: skip
    told.figure(
        "opportunity_rate", "Leads with a deal", "percent", rate(new["with_deal"], new["leads"]), new["with_deal"],
        listed("leads", of, has_deal="true", **days), before=rate(old["with_deal"], old["leads"]),
    )  # fmt: skip
    for axis, label, rows in (
        ("source", "Leads by source", by_source),
        ("status", "Leads by status", by_status),
    ):
        told.breakdown(f"leads_by_{axis}", label, "records", (
            {"key": word, "label": said(word), "value": row["leads"], "count": row["leads"],
             "list": listed("leads", of, **same(axis, word), **days)}
            for word, row in _largest(rows, "leads")
        ))  # fmt: skip


def _added(rows: dict[str | None, Row]) -> Row:
    return {name: sum(row[name] for row in rows.values()) for name in leads.SUMS}


def _largest(rows: dict[Any, Row], name: str) -> list[tuple[Any, Row]]:
    return sorted(rows.items(), key=lambda one: (-one[1][name], str(one[0])))
