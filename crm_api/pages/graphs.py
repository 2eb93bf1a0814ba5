"""Graphs of dashboards and reports: bars beside their labels, and columns over months with the mark to be reached. Each
leads to the list behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_api.pages.charts import Mark, ceiling
from crm_api.pages.picking import page_of

MOST_LABELS = 12
HEIGHT, TOP, FLOOR = 236, 12, 208  # pixels: the drawing, its highest mark, the line that is zero
WIDEST = 8.0  # percent: a month alone is a column, not a wall


@dataclass(frozen=True, slots=True)
class Line:
    """A bar: `width` in percent of the longest one; what is below nothing is as long, and `is_minus`."""

    label: str
    value: float
    count: int | None
    width: float
    path: str | None

    @property
    def is_minus(self) -> bool:
        """Drawn in another colour: it takes away."""
        return self.value < 0


@dataclass(frozen=True, slots=True)
class Month:
    """A column and the height of its target: percent across, pixels down."""

    label: str
    short: str
    value: float
    target: float | None
    x: float
    width: float
    middle: float
    y: float
    height: float
    aim: float | None
    path: str | None


@dataclass(frozen=True, slots=True)
class Months:
    """Columns under each other's labels, before two round marks."""

    columns: list[Month]
    marks: list[Mark]
    height: int = HEIGHT
    floor: int = FLOOR

    @property
    def has_targets(self) -> bool:
        """Whether there is anything to be reached."""
        return any(column.aim is not None for column in self.columns)


def lines(rows: Sequence[Mapping[str, Any]], label: str = "label", value: str = "value") -> list[Line]:
    """A bar a row."""
    longest = max((abs(row[value] or 0) for row in rows), default=0) or 1
    return [
        Line(row[label], row[value] or 0, row.get("count"),
             round(100 * abs(row[value] or 0) / longest, 2), page_of(row["list"]))
        for row in rows
    ]  # fmt: skip


def months(rows: Sequence[Mapping[str, Any]], label: str = "label", value: str = "value") -> Months:
    """A column a row."""
    top = ceiling(max((max(row[value] or 0, row.get("target") or 0) for row in rows), default=0))
    step, scale = 100 / max(len(rows), 1), (FLOOR - TOP) / top
    wide = min(step * 0.64, WIDEST)
    drawn = []
    for place, row in enumerate(rows):
        worth, target = max(row[value] or 0, 0), row.get("target")
        high = round(worth * scale, 1)
        drawn.append(
            Month(
                row[label], row[label].split()[0] if len(rows) <= MOST_LABELS else "", worth, target,
                x=round((place + 0.5) * step - wide / 2, 3), width=round(wide, 3),
                middle=round((place + 0.5) * step, 3), y=round(FLOOR - high, 1), height=high,
                aim=None if target is None else round(FLOOR - target * scale, 1), path=page_of(row["list"]),
            )
        )  # fmt: skip
    return Months(drawn, [Mark(round(FLOOR - top * part * scale, 1), top * part) for part in (0.5, 1.0)])
