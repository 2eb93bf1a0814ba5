"""How an answer is shown: as one figure, as bars beside their labels, as columns over time, or as a table."""

from dataclasses import dataclass
from typing import Any

from crm_api.pages import charts, formats
from crm_api.questions.answer import Answer

MOST_SHOWN = 25
MOST_BARS, MOST_COLUMNS = 12, 48
EVERYBODY = "Top 5 accounts by won revenue", "Leads by source"
EXAMPLES = {
    "administrator": (
        "How many open opportunities do we have?", "Won revenue by month this year", "Opportunities by stage",
        *EVERYBODY,
    ),
    "field": ("Overdue tasks", "Accounts by tier", "Visits by month this year", "Leads by status"),
    "rep": (
        "How many open opportunities do I have?", "Overdue tasks", "Won revenue by month this year", *EVERYBODY,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """What the template draws. `bars` go beside the rows of the table, `columns` above it."""

    answer: Answer
    rows: list[list[Any]]
    figure: bool
    bars: list[charts.Bar]
    columns: charts.Columns | None
    question: str

    @property
    def hidden_rows(self) -> int:
        """How many rows there are beyond those shown."""
        return self.answer.total_rows - len(self.rows)


def view(answer: Answer, *, question: str, most: int = MOST_SHOWN) -> View:
    """The answer to a question, and at most so many of its rows."""
    series = _series(answer)
    adds_up = (
        answer.plan is not None and answer.plan.figures and answer.plan.figures[0].fn in ("count", "sum")
    )
    timed = len(answer.columns) == 2 and answer.columns[0].type in ("period", "date")
    figure = answer.status == "answered" and isinstance(answer.value, int | float) and len(answer.rows) < 2
    return View(
        answer=answer,
        rows=[] if figure else answer.rows[:most],
        figure=figure,
        bars=charts.bars(series) if series and not timed and len(series) <= MOST_BARS else [],
        columns=charts.columns(_named(charts.without_gaps(series) if adds_up else series))
        if series and timed and len(series) <= MOST_COLUMNS
        else None,
        question=question,
    )


def _series(answer: Answer) -> list[tuple[str, float]]:
    """Label and value of each row, where that is what the rows are and a bar can show it."""
    if answer.status != "answered" or len(answer.columns) != 2 or len(answer.rows) < 2 or answer.truncated:
        return []
    if answer.columns[1].type != "number" or any(not isinstance(row[1], int | float) for row in answer.rows):
        return []
    return [] if any(row[1] < 0 for row in answer.rows) else [(str(row[0]), row[1]) for row in answer.rows]


def _named(series: list[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(formats.period(label), value) for label, value in series]


def examples(role: str) -> tuple[str, ...]:
    """Questions worth asking, by role."""
    return EXAMPLES.get(
        {"manager": "administrator", "viewer": "administrator"}.get(role, role), EXAMPLES["rep"]
    )
