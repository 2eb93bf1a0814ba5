"""What may be asked about targets, and who sees them."""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.core.fields import Catalogue, Field, FieldType, Relation
from crm_api.core.money import to_major
from crm_api.core.presenting import shown_by
from crm_api.organisation.fiscal import MONTHS, months_later
from crm_api.targets import measures
from crm_api.targets.models import MEASURES, PERIODS, Target
from crm_api.targets.schemas import TargetOut
from crm_api.users.models import Team, User

access.declare("target", Target, owner=Target.user_id, team=Target.team_id)

_SHOWN = (
    sa.select(*shown_by(TargetOut, Target, user_name=User.name, team_name=Team.name))
    .outerjoin(User, User.id == Target.user_id)
    .outerjoin(Team, Team.id == Target.team_id)
)


def _with_attained(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    """How far each target has come, in one statement (two for teams) a measure, whatever the page size."""
    groups = defaultdict[tuple[str, str], list[dict[str, Any]]](list)
    for row in rows:
        row["window"] = row["starts_on"], months_later(row["starts_on"], MONTHS[row["period"]])
        groups[row["measure"], "user_id" if row["user_id"] else "team_id"].append(row)
    for (measure, by), group in groups.items():
        reach = measures.of_people if by == "user_id" else measures.of_teams
        subjects: list[UUID] = sorted({row[by] for row in group})
        reached = reach(session, measure, subjects, sorted({row["window"] for row in group}))
        for row in group:
            _tell(row, reached.get((row[by], row["window"]), 0))


def _tell(row: dict[str, Any], attained: int) -> None:
    target, currency = row["amount"], row["currency"]
    row["percent"] = 100 * attained / target if target else None
    row["attained"] = to_major(attained, currency) if currency else attained
    row["amount"] = to_major(target, currency) if currency else target
    row["ends_on"] = row.pop("window")[1] - timedelta(days=1)


CATALOGUE = Catalogue(
    kind="target",
    plural="targets",
    model=Target,
    out=TargetOut,
    label="measure",
    asked=False,  # its measures are called like what they count: new leads, visits
    default_sort="-starts_on",
    time_field="starts_on",
    fields=(
        Field("user_id", FieldType.REFERENCE, Target.user_id, aliases=("owner_id",)),
        Field("team_id", FieldType.REFERENCE, Target.team_id),
        Field("measure", FieldType.CHOICE, Target.measure, choices=MEASURES, nullable=False),
        Field("period", FieldType.CHOICE, Target.period, choices=PERIODS, nullable=False),
        Field("starts_on", FieldType.DATE, Target.starts_on, sortable=True, nullable=False),
        Field("origin", FieldType.TEXT, Target.origin, nullable=False),
        Field("created_at", FieldType.DATETIME, Target.created_at, nullable=False),
    ),
    relations=(
        Relation("user", "user", Target.user_id, "targets"),
        Relation("team", "team", Target.team_id, "targets"),
    ),
    shown=lambda: _SHOWN,
    decorate=_with_attained,
)
