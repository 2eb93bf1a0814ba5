"""`expand=owner,account`: beside the id of a related record, its label."""

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.core.errors import BadRequest
from crm_api.core.fields import CATALOGUES, Catalogue, Relation
from crm_api.core.text import a

MOST = 3


def choices(catalogue: Catalogue) -> dict[str, Relation]:
    """The relations that an answer can show: those whose id it holds, and whose name no field of it has."""
    shown = catalogue.out.model_fields if catalogue.out else {}
    return {
        relation.name: relation
        for relation in catalogue.relations
        if relation.column.key in shown and relation.name not in shown
    }


def chosen(catalogue: Catalogue, names: tuple[str, ...]) -> list[Relation]:
    """The relations of those names; raises BadRequest with the choices, or where there are more than three."""
    known = choices(catalogue)
    for name in names:
        if name not in known:
            told = ", ".join(known) or "nothing"
            raise BadRequest(f"'{name[:200]}' cannot be expanded; {a(catalogue.kind)} expands {told}.")
    if len(names) > MOST:
        raise BadRequest(f"At most {MOST} related records can be expanded at a time.")
    return [known[name] for name in names]


def beside(
    session: Session, actor: Actor, relations: list[Relation], rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """For each row its related records by name: `{"owner": {"id": …, "label": …}}`.

    One statement a relation, whatever the number of rows. Null stands for none, and for one that the actor
    may not see. `rows` are as the database gave them.
    """
    found: list[dict[str, Any]] = [{} for _ in rows]
    for relation in relations:
        ids = {row[relation.column.key] for row in rows} - {None}
        target = CATALOGUES[relation.target]
        statement = _labels(target.kind).where(target.model.id.in_(ids), visible(target.kind, actor))
        records = {row["id"]: dict(row) for row in session.execute(statement).mappings()} if ids else {}
        for row, shown in zip(rows, found, strict=True):
            shown[relation.name] = records.get(row[relation.column.key])
    return found


def shows(kind: str) -> tuple[str, ...]:
    """What is shown of a related record of that kind."""
    return ("id", "label", *(["number"] if CATALOGUES[kind].field("number") else []))


@cache
def _labels(kind: str) -> sa.Select[Any]:
    catalogue = CATALOGUES[kind]
    columns = []
    for name in shows(kind):
        field = catalogue.field(catalogue.label if name == "label" else name)
        assert field is not None, f"the label of {kind} is no field of it"
        columns.append(field.column.label(name))
    return sa.select(*columns)
