"""The forecast: what open deals may bring by month, owner or stage, beside what is won and what was aimed at."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.analytics import targets
from crm_api.core.errors import Invalid
from crm_api.core.money import to_major
from crm_api.core.rollups import Row
from crm_api.opportunities import rollups
from crm_api.opportunities.models import FORECAST_CATEGORIES
from crm_api.organisation import service as organisation
from crm_api.organisation.fiscal import months_later
from crm_api.pipelines.models import CLOSED_KINDS, OPPORTUNITY_KINDS, Stage
from crm_api.targets.models import Target
from crm_api.users.models import User

GROUPS = {"month": "month", "owner": "owner_id", "stage": "stage_id"}
MOST_MONTHS = 60


@dataclass(frozen=True, slots=True)
class Scope:
    """Which deals: of a pipeline, an owner, a team; closing from `start` to `end`, whole months, both included."""

    start: date
    end: date
    pipeline_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None

    @property
    def months(self) -> list[date]:
        """The first day of each month."""
        count = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1
        return [months_later(self.start, n) for n in range(count)]


def scope(session: Session, start: date | None, end: date | None, **of: UUID | None) -> Scope:
    """The deals of these months: from this one on, three in all, where nothing is said. Raises Invalid for parts of
    months, and for more than sixty."""
    today = organisation.today(session)
    start = start or (end or today).replace(day=1)
    end = end or months_later(start.replace(day=1), 3) - timedelta(days=1)
    if start.day != 1:
        raise Invalid.field("period_start", "a forecast is by whole months: give the first day of one")
    if end.day != monthrange(end.year, end.month)[1]:
        raise Invalid.field("period_end", "a forecast is by whole months: give the last day of one")
    if end < start:
        raise Invalid.field("period_end", "cannot be before period_start")
    found = Scope(start, end, **of)
    if len(found.months) > MOST_MONTHS:
        raise Invalid.field("period_end", f"at most {MOST_MONTHS} months at a time")
    return found


def forecast(session: Session, actor: Actor, *, group_by: str, scope: Scope) -> dict[str, Any]:
    """The forecast as `schemas.Forecast` tells it. Two statements and those for names, whatever the number of deals."""
    currency, key = organisation.currency(session), GROUPS[group_by]
    keys = rollups.columns(actor)
    names = [day.isoformat()[:7] for day in scope.months]
    which = [keys["month"].between(names[0], names[-1])]
    which += [
        keys[name] == value
        for name in ("pipeline_id", "owner_id", "team_id")
        if (value := getattr(scope, name)) is not None
    ]
    by = list(dict.fromkeys((key, "stage_kind", "forecast_category")))
    rows = rollups.read(session, actor, by, *which)
    grouped: dict[Any, list[Row]] = {name: [] for name in names} if group_by == "month" else {}
    for row in rows:
        grouped.setdefault(row[key], []).append(row)
    aims = _targets(session, actor, group_by, scope) if group_by != "stage" else {}
    labels = _labels(session, group_by, grouped)
    buckets = [
        {"key": bucket, "label": labels.get(bucket, "Nobody's" if bucket is None else str(bucket)),
         **_figures(found, currency), "target": to_major(aims.get(bucket), currency)}
        for bucket, found in _in_order(group_by, grouped, labels)
    ]  # fmt: skip
    total = _figures(rows, currency)
    aimed = sum(aims.values()) if aims else None
    return {
        "group_by": group_by,
        "period_start": scope.start,
        "period_end": scope.end,
        "currency": currency,
        "buckets": buckets,
        **total,
        "target": to_major(aimed, currency),
    }


def _figures(rows: Iterable[Row], currency: str) -> dict[str, Any]:
    """What the deals of a bucket come to; omitted ones count nowhere but in `omitted`."""
    rows = list(rows)
    open_ = [row for row in rows if row["stage_kind"] not in CLOSED_KINDS]
    told = [row for row in open_ if row["forecast_category"] != "omitted"]
    won = [row for row in rows if row["stage_kind"] == "closed_won"]
    by_category = {
        category: to_major(sum(r["value"] for r in open_ if r["forecast_category"] == category), currency)
        for category in FORECAST_CATEGORIES
    }
    return {
        "count": sum(row["deals"] for row in told),
        "total_value": to_major(sum(row["value"] for row in told), currency),
        "weighted_value": to_major(round(sum(row["weighted"] for row in told) / 100), currency),
        **by_category,
        "won_count": sum(row["deals"] for row in won),
        "won_value": to_major(sum(row["value"] for row in won), currency),
    }


def _targets(session: Session, actor: Actor, group_by: str, scope: Scope) -> dict[Any, int]:
    """Monthly targets of won value that the actor sees, by bucket: of the owner or team asked for, else of people.

    A team's target is not added to those of its people: they aim at the same deals.
    """
    by_month = group_by == "month"
    found = targets.won_by(
        session, actor, Target.starts_on if by_month else Target.user_id, scope.months,
        owner_id=scope.owner_id, team_id=scope.team_id, of_the_team=by_month,
    )  # fmt: skip
    return {key.isoformat()[:7] if by_month else key: amount for key, amount in found.items()}


def _labels(session: Session, group_by: str, keys: Iterable[Any]) -> dict[Any, str]:
    ids = [key for key in keys if key is not None]
    if group_by == "owner":
        return dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(ids))).all())
    if group_by == "stage":
        return dict(session.execute(sa.select(Stage.id, Stage.name).where(Stage.id.in_(ids))).all())
    return {}


def _in_order(
    group_by: str, grouped: dict[Any, list[Row]], labels: dict[Any, str]
) -> list[tuple[Any, list[Row]]]:
    """Months by time, owners by name with nobody's last, stages along the way."""
    if group_by == "month":
        return sorted(grouped.items())
    if group_by == "owner":
        return sorted(grouped.items(), key=lambda one: (one[0] is None, labels.get(one[0], ""), str(one[0])))
    way = {kind: n for n, kind in enumerate(OPPORTUNITY_KINDS)}
    return sorted(grouped.items(), key=lambda one: (way[one[1][0]["stage_kind"]], labels.get(one[0], "")))
