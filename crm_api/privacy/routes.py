"""/api/v1/privacy"""

from typing import Annotated
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse

from crm_api.access import require_role
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing
from crm_api.conditions.filters import Query
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import (
    CurrentActor,
    Db,
    PortsDep,
    SettingsDep,
    json_answer,
    record_answer,
    takes_only,
)
from crm_api.privacy import flows
from crm_api.privacy.catalogue import CATALOGUE
from crm_api.privacy.schemas import ErasureIn, ErasureMade, ErasureOut, ExportIn
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/privacy", tags=["privacy"])


@router.post(
    "/exports",
    response_class=StreamingResponse,
    dependencies=[takes_only()],
    responses={
        200: {"description": "The document. One that breaks off is not whole.",
              "content": {"application/json": {"schema": {"type": "object"}}}},
        **documented(400, 403, 404, 422),
    },
)  # fmt: skip
async def export_person(body: ExportIn, db: Db, actor: CurrentActor) -> Response:
    """Everything that is held about a person, table by table; for administrators. It leaves a trace."""
    export = await flows.begin(db, actor, body)
    headers = {"Content-Disposition": 'attachment; filename="person.json"', "Cache-Control": "no-store"}
    return StreamingResponse(flows.stream(db, export), media_type="application/json", headers=headers)


@router.post(
    "/erasures", status_code=201, response_model=ErasureMade, responses=documented(400, 403, 404, 409, 422)
)
async def erase_person(body: ErasureIn, write: Write, ports: PortsDep, settings: SettingsDep) -> Response:
    """Erase everything that is held about a person, for good; for administrators. Try it with `dry_run` first.

    Contacts, leads and users with the same e-mail address are the same person. The counts say, by table, how many
    rows were deleted, how many stay as empty lines, and from how many of others the person's words were removed.
    """
    return await flows.erase(write, body, ports=ports, data_dir=settings.data_dir)


@router.get(
    "/erasures",
    response_model=Page[ErasureOut],
    openapi_extra=listed(CATALOGUE),
    responses=documented(400, 403, 422),
)
async def list_erasures(db: Db, actor: CurrentActor, query: Annotated[Query, listing("erasure")]) -> Response:
    """What was erased, newest first: when, by whom and why, and nothing of whom."""
    require_role(actor)
    return json_answer(await db.read(records.page, actor, "erasure", query))


@router.get("/erasures/{erasure_id}", response_model=ErasureOut, responses=documented(403, 404, 422))
async def read_erasure(erasure_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """One erasure."""
    require_role(actor)
    return record_answer(await db.read(records.one, actor, "erasure", erasure_id))
