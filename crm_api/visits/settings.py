"""How the organisation visits, read and changed: part of its settings, under `visits`."""

from typing import Any

import sqlalchemy as sa
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.core.schemas import Body
from crm_api.organisation import service as organisation
from crm_api.organisation.models import Organisation
from crm_api.organisation.service import require_territory
from crm_api.visits.preferences import Preferences, VisitDefault, VisitWeights, preferences


class VisitSettings(Preferences):
    """How the organisation visits; times are wall-clock times of the rep's zone, weights are points."""


class VisitSettingsPatch(Body):
    """What is to change; null takes a setting back to its default. Times are wall-clock times of the rep's zone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "weights": {"overdue": 50, "pipeline": 20, "orders": 10, "tier": 9},
                    "defaults": [
                        {
                            "account_type": "dealer",
                            "visit_minutes": 40,
                            "visit_every_days": 45,
                            "visit_days": [1, 2, 3, 4],
                        }
                    ],
                }
            ]
        }
    )

    opening_hours: dict[str, Any] | None = Field(
        None, description="Opening hours by account type, or `default`."
    )
    visit_minutes: int | None = None
    visit_every_days: int | None = None
    not_before: int | None = Field(
        None, description="Percent of the interval before which nobody is called on again."
    )
    shift_start: str | None = None
    shift_end: str | None = None
    lunch_minutes: int | None = None
    lunch_from: str | None = None
    lunch_to: str | None = None
    max_driving_minutes: int | None = None
    weights: VisitWeights | None = None
    defaults: list[VisitDefault] | None = Field(None, max_length=200)


def read(session: Session, actor: Actor) -> dict[str, Any]:
    """The settings in force, defaults included."""
    kept: dict[str, Any] = session.scalar(sa.select(Organisation.settings)) or {}
    return preferences(kept).model_dump(mode="json")


def change(session: Session, actor: Actor, *, data: VisitSettingsPatch) -> dict[str, Any]:
    """Change the settings sent; raises Invalid naming the one at fault, NotAllowed for anybody but an administrator."""
    require_role(actor)
    kept = dict(organisation.profile(session).settings)
    sent = data.model_dump(mode="json", exclude_unset=True)
    for number, default in enumerate(data.defaults or ()):
        if default.territory_id is not None:
            require_territory(session, default.territory_id, field=f"defaults.{number}.territory_id")
    visits = {**(kept.get("visits") or {}), **sent}
    kept["visits"] = {name: value for name, value in visits.items() if value is not None}
    found: Preferences = preferences(kept)
    organisation.change_profile(session, values={"settings": kept})
    return found.model_dump(mode="json")
