"""Coordinates from Google's Geocoding API, through the `googlemaps` package.

The package blocks, retries with blocking sleeps for up to a minute, and by default waits for ever; it
puts the key into the address it asks for, and with it into the text of its exceptions. So it runs in a
thread with every limit set, and nothing of its exceptions but their status is passed on.
"""

import asyncio
from typing import Any

import googlemaps
from googlemaps.exceptions import ApiError, HTTPError, Timeout, TransportError
from pydantic import SecretStr

from crm_api.ports import (
    Coordinates,
    Diagnosis,
    GeocodedPlace,
    PaidCall,
    PermanentFailure,
    SpendMeter,
    TemporaryFailure,
)

BASE_URL = "https://maps.googleapis.com"
CONNECT_TIMEOUT, READ_TIMEOUT = 5, 10  # seconds, for one attempt
RETRY_TIMEOUT = 8  # seconds after which the package starts no further attempt
TIME_LIMIT = 30.0  # seconds for all of it
MICROS = 5_000  # list price of one look-up, in millionths of a US dollar

PRECISION = {  # geometry.location_type -> our words, exact to region
    "ROOFTOP": "exact",
    "RANGE_INTERPOLATED": "street",
    "GEOMETRIC_CENTER": "street",
    "APPROXIMATE": "region",
}
ADVICE = {
    "REQUEST_DENIED": "Enable the Geocoding API for this key, and allow this server's address to use it.",
    "OVER_DAILY_LIMIT": "Check the key, billing and the spending cap of the project.",
    "INVALID_REQUEST": "The address is empty or cannot be read.",
}


class GoogleGeocoder:
    """`Geocoder` by Google. Looking up an address has no effect, so a time-out is a temporary failure."""

    name = "google"

    def __init__(
        self,
        api_key: SecretStr,
        meter: SpendMeter,
        *,
        base_url: str = BASE_URL,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._key, self._meter, self._base_url, self._time_limit = api_key, meter, base_url, time_limit

    def price(self, look_ups: int) -> int:
        """List price in millionths of a US dollar, without the free look-ups of a month."""
        return look_ups * MICROS

    async def geocode(self, address: str, *, country: str | None = None) -> list[GeocodedPlace]:
        """Best first; empty where nothing matches. Raises TemporaryFailure or PermanentFailure.

        A thread that outlives the time limit is left to end by its own, shorter limits.
        """
        if not address.strip():
            return []
        async with self._meter.paying(PaidCall("Google Geocoding", 1, self.price(1))):
            try:
                async with asyncio.timeout(self._time_limit):
                    results = await asyncio.to_thread(self._ask, address, country)
            except TimeoutError:
                raise TemporaryFailure("Google Geocoding did not answer in time.") from None
        return [_place(result) for result in results]

    async def diagnose(self) -> list[Diagnosis]:
        """Look up one address, which costs one look-up."""
        try:
            await self.geocode("Columbus, Ohio", country="US")
        except (TemporaryFailure, PermanentFailure) as failure:
            return [Diagnosis("Google Geocoding", False, failure.reason)]
        return [Diagnosis("Google Geocoding", True, "answers")]

    def _ask(self, address: str, country: str | None) -> list[dict[str, Any]]:
        # One client a call: neither it nor its HTTP session may be shared between threads.
        try:
            client = googlemaps.Client(
                key=self._key.get_secret_value(),
                base_url=self._base_url,
                connect_timeout=CONNECT_TIMEOUT,
                read_timeout=min(READ_TIMEOUT, self._time_limit),
                retry_timeout=min(RETRY_TIMEOUT, self._time_limit / 2),
                retry_over_query_limit=False,
            )
        except ValueError:
            raise PermanentFailure("GOOGLE_MAPS_API_KEY is no Google key: they begin with AIza.") from None
        try:
            return list(client.geocode(address, components={"country": country} if country else None))
        except ApiError as error:
            raise _from_status(error) from None
        except Timeout:
            raise TemporaryFailure("Google Geocoding did not answer in time.") from None
        except HTTPError as error:
            raise _from_http(error.status_code) from None
        except TransportError:
            raise TemporaryFailure("Google Geocoding cannot be reached.") from None
        except (ValueError, KeyError, TypeError):
            raise TemporaryFailure("Google Geocoding answered something nobody understands.") from None
        finally:
            client.session.close()


def _from_status(error: ApiError) -> TemporaryFailure | PermanentFailure:
    """What a status of the API means (documentation/geocoding/requests-geocoding)."""
    if error.status in {"OVER_QUERY_LIMIT", "UNKNOWN_ERROR"}:
        return TemporaryFailure(f"Google Geocoding answered {error.status}.")
    advice = ADVICE.get(error.status, "")
    return PermanentFailure(f"Google Geocoding answered {error.status}. {advice}".rstrip())


def _from_http(status: int) -> TemporaryFailure | PermanentFailure:
    kind = TemporaryFailure if status == 429 or status >= 500 else PermanentFailure
    return kind(f"Google Geocoding answered {status}.")


def _place(result: dict[str, Any]) -> GeocodedPlace:
    geometry = result["geometry"]
    point = geometry["location"]
    return GeocodedPlace(
        coordinates=Coordinates(point["lat"], point["lng"]),
        label=result.get("formatted_address", ""),
        precision=PRECISION.get(geometry.get("location_type", ""), "region"),
        source="google",
        place_id=result.get("place_id"),
        is_partial=bool(result.get("partial_match", False)),
    )
