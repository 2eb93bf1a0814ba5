"""The figures as they go out. Rates are percentages from 0 to 100, unrounded, null where nothing was counted."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Shown
from crm_api.core.vocabulary import Vocabulary


class StageFigures(BaseModel):
    """One kind of stage: how many deals, and their value in major units of `currency`."""

    stage: str
    count: int
    value: float
    weighted_value: float


class PipelineStats(BaseModel):
    """The pipeline of those deals the asker may see.

    `total_value` and `weighted_value` (value x probability / 100) are of open deals only; `win_rate` is
    won / (won + lost).
    """

    total_opportunities: int
    open_opportunities: int
    won_opportunities: int
    lost_opportunities: int
    total_value: float
    weighted_value: float
    won_value: float
    win_rate: float | None
    currency: str
    without_value: int
    by_stage: list[StageFigures]


class Issue(BaseModel):
    """Open deals that are neglected in one way: `filter` is what the list of opportunities takes to show them."""

    issue: str
    count: int
    value: float
    filter: str


class Hygiene(BaseModel):
    """What is neglected among the open deals the asker may see; a deal may have several issues, `healthy` ones none."""

    open_opportunities: int
    healthy: int
    currency: str
    issues: list[Issue]


class OwnerStats(PipelineStats):
    owner_id: UUID | None
    owner_name: str | None


class MonthStats(PipelineStats):
    month: str | None = Field(description="As 2026-11; null for deals without a date.")


class PipelineReport(PipelineStats):
    """The statistics with the same by owner and by month of closing, expected or actual.

    `average_deal_size` is the value of won deals / how many of them have a value.
    """

    average_deal_size: float | None
    by_owner: list[OwnerStats]
    by_month: list[MonthStats]
    hygiene: Hygiene


class Expected(BaseModel):
    """What deals closing in a period come to, in major units of the organisation's currency.

    `count`, `total_value` and `weighted_value` are of open deals that are not omitted; `pipeline`, `best_case`,
    `commit` and `omitted` are the values of open deals of these categories. `target` is what was to be won: the monthly
    targets of the owner or team asked for, else of all people, null where none is set.
    """

    count: int
    total_value: float
    weighted_value: float
    pipeline: float
    best_case: float
    commit: float
    omitted: float
    won_count: int
    won_value: float
    target: float | None


class Bucket(Expected):
    """One month, owner or stage; `key` is the month as 2026-11, or an id."""

    key: UUID | str | None
    label: str


class Forecast(Expected):
    """The forecast of the deals the asker may see."""

    group_by: Literal["month", "owner", "stage"]
    period_start: date
    period_end: date
    currency: str
    buckets: list[Bucket]


class BridgePart(BaseModel):
    part: str
    count: int
    value: float


class Movement(BaseModel):
    opportunity_id: UUID
    name: str
    part: str
    value: float


class Bridge(BaseModel):
    """How the open deals of a period went from `opening`, at the first moment of `since`, to `closing`, now.

    The signed values of the parts add up to closing - opening: `new`, `reopened` (or restored) and `pulled_in` came
    in, `resized` changed, `pushed_out`, `won`, `lost` and `deleted` left. `largest` are the fifty largest movements.
    """

    since: date
    period_start: date | None
    period_end: date | None
    currency: str
    opening: float
    parts: list[BridgePart]
    closing: float
    largest: list[Movement]


class DashboardPeriod(BaseModel):
    """Days, both included, in the asker's time zone."""

    name: str
    start_date: date
    end_date: date


Unit = Literal["money", "percent", "days", "records"]


class Figure(BaseModel):
    """One number. Money is in major units of the dashboard's currency; `value` is null where nothing was counted.

    `count` is how many records it is of, and `list` the address of the list of just these. `before` is the same figure
    in the period before, `target` what was aimed at.
    """

    name: str
    label: str
    unit: Unit
    value: float | None
    before: float | None
    target: float | None
    count: int
    list: str | None


class FigurePart(BaseModel):
    """One part of a breakdown, with the list of its records."""

    key: UUID | str | None
    label: str
    value: float
    count: int
    target: float | None = None
    list: str


class Breakdown(BaseModel):
    """A figure by something: stage, source, status, type, person, month."""

    name: str
    label: str
    unit: Unit
    rows: list[FigurePart]


class Dashboard(BaseModel):
    """The figures a day is steered by, of the records the asker sees."""

    period: DashboardPeriod
    before: DashboardPeriod
    currency: str
    figures: list[Figure]
    breakdowns: list[Breakdown]


class ReportColumn(BaseModel):
    """A column: money is in major units of the report's currency, minutes and days are what they say."""

    name: str
    label: str
    unit: Literal["text", "records", "money", "percent", "days", "minutes"]


class ReportOut(BaseModel):
    """A table. Each row has a value a column, and `list`: the address of the records behind it, or null. `chart` is the
    column worth drawing."""

    name: str
    title: str
    about: str
    period: DashboardPeriod
    currency: str
    chart: str | None
    note: str | None
    columns: list[ReportColumn]
    rows: list[dict[str, str | int | float | None]]


class ReportOffered(BaseModel):
    name: str
    title: str
    about: str


class Reports(BaseModel):
    items: list[ReportOffered]


class LeadSummary(Shown):
    """The leads the asker may see. `conversion_rate` is converted / all, `opportunity_rate` those with a deal / all,
    `avg_days_to_convert` in days."""

    vocabulary = Vocabulary(
        names={
            "leads_by_status": "by_status",
            "leads_by_source": "by_source",
            "leads_by_priority": "by_priority",
            "avg_time_to_convert": "avg_days_to_convert",
        }
    )

    start_date: date | None
    end_date: date | None
    total_leads: int
    by_status: dict[str, int]
    by_source: dict[str, int]
    by_priority: dict[str, int]
    conversion_rate: float | None
    opportunity_rate: float | None
    avg_days_to_convert: float | None
    average_lead_score: float | None
    hot_leads_count: int
