"""What targets are measured by: the definitions of the catalogues, so that a figure means one thing everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from crm_api.access import system
from crm_api.activities.catalogue import CATALOGUE as ACTIVITIES
from crm_api.conditions import Tree, where
from crm_api.core.fields import CATALOGUES, Catalogue
from crm_api.leads.catalogue import CATALOGUE as LEADS
from crm_api.opportunities.catalogue import CATALOGUE as OPPORTUNITIES
from crm_api.organisation import service as organisation
from crm_api.organisation.fiscal import midnight
from crm_api.users.models import Team

_TREE: TypeAdapter[Any] = TypeAdapter(Tree)
Window = tuple[date, date]  # first day, and the day after the last
_WON = next(measure for measure in OPPORTUNITIES.measures if measure.name == "won_value")
_VISITED = next(word for word in ACTIVITIES.words if "visited" in word.words)


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure over one kind of record: how many, or the sum of `field`, for which `where` holds, by `time_field`."""

    catalogue: Catalogue
    where: dict[str, Any] | None
    time_field: str
    field: str | None = None


DEFINITIONS = {
    "won_value": Definition(OPPORTUNITIES, _WON.where, _WON.time_field or "", _WON.field),
    "won_count": Definition(OPPORTUNITIES, _WON.where, _WON.time_field or ""),
    "new_leads": Definition(LEADS, None, LEADS.time_field),
    "activities": Definition(ACTIVITIES, ACTIVITIES.past, ACTIVITIES.time_field),
    "visits": Definition(ACTIVITIES, _VISITED.where, ACTIVITIES.time_field),
}


def is_money(measure: str) -> bool:
    """Whether a measure is in minor units of the organisation's currency."""
    return DEFINITIONS[measure].field is not None


def of_people(
    session: Session, measure: str, people: Sequence[UUID], windows: Sequence[Window]
) -> dict[tuple[UUID, Window], int]:
    """What each of `people` reached in each window; one statement."""
    return _reached(session, measure, "owner_id", people, windows)


def of_teams(
    session: Session, measure: str, teams: Sequence[UUID], windows: Sequence[Window]
) -> dict[tuple[UUID, Window], int]:
    """What each of `teams`, with all teams below it, reached in each window; two statements."""
    below = _below(session)
    wanted = {member for team in teams for member in below[team]}
    reached = _reached(session, measure, "team_id", sorted(wanted), windows)
    return {
        (team, window): sum(reached.get((member, window), 0) for member in below[team])
        for team in teams
        for window in windows
    }


def _reached(
    session: Session, measure: str, by: str, whose: Sequence[UUID], windows: Sequence[Window]
) -> dict[tuple[UUID, Window], int]:
    """Counted with the service's own eyes: a target says the same to everybody who may see it."""
    definition, zone = DEFINITIONS[measure], organisation.zone(session)
    catalogue = definition.catalogue
    column, at = getattr(catalogue.model, by), _column(catalogue, definition.time_field)
    figure = _column(catalogue, definition.field) if definition.field else sa.literal(1)
    edges = [(midnight(first, zone), midnight(end, zone)) for first, end in windows]
    sums = [
        sa.func.coalesce(sa.func.sum(sa.case((sa.and_(at >= start, at < end), figure))), 0)
        for start, end in edges
    ]
    tree = _TREE.validate_python(definition.where or {"all": []})
    statement = sa.select(column, *sums).where(
        where(CATALOGUES, catalogue.kind, tree, system(session)),
        catalogue.live() if catalogue.live else sa.true(),
        at >= min(start for start, _ in edges),
        at < max(end for _, end in edges),
        column.in_(whose),
    )
    return {
        (row[0], window): int(value)
        for row in session.execute(statement.group_by(column))
        for window, value in zip(windows, row[1:], strict=True)
    }


def _column(catalogue: Catalogue, name: str) -> Any:
    field = catalogue.field(name)
    assert field is not None, f"a {catalogue.kind} has no {name}"
    return field.column


def _below(session: Session) -> dict[UUID, set[UUID]]:
    """Each team with all teams below it."""
    parents = dict(session.execute(sa.select(Team.id, Team.parent_id)).all())
    below: dict[UUID, set[UUID]] = {team: {team} for team in parents}
    for team in parents:
        above = parents[team]
        while above is not None and team not in below[above]:
            below[above].add(team)
            above = parents[above]
    return below
