"""Putting the demo company into a database, letting its people in, and taking it out again."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.accounts import bulk as accounts
from crm_api.activities import bulk as activities
from crm_api.activities.models import TimelineEntry
from crm_api.analytics import rollups
from crm_api.audit.models import Erasure
from crm_api.contacts import bulk as contacts
from crm_api.core import clock, dialect
from crm_api.core.database import Base
from crm_api.core.errors import Conflict
from crm_api.core.ids import new_id
from crm_api.core.text import fold
from crm_api.followups.models import FollowUpRule, Sequence
from crm_api.leads import bulk as leads
from crm_api.opportunities import bulk as opportunities
from crm_api.opportunities.models import StageMove
from crm_api.orders import bulk as orders
from crm_api.orders import figures
from crm_api.organisation.models import Counter, Territory
from crm_api.pipelines import service as pipelines
from crm_api.products import bulk as products
from crm_api.tags.models import RecordTag, Tag
from crm_api.users import bulk as users
from crm_api.users import sessions
from crm_api.users.models import Team, User
from entrypoints.demo.company import DemoCompany

Row = dict[str, Any]


def is_loaded(session: Session) -> bool:
    """Whether the demo company is in this database."""
    return session.scalar(sa.select(sa.exists().where(User.origin == "demo"))) or False


def load(session: Session, company: DemoCompany) -> None:
    """Write the whole company, as one change set. Raises Conflict where one is there already.

    Nobody can sign in yet: see `let_in`. Territories and tags that exist under the same name are used.
    """
    if is_loaded(session):
        raise Conflict("The demo company is here already; remove it first.")
    pipelines.ensure_defaults(session)
    company = _joined(session, company)
    _number(session, company)
    audit.bulk_insert(session, Territory, _dated(company.territories))
    audit.bulk_insert(session, Team, [row | {"manager_id": None} for row in _dated(company.teams)])
    _load_users(session, company)
    audit.bulk_update(
        session, Team, [{"id": team["id"], "manager_id": team["manager_id"]} for team in company.teams]
    )
    products.insert(session, _dated(company.products))
    audit.bulk_insert(session, Tag, _dated(company.tags))
    accounts.insert(session, _dated(company.accounts))
    contacts.insert(session, _dated(company.contacts))
    leads.insert(session, [_without(row, "stage_kind") for row in _dated(company.leads)])
    _load_deals(session, company)
    _load_orders(session, company)
    activities.insert(session, _dated(company.activities))
    audit.bulk_insert(session, Sequence, _dated(company.sequences))
    audit.bulk_insert(session, FollowUpRule, _dated(company.rules))
    if company.tagged:
        session.execute(sa.insert(RecordTag), [{"id": new_id(), **row} for row in company.tagged])


def let_in(session: Session, *, password_hash: str) -> list[str]:
    """Give all demo people this password, ending their sessions; returns their addresses."""
    people = session.scalars(sa.select(User).where(User.origin == "demo", User.email.is_not(None))).all()
    for user in people:
        user.password_hash = password_hash
        sessions.end_all(session, user.id, reason="password changed")
    return sorted(
        (user.email or "" for user in people), key=lambda email: ("." in email.partition("@")[0], email)
    )


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _dated(rows: list[Row]) -> list[Row]:
    """Rows that say when they were changed: when they were made, where nothing else is known."""
    return [{"updated_at": row["created_at"], **row} for row in rows]


def _joined(session: Session, company: DemoCompany) -> DemoCompany:
    """The company with ids of live territories and tags of the same name in place of its own."""
    same: dict[UUID, UUID] = {}
    for rows, model in ((company.territories, Territory), (company.tags, Tag)):
        live = [model.archived_at.is_(None)] if hasattr(model, "archived_at") else []
        known = dict(session.execute(sa.select(model.name_key, model.id).where(*live)).all())
        same.update({row["id"]: known[fold(row["name"])] for row in rows if fold(row["name"]) in known})
    if not same:
        return company
    return company.replaced(same)


def _number(session: Session, company: DemoCompany) -> None:
    """Number after what was numbered on the same days already, and move the counters on."""
    wanted = [
        (row, *row["number"].rsplit("-", 1))
        for rows in (company.accounts, company.leads, company.opportunities, company.orders)
        for row in rows
    ]
    keys = list({key for _, key, _ in wanted})
    held = dict(session.execute(sa.select(Counter.key, Counter.value).where(Counter.key.in_(keys))).all())
    last = dict(held)
    for row, key, n in wanted:
        number = held.get(key, 0) + int(n)
        row["number"], last[key] = f"{key}-{number:04d}", max(number, last.get(key, 0))
    counters = [{"id": new_id(), "key": key, "value": value} for key, value in last.items()]
    dialect.upsert(session, Counter.__table__, counters, key=["key"], update=["value"])


def _load_users(session: Session, company: DemoCompany) -> None:
    territories: dict[UUID, list[UUID]] = {}
    for row in company.user_territories:
        territories.setdefault(row["user_id"], []).append(row["territory_id"])
    users.insert(
        session, [row | {"territory_ids": territories.get(row["id"], [])} for row in _dated(company.users)]
    )


def _load_deals(session: Session, company: DemoCompany) -> None:
    stages = {
        (applies_to, stage.kind): stage.id
        for applies_to in ("lead", "opportunity")
        for stage in pipelines.stages_of(session, pipelines.default_id(session, applies_to))  # type: ignore[arg-type]
    }
    lines: dict[UUID, list[Row]] = {}
    for line in company.lines:
        lines.setdefault(line["opportunity_id"], []).append(_without(line, "opportunity_id", "position"))
    entered: dict[UUID, datetime] = {}
    for move in company.moves:
        entered[move["record_id"]] = max(move["at"], entered.get(move["record_id"], move["at"]))
    deals = [
        {"stage_entered_at": entered.get(deal["id"], deal["created_at"])}
        | _without(deal, "stage_kind")
        | {"stage_id": stages["opportunity", deal["stage_kind"]], "lines": lines.get(deal["id"], [])}
        for deal in _dated(company.opportunities)
    ]
    opportunities.insert(session, deals, with_moves=False)
    moves = [
        _without(move, "from_kind", "to_kind")
        | {"from_stage_id": stages.get((move["kind"], move["from_kind"])),
           "to_stage_id": stages[move["kind"], move["to_kind"]]}
        for move in company.moves
    ]  # fmt: skip
    session.execute(sa.insert(StageMove), moves)
    about = {deal["id"]: deal for deal in company.opportunities}
    told = [
        {"id": new_id(), "at": move["at"], "kind": move["kind"], "record_id": move["record_id"],
         "summary": f"Moved to {move['to_kind'].replace('_', ' ')}", "actor_id": move["actor_id"],
         "account_id": about.get(move["record_id"], {}).get("account_id"),
         "lead_id": move["record_id"] if move["kind"] == "lead" else None,
         "opportunity_id": move["record_id"] if move["kind"] == "opportunity" else None}
        for move in company.moves
        if move["from_kind"]
    ]  # fmt: skip
    session.execute(sa.insert(TimelineEntry), told)


def _load_orders(session: Session, company: DemoCompany) -> None:
    """Orders with their lines, and what they say of their accounts, which else a job would work out."""
    if company.orders:
        orders.insert(session, [{**row, "lines": [*row["lines"]]} for row in _dated(company.orders)])
        figures.refresh(session, {row["account_id"] for row in company.orders}, settled=True)
        figures.score(session, figures.wrong_scores(session))


# ── Taking it out again ──────────────────────────────────────────────────────────────────────────


# Links that may be empty, of rows that are about nothing then: nobody's target, a mail to nobody.
_NOTHING_WITHOUT = ("targets", "outbox_messages")


def remove(session: Session) -> int:
    """Erase every record of the demo company, with its history; returns how many records there were.

    What people made themselves stays: where it pointed to the demo company, it points nowhere now. Only
    what cannot be without its demo record (a line of a demo deal, a plan of a demo rep) goes with it, and an
    `Erasure` tells that it was here.
    """
    if not is_loaded(session):
        return 0
    audit.change_set(session)
    erasure = Erasure(at=clock.now(), subject_kind="demo", reason="The demo company was removed.")
    session.add(erasure)
    session.flush()  # while it is open, the trail lets go of entries
    count = 0
    for table in reversed(Base.metadata.sorted_tables):
        if "origin" in table.c and "id" in table.c and table.name not in ("change_sets", "events"):
            count += _erase(session, table, table.c.origin == "demo")
    rollups.rebuild(session)  # what came and went again adds up to nothing, in many rows
    erasure.finished_at, erasure.counts = clock.now(), {"records": count}
    return count


def _erase(session: Session, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    """Delete rows and all that cannot be without them; links that may be empty become empty."""
    ids = sa.select(table.c.id).where(where)
    if not session.scalar(sa.select(ids.exists())):
        return 0
    for other in Base.metadata.tables.values():
        for column in other.columns:
            if not any(key.column.table is table for key in column.foreign_keys):
                continue
            if column.nullable and other.name not in _NOTHING_WITHOUT:
                version = {"version": other.c.version + 1} if "version" in other.c else {}
                session.execute(
                    sa.update(other).where(column.in_(ids)).values({column.name: None, **version})
                )
            elif "id" in other.c:
                _erase(session, other, column.in_(ids))
            else:
                session.execute(sa.delete(other).where(column.in_(ids)))
        for name in ("record_id", "subject_id"):
            if name in other.c and not other.c[name].foreign_keys:
                session.execute(sa.delete(other).where(other.c[name].in_(ids)))
    return session.execute(sa.delete(table).where(where)).rowcount  # type: ignore[attr-defined, no-any-return]
