"""Writing many users, teams and territories at once, for imports and the demo company."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.core.text import fold
from crm_api.users.models import Team, User, user_territories

Row = dict[str, Any]


def insert(session: Session, rows: Sequence[Row]) -> list[UUID]:
    """New users from complete, valid rows; `territory_ids` may be among the attributes.

    Without an e-mail address they own records and cannot sign in. Returns their ids in order.
    """
    plain = [{k: v for k, v in row.items() if k != "territory_ids"} for row in rows]
    ids = audit.bulk_insert(
        session, User, [row | {"email_key": fold(row.get("email")) or None} for row in plain]
    )
    give_territories(session, dict(zip(ids, (row.get("territory_ids") or [] for row in rows), strict=True)))
    return ids


def update(session: Session, rows: Sequence[Row]) -> int:
    """Change users: rows with `id` and what to set. Territories are added, never taken. Counts changed users."""
    plain = []
    for row in rows:
        values = {k: v for k, v in row.items() if k != "territory_ids"}
        plain.append(values | ({"email_key": fold(row["email"]) or None} if "email" in row else {}))
    changed = audit.bulk_update(session, User, plain)
    give_territories(session, {row["id"]: row.get("territory_ids") or [] for row in rows})
    return changed


def give_territories(session: Session, wanted: Mapping[UUID, Sequence[UUID]]) -> None:
    """Make users responsible for territories, besides those they have."""
    statement = sa.select(user_territories).where(user_territories.c.user_id.in_(list(wanted)))
    known = {(row.user_id, row.territory_id) for row in session.execute(statement)}
    missing = {(user, territory) for user, territories in wanted.items() for territory in territories} - known
    if missing:
        session.execute(
            sa.insert(user_territories),
            [{"user_id": user, "territory_id": area} for user, area in sorted(missing)],
        )


def team_named(session: Session, name: str) -> Team:
    """The live team of that name, made where there is none."""
    statement = sa.select(Team).where(Team.name_key == fold(name), Team.archived_at.is_(None))
    team = session.scalars(statement).first()
    if team is None:
        team = Team(name=name.strip())
        session.add(team)
        session.flush()
    return team
