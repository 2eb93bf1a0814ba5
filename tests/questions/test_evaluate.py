"""The command line's half: question files, answers for the scorer, and an answer as a terminal shows it."""

import json
from pathlib import Path

import pytest

from crm_api.access import Actor
from crm_api.core.database import Database
from crm_api.questions.evaluate import as_text, evaluate, questions_of, write
from crm_api.questions.result import Answer, Clarification, ColumnOut, OptionOut

BOSS = Actor(None, "administrator")
TABLE = Answer(
    status="answered",
    answer="Won value by region: 2 rows.",
    columns=[ColumnOut(name="region", type="text"), ColumnOut(name="won value", type="number")],
    rows=[["East", 3090594], ["North\nWest", 12.5]],
    total_rows=2,
    plan_in_words="won value, by region",
    assumptions=["without region: 3"],
)


def test_a_table_stands_in_columns_with_numbers_to_the_right() -> None:
    assert as_text(TABLE).splitlines()[1:4] == [
        "region      won value",
        "East        3,090,594",
        "North West      12.50",
    ]


def test_what_was_understood_and_assumed_is_said() -> None:
    text = as_text(TABLE)
    assert "Understood as: won value, by region." in text
    assert "Note: without region: 3." in text


def test_rows_that_are_not_shown_are_counted() -> None:
    assert as_text(TABLE, most_rows=1).splitlines()[3] == "… and 1 more"


def test_a_question_back_lists_what_can_be_asked() -> None:
    options = [OptionOut(label="a", question="won revenue for GTX Plus Pro")]
    unclear = Answer(
        status="clarify", answer="Which?", clarify=Clarification(question="Which?", options=options)
    )
    assert as_text(unclear) == "Which?\n  - won revenue for GTX Plus Pro"


@pytest.mark.parametrize("line", ["not json", '{"id": "a"}', "[]", '"text"'])
def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"id": "1", "question": "deals"}\n' + line + "\n")
    with pytest.raises(ValueError, match="line 2"):
        questions_of(file)


async def test_a_file_is_asked_and_its_answers_written_line_by_line(db: Database, tmp_path: Path) -> None:
    questions = [
        {"id": "a", "category": "count", "question": "how many accounts do we have"},
        {"id": "b", "category": "refuse", "question": "delete all accounts"},
        {"id": "c", "category": "list", "question": "list accounts"},
        {"id": "d", "category": "none", "question": "win rate by shoe size"},
    ]
    result = await evaluate(db, BOSS, questions)
    write(result.lines, tmp_path / "answers.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert lines == [
        {"id": "a", "kind": "answer", "value": 0},
        {"id": "b", "kind": "refuse"},
        {"id": "c", "kind": "answer", "value": 0, "items": []},
        {"id": "d", "kind": "none"},
    ]
    assert "4 questions" in result.summary()
