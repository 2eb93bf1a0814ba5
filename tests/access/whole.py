"""The drawn company with everything else that can be read in it, and who sees that, in plain Python."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor
from crm_api.activities import timeline
from crm_api.attachments.models import Attachment
from crm_api.audit import service as audit
from crm_api.core import clock
from crm_api.events import Event
from crm_api.field.models import CheckIn
from crm_api.followups.models import Enrolment, FollowUpRule, Sequence
from crm_api.notifications.models import Notification
from crm_api.organisation.models import ExchangeRate, HolidayCalendar
from crm_api.outbox.models import Suppression
from crm_api.pipelines.models import Pipeline, Stage
from crm_api.segments.models import Segment, SegmentMember
from crm_api.tags.models import Tag
from crm_api.targets.models import Target
from crm_api.users.models import ROLES, Team, User
from crm_api.views.models import View
from crm_api.visits.models import VisitPlan, VisitWeek
from crm_api.webhooks.models import Webhook
from tests.access import world
from tests.access.world import World
from tests.factories import make_order, make_organisation, make_product, make_segment
from tests.support.mailbag import make_message

SHARED = {
    "user": User, "team": Team, "product": None, "tag": Tag, "pipeline": Pipeline, "stage": Stage,
    "sequence": Sequence, "followup_rule": FollowUpRule, "suppression": Suppression, "territory": None,
    "custom_field": None, "segment": Segment, "holiday_calendar": HolidayCalendar, "exchange_rate": ExchangeRate,
}  # fmt: skip
PLACE = (40.0, -83.0)
RATED_ON = date(2026, 11, 1)


def furnished(session: Session, seed: int) -> World:
    """The drawn company with mails, enrolments, webhooks, plans, views, a timeline, and an event about each record."""
    found = world.drawn(session, seed)
    rows, actors = found.rows, found.actors
    people = {user.id: user for user in session.scalars(sa.select(User))}
    for account in rows["account"]:
        account.latitude, account.longitude = PLACE
    for lead in rows["lead"]:
        lead.email = lead.email_key = f"{lead.number.lower()}@customer.example"
        lead.created_at = clock.now() - timedelta(days=9)
    make_organisation(session, postal_address="1 Main Street")
    for n, activity in enumerate(rows["activity"]):
        activity.activity_type = ("call", "task", "note")[n % 3]
        activity.requires_follow_up = True
    rows["attachment"] = [_file(session, kind, row) for kind in world.KINDS for row in rows[kind][::4]]
    rows["product"] = [make_product(session) for _ in range(3)]
    rows["order"] = [make_order(session, account_id=account.id) for account in rows["account"][::2]]
    customers = rows["account"][::3]
    customers_of = make_segment(session, code="THIRD", accounts=customers)
    members = sa.select(SegmentMember).where(SegmentMember.segment_id == customers_of.id)
    rows["segment_member"] = list(session.scalars(members))
    session.add_all([Tag(name="Fleet"), Suppression(address_key="no@customer.example", reason="manual")])
    sequence = Sequence(name="First mail", steps=[{"template": "followup_first", "delay_days": 0}])
    session.add(sequence)
    session.flush()
    session.add(FollowUpRule(name="After a day", sequence_id=sequence.id, after_minutes=1440))
    session.add(HolidayCalendar(name="World"))
    session.add(ExchangeRate(currency="EUR", valid_from=RATED_ON, rate=Decimal("1.5")))
    for kind in (
        "message",
        "enrolment",
        "webhook",
        "visit_plan",
        "check_in",
        "visit_week",
        "view",
        "target",
        "notification",
    ):
        rows[kind] = []
    for n, actor in enumerate(actors):
        assert actor.user_id
        _of_one_person(session, found, people[actor.user_id], sequence, n)
    rows["change_set"] = [
        _noted(session, kind, row.id) for kind in ("account", "lead", "activity") for row in rows[kind][::4]
    ]
    for activity in rows["activity"]:
        timeline.tell(session, activity, None)
    session.flush()
    for kind in (*world.KINDS, "product"):
        for row in rows[kind]:
            told = {name: getattr(row, name, None) for name in ("owner_id", "team_id", "territory_id")}
            events.record(session, Event(f"{kind}.updated", kind, row.id, {}, **told))
    return found


def _of_one_person(session: Session, found: World, user: User, sequence: Sequence, n: int) -> None:
    rows, nth = found.rows, lambda kind: found.rows[kind][n % len(found.rows[kind])]
    rows["message"].append(make_message(session, user, lead_id=nth("lead").id if n % 3 else None))
    rows["message"].append(make_message(session, user, contact_id=nth("contact").id if n % 2 else None))
    rows["enrolment"].append(
        _kept(
            session,
            Enrolment(
                sequence_id=sequence.id, owner_id=user.id, address_key=f"{n}@x.example",
                **({"lead_id": nth("lead").id, "lead_status": "new"} if n % 2 else {"contact_id": nth("contact").id}),
            ),
        )
    )  # fmt: skip
    if n < len(ROLES):  # one of each role: every event is shown to the owner of every webhook
        rows["webhook"].append(
            _kept(
                session,
                Webhook(
                    name=f"Hook {n}", url="https://hooks.example", event_types=["*"], exclude_origins=[],
                    owner_id=user.id, secret=b"",
                ),
            )
        )  # fmt: skip
    rows["attachment"].append(_file(session, None, user))
    for in_app in (True, False):
        rows["notification"].append(_kept(session, _notification(user, nth("lead"), in_app=in_app)))
    rows["visit_plan"].append(_kept(session, _plan(user)))
    if n < len(rows["activity"]):
        rows["check_in"].append(_kept(session, _check_in(user, nth("account").id, rows["activity"][n].id)))
    rows["visit_week"].append(_kept(session, _week(user)))
    rows["target"].append(_kept(session, _target(user_id=user.id, team_id=user.team_id, month=1)))
    if user.team_id is not None:
        rows["target"].append(
            _kept(session, _target(user_id=None, team_id=user.team_id, month=1 + n % 12, year=n))
        )
    for shared_with in ("nobody", "team", "all"):
        if shared_with == "team" and user.team_id is None:
            continue
        team_id = user.team_id if shared_with == "team" else None
        rows["view"].append(
            _kept(
                session,
                View(
                    name=f"View {n} {shared_with}", kind="lead", conditions={"all": []}, sort=[], fields=[],
                    shared_with=shared_with, team_id=team_id, owner_id=user.id,
                ),
            )
        )  # fmt: skip


def _file(session: Session, kind: str | None, row: Any) -> Attachment:
    """A file of a record; with no kind, one that a person has uploaded and attached to nothing."""
    whose = {"record_kind": kind, "record_id": row.id} if kind else {"owner_id": row.id}
    return _kept(session, Attachment(name="a.txt", type="text/plain", size=1, sha256="0" * 64, **whose))


def _notification(user: User, lead: Any, *, in_app: bool) -> Notification:
    return Notification(
        user_id=user.id, type="assignment", key=f"{lead.id}{in_app}", kind="lead", record_id=lead.id,
        summary="A lead for you", in_app=in_app, by_mail=False,
    )  # fmt: skip


def _kept(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def _noted(session: Session, kind: str, record_id: UUID) -> SimpleNamespace:
    """A change set about one record alone."""
    begun = session.info.pop("change_set", None)
    audit.note(session, kind=kind, record_id=record_id, action="update", after={"city": "Columbus"})
    made = SimpleNamespace(id=session.info.pop("change_set"), kind=kind, record_id=record_id)
    if begun is not None:
        session.info["change_set"] = begun
    return made


def _check_in(user: User, account_id: UUID, activity_id: UUID) -> CheckIn:
    return CheckIn(
        account_id=account_id, activity_id=activity_id, owner_id=user.id, team_id=user.team_id,
        checked_in_at=clock.now(), verdict="unverified",
    )  # fmt: skip


def _plan(user: User) -> VisitPlan:
    now = clock.now()
    times = ("shift_starts_at", "shift_ends_at", "leaves_at", "returns_at", "over_at")
    counts = ("visits", "value", "driving_seconds", "driving_metres", "visiting_seconds", "idle_seconds")
    ends = ("start_latitude", "start_longitude", "end_latitude", "end_longitude")
    return VisitPlan(
        owner_id=user.id, team_id=user.team_id, day=now.date(), time_zone="UTC", engine="none", travel_source="none",
        is_estimate=True, **dict.fromkeys(times, now), **dict.fromkeys(counts, 0), **dict.fromkeys(ends, 1.0),
    )  # fmt: skip


def _week(user: User) -> VisitWeek:
    today = clock.now().date()
    counts = ("reps", "visits", "value", "driving_seconds", "driving_metres")
    return VisitWeek(
        owner_id=user.id, team_id=user.team_id, first_day=today, last_day=today, engine="none", travel_source="none",
        is_estimate=True, **dict.fromkeys(counts, 0),
    )  # fmt: skip


def _target(*, month: int, year: int = 0, **whose: UUID | None) -> Target:
    first = date(2026 + year, month, 1)
    return Target(measure="won_count", period="month", starts_on=first, amount=1, **whose)


def sees(found: World, actor: Actor, kind: str, row: Any) -> bool:
    """Whether the actor may read the row, by the role table."""
    if kind in SHARED:
        return True
    if kind in world.KINDS:
        return world.sees(found, actor, kind, row)
    if kind == "change_set":
        return world.sees(found, actor, row.kind, found.row(row.kind, row.record_id))
    if kind == "notification":
        return bool(row.user_id == actor.user_id and row.in_app)
    if kind == "attachment":
        return _sees_file(found, actor, row)
    if kind == "view":
        return _sees_view(found, actor, row)
    if actor.role == "administrator":
        return True
    if kind == "webhook_delivery":
        return sees(found, actor, "webhook", found.row("webhook", row.webhook_id))
    owner_id = getattr(row, {"message": "sender_id", "target": "user_id"}.get(kind, "owner_id"), None)
    if actor.role != "viewer" and owner_id == actor.user_id:
        return True
    team_id = getattr(row, "team_id", None)
    if actor.role in ("manager", "viewer") and team_id is not None and team_id in actor.team_ids:
        return True
    follows = {
        "message": ("lead", "contact"),
        "enrolment": ("lead", "contact"),
        "order": ("account",),
        "segment_member": ("account",),
    }.get(kind, ())
    links = [(way, found.row(way, getattr(row, f"{way}_id"))) for way in follows]
    return any(linked is not None and world.sees(found, actor, way, linked) for way, linked in links)


def _sees_file(found: World, actor: Actor, file: Attachment) -> bool:
    if file.record_kind is None:
        return actor.role == "administrator" or file.owner_id == actor.user_id
    return world.sees(found, actor, file.record_kind, found.row(file.record_kind, file.record_id))


def _sees_view(found: World, actor: Actor, view: Any) -> bool:
    if view.owner_id == actor.user_id or view.shared_with == "all" or actor.role == "administrator":
        return True
    return view.team_id is not None and (
        view.team_id in actor.team_ids or view.team_id in found.above(actor.team_id)
    )


def ids(found: World, actor: Actor, kind: str) -> set[UUID]:
    """The ids of all rows of a kind that the actor may read."""
    return {row.id for row in found.rows[kind] if sees(found, actor, kind, row)}
