"""What is held about a subject, as one JSON document of any size: a section a table, a row after the other.

Rows are as they are kept (amounts in minor units), with secrets left out. A section begins with what is the
subject's own and goes on with the rows of others that speak of them.
"""

from typing import Any

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.orm import Session

from crm_api.privacy.declarations import Personal, Reach
from crm_api.privacy.finding import Mentions, speaking, taken
from crm_api.privacy.registry import PERSONAL

Part = tuple[Personal, str, list[Any]]
SLICE = 500


def parts(session: Session, reach: Reach, mentions: Mentions) -> list[Part]:
    """What is to be read, slice by slice: the table, whose rows they are (`own`, `mentioned`), the handles."""
    found = taken(session, reach)
    known: dict[str, set[Any]] = {}
    for each in found:
        known.setdefault(each.declaration.table.name, set()).update(each.handles)
    told: dict[str, set[Any]] = {}
    for declaration, row, _ in speaking(session, reach.words, mentions, known):
        told.setdefault(declaration.table.name, set()).add(row["id"])
    return [
        (declaration, whose, ordered[start : start + SLICE])
        for declaration in PERSONAL
        for whose, ids in (("own", known), ("mentioned", told))
        if (ordered := sorted(ids.get(declaration.table.name, ())))
        for start in range(0, len(ordered), SLICE)
    ]


def rows(session: Session, part: Part) -> list[bytes]:
    """The rows of one slice as JSON."""
    declaration, _, handles = part
    hidden = set(declaration.secret.split())
    columns = [column for column in declaration.table.c if column.name not in hidden]
    found = session.execute(sa.select(*columns).where(declaration.key.in_(handles)).order_by(declaration.key))
    return [to_json({name: _shown(value) for name, value in row.items()}) for row in found.mappings()]


def _shown(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
