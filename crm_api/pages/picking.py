"""The bar above dashboards and reports: which period, whose records. What is picked stands in the address."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query

from crm_api.access import Actor
from crm_api.analytics.periods import NAMES, Name, Period, period
from crm_api.conditions import records
from crm_api.conditions.filters import Query as Records
from crm_api.core.errors import Invalid
from crm_api.core.listing import MAX_PAGE_SIZE, Window

OFFERED: tuple[tuple[Name, str], ...] = (
    ("this_month", "This month"), ("last_month", "Last month"), ("this_quarter", "This quarter"),
    ("last_quarter", "Last quarter"), ("this_year", "This year"), ("last_12_months", "12 months"),
)  # fmt: skip
LONGEST = 40
Text = Annotated[str, Query(max_length=LONGEST)]


@dataclass(frozen=True, slots=True)
class Picked:
    """What the address says, before anything is known of whoever looks. A form sends empty fields; they say nothing."""

    name: Name | None = None
    start: date | None = None
    end: date | None = None
    owner_id: UUID | None = None

    def of(self, session: Any, actor: Actor) -> Period:
        """The period meant; raises Invalid as the API does."""
        return period(session, actor, self.name, self.start, self.end)


def _picked(period: Text = "", start_date: Text = "", end_date: Text = "", owner_id: Text = "") -> Picked:
    named = next((name for name in NAMES if name == period), None)
    if period and named is None:
        raise Invalid.field("period", f"one of {', '.join(NAMES)}")
    try:
        owner = UUID(owner_id) if owner_id else None
        start, end = (date.fromisoformat(day) if day else None for day in (start_date, end_date))
    except ValueError as error:
        raise Invalid.field("start_date", "days are written as 2026-11-21, people by their id") from error
    return Picked(named, start, end, owner)


Asked = Annotated[Picked, Depends(_picked)]


@dataclass(frozen=True, slots=True)
class Choice:
    """A link of the bar."""

    label: str
    path: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar as it is drawn. `query` is what is picked, for links that keep it; `people` are those to choose from, and
    empty for who has only themselves."""

    path: str
    choices: list[Choice]
    period: Period
    is_custom: bool
    people: list[dict[str, Any]]
    owner_id: UUID | None
    query: str

    @property
    def owner(self) -> str | None:
        """Whose records alone, by name."""
        return next((person["name"] for person in self.people if person["id"] == self.owner_id), None)


def bar(session: Any, actor: Actor, picked: Picked, path: str) -> Bar:
    """What to draw above a page about a period."""
    days = picked.of(session, actor)
    owner = {"owner_id": str(picked.owner_id)} if picked.owner_id else {}
    choices = [
        Choice(label, f"{path}?{urlencode({'period': name, **owner})}", days.name == name)
        for name, label in OFFERED
    ]
    custom = {"start_date": days.start.isoformat(), "end_date": days.end.isoformat()}
    query = urlencode({**(custom if days.name == "custom" else {"period": days.name}), **owner})
    people = [] if actor.role in ("rep", "field") else _people(session, actor)
    return Bar(path, choices, days, days.name == "custom", people, picked.owner_id, query)


def _people(session: Any, actor: Actor) -> list[dict[str, Any]]:
    everybody = Records(sort=("name",), window=Window(page_size=MAX_PAGE_SIZE, count="none"))
    return [one for one in records.page(session, actor, "user", everybody)["items"] if one["is_active"]]


def page_of(address: str | None) -> str | None:
    """The page of a list of the API; None for one without."""
    if address is None:
        return None
    path = address.removeprefix("/api/v1")
    return path if path.partition("?")[0].count("/") == 2 else None
