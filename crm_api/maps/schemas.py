"""What goes in and out of maps."""

from typing import Literal

from pydantic import BaseModel, Field

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
