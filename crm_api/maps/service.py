"""What map services have cost."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.core import clock
from crm_api.maps import meter
from crm_api.maps.meter import MICROS
from crm_api.maps.models import MapCall
from crm_api.maps.roads import DAY_MICROS
from crm_api.ports import Ports

WORKING_DAYS = 5


def spending(session: Session, actor: Actor, *, ports: Ports, limit_usd: float) -> dict[str, Any]:
    """This month's spending and the prices; for administrators and managers (NotAllowed)."""
    require_role(actor, "manager")
    month = meter.month_of(clock.now())
    rows = session.execute(
        sa.select(MapCall.service, sa.func.count(), sa.func.sum(MapCall.units), sa.func.sum(MapCall.micros))
        .where(MapCall.month == month, MapCall.outcome != "refused")
        .group_by(MapCall.service)
        .order_by(MapCall.service)
    )
    spent = meter.spent(session, month) / MICROS
    return {
        "month": month,
        "usd": spent,
        "limit_usd": limit_usd,
        "left_usd": max(0.0, limit_usd - spent),
        "services": [
            {"service": service, "calls": calls, "units": int(units), "usd": int(micros) / MICROS}
            for service, calls, units, micros in rows
        ],
        "prices": prices(ports),
    }


def prices(ports: Ports) -> dict[str, float | None]:
    """What asking costs, in US dollars: shown before anybody asks."""
    roads = ports.road_times
    return {
        "look_up": ports.geocoder.price(1) / MICROS,
        "drive": roads.price(12) / MICROS if roads else None,
        "week_of_visits": WORKING_DAYS * DAY_MICROS / MICROS if roads else None,
    }
