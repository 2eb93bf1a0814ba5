"""Accounts: making, changing, hierarchy, and who reaches them through open deals."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from crm_api.access import Actor, require_create, visible
from crm_api.access.models import AccountAccess
from crm_api.accounts.models import Account, AccountStats
from crm_api.accounts.schemas import AccountIn, AccountPatch
from crm_api.conditions import records
from crm_api.core import clock, context
from crm_api.core.errors import Invalid
from crm_api.core.money import require_currency, to_minor
from crm_api.core.numbering import take
from crm_api.core.schemas import apply_patch, changes
from crm_api.events import Event, record
from crm_api.matching.phones import e164
from crm_api.organisation import service as organisation
from crm_api.organisation.models import Territory
from crm_api.tags.service import put_on
from crm_api.users.service import team_of


def create(session: Session, actor: Actor, *, data: AccountIn) -> Account:
    """A new account, owned by its maker where no owner is given."""
    require_create(actor, "account")
    values = data.model_dump(exclude={"tags"})
    values["currency"] = require_currency(data.currency or organisation.currency(session))
    values["owner_id"] = values["owner_id"] or (actor.user_id if actor.role in ("rep", "manager") else None)
    _resolve(session, values, currency=values["currency"])
    number = take(session, "ACC", organisation.today(session))[0]
    account = Account(**values, number=number, origin=context.current().origin)
    session.add(account)
    session.flush()
    session.add(AccountStats(account_id=account.id))
    if data.tags:
        put_on(session, "account", account.id, data.tags)
    record(session, _event("account.created", account))
    return account


def update(
    session: Session, actor: Actor, *, account_id: UUID, data: AccountPatch, if_match: int | None
) -> Account:
    """Change just the fields sent."""
    account: Account = records.get(session, actor, Account, account_id, writing=True, if_match=if_match)
    values = changes(data, leave_out=("tags",))
    for required in ("name", "account_type", "currency"):
        if required in values and values[required] is None:
            raise Invalid.field(required, "cannot be empty")
    if "currency" in values:
        values["currency"] = require_currency(values["currency"])
    _resolve(session, values, currency=values.get("currency", account.currency), own_id=account.id)
    changed = apply_patch(account, values)
    if data.tags is not None:
        put_on(session, "account", account.id, data.tags)
        account.updated_at = clock.now()
        changed = True
    if changed:
        record(session, _event("account.updated", account, fields=sorted(data.model_fields_set)))
    return account


def archive(session: Session, actor: Actor, *, account_id: UUID, if_match: int | None) -> None:
    """Delete softly."""
    account = records.get(session, actor, Account, account_id, writing=True, if_match=if_match)
    account.archived_at = clock.now()
    record(session, _event("account.archived", account))


def restore(session: Session, actor: Actor, *, account_id: UUID) -> Account:
    """Take a soft deletion back."""
    account: Account = records.get(session, actor, Account, account_id, writing=True, archived=True)
    if account.archived_at is not None:
        account.archived_at = None
        record(session, _event("account.restored", account))
    return account


def _resolve(session: Session, values: dict[str, Any], *, currency: str, own_id: UUID | None = None) -> None:
    """Fill in what follows from what was given; raises Invalid for links that lead nowhere."""
    if "annual_revenue" in values:
        values["annual_revenue"] = to_minor(values["annual_revenue"], currency, field="annual_revenue")
    if "phone" in values:
        values["phone_e164"] = e164(values["phone"])
    if "owner_id" in values:
        values["team_id"] = team_of(session, values["owner_id"])
    if values.get("territory_id") and session.get(Territory, values["territory_id"]) is None:
        raise Invalid.field("territory_id", "there is no such territory")
    if values.get("latitude") is not None or values.get("longitude") is not None:
        values["coordinates_source"] = "user"
    if values.get("parent_id"):
        require_no_loop(session, own_id, values["parent_id"])


def require_no_loop(session: Session, own_id: UUID | None, parent_id: UUID | None) -> None:
    """Raise Invalid where the parent does not exist or is below the account itself."""
    seen = {own_id}
    while parent_id is not None:
        if parent_id in seen:
            raise Invalid.field("parent_id", "an account cannot be below itself")
        seen.add(parent_id)
        row = session.execute(sa.select(Account.id, Account.parent_id).where(Account.id == parent_id)).first()
        if row is None:
            raise Invalid.field("parent_id", "there is no such account")
        parent_id = row.parent_id


def require_visible(
    session: Session, actor: Actor, account_id: UUID, *, field: str = "account_id"
) -> Account:
    """The live account a record is to be linked to; raises Invalid naming the field otherwise."""
    found = session.scalars(
        sa.select(Account).where(
            Account.id == account_id, Account.archived_at.is_(None), visible("account", actor)
        )
    ).first()
    if found is None:
        raise Invalid.field(field, "there is no such account, or it is not yours to see")
    return found


def refresh_open_deal_access(session: Session, account_id: UUID, owner_ids: set[UUID]) -> None:
    """Let exactly these users reach the account because of an open deal of theirs on it."""
    held = sa.select(AccountAccess).where(
        AccountAccess.account_id == account_id, AccountAccess.reason == "open_deal"
    )
    before = {row.user_id: row for row in session.scalars(held)}
    for user_id, row in before.items():
        if user_id not in owner_ids:
            session.delete(row)
    session.add_all(
        AccountAccess(account_id=account_id, user_id=user_id, reason="open_deal")
        for user_id in owner_ids - before.keys()
    )


def touch_contact(session: Session, account_id: UUID, *, at: Any, visit: bool) -> None:
    """Remember that somebody was in touch at `at`; never moves backwards."""
    stats = session.scalars(sa.select(AccountStats).where(AccountStats.account_id == account_id)).first()
    if stats is None:
        stats = AccountStats(account_id=account_id)
        session.add(stats)
    if stats.last_contact_at is None or stats.last_contact_at < at:
        stats.last_contact_at = at
    if visit and (stats.last_visit_at is None or stats.last_visit_at < at):
        stats.last_visit_at = at


def territory_of(record: Any) -> UUID | None:
    """The territory of the account that a record in a session hangs on: what its events are seen by."""
    session = object_session(record)
    if session is None or record.account_id is None:
        return None
    account = session.get(Account, record.account_id)
    return account.territory_id if account else None


def _event(type_: str, account: Account, **data: Any) -> Event:
    return Event(type_, "account", account.id, data, account.owner_id, account.team_id, account.territory_id)
