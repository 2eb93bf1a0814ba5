"""Coordinates from a Nominatim-compatible server (OpenStreetMap), over plain HTTP.

Facts from its manual (nominatim.org/release-docs, "Search queries" and "Usage policy"): `place_rank` says how fine a
result is (30 a house or a place with an address, 26 to 27 a street, 16 a city); the public server takes one request a
second, wants to know who asks, and forbids bulk work; results may be kept, with the attribution the answers carry.
"""

from typing import Any

import httpx

from crm_api.ports import Coordinates, Diagnosis, GeocodedPlace, PortFailure, TemporaryFailure
from integrations import http
from integrations.pacing import Pace

AGENT = "Rounds CRM (self-hosted; geocoding of own business contacts)"
MOST = 5


class Nominatim:
    """`Geocoder` over a server of one's own or a public one."""

    name = "nominatim"

    def __init__(self, base_url: str, client: httpx.AsyncClient, *, pace: Pace | None = None) -> None:
        self._url, self._client = f"{base_url.rstrip('/')}/search", client
        self._pace = pace or Pace(1, 1.0)

    def price(self, look_ups: int) -> int:
        """Nothing is billed."""
        return 0

    async def geocode(self, address: str, *, country: str | None = None) -> list[GeocodedPlace]:
        """Best first; empty where nothing matches. Raises TemporaryFailure or PermanentFailure."""
        if not address.strip():
            return []
        parameters = {"q": address, "format": "jsonv2", "limit": str(MOST), "addressdetails": "0"}
        if country:
            parameters["countrycodes"] = country.lower()
        await self._pace.take()
        response = await http.request(
            self._client, "GET", self._url, idempotent=True, params=parameters, headers={"User-Agent": AGENT}
        )
        try:
            return [_place(result) for result in response.json()]
        except (ValueError, KeyError, TypeError):
            raise TemporaryFailure("The Nominatim server answered something nobody understands.") from None

    async def diagnose(self) -> list[Diagnosis]:
        """Look one address up."""
        try:
            await self.geocode("Columbus, Ohio", country="US")
        except PortFailure as failure:
            return [Diagnosis("Nominatim", False, failure.reason)]
        return [Diagnosis("Nominatim", True, "answers")]


def _place(result: dict[str, Any]) -> GeocodedPlace:
    rank = int(result.get("place_rank", 0))
    return GeocodedPlace(
        coordinates=Coordinates(float(result["lat"]), float(result["lon"])),
        label=str(result.get("display_name", "")),
        precision="exact" if rank >= 30 else "street" if rank >= 26 else "town" if rank >= 13 else "region",
        source="nominatim",
        place_id=f"{result['osm_type']}/{result['osm_id']}" if "osm_id" in result else None,
    )
