"""Some four hundred towns with their coordinates, so that addresses and demo data need no network.

`places.csv` is our own table: towns of the United States (Ohio and its neighbours closely, so that a
field rep's day is believable), Canada, the United Kingdom, Germany and India. Coordinates are the town
centre on WGS 84, right to about a kilometre; populations are rounded. `regions.csv` spells out the
state and province codes.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Place:
    """One town. `region` is the state or province code, `country` ISO 3166-1 alpha-2; degrees on WGS 84."""

    name: str
    region: str
    region_name: str
    country: str
    latitude: float
    longitude: float
    population: int
    also: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How the place is written for people: `Columbus, Ohio, US`."""
        return f"{self.name}, {self.region_name}, {self.country}"


@dataclass(frozen=True, slots=True)
class Region:
    """A state or province: `OH`, `Ohio`, in `US`."""

    code: str
    name: str
    country: str


@cache
def regions() -> tuple[Region, ...]:
    """Every state and province of the five countries, also those without a town in the table."""
    return tuple(Region(row["region"], row["name"], row["country"]) for row in _rows("regions.csv"))


@cache
def places() -> tuple[Place, ...]:
    """The whole table, Ohio first, in the order of the file."""
    names = {(region.country, region.code): region.name for region in regions()}
    return tuple(
        Place(
            name=row["name"],
            region=row["region"],
            region_name=names[row["country"], row["region"]],
            country=row["country"],
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            population=int(row["population"]),
            also=tuple(row["also"].split("|")) if row["also"] else (),
        )
        for row in _rows("places.csv")
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("integrations.offline").joinpath(name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())
