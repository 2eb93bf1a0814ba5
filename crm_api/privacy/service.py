"""Erasing people and records, and noting who took out what is held about somebody."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_role
from crm_api.accounts.models import Account
from crm_api.audit.models import Erasure
from crm_api.audit.service import note
from crm_api.changes.plan import label_of
from crm_api.conditions import records
from crm_api.contacts.models import Contact
from crm_api.core.errors import Conflict
from crm_api.core.fields import CATALOGUES
from crm_api.core.ids import new_id
from crm_api.opportunities.models import Opportunity
from crm_api.orders.models import Order as SalesOrder
from crm_api.privacy import erasing, subjects
from crm_api.privacy.declarations import Reach
from crm_api.privacy.erasing import Order
from crm_api.privacy.finding import Mentions
from crm_api.privacy.schemas import ErasureIn, ErasureOut, SubjectIn

EXPORT = "data_export"


def find(session: Session, actor: Actor, *, subject: SubjectIn, also: list[str]) -> Reach:
    """Whose records and words a request is about; for administrators. Raises NotFound."""
    require_role(actor)
    return subjects.person(session, kind=subject.kind, record_id=subject.id, email=subject.email, also=also)


def erase_person(session: Session, actor: Actor, *, data: ErasureIn, mentions: Mentions) -> dict[str, Any]:
    """Erase all that is held about a person. `mentions` are the rows of others found to speak of them.

    Raises NotFound, and Conflict as `erasing.erase` does. It is never undone.
    """
    reach = find(session, actor, subject=data.subject, also=data.also_known_as)
    named: list[dict[str, Any]] = [{"kind": kind, "id": record_id} for kind, record_id in reach.roots]
    if session.info.get("rehearsal"):  # an answer that may be kept names nobody
        for one in named:
            one["label"] = label_of(session.get_one(CATALOGUES[one["kind"]].model, one["id"]))
    main = (
        (data.subject.kind, data.subject.id) if data.subject.kind else next(iter(reach.roots), (None, None))
    )
    order = Order(
        reach, data.reason, main[0] or "address", main[1], keep_out=data.never_write_again, mentions=mentions
    )
    return {**_told(erasing.erase(session, actor, order)), "records": named}


def erase_record(session: Session, actor: Actor, *, kind: str, record_id: UUID, if_match: int | None) -> None:
    """Delete one record for good, with all that hangs on it alone; for administrators.

    Raises NotFound, Stale, and Conflict for an account that has contacts, deals or accounts below it: they are
    moved, archived or deleted first, so that nobody loses them unawares.
    """
    require_role(actor)
    model = CATALOGUES[kind].model
    row = records.get(session, actor, model, record_id, writing=True, if_match=if_match, archived=True)
    if isinstance(row, Account):
        _require_empty(session, row)
    reach = subjects.record(session, kind=kind, record_id=record_id)
    erasing.erase(session, actor, Order(reach, f"{kind.capitalize()} deleted for good", kind, record_id))


def _require_empty(session: Session, account: Account) -> None:
    hanging = {
        "contacts": sa.select(sa.func.count(Contact.id)).where(
            Contact.account_id == account.id, Contact.archived_at.is_(None)
        ),
        "deals": sa.select(sa.func.count(Opportunity.id)).where(
            Opportunity.account_id == account.id, Opportunity.archived_at.is_(None)
        ),
        "orders": sa.select(sa.func.count(SalesOrder.id)).where(
            SalesOrder.account_id == account.id, SalesOrder.archived_at.is_(None)
        ),
        "accounts below it": sa.select(sa.func.count(Account.id)).where(
            Account.parent_id == account.id, Account.archived_at.is_(None)
        ),
    }
    counts = {name: count for name, statement in hanging.items() if (count := session.scalar(statement))}
    if counts:
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise Conflict(f"This account still has {told}: move, archive or delete them first.", hanging=counts)


def _told(stone: Erasure) -> dict[str, Any]:
    return ErasureOut.model_validate(stone, from_attributes=True).model_dump()


# ── Handing over ─────────────────────────────────────────────────────────────────────────────────


def begin_export(
    session: Session, actor: Actor, *, subject: SubjectIn, also: list[str]
) -> tuple[UUID, Reach]:
    """Note that somebody takes out what is held about a person, before the first byte; the trail names no words."""
    reach = find(session, actor, subject=subject, also=also)
    export_id = new_id()
    about = [{"kind": kind, "id": str(record_id)} for kind, record_id in reach.roots]
    note(session, kind=EXPORT, record_id=export_id, action="start", after={"records": about})
    return export_id, reach


def finish_export(
    session: Session, *, export_id: UUID, rows: int, complete: bool, change_set_id: UUID
) -> None:
    """Note how much was handed over, and whether that was all."""
    audit.continue_change_set(session, change_set_id)
    note(
        session, kind=EXPORT, record_id=export_id, action="finish", after={"rows": rows, "complete": complete}
    )
