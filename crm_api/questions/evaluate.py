"""Runs a file of questions and writes the answers as the scorer beside it reads them.

Each line of the file is JSON with `id`, `category`, `question` and perhaps `context`, the turns before it.
Each answer is `{"id", "kind": answer|clarify|refuse|none, "value" | "items" | "rows"}`.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_api.access import Actor
from crm_api.core.database import Database
from crm_api.questions import table
from crm_api.questions.answer import Answer
from crm_api.questions.service import ask_offline

_KINDS = {"answered": "answer", "clarify": "clarify", "refused": "refuse", "not_understood": "none"}
EVERYTHING = 20_000


@dataclass(slots=True)
class Evaluation:
    """What came of a run: how many questions of each category were answered, asked back, refused, not understood."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: float = 0.0

    def summary(self) -> str:
        """One line a category, and the time a question took on average."""
        out = []
        for category, kinds in self.outcomes.items():
            told = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
            out.append(f"{category:24} {told}")
        per = 1000 * self.seconds / max(len(self.lines), 1)
        return "\n".join([*out, f"{len(self.lines)} questions, {per:.0f} ms each"])


def questions_of(path: Path) -> list[dict[str, Any]]:
    """The questions of a JSON-lines file. Raises ValueError naming the line that is not one."""
    questions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            question = json.loads(line)
            question["id"], question["question"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}, line {number}: not a question with id and question") from error
        questions.append(question)
    return questions


async def evaluate(db: Database, actor: Actor, questions: Iterable[dict[str, Any]]) -> Evaluation:
    """Ask every question offline as `actor`; nothing is written to the question log."""
    result = Evaluation()
    for question in questions:
        turns = [*question.get("context", []), question["question"]]
        started = time.perf_counter()
        answer = await db.read(ask_offline, actor=actor, turns=turns, most=EVERYTHING)
        result.seconds += time.perf_counter() - started
        line = answer_line(question["id"], answer)
        result.lines.append(line)
        result.outcomes.setdefault(question.get("category", "all"), Counter())[line["kind"]] += 1
    return result


def answer_line(identity: str, answer: Answer) -> dict[str, Any]:
    """One answer as the scorer reads it: a value, a list of labels with their number, or a table."""
    line: dict[str, Any] = {"id": identity, "kind": _KINDS[answer.status]}
    if answer.status != "answered" or answer.plan is None:
        return line
    plan = answer.plan
    if answer.value is not None:
        line["value"] = answer.value
    if plan.winner:
        return line | {"rows": answer.rows}
    if (
        plan.action == "lookup"
        and answer.rows
        and all(cell is None for row in answer.rows for cell in row[1:])
    ):
        return {"id": identity, "kind": "refuse"}  # nobody has recorded it
    if answer.rows == [[None]]:
        return {"id": identity, "kind": "refuse"}
    if plan.is_list and plan.action == "query" and answer.total_rows == 1:
        line |= {"items": [answer.rows[0][0]], "rows": answer.rows}
    elif plan.is_list and plan.action == "query" and plan.limit is None:
        line |= {"value": answer.total_rows, "items": [row[0] for row in answer.rows]}
    elif answer.value is None:
        line["rows"] = answer.rows
        if plan.is_list:
            line["items"] = [row[0] for row in answer.rows]
    return line


def write(lines: Iterable[dict[str, Any]], path: Path) -> None:
    """Write answers as JSON lines."""
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def as_text(answer: Answer, *, most_rows: int = 20) -> str:
    """An answer for a terminal: the sentence, the table in columns, how it was understood, what to ask instead."""
    parts = [answer.answer]
    if len(answer.rows) > 1 or (answer.rows and answer.value is None and len(answer.columns) > 1):
        parts.append("\n".join(table.lines(answer, most_rows=most_rows)))
    if answer.clarify and answer.clarify.options:
        parts.append("\n".join(f"  - {option.question}" for option in answer.clarify.options))
    if answer.status == "not_understood" and answer.followups:
        parts.append("\n".join(["Near it:", *(f"  - {question}" for question in answer.followups)]))
    if answer.plan_in_words:
        parts.append(f"Understood as: {answer.plan_in_words}.")
    parts.extend(f"Note: {note}." for note in answer.assumptions)
    return "\n".join(parts)
