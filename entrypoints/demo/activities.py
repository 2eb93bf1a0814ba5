"""Five thousand activities: what was said and done about leads, deals and dealers, and what is due.

Nobody is contacted before they were known, and nothing about a deal happens after it was closed.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from entrypoints.demo import words
from entrypoints.demo.accounts import place_of
from entrypoints.demo.draws import Draw, zone_of
from entrypoints.demo.people import AREAS, user_id

if TYPE_CHECKING:
    from entrypoints.demo.company import DemoCompany

ACTIVITIES = 5000

Row = dict[str, Any]

_MINUTES = {"call": 10, "email": 5, "meeting": 60, "video_call": 35, "visit": 40}
_ABOUT_DEALS = {"call": 0.36, "email": 0.38, "meeting": 0.12, "video_call": 0.14}
_CONTACTED = {"new": (0, 0), "contacted": (1, 2), "callback": (1, 3), "qualified": (2, 3), "proposal": (2, 4),
              "negotiation": (3, 5), "converted": (2, 4), "lost": (0, 3)}  # fmt: skip


class _Book:
    """Collects activities with what they have in common."""

    def __init__(self, company: "DemoCompany", draw: Draw) -> None:
        self.company, self.draw, self.rows = company, draw, list[Row]()
        self.accounts = {account["id"]: account for account in company.accounts}
        self.zones = {account["id"]: zone_of(place_of(account)) for account in company.accounts}
        self.contacts: dict[Any, list[Row]] = {}
        for contact in company.contacts:
            self.contacts.setdefault(contact["account_id"], []).append(contact)
        self.teams = {user["id"]: user["team_id"] for user in company.users}

    def someone(self, account_id: Any, at: datetime) -> Any:
        """A contact of the account who was known at that time; the first is as old as the account."""
        return self.draw.one([c for c in self.contacts[account_id] if c["created_at"] <= at])["id"]

    def done(self, kind: str, at: datetime, owner: Any, **links: Any) -> Row:
        """Something that happened at `at`."""
        draw = self.draw
        minutes = max(2, round(draw.lognormal(_MINUTES[kind], 0.4)))
        inbound = 0.25 if kind in ("call", "email") else 0.0
        row: Row = {
            "id": draw.uid(at),
            "created_at": at,
            "origin": "demo",
            "activity_type": kind,
            "subject": draw.one(words.SUBJECTS[kind]),
            "direction": "inbound" if draw.chance(inbound) else "outbound",
            "status": "completed",
            "priority": "medium",
            "occurred_at": at,
            "duration_minutes": minutes,
            "completed_at": min(at + timedelta(minutes=minutes), draw.now),
            "outcome": draw.one(words.OUTCOMES[kind]),
            "owner_id": owner,
            "team_id": self.teams.get(owner),
            **links,
        }
        self.rows.append(row)
        return row

    def planned(self, kind: str, due: datetime, owner: Any, subject: str, **more: Any) -> Row:
        """Something to be done at `due`, entered some days before."""
        created = min(due, self.draw.now) - timedelta(days=self.draw.random.randrange(1, 9), minutes=15)
        row: Row = {
            "id": self.draw.uid(created),
            "created_at": created,
            "origin": "demo",
            "activity_type": kind,
            "subject": subject,
            "status": "scheduled",
            "due_at": due,
            "owner_id": owner,
            "priority": self.draw.weighted({"low": 0.2, "medium": 0.5, "high": 0.25, "urgent": 0.05}),
            "team_id": self.teams.get(owner),
            **more,
        }
        if kind == "task":
            row |= {"remind_at": due - timedelta(hours=1), "task_type": self.draw.weighted(
                {"follow_up": 0.5, "general": 0.3, "deadline": 0.1, "reminder": 0.1})}  # fmt: skip
        self.rows.append(row)
        return row


def add_activities(company: "DemoCompany", draw: Draw) -> None:
    """Exactly five thousand, the last ones being calls and mails with accounts in general."""
    book = _Book(company, draw)
    _about_leads(book)
    _about_deals(book)
    _visits(book)
    _due(book)
    _notes(book)
    while len(book.rows) < ACTIVITIES:
        account = draw.one(company.accounts)
        at = draw.working(max(draw.start, account["created_at"]), draw.now, book.zones[account["id"]])
        kind = draw.one(("call", "email"))
        person = book.someone(account["id"], at)
        book.done(kind, at, account["owner_id"], account_id=account["id"], contact_id=person)
    company.activities = sorted(book.rows, key=lambda row: row["created_at"])
    for lead in company.leads:
        lead.pop("_closed_at", None)


def _about_leads(book: _Book) -> None:
    draw = book.draw
    for lead in book.company.leads:
        least, most = _CONTACTED[lead["status"]]
        end = lead.get("converted_at") or lead.get("_closed_at") or draw.now
        for _ in range(draw.random.randint(least, most) if lead["owner_id"] else 0):
            at = draw.working(
                lead["created_at"], min(end, lead["created_at"] + timedelta(days=45)), "America/New_York"
            )
            book.done(draw.weighted({"call": 0.5, "email": 0.45, "video_call": 0.05}), at, lead["owner_id"],
                      lead_id=lead["id"])  # fmt: skip


def _about_deals(book: _Book) -> None:
    draw = book.draw
    for deal in book.company.opportunities:
        zone, end = book.zones[deal["account_id"]], deal["actual_close_date"] or draw.now
        for _ in range(1 + draw.weighted({0: 0.1, 1: 0.25, 2: 0.3, 3: 0.2, 4: 0.1, 5: 0.05})):
            at = draw.working(deal["created_at"], end, zone)
            book.done(draw.weighted(_ABOUT_DEALS), at, deal["owner_id"], opportunity_id=deal["id"],
                      account_id=deal["account_id"], contact_id=deal["contact_id"])  # fmt: skip


def _visits(book: _Book) -> None:
    """Each dealer of a field rep about as often as agreed, a few forgotten; and the next days' plan."""
    draw, company = book.draw, book.company
    drivers = {
        territory["id"]: user_id(company, area.field)
        for area, territory in zip(AREAS, company.territories, strict=True)
        if area.field
    }
    for account in company.accounts:
        driver, every = drivers.get(account["territory_id"]), account["visit_every_days"]
        if not driver or not every:
            continue
        place = {
            "account_id": account["id"],
            "latitude": account["latitude"],
            "longitude": account["longitude"],
        }
        last = max(account["created_at"], draw.start)
        while True:
            last += timedelta(days=every * draw.random.uniform(0.85, 1.9))
            at = draw.moment(last, book.zones[account["id"]])
            if at >= draw.now:
                break
            book.done("visit", at, driver, contact_id=book.someone(account["id"], at), **place)
        if at < draw.now + timedelta(days=10) and draw.chance(0.5):
            subject = draw.one(words.SUBJECTS["visit"])
            book.planned("visit", at, driver, subject, **place)


def _due(book: _Book) -> None:
    """Tasks and appointments around today: some overdue, some today, most of the next two weeks."""
    draw = book.draw
    for deal in book.company.opportunities:
        links = {name: deal[name] for name in ("account_id", "contact_id")} | {"opportunity_id": deal["id"]}
        zone = book.zones[deal["account_id"]]
        if deal["actual_close_date"] is None:
            due = draw.moment(draw.now + timedelta(days=draw.random.randrange(-5, 15)), zone)
            book.planned("task", due, deal["owner_id"], draw.one(words.TASKS), **links)
            if draw.chance(0.3):
                kind = draw.one(("meeting", "call", "video_call"))
                due = draw.moment(draw.now + timedelta(days=draw.random.randrange(1, 12)), zone)
                book.planned(kind, due, deal["owner_id"], draw.one(words.SUBJECTS[kind]), **links)
        elif draw.chance(0.5):
            due = draw.working(deal["created_at"], deal["actual_close_date"], zone)
            task = book.planned("task", due, deal["owner_id"], draw.one(words.TASKS), **links)
            task |= {"status": "completed", "completed_at": due, "created_at": deal["created_at"]}
            task["id"] = draw.uid(deal["created_at"])
    for lead in book.company.leads:
        if lead.get("next_follow_up_date") and lead["owner_id"]:
            book.planned(
                "task",
                lead["next_follow_up_date"],
                lead["owner_id"],
                "Follow up",
                lead_id=lead["id"],
                requires_follow_up=True,
                follow_up_date=lead["next_follow_up_date"],
            )


def _notes(book: _Book) -> None:
    draw = book.draw
    for account in draw.random.sample(book.company.accounts, 120):
        at = draw.working(max(draw.start, account["created_at"]), draw.now, book.zones[account["id"]])
        book.rows.append(
            {
                "id": draw.uid(at),
                "created_at": at,
                "origin": "demo",
                "activity_type": "note",
                "subject": draw.one(words.SUBJECTS["note"]),
                "status": "completed",
                "occurred_at": at,
                "priority": "medium",
                "owner_id": account["owner_id"],
                "team_id": account["team_id"],
                "account_id": account["id"],
            }
        )
