"""What comes back for a question: one sentence, a typed table, and how the question was understood."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.questions.plan import Plan

Status = Literal["answered", "clarify", "refused", "not_understood"]


class ColumnOut(BaseModel):
    """A column: `type` is text, number, date or period; `unit` stands after or before its numbers."""

    name: str
    type: str
    unit: str | None = None


class OptionOut(BaseModel):
    """One reading of an unclear question: asked as `question`, it is answered."""

    label: str
    question: str
    plan: Plan | None = None


class Clarification(BaseModel):
    """One question back, with at most four answers to choose from."""

    question: str
    options: list[OptionOut]


class ChartOut(BaseModel):
    """How the rows are best drawn: `label` and `value` are the indexes of the columns that say what and how much."""

    kind: Literal["bar", "line"]
    label: int
    value: int


class ViewOut(BaseModel):
    """The list behind an answer, as a saved view takes it."""

    kind: str
    where: dict[str, Any]
    sort: list[str]


class ChipOut(BaseModel):
    """A piece of how a question was understood: `at` names it where it is changed or left out, `value` is what to
    change it from, and `suggestions` are what else could stand there."""

    at: str
    what: Literal["word", "name", "period", "amount"]
    words: str
    value: str = ""
    suggestions: tuple[str, ...] = ()
    changeable: bool = True
    removable: bool = True


class Answer(BaseModel):
    """What comes back for a question. `value` is set where the answer is one value; `rows` are the table,
    and `ids` the records they stand for, where they stand for records.

    `plan_id` names this very question: rate it, save it as a view, have it sent, or read it again with more rows.
    `followups` are questions that run: after an answer they lean on it, after a question that was not understood they
    are near it. `scope` says among how many records was looked; `view_url` is the page of the list behind the answer,
    where a list can show just these records.
    """

    status: Status
    answer: str
    value: Any = None
    columns: list[ColumnOut] = Field(default_factory=list)
    rows: list[list[Any]] = Field(default_factory=list)
    ids: list[str] = Field(default_factory=list)
    total_rows: int = 0
    truncated: bool = False
    chart: ChartOut | None = None
    plan: Plan | None = None
    plan_in_words: str = ""
    chips: list[ChipOut] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)
    scope: str = ""
    view: ViewOut | None = None
    view_url: str | None = None
    clarify: Clarification | None = None
    followups: list[str] = Field(default_factory=list)
    unused: list[str] = Field(default_factory=list)
    planner: str = "offline"
    plan_id: UUID | None = None
    conversation_id: UUID | None = None
    elapsed_ms: float = 0.0
