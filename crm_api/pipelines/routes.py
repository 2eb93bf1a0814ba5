"""/api/v1/crm/pipelines"""

from typing import Annotated
from uuid import UUID

from fastapi import Query as Query_
from fastapi import Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.pipelines import service
from crm_api.pipelines.catalogue import PIPELINES, STAGES
from crm_api.pipelines.schemas import NewStage, PipelineIn, PipelineOut, PipelinePatch, StageOut, StagePatch
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/pipelines", tags=["pipelines"])


@router.get(
    "", response_model=Page[PipelineOut], openapi_extra=listed(PIPELINES), responses=documented(400, 422)
)
async def list_pipelines(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("pipeline")]
) -> Response:
    """Pipelines that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "pipeline", query))


@router.post("/search", response_model=Page[PipelineOut], responses=documented(400, 422))
async def search_pipelines(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Pipelines for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "pipeline", body.query()))


@router.post("", status_code=201, response_model=PipelineOut, responses=documented(403, 409, 422))
async def create_pipeline(body: PipelineIn, write: Write) -> Response:
    """Make a pipeline."""
    return await write.record(service.create, data=body, status=201)


@router.get(
    "/{pipeline_id}",
    response_model=PipelineOut,
    openapi_extra=shown(PIPELINES),
    responses=documented(400, 404, 422),
)
async def read_pipeline(
    pipeline_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("pipeline")]
) -> Response:
    """One pipeline."""
    return record_answer(await db.read(records.one, actor, "pipeline", pipeline_id, wanted))


@router.put("/{pipeline_id}", response_model=PipelineOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch(
    "/{pipeline_id}", response_model=PipelineOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def update_pipeline(
    pipeline_id: UUID, body: PipelinePatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update, pipeline_id=pipeline_id, data=body, if_match=if_match)


@router.delete("/{pipeline_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_pipeline(
    pipeline_id: UUID,
    write: Write,
    if_match: IfMatch,
    move_to: Annotated[UUID | None, Query_(description="The pipeline its records go to.")] = None,
) -> Response:
    """Delete softly: it can be restored. Its records go to stages of the same kind in another one."""
    return await write.nothing(service.archive, pipeline_id=pipeline_id, if_match=if_match, move_to=move_to)


@router.post("/{pipeline_id}/restore", response_model=PipelineOut, responses=documented(403, 404, 409, 422))
async def restore_pipeline(pipeline_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, pipeline_id=pipeline_id)


stages_router = Router(prefix="/api/v1/crm/stages", tags=["stages"])


@stages_router.get(
    "", response_model=Page[StageOut], openapi_extra=listed(STAGES), responses=documented(400, 422)
)
async def list_stages(db: Db, actor: CurrentActor, query: Annotated[Query, listing("stage")]) -> Response:
    """Stages that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "stage", query))


@stages_router.post("/search", response_model=Page[StageOut], responses=documented(400, 422))
async def search_stages(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Stages for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "stage", body.query()))


@stages_router.post("", status_code=201, response_model=StageOut, responses=documented(403, 409, 422))
async def create_stage(body: NewStage, write: Write) -> Response:
    """Make a stage."""
    return await write.record(service.create_stage, data=body, status=201)


@stages_router.get(
    "/{stage_id}",
    response_model=StageOut,
    openapi_extra=shown(STAGES),
    responses=documented(400, 404, 422),
)
async def read_stage(
    stage_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("stage")]
) -> Response:
    """One stage."""
    return record_answer(await db.read(records.one, actor, "stage", stage_id, wanted))


@stages_router.put("/{stage_id}", response_model=StageOut, responses=documented(400, 403, 404, 409, 412, 422))
@stages_router.patch(
    "/{stage_id}", response_model=StageOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def update_stage(stage_id: UUID, body: StagePatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update_stage, stage_id=stage_id, data=body, if_match=if_match)


@stages_router.delete("/{stage_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_stage(
    stage_id: UUID,
    write: Write,
    if_match: IfMatch,
    move_to: Annotated[UUID | None, Query_(description="The stage its records go to.")] = None,
) -> Response:
    """Remove a stage that holds no record, or whose records go to another one."""
    return await write.nothing(service.delete_stage, stage_id=stage_id, if_match=if_match, move_to=move_to)
