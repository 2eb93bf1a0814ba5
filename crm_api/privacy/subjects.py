"""Who is meant: from a record or an address to all the records of one person, and the words that stand for them."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.audit.models import AuditEntry
from crm_api.contacts.models import Contact
from crm_api.core import search
from crm_api.core.errors import NotFound
from crm_api.core.fields import CATALOGUES
from crm_api.core.text import fold
from crm_api.leads.models import Lead
from crm_api.matching.phones import e164
from crm_api.privacy.declarations import Reach, Record
from crm_api.privacy.words import Words, full_names
from crm_api.users.models import User

_MODELS: dict[str, Any] = {"contact": Contact, "lead": Lead, "user": User}
_PHONES: tuple[Any, ...] = (
    Contact.phone_e164,
    Contact.mobile_e164,
    Lead.phone_e164,
    Account.phone_e164,
)


def person(
    session: Session, *, kind: str | None, record_id: UUID | None, email: str | None, also: Iterable[str] = ()
) -> Reach:
    """All that is one person's: the record, those with its e-mail address, and what stands for them elsewhere.

    Words that somebody else has too (a namesake, the number of a switchboard) are not among them. Raises NotFound
    where the record is not there; an address that nobody has is still somebody's.
    """
    rows = [_row(session, kind, record_id)] if kind and record_id else []
    keys = {fold(email)} if email else {row.email_key for row in rows if row.email_key}
    rows += [row for row in _at(session, keys) if row not in rows]
    told = Words(
        frozenset(filter(None, [email, *(row.email for row in rows)])),
        frozenset(name for row in rows for name in _names(row)) | frozenset(also),
        frozenset(phone for row in rows for phone in _numbers(row)),
    )
    then = _once(session, [(row.__kind__, row.id) for row in rows])
    words = Words(
        told.addresses | then.addresses, told.names | then.names, told.phones | then.phones
    ).without(_others(session, rows, told, then))
    return _reach(rows, frozenset(keys | {fold(address) for address in words.addresses}), words)


def record(session: Session, *, kind: str, record_id: UUID) -> Reach:
    """One record and what hangs on it; its addresses as well, where no other record has them."""
    row = session.get_one(CATALOGUES[kind].model, record_id)
    keys = {row.email_key} if getattr(row, "email_key", None) else set()
    others = {other.email_key for other in _at(session, keys) if other is not row}
    return _reach([row], frozenset(keys - others), Words())


def _reach(rows: list[Any], addresses: frozenset[str], words: Words) -> Reach:
    roots: tuple[Record, ...] = tuple((row.__kind__, row.id) for row in rows)
    reach = Reach(roots, addresses, words)
    for kind, record_id in roots:
        reach.add(kind, [record_id])
    return reach


def _row(session: Session, kind: str, record_id: UUID) -> Any:
    row = session.get(_MODELS[kind], record_id)
    if row is None:
        raise NotFound(f"There is no {kind} {record_id}.")
    return row


def _at(session: Session, keys: set[str]) -> Iterator[Any]:
    """Everybody with one of these addresses, archived or not."""
    for model in _MODELS.values() if keys else ():
        yield from session.scalars(sa.select(model).where(model.email_key.in_(keys)).order_by(model.id))


def _names(row: Any) -> Iterable[str]:
    return [row.name] if isinstance(row, User) else full_names(row.first_name, row.last_name)


def _numbers(row: Any) -> Iterable[str]:
    names = ("phone", "mobile", "phone_e164", "mobile_e164")
    return [number for name in names if (number := getattr(row, name, None))]


def _once(session: Session, roots: Iterable[Record]) -> Words:
    """What these people were called, and where they were reached, before somebody changed it."""
    addresses: set[str | None] = set()
    names: set[str | None] = set()
    phones: set[str | None] = set()
    for kind, record_id in roots:
        entries = sa.select(AuditEntry.before, AuditEntry.after).where(
            AuditEntry.kind == kind, AuditEntry.record_id == record_id
        )
        for told in (values for entry in session.execute(entries) for values in entry):
            addresses.add(told.get("email"))
            names.update(full_names(told.get("first_name"), told.get("last_name")))
            if kind == "user":
                names.add(told.get("name"))
            phones.update(told.get(name) for name in ("phone", "mobile", "phone_e164", "mobile_e164"))
    return Words(*(frozenset(word for word in found if word) for found in (addresses, names, phones)))


def _others(session: Session, rows: list[Any], told: Words, then: Words) -> Words:
    """Those of the words that other people, or companies, have too."""
    mine = {row.id for row in rows}
    addresses = then.addresses - told.addresses
    theirs = {row.email_key for row in _at(session, {fold(a) for a in addresses}) if row.id not in mine}
    names = told.names | then.names
    numbers = {number: e164(number) for number in told.phones | then.phones}
    used: set[str] = set()
    for column in _PHONES:
        found = sa.select(column).where(column.in_({n for n in numbers.values() if n}))
        used.update(session.scalars(found.where(column.class_.id.not_in(mine))))
    return Words(
        frozenset(a for a in addresses if fold(a) in theirs),
        frozenset(name for name in names if _namesake(session, name, mine)),
        frozenset(number for number, key in numbers.items() if key in used),
    )


def _namesake(session: Session, name: str, mine: set[UUID]) -> bool:
    """Whether somebody else is called so, the last name first or last."""
    parts = fold(name).replace(",", " ").split()
    orders = [" ".join([*parts[n:], *parts[:n]]) for n in range(len(parts))]
    for model in (Contact, User):
        same = sa.select(model.id).where(model.name_key.in_(orders), model.id.not_in(mine))
        if session.scalar(same.limit(1)) is not None:
            return True
    # Leads have no key of their names; the search index knows where both words are.
    likely = sa.select(Lead.first_name, Lead.last_name).where(
        Lead.id.in_(search.matching(session, "lead", name)), Lead.id.not_in(mine)
    )
    return any(fold(f"{first or ''} {last or ''}") in orders for first, last in session.execute(likely))
