"""The calls that are measured, and what each of them sends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from bench import data
from bench.load import Request
from bench.replay import TOKEN

CONNECTIONS = 32
FEW = 2  # for calls that keep a process busy for a second each: what waits is no news
LEADS = "/api/v1/crm/leads"
_created = count(1)


@dataclass(frozen=True, slots=True)
class Target:
    """One call: who makes it, and the requests of a turn. `make` gives new ones each turn to a call that writes."""

    name: str
    token: str
    requests: Sequence[Request]
    make: Callable[[], list[Request]] | None = None
    connections: int = CONNECTIONS

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
        return Target(f"{self.name}, bare", self.token, sent, connections=self.connections)


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
    """The calls that are measured, over these leads; `cursor` is half-way through all, newest first."""
    filtered = f"{LEADS}?status=qualified&priority=high&sort=-score&page_size=50"
    searched = [f"{LEADS}?search={w.replace(' ', '+')}&page_size=20" for w in data.search_words()]
    exported = f"{LEADS}/export?format=jsonl&status=qualified&priority=high"
    reading = {
        "get": [f"{LEADS}/{i}" for i in ids],
        "list, filtered": [filtered],
        "list, declared sort": [f"{LEADS}?sort=-created_at&page_size=50"],
        "cursor, half-way": [f"{LEADS}?sort=-created_at&page_size=50&count=none&cursor={cursor}"],
        "search": searched,
        "pipeline statistics": ["/api/v1/crm/opportunities/pipeline/stats"],
    }
    many = [new_leads(TOKEN)]
    return [
        Target(
            "create", administrator, [new_lead(TOKEN)], lambda: [new_lead(_name()) for _ in range(20_000)]
        ),
        Target(
            "bulk create of 1,000", administrator, many, lambda: [new_leads(_name()) for _ in range(20)], FEW
        ),
        *(Target(n, administrator, [Request("GET", path) for path in paths]) for n, paths in reading.items()),
        Target("export", administrator, [Request("GET", exported)], connections=FEW),
        Target("list, as a rep", rep, [Request("GET", filtered)]),
    ]


def _name() -> str:
    return f"created{next(_created)}"
