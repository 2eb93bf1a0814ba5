"""What reps, a manager and an analyst of the demo company ask, each with what plain rows say to it."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any

from tests.questions.demo import CONTACT, TODAY, Rows, days_ago, dealers, month, sums

Want = Callable[[Rows], Any]
Case = tuple[str, str, Want | str]
DECLINED = "declined"  # nobody keeps it, or it is said in a way that is not understood yet

WEEK, LAST_WEEK = date(2026, 11, 16), (date(2026, 11, 9), date(2026, 11, 15))
Q3, SUMMER = (date(2026, 7, 1), date(2026, 9, 30)), (date(2026, 6, 1), date(2026, 8, 31))


def won_in(r: Rows, first: date, last: date, owner: Any = None) -> list[Any]:
    """Deals won between two days."""
    return [d for d in r.deals("closed_won", owner=owner) if first <= d["actual_close_date"] <= last]


def worth(deals: list[Any]) -> float:
    return sum(d["value_base"] or 0 for d in deals) / 100


def kilometres(a: Any, b: Any) -> float:
    """The great circle between two accounts."""
    (p, q), (s, t) = ((radians(x["latitude"]), radians(x["longitude"])) for x in (a, b))
    half = sin((s - p) / 2) ** 2 + cos(p) * cos(s) * sin((t - q) / 2) ** 2
    return 2 * 6371.0088 * asin(sqrt(half))


def near(r: Rows, town: str, limit: float) -> list[Any]:
    """Accounts within so many kilometres of one in this town."""
    placed = [a for a in r.accounts if a["latitude"] is not None]
    there = [a for a in placed if a["billing_city"] == town]
    return [a for a in placed if any(kilometres(a, b) <= limit for b in there)]


def territory(r: Rows, name: str) -> Any:
    return next(t["id"] for t in r.territories if t["name"] == name)


def owner(r: Rows, name: str) -> Any:
    return next(u["id"] for u in r.users if u["name"] == name)


def tagged(r: Rows, kind: str, tag: str) -> set[Any]:
    """The ids of the records with a tag."""
    wanted = next(t["id"] for t in r.tags if t["name"] == tag)
    return {link["record_id"] for link in r.record_tags if link["kind"] == kind and link["tag_id"] == wanted}


def orders(r: Rows, first: date = date.min, last: date = date.max) -> list[Any]:
    """Orders between two days that were not taken back."""
    return [o for o in r.orders if first <= o["order_date"] <= last]


def tasks(r: Rows, **having: Any) -> list[Any]:
    return [t for t in r.open_tasks() if all(t[k] == v for k, v in having.items())]


FLOOR: list[Case] = [
    # tasks
    ("rep", "what's on my plate this week, tasks I mean", DECLINED),
    ("administrator", "urgent tasks that are still open", lambda r: len(tasks(r, priority="urgent"))),
    ("administrator", "how many follow-ups are overdue?", lambda r: sum(
        t["due_at"] < TODAY for t in tasks(r, task_type="follow_up"))),
    ("manager", "tasks due tomorrow", lambda r: sum(
        t["activity_type"] == "task" and t["due_at"] == TODAY + timedelta(1) for t in r.activities)),
    ("administrator", "open tasks per rep", lambda r: Counter(r.names[t["owner_id"]] for t in r.open_tasks())),
    ("administrator", "tasks Samuel Greer finished last month", lambda r: sum(
        t["status"] == "completed" and date(2026, 10, 1) <= t["completed_at"] <= date(2026, 10, 31)
        for t in r.activities if t["activity_type"] == "task" and t["owner_id"] == owner(r, "Samuel Greer"))),
    ("administrator", "high priority tasks due before December", lambda r: sum(
        t["activity_type"] == "task" and t["priority"] == "high" and (t["due_at"] or date.max) < date(2026, 12, 1)
        for t in r.activities)),
    # calls and mails
    ("administrator", "how many calls did Lauren Halvorsen log in October?", lambda r: len(
        r.did("call", by=owner(r, "Lauren Halvorsen"), since=date(2026, 10, 1), until=date(2026, 10, 31)))),
    ("administrator", "inbound calls last week", lambda r: sum(
        a["direction"] == "inbound" for a in r.did("call", since=LAST_WEEK[0], until=LAST_WEEK[1]))),
    ("administrator", "calls per month this year", lambda r: Counter(
        month(a["occurred_at"]) for a in r.activities
        if a["activity_type"] == "call" and a["occurred_at"] and a["occurred_at"].year == 2026)),
    ("administrator", "who made the most calls in Q3?", lambda r: {max(
        Counter(r.names[a["owner_id"]] for a in r.did("call", since=Q3[0], until=Q3[1])).items(),
        key=lambda x: x[1])[0]}),
    ("administrator", "how many emails went out in the last 30 days", lambda r: sum(
        a["direction"] == "outbound" for a in r.did("email", since=days_ago(29), until=TODAY))),
    ("administrator", "emails we received this month", lambda r: sum(
        a["direction"] == "inbound" for a in r.did("email", since=date(2026, 11, 1), until=TODAY))),
    ("administrator", "calls that ended with no answer", DECLINED),
    # visits
    ("administrator", "visits by Fiona Castell in the past two weeks", lambda r: len(
        r.did("visit", by=owner(r, "Fiona Castell"), since=days_ago(13), until=TODAY))),
    ("administrator", "number of visits per field rep last quarter", lambda r: Counter(
        r.names[a["owner_id"]] for a in r.did("visit", since=Q3[0], until=Q3[1]))),
    ("administrator", "gold dealers nobody has visited in 90 days", lambda r: r.without(
        [a for a in dealers(r) if a["tier"] == "gold"], "account_id",
        [v for v in r.activities if v["activity_type"] == "visit" and v["occurred_at"]
         and days_ago(89) <= v["occurred_at"] <= TODAY])),
    ("field", "which platinum accounts did I visit last month?", lambda r: len(
        {v["account_id"] for v in r.did("visit", by=r.who("field"), since=date(2026, 10, 1), until=date(2026, 10, 31))}
        & {a["id"] for a in r.accounts if a["tier"] == "platinum"})),
    ("administrator", "dealers with no visit ever", lambda r: r.without(
        dealers(r), "account_id", [a for a in r.activities if a["activity_type"] == "visit"])),
    ("administrator", "average visits per dealer", DECLINED),
    # orders
    ("administrator", "how many orders came in last month", lambda r: len(
        orders(r, date(2026, 10, 1), date(2026, 10, 31)))),
    ("administrator", "total order value this quarter", lambda r: sum(
        o["total_base"] for o in orders(r, date(2026, 10, 1), date(2026, 12, 31))) / 100),
    ("administrator", "orders over 15k since September", lambda r: sum(
        o["total_base"] > 15_000_00 for o in orders(r, date(2026, 9, 1)))),
    ("administrator", "cancelled orders in 2026", lambda r: sum(
        o["status"] == "cancelled" for o in orders(r, date(2026, 1, 1), date(2026, 12, 31)))),
    ("administrator", "accounts without an order in the last 6 months", lambda r: r.without(
        r.accounts, "account_id", orders(r, date(2026, 5, 21), TODAY))),
    ("administrator", "orders by status", lambda r: Counter(o["status"] for o in r.orders)),
    ("administrator", "average order value by month in 2025", lambda r: {
        key: sum(o["total_base"] for o in of) / 100 / len(of) for key in {month(o["order_date"]) for o in r.orders}
        if key.startswith("2025") and (of := [o for o in r.orders if month(o["order_date"]) == key])}),
    ("administrator", "quotes we sent last week", DECLINED),
    # leads
    ("administrator", "hot leads from trade shows", lambda r: sum(
        x["rating"] == "hot" and x["source"] == "trade_show" for x in r.leads)),
    ("administrator", "how many leads did we convert in the last quarter", lambda r: sum(
        x["converted_at"] is not None and Q3[0] <= x["converted_at"] <= Q3[1] for x in r.leads)),
    ("administrator", "why do we lose leads? count by reason", DECLINED),
    ("administrator", "leads created this week", lambda r: sum(
        WEEK <= x["created_at"] <= TODAY for x in r.leads)),
    ("administrator", "new leads per source", lambda r: Counter(x["source"] for x in r.leads if x["status"] == "new")),
    ("administrator", "how many new leads did we get in October", lambda r: sum(
        month(x["created_at"]) == "2026-10" for x in r.leads)),
    # deals and stage history
    ("administrator", "deals above 50k closing before the end of the year", lambda r: sum(
        d["value_base"] > 50_000_00 and TODAY <= d["expected_close_date"] <= date(2026, 12, 31)
        for d in r.deals("open"))),
    ("administrator", "open opportunities worth more than 5 lakh", lambda r: sum(
        d["value_base"] > 500_000_00 for d in r.deals("open"))),
    ("administrator", "deals between 10k and 20k won this year", lambda r: sum(
        10_000_00 <= d["value_base"] <= 20_000_00 for d in won_in(r, date(2026, 1, 1), TODAY))),
    ("administrator", "how much business did we close in Q3", lambda r: worth(won_in(r, *Q3))),
    ("administrator", "won revenue this year vs last year", lambda r: {
        "last year": worth(won_in(r, date(2025, 1, 1), date(2025, 12, 31))),
        "this year": worth(won_in(r, date(2026, 1, 1), TODAY))}),
    ("administrator", "lost deals by reason", lambda r: Counter(d["loss_reason"] for d in r.deals("closed_lost"))),
    ("administrator", "biggest open deal", lambda r: {max(r.deals("open"), key=lambda d: d["value_base"])["number"]}),
    ("administrator", "deals that have been in proposal for more than 3 weeks", lambda r: sum(
        (TODAY - d["stage_entered_at"]).days > 21 for d in r.deals("proposal"))),
    ("administrator", "win rate by deal type this year", lambda r: {
        kind: 100 * len([d for d in of if d["stage_kind"] == "closed_won"]) / len(of)
        for kind in {d["opportunity_type"] for d in r.opportunities}
        if (of := [d for d in r.deals("closed_won", "closed_lost") if d["opportunity_type"] == kind
                   and d["actual_close_date"].year == 2026])}),
    ("administrator", "pipeline in negotiation or proposal", lambda r: worth(r.deals("negotiation", "proposal"))),
    ("administrator", "open pipeline per owner", lambda r: sums(r.names, r.deals("open"))),
    ("administrator", "renewals we lost because of price", DECLINED),
    ("administrator", "deals I lost to a competitor called Deere", DECLINED),
    ("administrator", "deals overdue to close", lambda r: sum(
        d["expected_close_date"] < TODAY for d in r.deals("open"))),
    ("administrator", "accounts with two or more open deals", lambda r: sum(
        n >= 2 for n in Counter(d["account_id"] for d in r.deals("open")).values())),
    # where they are
    ("administrator", "dealers within 30 km of Columbus", lambda r: sum(
        a["account_type"] == "dealer" for a in near(r, "Columbus", 30))),
    ("administrator", "accounts around Newark without an open deal", lambda r: r.without(
        near(r, "Newark", 50), "account_id", r.deals("open"))),
    ("administrator", "how many accounts in the Great Lakes territory", lambda r: sum(
        a["territory_id"] == territory(r, "Great Lakes") for a in r.accounts)),
    ("administrator", "dealers by territory", lambda r: Counter(
        next(t["name"] for t in r.territories if t["id"] == a["territory_id"]) for a in dealers(r))),
    ("administrator", "customers in Ohio", DECLINED),
    # tags, segments, a field of the company's own
    ("administrator", "at risk accounts", lambda r: len(tagged(r, "account", "At risk"))),
    ("administrator", "open deals with key accounts", lambda r: sum(
        d["account_id"] in tagged(r, "account", "Key account") for d in r.deals("open"))),
    ("administrator", "accounts in the snow belt segment", lambda r: 12),
    ("administrator", "dealers with more than 40 parking spaces", lambda r: 10),
    # what stands first is asked about, whoever it was done to
    ("administrator", "calls to dealers last week", lambda r: sum(
        a["account_id"] in {d["id"] for d in dealers(r)}
        for a in r.did("call", since=LAST_WEEK[0], until=LAST_WEEK[1]))),
    ("administrator", "hot leads by source", lambda r: Counter(
        x["source"] for x in r.leads if x["rating"] == "hot" or (x["score"] or 0) >= 80)),
    ("administrator", "hot leads not contacted in 2 weeks", lambda r: r.without(
        [x for x in r.leads if x["rating"] == "hot" or (x["score"] or 0) >= 80], "lead_id",
        r.did(*CONTACT, since=days_ago(13), until=TODAY))),
    ("administrator", "dealers I haven't called in a month", lambda r: len(dealers(r))),
    ("administrator", "overdue tasks of the field team", DECLINED),
    ("administrator", "contacts at gold dealers who are decision makers", DECLINED),
    # who asks
    ("viewer", "how many open deals are there", lambda r: len(r.seen("viewer", "opportunity", r.deals("open")))),
    ("rep", "how many accounts can I see", lambda r: len(r.seen("rep", "account", r.accounts))),
    ("field", "accounts by tier", lambda r: Counter(a["tier"] for a in r.seen("field", "account", r.accounts))),
    ("rep", "delete my overdue tasks", DECLINED),
    ("viewer", "what is Martha Keane's password", DECLINED),
]  # fmt: skip
