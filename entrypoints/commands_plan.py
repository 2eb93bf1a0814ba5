"""`crm plan`: days of visits from the command line."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from crm_api.core.errors import Invalid

if TYPE_CHECKING:
    from crm_api.dependencies import State

# What the command needs is imported when it runs: `crm up` should not wait for any of it.


def plan(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day to plan.")],
    email: Annotated[str, typer.Option("--for", help="The e-mail address of whose day it is.")],
    start: Annotated[str | None, typer.Option(help="Where it begins, LATITUDE,LONGITUDE or a town.")] = None,
    radius_km: Annotated[float, typer.Option(help="How far from there the visits may be.")] = 80,
    kind: Annotated[str | None, typer.Option(help="Only accounts of this type, such as dealer.")] = None,
    days: Annotated[int, typer.Option(min=1, max=14, help="Plan so many calendar days together.")] = 1,
    max_driving_minutes: Annotated[int | None, typer.Option(min=1, help="The most driving in a day.")] = None,
) -> None:
    """Plan a day of visits for somebody, or several together, keep it as a proposal, and print it."""
    from crm_api.access import actor_of
    from crm_api.conditions import records
    from crm_api.organisation.service import zone
    from crm_api.users.service import find_by_email
    from crm_api.visits import flows, itinerary
    from crm_api.visits.schemas import PlanIn, WeekIn
    from entrypoints.cli import run

    async def work(state: "State") -> str:
        user = await state.db.read(find_by_email, email)
        if user is None:
            raise Invalid.field("for", f"nobody has the address {email}")
        actor = await state.db.read(lambda session: actor_of(session, user, organisation_zone=zone(session)))
        wishes = {
            "radius_km": radius_km,
            "account_type": kind,
            "start": await _place(state, start),
            "max_driving_minutes": max_driving_minutes,
        }
        given = {name: value for name, value in wishes.items() if value is not None}
        if days == 1:
            asked = PlanIn.model_validate({**given, "day": day.date()})
            return itinerary.as_text(await flows.plan_day(state.db, state.ports, actor, data=asked))
        together = WeekIn.model_validate({**given, "first_day": day.date(), "days": days})
        week = await flows.plan_week(state.db, state.ports, actor, data=together)
        plans = [
            await state.db.read(records.one, actor, "visit_plan", UUID(planned["plan_id"]))
            for planned in week["days"]
        ]
        return itinerary.week_as_text(week, plans)

    typer.echo(run(work, label="plan"))


async def _place(state: "State", text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    latitude, _, longitude = text.partition(",")
    try:
        return {"latitude": float(latitude), "longitude": float(longitude)}
    except ValueError:
        found = await state.ports.geocoder.geocode(text)
    if not found:
        raise Invalid.field("start", f"'{text}' is no place this installation knows")
    return {"latitude": found[0].coordinates.latitude, "longitude": found[0].coordinates.longitude}
