"""The figures as they go out. Rates are percentages from 0 to 100, unrounded, null where nothing was counted."""

from datetime import date

from pydantic import BaseModel

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
