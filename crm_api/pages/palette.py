"""The palette: pages, actions and records by the first letters of their words, and the question to ask otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request, Response

from crm_api.access import Actor
from crm_api.conditions import filters, records
from crm_api.core.listing import Window
from crm_api.core.routing import Router
from crm_api.dependencies import Db, Visitor
from crm_api.pages import frame, navigation
from crm_api.pages.errors import PageRoute
from crm_api.pages.kinds import ACCOUNTS, CONTACTS, KINDS, LEADS, OPPORTUNITIES, TASKS, Kind, about, label_of
from crm_api.pages.navigation import Entry
from crm_api.pages.session import Signed
from crm_api.pages.templating import is_fragment, render

router = Router(include_in_schema=False, route_class=PageRoute)
SEARCHED = (ACCOUNTS, CONTACTS, OPPORTUNITIES, LEADS, TASKS)
OF_EACH, ON_THE_PAGE = 4, 15
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """One line: an icon, what it is called, a word about it, and where it leads."""

    icon: str
    label: str
    about: str
    path: str
    dialog: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one sort; `more` leads to all of them."""

    name: str
    hits: list[Hit]
    more: str | None = None


@router.get("/search")
async def search(
    request: Request, db: Db, visitor: Signed, q: Annotated[str, Query(max_length=LONGEST)] = ""
) -> Response:
    """What begins with the words typed: a few of each sort for the palette, more on the page."""
    typed = q.strip()
    most = OF_EACH if is_fragment(request) else ON_THE_PAGE
    entries = navigation.entries(visitor, request.url.path)
    groups = _places(visitor, entries, typed)
    if typed:
        searched = [kind for kind in SEARCHED if kind.path in {entry.path for entry in entries}]
        groups += await db.read(_records, visitor.actor, searched, typed, most)
    if is_fragment(request):
        return render(request, "partials/found.html", visitor=visitor, groups=groups, typed=typed)
    return await frame.page(request, db, visitor, "search.html", groups=groups, typed=typed)


def _places(visitor: Visitor, entries: Sequence[Entry], typed: str) -> list[Group]:
    pages = [Hit(e.menu.icon, e.menu.name, f"g {e.letter}" if e.letter else "", e.path)
             for e in navigation.found(entries, typed)]  # fmt: skip
    there = {entry.path for entry in entries}
    actions = [
        Hit("plus", f"New {kind.one}", "", f"{kind.path}/new", dialog=True)
        for kind in KINDS
        if kind.path in there and frame.may_make(visitor.actor, kind.name) and _fits(f"new {kind.one}", typed)
    ]
    return [group for group in (Group("Go to", pages), Group("Do", actions)) if group.hits]


def _fits(words: str, typed: str) -> bool:
    return words.startswith(typed.casefold()) or any(w.startswith(typed.casefold()) for w in words.split())


def _records(session: Any, actor: Actor, searched: Sequence[Kind], typed: str, most: int) -> list[Group]:
    groups = []
    for kind in searched:
        query = filters.Query(search=typed, window=Window(page_size=most, count="none"))
        page = records.page(session, actor, kind.name, query)
        hits = [
            Hit(kind.icon, label_of(kind.name, item), about(kind.name, item), kind.address(item["id"]))
            for item in page["items"]
        ]
        if hits:
            groups.append(Group(kind.title, hits, f"{kind.path}?search=" if page["next_cursor"] else None))
    return groups
