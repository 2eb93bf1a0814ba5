"""What lies near a town: the accounts within so many kilometres of those in it.

A town is known by the customers one has there, so no map is asked. Towns of one name are each a town: near Columbus is
near any of them, not halfway between.
"""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm_api.access import Actor, visible
from crm_api.accounts.models import Account
from crm_api.ports import METRES_A_DEGREE

NEAR_KM = 50.0
MOST_KM = 1_000.0
KM_A_MILE = 1.609344
_REACH = re.compile(
    r"\s*(?P<far>\d{1,4}(?:\.\d{1,3})?)\s*(?P<unit>km|mi|miles?) of (?P<town>.+)", re.IGNORECASE
)


def near(model: type[Account]) -> Callable[[list[str] | None, Actor], sa.ColumnElement[bool]]:
    """A TAGS field's `column`: the accounts near any of the towns or, for None, those with a place on the map.

    A town is `Columbus` (within 50 km) or `20 km of Columbus`, `15 miles of Columbus`; of the accounts in it only those
    count that the actor may see.
    """

    def any_of(towns: list[str] | None, actor: Actor) -> sa.ColumnElement[bool]:
        if towns is None:
            return model.latitude.is_not(None)
        return sa.or_(sa.false(), *(_around(model, town, actor) for town in towns))

    return any_of


def told(town: str) -> str:
    """The condition in words: "near Columbus", "within 20 km of Columbus"."""
    return f"within {town}" if _REACH.fullmatch(town) else f"near {town}"


def _around(model: type[Account], text: str, actor: Actor) -> sa.ColumnElement[bool]:
    said = _REACH.fullmatch(text)
    town = (said["town"] if said else text).strip()
    km = float(said["far"]) * (1 if said["unit"].lower() == "km" else KM_A_MILE) if said else NEAR_KM
    far = min(km, MOST_KM) * 1000 / METRES_A_DEGREE
    there, here = aliased(Account), aliased(Account)
    billed, visited, shipped = (
        sa.func.lower(column) == sa.func.lower(town)
        for column in (there.billing_city, there.visit_city, there.shipping_city)
    )
    # Goods may go elsewhere than where somebody is: that town counts only where no other is known.
    unknown = sa.and_(there.billing_city.is_(None), there.visit_city.is_(None))
    named = [billed, visited, sa.and_(unknown, shipped)]
    seen = sa.select(Account.id).where(visible("account", actor), Account.archived_at.is_(None))
    north, east = here.latitude - there.latitude, here.longitude - there.longitude
    # On a distance so short the earth is flat; a degree of longitude shrinks with the cosine of the latitude.
    flat = north * north + east * east * _squared_cosine(there.latitude)
    around = (
        sa.select(here.id)
        .join(there, here.latitude.between(there.latitude - far, there.latitude + far))
        .where(sa.or_(*named), there.id.in_(seen), flat <= far * far)
    )
    return model.id.in_(around.correlate(None))


def _squared_cosine(degrees: Any) -> Any:
    """cos²(x) = (1 + cos 2x) / 2 by its series, since not every SQLite has a cosine; off by 0.0001 at 70 degrees."""
    x = degrees * degrees * (2 * 3.141592653589793 / 180) ** 2  # (2x)² in radians
    terms = 1 - x / 2 * (1 - x / 12 * (1 - x / 30 * (1 - x / 56 * (1 - x / 90))))
    return (1 + terms) / 2
