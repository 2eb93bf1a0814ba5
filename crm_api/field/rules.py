"""The organisation's own rules of the road, kept in its settings under `road`."""

from typing import Any

from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.field.schemas import RoadRules
from crm_api.organisation import service as organisation


def rules(session: Session) -> RoadRules:
    """The rules, with defaults for what is not set."""
    return RoadRules.of(organisation.basics(session).settings)


def shown(session: Session, actor: Actor) -> dict[str, Any]:
    """The rules as they are answered; everybody may know them."""
    return rules(session).model_dump()


def change(session: Session, actor: Actor, *, data: RoadRules) -> dict[str, Any]:
    """Set the rules; administrators only (NotAllowed)."""
    require_role(actor)
    profile = organisation.profile(session)
    organisation.change_profile(
        session, values={"settings": {**(profile.settings or {}), "road": data.model_dump()}}
    )
    return data.model_dump()
