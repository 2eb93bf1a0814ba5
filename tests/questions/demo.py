"""The demo company on one day, and what its plain rows say: no line of the planner or compiler takes part."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM, Actor, actor_of, visible
from crm_api.accounts.models import Account
from crm_api.core import clock, dialect
from crm_api.custom_fields import service as custom_fields
from crm_api.custom_fields.schemas import CustomFieldIn
from crm_api.opportunities.models import Opportunity
from crm_api.questions.answer import Answer
from crm_api.questions.evaluate import EVERYTHING
from crm_api.questions.service import ask_offline
from crm_api.users.models import User
from entrypoints.demo import load
from entrypoints.demo.company import generate
from tests.factories import make_actor, make_organisation, make_segment
from tests.support.models import all_tables

TODAY = date(2026, 11, 20)
ZONE = ZoneInfo("America/New_York")
NOW = datetime.combine(TODAY, time(15), ZONE).astimezone(UTC)
CONTACT = ("call", "email", "meeting", "video_call", "chat", "sms", "visit")
JANUARY = date(2026, 1, 1)
TABLES = (
    "accounts",
    "contacts",
    "leads",
    "opportunities",
    "orders",
    "activities",
    "users",
    "stages",
    "territories",
    "tags",
    "record_tags",
)


class Rows:
    """The tables as plain rows, their instants as days where the company is."""

    def __init__(self, session: Session) -> None:
        metadata = all_tables()
        for name in TABLES:
            read = session.execute(sa.select(metadata.tables[name])).mappings()
            setattr(self, name, [{k: self._day(v) for k, v in row.items()} for row in read])
        self.ids = {row["email"]: row["id"] for row in self.users}
        self.names = {row["id"]: row["name"] for row in self.users}

    visible: dict[tuple[str, str], set[Any]]  # the ids that a role sees of a kind
    users: list[dict[str, Any]]
    accounts: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    leads: list[dict[str, Any]]
    opportunities: list[dict[str, Any]]
    activities: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    stages: list[dict[str, Any]]
    territories: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    record_tags: list[dict[str, Any]]

    @staticmethod
    def _day(value: Any) -> Any:
        return value.astimezone(ZONE).date() if isinstance(value, datetime) else value

    def seen(self, role: str, kind: str, rows: list[Any]) -> list[Any]:
        """Those of some rows that a role sees."""
        return [row for row in rows if row["id"] in self.visible[role, kind]]

    def who(self, role: str) -> Any:
        return self.ids[f"{role}@demo.example"]

    def did(self, *types: str, by: Any = None, since: date = date.min, until: date = date.max) -> list[Any]:
        """Completed activities of these types."""
        return [
            a
            for a in self.activities
            if a["activity_type"] in types
            and a["status"] == "completed"
            and by in (None, a["owner_id"])
            and since <= a["occurred_at"] <= until
        ]

    def about(self, word: str, *types: str, since: date = date.min) -> list[Any]:
        """Activities of these types with a word in one of their texts."""
        return [
            a
            for a in self.activities
            if a["activity_type"] in types
            and any(word in (a[text] or "").lower() for text in ("subject", "description", "outcome"))
            and (since == date.min or (a["occurred_at"] or date.min) >= since)
        ]

    def open_tasks(self, owner: Any = None) -> list[Any]:
        return [
            a
            for a in self.activities
            if a["activity_type"] == "task"
            and a["status"] in ("scheduled", "in_progress")
            and owner in (None, a["owner_id"])
        ]

    def deals(self, *kinds: str, owner: Any = None) -> list[Any]:
        """Deals of these kinds of stage; "open" is any that is not closed."""
        return [
            d
            for d in self.opportunities
            if (d["stage_kind"] in kinds or ("open" in kinds and not d["stage_kind"].startswith("closed")))
            and owner in (None, d["owner_id"])
        ]

    def without(self, records: list[Any], link: str, related: list[Any]) -> int:
        linked = {r[link] for r in related}
        return sum(r["id"] not in linked for r in records)


@dataclass(frozen=True)
class Company:
    """The demo company as it is asked, as plain rows, and who asks."""

    session: Session
    rows: Rows
    people: dict[str, Actor]

    def asked(self, role: str, *turns: str) -> Answer:
        """What somebody is answered on that day, however many rows it has."""
        with clock.frozen(NOW):
            return ask_offline(self.session, actor=self.people[role], turns=list(turns), most=EVERYTHING)


@contextmanager
def furnished() -> Iterator[Company]:
    """The demo company in memory, with some records given to the manager so that "my" is not empty there."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    sa.event.listen(engine, "connect", lambda c, _: dialect.prepare_sqlite(c, reading=False))
    all_tables().create_all(engine)
    with Session(engine) as session, clock.frozen(NOW):
        make_organisation(session, currency="USD")
        load.load(session, generate(TODAY))
        _give_some_to_the_manager(session)
        _know_more_of_dealers(session)
        session.commit()
        people = {
            role: actor_of(session, user, organisation_zone="America/New_York")
            for role in ("rep", "manager", "field", "viewer")
            for user in session.scalars(sa.select(User).where(User.email == f"{role}@demo.example"))
        }
        people["administrator"] = replace(make_actor(session), time_zone=ZONE.key)
        rows = Rows(session)
        rows.visible = {
            (role, kind): set(session.scalars(sa.select(model.id).where(visible(kind, people[role]))))
            for role in ("rep", "field", "viewer")
            for kind, model in (("account", Account), ("opportunity", Opportunity))
        }
        yield Company(session, rows, people)
    engine.dispose()


def _give_some_to_the_manager(session: Session) -> None:
    manager = session.scalars(sa.select(User.id).where(User.email == "manager@demo.example")).one()
    for name in ("leads", "opportunities", "activities", "accounts"):
        table = all_tables().tables[name]
        some = sa.select(table.c.id).order_by(table.c.id).limit(600).subquery()
        every = session.scalars(sa.select(some.c.id)).all()[::7]
        session.execute(sa.update(table).where(table.c.id.in_(every)).values(owner_id=manager))


def _know_more_of_dealers(session: Session) -> None:
    """A segment of twelve dealers, and a field of the company's own that sixteen of them have."""
    dealer = sa.select(Account).where(Account.account_type == "dealer").order_by(Account.id).limit(16)
    found = session.scalars(dealer).all()
    make_segment(session, name="Snow belt", code="SNOW", accounts=found[:12])
    field = {"kind": "account", "key": "parking", "label": "Parking spaces", "type": "integer"}
    custom_fields.create(session, SYSTEM, data=CustomFieldIn(**field))
    for n, account in enumerate(found):
        account.custom = {"parking": 15 + 5 * n}
    session.flush()


def days_ago(n: int) -> date:
    return TODAY - timedelta(days=n)


def month(day: date | None) -> str:
    return f"{day:%Y-%m}" if day else ""


def dealers(r: Rows) -> list[Any]:
    return [a for a in r.accounts if a["account_type"] == "dealer"]


def sums(names: dict[Any, str], deals: list[Any]) -> dict[str, float]:
    """What deals are worth, by the name of their owner."""
    found: Counter[str] = Counter()
    for deal in deals:
        found[names[deal["owner_id"]]] += deal["value_base"] or 0
    return {name: value / 100 for name, value in found.items()}
