"""Statistics, under the paths of the records they are about."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from crm_api.analytics import service
from crm_api.analytics.schemas import LeadSummary, PipelineStats
from crm_api.core.problems import documented
from crm_api.core.schemas import Day
from crm_api.dependencies import CurrentActor, Db, json_answer

router = APIRouter(prefix="/api/v1/crm", tags=["analytics"])


@router.get("/opportunities/pipeline/stats", response_model=PipelineStats, responses=documented(422))
async def pipeline_stats(
    db: Db, actor: CurrentActor, owner_id: UUID | None = None, pipeline_id: UUID | None = None
) -> Response:
    """Count, value and weighted value by stage, and the win rate."""
    return json_answer(
        await db.read(service.pipeline_stats, actor, owner_id=owner_id, pipeline_id=pipeline_id)
    )


@router.get(
    "/leads/statistics", response_model=LeadSummary, responses=documented(422), name="lead_statistics"
)
@router.get("/leads/analytics/summary", response_model=LeadSummary, responses=documented(422))
async def lead_summary(
    db: Db,
    actor: CurrentActor,
    start_date: Annotated[Day | None, Query(description="First day, in your time zone.")] = None,
    end_date: Annotated[Day | None, Query(description="Last day, included.")] = None,
) -> Response:
    """Leads by status, source and priority, with conversion."""
    return json_answer(await db.read(service.lead_summary, actor, start_date=start_date, end_date=end_date))
