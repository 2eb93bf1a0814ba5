"""Charts drawn on the server. Places across are percentages, so that a chart fits any width with its text
at its own size, and without a line of script."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, TOP, FLOOR = 168, 12, 140  # pixels: the drawing, its highest mark, the line that is zero
MOST_LABELS = 6
SMALLEST = 1e-9  # below this a figure is noise, and a scale for it beyond floating point


@dataclass(frozen=True, slots=True)
class Bar:
    """A horizontal bar beside its label; `width` in percent of the longest."""

    label: str
    value: float
    width: float


@dataclass(frozen=True, slots=True)
class Column:
    """A standing bar: `x`, `width` and `middle` in percent, `y` and `height` in pixels. `label` may be left out."""

    x: float
    width: float
    middle: float
    y: float
    height: float
    label: str
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across with its value."""

    y: float
    value: float


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart over time."""

    columns: tuple[Column, ...]
    marks: tuple[Mark, ...]
    height: int = HEIGHT
    floor: int = FLOOR


def bars(rows: Sequence[tuple[str, float]]) -> list[Bar]:
    """Bars in the given order. Values must not be negative."""
    longest = max((value for _, value in rows), default=0) or 1
    return [Bar(label, value, round(100 * value / longest, 2)) for label, value in rows]


def columns(rows: Sequence[tuple[str, float]]) -> Columns:
    """Columns in the given order, under at most six labels, before round marks. Values must not be negative."""
    top = ceiling(max((value for _, value in rows), default=0))
    step, every = 100 / max(len(rows), 1), math.ceil(len(rows) / MOST_LABELS)
    scale = (FLOOR - TOP) / top

    def column(place: int, name: str, value: float) -> Column:
        height = round(value * scale, 1)
        return Column(
            x=round(place * step + step * 0.14, 3), width=round(step * 0.72, 3),
            middle=round((place + 0.5) * step, 3), y=round(FLOOR - height, 1), height=height,
            label=name if place % every == 0 else "", name=name, value=value,
        )  # fmt: skip

    drawn = tuple(column(place, name, value) for place, (name, value) in enumerate(rows))
    return Columns(
        drawn, tuple(Mark(round(FLOOR - top * part * scale, 1), top * part) for part in (0.5, 1.0))
    )


def without_gaps(rows: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The same months or quarters (2026-03, 2026-Q1) with a zero for each that is missing between them.

    For sums and counts, where no row means nothing. Other labels come back as they are.
    """
    if len({_ticks(label)[0] for label, _ in rows}) != 1 or _ticks(rows[0][0])[0] == 0:
        return list(rows)
    known = {_ticks(label)[1]: value for label, value in rows}
    a_year = _ticks(rows[0][0])[0]
    return [(_label(a_year, tick), known.get(tick, 0)) for tick in range(min(known), max(known) + 1)]


def _ticks(label: str) -> tuple[int, int]:
    """How many such periods a year has, and the number of this one; (0, 0) for anything else."""
    found = re.fullmatch(r"(\d{4})-(Q?)(\d{1,2})", label)
    if not found:
        return 0, 0
    a_year = 4 if found[2] else 12
    return a_year, int(found[1]) * a_year + int(found[3]) - 1


def _label(a_year: int, tick: int) -> str:
    year, place = divmod(tick, a_year)
    return f"{year}-Q{place + 1}" if a_year == 4 else f"{year}-{place + 1:02}"


def ceiling(value: float) -> float:
    """The smallest round number (1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten) not below `value`; 1 for nothing."""
    if value < SMALLEST:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 100) if step * power >= value * (1 - 1e-12)
    )
