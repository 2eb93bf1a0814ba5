"""Contacts."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create, require_reassign
from crm_api.accounts.models import Account
from crm_api.conditions import records
from crm_api.conditions.filters import Wanted
from crm_api.contacts import duplicates
from crm_api.contacts.models import Contact, ContactStats
from crm_api.contacts.schemas import ContactIn, ContactPatch
from crm_api.core import clock, context, stats, trees
from crm_api.core.columns import touch
from crm_api.core.errors import Invalid
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.custom_fields import values as custom_values
from crm_api.events import Event, record
from crm_api.matching.phones import comparable
from crm_api.organisation.service import require_zone
from crm_api.tags.service import put_on
from crm_api.users.service import team_of
from crm_api.writes.duplicates import made


def create(session: Session, actor: Actor, *, data: ContactIn) -> Contact:
    """A new contact; the first one made primary stays it until another is."""
    require_create(actor, "contact")
    values = data.model_dump(exclude={"tags", "custom_fields"})
    values["custom"] = custom_values.fresh(session, actor, "contact", data.custom_fields)
    values["owner_id"] = values["owner_id"] or (actor.user_id if actor.role != "administrator" else None)
    _resolve(session, actor, values)
    if data.is_primary:
        _step_down(session, data.account_id, None)
    contact = Contact(**values, origin=context.current().origin)
    session.add(contact)
    session.flush()
    session.add(ContactStats(contact_id=contact.id))
    if data.tags:
        put_on(session, "contact", contact.id, data.tags)
    record(session, event(session, "contact.created", contact))
    return contact


def make(
    session: Session,
    actor: Actor,
    *,
    data: ContactIn,
    on_duplicate: str = "report",
    wanted: Wanted = records.EVERYTHING,
) -> dict[str, Any]:
    """A new contact as the JSON answer, with the records that it probably is already.

    With `on_duplicate="refuse"` these make it a Conflict.
    """
    return made(
        session, actor, alike=duplicates.of_values(session, actor, data.model_dump()), on_duplicate=on_duplicate,
        wanted=wanted, create=lambda: create(session, actor, data=data),
    )  # fmt: skip


def update(
    session: Session, actor: Actor, *, contact_id: UUID, data: ContactPatch, if_match: int | None
) -> Contact:
    """Change just the fields sent."""
    contact: Contact = records.get(session, actor, Contact, contact_id, writing=True, if_match=if_match)
    values = changes(data, leave_out=("tags", "custom_fields"))
    values |= custom_values.edited(session, actor, contact, data.custom_fields)
    refuse_null(values, "first_name", "role", "is_primary", "do_not_call", "email_opt_out", "is_active")
    if "owner_id" in values:
        require_reassign(session, actor, contact, values["owner_id"])
    owner_before = contact.owner_id
    _resolve(session, actor, values, own_id=contact.id)
    _settle_primary(session, contact, values)
    changed = apply_patch(contact, values)
    if data.tags is not None and put_on(session, "contact", contact.id, data.tags):
        touch(contact)
        changed = True
    if changed:
        record(session, event(session, "contact.updated", contact, fields=sorted(data.model_fields_set)))
    if contact.owner_id != owner_before:
        record(session, event(session, "contact.assigned", contact, before=owner_before))
    return contact


def archive(session: Session, actor: Actor, *, contact_id: UUID, if_match: int | None) -> None:
    """Delete softly."""
    contact = records.get(session, actor, Contact, contact_id, writing=True, if_match=if_match)
    contact.archived_at = clock.now()
    record(session, event(session, "contact.archived", contact))


def restore(session: Session, actor: Actor, *, contact_id: UUID) -> Contact:
    """Take a soft deletion back; somebody else may be the primary contact by now."""
    contact: Contact = records.get(session, actor, Contact, contact_id, writing=True, archived=True)
    if contact.archived_at is not None:
        if contact.is_primary and _primary(session, contact.account_id) is not None:
            contact.is_primary = False
        contact.archived_at = None
        record(session, event(session, "contact.restored", contact))
    return contact


def stats_of(session: Session, contact_ids: Iterable[UUID]) -> list[ContactStats]:
    """The contacts' derived figures, held until this transaction ends; made where there are none."""
    return stats.held(session, ContactStats, ContactStats.contact_id, contact_ids)


def _resolve(session: Session, actor: Actor, values: dict[str, Any], *, own_id: UUID | None = None) -> None:
    if values.get("account_id"):
        records.require_link(session, actor, "account", values["account_id"], field="account_id")
    if values.get("owner_id"):  # only to see that there is such a user
        team_of(session, values["owner_id"])
    if values.get("time_zone"):
        require_zone(values["time_zone"])
    for typed, normal in (("phone", "phone_e164"), ("mobile", "mobile_e164")):
        if typed in values:
            values[normal] = comparable(values, typed)
    if values.get("reports_to_id"):
        records.require_link(session, actor, "contact", values["reports_to_id"], field="reports_to_id")
        require_no_loop(session, own_id, values["reports_to_id"])


def require_no_loop(session: Session, own_id: UUID | None, boss_id: UUID) -> None:
    """Raise Invalid where the boss reports to the contact, by whatever another one has written meanwhile."""
    if trees.would_loop(session, Contact.id, Contact.reports_to_id, own_id, boss_id):
        raise Invalid.field("reports_to_id", "nobody can report to themselves")


def _settle_primary(session: Session, contact: Contact, values: dict[str, Any]) -> None:
    """An account has one primary contact: made so, one replaces the other; moved there, one stands back."""
    account_id = values.get("account_id", contact.account_id)
    if values.get("is_primary"):
        _step_down(session, account_id, contact.id)
    elif contact.is_primary and "is_primary" not in values and account_id != contact.account_id:
        values["is_primary"] = _primary(session, account_id) is None


def _primary(session: Session, account_id: UUID | None) -> Contact | None:
    return session.scalars(
        sa.select(Contact).where(
            Contact.account_id == account_id, Contact.is_primary, Contact.archived_at.is_(None)
        )
    ).first()


def _step_down(session: Session, account_id: UUID | None, own_id: UUID | None) -> None:
    """An account has one primary contact: the one before steps down."""
    before = _primary(session, account_id) if account_id else None
    if before is not None and before.id != own_id:
        before.is_primary = False
        session.flush()


def event(session: Session, type_: str, contact: Contact, **data: Any) -> Event:
    account = session.get(Account, contact.account_id) if contact.account_id else None
    return Event(
        type_,
        "contact",
        contact.id,
        {**data, "account_id": contact.account_id},
        contact.owner_id,
        account.team_id if account else None,
        account.territory_id if account else None,
    )
