"""The calls that are measured, and what each of them sends."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from bench import data
from bench.load import Request
from bench.replay import TOKEN

LEADS = "/api/v1/crm/leads"
_created = count(1)


@dataclass(frozen=True, slots=True)
class Target:
    """One call: who makes it, and the requests of a turn. `make` gives new ones each turn to a call that writes."""

    name: str
    token: str
    requests: Sequence[Request]
    make: Callable[[], list[Request]] | None = None

    @property
    def path(self) -> str:
        """Where its bare route is."""
        return f"/bare/{self.name.replace(' ', '-')}"

    def turn(self) -> Sequence[Request]:
        """The requests of the next turn; each record that is created has an address of its own."""
        return self.make() if self.make else self.requests

    def bare(self) -> "Target":
        """The same, asked of its bare route."""
        sent = [Request(r.method, self.path, r.body) for r in self.requests]
        return Target(f"{self.name}, bare", self.token, sent)


def lead(name: str) -> dict[str, Any]:
    """The body of a new lead."""
    return {
        "title": f"Lead {name}",
        "company_name": f"{name} Motors",
        "first_name": "Ada",
        "last_name": name,
        "email": f"{name}@bench.example",
        "phone": "+1 614 555 0100",
        "city": "Columbus",
        "source": "website",
        "estimated_value": 12_500,
    }


def new_lead(name: str) -> Request:
    """A request that creates a lead."""
    return Request("POST", LEADS, lead(name))


def new_leads(name: str, number: int = 1_000) -> Request:
    """A request that creates many at once."""
    items = [{"op": "create", "data": lead(f"{name}n{n}")} for n in range(number)]
    return Request("POST", f"{LEADS}/bulk", {"operations": items})


def targets(ids: list[Any], administrator: str, rep: str, cursor: str) -> list[Target]:
    """The calls that are measured; `cursor` is one half-way through the leads, newest first."""
    drawn = random.Random(1).sample(ids, min(500, len(ids)))
    filtered = f"{LEADS}?status=qualified&priority=high&sort=-score&page_size=50"
    searched = [f"{LEADS}?search={w.replace(' ', '+')}&page_size=20" for w in data.search_words()]
    reading = {
        "get": [f"{LEADS}/{i}" for i in drawn],
        "list, filtered": [filtered],
        "list, declared sort": [f"{LEADS}?sort=-created_at&page_size=50"],
        "cursor, half-way": [f"{LEADS}?sort=-created_at&page_size=50&count=none&cursor={cursor}"],
        "search": searched,
        "pipeline statistics": ["/api/v1/crm/opportunities/pipeline/stats"],
        "export": [f"{LEADS}/export?format=jsonl&status=qualified&priority=high"],
    }
    return [
        Target(
            "create", administrator, [new_lead(TOKEN)], lambda: [new_lead(_name()) for _ in range(20_000)]
        ),
        Target(
            "bulk create of 1,000",
            administrator,
            [new_leads(TOKEN)],
            lambda: [new_leads(_name()) for _ in range(60)],
        ),
        *(Target(n, administrator, [Request("GET", path) for path in paths]) for n, paths in reading.items()),
        Target("list, as a rep", rep, [Request("GET", filtered)]),
    ]


def _name() -> str:
    return f"created{next(_created)}"
