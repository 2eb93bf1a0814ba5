"""The reports that are offered, by name."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.analytics import deal_reports, lead_reports, work_reports
from crm_api.analytics.tables import Asked, Table
from crm_api.organisation import service as organisation

Name = Literal[
    "forecast", "bridge", "win_loss", "funnel", "sources", "activity", "workload", "coverage", "segments"
]


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it is offered: what it is called, and what it answers."""

    title: str
    about: str
    make: Callable[[Session, Actor, Asked], Table]


REPORTS: dict[Name, Report] = {
    "forecast": Report("Forecast", "What open deals may bring, month by month", deal_reports.forecast),
    "bridge": Report("Forecast bridge", "How the open pipeline came to be what it is", deal_reports.bridge),
    "win_loss": Report(
        "Win and loss", "Deals closed in the period, lost ones by reason", deal_reports.win_loss
    ),
    "funnel": Report("Funnel", "How far the leads of the period came", lead_reports.funnel),
    "sources": Report("Sources", "Where leads came from, and what became of them", lead_reports.sources),
    "activity": Report("Activity", "What each person did", work_reports.activity),
    "workload": Report("Workload", "What each person has to do", work_reports.workload),
    "coverage": Report(
        "Visit coverage", "Whether accounts are visited as often as planned", work_reports.coverage
    ),
    "segments": Report("Segments", "How many customers each segment has", work_reports.segments),
}
assert set(REPORTS) == set(get_args(Name))


def report(session: Session, actor: Actor, *, name: Name, asked: Asked) -> dict[str, Any]:
    """A report as `schemas.ReportOut` tells it."""
    found, table = REPORTS[name], REPORTS[name].make(session, actor, asked)
    return {
        "name": name,
        "title": found.title,
        "about": found.about,
        "period": {
            "name": asked.period.name, "start_date": asked.period.start, "end_date": asked.period.end,
        },
        "currency": organisation.currency(session),
        "chart": table.chart,
        "note": table.note,
        "columns": [asdict(column) for column in table.columns],
        "rows": table.rows,
    }  # fmt: skip
