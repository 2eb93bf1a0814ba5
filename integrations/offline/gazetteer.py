"""The geocoder that needs no network: it knows towns, not streets.

It answers only what it understood to the end. `London, France` and `Columbus, Georgia` are not in the
table, and a pin in the wrong Columbus would send somebody there; so a last part it cannot read, or a
state without such a town, gives no answer rather than a likely one.
"""

import re
import unicodedata
from collections import defaultdict

from crm_api.ports import Coordinates, GeocodedPlace
from integrations.offline.places import Place, places, regions

# Two-letter codes are left out on purpose: IN, CA and DE are Indiana, California and Delaware first.
_COUNTRIES = {
    "usa": "US", "us": "US", "united states": "US", "united states of america": "US",
    "canada": "CA",
    "uk": "GB", "gb": "GB", "united kingdom": "GB", "great britain": "GB",
    "germany": "DE", "deutschland": "DE",
    "india": "IN", "bharat": "IN",
}  # fmt: skip

_POSTCODE = re.compile(
    r"\b(?:\d{5}-\d{4}|\d{5,6}|[a-z]\d[a-z] ?\d[a-z]\d|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2})\b", re.ASCII
)


def fold(text: str) -> str:
    """Lower case without accents, dots or double spaces: what two spellings of a name share."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in plain if not unicodedata.combining(c) and c != ".")
    return " ".join(kept.split())


class Gazetteer:
    """Port `Geocoder` over the table of towns. `precision` is always `town`."""

    name = "gazetteer"

    def price(self, look_ups: int) -> int:
        """Nothing: the table is here."""
        return 0

    def __init__(self) -> None:
        self._towns: dict[str, list[Place]] = defaultdict(list)
        for place in sorted(places(), key=lambda place: -place.population):
            for name in (place.name, *place.also):
                self._towns[fold(name)].append(place)
        self._regions: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for region in regions():
            for word in (region.code, region.name):
                self._regions[fold(word)].add((region.country, region.code))

    async def geocode(self, address: str, *, country: str | None = None) -> list[GeocodedPlace]:
        """Towns meant by `address`, the largest first; empty where nothing matches.

        Reads `Town`, `Town, State`, `Street, Town, State ZIP, Country`, `ZIP Town`. The street and
        the postal code are ignored, and `is_partial` says so (it is also set where several towns
        share the name).
        """
        parts = [part for part in (fold(_POSTCODE.sub(" ", fold(p))) for p in address.split(",")) if part]
        found, ignored = self._match(parts, country.upper() if country else None)
        return [_answer(place, is_partial=ignored or len(found) > 1) for place in found]

    def _match(self, parts: list[str], country: str | None) -> tuple[list[Place], bool]:
        """The towns, and whether a part of the address (a street) had to be ignored."""
        if len(parts) > 1 and parts[-1] in _COUNTRIES:
            named = _COUNTRIES[parts.pop()]
            if country not in (None, named):
                return [], False
            country = named
        if not parts:
            return [], False
        for town, region, ignored in self._readings(parts):
            found = [
                place
                for place in self._towns.get(town, ())
                if country in (None, place.country)
                and (region is None or (place.country, place.region) in region)
            ]
            if found:
                return found, ignored
        return [], False

    def _readings(self, parts: list[str]) -> list[tuple[str, set[tuple[str, str]] | None, bool]]:
        """Ways to read the parts as (town, regions or None, something was ignored), the surest first."""
        last = parts[-1]
        readings: list[tuple[str, set[tuple[str, str]] | None, bool]] = []
        if last in self._regions:
            readings += [
                (town, self._regions[last], len(parts) > 2)
                for town in reversed(parts[:-1])
                if town in self._towns
            ][:1]
        words = last.split()
        for cut in range(1, len(words)):
            region = " ".join(words[cut:])
            if region in self._regions:
                readings.append((" ".join(words[:cut]), self._regions[region], len(parts) > 1))
        # `Main Street, Ohio` names no town; but `Königsallee 1, Hamburg` does, though Hamburg is a state too.
        if len(parts) == 1 or last in self._towns:
            readings.append((last, None, len(parts) > 1))
        return readings


def _answer(place: Place, *, is_partial: bool) -> GeocodedPlace:
    return GeocodedPlace(
        coordinates=Coordinates(place.latitude, place.longitude),
        label=place.label,
        precision="town",
        source="gazetteer",
        place_id=f"{place.country}-{place.region}-{fold(place.name).replace(' ', '-')}",
        is_partial=is_partial,
    )
