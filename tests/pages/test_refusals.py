"""Nobody is shown a button, a form or a link that would then be refused: all of them are tried, as every role.

A walk opens every page of `tools/pages.py` and what they link to, in a company whose records belong to many people.
Each form it meets is sent: the verb behind it runs to its end and is rolled back, so that no form spoils the next one.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crm_api.core.database import Database
from crm_api.core.errors import Conflict
from crm_api.users.models import User
from tests.access import whole
from tests.access.world import World
from tests.support.api import Api
from tests.support.pages import Visit, visiting
from tools import pages

OF_A_KIND = 4  # how many records' pages of a kind, and how many forms of a kind on a page, are tried
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass
class Page(HTMLParser):
    """What a page offers: links, and forms with the values that are filled in already."""

    links: list[str] = field(default_factory=list)
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form" and given.get("method", "").lower() == "post":
            self._values = {}
            self.forms += [(given["action"], self._values)] if "action" in given else []
        for name in ("formaction", "hx-post"):
            if name in given and given[name] not in [action for action, _ in self.forms]:
                self.forms.append((given[name], self._values))
        # Without its key: what is rolled back would look like work under way to whoever repeats it.
        if tag == "input" and given.get("type") == "hidden" and given.get("name") not in (None, "once"):
            self._values[given["name"]] = given.get("value", "")
        self.links += [given[name] for name in ("href", "hx-get", "data-edit") if name in given]


def pattern(path: str) -> str:
    """What addresses of a kind have in common."""
    return _ID.sub("…", path.partition("?")[0].partition("#")[0])


@dataclass
class Walk:
    """Somebody who opens and sends everything they are offered; `refused` is what should not have been offered."""

    visit: Visit
    opened: Counter[str] = field(default_factory=Counter)
    tried: set[tuple[str, str]] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    async def everything(self, seeds: list[str]) -> None:
        """Open these pages and the pages they link to, and try what stands on all of them."""
        for path in seeds:
            for link in await self._open(path, "the list of all pages"):
                for further in await self._open(link, path):
                    if _ID.search(further):  # a record behind a record
                        await self._open(further, link)

    async def _open(self, path: str, on: str) -> list[str]:
        local = path.startswith("/") and not path.startswith(("/a/", "/sign-", "/api/", "/docs", "//"))
        if not local or ("GET", path) in self.tried or self.opened[pattern(path)] >= OF_A_KIND:
            return []
        self.tried.add(("GET", path))
        self.opened[pattern(path)] += 1
        answer = await self.visit.get(path)
        if answer.status_code == 403:
            self.refused.append(f"{on} links to {path}")
        if answer.status_code != 200 or "html" not in answer.headers["content-type"]:
            return []
        page = Page()
        page.feed(answer.text)
        kinds: Counter[str] = Counter()
        for action, values in page.forms:
            kinds[pattern(action)] += 1
            if kinds[pattern(action)] <= OF_A_KIND:
                await self._send(action, values, path)
        return page.links

    async def _send(self, action: str, values: dict[str, str], on: str) -> None:
        if ("POST", action) in self.tried or action == "/sign-out":
            return
        self.tried.add(("POST", action))
        answer = await self.visit.post(action, **values)
        if answer.status_code == 403:
            self.refused.append(f"{on} offers a form for {action}")


@pytest.fixture
def rolled_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a form changes is rolled back once it went through."""
    write = Database.write

    async def rehearse(self: Database, fn: Any, *given: Any, **named: Any) -> Any:
        def tried(session: Session) -> Any:
            result = fn(session, *given, **named)
            session.flush()
            if isinstance(result, Exception):
                return result
            raise Conflict("It went through, and was rolled back.")

        return await write(self, tried)

    return monkeypatch.setattr(Database, "write", rehearse)  # type: ignore[misc]


async def seeds(visit: Visit, role: str) -> list[str]:
    """The addresses of all pages a role may open, as far as this person sees the records they name."""
    ids = {}
    for name, (path, _) in pages.LOOKED_UP.items():
        try:
            ids[name] = pages.found(name, (await visit.get(path)).text)
        except LookupError:
            ids[name] = ""
    # A dialogue is opened by the button that leads to it, where there is one.
    steps = ("/new", "/move", "/lost", "/qualify", "/convert", "/edit", "/remove")
    whole_pages = [
        page
        for page in pages.PAGES
        if page.only in (None, role) and not (page.part or page.route.endswith(steps))
    ]
    made = [page.path.format(**ids | {"answer": ""}) for page in whole_pages]
    return [path for path in made if "//" not in path and not path.endswith("/")] + ["/"]


@pytest.mark.parametrize(
    "role",
    [
        "viewer",
        "field",
        *(pytest.param(role, marks=pytest.mark.deep) for role in ("rep", "manager", "administrator")),
    ],
)
async def test_nobody_is_shown_what_would_be_refused(
    api: Api, role: str, request: pytest.FixtureRequest
) -> None:
    found: World = await api.db.write(whole.furnished, 7)
    mine = [actor for actor in found.actors if actor.role == role]
    most = max(
        mine, key=lambda actor: sum(len(whole.ids(found, actor, kind)) for kind in ("account", "lead"))
    )
    user = await api.db.read(lambda session: session.get_one(User, most.user_id))
    visit = await visiting(api, user)
    walk = Walk(visit)
    addresses = await seeds(visit, role)
    request.getfixturevalue("rolled_back")

    await walk.everything(addresses)

    assert walk.refused == []
    assert len(walk.tried) > 100
    assert role == "viewer" or any(method == "POST" for method, _ in walk.tried)
