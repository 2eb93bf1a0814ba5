"""/crm/visits/coverage: who was visited in time, who is overdue, who never was; on a map and by territory."""

from dataclasses import dataclass
from typing import Annotated, Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from crm_api.access import Actor
from crm_api.core.errors import Invalid
from crm_api.core.routing import Router
from crm_api.dependencies import Db
from crm_api.field import coverage
from crm_api.pages import maps, tiles
from crm_api.pages.errors import PageRoute
from crm_api.pages.session import Signed

router = Router(include_in_schema=False, route_class=PageRoute)
PATH = "/crm/visits/coverage"
LISTED = 50
WORDS = {"in_time": "Visited in time", "overdue": "Overdue", "never": "Never visited"}


@dataclass(frozen=True, slots=True)
class Shown:
    """The groups by territory, the one that is picked, and its accounts as dots of a drawing and as lines."""

    groups: list[dict[str, Any]]
    total: dict[str, Any]
    territory: str
    state: str
    places: dict[str, Any]
    sketch: maps.Sketch | None

    @property
    def dots(self) -> list[tuple[dict[str, Any], tuple[float, float]]]:
        """Each account with its point in the drawing; what is in time first, so that the others lie above it."""
        points = self.sketch.points if self.sketch else ()
        return list(zip(self.places["items"], points, strict=True))[::-1]

    @property
    def listed(self) -> list[dict[str, Any]]:
        """The accounts that are told in words."""
        return list(self.places["items"][:LISTED])

    def address(self, **changes: str) -> str:
        """The page with something else picked."""
        asked = {"territory": self.territory, "state": self.state} | changes
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{PATH}?{query}" if query else PATH


@router.get(PATH)
async def show_coverage(
    request: Request,
    db: Db,
    visitor: Signed,
    territory: Annotated[str, Query(max_length=40)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The map of coverage; of one territory and one state where they are picked."""
    if state and state not in get_args(coverage.State):
        raise Invalid.field("state", "in_time, overdue or never")
    shown = await db.read(_read, visitor.actor, territory, state)
    return await tiles.page(request, db, visitor, "visits/coverage.html", shown=shown, words=WORDS)


def _read(session: Any, actor: Actor, territory: str, state: Any) -> Shown:
    try:
        territory_id = UUID(territory) if territory else None
    except ValueError as error:
        raise Invalid.field("territory", "territories are named by their id") from error
    groups = coverage.coverage(session, actor)
    here = coverage.coverage(session, actor, territory_id=territory_id) if territory_id else groups
    places = coverage.places(session, actor, territory_id=territory_id, state=state or None)
    points = [(item["latitude"], item["longitude"]) for item in places["items"]]
    return Shown(
        groups["items"],
        here["total"],
        territory,
        state,
        places,
        maps.sketch(points) if points else None,
    )
