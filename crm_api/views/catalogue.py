"""What may be asked about saved views, and who sees them."""

from uuid import UUID

import sqlalchemy as sa

from crm_api import access
from crm_api.access import Actor
from crm_api.core.fields import Catalogue, Field, FieldType, Relation
from crm_api.core.presenting import shown_by
from crm_api.users.models import Team, User
from crm_api.views.models import SHARED_WITH, View
from crm_api.views.schemas import ViewOut


def _sees(actor: Actor) -> sa.ColumnElement[bool]:
    """Whose view it is; whom it is shared with; administrators, whose owner is there.

    The private views of somebody who has left are nobody's any more; what was shared stays.
    """
    if actor.user_id is None:
        return sa.true()
    terms = [View.owner_id == actor.user_id, View.shared_with == "all", View.team_id.in_(_teams(actor))]
    if actor.is_administrator:
        active = sa.select(User.id).where(User.is_active)
        terms += [View.shared_with == "team", View.owner_id.in_(active)]
    return sa.or_(*terms)


def _teams(actor: Actor) -> sa.Select[UUID]:
    """The actor's team, those above it, and those they lead: a view for a team is for the teams below too."""
    above = sa.select(Team.id, Team.parent_id).where(Team.id == actor.team_id).cte("above", recursive=True)
    above = above.union(sa.select(Team.id, Team.parent_id).where(Team.id == above.c.parent_id))
    return sa.select(Team.id).where(sa.or_(Team.id.in_(sa.select(above.c.id)), Team.id.in_(actor.team_ids)))


access.declare("view", View, owner=View.owner_id, sees=_sees)

_SHOWN = sa.select(*shown_by(ViewOut, View, where=View.conditions))

CATALOGUE = Catalogue(
    kind="view",
    plural="views",
    model=View,
    out=ViewOut,
    asked=False,
    label="name",
    default_sort="name",
    fields=(
        Field("name", FieldType.TEXT, View.name, sortable=True, nullable=False, sort_column=View.name_key),
        Field("kind", FieldType.TEXT, View.kind, nullable=False),
        Field("shared_with", FieldType.CHOICE, View.shared_with, choices=SHARED_WITH, nullable=False),
        Field("team_id", FieldType.REFERENCE, View.team_id),
        Field("owner_id", FieldType.REFERENCE, View.owner_id, nullable=False),
        Field("created_at", FieldType.DATETIME, View.created_at, nullable=False),
    ),
    relations=(
        Relation("owner", "user", View.owner_id, "views"),
        Relation("team", "team", View.team_id, "views"),
    ),
    shown=lambda: _SHOWN,
)
