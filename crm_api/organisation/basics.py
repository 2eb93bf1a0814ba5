"""What nearly every verb asks of the profile: kept by the process (`core/keeping.py`)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, object_session

from crm_api.core import keeping
from crm_api.organisation.models import Organisation


class Basics(NamedTuple):
    """The parts of the profile that the rest of the service is computed with."""

    time_zone: str = "UTC"
    currency: str = "USD"
    fiscal_year_start_month: int = 1
    locale: str = "en-GB"
    week_starts_on: int = 1
    distance_unit: str = "km"
    settings: Mapping[str, Any] = MappingProxyType({})


_BASICS = sa.select(*(getattr(Organisation, name) for name in Basics._fields))
_KEY = "organisation"


def basics(session: Session) -> Basics:
    """The basics, the same throughout a transaction; the defaults where no profile has been written yet."""
    return keeping.kept(session, _KEY, _load)


def _load(session: Session, _: Basics | None) -> Basics:
    row = session.execute(_BASICS).first()
    return Basics(*row) if row else Basics()


@event.listens_for(Organisation, "after_insert")
@event.listens_for(Organisation, "after_update")
def _changed(_: Any, __: Any, profile: Organisation) -> None:
    if (session := object_session(profile)) is not None:
        keeping.changing(session, _KEY)


def zone(session: Session) -> str:
    """The organisation's time zone, an IANA name."""
    return basics(session).time_zone


def currency(session: Session) -> str:
    """The organisation's currency, ISO 4217."""
    return basics(session).currency
