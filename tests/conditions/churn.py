"""Rows of every kind that has a list, and others that come, change and go while somebody reads.

A kind has one row made by hand, which `examples` writes; all others are copies of it with other values in what can be
sorted by. So a kind that is new only needs its one row here.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.attachments.models import Attachment
from crm_api.audit.models import AuditEntry, ChangeSet, Erasure
from crm_api.core.fields import CATALOGUES, Catalogue
from crm_api.core.ids import new_id
from crm_api.custom_fields.models import CustomField
from crm_api.field.models import CheckIn
from crm_api.followups.models import Enrolment, FollowUpRule, Sequence
from crm_api.notifications.models import Notification
from crm_api.organisation.models import ExchangeRate, HolidayCalendar
from crm_api.outbox.models import Suppression
from crm_api.pipelines.models import Pipeline, Stage
from crm_api.segments.models import SegmentMember
from crm_api.tags.models import Tag
from crm_api.targets.models import Target
from crm_api.visits.models import VisitPlan, VisitWeek
from crm_api.webhooks.models import Webhook, WebhookDelivery
from tests import factories
from tests.support.mailbag import make_message

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
KEPT = ("change_set", "audit_entry", "erasure")  # the database lets nobody change or delete these
_TELLS_APART = {
    "kind",
    "applies_to",
    "measure",
    "period",
    "currency",
}  # of a unique index, but one of a few words
_numbers = count(1)


def listed() -> list[Catalogue]:
    """Every kind with a list that declares a sort."""
    return [c for c in CATALOGUES if c.shown is not None and any(f.sortable for f in c.fields)]


def sorts_of(catalogue: Catalogue) -> list[str]:
    """Its declared sorts, both ways."""
    return [sort for f in catalogue.fields if f.sortable for sort in (f.name, f"-{f.name}")]


def examples(session: Session) -> dict[str, UUID]:
    """One row of every kind; its id by the kind."""
    user, lead, account = (
        factories.make_user(session),
        factories.make_lead(session),
        factories.make_account(session),
    )
    pipeline = Pipeline(name="Other", applies_to="lead")
    sequence = Sequence(name="Sequence")
    hook = Webhook(
        name="Hook",
        url="https://x.example",
        event_types=[],
        exclude_origins=[],
        owner_id=user.id,
        secret=b"x",
    )
    changes = ChangeSet(at=NOW, origin="api")
    session.add_all([pipeline, sequence, hook, changes])
    session.flush()
    shift = dict.fromkeys("shift_starts_at shift_ends_at leaves_at returns_at over_at".split(), NOW)
    place = dict.fromkeys("start_latitude start_longitude end_latitude end_longitude".split(), 1.0)
    figures = dict.fromkeys(
        "visits value driving_seconds driving_metres visiting_seconds idle_seconds".split(), 1
    )
    rows = [
        user, lead, account, pipeline, sequence, hook, changes,
        factories.make_team(session), factories.make_territory(session), factories.make_product(session),
        factories.make_contact(session), factories.make_opportunity(session), factories.make_activity(session),
        factories.make_order(session, account_id=account.id), *in_a_segment(session, account),
        factories.make_view(session, owner_id=user.id), make_message(session, user, "sent"),
        HolidayCalendar(name="Days off"), Tag(name="Tag"),
        ExchangeRate(currency="EUR", valid_from=date(1990, 1, 1), rate=Decimal("1.1")),
        CustomField(kind="product", key="example", label="Example", type="text"),
        Stage(pipeline_id=pipeline.id, name="Stage", kind="new", position=0),
        Suppression(address_key="a@example.com", reason="manual"),
        FollowUpRule(name="Rule", sequence_id=sequence.id, after_minutes=5),
        Enrolment(sequence_id=sequence.id, lead_id=lead.id, owner_id=user.id, status="stopped", address_key="a",
                  lead_status="new"),
        VisitPlan(owner_id=user.id, day=NOW.date(), time_zone="UTC", engine="exact", travel_source="x",
                  is_estimate=True, **shift, **place, **figures),
        VisitWeek(owner_id=user.id, first_day=NOW.date(), last_day=NOW.date(), reps=1, engine="exact",
                  travel_source="x", is_estimate=True, visits=1, value=1, driving_seconds=1, driving_metres=1),
        CheckIn(account_id=account.id, owner_id=user.id, checked_in_at=NOW, verdict="verified",
                activity_id=factories.make_activity(session, "visit").id),
        Target(user_id=user.id, measure="visits", period="month", starts_on=date(1990, 1, 1), amount=5),
        WebhookDelivery(webhook_id=hook.id, event_type="lead.created", due_at=NOW),
        AuditEntry(change_set_id=changes.id, kind="tag", record_id=new_id(), action="update"),
        Attachment(name="plan.pdf", type="application/pdf", size=1, sha256="0" * 64, owner_id=user.id),
        Notification(user_id=user.id, type="assignment", key="a", kind="lead", record_id=lead.id, summary="Yours",
                     in_app=True, by_mail=False),
        Erasure(at=NOW, finished_at=NOW, subject_kind="lead", reason="asked"),
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return {row.__kind__: row.id for row in rows}


def in_a_segment(session: Session, account: Account) -> list[Any]:
    """A segment with the account in it, and its being there."""
    segment = factories.make_segment(session, accounts=[account])
    member = session.scalars(sa.select(SegmentMember).where(SegmentMember.segment_id == segment.id)).one()
    return [segment, member]


@dataclass
class Churn:
    """The rows of one kind: `still` are left alone, the others come, change and go a step at a time."""

    catalogue: Catalogue
    example: UUID
    dice: random.Random
    still: set[UUID] = field(default_factory=set)
    moving: list[UUID] = field(default_factory=list)

    def begin(self, session: Session, still: int, moving: int) -> None:
        """Write the rows there are at the beginning, mixed."""
        made = [self._insert(session) for _ in range(still + moving)]
        self.still = set(self.dice.sample(made, still))
        self.moving = [row for row in made if row not in self.still]

    def step(self, session: Session) -> None:
        """A row more, a row less, or other values in a row."""
        match self.dice.choice(
            ("insert", "update", "delete") if self.catalogue.kind not in KEPT else ("insert",)
        ):
            case "insert":
                self.moving.append(self._insert(session))
            case "delete" if self.moving:
                self._write(
                    session, sa.delete(self._table), self.moving.pop(self.dice.randrange(len(self.moving)))
                )
            case _ if self.moving:
                values = self._values(self._copied(session))
                self._write(session, sa.update(self._table).values(values), self.dice.choice(self.moving))

    @property
    def _table(self) -> Any:
        return self.catalogue.model.__table__

    def _write(self, session: Session, statement: Any, record_id: UUID) -> None:
        session.execute(statement.where(self._table.c.id == record_id))

    def _copied(self, session: Session) -> dict[str, Any]:
        row = session.execute(sa.select(self._table).where(self._table.c.id == self.example)).mappings().one()
        return dict(row)

    def _insert(self, session: Session) -> UUID:
        row = self._copied(session)
        made: UUID = new_id()
        plain = {c.name: row[c.name] for c in self._table.columns if c.computed is None}
        others = {"id": made}
        if self.catalogue.kind == "segment_member":  # an account is in a segment once
            others["account_id"] = factories.make_account(session).id
        if self.catalogue.kind == "check_in":  # a check-in is a visit of its own
            others["activity_id"] = factories.make_activity(session, "visit").id
        session.execute(sa.insert(self._table).values(plain | self._values(row) | others))
        return made

    def _values(self, row: dict[str, Any]) -> dict[str, Any]:
        """Other values in every column that a sort reads, or that must not be there twice."""
        unique = _unique_in(self._table)
        sorted_by = [
            c
            for f in self.catalogue.fields
            if f.sortable and f.elsewhere is None  # what lies elsewhere is empty here: read along the ids
            for c in (f.column, f.sort_column)
            if c is not None
        ]
        names = {c.key for c in sorted_by} | {
            name for name in unique - _TELLS_APART if isinstance(row[name], str)
        } - {"id"}
        derived = {c.name: c.info["derive"] for c in self._table.columns if "derive" in c.info}
        if "name_key" in derived:
            names |= {"name", "last_name"} & set(self._table.columns.keys())
        if "code_key" in derived:
            names |= {"code"}
        alone = unique | {name for name in ("name", "code") if f"{name}_key" in unique}
        values = {
            name: self._value(self._table.columns[name], alone=name in alone)
            for name in sorted(names - derived.keys() - {"id"})
        }
        whole = SimpleNamespace(**row | values)
        return values | {name: compute(whole) for name, compute in derived.items()}

    def _value(self, column: Any, *, alone: bool) -> Any:
        """One of a few values, none among them where it may be empty; one never seen where it must be alone."""
        n, small = next(_numbers), self.dice.randrange(4)
        if column.nullable and small == 0:
            return None
        python_type = column.type.python_type
        if python_type is datetime:
            return NOW + timedelta(microseconds=small)
        if python_type is date:
            return date(2000, 1, 1) + timedelta(days=n * 7919 % 9973 if alone else small)
        if python_type is int:
            return n * 7919 % 9973 if alone else small
        word = ("É", "e", "b", "Z")[small]
        return f"{word}{n * 7919 % 9973}" if alone else word


def _unique_in(table: Any) -> set[str]:
    constraints = [c for c in table.constraints if isinstance(c, sa.UniqueConstraint)]
    together: list[Any] = [*constraints, *(index for index in table.indexes if index.unique)]
    return {c.name for one in together for c in one.columns} | {c.name for c in table.columns if c.unique}
