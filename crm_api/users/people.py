"""Verbs over people for the edge: the same as `service`, with the acting user and the record looked up.

Kept apart from `service`, which lies below `access` and `conditions` and is used by them.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor, actor_of, require_role
from crm_api.audit.service import note_many
from crm_api.conditions import records
from crm_api.core.schemas import changes
from crm_api.organisation import service as organisation
from crm_api.organisation.models import Territory
from crm_api.organisation.schemas import TerritoryIn, TerritoryPatch
from crm_api.organisation.service import zone
from crm_api.users import api_keys, service
from crm_api.users.models import Team, User
from crm_api.users.schemas import ApiKeyIn, MyFormats, TeamIn, TeamPatch, UserIn, UserPatch


def create_user(session: Session, actor: Actor, *, data: UserIn, password_hash: str | None) -> User:
    """Add a user; administrators only."""
    require_role(actor)
    user = service.create(session, data=data, password_hash=password_hash)
    _tell_territories(session, {user.id: []})
    return user


def update_user(
    session: Session,
    actor: Actor,
    *,
    user_id: UUID,
    data: UserPatch,
    password_hash: str | None,
    if_match: int | None,
) -> User:
    """Change a user; administrators only."""
    user: User = records.get(session, actor, User, user_id, writing=True, if_match=if_match)
    before = service.territories_of(session, [user.id])
    service.update(session, user, data=data, password_hash=password_hash)
    _tell_territories(session, before)
    return user


def put_territories(session: Session, wanted: Mapping[UUID, Sequence[str]]) -> set[UUID]:
    """Make these the territories of users, as the trail tells them; returns whose that changed."""
    before = service.territories_of(session, list(wanted))
    changed = {
        i for i, told in wanted.items() if service.set_territories(session, i, [UUID(t) for t in told])
    }
    _tell_territories(session, {i: before[i] for i in changed})
    return changed


def _tell_territories(session: Session, before: Mapping[UUID, Sequence[str]]) -> None:
    """Let the trail say what changed of them: they are links, and no column of a user."""
    now = service.territories_of(session, list(before))
    changed = {
        i: ({"territory_ids": before[i]}, {"territory_ids": now[i]}) for i in before if before[i] != now[i]
    }
    note_many(session, kind="user", changed=changed)


def choose_formats(session: Session, actor: Actor, *, data: MyFormats) -> Actor:
    """Change how things are written for oneself; returns who one is from now on."""
    user = session.get_one(User, actor.user_id)
    service.choose_formats(session, user, values=changes(data))
    session.flush()
    return actor_of(session, user, organisation_zone=zone(session))


def create_team(session: Session, actor: Actor, *, data: TeamIn) -> Team:
    """Make a team; administrators only."""
    require_role(actor)
    return service.create_team(session, data=data)


def update_team(
    session: Session, actor: Actor, *, team_id: UUID, data: TeamPatch, if_match: int | None
) -> Team:
    """Change a team; administrators only."""
    team = records.get(session, actor, Team, team_id, writing=True, if_match=if_match)
    return service.update_team(session, team, data=data)


def create_territory(session: Session, actor: Actor, *, data: TerritoryIn) -> Territory:
    """Make a territory; administrators only."""
    require_role(actor)
    return organisation.create_territory(session, name=data.name, parent_id=data.parent_id)


def update_territory(
    session: Session, actor: Actor, *, territory_id: UUID, data: TerritoryPatch, if_match: int | None
) -> Territory:
    """Change a territory; administrators only."""
    found: Territory = records.get(session, actor, Territory, territory_id, writing=True, if_match=if_match)
    return organisation.update_territory(session, found, values=changes(data))


def create_api_key(session: Session, actor: Actor, *, data: ApiKeyIn) -> dict[str, Any]:
    """Make an API key for oneself; administrators for anybody. The answer holds the token, once."""
    user_id = data.user_id or actor.user_id
    if user_id != actor.user_id:
        require_role(actor)
    assert user_id is not None, "a person asks"
    issued = api_keys.issue(session, user_id=user_id, created_by=actor.user_id, data=data)
    made = next(key for key in api_keys.listed(session, user_id=user_id) if key["id"] == issued.key_id)
    return {**made, "token": issued.token}
