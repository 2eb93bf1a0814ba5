"""Writing many users, teams and territories at once, for imports and the demo company."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.service import note_many
from crm_api.core.schemas import apply_patch
from crm_api.core.text import fold
from crm_api.users.models import Team, User, user_territories
from crm_api.users.service import territories_of

Row = dict[str, Any]


def insert(session: Session, rows: Sequence[Row]) -> list[UUID]:
    """New users from complete, valid rows; `territory_ids` may be among the attributes.

    Without an e-mail address they own records and cannot sign in. Returns their ids in order.
    """
    # Through the unit of work, which audits by itself: people are few.
    made = [User(**_keyed(row)) for row in rows]
    session.add_all(made)
    session.flush()
    give_territories(
        session, {user.id: row.get("territory_ids") or [] for user, row in zip(made, rows, strict=True)}
    )
    return [user.id for user in made]


def update(session: Session, rows: Sequence[Row]) -> int:
    """Change users: rows with `id` and what to set; territories are only added. Counts changed users."""
    wanted = {row["id"]: _keyed(row) for row in rows}
    people = session.scalars(sa.select(User).where(User.id.in_(list(wanted)))).all()
    changed = sum(apply_patch(user, wanted[user.id]) for user in people)
    session.flush()
    give_territories(session, {row["id"]: row.get("territory_ids") or [] for row in rows})
    return changed


def _keyed(row: Row) -> Row:
    values = {name: value for name, value in row.items() if name != "territory_ids"}
    return values | ({"email_key": fold(row["email"]) or None} if "email" in row else {})


def give_territories(session: Session, wanted: Mapping[UUID, Sequence[UUID]]) -> None:
    """Make users responsible for territories, besides those they have."""
    statement = sa.select(user_territories).where(user_territories.c.user_id.in_(list(wanted)))
    known = {(row.user_id, row.territory_id) for row in session.execute(statement)}
    missing = {(user, territory) for user, territories in wanted.items() for territory in territories} - known
    if missing:
        before = territories_of(session, list(wanted))
        session.execute(
            sa.insert(user_territories),
            [{"user_id": user, "territory_id": area} for user, area in sorted(missing)],
        )
        now = territories_of(session, sorted({user for user, _ in missing}))
        told = {i: ({"territory_ids": before[i]}, {"territory_ids": after}) for i, after in now.items()}
        note_many(session, kind="user", changed=told)


def team_named(session: Session, name: str) -> Team:
    """The live team of that name, made where there is none."""
    statement = sa.select(Team).where(Team.name_key == fold(name), Team.archived_at.is_(None))
    team = session.scalars(statement).first()
    if team is None:
        team = Team(name=name.strip())
        session.add(team)
        session.flush()
    return team
