"""Accounts: making, changing, hierarchy, and who reaches them through open deals."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from crm_api import audit
from crm_api.access import Actor, require_create, require_reassign
from crm_api.access.models import AccountAccess
from crm_api.accounts import duplicates
from crm_api.accounts.models import Account, AccountStats
from crm_api.accounts.schemas import AccountIn, AccountPatch
from crm_api.conditions import records
from crm_api.conditions.filters import Wanted
from crm_api.core import clock, context, stats, trees
from crm_api.core.columns import touch
from crm_api.core.errors import Invalid
from crm_api.core.money import recast, require_currency, to_minor
from crm_api.core.numbering import take
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.custom_fields import values as custom_values
from crm_api.events import Event, record
from crm_api.matching.phones import comparable
from crm_api.organisation import rates
from crm_api.organisation import service as organisation
from crm_api.tags.service import put_on
from crm_api.users.service import team_of
from crm_api.writes.duplicates import made


def create(session: Session, actor: Actor, *, data: AccountIn) -> Account:
    """A new account, owned by its maker where no owner is given."""
    require_create(actor, "account")
    values = data.model_dump(exclude={"tags", "custom_fields"})
    values["custom"] = custom_values.fresh(session, actor, "account", data.custom_fields)
    values["currency"] = require_currency(data.currency or organisation.currency(session))
    values["owner_id"] = values["owner_id"] or (actor.user_id if actor.role in ("rep", "manager") else None)
    _resolve(session, actor, values)
    number = take(session, "ACC", organisation.today(session))[0]
    account = Account(**values, number=number, origin=context.current().origin)
    session.add(account)
    session.flush()
    session.add(AccountStats(account_id=account.id))
    if data.tags:
        put_on(session, "account", account.id, data.tags)
    record(session, event("account.created", account))
    return account


def make(
    session: Session,
    actor: Actor,
    *,
    data: AccountIn,
    on_duplicate: str = "report",
    wanted: Wanted = records.EVERYTHING,
) -> dict[str, Any]:
    """A new account as the JSON answer, with the records that it probably is already.

    With `on_duplicate="refuse"` these make it a Conflict.
    """
    return made(
        session, actor, alike=duplicates.of_values(session, actor, data.model_dump()), on_duplicate=on_duplicate,
        wanted=wanted, create=lambda: create(session, actor, data=data),
    )  # fmt: skip


def update(
    session: Session, actor: Actor, *, account_id: UUID, data: AccountPatch, if_match: int | None
) -> Account:
    """Change just the fields sent."""
    account: Account = records.get(session, actor, Account, account_id, writing=True, if_match=if_match)
    values = changes(data, leave_out=("tags", "custom_fields"))
    values |= custom_values.edited(session, actor, account, data.custom_fields)
    refuse_null(values, "name", "account_type", "currency")
    if "owner_id" in values:
        require_reassign(session, actor, account, values["owner_id"])
    owner_before = account.owner_id
    if "currency" in values:
        values["currency"] = require_currency(values["currency"])
    _resolve(session, actor, values, account)
    changed = apply_patch(account, values)
    if data.tags is not None and put_on(session, "account", account.id, data.tags):
        touch(account)
        changed = True
    if changed:
        record(session, event("account.updated", account, fields=sorted(data.model_fields_set)))
    if account.owner_id != owner_before:
        record(session, event("account.assigned", account, before=owner_before))
    return account


def archive(session: Session, actor: Actor, *, account_id: UUID, if_match: int | None) -> None:
    """Delete softly."""
    account = records.get(session, actor, Account, account_id, writing=True, if_match=if_match)
    account.archived_at = clock.now()
    record(session, event("account.archived", account))


def restore(session: Session, actor: Actor, *, account_id: UUID) -> Account:
    """Take a soft deletion back."""
    account: Account = records.get(session, actor, Account, account_id, writing=True, archived=True)
    if account.archived_at is not None:
        account.archived_at = None
        record(session, event("account.restored", account))
    return account


def _resolve(session: Session, actor: Actor, values: dict[str, Any], account: Account | None = None) -> None:
    """Fill in what follows from what was given; raises Invalid for links that lead nowhere."""
    before = account.currency if account else values["currency"]
    after = values.get("currency", before)
    if "annual_revenue" in values:
        values["annual_revenue"] = to_minor(values["annual_revenue"], after, field="annual_revenue")
    elif account and after != before:
        values["annual_revenue"] = recast(account.annual_revenue, before, after, field="annual_revenue")
    if "annual_revenue" in values:
        values["annual_revenue_base"] = rates.convert(session, values["annual_revenue"], after)
    if "phone" in values:
        standing = {"billing_country": account and account.billing_country}
        values["phone_e164"] = comparable({**standing, **values}, "phone")
    if "owner_id" in values:
        values["team_id"] = team_of(session, values["owner_id"])
    if values.get("territory_id"):
        organisation.require_territory(session, values["territory_id"])
    if values.get("latitude") is not None or values.get("longitude") is not None:
        values["coordinates_source"] = "user"
    if values.get("opening_hours"):  # as JSON gives them back, so that the same hours are no change
        hours = values["opening_hours"].items()
        values["opening_hours"] = {day: [list(window) for window in windows] for day, windows in hours}
    if values.get("parent_id"):
        records.require_link(session, actor, "account", values["parent_id"], field="parent_id")
        require_no_loop(session, account.id if account else None, values["parent_id"])


def require_no_loop(session: Session, own_id: UUID | None, parent_id: UUID) -> None:
    """Raise Invalid where the parent is below the account itself, by whatever another one has written meanwhile."""
    if trees.would_loop(session, Account.id, Account.parent_id, own_id, parent_id):
        raise Invalid.field("parent_id", "an account cannot be below itself")


def refresh_open_deal_access(session: Session, wanted: Mapping[UUID, set[UUID]]) -> None:
    """Let exactly these users reach each account because of an open deal of theirs on it."""
    held = sa.select(AccountAccess).where(
        AccountAccess.account_id.in_(list(wanted)), AccountAccess.reason == "open_deal"
    )
    before: dict[UUID, set[UUID]] = {account_id: set() for account_id in wanted}
    for row in session.scalars(held):
        before[row.account_id].add(row.user_id)
        if row.user_id not in wanted[row.account_id]:
            session.delete(row)
    session.add_all(
        AccountAccess(account_id=account_id, user_id=user_id, reason="open_deal")
        for account_id, user_ids in wanted.items()
        for user_id in sorted(user_ids - before[account_id])
    )


def hold(session: Session, account_ids: Iterable[UUID]) -> None:
    """Keep others from working out, until this transaction ends, who reaches these accounts."""
    held = sa.select(Account.id).where(Account.id.in_(list(account_ids))).order_by(Account.id)
    session.execute(held.with_for_update())


def stats_of(session: Session, account_ids: Iterable[UUID]) -> list[AccountStats]:
    """The accounts' derived figures, held until this transaction ends; made where there are none."""
    return stats.held(session, AccountStats, AccountStats.account_id, account_ids)


def follow_owner(session: Session, event: Event) -> None:
    """An owner who changes teams takes their accounts along; a derived figure, so no version rises."""
    audit.follow(session, Account, Account.owner_id == event.subject_id, team_id=event.team_id)


def territory_of(record: Any) -> UUID | None:
    """The territory of the account that a record in a session hangs on: what its events are seen by."""
    session = object_session(record)
    if session is None or record.account_id is None:
        return None
    account = session.get(Account, record.account_id)
    return account.territory_id if account else None


def event(type_: str, account: Account, **data: Any) -> Event:
    """An event about an account, with who was responsible for it."""
    return Event(type_, "account", account.id, data, account.owner_id, account.team_id, account.territory_id)
