"""/crm/dashboard: the figures of a period, and how they compare. Every number leads to its list."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from crm_api.access import Actor
from crm_api.analytics import dashboard
from crm_api.core.routing import Router
from crm_api.dependencies import Db
from crm_api.pages import frame, graphs, picking
from crm_api.pages.errors import PageRoute
from crm_api.pages.picking import Asked, Bar, Picked, page_of
from crm_api.pages.session import Signed

router = Router(include_in_schema=False, route_class=PageRoute)
PATH = "/crm/dashboard"
DEALS = ("open_pipeline", "weighted_forecast", "due_to_close", "won_revenue", "win_rate", "cycle_time")
LEADS = ("active_leads", "new_leads", "hot_leads", "opportunity_rate", "conversion_rate")
WORK = ("accounts", "activities", "overdue_tasks", "follow_ups_due", "lead_follow_ups_due", "visit_coverage")
CLOSED = ("closed_won", "closed_lost")
LESS_IS_BETTER = {"cycle_time"}
ALARMING = {"overdue_tasks", "follow_ups_due", "lead_follow_ups_due"}


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure moved since the period before: `by` in percent, in points of a rate, or in days."""

    by: float
    unit: str
    is_good: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it is drawn. `reached` is the share of the target in percent."""

    name: str
    label: str
    unit: str
    value: float | None
    count: int
    target: float | None
    reached: float | None
    change: Change | None
    path: str | None
    is_alarming: bool


@router.get(PATH)
async def show_dashboard(request: Request, db: Db, visitor: Signed, picked: Asked) -> Response:
    """The dashboard."""
    bar, told = await db.read(_read, visitor.actor, picked)
    figures = {one["name"]: drawn(one) for one in told["figures"]}
    parts = {one["name"]: one["rows"] for one in told["breakdowns"]}
    # What was ever closed would dwarf what is open: it stands below, without a bar.
    closed = [row for row in parts["pipeline"] if row["key"] in CLOSED]
    parts["pipeline"] = [row for row in parts["pipeline"] if row not in closed]
    return await frame.page(
        request, db, visitor, "dashboard.html", bar=bar, currency=told["currency"], figures=figures,
        groups=[("Deals", DEALS), ("Leads", LEADS), ("Work", WORK)],
        won=graphs.months(parts["won_by_month"]),
        closed=graphs.lines(closed),
        bars={name: graphs.lines(rows) for name, rows in parts.items() if name != "won_by_month"},
    )  # fmt: skip


def _read(session: Any, actor: Actor, picked: Picked) -> tuple[Bar, dict[str, Any]]:
    bar = picking.bar(session, actor, picked, PATH)
    return bar, dashboard.dashboard(session, actor, period=bar.period, owner_id=picked.owner_id)


def drawn(figure: dict[str, Any]) -> Figure:
    """A figure of the dashboard with what it is compared to."""
    value, target = figure["value"], figure["target"]
    return Figure(
        figure["name"], figure["label"], figure["unit"], value, figure["count"], target,
        reached=100 * value / target if target and value is not None else None,
        change=change(figure["name"], figure["unit"], value, figure["before"]),
        path=page_of(figure["list"]), is_alarming=figure["name"] in ALARMING and bool(value),
    )  # fmt: skip


def change(name: str, unit: str, value: float | None, before: float | None) -> Change | None:
    """How a figure moved; None where there is nothing to compare it with, or it did not move."""
    if value is None or before is None or value == before:
        return None
    rise = (value > before) != (name in LESS_IS_BETTER)
    if unit in ("percent", "days"):
        return Change(value - before, "pt" if unit == "percent" else "d", rise)
    return Change(100 * (value - before) / before, "%", rise) if before else None
