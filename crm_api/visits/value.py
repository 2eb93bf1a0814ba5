"""What a visit is worth today, and why: how overdue it is, what is at stake, how important the account is."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

from crm_api.core.money import to_major
from crm_api.visits.preferences import VisitWeights

TIER_SHARE = {"platinum": 1.0, "gold": 0.7, "silver": 0.4, "bronze": 0.2}
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand with an account. `open_value` is in minor units of the organisation's currency; `order_late`
    the days its next order is late by its own rhythm of `order_rhythm` days (negative: not due yet)."""

    tier: str | None
    visit_every_days: int
    last_visit: date | None
    open_deals: int
    open_value: int
    order_late: int | None = None
    order_rhythm: float | None = None


@dataclass(frozen=True, slots=True)
class Worth:
    """Points from 1 to 90, and the reasons that made them, most telling first."""

    points: int
    reasons: tuple[dict[str, Any], ...]


def worth(standing: Standing, *, today: date, weights: VisitWeights, currency: str) -> Worth:
    """One point for being there, and up to the weight for each reason.

    - Overdue: nothing until half the interval is over, everything at twice the interval or never visited.
    - Pipeline: logarithmic in the open value, 1,000 in the major unit a tenth, a million everything.
    - Orders: nothing while they come as usual, everything once one is late by half the usual interval.
    - Tier: platinum everything, gold 0.7, silver 0.4, bronze 0.2.
    """
    made = [
        _overdue(standing, today, weights.overdue),
        _pipeline(standing, currency, weights.pipeline),
        _orders(standing, weights.orders),
        _tier(standing, weights.tier),
    ]
    counted = sorted((item for item in made if item), key=lambda item: -item[0])
    points = 1 + round(sum(share for share, _ in counted))
    return Worth(points, tuple(reason for _, reason in counted))


def _overdue(standing: Standing, today: date, weight: int) -> tuple[float, dict[str, Any]] | None:
    if standing.last_visit is None:
        return weight, {"code": "never_visited", "text": "never visited"}
    days = (today - standing.last_visit).days
    late = days - standing.visit_every_days
    share = min(1.0, max(0.0, (days / standing.visit_every_days - 0.5) / 1.5))
    if share == 0:
        return None
    if late <= 0:
        text = f"due in {_days(-late)}" if late else "due today"
        return weight * share, {"code": "due_soon", "text": text, "days": -late}
    return weight * share, {"code": "overdue", "text": f"overdue {_days(late)}", "days": late}


def _pipeline(standing: Standing, currency: str, weight: int) -> tuple[float, dict[str, Any]] | None:
    if not standing.open_deals:
        return None
    value = to_major(standing.open_value, currency) or 0.0
    share = min(1.0, math.log10(1 + value / 1000) / math.log10(1 + MILLION / 1000))
    deals = "1 open deal" if standing.open_deals == 1 else f"{standing.open_deals} open deals"
    text = f"{deals}, {currency} {value:,.0f}" if value else deals
    return weight * share, {"code": "pipeline", "text": text, "deals": standing.open_deals, "value": value}


def _orders(standing: Standing, weight: int) -> tuple[float, dict[str, Any]] | None:
    late, rhythm = standing.order_late, standing.order_rhythm
    if late is None or late <= 0 or not rhythm:
        return None
    text = f"order {_days(late)} late (usually every {round(rhythm)})"
    return weight * min(1.0, late / (rhythm / 2)), {"code": "orders", "text": text, "days": late}


def _tier(standing: Standing, weight: int) -> tuple[float, dict[str, Any]] | None:
    if standing.tier not in TIER_SHARE:
        return None
    return weight * TIER_SHARE[standing.tier], {"code": "tier", "text": f"{standing.tier} account"}


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
