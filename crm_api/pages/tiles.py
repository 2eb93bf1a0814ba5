"""Pages with a map. Where a tile server is set (`MAP_TILES`), they alone may load its pictures, and nothing else."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response

from crm_api.core.database import Database
from crm_api.dependencies import Visitor
from crm_api.pages import frame
from crm_api.pages.headers import CONTENT_SECURITY_POLICY
from crm_api.settings import Settings

POLICY = "Content-Security-Policy"


@dataclass(frozen=True, slots=True)
class Tiles:
    """Where the pictures of the ground come from, and whose they are."""

    url: str
    attribution: str

    @property
    def origin(self) -> str:
        """The one host they come from, as a content security policy names it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def of(settings: Settings) -> Tiles | None:
    """The tile server that is set; None where maps stay schematic."""
    return None if settings.map_tiles == "none" else Tiles(settings.map_tiles, settings.map_tiles_attribution)


async def page(
    request: Request, db: Database, visitor: Visitor, template: str, *, status: int = 200, **values: Any
) -> Response:
    """A whole page with a map on it."""
    tiles = of(request.app.state.rounds.settings)
    response = await frame.page(request, db, visitor, template, status=status, tiles=tiles, **values)
    if tiles is not None:
        own = "img-src 'self'"
        response.headers[POLICY] = CONTENT_SECURITY_POLICY.replace(own, f"{own} {tiles.origin}")
    return response
