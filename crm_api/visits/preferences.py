"""How the organisation visits: hours, lengths, lunch and weights, with defaults that work as they are.

Kept in the organisation's settings under `visits`; what is not set there has the default here.
"""

from collections.abc import Mapping
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from crm_api.accounts.rhythms import USUAL_DAYS
from crm_api.accounts.schemas import AccountType
from crm_api.core.errors import FieldError, Invalid
from crm_api.core.schemas import Weekdays
from crm_api.visits.hours import DEALER_HOURS, WEEKDAYS, check_hours, check_wall

OFFICE_HOURS: Mapping[str, Any] = {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}
OTHERS = "default"


class VisitWeights(BaseModel):
    """The most points each reason can give a visit; a visit is worth one point more than their sum."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    overdue: int = Field(40, ge=0, le=89)
    pipeline: int = Field(25, ge=0, le=89)
    orders: int = Field(12, ge=0, le=89)
    tier: int = Field(12, ge=0, le=89)

    @model_validator(mode="after")
    def _within_scale(self) -> Self:
        if self.overdue + self.pipeline + self.orders + self.tier > 89:
            raise ValueError("the weights may add up to 89 at most")
        return self


class VisitDefault(BaseModel):
    """What holds for the accounts of a type, of a territory, or of both, that do not say it themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_type: AccountType | None = None
    territory_id: UUID | None = None
    opening_hours: dict[str, Any] | None = None
    visit_minutes: int | None = Field(None, ge=1, le=600)
    visit_every_days: int | None = Field(None, ge=1, le=3650)
    visit_days: Weekdays | None = None

    def holds(self, account_type: str, territory_id: UUID | None) -> bool:
        of_type = self.account_type is None or self.account_type == account_type
        return of_type and (self.territory_id is None or self.territory_id == territory_id)

    @property
    def narrowness(self) -> int:
        """Type and territory together say more than a territory, a territory more than a type."""
        return 2 * (self.territory_id is not None) + (self.account_type is not None)


class Preferences(BaseModel):
    """Defaults for a day of visits. Times are wall-clock times of the rep's zone.

    `opening_hours` has one entry an account type, and one called `default` for the others; `defaults` say more, the
    narrowest first. A dealer is not called on again before `not_before` percent of its interval are over.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    opening_hours: dict[str, Any] = {}
    visit_minutes: int = Field(30, ge=1, le=600)
    visit_every_days: int = Field(USUAL_DAYS, ge=1, le=3650)
    not_before: int = Field(50, ge=0, le=100)
    shift_start: str = "08:30"
    shift_end: str = "17:30"
    lunch_minutes: int = Field(45, ge=0, le=240)
    lunch_from: str = "12:00"
    lunch_to: str = "14:00"
    max_driving_minutes: int | None = Field(None, ge=1, le=1440)
    weights: VisitWeights = VisitWeights()
    defaults: tuple[VisitDefault, ...] = Field((), max_length=200)

    @field_validator("shift_start", "shift_end", "lunch_from", "lunch_to")
    @classmethod
    def _time_of_day(cls, value: str) -> str:
        return check_wall(value)

    def default(self, account_type: str, territory_id: UUID | None, name: str) -> Any:
        """What the narrowest default that has an opinion says of `name`, or None."""
        found = [
            d for d in self.defaults if getattr(d, name) is not None and d.holds(account_type, territory_id)
        ]
        return getattr(max(found, key=lambda d: d.narrowness), name) if found else None

    def usual(self, account_type: str, territory_id: UUID | None, name: str) -> Any:
        """What holds of `name` for an account that does not say it itself: a default, else the house's."""
        said = self.default(account_type, territory_id, name)
        return said if said is not None else getattr(self, name, None)

    def hours_of(
        self, account_type: str, own: Mapping[str, Any] | None, territory_id: UUID | None = None
    ) -> Mapping[str, Any]:
        """The opening hours of an account: its own, those of its territory or type, or the default."""
        if own is not None:
            return own
        said: Mapping[str, Any] | None = self.default(account_type, territory_id, "opening_hours")
        if said is not None:
            return said
        builtin = DEALER_HOURS if account_type == "dealer" else OFFICE_HOURS
        hours: Mapping[str, Any] = self.opening_hours.get(account_type) or (
            builtin if account_type == "dealer" else self.opening_hours.get(OTHERS, builtin)
        )
        return hours


def preferences(settings: Mapping[str, Any]) -> Preferences:
    """Read them from the organisation's settings; raises Invalid naming the setting at fault."""
    try:
        found = Preferences.model_validate(settings.get("visits") or {})
    except ValidationError as error:
        faults = [
            FieldError(".".join(["settings", "visits", *map(str, fault["loc"])]), fault["msg"])
            for fault in error.errors()
        ]
        raise Invalid("The organisation's settings for visits are not valid.", errors=faults) from None
    checked = {
        kind: check_hours(hours, field=f"settings.visits.opening_hours.{kind}")
        for kind, hours in found.opening_hours.items()
    }
    defaults = tuple(
        one
        if one.opening_hours is None
        else one.model_copy(
            update={"opening_hours": check_hours(one.opening_hours, field=f"settings.visits.defaults.{n}")}
        )
        for n, one in enumerate(found.defaults)
    )
    return found.model_copy(update={"opening_hours": checked, "defaults": defaults})
