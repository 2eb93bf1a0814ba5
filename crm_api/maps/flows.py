"""Asking map services, between transactions."""

from typing import Any

from crm_api.access import Actor, require_role
from crm_api.core.errors import Conflict, Invalid, Unavailable
from crm_api.maps.meter import MICROS
from crm_api.maps.schemas import DistanceIn
from crm_api.ports import Coordinates, GeocodedPlace, PermanentFailure, PortFailure, Ports, TemporaryFailure

SPENDERS = ("manager", "rep", "field")  # viewers change nothing, and spend nothing


async def look_up(ports: Ports, actor: Actor, *, address: str, country: str | None) -> dict[str, Any]:
    """Where an address is, best first. Raises Unavailable, Conflict where asking again would not help, NotAllowed."""
    require_role(actor, *SPENDERS)
    try:
        found = await ports.geocoder.geocode(address, country=country.upper() if country else None)
    except PortFailure as failure:
        raise refusal(failure) from failure
    return {"items": [place_answer(place) for place in found], "usd": ports.geocoder.price(1) / MICROS}


async def distances(ports: Ports, actor: Actor, *, data: DistanceIn) -> dict[str, Any]:
    """How far it is. Raises as `look_up` does, and Invalid for an exact matrix."""
    origins = [Coordinates(place.latitude, place.longitude) for place in data.origins]
    destinations = [Coordinates(place.latitude, place.longitude) for place in data.destinations]
    try:
        if data.exact:
            require_role(actor, *SPENDERS)
            return await _exactly(ports, origins, destinations, data)
        matrix = await ports.travel_times.matrix(origins, destinations, departure=data.departure)
    except PortFailure as failure:
        raise refusal(failure) from failure
    return {
        "seconds": matrix.seconds,
        "metres": matrix.metres,
        "source": matrix.source,
        "is_estimate": matrix.is_estimate,
        "note": matrix.note,
        "usd": 0.0,
    }


async def _exactly(
    ports: Ports, origins: list[Coordinates], destinations: list[Coordinates], data: DistanceIn
) -> dict[str, Any]:
    if len(origins) > 1:
        raise Invalid.field(
            "origins", "an exact drive has one origin; its destinations are driven in their order"
        )
    if ports.road_times is None:
        raise Conflict("Exact roads are not switched on; GOOGLE_MAPS_API_KEY turns them on.")
    places = [*origins, *destinations]
    drive = await ports.road_times.drive(places, departure=data.departure)
    return {
        "seconds": [[leg.seconds for leg in drive.legs]],
        "metres": [[leg.metres for leg in drive.legs]],
        "source": drive.source,
        "is_estimate": False,
        "note": "",
        "usd": ports.road_times.price(len(places)) / MICROS,
    }


def refusal(failure: PortFailure) -> Unavailable | Conflict:
    """What a failing map service means for a request: later, or not at all."""
    if isinstance(failure, PermanentFailure):
        return Conflict(failure.reason)
    wait = failure.retry_after if isinstance(failure, TemporaryFailure) else None
    return Unavailable(failure.reason, retry_after=round(wait or 30))


def place_answer(place: GeocodedPlace) -> dict[str, Any]:
    """A found place as it is answered."""
    return {
        "latitude": place.coordinates.latitude,
        "longitude": place.coordinates.longitude,
        "label": place.label,
        "precision": place.precision,
        "source": place.source,
        "place_id": place.place_id,
        "is_partial": place.is_partial,
    }
