"""Reading records of any kind: one page, or one record, always under what the actor may see."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM, Actor, require_write, visible
from crm_api.conditions import expansion, saved, sparse
from crm_api.conditions.asked import KEPT, Asked, shown
from crm_api.conditions.compiler import where
from crm_api.conditions.filters import Query, Wanted, declared, sorts_of
from crm_api.conditions.relative import is_settled
from crm_api.conditions.tree import All, Comparison, Tree, values_in
from crm_api.core import dialect, search
from crm_api.core.errors import BadRequest, Conflict, Invalid, NotFound, Stale
from crm_api.core.fields import CATALOGUES, Catalogue
from crm_api.core.listing import EXACT_TO, Window, decode_cursor, encode_cursor
from crm_api.core.presenting import in_order
from crm_api.core.text import a
from crm_api.custom_fields import fields as custom_fields
from crm_api.custom_fields import values as custom_values

P = ParamSpec("P")
EVERYTHING = Wanted()
# Rows are read by name: nothing here asks a result for a column object of its statement, and to prepare for that takes
# a fifth of a list's time, because each list is a statement of its own. The ORM sets the same option for its queries.
_BY_NAME = {"_result_disable_adapt_to_context": True}


def page(session: Session, actor: Actor, kind: str, query: Query) -> dict[str, Any]:
    """One page of a list, as the JSON answer. Two statements: the count and the rows."""
    asked = _settled(session, asking(session, actor, kind, query))
    catalogue, window = asked.catalogue, query.window
    require_sortable(session, asked)
    rows, more = _rows(session, asked, window)
    total, exact = _total(session, asked, window, len(rows), more=more)
    marks = [row.pop("_sort") for row in rows]
    by_number = window.cursor is None and window.offset is None
    cursor = (
        encode_cursor(asked.sorts[0], marks[-1], rows[-1]["id"]) if more and len(asked.sorts) == 1 else None
    )
    return {
        "items": answers(
            session,
            actor,
            catalogue,
            rows,
            Wanted(query.fields or asked.fields, query.expand, query.aliases),
        ),
        "total": total,
        "total_exact": exact,
        "page": window.page if by_number else None,
        "page_size": window.page_size,
        "pages": -(-total // window.page_size) if exact and total is not None else None,
        "next_cursor": cursor,
    }


def total(session: Session, actor: Actor, kind: str, query: Query) -> tuple[int, bool]:
    """How many records match, counted up to 10,000, and whether that is exact: a page's total without its rows."""
    number = _counted(session, _settled(session, asking(session, actor, kind, query)))
    return min(number, EXACT_TO), number <= EXACT_TO


def page_of(
    session: Session, actor: Actor, kind: str, query: Query, parent: str, parent_id: UUID
) -> dict[str, Any]:
    """The same for the records that hang on one `parent`; raises NotFound where the actor may not see that."""
    one(session, actor, parent, parent_id)
    under = Comparison(field=f"{parent}_id", op="eq", value=str(parent_id))
    return page(session, actor, kind, replace(query, tree=All(all=[under, query.tree])))


def one(
    session: Session, actor: Actor, kind: str, record_id: UUID, wanted: Wanted = EVERYTHING
) -> dict[str, Any]:
    """One record as the JSON answer; raises NotFound where it is not there or not the actor's to see."""
    found = _fetched(session, _visible_one(kind, actor), record_id=record_id)
    if not found:
        raise NotFound(f"There is no {kind} {record_id}, or it is not yours to see.")
    return answers(session, actor, CATALOGUES[kind], found, wanted, single=True)[0]


def by(
    session: Session, actor: Actor, kind: str, name: str, value: str, wanted: Wanted = EVERYTHING
) -> dict[str, Any]:
    """The one record with this value in a field that no two share; raises NotFound as `one` does."""
    model = CATALOGUES[kind].model
    found = _fetched(
        session, shown(CATALOGUES[kind], actor).where(getattr(model, name) == value, visible(kind, actor))
    )
    if not found:
        raise NotFound(f"There is no {kind} {value}, or it is not yours to see.")
    return answers(session, actor, CATALOGUES[kind], found, wanted, single=True)[0]


def several(session: Session, kind: str, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Records just written, as JSON answers of a list, in the order of these ids."""
    catalogue = CATALOGUES[kind]
    rows = {
        row["id"]: row
        for row in _fetched(session, shown(catalogue, SYSTEM).where(catalogue.model.id.in_(list(ids))))
    }
    return answers(session, SYSTEM, catalogue, [rows[i] for i in ids], Wanted(aliases=False))


@lru_cache(maxsize=1024)
def _visible_one(kind: str, actor: Actor) -> sa.Select[Any]:
    """The Select of one record by `record_id`, kept: to build it anew takes longer than to run it."""
    catalogue = CATALOGUES[kind]
    by_id = catalogue.model.id == sa.bindparam("record_id", type_=catalogue.model.id.type)
    return shown(catalogue, actor).where(by_id, visible(kind, actor))


def written(
    session: Session,
    actor: Actor,
    verb: Callable[Concatenate[Session, Actor, P], Any],
    *args: P.args,
    **kwargs: P.kwargs,
) -> dict[str, Any]:
    """Run a verb of a service that returns a record, and answer with the record as it now is.

    Who wrote a record is shown what was written, even where the change took it out of their sight.
    """
    return as_shown(session, actor, verb(session, actor, *args, **kwargs))


def as_shown(session: Session, actor: Actor, record: Any, wanted: Wanted = EVERYTHING) -> dict[str, Any]:
    """A record just written, as the JSON answer."""
    session.flush()
    catalogue = CATALOGUES[record.__kind__]
    found = _fetched(session, _visible_one(record.__kind__, SYSTEM), record_id=record.id)
    assert found, f"{record.__kind__} {record.id} is gone before its answer"
    return answers(session, actor, catalogue, found, wanted, single=True)[0]


def get(
    session: Session,
    actor: Actor,
    model: type[Any],
    record_id: UUID,
    *,
    writing: bool = False,
    if_match: int | None = None,
    archived: bool = False,
) -> Any:
    """The ORM record, if the actor may see it. Raises NotFound, NotAllowed, or Stale on another version."""
    kind = model.__kind__
    statement = sa.select(model).where(model.id == record_id, visible(kind, actor))
    if writing:
        statement = statement.with_for_update(of=model)
    record = session.scalars(statement).first()
    if record is None:
        raise NotFound(f"There is no {kind} {record_id}, or it is not yours to see.")
    if writing:
        require_write(session, actor, record)
        if not archived and getattr(record, "archived_at", None) is not None:
            raise Conflict(f"This {kind} is archived; restore it first.")
    if if_match is not None and record.version != if_match:
        raise Stale(
            f"This {kind} is at version {record.version} by now, not {if_match}; read it again.",
            current_version=record.version,
        )
    return record


def require_link(session: Session, actor: Actor, kind: str, record_id: UUID, *, field: str) -> None:
    """Raise Invalid naming the field unless a live record is there for the actor to link to."""
    catalogue = CATALOGUES[kind]
    statement = sa.select(catalogue.model.id).where(catalogue.model.id == record_id, visible(kind, actor))
    if catalogue.live is not None:
        statement = statement.where(catalogue.live())
    if session.scalar(statement) is None:
        raise Invalid.field(field, f"there is no such {kind}, or it is not yours to see")


def asking(session: Session, actor: Actor, kind: str, query: Query) -> Asked:
    """What `query` asks of a kind, for `actor`; kept for whoever asks the same again.

    Raises Invalid for a condition that cannot be, and for a view that is not there or no longer fits the fields
    there are; BadRequest for a sort that is not there.
    """
    registry = custom_fields.registry(session)
    key = _key(session, actor, kind, query)
    found: Asked | None = registry.kept.get(key) if key else None
    if found is None:
        found = _asked(session, actor, registry[kind], query)
        if key:
            if len(registry.kept) >= KEPT:
                registry.kept.clear()
            registry.kept[key] = found
    return found


def _key(session: Session, actor: Actor, kind: str, query: Query) -> Hashable:
    """What tells one question from another; None where the answer depends on more: a saved view, or the clock."""
    if query.view or not all(is_settled(value) for value in values_in(query.tree)):
        return None
    engine = session.get_bind().dialect.name
    return engine, kind, actor, query.tree.model_dump_json(), query.search, query.sort, query.archived


def _asked(session: Session, actor: Actor, catalogue: Catalogue, query: Query) -> Asked:
    kept = saved.of(session, actor, catalogue, query.view) if query.view else None
    terms = [visible(catalogue.kind, actor), _holds(session, actor, catalogue, query.tree)]
    found = search.matching(session, catalogue.kind, query.search) if query.search else None
    archived_at = getattr(catalogue.model, "archived_at", None)
    if archived_at is not None and query.archived != "with":
        terms.append(archived_at.is_(None) if query.archived == "out" else archived_at.is_not(None))
    if kept is None:
        return Asked(catalogue, actor, terms, sorts_of(catalogue, query.sort), found=found)
    with saved.named(kept):
        terms.append(_holds(session, actor, catalogue, kept.tree))
        if kept.search:
            terms.append(catalogue.model.id.in_(search.matching(session, catalogue.kind, kept.search)))
        sorts_of(catalogue, kept.sort)
        require_fields(catalogue, kept.fields)
    return Asked(catalogue, actor, terms, sorts_of(catalogue, query.sort or kept.sort), kept.fields, found)


def _settled(session: Session, asked: Asked) -> Asked:
    """Where words are looked for on PostgreSQL: whether few have them. It guesses, and where it guessed wrongly it went
    through a million activities in their order, looking into the text of each, for a word that none has."""
    if asked.found is None or not dialect.is_postgresql(session):
        return asked
    hits = _connection(session).scalar(asked.hits(EXACT_TO + 1)) or 0
    return asked.gathered() if hits <= EXACT_TO else asked


def _holds(session: Session, actor: Actor, catalogue: Catalogue, tree: Tree) -> sa.ColumnElement[bool]:
    return where(custom_fields.registry(session), catalogue.kind, tree, actor)


def _total(
    session: Session, asked: Asked, window: Window, rows: int, *, more: bool
) -> tuple[int | None, bool]:
    """How many rows match, and whether that is exact. The last page tells it without counting."""
    if window.count == "none":
        return None, False
    before = window.skip
    if window.cursor is None and not more and (rows or not before):
        exact = before + rows <= EXACT_TO or window.count == "exact"
        return (before + rows, True) if exact else (EXACT_TO, False)
    if window.count == "exact":
        return session.scalar(asked.count(None)) or 0, True
    total = _counted(session, asked)
    return min(total, EXACT_TO), total <= EXACT_TO


def _counted(session: Session, asked: Asked) -> int:
    """How many rows match, counted no further than one beyond what is exact."""
    return _connection(session).scalar(asked.count(EXACT_TO + 1)) or 0


def require_sortable(session: Session, asked: Asked) -> None:
    """Raise BadRequest where more rows match than may be sorted without an index."""
    if asked.is_costly and _counted(session, asked) > EXACT_TO:
        raise BadRequest(
            f"More than {EXACT_TO:,} rows match, and only {', '.join(declared(asked.catalogue))} can sort so many; "
            "filter further or sort by one of these."
        )


def _rows(session: Session, asked: Asked, window: Window) -> tuple[list[dict[str, Any]], bool]:
    most = window.page_size + 1
    if len(asked.sorts) > 1:
        if window.cursor is not None:
            raise BadRequest("A cursor goes with one sort field.")
        found = _fetched(session, asked.rows(None), skip=window.skip, most=most)
    else:
        mark = decode_cursor(window.cursor, asked.sorts[0]) if window.cursor is not None else None
        found = stretch(session, asked, mark, skip=window.skip, most=most)
    return found[: window.page_size], len(found) > window.page_size


def stretch(
    session: Session, asked: Asked, mark: tuple[Any, UUID] | None, *, skip: int = 0, most: int
) -> list[dict[str, Any]]:
    """Up to `most` rows in the order of the one sort, each with its sort value as `_sort`: those after `mark`, the
    value and the id of a row, or else those after the first `skip`."""
    sort = asked.sorts[0]
    if sort.elsewhere is not None:
        statement, identity = shown(asked.catalogue, asked.actor), asked.catalogue.model.id
        found = sparse.rows(session, statement, asked.matching, sort, identity, mark, skip=skip, most=most)
        return [dict(row) for row in found]
    if mark is None:
        return _fetched(session, asked.rows(None), skip=skip, most=most)
    value, last_id = mark
    place = {"last_id": last_id} if value is None else {"last_id": last_id, "last_value": value}
    return _fetched(session, asked.rows("empty" if value is None else "filled"), most=most, **place)


def _fetched(session: Session, statement: sa.Select[Any], **values: Any) -> list[dict[str, Any]]:
    # Over the connection: nothing here is an entity, and the session's own way costs as much as the rows.
    result = _connection(session).execute(statement, values, execution_options=_BY_NAME)
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def _connection(session: Session) -> sa.Connection:
    if session.autoflush:  # in a transaction that writes
        session.flush()
    return session.connection()


def answers(
    session: Session,
    actor: Actor,
    catalogue: Catalogue,
    rows: list[dict[str, Any]],
    wanted: Wanted,
    *,
    single: bool = False,
) -> list[dict[str, Any]]:
    """The rows as JSON answers, with just the fields wanted and the related records beside them.

    Raises BadRequest naming the choices for a field or a relation that there is not.
    """
    relations = expansion.chosen(catalogue, wanted.expand)
    require_fields(catalogue, wanted.fields, single=single)
    if catalogue.decorate and rows:
        catalogue.decorate(session, rows, single)
    if rows and custom_values.NAME in rows[0]:
        custom_values.show(session, catalogue.kind, rows)
    if not relations:
        return [_present(catalogue, row, wanted) for row in rows]
    related = expansion.beside(session, actor, relations, rows)
    return [_present(catalogue, row, wanted) | shown for row, shown in zip(rows, related, strict=True)]


def require_fields(catalogue: Catalogue, names: tuple[str, ...], *, single: bool = False) -> None:
    """Raise BadRequest naming the choices for a field that no answer, or no list, of this kind has."""
    known = catalogue.columns(single=single)
    unknown = [name for name in names if catalogue.vocabulary.ours(name) not in known]
    if not unknown:
        return
    if set(unknown) <= set(catalogue.alone):
        raise BadRequest(f"Lists do not show {', '.join(unknown)}; read the {catalogue.kind} itself.")
    raise BadRequest(
        f"There is no field {', '.join(unknown)[:200]}; {a(catalogue.kind)} has {', '.join(known)}."
    )


def _present(catalogue: Catalogue, row: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    answer = catalogue.present(row) if catalogue.present else in_order(catalogue.out, row)
    if not wanted.fields:
        return catalogue.vocabulary.beside(answer) if wanted.aliases else answer
    named = {name: value for name, value in answer.items() if name in wanted.fields or name == "id"}
    others = (name for name in wanted.fields if name not in answer)
    return named | {name: answer[catalogue.vocabulary.ours(name)] for name in others}
