"""Reading records of any kind: one page, or one record, always under what the actor may see."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_write, visible
from crm_api.conditions.compiler import where
from crm_api.conditions.filters import Query, declared, sorts_of
from crm_api.core import search
from crm_api.core.errors import BadRequest, Conflict, Invalid, NotFound, Stale
from crm_api.core.fields import CATALOGUES, Catalogue
from crm_api.core.listing import EXACT_TO, Sort, after, decode_cursor, encode_cursor, ordered

P = ParamSpec("P")


def page(session: Session, actor: Actor, kind: str, query: Query) -> dict[str, Any]:
    """One page of a list, as the JSON answer. Two statements: the count and the rows."""
    catalogue = CATALOGUES[kind]
    matching = _matching(session, actor, catalogue, query)
    sorts = sorts_of(catalogue, query.sort)
    total, exact = _total(session, catalogue, matching, query.window.count)
    if any(s.name not in declared(catalogue) for s in sorts) and _exceeds(
        session, catalogue, matching, total, exact
    ):
        raise BadRequest(
            f"More than {EXACT_TO:,} rows match, and only {', '.join(declared(catalogue))} can sort so many; "
            "filter further or sort by one of these."
        )
    rows, more = _rows(session, catalogue, matching, sorts, query)
    marks = [row.pop("_sort") for row in rows]
    window, by_number = query.window, query.window.cursor is None and query.window.offset is None
    cursor = encode_cursor(sorts[0], marks[-1], rows[-1]["id"]) if more and len(sorts) == 1 else None
    _decorate(session, catalogue, rows, single=False)
    items = [_present(catalogue, row, query.fields) for row in rows]
    return {
        "items": items,
        "total": total,
        "total_exact": exact,
        "page": window.page if by_number else None,
        "page_size": window.page_size,
        "pages": -(-total // window.page_size) if exact and total is not None else None,
        "next_cursor": cursor,
    }


def one(
    session: Session, actor: Actor, kind: str, record_id: UUID, fields: tuple[str, ...] = ()
) -> dict[str, Any]:
    """One record as the JSON answer; raises NotFound where it is not there or not the actor's to see."""
    catalogue = CATALOGUES[kind]
    row = _alone(session, catalogue, catalogue.model.id == record_id, visible(kind, actor))
    if row is None:
        raise NotFound(f"There is no {kind} {record_id}, or it is not yours to see.")
    return _present(catalogue, row, fields)


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
    return as_shown(session, verb(session, actor, *args, **kwargs))


def as_shown(session: Session, record: Any) -> dict[str, Any]:
    """A record just written, as the JSON answer."""
    session.flush()
    catalogue = CATALOGUES[record.__kind__]
    row = _alone(session, catalogue, catalogue.model.id == record.id)
    assert row is not None, f"{record.__kind__} {record.id} is gone before its answer"
    return _present(catalogue, row, ())


def _alone(session: Session, catalogue: Catalogue, *which: sa.ColumnElement[bool]) -> dict[str, Any] | None:
    found = session.execute(_shown(catalogue).where(*which)).mappings().first()
    if found is None:
        return None
    row = dict(found)
    _decorate(session, catalogue, [row], single=True)
    return row


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


def _matching(
    session: Session, actor: Actor, catalogue: Catalogue, query: Query
) -> list[sa.ColumnElement[bool]]:
    terms = [visible(catalogue.kind, actor), where(CATALOGUES, catalogue.kind, query.tree, actor)]
    archived_at = getattr(catalogue.model, "archived_at", None)
    if archived_at is not None and query.archived != "with":
        terms.append(archived_at.is_(None) if query.archived == "out" else archived_at.is_not(None))
    if query.search:
        terms.append(catalogue.model.id.in_(search.matching(session, catalogue.kind, query.search)))
    return terms


def _total(
    session: Session, catalogue: Catalogue, matching: list[sa.ColumnElement[bool]], mode: str
) -> tuple[int | None, bool]:
    if mode == "none":
        return None, False
    if mode == "exact":
        return session.scalar(sa.select(sa.func.count(catalogue.model.id)).where(*matching)) or 0, True
    capped = sa.select(catalogue.model.id).where(*matching).limit(EXACT_TO + 1).subquery()
    total = session.scalar(sa.select(sa.func.count()).select_from(capped)) or 0
    return min(total, EXACT_TO), total <= EXACT_TO


def _exceeds(
    session: Session,
    catalogue: Catalogue,
    matching: list[sa.ColumnElement[bool]],
    total: int | None,
    exact: bool,
) -> bool:
    """Whether more rows match than may be sorted without an index."""
    if total is None:
        total, exact = _total(session, catalogue, matching, "capped")
    return not exact or (total or 0) > EXACT_TO


def _rows(
    session: Session,
    catalogue: Catalogue,
    matching: list[sa.ColumnElement[bool]],
    sorts: list[Sort],
    query: Query,
) -> tuple[list[dict[str, Any]], bool]:
    window, identity = query.window, catalogue.model.id
    statement = ordered(
        _shown(catalogue).add_columns(sorts[0].column.label("_sort")).where(*matching), sorts, identity
    )
    if window.cursor is not None:
        if len(sorts) > 1:
            raise BadRequest("A cursor goes with one sort field.")
        value, last_id = decode_cursor(window.cursor, sorts[0])
        statement = statement.where(after(sorts[0], identity, value, last_id))
    else:
        skip = window.offset if window.offset is not None else (window.page - 1) * window.page_size
        statement = statement.offset(skip) if skip else statement
    rows = session.execute(statement.limit(window.page_size + 1)).mappings().all()
    return [dict(row) for row in rows[: window.page_size]], len(rows) > window.page_size


def _shown(catalogue: Catalogue) -> sa.Select[Any]:
    assert catalogue.shown is not None, f"{catalogue.kind} declares nothing to show"
    return catalogue.shown()  # type: ignore[no-any-return]


def _decorate(session: Session, catalogue: Catalogue, rows: list[dict[str, Any]], *, single: bool) -> None:
    if catalogue.decorate and rows:
        catalogue.decorate(session, rows, single)


def _present(catalogue: Catalogue, row: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    answer = catalogue.present(row) if catalogue.present else row
    if not fields:
        return answer
    unknown = [name for name in fields if name not in answer]
    if unknown:
        raise BadRequest(
            f"There is no field {', '.join(unknown)}; a {catalogue.kind} has {', '.join(answer)}."
        )
    return {name: value for name, value in answer.items() if name in fields or name == "id"}
