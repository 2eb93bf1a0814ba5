"""Writing checked records: making the new, changing what differs, leaving alone what is so already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.core.text import fold
from crm_api.imports import custom, references
from crm_api.imports.kinds import Kind
from crm_api.imports.service import Record, Terms, find, pipeline_id_of
from crm_api.matching.duplicates import among, are_there
from crm_api.opportunities import bulk as opportunities
from crm_api.orders import bulk as orders
from crm_api.organisation.service import territory_named
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import CLOSED_KINDS
from crm_api.users import bulk as users
from crm_api.users.models import User, user_territories

Attributes = dict[str, Any]


@dataclass(slots=True)
class Written:
    """How many records were made, changed, and found to be so already; the rows that probably were here already."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    alike: tuple[int, ...] = ()


def write(
    session: Session, terms: Terms, records: Sequence[Record], *, forward: set[tuple[str, str]]
) -> Written:
    """Make or change the records of one slice.

    `forward` holds the (kind, text) of references that a later row answers; they are left open for `link`.
    """
    kind = terms.kind
    ids = {name: found.ids for name, found in find(session, terms, records).items()}
    _make_named(session, terms, records, ids, forward)
    rows = [_attributes(terms, record, ids) for record in records]
    _place(session, terms, rows)
    known = _known(session, kind.model, terms.mapping.system, [row["external_id"] for row in rows])
    fresh = [{**row, "origin": "import"} for row in rows if row["external_id"] not in known]
    older = [{**row, "id": known[row["external_id"]]} for row in rows if row["external_id"] in known]
    custom.settle(session, kind, fresh, older)
    alike = _alike(session, kind, records, fresh)
    kind.insert(session, fresh)
    differing = _differing(session, kind, older)
    updated = kind.update(session, differing) if differing else 0
    return Written(len(fresh), updated, len(older) - updated, alike)


def _alike(
    session: Session, kind: Kind, records: Sequence[Record], fresh: Sequence[Attributes]
) -> tuple[int, ...]:
    """The rows of new records that probably are here under another id, or came with an earlier row of the file."""
    if kind.alike is None or not fresh:
        return ()
    keys = [kind.alike.keys_of(row) for row in fresh]
    there = are_there(session, kind.alike.place(SYSTEM), keys)
    rows = {record.external_id: record.row for record in records}
    found = zip(fresh, there, among(keys), strict=True)
    return tuple(rows[row["external_id"]] for row, others, again in found if others or again)


def link(session: Session, terms: Terms, records: Sequence[Record]) -> None:
    """Set the references among rows of one file that were still open when the rows were written."""
    own = own_references(terms)
    texts = [record.refers[name] for record in records for name in own if name in record.refers]
    ids = references.find(session, terms.kind.kind, terms.mapping.system, texts).ids
    known = _known(
        session, terms.kind.model, terms.mapping.system, [record.external_id for record in records]
    )
    rows = [
        custom.gather(
            {"id": known[record.external_id]}
            | {
                name if custom.is_custom(name) else f"{name}_id": ids[record.refers[name]]
                for name in own
                if record.refers.get(name) in ids
            }
        )
        for record in records
        if record.external_id in known
    ]
    custom.settle(session, terms.kind, [], rows)
    differing = _differing(session, terms.kind, rows)
    if differing:
        terms.kind.update(session, differing)


def own_references(terms: Terms) -> list[str]:
    """The mapped fields in which rows of a file name each other: parents, managers."""
    return [name for name in terms.mapping.fields if terms.kind.targets[name].refers == terms.kind.kind]


def _known(session: Session, model: Any, system: str, external_ids: Sequence[str]) -> dict[str, UUID]:
    statement = sa.select(model.external_id, model.id).where(
        model.external_system == system, model.external_id.in_(external_ids)
    )
    return dict(session.execute(statement).all())


def _attributes(terms: Terms, record: Record, ids: dict[str, dict[str, UUID]]) -> Attributes:
    """The record as attributes of its model. Open references are left out; empty text empties a field."""
    row: Attributes = {"external_system": terms.mapping.system}
    columns = sa.inspect(terms.kind.model).columns
    for name, value in record.values.items():
        target = terms.kind.targets.get(name)
        if target and target.is_money:
            row["currency"] = terms.mapping.currency
        if target and target.refers:
            found = ids.get(target.refers, {}).get(record.refers.get(name, ""))
            if found is not None or name not in record.refers:
                row[name if custom.is_custom(name) else f"{name}_id"] = found
        elif name not in columns or value is not None or columns[name].nullable:
            row[name] = value
    return custom.gather(row)


def _make_named(
    session: Session,
    terms: Terms,
    records: Sequence[Record],
    ids: dict[str, dict[str, UUID]],
    forward: set[tuple[str, str]],
) -> None:
    """Make the teams, territories and people that rows name and the mapping allows to be made."""
    created = [
        (terms.kind.targets[name].refers or "", name)
        for name, source in terms.mapping.fields.items()
        if source.create
    ]
    # Teams and territories before the people who are put into them.
    for kind, name in sorted(created):
        for record in records:
            text = record.refers.get(name)
            if text is None or text in ids[kind] or (kind, text) in forward:
                continue
            if kind == "territory":
                ids[kind][text] = territory_named(session, text).id
            elif kind == "team":
                ids[kind][text] = users.team_named(session, text).id
            else:
                ids[kind][text] = _make_manager(session, terms, text, record, ids)


def _make_manager(
    session: Session, terms: Terms, name: str, first: Record, ids: dict[str, dict[str, UUID]]
) -> UUID:
    """Somebody who is only named as the manager of others: in the team and territory of the first of them."""
    team, territory = (ids.get(kind, {}).get(first.refers.get(kind, "")) for kind in ("team", "territory"))
    row = {
        "external_system": terms.mapping.system,
        "external_id": name,
        "name": name,
        "role": "manager",
        "team_id": team,
        "territory_ids": [territory] if territory else [],
        "origin": "import",
    }
    return users.insert(session, [row])[0]


# ── What a kind needs besides its own columns ────────────────────────────────────────────────────


def _place(session: Session, terms: Terms, rows: list[Attributes]) -> None:
    """Fill in what follows from a row: its owner's team, the stage of that name, its line, its territory."""
    if terms.kind.kind == "opportunity":
        pipeline_id = pipeline_id_of(session, terms.mapping.pipeline)
        stages = (
            {stage.name_key: stage.id for stage in pipelines.stages_of(session, pipeline_id)}
            if pipeline_id
            else {}
        )
        for row in rows:
            row["stage_id"] = stages[fold(row.pop("stage"))]
            _make_line(row)
            if row["stage_kind"] in CLOSED_KINDS and row.get("actual_close_date") is None:
                row.pop("actual_close_date", None)  # the day of closing is now, the first time it is told
    elif terms.kind.kind == "order":
        for row in rows:
            _make_line(row)
    elif terms.kind.kind == "user":
        for row in rows:
            territory_id = row.pop("territory_id", None)
            row["territory_ids"] = [territory_id] if territory_id else []
    owners = {row["owner_id"] for row in rows if row.get("owner_id")}
    if owners and terms.kind.kind != "contact":
        teams = dict(session.execute(sa.select(User.id, User.team_id).where(User.id.in_(owners))).all())
        for row in rows:
            if row.get("owner_id"):
                row["team_id"] = teams[row["owner_id"]]


def _make_line(row: Attributes) -> None:
    if "product_id" not in row:
        return
    line = {"product_id": row.pop("product_id")}
    line |= {name: value for name in ("quantity", "unit_price") if (value := row.pop(name, None)) is not None}
    row["lines"] = [line] if line["product_id"] else []


# ── What really differs ──────────────────────────────────────────────────────────────────────────


def _differing(session: Session, kind: Kind, rows: Sequence[Attributes]) -> list[Attributes]:
    """The rows that say something else than the database: only they are written."""
    if not rows:
        return []
    columns = sa.inspect(kind.model).columns
    names = sorted({name for row in rows for name in row if name in columns})
    statement = sa.select(*(getattr(kind.model, name) for name in names)).where(
        kind.model.id.in_([row["id"] for row in rows])
    )
    present = {found["id"]: found for found in session.execute(statement).mappings()}
    related = _related(session, kind, rows)
    return [
        row
        for row in rows
        if row["id"] in related
        or any(present[row["id"]][name] != value for name, value in row.items() if name in names)
    ]


def _related(session: Session, kind: Kind, rows: Sequence[Attributes]) -> set[UUID]:
    """The ids of rows whose lines or territories differ."""
    if kind.kind in ("opportunity", "order"):
        lines = {row["id"]: row["lines"] for row in rows if "lines" in row}
        differing = {"opportunity": opportunities.with_other_lines, "order": orders.with_other_lines}
        return differing[kind.kind](session, lines)
    if kind.kind == "user":
        statement = sa.select(user_territories).where(
            user_territories.c.user_id.in_([row["id"] for row in rows])
        )
        known = {(row.user_id, row.territory_id) for row in session.execute(statement)}
        return {
            row["id"]
            for row in rows
            if any((row["id"], t) not in known for t in row.get("territory_ids", ()))
        }
    return set()
