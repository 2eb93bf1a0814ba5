"""Column types and the mixins a table is made of."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.types import TypeDecorator, TypeEngine

from crm_api.core import clock
from crm_api.core.dialect import SortText


class GUID(TypeDecorator[UUID]):
    """A UUID: `uuid` on PostgreSQL, 16 bytes on SQLite, in the same order on both."""

    impl = sa.Uuid
    cache_ok = True
    python_type = UUID

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.Uuid() if dialect.name == "postgresql" else sa.LargeBinary(16))

    def process_bind_param(self, value: UUID | str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        value = value if isinstance(value, UUID) else UUID(str(value))
        return value if dialect.name == "postgresql" else value.bytes

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], UUID | None] | None:
        # Not by process_result_value: asyncpg gives what is wanted, and to look at it took a tenth of a list's time.
        return None if dialect.name == "postgresql" else _of_bytes


def _of_bytes(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(bytes=value)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant. A naive one is a bug and is refused; SQLite keeps UTC without an offset."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value!r}")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], datetime | None] | None:
        if dialect.name == "postgresql":  # asyncpg gives all instants in UTC; see GUID
            return None
        read: Any = self.impl_instance.result_processor(dialect, coltype)
        return lambda value: None if value is None else read(value).replace(tzinfo=UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal number kept digit by digit, as text on both engines: SQLite would make a float of it."""

    impl = sa.Text
    cache_ok = True
    python_type = Decimal

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value.normalize(), "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


def moving(moment: Callable[[], Any], type_: Any) -> sa.BindParameter[Any]:
    """A value that every statement reads anew: a statement may be kept, what it calls now may not."""
    return sa.bindparam(None, callable_=moment, type_=type_)


def figure(**how: Any) -> Any:
    """A value that the service works out from other fields and may work out anew at any time.

    The audit trail leaves it out: what it follows from is there already. `how` is said of the column as usual.
    """
    return mapped_column(info={"figure": True}, **how)


def derived(compute: Callable[[Any], Any], type_: Any = SortText, *, index: bool = False) -> Any:
    """A column computed from its own row, in Python, before each insert and update.

    `compute` takes anything with the row's attributes: the ORM object, or a plain namespace in bulk work.
    """
    return mapped_column(type_, index=index, nullable=True, info={"derive": compute})


def one_of(column: str, words: tuple[str, ...], *, name: str | None = None) -> sa.CheckConstraint:
    """A check that a text column holds one of `words`; enumerations are never database enum types."""
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_word")


def sort_index(name: str, column: str, *, nullable: bool = False) -> sa.Index:
    """The index behind a declared sort of live rows, read forwards or backwards, the id after the column.

    NULL is the smallest value in lists; PostgreSQL takes it for the largest unless its index says so.
    """
    live = sa.text("archived_at IS NULL")
    first = {column: "NULLS FIRST"} if nullable else {}
    return sa.Index(name, column, "id", sqlite_where=live, postgresql_where=live, postgresql_ops=first)


def given_index(name: str, column: str, *more: str) -> sa.Index:
    """The index of a column that is empty in most rows, without those: nobody looks for them by it, and SQLite, which
    counts NULLs as equal to each other, would take the column for one that tells nothing."""
    given = sa.text(f"{column} IS NOT NULL")
    return sa.Index(name, column, *more, sqlite_where=given, postgresql_where=given)


class Timestamps:
    """When a row was made and last changed (UTC)."""

    created_at: Mapped[datetime] = mapped_column(default=clock.now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now, sort_order=90)


class Versioned:
    """A counter that rises by one with every change: the ETag, and the guard against lost updates.

    SQLAlchemy's own generator would count flushes; `core/database.py` counts transactions.
    """

    version: Mapped[int] = mapped_column(default=1, sort_order=90)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version, "version_id_generator": False}


def touch(record: Any) -> None:
    """Count a change of what is shown in a record (its tags, its lines) as a change of the record."""
    record.updated_at = clock.now()
    flag_modified(record, "updated_at")


class Archivable:
    """Soft deletion: an archived row is out of every list, count and answer unless asked for."""

    archived_at: Mapped[datetime | None] = mapped_column(sort_order=91)

    @property
    def is_archived(self) -> bool:
        """Whether the row was deleted softly."""
        return self.archived_at is not None


class Customised:
    """Values of the fields an organisation added itself, by key and as the API shows them.

    `custom_fields.values` keeps the table beside that they are filtered and sorted by.
    """

    custom: Mapped[dict[str, Any] | None] = mapped_column(sort_order=89)
