"""The organisation's profile and territories."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import sqlalchemy as sa
from babel import Locale, UnknownLocaleError
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid, Stale
from crm_api.core.money import recast, require_currency, to_major, to_minor
from crm_api.core.schemas import apply_patch
from crm_api.core.text import fold
from crm_api.organisation import rates
from crm_api.organisation.basics import Basics, basics, currency, zone
from crm_api.organisation.models import Organisation, Territory
from crm_api.organisation.schemas import OrganisationOut

__all__ = ["Basics", "basics", "currency", "zone"]
_MAY_BE_EMPTY = {
    "postal_address",
    "street",
    "city",
    "state",
    "zip",
    "country",
    "working_hours",
    "approval_threshold",
}


def profile(session: Session) -> Organisation:
    """The one organisation; made with its defaults at the first call that may write."""
    found = session.scalars(sa.select(Organisation)).first()
    if found is None:
        found = Organisation()
        session.add(found)
        session.flush()
    return found


def told(session: Session) -> dict[str, Any] | None:
    """The profile as `schemas.OrganisationOut` tells it; None where none was written yet."""
    found = session.scalars(sa.select(Organisation)).first()
    if found is None:
        return None
    shown = OrganisationOut.model_validate(found, from_attributes=True).model_dump()
    threshold = to_major(found.approval_threshold, found.currency)
    return shown | {"postal_address": found.printed_address, "approval_threshold": threshold}


def today(session: Session) -> date:
    """The calendar day it is for the organisation; numbers are dated by it."""
    return clock.today(zone(session))


def require_zone(name: str, *, field: str = "time_zone") -> str:
    """The name itself; raises Invalid where the IANA database has none such."""
    if name not in available_timezones():
        raise Invalid.field(field, f"'{name}' is not an IANA time zone, such as America/New_York")
    return name


def require_locale(tag: str, *, field: str = "locale") -> str:
    """The tag as CLDR writes it, such as en-US; raises Invalid for a language or country it does not know."""
    try:
        return str(Locale.parse(tag, sep="-")).replace("_", "-")
    except (UnknownLocaleError, ValueError) as error:
        raise Invalid.field(field, f"'{tag}' is not a locale, such as en-US or de-DE") from error


def change_profile(session: Session, *, values: dict[str, Any], if_match: int | None = None) -> Organisation:
    """Change the profile. The currency is fixed once amounts are kept in it, or rates against it (Conflict)."""
    organisation = profile(session)
    if if_match is not None and organisation.version != if_match:
        raise Stale(
            f"The profile is at version {organisation.version} by now.", current_version=organisation.version
        )
    for required in values.keys() - _MAY_BE_EMPTY:
        if values[required] is None:
            raise Invalid.field(required, "cannot be empty")
    if "time_zone" in values:
        require_zone(values["time_zone"])
    if "locale" in values:
        values["locale"] = require_locale(values["locale"])
    if (
        values.get("working_hours") is not None
    ):  # as JSON gives them back, so that the same hours are no change
        hours = values["working_hours"].items()
        values["working_hours"] = {day: [list(window) for window in windows] for day, windows in hours}
    if "currency" in values:
        values["currency"] = require_currency(values["currency"])
        if values["currency"] != organisation.currency:
            _change_currency(session, organisation.currency, values["currency"])
    _settle_threshold(organisation, values)
    apply_patch(organisation, values)
    session.flush()  # from here on this transaction computes with it
    return organisation


def _settle_threshold(organisation: Organisation, values: dict[str, Any]) -> None:
    """Minor units of the currency there is then; the number people see stays where just the currency changes."""
    before, field = organisation.currency, "approval_threshold"
    after = values.get("currency", before)
    if field in values:
        values[field] = to_minor(values[field], after, field=field)
    elif after != before:
        values[field] = recast(organisation.approval_threshold, before, after, field=field)


# Amounts are kept in higher rooms; their tables are asked by name, not by model.
_AMOUNTS = (
    ("leads", "value_base"),
    ("leads", "budget_base"),
    ("opportunities", "value_base"),
    ("accounts", "annual_revenue_base"),
    ("products", "list_price_base"),
    ("exchange_rates", "rate"),
    ("targets", "amount"),
    ("orders", "total_base"),
)


def amounts_kept(session: Session) -> str | None:
    """The first table in which something is counted in the organisation's currency already, if any is."""
    for table, column in _AMOUNTS:
        kept = sa.select(sa.literal(1)).select_from(sa.table(table)).where(sa.column(column).is_not(None))
        if session.scalar(kept.limit(1)):
            return table
    return None


def _change_currency(session: Session, before: str, after: str) -> None:
    """Refuse where something is counted in the old currency; amounts in the new one begin to count."""
    if kept := amounts_kept(session):
        what = kept.replace("_", " ")
        raise Conflict(f"There are {what} in {before}; the currency cannot change any more.")
    rates.request(session, after, due_on=today(session))


def territory_named(session: Session, name: str) -> Territory:
    """The live territory of that name, made where there is none."""
    found = _territory_called(session, name)
    if found is None:
        found = Territory(name=name.strip())
        session.add(found)
        session.flush()
    return found


def create_territory(session: Session, *, name: str, parent_id: UUID | None) -> Territory:
    """A new territory; raises Conflict where the name is taken, Invalid for a parent that is not there."""
    _require_free(session, name)
    _require_above(session, None, parent_id)
    territory = Territory(name=name, parent_id=parent_id)
    session.add(territory)
    return territory


def update_territory(session: Session, territory: Territory, *, values: dict[str, Any]) -> Territory:
    """Rename a territory, or put it below another; raises as `create_territory` does, and for loops."""
    if "name" in values:
        if values["name"] is None:
            raise Invalid.field("name", "cannot be empty")
        if fold(values["name"]) != territory.name_key:
            _require_free(session, values["name"])
    _require_above(session, territory.id, values.get("parent_id"))
    for name, value in values.items():
        setattr(territory, name, value)
    return territory


def require_territory(session: Session, territory_id: UUID, *, field: str = "territory_id") -> Territory:
    """The live territory a record is to belong to; raises Invalid naming the field otherwise."""
    found = session.get(Territory, territory_id)
    if found is None or found.archived_at is not None:
        raise Invalid.field(field, "there is no such territory")
    return found


def _territory_called(session: Session, name: str) -> Territory | None:
    return session.scalars(
        sa.select(Territory).where(Territory.name_key == fold(name), Territory.archived_at.is_(None))
    ).first()


def _require_free(session: Session, name: str) -> None:
    if _territory_called(session, name) is not None:
        raise Conflict(f"There is a territory called '{name}' already.")


def _require_above(session: Session, own_id: UUID | None, parent_id: UUID | None) -> None:
    seen = {own_id}
    while parent_id is not None:
        if parent_id in seen:
            raise Invalid.field("parent_id", "a territory cannot be below itself")
        seen.add(parent_id)
        parent_id = require_territory(session, parent_id, field="parent_id").parent_id
