"""Every page there is, in one list: what walks all of them (tests in a browser, measurements) goes by it.

A page is its route as the application declares it and an address that shows it, in which `{lead}` and its like stand
for the id of a record; `LOOKED_UP` says where such an id is found. A test holds the list against the routes there are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute

ADMINISTRATOR, MANAGER, REP = "administrator", "manager", "rep"
RECORDS = {"leads": "lead", "opportunities": "deal", "accounts": "account", "contacts": "contact",
           "activities": "activity", "tasks": "task"}  # fmt: skip
REPORTS = (
    "forecast",
    "bridge",
    "win_loss",
    "funnel",
    "sources",
    "activity",
    "workload",
    "coverage",
    "segments",
)
SETTINGS = ("pipelines", "users", "teams", "territories", "segments", "tags", "custom-fields")


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `part` is asked for by htmx and stands inside another page; `only` names the role it is for."""

    route: str
    path: str
    part: bool = False
    only: str | None = None

    @property
    def name(self) -> str:
        """Its address without what says little: how a table or a test calls it."""
        return self.path.removeprefix("/crm").replace("{", "").replace("}", "") or "/"


def _records() -> Iterator[Page]:
    for key, one in RECORDS.items():
        path = f"/crm/{key}"
        for step in ("", "/new", "/filter", "/columns", "/views/new"):
            yield Page(path + step, path + step)
        yield Page(path, f"{path}?search=har")
        yield Page(f"{path}/{{record_id}}", f"{path}/{{{one}}}")
        field = {"contacts": "job_title", "activities": "subject", "tasks": "subject"}.get(key, "owner_id")
        for step in ("", "/edit"):
            yield Page(
                f"{path}/{{record_id}}/fields/{{name}}{step}", f"{path}/{{{one}}}/fields/{field}{step}", True
            )
    for key, sort in (
        ("leads", "-score"),
        ("opportunities", "-estimated_value"),
        ("activities", "-occurred_at"),
    ):
        yield Page(f"/crm/{key}", f"/crm/{key}?sort={sort}&owner_id=me")
    for key in ("leads", "opportunities"):
        yield Page(f"/crm/{key}", f"/crm/{key}?as=board")
        yield Page("/crm/{key}/{record_id}/move", f"/crm/{key}/{{{RECORDS[key]}}}/move")
        yield Page("/crm/{key}/{record_id}/lost", f"/crm/{key}/{{{RECORDS[key]}}}/lost")
    for step in ("qualify", "convert"):
        yield Page(f"/crm/leads/{{record_id}}/{step}", f"/crm/leads/{{lead}}/{step}")
    for kind in ("account", "contact", "lead"):
        yield Page("/pick/{kind}", f"/pick/{kind}?q=har", part=True)


def _settings() -> Iterator[Page]:
    root = "/crm/settings"
    yield Page(root, root)
    for key in SETTINGS:
        route = f"{root}/pipelines" if key == "pipelines" else f"{root}/{{key}}"
        yield Page(route, f"{root}/{key}")
        yield Page(f"{root}/{{key}}/new", f"{root}/{key}/new", only=ADMINISTRATOR)
    for key, one in (("pipelines", "pipeline"), ("users", "user"), ("teams", "team"), ("tags", "tag")):
        yield Page(f"{root}/{{key}}/{{record_id}}", f"{root}/{key}/{{{one}}}", only=ADMINISTRATOR)
    yield Page(f"{root}/{{key}}/{{record_id}}/remove", f"{root}/tags/{{tag}}/remove", only=ADMINISTRATOR)
    for name in ("organisation", "roles"):
        yield Page(f"{root}/{name}", f"{root}/{name}")
    for name in ("integrations", "webhooks", "webhooks/new", "audit"):
        yield Page(f"{root}/{name}", f"{root}/{name}", only=ADMINISTRATOR)
    for name in ("api-keys", "api-keys/new"):
        yield Page(f"{root}/{name}", f"{root}/{name}")
    for step in ("", "/edit"):
        yield Page(
            f"{root}/webhooks/{{webhook_id}}{step}", f"{root}/webhooks/{{webhook}}{step}", only=ADMINISTRATOR
        )
    yield Page(f"{root}/audit/{{change_set_id}}", f"{root}/audit/{{change}}", only=ADMINISTRATOR)


PAGES: tuple[Page, ...] = (
    Page("/", "/"),
    Page("/search", "/search?q=har"),
    Page("/search", "/search?q=har", part=True),
    Page("/notifications", "/notifications"),
    *_records(),
    Page("/crm/ask", "/crm/ask"),
    Page("/crm/ask/reading", "/crm/ask/reading?question=leads+by+source+this+year", part=True),
    Page("/crm/ask/{plan_id}/rows", "/crm/ask/{answer}/rows", part=True),
    Page("/crm/dashboard", "/crm/dashboard"),
    Page("/crm/dashboard", "/crm/dashboard?period=last_12_months"),
    Page("/crm/reports", "/crm/reports"),
    *(Page("/crm/reports/{name}", f"/crm/reports/{name}?period=last_12_months") for name in REPORTS),
    Page("/crm/visits", "/crm/visits"),
    Page("/crm/visits", "/crm/visits?view=week"),
    Page("/crm/visits/today", "/crm/visits/today"),
    Page("/crm/visits/free", "/crm/visits/free"),
    Page("/crm/visits/coverage", "/crm/visits/coverage"),
    Page("/crm/visits/mileage", "/crm/visits/mileage"),
    Page("/visits", "/visits", part=True),
    Page("/outbox", "/outbox"),
    Page("/crm/imports/new", "/crm/imports/new", only=ADMINISTRATOR),
    Page("/crm/imports/{run_id}", "/crm/imports/{import}", only=ADMINISTRATOR),
    *_settings(),
)  # fmt: skip

# What a browser can ask for that is no page.
NO_PAGES = {
    "/a/{digest}/{name}": "a file",
    "/docs": "the reference of the API, in a frame of its own",
    "/sign-in": "before there is anybody to show a page to; walked by itself",
    "/crm/imports/{run_id}/errors.csv": "a file",
    "/crm/files/{attachment_id}": "a file",
    "/manifest.webmanifest": "a file",
    "/crm/visits/worker.js": "a file",
    "/crm/visits/today/stops": "what the worker of the road asks for, as JSON",
    "/crm/visits/today/me": "what the worker of the road asks for, as JSON",
    "/crm/reports/{name}/file": "a file",
    "/crm/visits/mileage/file": "a file",
    "/crm/visits/plans/{plan_id}/move": "the form for one stop of a plan; walked with the plan",
    **{f"/crm/{key}/export.csv": "a file" for key in RECORDS},
}

_ID = r"([0-9a-f]{8}-[0-9a-f-]{27})"
# Where the id of a record is found: a page that names it, and the words before it there.
LOOKED_UP: dict[str, tuple[str, str]] = {
    "lead": ("/crm/leads?status=new", "/crm/leads/"),
    "deal": ("/crm/opportunities?stage__in=prospecting,proposal", "/crm/opportunities/"),
    "account": ("/crm/accounts", "/crm/accounts/"),
    "contact": ("/crm/contacts", "/crm/contacts/"),
    "activity": ("/crm/activities", "/crm/activities/"),
    "task": ("/crm/tasks", "/crm/tasks/"),
    "pipeline": ("/crm/settings/pipelines", "/crm/settings/pipelines/"),
    "user": ("/crm/settings/users", "/crm/settings/users/"),
    "team": ("/crm/settings/teams", "/crm/settings/teams/"),
    "tag": ("/crm/settings/tags", "/crm/settings/tags/"),
    "webhook": ("/crm/settings/webhooks", "/crm/settings/webhooks/"),
    "change": ("/crm/settings/audit", "/crm/settings/audit/"),
    "import": ("/crm/imports/new", "/crm/imports/"),
}


def named(pages: tuple[Page, ...] = PAGES) -> list[str]:
    """The records that addresses name, those that a page lists first."""
    names = {name for page in pages for name in re.findall(r"{(\w+)}", page.path)}
    return sorted(names, key=lambda name: (name not in LOOKED_UP, name))


def found(name: str, html: str) -> str:
    """The id of a record, read off the page that `LOOKED_UP` names; raises LookupError where none is there."""
    path, before = LOOKED_UP[name]
    match = re.search(re.escape(before) + _ID, html)
    if match is None:
        raise LookupError(f"{path} names no {name}")
    return match[1]


def declared(routes: list[BaseRoute]) -> set[str]:
    """The paths that routes answer GET on, those of included routers too."""
    paths: set[str] = set()
    for route in routes:
        inner: Any = getattr(route, "original_router", None)
        if inner is not None:
            paths |= declared(inner.routes)
        elif "GET" in (getattr(route, "methods", None) or ()):
            paths.add(str(route.path))  # type: ignore[attr-defined]
    return paths
