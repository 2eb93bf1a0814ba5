"""The organisation's profile and territories."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.money import require_currency
from crm_api.core.text import fold
from crm_api.organisation.models import Organisation, Territory


def profile(session: Session) -> Organisation:
    """The one organisation; made with its defaults at the first call that may write."""
    found = session.scalars(sa.select(Organisation)).first()
    if found is None:
        found = Organisation()
        session.add(found)
        session.flush()
    return found


def zone(session: Session) -> str:
    """The organisation's time zone, an IANA name."""
    return session.scalar(sa.select(Organisation.time_zone)) or "UTC"


def currency(session: Session) -> str:
    """The organisation's currency, ISO 4217."""
    return session.scalar(sa.select(Organisation.currency)) or "USD"


def today(session: Session) -> date:
    """The calendar day it is for the organisation; numbers are dated by it."""
    return clock.today(zone(session))


def require_zone(name: str, *, field: str = "time_zone") -> str:
    """The name itself; raises Invalid where the IANA database has none such."""
    if name not in available_timezones():
        raise Invalid.field(field, f"'{name}' is not an IANA time zone, such as America/New_York")
    return name


def change_profile(session: Session, *, values: dict[str, Any]) -> Organisation:
    """Change the profile. The currency is fixed once amounts are kept in it."""
    organisation = profile(session)
    if values.get("time_zone"):
        require_zone(values["time_zone"])
    if values.get("currency"):
        values["currency"] = require_currency(values["currency"])
    for name, value in values.items():
        setattr(organisation, name, value)
    return organisation


def territory_named(session: Session, name: str) -> Territory:
    """The live territory of that name, made where there is none."""
    found = session.scalars(
        sa.select(Territory).where(Territory.name_key == fold(name), Territory.archived_at.is_(None))
    ).first()
    if found is None:
        found = Territory(name=name.strip())
        session.add(found)
        session.flush()
    return found


def create_territory(session: Session, *, name: str, parent_id: UUID | None) -> Territory:
    """A new territory; raises Conflict where the name is taken."""
    if session.scalar(
        sa.select(Territory.id).where(Territory.name_key == fold(name), Territory.archived_at.is_(None))
    ):
        raise Conflict(f"There is a territory called '{name}' already.")
    territory = Territory(name=name, parent_id=parent_id)
    session.add(territory)
    return territory
