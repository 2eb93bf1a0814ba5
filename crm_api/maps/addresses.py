"""What to look up for an account, and what to make of the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crm_api.ports import GeocodedPlace

PARTS = ("street", "city", "state", "zip", "country")
FIELDS = frozenset(f"{kind}_{part}" for kind in ("visit", "billing") for part in PARTS)
APART = 1_000  # metres from which two equally good answers are two places


@dataclass(frozen=True, slots=True)
class Address:
    """One line for a geocoder; `country` is a code where it was written as one."""

    text: str
    country: str | None


def address_of(account: Any) -> Address | None:
    """The visit address, or the billing address where that is empty; None where neither says more than a country."""
    for kind in ("visit", "billing"):
        street, city, state, zip_, country = (getattr(account, f"{kind}_{part}") for part in PARTS)
        if street or city or zip_:
            code = country.strip().upper() if country and len(country.strip()) == 2 else None
            town = " ".join(part for part in (state, zip_) if part)
            parts = (street, city, town, None if code else country)
            return Address(", ".join(part for part in parts if part), code)
    return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the first answer may be taken as it is (`placed`), or why a person is to look."""

    status: str
    note: str | None = None


def judge(found: Sequence[GeocodedPlace]) -> Verdict:
    """What to do with a geocoder's answer, best first.

    A doubtful pin is worse than none: it sends somebody to the wrong town. A table of towns cannot know streets,
    so that it ignored one is no doubt there; the precision says it.
    """
    if not found:
        return Verdict("nothing", "No place of this address was found.")
    best = found[0]
    others = [place for place in found[1:] if place.precision == best.precision]
    if any(best.coordinates.metres_to(place.coordinates) > APART for place in others):
        return Verdict("review", "Several places have this address.")
    if best.precision == "region":
        return Verdict("review", "Only the region was found.")
    if best.is_partial and best.precision != "town":
        return Verdict("review", "Not all of the address was understood.")
    return Verdict("placed")
