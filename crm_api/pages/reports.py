"""/crm/reports: one report at a time over a period, drawn, as a table, and as a file."""

from dataclasses import replace
from typing import Any

from fastapi import Request, Response

from crm_api.access import Actor
from crm_api.analytics import files, reports
from crm_api.analytics.tables import Asked as Wanted
from crm_api.core.routing import Router
from crm_api.dependencies import Db
from crm_api.pages import frame, graphs, picking
from crm_api.pages.errors import PageRoute
from crm_api.pages.headers import PAGE_HEADERS
from crm_api.pages.picking import Asked, Bar, Picked, page_of
from crm_api.pages.session import Signed

router = Router(include_in_schema=False, route_class=PageRoute)
PATH = "/crm/reports"
OVER_TIME = ("forecast",)


@router.get(PATH)
async def show_first_report(request: Request, db: Db, visitor: Signed, picked: Asked) -> Response:
    """The forecast, where no report is named."""
    return await show_report(request, db, visitor, picked, "forecast")


def _sensible(picked: Picked, name: reports.Name) -> Picked:
    """A forecast of this month alone says little on its last day."""
    nothing = not (picked.name or picked.start or picked.end)
    return replace(picked, name="this_quarter") if nothing and name in OVER_TIME else picked


@router.get(PATH + "/{name}")
async def show_report(
    request: Request, db: Db, visitor: Signed, picked: Asked, name: reports.Name
) -> Response:
    """One report."""
    bar, report = await db.read(_read, visitor.actor, picked, name)
    first, chart = report["columns"][0], report["chart"]
    over_time = name in OVER_TIME
    draw: Any = graphs.months if over_time else graphs.lines
    return await frame.page(
        request, db, visitor, "reports.html", bar=bar, report=report, offered=reports.REPORTS, name=name,
        over_time=over_time, drawn=draw(report["rows"], first["name"], chart) if report["rows"] else None,
        charted=next(column for column in report["columns"] if column["name"] == chart) if chart else first,
        rows=[(row, page_of(row["list"])) for row in report["rows"]], formats=files.MEDIA_TYPES,
    )  # fmt: skip


@router.get(PATH + "/{name}/file")
async def download_report(
    db: Db, visitor: Signed, picked: Asked, name: reports.Name, format: files.Format = "csv"
) -> Response:
    """The same as a file."""
    _, report = await db.read(_read, visitor.actor, picked, name)
    return Response(files.written(report, format), headers={**PAGE_HEADERS, **files.headers(report, format)})


def _read(session: Any, actor: Actor, picked: Picked, name: reports.Name) -> tuple[Bar, dict[str, Any]]:
    bar = picking.bar(session, actor, _sensible(picked, name), f"{PATH}/{name}")
    return bar, reports.report(session, actor, name=name, asked=Wanted(bar.period, picked.owner_id))
