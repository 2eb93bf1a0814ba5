"""What comes back for a question: one sentence, a typed table, and how the question was understood."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from crm_api.questions.plan import Plan

Status = Literal["answered", "clarify", "refused", "not_understood"]


class ColumnOut(BaseModel):
    """A column: `type` is text, number, date or period; `unit` stands after or before its numbers."""

    name: str
    type: str
    unit: str | None = None


class OptionOut(BaseModel):
    """One reading of an unclear question, to be asked instead."""

    label: str
    question: str
    plan: Plan | None = None


class Clarification(BaseModel):
    """One question back, with at most four answers to choose from."""

    question: str
    options: list[OptionOut]


class Answer(BaseModel):
    """What comes back for a question. `value` is set where the answer is one value; `rows` are the table,
    and `ids` the records they stand for, where they stand for records."""

    status: Status
    answer: str
    value: Any = None
    columns: list[ColumnOut] = Field(default_factory=list)
    rows: list[list[Any]] = Field(default_factory=list)
    ids: list[str] = Field(default_factory=list)
    total_rows: int = 0
    truncated: bool = False
    plan: Plan | None = None
    plan_in_words: str = ""
    assumptions: list[str] = Field(default_factory=list)
    clarify: Clarification | None = None
    planner: str = "offline"
    elapsed_ms: float = 0.0
