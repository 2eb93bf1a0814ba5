"""An office where everybody works on the same records at once, and the books each writer keeps of it.

A writer notes what the answers told: numbers, records, changes, steps of a shared figure. `check` then holds all books
against what the database says. Nothing of it depends on who came first.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.leads.models import Lead
from tests.support.api import Api

CRM = "/api/v1/crm"
MODELS: dict[str, Any] = {"lead": Lead, "account": Account}
# What a writer does, each as often as it stands here.
USUAL = ("lead", "account", "raise", "edit", "many", "upsert", "undo", "undo")
SYSTEM = "erp"
ANSWERS = {200, 201, 204, 409, 412}  # whoever comes too late is told so; nothing else is expected here


@dataclass
class Office:
    """What everybody works on: the figure of one account goes up, the places of two leads change."""

    account: str
    leads: list[str]
    mark: str  # of the other system's ids, so that several offices may share a database


async def furnished(client: httpx.AsyncClient, mark: str = "a") -> Office:
    """An office with its shared records."""
    account = await client.post(f"{CRM}/accounts", json={"name": "Shared", "employees": 0})
    leads = [await client.post(f"{CRM}/leads", json={"title": "Shared"}) for _ in range(2)]
    return Office(account.json()["id"], [lead.json()["id"] for lead in leads], mark)


@dataclass
class Book:
    """What one writer was told. It travels between processes as JSON."""

    numbers: dict[str, list[str]] = field(default_factory=lambda: {"lead": [], "account": []})
    alive: dict[str, dict[str, bool]] = field(default_factory=lambda: {"lead": {}, "account": {}})
    changes: list[tuple[str, str, str, str]] = field(default_factory=list)  # request, kind, record, action
    steps: int = 0
    answers: dict[str, int] = field(default_factory=dict)  # how often each status came
    surprises: list[str] = field(default_factory=list)


class Writer:
    """One client that works through a list of tasks, drawn by its own dice."""

    def __init__(self, client: httpx.AsyncClient, name: str, office: Office, seed: int) -> None:
        self.client, self.name, self.office, self.dice = client, name, office, random.Random(seed)
        self.book = Book()
        self._asked = 0
        self._seen = (
            0,
            '"1"',
        )  # the shared figure as all saw it at the beginning, so that all but one come too late
        self._done: dict[str, int] = {}  # the requests that can be undone, and how far each moved the figure

    async def work(self, tasks: Sequence[str]) -> Book:
        """Do the tasks one after another."""
        for task in tasks:
            await getattr(self, f"_{task}")()
        return self.book

    async def _ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[str, httpx.Response]:
        self._asked += 1
        request_id = f"{self.name}-{self._asked:06d}"
        answer = await self.client.request(
            method, path, json=body, headers={"X-Request-ID": request_id} | headers
        )
        self._count(answer.status_code, answer.text)
        return request_id, answer

    def _count(self, status: int, text: str) -> None:
        self.book.answers[str(status)] = self.book.answers.get(str(status), 0) + 1
        if status not in ANSWERS:
            self.book.surprises.append(f"{status} {text}")

    def _word(self) -> str:
        return f"{self.name} {self._asked}"

    # ── Tasks ────────────────────────────────────────────────────────────────────────────────────

    async def _lead(self) -> None:
        await self._make("lead", {"title": self._word()})

    async def _account(self) -> None:
        await self._make("account", {"name": self._word()})

    async def _make(self, kind: str, body: dict[str, Any]) -> None:
        request, answer = await self._ask("POST", f"{CRM}/{kind}s", body)
        if answer.status_code == 201:
            self._made(request, kind, answer.json())
            self._done[request] = 0

    def _made(self, request: str, kind: str, record: dict[str, Any]) -> None:
        self.book.numbers[kind].append(record["number"])
        self.book.alive[kind][record["id"]] = True
        self.book.changes.append((request, kind, record["id"], "create"))

    async def _raise(self) -> None:
        """One more than was seen last, where nobody came between: else read again and repeat."""
        path = f"{CRM}/accounts/{self.office.account}"
        while True:
            figure, version = self._seen
            request, answer = await self._ask(
                "PATCH", path, {"employees": figure + 1}, **{"If-Match": version}
            )
            there = answer if answer.status_code == 200 else (await self._ask("GET", path))[1]
            self._seen = there.json()["employees"], there.headers["ETag"]
            if answer.status_code != 412:
                break
        if answer.status_code == 200:
            self._stepped(request, 1)

    def _stepped(self, request: str, step: int) -> None:
        self.book.changes.append((request, "account", self.office.account, "update"))
        self.book.steps += step
        self._done[request] = step

    async def _edit(self) -> None:
        """Write over what is there, whoever wrote it."""
        lead = self.dice.choice(self.office.leads)
        request, answer = await self._ask("PATCH", f"{CRM}/leads/{lead}", {"city": self._word()})
        if answer.status_code == 200:
            self.book.changes.append((request, "lead", lead, "update"))
            self._done[request] = 0

    async def _many(self) -> None:
        """New leads and both shared ones in one transaction, in any order: that is how two wait for each other."""
        word = self._word()
        operations: list[dict[str, Any]] = [
            {"op": "create", "data": {"title": f"{word} {n}"}} for n in range(3)
        ]
        operations += [
            {"op": "update", "id": lead, "data": {"city": f"{word} {lead}"}} for lead in self.office.leads
        ]
        operations.append(self._upserting(f"{word} of all"))
        self.dice.shuffle(operations)
        request, answer = await self._ask("POST", f"{CRM}/leads/bulk", {"operations": operations})
        if answer.status_code != 200:
            return
        for operation, result in zip(operations, answer.json()["results"], strict=True):
            self._count(result["status"], str(result))
            self._came_of(request, operation, result)
        self._done[request] = 0

    async def _upsert(self) -> None:
        operation = self._upserting(self._word())
        path = f"{CRM}/leads/external/{SYSTEM}/{operation['external_id']}"
        request, answer = await self._ask("PUT", path, operation["data"])
        self._came_of(request, operation, answer.json() | {"status": answer.status_code})
        if answer.is_success:
            self._done[request] = 0

    def _upserting(self, title: str) -> dict[str, Any]:
        external_id = f"{self.office.mark}{self.dice.randrange(4)}"
        return {
            "op": "upsert",
            "external_system": SYSTEM,
            "external_id": external_id,
            "data": {"title": title},
        }

    def _came_of(self, request: str, operation: dict[str, Any], result: dict[str, Any]) -> None:
        if result["status"] == 201:
            self._made(request, "lead", result)
        elif result["status"] == 200:
            self.book.changes.append((request, "lead", result["id"], "update"))

    async def _undo(self) -> None:
        """Take back something of one's own; an undoing may be undone too."""
        if not self._done:
            return
        source = self.dice.choice(list(self._done))
        _, found = await self._ask("GET", f"/api/v1/changes?request_id={source}&sort=-at")
        (change_set,) = [one["id"] for one in found.json()["items"]]
        request, answer = await self._ask("POST", f"/api/v1/changes/{change_set}/revert")
        if answer.status_code != 200:
            return
        for record in answer.json()["records"]:
            self.book.changes.append((request, record["kind"], record["id"], "update"))
            if record["what"] in ("archived", "restored"):
                self.book.alive[record["kind"]][record["id"]] = record["what"] == "restored"
        self.book.steps -= self._done[source]
        self._done[request] = -self._done.pop(source)


def tasks_for(seed: int, many: int, choices: Sequence[str] = USUAL) -> list[str]:
    """Tasks for one writer."""
    return random.Random(seed).choices(choices, k=many)


def as_json(book: Book) -> dict[str, Any]:
    """The book as another process can read it."""
    return asdict(book)


def from_json(told: dict[str, Any]) -> Book:
    """The book of another process."""
    return Book(**told | {"changes": [tuple(change) for change in told["changes"]]})


# ── The reckoning ────────────────────────────────────────────────────────────────────────────────


async def check(api: Api, office: Office, books: Sequence[Book]) -> None:
    """Hold what all writers were told against what is there."""
    surprises = [line for book in books for line in book.surprises]
    assert not surprises, "\n".join(surprises)
    await api.db.read(_numbers, books)
    await api.db.read(_records, books)
    await api.db.read(_trail, books)
    await api.db.read(_shared, office, books)


def _numbers(session: Session, books: Sequence[Book]) -> None:
    """No number is there twice, and those of one writer rise."""
    for kind, model in MODELS.items():
        told = [number for book in books for number in book.numbers[kind]]
        assert len(set(told)) == len(told)
        for book in books:
            assert book.numbers[kind] == sorted(book.numbers[kind], key=lambda n: (len(n), n))
        there = session.scalars(sa.select(model.number)).all()
        assert len(set(there)) == len(there)
        assert set(told) <= set(there)


def _records(session: Session, books: Sequence[Book]) -> None:
    """What was made is there, once; what was taken back is archived, and nothing else."""
    for kind, model in MODELS.items():
        told = {UUID(i): alive for book in books for i, alive in book.alive[kind].items()}
        assert len(told) == sum(len(book.alive[kind]) for book in books)
        rows = session.execute(sa.select(model.id, model.archived_at.is_(None)).where(model.id.in_(told)))
        assert {i: bool(alive) for i, alive in rows} == told


def _trail(session: Session, books: Sequence[Book]) -> None:
    """Every change that was acknowledged is in the trail, once, and nothing that was not."""
    told = Counter(change for book in books for change in book.changes)
    writers = {change[0].rpartition("-")[0] for change in told}
    rows = session.execute(
        sa.select(ChangeSet.request_id, AuditEntry.kind, AuditEntry.record_id, AuditEntry.action)
        .join(ChangeSet, ChangeSet.id == AuditEntry.change_set_id)
        .where(AuditEntry.kind.in_(MODELS))
    )
    kept = Counter(
        (request, kind, str(record), action)
        for request, kind, record, action in rows
        if (request or "").rpartition("-")[0] in writers
    )
    assert kept == told


def _shared(session: Session, office: Office, books: Sequence[Book]) -> None:
    """No update was lost: the figure is the sum of all steps, and each change began where another ended."""
    account = session.get_one(Account, UUID(office.account))
    assert account.employees == sum(book.steps for book in books)
    shared: list[tuple[Any, str, Any, Any]] = [(account, "employees", 0, account.employees)]
    for lead_id in office.leads:
        lead = session.get_one(Lead, UUID(lead_id))
        shared.append((lead, "city", None, lead.city))
    for record, name, first, last in shared:
        entries = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.record_id == record.id, AuditEntry.action == "update")
        ).all()
        assert record.version == 1 + len(entries)
        assert Counter([*(e.before[name] for e in entries), last]) == Counter(
            [first, *(e.after[name] for e in entries)]
        )
