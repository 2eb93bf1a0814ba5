"""What a report is: a table over a period, whose rows have the list behind them."""

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from crm_api.analytics.periods import Period

Unit = Literal["text", "records", "money", "percent", "days", "minutes"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column; the unit says what its values are. Money is in major units of the organisation's currency."""

    name: str
    label: str
    unit: Unit = "records"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is of: a period, and the records of one owner, or of all that are seen."""

    period: Period
    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A report. A row has a value a column and `list`, the address of the records it counts, or None. `chart` names the
    column that is drawn beside the first one; `note` says what a reader has to know."""

    columns: tuple[Column, ...]
    rows: list[dict[str, Any]] = field(default_factory=list)
    chart: str | None = None
    note: str | None = None
