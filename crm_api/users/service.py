"""Users and teams."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.columns import touch
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.core.text import fold
from crm_api.events import Event, record
from crm_api.organisation.service import require_locale, require_territory, require_zone
from crm_api.users import sessions
from crm_api.users.models import Team, User, user_territories
from crm_api.users.schemas import TeamIn, TeamPatch, UserIn, UserPatch


def find_by_email(session: Session, email: str) -> User | None:
    """The user with that address, whatever its case."""
    return session.scalars(sa.select(User).where(User.email_key == fold(email))).first()


def everybody(session: Session) -> Sequence[User]:
    """All users, by name."""
    return session.scalars(sa.select(User).order_by(User.name, User.id)).all()


def team_of(session: Session, user_id: UUID | None) -> UUID | None:
    """The team whose records a user's records are; None for nobody. Raises Invalid for an unknown user."""
    if user_id is None:
        return None
    found = session.execute(sa.select(User.team_id, User.is_active).where(User.id == user_id)).first()
    if found is None:
        raise Invalid.field("owner_id", "there is no such user")
    if not found.is_active:
        raise Invalid.field("owner_id", "this user is not active any more; choose another owner")
    return found.team_id  # type: ignore[no-any-return]


def create(session: Session, *, data: UserIn, password_hash: str | None) -> User:
    """A new user; raises Conflict where the e-mail address is taken."""
    values = data.model_dump(exclude={"password", "territory_ids"})
    _check(session, values)
    user = User(**values, password_hash=password_hash, email_key=fold(data.email) or None)
    session.add(user)
    session.flush()
    set_territories(session, user.id, data.territory_ids)
    return user


def update(session: Session, user: User, *, data: UserPatch, password_hash: str | None) -> User:
    """Change a user. A new password and deactivation end all their sessions.

    Whoever looks after records may refuse a deactivation that would leave them to nobody (Conflict), unless
    `keep_records` says that this is meant.
    """
    values = changes(data, leave_out=("password", "territory_ids", "keep_records"))
    refuse_null(values, "name", "role", "is_active")
    _check(session, values, user)
    keep_one_administrator(session, user, values)
    if "email" in values:
        values["email_key"] = fold(values["email"]) or None
    if password_hash:
        values["password_hash"] = password_hash
    team_before, was_active = user.team_id, user.is_active
    apply_patch(user, values)
    if password_hash or not user.is_active:
        sessions.end_all(session, user.id, reason="password changed" if password_hash else "deactivated")
    if data.territory_ids is not None and set_territories(session, user.id, data.territory_ids):
        touch(user)
    if was_active and not user.is_active:
        told = {"keep_records": data.keep_records}
        record(session, Event("user.deactivated", "user", user.id, told, team_id=user.team_id))
    if user.team_id != team_before:
        record(session, Event("user.team_changed", "user", user.id, team_id=user.team_id))
    return user


def choose_formats(session: Session, user: User, *, values: dict[str, Any]) -> User:
    """Set the zone and formats a user wants for themselves; raises Invalid for what does not exist."""
    _check(session, values, user)
    apply_patch(user, values)
    return user


def _check(session: Session, values: dict[str, Any], user: User | None = None) -> None:
    if values.get("email"):
        other = find_by_email(session, values["email"])
        if other is not None and other is not user:
            raise Conflict(f"{values['email']} belongs to {other.name} already.")
    if values.get("time_zone"):
        require_zone(values["time_zone"])
    if values.get("locale"):
        values["locale"] = require_locale(values["locale"])
    if values.get("team_id") and session.get(Team, values["team_id"]) is None:
        raise Invalid.field("team_id", "there is no such team")
    manager_id, seen = values.get("manager_id"), {user.id} if user else set()
    while manager_id is not None:
        if manager_id in seen:
            raise Invalid.field("manager_id", "this would make somebody their own manager")
        seen.add(manager_id)
        manager = session.get(User, manager_id)
        if manager is None:
            raise Invalid.field("manager_id", "there is no such user")
        manager_id = manager.manager_id


def set_territories(session: Session, user_id: UUID, territory_ids: list[UUID]) -> bool:
    """The territories a user is responsible for; returns whether they changed.

    Raises Invalid for an unknown one.
    """
    wanted, of_user = set(territory_ids), user_territories.c.user_id == user_id
    for territory_id in wanted:
        require_territory(session, territory_id, field="territory_ids")
    before = set(session.scalars(sa.select(user_territories.c.territory_id).where(of_user)))
    if before == wanted:
        return False
    session.execute(sa.delete(user_territories).where(of_user))
    if wanted:
        session.execute(
            sa.insert(user_territories), [{"user_id": user_id, "territory_id": t} for t in sorted(wanted)]
        )
    return True


def territories_of(session: Session, user_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The ids of the territories of users, in order and as text; an empty list for a user without any."""
    found: dict[UUID, list[str]] = {i: [] for i in user_ids}
    links = sa.select(user_territories).where(user_territories.c.user_id.in_(list(user_ids)))
    for row in session.execute(links.order_by(user_territories.c.territory_id)):
        found[row.user_id].append(str(row.territory_id))
    return found


def keep_one_administrator(session: Session, user: User, values: Mapping[str, Any]) -> None:
    """Without one, nobody could ever make another: raises Conflict where `values` take away the last one."""
    if user.role != "administrator" or not user.is_active:
        return
    if values.get("role", "administrator") == "administrator" and values.get("is_active", True):
        return
    others = sa.select(User.id).where(User.role == "administrator", User.is_active, User.id != user.id)
    if session.scalars(others.with_for_update()).first() is None:
        raise Conflict(f"{user.name} is the only active administrator; make another one first.")


def create_team(session: Session, *, data: TeamIn) -> Team:
    """A new team."""
    _check_team(session, None, data.parent_id, data.manager_id)
    team = Team(**data.model_dump())
    session.add(team)
    return team


def update_team(session: Session, team: Team, *, data: TeamPatch) -> Team:
    """Change a team; a loop of teams is refused."""
    values = changes(data)
    if "name" in values and not values["name"]:
        raise Invalid.field("name", "cannot be empty")
    _check_team(session, team.id, values.get("parent_id"), values.get("manager_id"))
    apply_patch(team, values)
    return team


def _check_team(
    session: Session, team_id: UUID | None, parent_id: UUID | None, manager_id: UUID | None
) -> None:
    if manager_id is not None and session.get(User, manager_id) is None:
        raise Invalid.field("manager_id", "there is no such user")
    seen = {team_id}
    while parent_id is not None:
        if parent_id in seen:
            raise Invalid.field("parent_id", "teams cannot be below themselves")
        seen.add(parent_id)
        parent = session.get(Team, parent_id)
        if parent is None:
            raise Invalid.field("parent_id", "there is no such team")
        parent_id = parent.parent_id
