"""Pages and fragments out of `templates/web`: everything escaped, nothing undefined, compressed at the end."""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from crm_api.core import clock, context
from crm_api.core.ids import new_id
from crm_api.dependencies import Visitor
from crm_api.pages import formats
from crm_api.pages.assets import ICONS, library, maps
from crm_api.pages.headers import PAGE_HEADERS
from crm_api.pages.kinds import address_of

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "web"
THEMES = ("light", "dark")
WORTH_PACKING = 1_000  # bytes


@cache
def environment() -> Environment:
    """The one environment; templates are read once a process."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, auto_reload=False,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.globals |= {"asset": asset, "icon": icon, "new_id": new_id}
    made.filters |= formats.FILTERS | {"address_of": address_of}
    return made


def asset(name: str) -> str:
    """The address of an asset; raises KeyError for one that does not exist."""
    return (library().get(name) or maps()[name]).path


def icon(name: str, label: str = "") -> Markup:
    """An icon of the sprite; with a label it speaks, without one it is decoration. Raises KeyError."""
    if name not in ICONS:
        raise KeyError(name)
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(
        spoken, asset("icons.svg"), name
    )


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of the page rather than for the page."""
    return request.headers.get("hx-request") == "true"


def is_script(request: Request) -> bool:
    """Whether a script of ours asks, which wants the facts and no page."""
    return request.headers.get("accept", "").startswith("application/json")


def render(
    request: Request, template: str, *, visitor: Visitor | None = None, status: int = 200, **values: Any
) -> Response:
    """Answer with a template; `visitor` and the request's own facts are there in each."""
    theme = request.cookies.get("theme")
    text = environment().get_template(template).render(
        visitor=visitor,
        zone=visitor.actor.time_zone if visitor else "UTC",
        style=formats.Style(visitor.actor.locale, visitor.actor.distance_unit) if visitor else formats.PLAIN,
        theme=theme if theme in THEMES else None,
        here=_here(request),
        now_year=clock.now().year,
        request_id=context.current().request_id,
        **values,
    )  # fmt: skip
    return html(request, text, status)


def _here(request: Request) -> str:
    """The address of the page, to come back to, without what was just done on it."""
    query = request.url.remove_query_params("done").query
    return f"{request.url.path}?{query}" if query else request.url.path


def html(request: Request, text: str, status: int = 200) -> Response:
    """An HTML answer with the headers of every page, in gzip where the browser takes it.

    Compressing a page that holds a token is safe here (BREACH): no other site can make a browser send
    the cookie with a request whose words it chooses, since the cookie is SameSite and posts are checked.
    """
    body, headers = text.encode(), dict(PAGE_HEADERS)
    if len(body) >= WORTH_PACKING and accepts_gzip(request):
        body, headers["Content-Encoding"] = gzip.compress(body, 5, mtime=0), "gzip"
    return Response(body, status, headers, "text/html; charset=utf-8")


def accepts_gzip(request: Request) -> bool:
    """Whether the browser takes gzip."""
    return "gzip" in request.headers.get("accept-encoding", "").lower()
