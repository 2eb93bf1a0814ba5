"""Where people should meet: who they are, the place that suits them, and the accounts near it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core.database import Database
from crm_api.core.errors import Conflict, Invalid
from crm_api.field.insight_schemas import MeetingIn
from crm_api.field.meeting import Venue, best_point, ranked
from crm_api.maps.flows import refusal
from crm_api.ports import Coordinates, PortFailure, Ports
from crm_api.users.models import User
from crm_api.visits import service as visits

ROOM = 3  # candidates for each venue asked for: the nearest by road is not always the nearest
REACH_KM = 100.0


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who comes, and from where."""

    name: str
    place: Coordinates


async def find(db: Database, ports: Ports, actor: Actor, *, data: MeetingIn) -> dict[str, Any]:
    """The best place to meet. Raises Invalid for somebody without a home, Conflict where no place can be reached by
    all, Unavailable."""
    guests = await db.read(_guests, data=data)
    places = [guest.place for guest in guests]
    try:
        best, matrix = await best_point(ports.travel_times, places, goal=data.goal)
        found = await db.read(_around, actor, centre=best.place, limit=data.venues * ROOM)
        near = [Coordinates(row["latitude"], row["longitude"]) for row in found]
        venues = (await ranked(ports.travel_times, places, near, goal=data.goal))[0] if near else []
    except PortFailure as failure:
        raise refusal(failure) from failure
    if best.burden(data.goal)[0] == float("inf"):
        raise Conflict("No road leads all of them to one place.")
    reached = [(n, venue) for n, venue in venues if venue.burden(data.goal)[0] < float("inf")]
    return {
        "goal": data.goal,
        "point": _told(guests, best),
        "venues": [_told(guests, venue, found[n]) for n, venue in reached[: data.venues]],
        "source": matrix.source,
        "is_estimate": matrix.is_estimate,
        "note": matrix.note,
    }


def _guests(session: Session, *, data: MeetingIn) -> list[Guest]:
    return [_guest(session, data, number) for number in range(len(data.people))]


def _guest(session: Session, data: MeetingIn, number: int) -> Guest:
    person = data.people[number]
    user = session.get(User, person.user_id) if person.user_id else None
    if person.user_id and (user is None or not user.is_active):
        raise Invalid.field(f"people.{number}.user_id", "there is no such active user")
    name = person.name or (user.name if user else f"Person {number + 1}")
    if person.latitude is not None and person.longitude is not None:
        return Guest(name, Coordinates(person.latitude, person.longitude))
    if user is None or user.home_latitude is None or user.home_longitude is None:
        raise Invalid.field(f"people.{number}", f"{name} has no home on the map; say where they start")
    return Guest(name, Coordinates(user.home_latitude, user.home_longitude))


def _around(session: Session, actor: Actor, *, centre: Coordinates, limit: int) -> list[dict[str, Any]]:
    if limit == 0:
        return []
    found = visits.nearby(session, actor, centre=centre, radius_km=REACH_KM, account_type=None, limit=limit)
    items: list[dict[str, Any]] = found["items"]
    return items


def _told(guests: Sequence[Guest], venue: Venue, account: dict[str, Any] | None = None) -> dict[str, Any]:
    known = [seconds for seconds in venue.seconds if seconds is not None]
    whole = len(known) == len(venue.seconds)
    account_id: UUID | None = account["account_id"] if account else None
    return {
        "latitude": venue.place.latitude,
        "longitude": venue.place.longitude,
        "account_id": account_id,
        "account_name": account["account_name"] if account else None,
        "longest_seconds": max(known) if whole else None,
        "total_seconds": sum(known) if whole else None,
        "arrivals": [
            {"name": guest.name, "seconds": venue.seconds[n], "metres": venue.metres[n]}
            for n, guest in enumerate(guests)
        ],
    }
