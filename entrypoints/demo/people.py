"""Who works at the demo company: twelve people, four teams, ten territories."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entrypoints.demo.draws import Draw
from integrations.offline.places import Place, places

if TYPE_CHECKING:
    from entrypoints.demo.company import DemoCompany

_COLUMBUS = next(place for place in places() if (place.name, place.region) == ("Columbus", "OH"))


def _is_central_ohio(place: Place) -> bool:
    """Within some 80 km of Columbus: what a rep who lives there reaches and still gets home."""
    north = (place.latitude - _COLUMBUS.latitude) * 111
    east = (place.longitude - _COLUMBUS.longitude) * 85
    return north**2 + east**2 < 80**2


@dataclass(frozen=True, slots=True)
class Area:
    """A territory: which towns are in it, how many accounts, who sells there and who drives there."""

    name: str
    contains: Callable[[Place], bool]
    accounts: int
    rep: str
    field: str | None = None


# The first area that contains a town has it.
AREAS = (
    Area("Central Ohio", lambda p: p.region == "OH" and _is_central_ohio(p), 70, "rep", "field"),
    Area("Northern Ohio", lambda p: p.region == "OH" and p.latitude >= 40.5, 55, "rep.north", "field.north"),
    Area("Southern Ohio and Kentucky", lambda p: p.region in ("OH", "KY"), 45, "rep.south", "field.south"),
    Area(
        "Great Lakes",
        lambda p: p.country == "US" and p.region in ("IN", "MI"),
        30,
        "rep.north",
        "field.lakes",
    ),
    Area("Alleghenies", lambda p: p.region in ("PA", "WV"), 25, "rep.south", "field.north"),
    Area("Rest of the United States", lambda p: p.country == "US", 30, "rep.national"),
    Area("Canada", lambda p: p.country == "CA", 15, "rep.national"),
    Area("United Kingdom", lambda p: p.country == "GB", 12, "rep.export"),
    Area("Germany", lambda p: p.country == "DE", 10, "rep.export"),
    Area("India", lambda p: p.country == "IN", 8, "rep.export"),
)

# key, name, role, team, manager, town of the home of those who drive
_PEOPLE = (
    ("manager", "Martha Keane", "manager", "Sales", None, None),
    ("manager.export", "Philip Wadsworth", "manager", "National and export", "manager", None),
    ("rep", "Ronan Beckett", "rep", "Home market", "manager", None),
    ("rep.north", "Lauren Halvorsen", "rep", "Home market", "manager", None),
    ("rep.south", "Samuel Greer", "rep", "Home market", "manager", None),
    ("rep.national", "Claire Dorsey", "rep", "National and export", "manager.export", None),
    ("rep.export", "Anita Joshi", "rep", "National and export", "manager.export", None),
    ("field", "Fiona Castell", "field", "Field", "manager", "Columbus"),
    ("field.north", "Jesse Eberly", "field", "Field", "manager", "Akron"),
    ("field.south", "Wendy Parrish", "field", "Field", "manager", "Cincinnati"),
    ("field.lakes", "Grant Newell", "field", "Field", "manager", "Toledo"),
    ("viewer", "Victor Amory", "viewer", "Sales", "manager", None),
)
_TEAMS = {"Sales": (None, "manager"), "Home market": ("Sales", "manager"), "Field": ("Sales", "manager"),
          "National and export": ("Sales", "manager.export")}  # fmt: skip

_ZONES = {"rep.export": "Europe/London"}


def add_people(company: "DemoCompany", draw: Draw) -> None:
    """Territories, teams and users. Nobody has a password here: whoever loads them sets it."""
    made: dict[str, Any] = {"created_at": draw.start, "origin": "demo"}
    company.territories = [{**made, "id": draw.uid(draw.start), "name": area.name} for area in AREAS]
    team_ids = {name: draw.uid(draw.start) for name in _TEAMS}
    user_ids = {key: draw.uid(draw.start) for key, *_ in _PEOPLE}
    company.teams = [
        {**made, "id": team_ids[name], "name": name, "parent_id": team_ids.get(parent or ""),
         "manager_id": user_ids[manager]}
        for name, (parent, manager) in _TEAMS.items()
    ]  # fmt: skip
    for number, (key, name, role, team, manager, home) in enumerate(_PEOPLE):
        town = next((p for p in places() if p.name == home and p.region == "OH"), None)
        latitude, longitude = draw.near(town, 5) if town else (None, None)
        company.users.append(
            {**made, "id": user_ids[key], "name": name, "email": f"{key}@demo.example", "role": role,
             "team_id": team_ids[team], "manager_id": user_ids.get(manager or ""),
             "time_zone": _ZONES.get(key, "America/New_York"), "phone": f"+1 614 555 {100 + number:04d}",
             "home_latitude": latitude, "home_longitude": longitude}
        )  # fmt: skip
    for area, territory in zip(AREAS, company.territories, strict=True):
        for person in (area.rep, area.field):
            if person:
                company.user_territories.append(
                    {"user_id": user_ids[person], "territory_id": territory["id"]}
                )


def user_id(company: "DemoCompany", key: str) -> Any:
    """The id of the user whose address begins with `key`."""
    return next(user["id"] for user in company.users if user["email"] == f"{key}@demo.example")
