"""What nearly every verb asks of the profile, read once a transaction."""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.organisation.models import Organisation


class Basics(NamedTuple):
    """The parts of the profile that the rest of the service is computed with."""

    time_zone: str = "UTC"
    currency: str = "USD"
    fiscal_year_start_month: int = 1
    locale: str = "en-GB"
    week_starts_on: int = 1
    distance_unit: str = "km"


_BASICS = sa.select(*(getattr(Organisation, name) for name in Basics._fields))
_KEY = "organisation"


def basics(session: Session) -> Basics:
    """The basics; the defaults where no profile has been written yet."""
    if _KEY not in session.info:
        row = session.execute(_BASICS).first()
        session.info[_KEY] = Basics(*row) if row else Basics()
    known: Basics = session.info[_KEY]
    return known


def forget(session: Session) -> None:
    """Read the basics anew when next asked: the profile has changed in this transaction."""
    session.info.pop(_KEY, None)


def zone(session: Session) -> str:
    """The organisation's time zone, an IANA name."""
    return basics(session).time_zone


def currency(session: Session) -> str:
    """The organisation's currency, ISO 4217."""
    return basics(session).currency
