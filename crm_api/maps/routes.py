"""/api/v1/crm/maps"""

from fastapi import Response

from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, PortsDep, SettingsDep, json_answer
from crm_api.maps import flows, service
from crm_api.maps.schemas import DistanceIn, DistanceOut, GeocodeIn, Places, SpendOut
from crm_api.writes.dependencies import Once, told
from crm_api.writes.idempotency import Answer

router = Router(prefix="/api/v1/crm/maps", tags=["maps"])


@router.post("/geocode", response_model=Places, responses=documented(400, 403, 409, 422, 503))
async def geocode_address(body: GeocodeIn, ports: PortsDep, once: Once) -> Response:
    """Look one address up: what was found, best first, and what it cost. Nothing is kept."""

    async def look_up() -> Answer:
        return told(await flows.look_up(ports, once.actor, address=body.address, country=body.country), 200)

    return await once.flow(look_up)


@router.post("/distance", response_model=DistanceOut, responses=documented(400, 403, 409, 422, 503))
async def measure_distances(body: DistanceIn, ports: PortsDep, once: Once) -> Response:
    """Driving times and distances from each origin to each destination."""

    async def measure() -> Answer:
        return told(await flows.distances(ports, once.actor, data=body), 200)

    return await once.flow(measure)


@router.get("/spend", response_model=SpendOut, responses=documented(403))
async def read_spending(db: Db, actor: CurrentActor, ports: PortsDep, settings: SettingsDep) -> Response:
    """What paid maps have cost this month, what they cost a call, and how much is left."""
    limit = settings.maps_monthly_usd
    return json_answer(await db.read(service.spending, actor, ports=ports, limit_usd=limit))
