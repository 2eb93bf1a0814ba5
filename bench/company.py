"""A company as large as the ones Rounds is for, so that its pages can be measured: everything that they show is there.

For each ten leads there are a hundred activities, three deals, two contacts and one account; beside them orders, mails,
notifications and a trail. One account has two thousand activities of its own, as the largest customer of a company has.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.copies import MINUTES, Words, copy, deal_cells, lead_cells
from bench.data import CITIES, FIRST, GIVEN, PASSWORD, SECOND, THIRD, set_up
from crm_api.accounts.models import ACCOUNT_TYPES, RATINGS, TIERS, Account, AccountStats
from crm_api.activities.models import Activity
from crm_api.analytics import rollups
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.contacts.models import CONTACT_ROLES, Contact, ContactStats
from crm_api.core import clock, dialect
from crm_api.leads.models import Lead, LeadStats
from crm_api.notifications.models import Notification
from crm_api.opportunities.models import Opportunity, StageMove
from crm_api.orders.models import Order
from crm_api.organisation.service import territory_named
from crm_api.outbox.models import OutboxMessage
from crm_api.pipelines.models import CLOSED_KINDS, Stage
from crm_api.tags.models import Tag
from crm_api.users import service as users
from crm_api.users.models import Team
from crm_api.users.passwords import hash_password
from crm_api.users.schemas import UserIn

PER_LEAD = 10  # activities
BUSY = 2_000  # activities of the largest customer
PEOPLE = ("manager", "field", "viewer")  # beside the administrator and the reps
Owners = list[tuple[UUID, UUID, UUID]]


def fill(session: Session, rows: int) -> None:
    """Write a company with `rows` leads into an empty database."""
    stages, owners = set_up(session)
    owners = [*owners, *_people(session)]
    sql = Words(session)
    templates = _templates(session, stages, owners[0][0])
    if not sql.postgresql:
        for name in session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            session.execute(sa.text(f"DROP TRIGGER {name}"))
    for model, count, values in _plan(sql, rows, stages, owners):
        copy(session, sql, model, templates[model], count, values)
    _beside(session, sql, list(stages["opportunity"]))
    dialect.create_objects(session.connection())
    _words(session, sql)
    rollups.rebuild(session)
    session.execute(sa.text("ANALYZE"))


def is_filled(session: Session, rows: int) -> bool:
    """Whether this database holds the company already; a company of another size is not it."""
    return session.scalar(sa.select(sa.func.count()).select_from(Lead)) == rows + 1


def _people(session: Session) -> Owners:
    """Who looks at the pages beside the administrator and the reps; the manager leads a team of five reps."""
    hashed, made = hash_password(PASSWORD), []
    team = session.scalars(sa.select(Team).order_by(Team.name)).first()
    assert team is not None
    for role in PEOPLE:
        person = UserIn(name=role.title(), email=f"{role}@bench.example", role=role, team_id=team.id)
        made.append(users.create(session, data=person, password_hash=hashed))
    manager, field, _ = made
    team.manager_id = manager.id
    field.latitude, field.longitude = 39.96, -83.0
    return [(field.id, team.id, territory_named(session, CITIES[0]).id)]


def _templates(session: Session, stages: Mapping[str, list[Stage]], owner_id: UUID) -> dict[Any, UUID]:
    """One record of each kind, to be copied."""
    now, lead, deal = clock.now(), stages["lead"][0], stages["opportunity"][0]
    account = Account(number="ACC-0", name="AAA The largest customer", owner_id=owner_id)
    changed = ChangeSet(at=now, origin="api", label="Changed a lead")
    session.add_all([account, changed, Tag(name="Key account")])
    session.flush()
    to = {
        "sender_address": "rep0@bench.example",
        "recipient_address": "x@bench.example",
        "recipient_key": "x",
    }
    made: list[Any] = [
        Contact(first_name="Dana", last_name="Contact", email="dana@bench.example", account_id=account.id),
        Lead(title="Lead", number="LEAD-0", pipeline_id=lead.pipeline_id, stage_id=lead.id, company_name="Lead"),
        Opportunity(name="Deal", number="OPP-0", pipeline_id=deal.pipeline_id, stage_id=deal.id,
                    stage_kind="prospecting", started_at=now, stage_entered_at=now),
        Activity(activity_type="call", subject="Call", description="We spoke about the season.", duration_minutes=15,
                 occurred_at=now, completed_at=now),
        Order(number="SO-0", account_id=account.id, order_date=now.date(), total=10_000, total_base=10_000),
        OutboxMessage(purpose="followup", idem_key="0", status="sent", message_id="<0@bench.example>", subject="Hello",
                      text="Hello there", sent_at=now, **to),
        Notification(user_id=owner_id, type="assignment", key="0", kind="account", record_id=account.id,
                     summary="You were given an account", at=now, in_app=True, by_mail=False),
        AuditEntry(change_set_id=changed.id, kind="account", record_id=account.id, action="update",
                   before={"city": "Dayton"}, after={"city": "Columbus"}),
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    return {type(row): row.id for row in [account, changed, *made]}


def _plan(
    sql: Words, rows: int, stages: Mapping[str, list[Stage]], owners: Owners
) -> list[tuple[Any, int, Mapping[str, str]]]:
    """What is copied, how often, and with which values of its own; later kinds name earlier ones."""
    accounts = max(rows // 10, 1)
    at = sql.ago(f"(s.n * 7919) % {MINUTES}")
    whose = {
        "owner_id": sql.one_of([owner for owner, _, _ in owners], 7),
        "team_id": sql.one_of([team for _, team, _ in owners], 7),
    }
    when = {"created_at": at, "updated_at": at}
    place = {"territory_id": sql.one_of([territory for _, _, territory in owners], 7)}
    everybody = sql.one_of([owner for owner, _, _ in owners])
    account = f"(SELECT id FROM accounts WHERE number = 'ACC-' || ((s.n * 31) % {accounts} + 1))"
    return [
        (Account, accounts, whose | when | place | _account(sql)),
        (Contact, rows // 5, when | {"account_id": account} | _contact(sql)),
        (Lead, rows, whose | when | place | _lead(sql, stages["lead"])),
        (Opportunity, rows * 3 // 10, whose | when | {"account_id": account} | _deal(sql, stages["opportunity"], at)),
        (Activity, rows * PER_LEAD, whose | when | _activity(sql, rows, account, at)),
        (Activity, min(BUSY, rows), whose | when | {"occurred_at": at, "account_id": _first("accounts", "ACC-0")}),
        (Order, rows // 5, when | {"number": "'SO-' || (s.n + 1)", "account_id": account, "order_date": sql.day(at)}),
        (OutboxMessage, rows // 20, when | _mail(sql, everybody, at)),
        (Notification, rows // 20, {"key": "'n' || s.n", "user_id": everybody, "at": at}),
        (ChangeSet, rows // 5, {"at": at, "actor_id": everybody}),
        (AuditEntry, rows // 5, {"record_id": f"(SELECT id FROM leads WHERE number = 'LEAD-' || (s.n % {rows} + 1))"}),
    ]  # fmt: skip


def _first(table: str, number: str) -> str:
    return f"(SELECT id FROM {table} WHERE number = '{number}')"


def _named(sql: Words) -> str:
    """A name of three words and a number."""
    return " || ' ' || ".join(
        [sql.one_of(list(FIRST)), sql.one_of(list(SECOND), 3), sql.one_of(list(THIRD), 5), "(s.n + 1)"]
    )


def _account(sql: Words) -> Mapping[str, str]:
    name = _named(sql)
    return {
        "number": "'ACC-' || (s.n + 1)",
        "name": name,
        "name_key": f"lower({name})",
        "account_type": sql.one_of(list(ACCOUNT_TYPES)),
        "tier": sql.one_of(list(TIERS), 2),
        "rating": sql.one_of(list(RATINGS), 3),
        "billing_city": sql.one_of(list(CITIES)),
        "phone": "'+1 614 555 0100'",
        "latitude": "39.5 + (s.n * 7919 % 10000) / 10000.0",
        "longitude": "-83.5 + (s.n * 104729 % 10000) / 10000.0",
        "visit_every_days": "14 + s.n % 60",
    }


def _contact(sql: Words) -> Mapping[str, str]:
    given = sql.one_of(list(GIVEN))
    return {
        "first_name": given,
        "external_system": "'bench'",
        "external_id": "'P-' || (s.n + 1)",
        "last_name": "'Person' || s.n",
        "name_key": f"lower({given}) || ' person' || s.n",
        "email": "'person.' || s.n || '@bench.example'",
        "role": sql.one_of(list(CONTACT_ROLES)),
    }


def _lead(sql: Words, stages: list[Stage]) -> Mapping[str, str]:
    name = _named(sql)
    return {
        **lead_cells(sql, stages),
        "title": name,
        "title_key": f"lower({name})",
        "company_name": name,
        "first_name": sql.one_of(list(GIVEN)),
        "last_name": "'Person' || s.n",
        "email": "'lead.' || s.n || '@bench.example'",
        "city": sql.one_of(list(CITIES)),
        "estimated_value": "(s.n % 900) * 10000",
        "next_follow_up_date": f"CASE WHEN s.n % 40 = 0 THEN {sql.ago('(s.n * 31) % 86400 - 43200')} END",
    }


def _deal(sql: Words, stages: list[Stage], at: str) -> Mapping[str, str]:
    ends = sql.one_of([int(stage.kind in CLOSED_KINDS) for stage in stages])
    name = _named(sql)
    return {
        **deal_cells(sql, stages, at),
        "name": name,
        "name_key": f"lower({name})",
        "loss_reason": f"CASE WHEN {ends} = 1 THEN {sql.one_of(['Price', 'Timing', 'Competitor'], 2)} END",
    }


def _activity(sql: Words, rows: int, account: str, at: str) -> Mapping[str, str]:
    # One in two hundred is a task to be done within a month or late by as much.
    open_ = "s.n % 200 = 0"
    deals, people = max(rows * 3 // 10, 1), max(rows // 5, 1)
    lead = f"(SELECT id FROM leads WHERE number = 'LEAD-' || ((s.n * 31) % {rows} + 1))"
    deal = f"(SELECT id FROM opportunities WHERE number = 'OPP-' || ((s.n * 31) % {deals} + 1))"
    known = "external_system = 'bench' AND external_id"
    contact = f"(SELECT id FROM contacts WHERE {known} = 'P-' || ((s.n * 31) % {people} + 1))"
    kinds = sql.one_of(["call", "email", "meeting", "visit", "note"], 2)
    return {
        "activity_type": f"CASE WHEN {open_} THEN 'task' ELSE {kinds} END",
        "status": f"CASE WHEN {open_} THEN 'scheduled' ELSE 'completed' END",
        "direction": f"CASE WHEN {kinds} = 'email' THEN {sql.one_of(['inbound', 'outbound'], 11)} END",
        "subject": f"{sql.one_of(list(SECOND))} || ' for the ' || lower({sql.one_of(list(THIRD), 3)})",
        "occurred_at": f"CASE WHEN NOT ({open_}) THEN {at} END",
        "completed_at": f"CASE WHEN NOT ({open_}) THEN {at} END",
        "due_at": f"CASE WHEN {open_} THEN {sql.ago('(s.n * 7919) % 86400 - 43200')} END",
        "lead_id": f"CASE WHEN s.n % 10 < 6 THEN {lead} END",
        "account_id": f"CASE WHEN s.n % 10 BETWEEN 6 AND 8 THEN {account} END",
        "contact_id": f"CASE WHEN s.n % 10 = 8 THEN {contact} END",
        "opportunity_id": f"CASE WHEN s.n % 10 = 9 THEN {deal} END",
    }


def _mail(sql: Words, everybody: str, at: str) -> Mapping[str, str]:
    # One in fifty still waits.
    return {
        "idem_key": "'m' || s.n",
        "message_id": "'<m' || s.n || '@bench.example>'",
        "sender_id": everybody,
        "recipient_name": sql.one_of(list(GIVEN)),
        "status": "CASE WHEN s.n % 50 = 0 THEN 'queued' WHEN s.n % 50 = 1 THEN 'held' ELSE 'sent' END",
        "sent_at": f"CASE WHEN s.n % 50 > 1 THEN {at} END",
        "due_at": f"CASE WHEN s.n % 50 = 0 THEN {sql.ago('-(s.n % 6000) - 60')} END",
    }


def _beside(session: Session, sql: Words, stages: list[Stage]) -> None:
    """What stands beside records: figures, the timeline, the stages they were in."""
    new = sql.new_id()
    first, day = sql.literal(stages[0].id), timedelta(days=20)
    back = f"- interval '{day.days} days'" if sql.postgresql else ""
    before = (
        f"stage_entered_at {back}" if sql.postgresql else f"datetime(stage_entered_at, '-{day.days} days')"
    )
    for model, table in ((AccountStats, "account"), (ContactStats, "contact"), (LeadStats, "lead")):
        plural = f"{table}s"
        zeros = ", call_attempts" if model is LeadStats else ""
        given = ", 0" if zeros else ""
        session.execute(
            sa.text(
                f"INSERT INTO {model.__tablename__} (id, {table}_id, last_contact_at{zeros}) "
                f"SELECT {new}, id, updated_at{given} FROM {plural}"
            )
        )
    session.execute(
        sa.text(
            "INSERT INTO timeline_entries (id, at, kind, type, record_id, summary, actor_id, account_id, contact_id, "
            f"lead_id, opportunity_id) SELECT {new}, coalesce(occurred_at, created_at), 'activity', activity_type, id, "
            "subject, owner_id, account_id, contact_id, lead_id, opportunity_id FROM activities"
        )
    )
    entered = f"SELECT {new}, 'opportunity', id, {{}} FROM opportunities"
    into = f"INSERT INTO {StageMove.__tablename__} (id, kind, record_id, from_stage_id, to_stage_id, at) "
    session.execute(sa.text(into + entered.format(f"NULL, {first}, {before}")))
    session.execute(sa.text(into + entered.format(f"{first}, stage_id, stage_entered_at")))


def _words(session: Session, sql: Words) -> None:
    """The words all are found by."""
    said = {
        "lead": "lower(title || ' ' || number) FROM leads",
        "account": "lower(name || ' ' || number) FROM accounts",
        "contact": "lower(first_name || ' ' || last_name) FROM contacts",
        "opportunity": "lower(name || ' ' || number) FROM opportunities",
        "activity": "lower(subject) FROM activities",
    }
    for kind, text in said.items():
        session.execute(
            sa.text(
                f"INSERT INTO search_documents (kind, record_id, text) SELECT '{kind}', id, {text} "
                "WHERE id NOT IN (SELECT record_id FROM search_documents)"
            )
        )
