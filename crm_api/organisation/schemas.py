"""What goes in and out of the organisation."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Amount, Body, Currency, Day, Line, Name, OpeningHours, Text, example

Locale = Annotated[
    str,
    Field(
        min_length=2,
        max_length=40,
        examples=["en-US"],
        description="Decides how numbers and dates are written on pages: en-GB 3 Mar 2026, en-US Mar 3, 2026.",
    ),
]
WeekStart = Annotated[int, Field(ge=1, le=7, description="The first day of the week: 1 Monday to 7 Sunday.")]
DistanceUnit = Literal["km", "mi"]
# 15 digits, which every JSON reader keeps exactly.
Rate = Annotated[
    Decimal,
    Field(
        gt=0,
        le=Decimal(10) ** 9,
        max_digits=15,
        decimal_places=12,
        allow_inf_nan=False,
        examples=[1.0842],
        description="What one unit of `currency` is worth in the organisation's currency.",
    ),
]


class OrganisationPatch(Body):
    model_config = example(
        {"name": "Rounds Motors", "city": "Columbus", "currency": "USD", "locale": "en-US"}
    )

    name: Name | None = None
    postal_address: Text | None = Field(
        None, description="As it stands on mails. Null: it is made of street, city, state, zip and country."
    )
    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    zip: Line | None = None
    country: Line | None = None
    time_zone: Line | None = None
    currency: Currency | None = None
    fiscal_year_start_month: int | None = Field(None, ge=1, le=12)
    working_hours: OpeningHours | None = Field(
        None, description="The working week; days that are not in it are days off. Null: nothing is said."
    )
    locale: Locale | None = None
    week_starts_on: WeekStart | None = None
    distance_unit: DistanceUnit | None = None
    approval_threshold: Amount | None = Field(
        None, description="Deals worth more are won with an approval only; null: none is."
    )


class OrganisationOut(BaseModel):
    name: str
    postal_address: str | None
    street: str | None
    city: str | None
    state: str | None
    zip: str | None
    country: str | None
    time_zone: str
    currency: str
    fiscal_year_start_month: int
    working_hours: OpeningHours | None
    locale: str
    week_starts_on: int
    distance_unit: DistanceUnit
    approval_threshold: float | None
    settings: dict[str, Any]
    updated_at: datetime
    version: int


class TerritoryIn(Body):
    model_config = example({"name": "Ohio"})

    name: Name
    parent_id: UUID | None = None


class TerritoryPatch(Body):
    name: Name | None = None
    parent_id: UUID | None = None


class TerritoryOut(BaseModel):
    id: UUID
    name: str
    parent_id: UUID | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class HolidayIn(BaseModel):
    """A day off: the whole day, by its date."""

    day: Day
    name: Name


class HolidayCalendarIn(Body):
    """A list of days off. It holds in its territories, everywhere where it names none."""

    model_config = example(
        {"name": "Ohio", "country": "US", "holidays": [{"day": "2026-12-25", "name": "Christmas Day"}]}
    )

    name: Name
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    territory_ids: list[UUID] = Field([], max_length=200)
    holidays: list[HolidayIn] = Field([], max_length=3_000)


class HolidayCalendarPatch(Body):
    name: Name | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    territory_ids: list[UUID] | None = Field(None, max_length=200)
    holidays: list[HolidayIn] | None = Field(None, max_length=3_000, description="Replaces those there are.")


class HolidayOut(BaseModel):
    day: date
    name: str


class HolidayCalendarOut(BaseModel):
    """A calendar. Its `holidays` are listed where it is read alone, by date."""

    id: UUID
    name: str
    country: str | None
    territory_ids: list[UUID]
    holiday_count: int
    holidays: list[HolidayOut] = []
    origin: str
    created_at: datetime
    updated_at: datetime
    version: int


class DayOut(BaseModel):
    """One calendar day: worked or not, and why not."""

    day: date
    is_worked: bool
    why: str | None


class Days(BaseModel):
    items: list[DayOut]
    working_days: int


class RateIn(Body):
    model_config = example({"rate": 1.0842, "source": "ECB"})

    rate: Rate
    source: Line | None = None


class DatedRateIn(RateIn):
    model_config = example({"currency": "EUR", "valid_from": "2026-11-01", "rate": 1.0842, "source": "ECB"})

    currency: Currency
    valid_from: Day


class RatesIn(Body):
    """Many rates, all or none of them."""

    rates: list[DatedRateIn] = Field(min_length=1, max_length=1_000)


class RateOut(BaseModel):
    """From `valid_from` on, one unit of `currency` is `rate` units of the organisation's currency."""

    id: UUID
    currency: str
    valid_from: date
    rate: float
    source: str | None
    origin: str
    created_at: datetime
    updated_at: datetime
    version: int


class RatesWritten(BaseModel):
    created: int
    updated: int
    unchanged: int


class Converted(BaseModel):
    """An amount in the organisation's currency; null where no rate is known for that day."""

    amount: float
    currency: str
    day: date
    rate: float | None
    converted: float | None
    organisation_currency: str
