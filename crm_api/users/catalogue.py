"""What may be asked about people and teams."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.fields import Catalogue, Field, FieldType, Relation, Word
from crm_api.core.presenting import shown_by
from crm_api.users.models import ROLES, Team, User, user_territories
from crm_api.users.schemas import TeamOut, UserOut

_USERS = sa.select(*shown_by(UserOut, User))
_TEAMS = sa.select(*shown_by(TeamOut, Team))

_REPS = (
    "rep",
    "sales rep",
    "agent",
    "sales agent",
    "salesperson",
    "salespeople",
    "salesman",
    "seller",
    "representative",
    "sales representative",
    "account executive",
)


def _with_territories(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    found: dict[UUID, list[UUID]] = defaultdict(list)
    statement = sa.select(user_territories).where(user_territories.c.user_id.in_([row["id"] for row in rows]))
    for user_id, territory_id in session.execute(statement.order_by(user_territories.c.territory_id)):
        found[user_id].append(territory_id)
    for row in rows:
        row["territory_ids"] = found[row["id"]]


USERS = Catalogue(
    kind="user",
    plural="users",
    model=User,
    out=UserOut,
    label="name",
    named=True,
    synonyms=(*_REPS, "colleague", "person", "team member", "member"),
    default_sort="name",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            User.name,
            sortable=True,
            groupable=True,
            nullable=False,
            sort_column=User.name_key,
        ),
        Field("email", FieldType.TEXT, User.email),
        Field("role", FieldType.CHOICE, User.role, choices=ROLES, groupable=True, nullable=False),
        Field("is_active", FieldType.BOOLEAN, User.is_active, nullable=False),
        Field("team_id", FieldType.REFERENCE, User.team_id),
        Field("manager_id", FieldType.REFERENCE, User.manager_id),
        Field("phone", FieldType.TEXT, User.phone),
        Field("created_at", FieldType.DATETIME, User.created_at, sortable=True, nullable=False),
    ),
    relations=(
        Relation(
            "team",
            "team",
            User.team_id,
            "members",
            synonyms=("team", "region", "office", "regional office", "sales office", "branch", "sales team"),
        ),
        Relation(
            "manager",
            "user",
            User.manager_id,
            "reports",
            gathers=True,
            synonyms=(
                "manager",
                "sales manager",
                "boss",
                "supervisor",
                "team lead",
                "manage",
                "managed",
                "managing",
                "supervise",
                "supervised",
                "report to",
                "reports to",
                "reporting to",
                "reported to",
                "work for",
                "works for",
                "working for",
                "work under",
                "works under",
            ),
            reverse_synonyms=("report", "direct report", "team", "subordinate", "group", "crew"),
        ),
    ),
    words=(Word(_REPS, {"field": "role", "op": "eq", "value": "rep"}),),
    shown=lambda: _USERS,
    decorate=_with_territories,
)

TEAMS = Catalogue(
    kind="team",
    plural="teams",
    model=Team,
    out=TeamOut,
    label="name",
    named=True,
    default_sort="name",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            Team.name,
            sortable=True,
            groupable=True,
            nullable=False,
            sort_column=Team.name_key,
        ),
        Field("parent_id", FieldType.REFERENCE, Team.parent_id),
        Field("manager_id", FieldType.REFERENCE, Team.manager_id),
        Field("created_at", FieldType.DATETIME, Team.created_at, nullable=False),
    ),
    relations=(
        Relation("manager", "user", Team.manager_id, "managed_teams", synonyms=("manager",)),
        Relation("parent", "team", Team.parent_id, "subteams"),
    ),
    live=lambda: Team.archived_at.is_(None),
    shown=lambda: _TEAMS,
)
