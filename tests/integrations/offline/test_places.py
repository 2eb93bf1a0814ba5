import csv
import math
import os
from pathlib import Path

import pytest

from integrations.offline.places import Place, places, regions

# South, west, north, east, in degrees, generous by a few kilometres.
BOXES = {
    "US-OH": (38.3, -84.9, 42.4, -80.5),
    "US-IN": (37.7, -88.2, 41.8, -84.7),
    "US-MI": (41.6, -90.5, 48.3, -82.3),
    "US-PA": (39.7, -80.6, 42.6, -74.6),
    "US-KY": (36.4, -89.7, 39.2, -81.9),
    "US-WV": (37.1, -82.7, 40.7, -77.7),
    "US": (18.8, -172.0, 71.5, -66.9),
    "CA": (41.7, -141.1, 83.2, -52.5),
    "GB": (49.8, -8.2, 60.9, 1.9),
    "DE": (47.2, 5.8, 55.1, 15.1),
    "IN": (6.7, 68.1, 35.6, 97.4),
}

# Distances in kilometres as the crow flies, known well enough to a few percent.
KNOWN_DISTANCES = [
    ("Columbus", "OH", "Cleveland", "OH", 202),
    ("Columbus", "OH", "Cincinnati", "OH", 161),
    ("Columbus", "OH", "Newark", "OH", 52),
    ("Columbus", "OH", "Lancaster", "OH", 44),
    ("Pittsburgh", "PA", "Philadelphia", "PA", 409),
    ("New York", "NY", "Los Angeles", "CA", 3936),
    ("Toronto", "ON", "Montréal", "QC", 504),
    ("London", "ENG", "Edinburgh", "SCT", 534),
    ("Berlin", "BE", "München", "BY", 504),
    ("Hamburg", "HH", "Köln", "NW", 357),
    ("Mumbai", "MH", "Delhi", "DL", 1150),
    ("Bengaluru", "KA", "Chennai", "TN", 290),
]


def kilometres(one: Place, other: Place) -> float:
    a, b, c, d = map(math.radians, (one.latitude, one.longitude, other.latitude, other.longitude))
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(h))


def town(name: str, region: str) -> Place:
    return next(place for place in places() if (place.name, place.region) == (name, region))


def test_there_are_some_four_hundred_towns_and_ohio_is_covered_closely() -> None:
    assert len(places()) >= 400
    assert sum(place.region == "OH" for place in places()) >= 100
    assert {place.country for place in places()} == {"US", "CA", "GB", "DE", "IN"}


def test_no_town_stands_twice() -> None:
    assert len({(p.country, p.region, p.name) for p in places()}) == len(places())


def test_every_town_lies_in_its_own_country_and_state() -> None:
    for place in places():
        boxes = [BOXES[place.country]]
        if f"{place.country}-{place.region}" in BOXES:
            boxes.append(BOXES[f"{place.country}-{place.region}"])
        for south, west, north, east in boxes:
            assert south < place.latitude < north, place
            assert west < place.longitude < east, place


@pytest.mark.parametrize(("a", "a_region", "b", "b_region", "expected"), KNOWN_DISTANCES)
def test_distances_between_well_known_towns_are_right(
    a: str, a_region: str, b: str, b_region: str, expected: float
) -> None:
    assert kilometres(town(a, a_region), town(b, b_region)) == pytest.approx(expected, rel=0.02)


def test_no_two_towns_share_a_spot() -> None:
    spots = {(place.latitude, place.longitude) for place in places()}
    assert len(spots) == len(places())


def test_every_state_of_the_united_states_has_a_name() -> None:
    assert sum(region.country == "US" for region in regions()) == 51


def test_towns_agree_with_the_places_of_real_dealers() -> None:
    """A dealer stands in or just outside its town: 20 km covers the ring roads of the largest."""
    path = Path(os.environ.get("CRM_TEST_DATA", "../shared")) / "data/dealers/ford_dealers_us.csv"
    if not path.exists():
        pytest.skip(f"no real dealers at {path}")
    dealers: dict[tuple[str, str], list[Place]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            dealer = Place(
                row["name"], row["state"], "", "US", float(row["latitude"]), float(row["longitude"]), 0
            )
            dealers.setdefault((row["city"].casefold(), row["state"]), []).append(dealer)
    compared = 0
    for place in places():
        near = dealers.get((place.name.casefold(), place.region), []) if place.country == "US" else []
        if near:
            compared += 1
            assert min(kilometres(place, dealer) for dealer in near) < 20, place
    assert compared > 150
