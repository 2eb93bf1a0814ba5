"""What makes the road view an app on a phone: its manifest, and the worker that keeps the day where no signal is.

The worker lies under /crm/visits/, so the pages of the road are all it ever answers for. Its text changes with the
files that it keeps; browsers look for a new one whenever the page is opened.
"""

import json
from functools import cache

from fastapi import Response

from crm_api.core.routing import Router
from crm_api.pages.assets import SCRIPT, STATIC, library
from crm_api.pages.errors import PageRoute
from crm_api.pages.headers import ASSET_HEADERS
from crm_api.pages.road_pages import PATH

router = Router(include_in_schema=False, route_class=PageRoute)
MANIFEST, WORKER = "/manifest.webmanifest", "/crm/visits/worker.js"
ON_THE_ROAD = (
    "app.css", "visits.css", "app.js", "htmx.js", "road.js", "route.js", "queue.js", "icons.svg", "favicon.svg"
)  # fmt: skip
ICONS = ((192, "any"), (512, "any"), (512, "maskable"))
FRESH = {**ASSET_HEADERS, "Cache-Control": "no-cache"}


@router.get(MANIFEST)
async def show_manifest() -> Response:
    """What a phone calls the app, how it looks there, and where it begins."""
    icons = [
        {
            "src": library()[f"icon-{size}.png"].path,
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": why,
        }
        for size, why in ICONS
    ]
    told = {
        "id": PATH, "name": "Rounds", "short_name": "Rounds", "start_url": PATH, "scope": "/",
        "description": "Today's stops, check-ins and outcomes, with and without a signal.",
        "display": "standalone", "background_color": "#fbfbfc", "theme_color": "#4b46d6", "icons": icons,
        "shortcuts": [
            {"name": "On the road", "url": PATH}, {"name": "Today", "url": "/"},
            {"name": "New lead", "url": "/crm/leads/new"},
        ],
    }  # fmt: skip
    return Response(json.dumps(told), headers=FRESH, media_type="application/manifest+json")


@router.get(WORKER)
async def show_worker() -> Response:
    """The service worker, with the addresses of what it keeps."""
    policy = "default-src 'none'; connect-src 'self'"
    return Response(_worker(), headers={**FRESH, "Content-Security-Policy": policy}, media_type=SCRIPT)


@cache
def _worker() -> str:
    kept = json.dumps([library()[name].path for name in ON_THE_ROAD])
    return (STATIC / "worker.js").read_text().replace('["files"]', kept)
