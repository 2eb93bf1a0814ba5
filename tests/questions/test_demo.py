"""Questions of reps, managers and field staff over the demo company, each with what plain rows say to it.

The oracle reads the tables as they are and counts in Python; no line of the planner or compiler takes part.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, actor_of
from crm_api.core import clock, dialect
from crm_api.questions.answer import Answer
from crm_api.questions.evaluate import EVERYTHING
from crm_api.questions.service import ask_offline
from crm_api.users.models import User
from entrypoints.demo import load
from entrypoints.demo.company import generate
from tests.factories import make_actor, make_organisation
from tests.support.models import all_tables

TODAY = date(2026, 11, 20)
ZONE = ZoneInfo("America/New_York")
NOW = datetime.combine(TODAY, time(15), ZONE).astimezone(UTC)
CONTACT = ("call", "email", "meeting", "video_call", "chat", "sms", "visit")
JANUARY = date(2026, 1, 1)
TABLES = ("accounts", "contacts", "leads", "opportunities", "activities", "users", "stages")


class Rows:
    """The tables as plain rows, their instants as days where the company is."""

    def __init__(self, session: Session) -> None:
        metadata = all_tables()
        for name in TABLES:
            read = session.execute(sa.select(metadata.tables[name])).mappings()
            setattr(self, name, [{k: self._day(v) for k, v in row.items()} for row in read])
        self.ids = {row["email"]: row["id"] for row in self.users}
        self.names = {row["id"]: row["name"] for row in self.users}

    users: list[dict[str, Any]]
    accounts: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    leads: list[dict[str, Any]]
    opportunities: list[dict[str, Any]]
    activities: list[dict[str, Any]]
    stages: list[dict[str, Any]]

    @staticmethod
    def _day(value: Any) -> Any:
        return value.astimezone(ZONE).date() if isinstance(value, datetime) else value

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


@pytest.fixture(scope="module")
def company() -> Iterator[tuple[Session, Rows, dict[str, Actor]]]:
    """The demo company in memory, with some records given to the manager so that "my" is not empty there."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    sa.event.listen(engine, "connect", lambda c, _: dialect.prepare_sqlite(c, reading=False))
    all_tables().create_all(engine)
    with Session(engine) as session, clock.frozen(NOW):
        make_organisation(session, currency="USD")
        load.load(session, generate(TODAY))
        _give_some_to_the_manager(session)
        session.commit()
        people = {
            role: actor_of(session, user, organisation_zone="America/New_York")
            for role in ("rep", "manager", "field")
            for user in session.scalars(sa.select(User).where(User.email == f"{role}@demo.example"))
        }
        people["administrator"] = make_actor(session, "administrator")
        yield session, Rows(session), people
    engine.dispose()


def _give_some_to_the_manager(session: Session) -> None:
    manager = session.scalars(sa.select(User.id).where(User.email == "manager@demo.example")).one()
    for name in ("leads", "opportunities", "activities", "accounts"):
        table = all_tables().tables[name]
        some = sa.select(table.c.id).order_by(table.c.id).limit(600).subquery()
        every = session.scalars(sa.select(some.c.id)).all()[::7]
        session.execute(sa.update(table).where(table.c.id.in_(every)).values(owner_id=manager))


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


NOVEMBER, LAST_MONTH = date(2026, 11, 1), (date(2026, 10, 1), date(2026, 10, 31))
SIXTY = days_ago(59)  # the last 60 days end with today
Case = tuple[str, str, Callable[[Rows], Any]]

CASES: list[Case] = [
    # whose they are
    *[
        case
        for role in ("rep", "manager", "field")
        for case in (
            (
                role,
                "My overdue tasks",
                lambda r, role=role: sum(t["due_at"] < TODAY for t in r.open_tasks(r.who(role))),
            ),
            (role, "my open deals", lambda r, role=role: len(r.deals("open", owner=r.who(role)))),
            (
                role,
                "how many leads do I have",
                lambda r, role=role: sum(x["owner_id"] == r.who(role) for x in r.leads),
            ),
        )
    ],
    ("administrator", "my open deals", lambda r: 0),
    ("administrator", "our open deals", lambda r: len(r.deals("open"))),
    ("administrator", "how many open deals does the team have", lambda r: len(r.deals("open"))),
    ("manager", "show me the accounts I own", lambda r: sum(a["owner_id"] == r.who("manager") for a in r.accounts)),
    ("manager", "leads assigned to me", lambda r: sum(x["owner_id"] == r.who("manager") for x in r.leads)),
    ("manager", "how many deals did I win", lambda r: len(r.deals("closed_won", owner=r.who("manager")))),
    (
        "administrator",
        "open deals that are not mine",
        lambda r: len(r.deals("open")),
    ),
    (
        "manager",
        "my dealers without a visit in 60 days",
        lambda r: r.without(
            [a for a in dealers(r) if a["owner_id"] == r.who("manager")],
            "account_id",
            [a for a in r.activities if a["activity_type"] == "visit" and SIXTY <= a["occurred_at"] <= TODAY],
        ),
    ),
    (
        "manager",
        "my won revenue",
        lambda r: sum(d["value_base"] for d in r.deals("closed_won", owner=r.who("manager"))) / 100,
    ),
    (
        "field",
        "which accounts did I visit this month",
        lambda r: len({v["account_id"] for v in r.did("visit", by=r.who("field"), since=NOVEMBER)}),
    ),
    (
        "field",
        "how many visits did I make last month",
        lambda r: len(r.did("visit", by=r.who("field"), since=LAST_MONTH[0], until=LAST_MONTH[1])),
    ),
    # grouped by a type, a source, a status
    ("administrator", "accounts by type", lambda r: Counter(a["account_type"] for a in r.accounts)),
    ("administrator", "how many accounts by account type", lambda r: Counter(a["account_type"] for a in r.accounts)),
    ("administrator", "leads by source", lambda r: Counter(x["source"] for x in r.leads)),
    ("administrator", "deals by type", lambda r: Counter(d["opportunity_type"] for d in r.opportunities)),
    ("administrator", "activities by type", lambda r: Counter(a["activity_type"] for a in r.activities)),
    ("administrator", "how many leads by lead status", lambda r: Counter(x["status"] for x in r.leads)),
    (
        "administrator",
        "tasks by task status",
        lambda r: Counter(a["status"] for a in r.activities if a["activity_type"] == "task"),
    ),
    (
        "administrator",
        "overdue tasks by owner",
        lambda r: Counter(r.names[t["owner_id"]] for t in r.open_tasks() if t["due_at"] < TODAY),
    ),
    # what is still to come
    ("administrator", "pending tasks", lambda r: len(r.open_tasks())),
    ("administrator", "pending tasks by owner", lambda r: Counter(r.names[t["owner_id"]] for t in r.open_tasks())),
    *[
        (
            "administrator",
            f"how many opportunities are closing {when}",
            lambda r, until=until, since=since: sum(
                since <= d["expected_close_date"] <= until for d in r.deals("open") if d["expected_close_date"]
            ),
        )
        for when, since, until in (
            ("in the next 30 days", TODAY, TODAY + timedelta(days=29)),
            ("this month", NOVEMBER, date(2026, 11, 30)),
            ("next month", date(2026, 12, 1), date(2026, 12, 31)),
        )
    ],
    (
        "administrator",
        "pipeline value by owner",
        lambda r: sums(r.names, r.deals("open")),
    ),
    # visits are what was done or is to be done, plans are plans
    (
        "administrator",
        "number of visits by month",
        lambda r: Counter(month(a["occurred_at"]) for a in r.activities if a["activity_type"] == "visit"),
    ),
    (
        "administrator",
        "visits this month",
        lambda r: sum(
            a["activity_type"] == "visit" and month(a["occurred_at"]) == "2026-11" for a in r.activities
        ),
    ),
    (
        "administrator",
        "visits by rep",
        lambda r: Counter(r.names[a["owner_id"]] for a in r.activities if a["activity_type"] == "visit"),
    ),
    ("administrator", "how many visit plans are there", lambda r: 0),
    ("administrator", "how many calls did we make this month", lambda r: len(r.did("call", since=NOVEMBER))),
    (
        "administrator",
        "how many emails did we receive last month",
        lambda r: sum(
            a["direction"] == "inbound" for a in r.did("email", since=LAST_MONTH[0], until=LAST_MONTH[1])
        ),
    ),
    # what is not there, and since when
    (
        "administrator",
        "accounts with no activity in 60 days",
        lambda r: r.without(
            r.accounts, "account_id", [a for a in r.activities if SIXTY <= (a["occurred_at"] or date.min) <= TODAY]
        ),
    ),
    (
        "administrator",
        "leads without a call this month",
        lambda r: r.without(
            r.leads,
            "lead_id",
            [a for a in r.activities if a["activity_type"] == "call" and month(a["occurred_at"]) == "2026-11"],
        ),
    ),
    (
        "administrator",
        "accounts we have not visited since June",
        lambda r: r.without(r.accounts, "account_id", r.did("visit", since=date(2026, 6, 1))),
    ),
    (
        "administrator",
        "accounts not contacted in the last 30 days",
        lambda r: r.without(r.accounts, "account_id", r.did(*CONTACT, since=days_ago(29))),
    ),
    (
        "administrator",
        "dealers without a visit in 90 days",
        lambda r: r.without(
            dealers(r),
            "account_id",
            [a for a in r.activities if a["activity_type"] == "visit" and days_ago(89) <= a["occurred_at"] <= TODAY],
        ),
    ),
    ("administrator", "accounts with an open deal", lambda r: len({d["account_id"] for d in r.deals("open")})),
    (
        "administrator",
        "how many accounts have no open deals",
        lambda r: r.without(r.accounts, "account_id", r.deals("open")),
    ),
    (
        "administrator",
        "accounts with an open deal and no activity in 10 days",
        lambda r: r.without(
            [a for a in r.accounts if a["id"] in {d["account_id"] for d in r.deals("open")}],
            "account_id",
            [a for a in r.activities if days_ago(9) <= (a["occurred_at"] or date.min) <= TODAY],
        ),
    ),
    ("administrator", "deals without a next step", lambda r: sum(not d["next_step"] for d in r.opportunities)),
    ("administrator", "open deals without a next step", lambda r: sum(not d["next_step"] for d in r.deals("open"))),
    (
        "administrator",
        "leads nobody has contacted",
        lambda r: r.without(r.leads, "lead_id", r.did(*CONTACT)),
    ),
    ("administrator", "how many contacted leads", lambda r: sum(x["status"] == "contacted" for x in r.leads)),
    (
        "administrator",
        "leads contacted this month",
        lambda r: len({a["lead_id"] for a in r.did(*CONTACT, since=NOVEMBER)} - {None}),
    ),
    ("administrator", "contacts without a phone number", lambda r: sum(not c["phone"] for c in r.contacts)),
    ("administrator", "unassigned leads", lambda r: sum(x["owner_id"] is None for x in r.leads)),
    # kinds that are named by one of their values
    (
        "administrator",
        "how many distributors are there",
        lambda r: sum(a["account_type"] == "distributor" for a in r.accounts),
    ),
    (
        "administrator",
        "how many dealers have open deals",
        lambda r: sum(a["id"] in {d["account_id"] for d in r.deals("open")} for a in dealers(r)),
    ),
    (
        "administrator",
        "how many dealers did we visit last month",
        lambda r: sum(
            a["id"] in {v["account_id"] for v in r.did("visit", since=LAST_MONTH[0], until=LAST_MONTH[1])}
            for a in dealers(r)
        ),
    ),
    # what the pipeline is worth, by the stage it is in
    ("administrator", "total pipeline", lambda r: sum(d["value_base"] for d in r.deals("open")) / 100),
    *[
        (
            role,
            "what is my pipeline",
            lambda r, role=role: sum(d["value_base"] for d in r.deals("open", owner=r.who(role))) / 100,
        )
        for role in ("rep", "manager")
    ],
    (
        "administrator",
        "pipeline by stage",
        lambda r: {
            stage["name"]: value / 100
            for stage in r.stages
            if (value := sum(d["value_base"] for d in r.deals("open") if d["stage_id"] == stage["id"]))
        },
    ),
    # words in notes, calls and mails
    ("administrator", "how many notes about stock", lambda r: len(r.about("stock", "note"))),
    ("administrator", "calls mentioning delivery", lambda r: len(r.about("delivery", "call"))),
    ("administrator", "emails about warranty this year", lambda r: len(r.about("warranty", "email", since=JANUARY))),
    (
        "administrator",
        "accounts where a call mentions delivery this year",
        lambda r: len({a["account_id"] for a in r.about("delivery", "call", since=JANUARY)} - {None}),
    ),
    # many records in a few lines, and whom to call
    (
        "administrator",
        "activity summary last month",
        lambda r: Counter(
            a["activity_type"]
            for a in r.activities
            if a["occurred_at"] and LAST_MONTH[0] <= a["occurred_at"] <= LAST_MONTH[1]
        ),
    ),
    ("administrator", "lead summary", lambda r: Counter(x["status"] for x in r.leads)),
    *[
        (
            role,
            question,
            lambda r, role=role: sum(
                a["status"] in ("scheduled", "in_progress")
                and (a["activity_type"] == "call" or a["task_type"] == "follow_up")
                and a["owner_id"] == r.who(role)
                and a["due_at"] is not None
                and a["due_at"] <= TODAY
                for a in r.activities
            ),
        )
        for role in ("rep", "manager")
        for question in ("who should I call", "whom do I have to call today?")
    ],
    # dates ahead and dates past
    (
        "administrator",
        "open deals closing this month",
        lambda r: sum(month(d["expected_close_date"]) == "2026-11" for d in r.deals("open")),
    ),
    (
        "administrator",
        "tasks due next week",
        lambda r: sum(
            a["activity_type"] == "task" and date(2026, 11, 23) <= (a["due_at"] or date.min) <= date(2026, 11, 29)
            for a in r.activities
        ),
    ),
    (
        "administrator",
        "total value of open deals by type",
        lambda r: {
            kind: sum(d["value_base"] for d in r.deals("open") if d["opportunity_type"] == kind) / 100
            for kind in {d["opportunity_type"] for d in r.deals("open")}
        },
    ),
]  # fmt: skip


def asked(company: tuple[Session, Rows, dict[str, Actor]], role: str, *turns: str) -> Answer:
    session, _, people = company
    with clock.frozen(NOW):
        return ask_offline(session, actor=people[role], turns=list(turns), most=EVERYTHING)


@pytest.mark.parametrize(("role", "question", "expected"), CASES, ids=[f"{r}: {q}" for r, q, _ in CASES])
def test_the_demo_company_is_asked_about_as_its_rows_say(
    company: tuple[Session, Rows, dict[str, Actor]], role: str, question: str, expected: Callable[[Rows], Any]
) -> None:
    answer, want = asked(company, role, question), expected(company[1])
    assert answer.status == "answered", answer.answer
    if isinstance(want, dict):
        want = {key: value for key, value in want.items() if key is not None}
        assert {row[0]: row[-1] for row in answer.rows} == pytest.approx(want), answer.plan_in_words
    else:
        told = answer.value if answer.plan and answer.plan.figures else answer.total_rows
        assert (told or 0) == pytest.approx(want), answer.plan_in_words


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("deals in negotiation for more than 30 days", 30),
        ("deals stuck in negotiation over 30 days", 30),
        ("deals in negotiation over 2 weeks", 14),
    ],
)
def test_days_in_a_stage_are_those_since_it_was_entered(
    company: tuple[Session, Rows, dict[str, Actor]], question: str, days: int
) -> None:
    table = all_tables().tables["opportunities"]
    entered = company[0].scalars(
        sa.select(table.c.stage_entered_at).where(table.c.stage_kind == "negotiation")
    )
    longer = sum((NOW - since) // timedelta(days=1) > days for since in entered)
    assert asked(company, "administrator", question).total_rows == longer > 0


def test_a_summary_of_one_account_tells_what_happened_last(
    company: tuple[Session, Rows, dict[str, Actor]],
) -> None:
    name = next(a["name"] for a in company[1].accounts if a["account_type"] == "dealer")
    for question in (f"account summary for {name}", f"tell me about {name}"):
        answer = asked(company, "administrator", question)
        assert answer.rows[0][0] == name
        assert {"last contact at", "last visit at", "owner"} <= {column.name for column in answer.columns}


SENTENCES = [
    ("rep", "my open deals", "You have {} open opportunities."),
    ("administrator", "overdue tasks", "There are {} overdue tasks."),
]


@pytest.mark.parametrize(("role", "question", "sentence"), SENTENCES)
def test_a_list_says_how_many_of_what(
    company: tuple[Session, Rows, dict[str, Actor]], role: str, question: str, sentence: str
) -> None:
    answer = asked(company, role, question)
    assert answer.total_rows > 1
    assert answer.answer == sentence.format(answer.total_rows)


def test_a_grouped_answer_names_the_leader_beside_the_total(
    company: tuple[Session, Rows, dict[str, Actor]],
) -> None:
    answer = asked(company, "administrator", "accounts by type")
    name, most = max(answer.rows, key=lambda row: row[-1])
    total = sum(row[-1] for row in answer.rows)
    assert answer.answer == f"{name.capitalize()} has the most: {most} of {total} accounts."


@pytest.mark.parametrize("question", ["total value of open deals", "won revenue by rep", "my open deals"])
def test_money_is_answered_in_the_organisations_currency(
    company: tuple[Session, Rows, dict[str, Actor]], question: str
) -> None:
    answer = asked(company, "administrator", question)
    assert answer.columns[-1].unit == "USD"


def test_a_plan_with_my_in_it_is_right_for_whoever_runs_it(
    company: tuple[Session, Rows, dict[str, Actor]],
) -> None:
    plans = [asked(company, role, "my open deals").plan for role in ("rep", "manager")]
    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    "question", ["show me open deals", "can I see open deals", "I want to see open deals"]
)
def test_to_be_shown_something_is_not_to_own_it(
    company: tuple[Session, Rows, dict[str, Actor]], question: str
) -> None:
    assert (
        asked(company, "manager", question).total_rows == asked(company, "manager", "open deals").total_rows
    )


def test_a_follow_up_may_narrow_to_mine(company: tuple[Session, Rows, dict[str, Actor]]) -> None:
    answer = asked(company, "manager", "how many open deals are there", "only mine")
    assert answer.value == len(company[1].deals("open", owner=company[1].who("manager"))) > 0


@pytest.mark.parametrize("question", ["what is in my territory", "my products", "deals of my region"])
def test_what_cannot_be_anybodys_own_is_said_and_not_left_out(
    company: tuple[Session, Rows, dict[str, Actor]], question: str
) -> None:
    assert asked(company, "manager", question).status != "answered"
