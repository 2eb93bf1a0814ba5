"""What a list asks the database, built once and sent again whenever the same is asked.

To build a statement, and to tell it from all others, takes longer than the database takes to answer it, and clients
ask the same lists all day. What differs from page to page is bound: `most`, `skip`, `last_value`, `last_id`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import sqlalchemy as sa

from crm_api.access import Actor
from crm_api.conditions.filters import declared
from crm_api.core import dialect
from crm_api.core.fields import Catalogue
from crm_api.core.listing import Sort, after, ordered

T = TypeVar("T")
KEPT = 500  # questions a process keeps the statements of, some 50 kB each


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows of a kind that `actor` asks for, and their order. `fields` are those a saved view shows.

    `found` selects the ids of the records that hold the words searched for; `terms` is all else that a row has to meet.
    """

    catalogue: Catalogue
    actor: Actor
    terms: list[sa.ColumnElement[bool]]
    sorts: list[Sort]
    fields: tuple[str, ...] = ()
    found: sa.Select[Any] | None = None
    _built: dict[Any, Any] = field(default_factory=dict)

    @property
    def matching(self) -> list[sa.ColumnElement[bool]]:
        """Everything a row has to meet."""
        return self.terms if self.found is None else [*self.terms, self.catalogue.model.id.in_(self.found)]

    def gathered(self) -> "Asked":
        """The same, with what the words find read first: right where few records have them."""
        assert self.found is not None, "words are looked for"
        first = dialect.gathered(self.catalogue.model.id, self.found.scalar_subquery())
        return self._once(
            "gathered", lambda: replace(self, terms=[*self.terms, first], found=None, _built={})
        )

    def hits(self, most: int) -> sa.Select[Any]:
        """How many records of the kind have the words, seen or not, counted no further than `most`."""
        assert self.found is not None, "words are looked for"
        found = self.found
        return self._once(
            ("hits", most), lambda: sa.select(sa.func.count()).select_from(found.limit(most).subquery())
        )

    @property
    def is_costly(self) -> bool:
        """Whether no index gives this order: another field than the declared ones, or a custom one among several."""
        several, known = len(self.sorts) > 1, declared(self.catalogue)
        return any(s.name not in known or (s.elsewhere is not None and several) for s in self.sorts)

    def rows(self, after_a: Literal["empty", "filled"] | None) -> sa.Select[Any]:
        """A page of rows, each with its sort value as `_sort`: from the beginning or `skip` rows on, or after the row
        with `last_id`, whose sort value is empty or is `last_value`. Several sorts know no `_sort` and no after."""
        return self._once(after_a, lambda: self._rows(after_a))

    def count(self, most: int | None) -> sa.Select[Any]:
        """How many rows match, counted no further than `most`."""
        return self._once(("count", most), lambda: self._count(most))

    def _once(self, shape: Any, build: Callable[[], T]) -> T:
        if shape not in self._built:
            self._built[shape] = build()
        kept: T = self._built[shape]
        return kept

    def _rows(self, after_a: str | None) -> sa.Select[Any]:
        identity, sort = self.catalogue.model.id, self.sorts[0]
        value = sort.column if len(self.sorts) == 1 else sa.null()
        statement = shown(self.catalogue, self.actor).add_columns(value.label("_sort")).where(*self.matching)
        statement = ordered(statement, self.sorts, identity).limit(sa.bindparam("most", type_=sa.Integer))
        if after_a is None:
            return statement.offset(sa.bindparam("skip", type_=sa.Integer))
        # Bound as the column's own type: SQLite keeps ids as bytes, and a bare UUID would not compare.
        last = sa.bindparam("last_value", type_=sort.column.type) if after_a == "filled" else None
        return statement.where(after(sort, identity, last, sa.bindparam("last_id", type_=identity.type)))

    def _count(self, most: int | None) -> sa.Select[Any]:
        identity = self.catalogue.model.id
        if most is None:
            return sa.select(sa.func.count(identity)).where(*self.matching)
        capped = sa.select(identity).where(*self.matching)
        if self.found is not None:
            # Word by word, and the record looked up for each: a join would read every row before it counts the first.
            # The offset keeps PostgreSQL from making a join of it.
            (document_of,) = self.found.selected_columns
            record = sa.select(sa.literal(1)).where(identity == document_of, *self.terms).offset(0)
            capped = self.found.where(record.correlate(document_of.table).exists())
        return sa.select(sa.func.count()).select_from(capped.limit(most).subquery())


def shown(catalogue: Catalogue, actor: Actor) -> sa.Select[Any]:
    """The Select behind the answers of a kind, without a WHERE; what it counts for each row, as `actor` sees it."""
    assert catalogue.shown is not None, f"{catalogue.kind} declares nothing to show"
    statement: sa.Select[Any] = catalogue.shown()
    if catalogue.counted is None:
        return statement
    columns = catalogue.counted(actor)
    return statement.add_columns(*(column.label(name) for name, column in columns.items()))
