"""From a plan and its rows to an answer: one sentence, a typed table, and how the question was understood.

Numbers in the sentence are taken from the result and from nowhere else. Record text is shown, never read.
"""

from typing import Any

from sqlalchemy.orm import Session

from crm_api.core.fields import Registry
from crm_api.questions import emptiness, telling
from crm_api.questions.compile import MOST_ROWS, Asker, Column, Compiled, compile_plan, shown
from crm_api.questions.plan import Figure, Plan
from crm_api.questions.result import Answer, Clarification, ColumnOut, OptionOut
from crm_api.questions.telling import number

__all__ = ["Answer", "run"]


def run(session: Session, plan: Plan, *, registry: Registry, asker: Asker, most: int = MOST_ROWS) -> Answer:
    """Run a plan under the asker's visibility, or say why it was not run."""
    match plan.action:
        case "clarify":
            return _asked_back(plan)
        case "refuse":
            return Answer(status="refused", answer=plan.reason)
        case "unknown":
            return Answer(status="not_understood", answer=plan.reason)
        case "compare":
            answer = _compared(session, plan, registry, asker)
        case _:
            answer = _answered(session, plan, registry, asker, most)
    if _is_nothing(answer) and (
        meant := emptiness.in_its_year(session, plan, registry=registry, asker=asker)
    ):
        return run(session, meant, registry=registry, asker=asker, most=most)
    if (
        (plan.filters or plan.sides)
        and _is_nothing(answer)
        and (kinds := emptiness.unrecorded(session, plan, registry=registry, asker=asker))
    ):
        told = telling.in_words(plan, registry)
        return Answer(
            status="refused",
            answer=f"No {kinds} are recorded here yet, so I cannot tell.",
            plan_in_words=told,
        )
    answer.plan, answer.plan_in_words = plan, telling.in_words(plan, registry)
    answer.assumptions = [*plan.assumptions, *answer.assumptions]
    return answer


def _asked_back(plan: Plan) -> Answer:
    options = [OptionOut(label=o.label, question=o.question, plan=o.plan) for o in plan.options if o.plan]
    return Answer(
        status="clarify",
        answer=plan.question,
        clarify=Clarification(question=plan.question, options=options),
    )


def _is_nothing(answer: Answer) -> bool:
    """Whether an answer holds no record and no figure but nought."""
    return not any(cell for row in answer.rows for cell in row[-1:])


def _answered(session: Session, plan: Plan, registry: Registry, asker: Asker, most: int) -> Answer:
    compiled = compile_plan(plan, registry=registry, asker=asker, most=most)
    rows: list[Any] = list(session.execute(compiled.statement))
    columns = [ColumnOut(name=c.name, type=c.type, unit=c.unit) for c in compiled.columns]
    answer = Answer(status="answered", answer="", columns=columns)
    if compiled.has_ids:
        answer.ids = [str(row[0]) for row in rows]
        rows = [row[1:] for row in rows]
    answer.rows = [
        [shown(value, column) for value, column in zip(row, compiled.columns, strict=True)] for row in rows
    ]
    answer.total_rows = _total(session, compiled, plan, len(answer.rows))
    answer.truncated = answer.total_rows > len(answer.rows)
    if not plan.over_groups:
        _leave_out_empty(answer, plan)
    if answer.rows == [[None]] and plan.figures and plan.figures[0].fn == "sum":
        counted = plan.model_copy(update={"figures": (Figure(),)})
        if not session.scalar(compile_plan(counted, registry=registry, asker=asker).statement):
            answer.rows = [[0]]  # of no records; where there are some, none has the field
    if plan.change == "share":
        _as_shares(answer)
    answer.value = _single(answer, plan)
    answer.answer = telling.sentence(answer, plan, registry)
    return answer


def _total(session: Session, compiled: Compiled, plan: Plan, shown_rows: int) -> int:
    if compiled.total is None:
        return shown_rows
    total = int(session.scalar(compiled.total) or 0)
    return min(total, plan.limit) if plan.limit else total


def _leave_out_empty(answer: Answer, plan: Plan) -> None:
    """Rows without a value to group by are told in words, not shown as a group of that name."""
    keys = len(plan.group_by)
    empty = [row for row in answer.rows if keys and any(cell is None for cell in row[:keys])]
    if not empty:
        return
    answer.rows = [row for row in answer.rows if row not in empty]
    answer.total_rows -= len(empty)
    figure = plan.figures[0]
    amount = sum(row[-1] or 0 for row in empty) if figure.fn in ("count", "sum") else None
    names = " or ".join(g.label for g in plan.group_by)
    answer.assumptions.append(
        f"without {names}: {number(amount, None)}"
        if amount is not None
        else f"those without {names} are left out"
    )


def _as_shares(answer: Answer) -> None:
    total = sum(row[-1] or 0 for row in answer.rows)
    for row in answer.rows:
        row[-1] = round(100 * (row[-1] or 0) / total, 6) if total else None


def _single(answer: Answer, plan: Plan) -> Any:
    """The one value that answers, if one does."""
    if (plan.figures and not plan.group_by) or plan.counts_groups or plan.over_groups:
        return answer.rows[0][0] if answer.rows else None
    if plan.action == "lookup" and len(answer.rows) == 1 and len(plan.columns) == 1:
        return answer.rows[0][1]
    return None


def _compared(session: Session, plan: Plan, registry: Registry, asker: Asker) -> Answer:
    rows: list[list[Any]] = []
    column = Column("", "number")
    for side in plan.sides:
        compiled = compile_plan(plan, registry=registry, asker=asker, filters=side.filters)
        column = compiled.columns[-1]
        value = shown(session.execute(compiled.statement).scalar(), column)
        rows.append([side.label, 0 if value is None and plan.figures[0].fn in ("count", "sum") else value])
    columns = [
        ColumnOut(name="compared", type="text"),
        ColumnOut(name=column.name, type="number", unit=column.unit),
    ]
    answer = Answer(status="answered", answer="", columns=columns, rows=rows, total_rows=len(rows))
    told = "; ".join(f"{label} {number(value, column.unit)}" for label, value in rows)
    if plan.change:
        before, after = rows[0][1], rows[1][1]
        if before is None or after is None:
            answer.value = None
        elif plan.change == "percent":
            answer.value = round(100 * (after - before) / before, 6) if before else None
            told = f"{number(answer.value, '%')} ({told})"
        else:
            answer.value = round(abs(after - before), 6)
            told = f"{number(answer.value, column.unit)} ({told})"
    if plan.winner and (first := _winning(rows, plan.winner)) is not None:
        answer.value = first
        told = f"{first} has {'more' if plan.winner == 'max' else 'less'} ({told})"
    answer.answer = f"{column.name.capitalize()}: {told}."
    return answer


def _winning(rows: list[list[Any]], winner: str) -> str | None:
    """The label of the side that has most or least; of none where two are equal or one has no figure."""
    values = [row[1] for row in rows]
    if None in values:
        return None
    best = max(values) if winner == "max" else min(values)
    return str(rows[values.index(best)][0]) if values.count(best) == 1 else None
