"""Taking a person's words out of what others wrote."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.audit.models import AuditEntry
from crm_api.core import search
from crm_api.core.database import Base
from crm_api.core.dialect import mentions
from crm_api.core.fields import CUSTOM
from crm_api.custom_fields import upkeep
from crm_api.outbox.models import Suppression
from crm_api.privacy.declarations import Personal, Reach, chunks
from crm_api.privacy.finding import Mentions, speaking
from crm_api.privacy.words import MARK, Words
from crm_api.visits.models import VisitPlan

_ASKED_FOR = ("opt_out", "complaint")  # the person wants no mail: that outlives what else is known of them


@cache
def models() -> dict[str, Any]:
    """The models by the names of their tables; all are loaded by the time this is asked."""
    return {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}


def opted_out(session: Session, reach: Reach) -> frozenset[str]:
    """Those of the addresses whose owner asked not to be written to."""
    asked: set[str] = set()
    for some in chunks(reach.addresses):
        which = Suppression.address_key.in_(some) & Suppression.reason.in_(_ASKED_FOR)
        asked |= set(session.scalars(sa.select(Suppression.address_key).where(which)))
    return frozenset(asked)


def clean(
    session: Session,
    reach: Reach,
    mentioned: Mentions,
    known: dict[str, set[Any]],
    counts: dict[str, Counter[str]],
) -> dict[str, set[UUID]]:
    """Clean every row that speaks of the subject; returns the ids of cleaned records by kind."""
    cleaned: dict[str, set[UUID]] = defaultdict(set)
    for declaration, row, told in list(speaking(session, reach.words, mentioned, known)):
        _rewrite(session, declaration, row, told)
        counts[declaration.table.name]["cleaned"] += 1
        if declaration.kind is not None:
            cleaned[declaration.kind].add(row["id"])
    session.expire_all()
    for model in models().values():
        for some in chunks(cleaned.get(getattr(model, "__kind__", ""), ())):
            records = session.scalars(sa.select(model).where(model.id.in_(some))).all()
            if hasattr(model, CUSTOM):
                upkeep.rewrite(session, records)
            if getattr(model, "__search__", None):
                search.index_flush(session, records, [])
    return cleaned


def forget_in_plans(session: Session, reach: Reach) -> None:
    """Visit plans, and what the trail tells of them, name the accounts that they leave out; those of accounts that
    go are named no more."""
    for account_id in reach.of("account"):
        name = session.scalar(sa.select(Account.name).where(Account.id == account_id))
        words = Words(names=frozenset(filter(None, [name])))
        for model, columns, terms in (
            (VisitPlan, ("left_out",), ()),
            (AuditEntry, ("before", "after"), (AuditEntry.kind == VisitPlan.__kind__,)),
        ):
            table: Any = model.__table__
            naming = sa.or_(*(mentions(table.c[column], f"%{account_id}%") for column in columns))
            for row in session.execute(sa.select(table).where(naming, *terms)).mappings().all():
                told = {column: words.cleaned(_without(row[column], str(account_id))) for column in columns}
                session.execute(sa.update(table).where(table.c.id == row["id"]).values(raised(table, told)))


def _without(told: Any, account_id: str) -> Any:
    """A list of what was left out, alone or as the trail tells it, without one account."""
    if isinstance(told, dict):
        return {name: _without(value, account_id) for name, value in told.items()}
    if isinstance(told, list):
        return [one for one in told if not (isinstance(one, dict) and one.get("account_id") == account_id)]
    return told


def _rewrite(session: Session, declaration: Personal, row: Mapping[Any, Any], told: dict[str, Any]) -> None:
    table = declaration.table
    values = {name: _fitting(table.c[name], row["id"], value) for name, value in told.items()}
    later = SimpleNamespace(**{**row, **values})
    derived = {c.name: compute(later) for c in table.c if (compute := c.info.get("derive"))}
    statement = sa.update(table).where(table.c.id == row["id"]).values(raised(table, values | derived))
    session.execute(statement, execution_options={"synchronize_session": False})


def _fitting(column: sa.Column[Any], row_id: UUID, value: Any) -> Any:
    """What a column can hold where nothing but the mark is left: nothing, or, where names differ, another mark."""
    if column.name == CUSTOM and isinstance(value, dict):
        return {key: one for key, one in value.items() if one != MARK} or None
    if value != MARK:
        return value
    if column.nullable:
        return None
    return f"{MARK} {row_id.hex[-8:]}" if _is_unique(column) else MARK


def _is_unique(column: sa.Column[Any]) -> bool:
    names = {column.name, f"{column.name}_key"}
    table: Any = column.table
    indexes = [index.columns for index in table.indexes if index.unique]
    constraints = [c.columns for c in table.constraints if isinstance(c, sa.UniqueConstraint)]
    return any(names & {c.name for c in each} for each in (*indexes, *constraints))


def raised(table: sa.Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the version that a changed record has."""
    return {**values, "version": table.c.version + 1} if "version" in table.c else dict(values)
