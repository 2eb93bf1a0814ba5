"""Questions of reps, managers and field staff over the demo company, each with what plain rows say to it."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.questions.demo import (
    CONTACT,
    JANUARY,
    NOW,
    TODAY,
    Company,
    Rows,
    days_ago,
    dealers,
    furnished,
    month,
    sums,
)
from tests.questions.floor_cases import DECLINED, FLOOR
from tests.support.models import all_tables


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with furnished() as company:
        yield company


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


@pytest.mark.parametrize(("role", "question", "expected"), CASES, ids=[f"{r}: {q}" for r, q, _ in CASES])
def test_the_demo_company_is_asked_about_as_its_rows_say(
    company: Company, role: str, question: str, expected: Callable[[Rows], Any]
) -> None:
    answer, want = company.asked(role, question), expected(company.rows)
    assert answer.status == "answered", answer.answer
    if isinstance(want, dict):
        want = {key: value for key, value in want.items() if key is not None}
        assert {row[0]: row[-1] for row in answer.rows} == pytest.approx(want), answer.plan_in_words
    else:
        told = answer.value if answer.plan and answer.plan.figures else answer.total_rows
        assert (told or 0) == pytest.approx(want), answer.plan_in_words


@pytest.mark.parametrize(("role", "question", "expected"), FLOOR, ids=[f"{r}: {q}" for r, q, _ in FLOOR])
def test_what_is_said_on_the_floor_is_answered_as_the_rows_say_or_not_at_all(
    company: Company, role: str, question: str, expected: Any
) -> None:
    answer = company.asked(role, question)
    if expected == DECLINED:
        assert answer.status != "answered", answer.plan_in_words
        return
    want = expected(company.rows)
    assert answer.status == "answered", answer.answer
    if isinstance(want, dict):
        want = {key: value for key, value in want.items() if key is not None}
        assert {row[0]: row[-1] for row in answer.rows} == pytest.approx(want), answer.plan_in_words
    elif isinstance(want, set):
        assert {row[0] for row in answer.rows} == want, answer.plan_in_words
    else:
        told = answer.total_rows if answer.value is None else answer.value
        assert told == pytest.approx(want), answer.plan_in_words


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("deals in negotiation for more than 30 days", 30),
        ("deals stuck in negotiation over 30 days", 30),
        ("deals in negotiation over 2 weeks", 14),
    ],
)
def test_days_in_a_stage_are_those_since_it_was_entered(company: Company, question: str, days: int) -> None:
    table = all_tables().tables["opportunities"]
    entered = company.session.scalars(
        sa.select(table.c.stage_entered_at).where(table.c.stage_kind == "negotiation")
    )
    longer = sum((NOW - since) // timedelta(days=1) > days for since in entered)
    assert company.asked("administrator", question).total_rows == longer > 0


def test_a_summary_of_one_account_tells_what_happened_last(
    company: Company,
) -> None:
    name = next(a["name"] for a in company.rows.accounts if a["account_type"] == "dealer")
    for question in (f"account summary for {name}", f"tell me about {name}"):
        answer = company.asked("administrator", question)
        assert answer.rows[0][0] == name
        assert {"last contact at", "last visit at", "owner"} <= {column.name for column in answer.columns}


SENTENCES = [
    ("rep", "my open deals", "You have {} open opportunities."),
    ("administrator", "overdue tasks", "There are {} overdue tasks."),
]


@pytest.mark.parametrize(("role", "question", "sentence"), SENTENCES)
def test_a_list_says_how_many_of_what(company: Company, role: str, question: str, sentence: str) -> None:
    answer = company.asked(role, question)
    assert answer.total_rows > 1
    assert answer.answer == sentence.format(answer.total_rows)


def test_a_grouped_answer_names_the_leader_beside_the_total(
    company: Company,
) -> None:
    answer = company.asked("administrator", "accounts by type")
    name, most = max(answer.rows, key=lambda row: row[-1])
    total = sum(row[-1] for row in answer.rows)
    assert answer.answer == f"{name.capitalize()} has the most: {most} of {total} accounts."


@pytest.mark.parametrize("question", ["total value of open deals", "won revenue by rep", "my open deals"])
def test_money_is_answered_in_the_organisations_currency(company: Company, question: str) -> None:
    answer = company.asked("administrator", question)
    assert answer.columns[-1].unit == "USD"


def test_a_plan_with_my_in_it_is_right_for_whoever_runs_it(
    company: Company,
) -> None:
    plans = [company.asked(role, "my open deals").plan for role in ("rep", "manager")]
    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    "question", ["show me open deals", "can I see open deals", "I want to see open deals"]
)
def test_to_be_shown_something_is_not_to_own_it(company: Company, question: str) -> None:
    assert company.asked("manager", question).total_rows == company.asked("manager", "open deals").total_rows


def test_a_follow_up_may_narrow_to_mine(company: Company) -> None:
    answer = company.asked("manager", "how many open deals are there", "only mine")
    assert answer.value == len(company.rows.deals("open", owner=company.rows.who("manager"))) > 0


@pytest.mark.parametrize("question", ["what is in my territory", "my products", "deals of my region"])
def test_what_cannot_be_anybodys_own_is_said_and_not_left_out(company: Company, question: str) -> None:
    assert company.asked("manager", question).status != "answered"
