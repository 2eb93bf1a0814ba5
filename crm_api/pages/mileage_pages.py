"""/crm/visits/mileage: the kilometres of a month, planned against driven; of everybody, or one person day by day."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from crm_api.core import clock
from crm_api.core.errors import Invalid
from crm_api.core.routing import Router
from crm_api.dependencies import Db, PortsDep, Visitor
from crm_api.field import distances, mileage
from crm_api.pages import frame
from crm_api.pages.errors import PageRoute
from crm_api.pages.session import Signed
from crm_api.pages.visits import PLANS_FOR_OTHERS

router = Router(include_in_schema=False, route_class=PageRoute)
PATH = "/crm/visits/mileage"
Month = Annotated[str, Query(max_length=7)]
Person = Annotated[str, Query(max_length=40)]


@router.get(PATH)
async def show_mileage(
    request: Request, db: Db, ports: PortsDep, visitor: Signed, month: Month = "", rep: Person = ""
) -> Response:
    """Those one answers for, a line each; one person's days, and whoever has only their own sees these."""
    chosen = month or f"{clock.today(visitor.actor.time_zone):%Y-%m}"
    first, last = mileage.days_of(chosen)
    owner_id = _person(visitor, rep)
    claim = team = None
    if owner_id is not None:
        claim = await mileage.claim(db, ports, visitor.actor, month=chosen, owner_id=owner_id)
    else:
        team = await distances.of_team(db, ports, visitor.actor, month=chosen)
    return await frame.page(
        request, db, visitor, "visits/mileage.html", month=chosen, rep=rep, address=_address,
        before=f"{first - timedelta(days=1):%Y-%m}", after=f"{last + timedelta(days=1):%Y-%m}",
        is_now=first <= clock.today(visitor.actor.time_zone) <= last,
        for_others=visitor.actor.role in PLANS_FOR_OTHERS, claim=claim, team=team,
    )  # fmt: skip


@router.get(f"{PATH}/file")
async def take_mileage(db: Db, ports: PortsDep, visitor: Signed, month: Month, rep: Person = "") -> Response:
    """The same as a table."""
    owner_id = _person(visitor, rep)
    if owner_id is not None:
        table = mileage.as_csv(await mileage.claim(db, ports, visitor.actor, month=month, owner_id=owner_id))
    else:
        table = distances.as_csv(await distances.of_team(db, ports, visitor.actor, month=month))
    name = f'attachment; filename="mileage-{month}.csv"'
    return Response(table, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _person(visitor: Visitor, rep: str) -> UUID | None:
    """Whose days; None is everybody, for those who answer for others."""
    if not rep:
        return None if visitor.actor.role in PLANS_FOR_OTHERS else visitor.actor.user_id
    try:
        return UUID(rep)
    except ValueError as error:
        raise Invalid.field("rep", "people are named by their id") from error


def _address(month: str, rep: object = "", path: str = PATH) -> str:
    """The page with another month or person picked."""
    asked = {"month": month, "rep": str(rep) if rep else ""}
    return f"{path}?{urlencode({name: value for name, value in asked.items() if value})}"
