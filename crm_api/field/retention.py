"""What old plans keep of Google's coordinates: the neighbourhood.

A plan copies where its stops are. Google's coordinates may be kept for thirty days (Google Maps Platform, Service
Specific Terms), so that after them a stop is only right to a hundredth of a degree, about a kilometre. Pins and
check-ins are ours and stay as they are.
"""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.maps.models import AccountPlace
from crm_api.maps.places import KEPT
from crm_api.visits.models import VisitPlan, VisitPlanStop

BACK = timedelta(days=90)  # how far back a round looks, for a service that was not running
PLACES = 2  # digits


def coarsen(session: Session, *, limit: int = 500) -> int:
    """Round the stops of plans older than thirty days whose account Google placed; returns how many."""
    oldest = clock.today() - KEPT
    rows = session.execute(
        sa.select(VisitPlanStop)
        .join(VisitPlan, VisitPlan.id == VisitPlanStop.plan_id)
        .join(AccountPlace, AccountPlace.account_id == VisitPlanStop.account_id)
        .where(AccountPlace.source == "google", VisitPlan.day < oldest, VisitPlan.day >= oldest - BACK)
        .order_by(VisitPlan.day, VisitPlanStop.id)
    ).scalars()
    fine = [stop for stop in rows if (stop.latitude, stop.longitude) != _coarse(stop)][:limit]
    for stop in fine:
        stop.latitude, stop.longitude = _coarse(stop)
    return len(fine)


def _coarse(stop: VisitPlanStop) -> tuple[float, float]:
    return round(stop.latitude, PLACES), round(stop.longitude, PLACES)
