"""Statistics, under the paths of the records they are about."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from crm_api.analytics import bridge, dashboard, files, forecast, periods, reports, service
from crm_api.analytics.periods import Name
from crm_api.analytics.schemas import (
    Bridge,
    Dashboard,
    Forecast,
    Hygiene,
    LeadSummary,
    PipelineReport,
    PipelineStats,
    ReportOut,
    Reports,
)
from crm_api.analytics.tables import Asked
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.core.schemas import Day
from crm_api.dependencies import CurrentActor, Db, json_answer, takes_only

router = Router(prefix="/api/v1/crm", tags=["analytics"])
_OF = ("owner_id", "pipeline_id")


@router.get(
    "/opportunities/pipeline/stats",
    response_model=PipelineStats,
    responses=documented(400, 422),
    dependencies=[takes_only(*_OF)],
)
async def pipeline_stats(
    db: Db, actor: CurrentActor, owner_id: UUID | None = None, pipeline_id: UUID | None = None
) -> Response:
    """Count, value and weighted value by stage, and the win rate."""
    return json_answer(
        await db.read(service.pipeline_stats, actor, owner_id=owner_id, pipeline_id=pipeline_id)
    )


@router.get(
    "/opportunities/pipeline/report",
    response_model=PipelineReport,
    responses=documented(400, 422),
    dependencies=[takes_only(*_OF)],
)
async def pipeline_report(
    db: Db, actor: CurrentActor, owner_id: UUID | None = None, pipeline_id: UUID | None = None
) -> Response:
    """The statistics, by owner and by month too, and what is neglected."""
    return json_answer(
        await db.read(service.pipeline_report, actor, owner_id=owner_id, pipeline_id=pipeline_id)
    )


@router.get(
    "/opportunities/hygiene",
    response_model=Hygiene,
    responses=documented(400, 422),
    dependencies=[takes_only(*_OF, "pushed_times")],
)
async def deal_hygiene(
    db: Db,
    actor: CurrentActor,
    owner_id: UUID | None = None,
    pipeline_id: UUID | None = None,
    pushed_times: Annotated[int, Query(ge=1, le=1000, description="How often is too often.")] = 2,
) -> Response:
    """Open deals without a next step, past their date, pushed, rotting, or known to one person only."""
    return json_answer(
        await db.read(
            service.hygiene, actor, owner_id=owner_id, pipeline_id=pipeline_id, pushed_times=pushed_times
        )
    )


@router.get(
    "/opportunities/forecast",
    response_model=Forecast,
    responses=documented(400, 422),
    dependencies=[takes_only("group_by", "period_start", "period_end", *_OF, "team_id")],
)
async def sales_forecast(
    db: Db,
    actor: CurrentActor,
    group_by: Literal["month", "owner", "stage"] = "month",
    period_start: Annotated[Day | None, Query(description="First day of a month; this one's else.")] = None,
    period_end: Annotated[
        Day | None, Query(description="Last day of a month; three months on, else.")
    ] = None,
    pipeline_id: UUID | None = None,
    owner_id: UUID | None = None,
    team_id: UUID | None = None,
) -> Response:
    """What open deals may bring, by month, owner or stage, beside what is won and what was aimed at."""

    def told(session: Session) -> dict[str, Any]:
        of = {"pipeline_id": pipeline_id, "owner_id": owner_id, "team_id": team_id}
        scope = forecast.scope(session, period_start, period_end, **of)
        return forecast.forecast(session, actor, group_by=group_by, scope=scope)

    return json_answer(await db.read(told))


@router.get(
    "/opportunities/forecast/bridge",
    response_model=Bridge,
    responses=documented(400, 422),
    dependencies=[takes_only("since", "period_start", "period_end", *_OF)],
)
async def forecast_bridge(
    db: Db,
    actor: CurrentActor,
    since: Annotated[Day, Query(description="From the first moment of this day on.")],
    period_start: Annotated[Day | None, Query(description="Deals that close from this day on.")] = None,
    period_end: Annotated[Day | None, Query(description="To this day, included.")] = None,
    pipeline_id: UUID | None = None,
    owner_id: UUID | None = None,
) -> Response:
    """How the forecast of a period came to be what it is: new, won, lost, pushed, resized since a day."""
    return json_answer(
        await db.read(
            bridge.bridge, actor, since=since, period_start=period_start, period_end=period_end,
            pipeline_id=pipeline_id, owner_id=owner_id,
        )
    )  # fmt: skip


@router.get(
    "/dashboard",
    response_model=Dashboard,
    responses=documented(400, 422),
    dependencies=[takes_only("period", "start_date", "end_date", "owner_id")],
)
async def dashboard_figures(
    db: Db,
    actor: CurrentActor,
    period: Annotated[Name | None, Query(description="This month where nothing is said.")] = None,
    start_date: Annotated[Day | None, Query(description="First day, in your time zone.")] = None,
    end_date: Annotated[Day | None, Query(description="Last day, included.")] = None,
    owner_id: Annotated[UUID | None, Query(description="Records of this person alone.")] = None,
) -> Response:
    """Pipeline, forecast, won revenue, rates, leads, activities and coverage, each with the list behind it."""

    def told(session: Session) -> dict[str, Any]:
        days = periods.period(session, actor, period, start_date, end_date)
        return dashboard.dashboard(session, actor, period=days, owner_id=owner_id)

    return json_answer(await db.read(told))


@router.get("/reports", response_model=Reports, responses=documented(), dependencies=[takes_only()])
async def list_reports(actor: CurrentActor) -> Response:
    """The reports there are."""
    offered = [
        {"name": name, "title": one.title, "about": one.about} for name, one in reports.REPORTS.items()
    ]
    return json_answer({"items": offered})


@router.get(
    "/reports/{name}",
    response_model=ReportOut,
    responses={
        200: {"content": {kind.partition(";")[0]: {} for kind in files.MEDIA_TYPES.values()}},
        **documented(400, 422),
    },
    dependencies=[takes_only("period", "start_date", "end_date", "owner_id", "format")],
)
async def read_report(
    name: reports.Name,
    db: Db,
    actor: CurrentActor,
    period: Annotated[Name | None, Query(description="This month where nothing is said.")] = None,
    start_date: Annotated[Day | None, Query(description="First day, in your time zone.")] = None,
    end_date: Annotated[Day | None, Query(description="Last day, included.")] = None,
    owner_id: Annotated[UUID | None, Query(description="Records of this person alone.")] = None,
    format: Annotated[Literal["json", "csv", "xlsx"], Query(description="As data, or as a file.")] = "json",
) -> Response:
    """One report over a period: as JSON, or as a CSV file or workbook."""

    def told(session: Session) -> dict[str, Any]:
        days = periods.period(session, actor, period, start_date, end_date)
        return reports.report(session, actor, name=name, asked=Asked(days, owner_id))

    report = await db.read(told)
    if format == "json":
        return json_answer(report)
    return Response(files.written(report, format), 200, files.headers(report, format))


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
