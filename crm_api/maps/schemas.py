"""What goes in and out of maps."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.conditions.tree import All, Tree
from crm_api.core.schemas import Body, Instant, Latitude, Line, Longitude, example

COUNTRY = r"^[A-Za-z]{2}$"
Precision = Literal["exact", "street", "town", "region"]


class Point(Body):
    """A point on the map, in degrees."""

    latitude: Latitude
    longitude: Longitude


class GeocodeIn(Body):
    """An address to be looked up."""

    model_config = example({"address": "1100 W Broad St, Columbus, OH 43222", "country": "US"})

    address: Line = Field(min_length=1)
    country: str | None = Field(None, pattern=COUNTRY, description="ISO 3166-1 alpha-2.")


class PlaceOut(BaseModel):
    """Where an address is, as far as is known. `is_partial` says that not all of it was understood."""

    latitude: float
    longitude: float
    label: str
    precision: Precision
    source: str
    place_id: str | None
    is_partial: bool


class Places(BaseModel):
    """What was found, best first, and what asking cost at list price, in US dollars."""

    items: list[PlaceOut]
    usd: float


class DistanceIn(Body):
    """How far it is from each origin to each destination; `exact` asks roads that are paid for, where they are on.

    `exact` takes one drive: from the first origin through all destinations in their order.
    """

    model_config = example(
        {
            "origins": [{"latitude": 39.9612, "longitude": -82.9988}],
            "destinations": [
                {"latitude": 40.0992, "longitude": -83.1141},
                {"latitude": 39.8814, "longitude": -83.093},
            ],
        }
    )

    origins: list[Point] = Field(min_length=1, max_length=50)
    destinations: list[Point] = Field(min_length=1, max_length=50)
    departure: Instant | None = None
    exact: bool = False


class DistanceOut(BaseModel):
    """Seconds and metres by origin and destination; null where no road leads.

    Of an exact drive there is one row: its legs, in their order.
    """

    seconds: list[list[int | None]]
    metres: list[list[int | None]]
    source: str
    is_estimate: bool
    note: str
    usd: float


class ServiceSpend(BaseModel):
    """What one service was asked this month."""

    service: str
    calls: int
    units: int
    usd: float


class Prices(BaseModel):
    """List prices in US dollars; 0 is free, null not switched on."""

    look_up: float
    drive: float | None = Field(description="One drive through up to twelve places.")
    week_of_visits: float | None = Field(description="The most that a planned week of five days may cost.")


class SpendOut(BaseModel):
    """What paid maps have cost this month (UTC), at list price and in US dollars, and where it ends."""

    month: str
    usd: float
    limit_usd: float
    left_usd: float
    services: list[ServiceSpend]
    prices: Prices


Status = Literal["placed", "review", "nothing", "failed", "moved", "expired"]


class AccountPlaceOut(BaseModel):
    """Where an account is and how we know. `is_ours`: set by a person or at the door, which no geocoder moves.

    `candidates` are what a doubtful address may mean; `expires_at` is when Google's coordinates are let go of.
    """

    account_id: UUID
    account_name: str
    address: str | None
    latitude: float | None
    longitude: float | None
    source: str | None
    is_ours: bool
    status: Status
    precision: Precision | None
    place_id: str | None
    label: str | None
    geocoded_at: datetime | None
    expires_at: datetime | None
    candidates: list[PlaceOut]
    note: str | None


class AccountPlaces(BaseModel):
    """Accounts whose place needs a person, by name."""

    items: list[AccountPlaceOut]
    total: int


class PinIn(Point):
    """Where the account is, as somebody who knows says."""

    model_config = example({"latitude": 39.9577, "longitude": -83.0238})


class ChoiceIn(Body):
    """The number of a candidate, counted from 0."""

    model_config = example({"candidate": 0})

    candidate: int = Field(ge=0, le=20)


class GeocodingAsked(Body):
    """Which accounts: those without coordinates for which `where` holds. `again` takes those found before, and those
    nothing was found of, as well."""

    model_config = example({"where": {"field": "account_type", "op": "eq", "value": "dealer"}})

    where: Tree = Field(default_factory=lambda: All(all=[]))
    again: bool = False


class GeocodingIn(GeocodingAsked):
    """The same, and what it may cost at most."""

    model_config = example(
        {"where": {"field": "account_type", "op": "eq", "value": "dealer"}, "most_usd": 12.5}
    )

    most_usd: float = Field(0.0, ge=0, le=10_000, allow_inf_nan=False, description="As the preview says.")


class ExampleOut(BaseModel):
    """One address as it would be looked up."""

    account_id: UUID
    address: str


class GeocodingPreview(BaseModel):
    """What a run would look up, and what that costs at list price in US dollars. `fits` the rest of the month."""

    geocoder: str
    look_ups: int
    without_address: int
    usd: float
    left_usd: float
    fits: bool
    examples: list[ExampleOut]


class GeocodingRunOut(BaseModel):
    """How far a run is; `outcomes` counts what came of the addresses. A stopped one says why in `message`."""

    id: UUID
    state: Literal["waiting", "done", "stopped", "cancelled"]
    total: int
    done: int
    left: int
    outcomes: dict[str, int]
    most_usd: float
    message: str | None
    created_at: datetime
    finished_at: datetime | None
