"""Questions over the Maven data, each compared with what the raw files say."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.questions.answer import Answer
from crm_api.questions.evaluate import EVERYTHING, answer_line
from crm_api.questions.service import ask_offline
from tests.questions import cases, fifth_cases, fourth_cases, fresh, second_cases, third_cases
from tests.questions.oracle import by, count, having, month, quarter, top, total, won
from tests.support import maven

pytestmark = pytest.mark.skipif(
    not maven.MAVEN.is_dir(), reason=f"no Maven data at {maven.MAVEN}; set CRM_TEST_DATA"
)


def matches(answer: Answer, expected: Any) -> bool:
    """Whether an answer says what is expected, in the form the expectation has."""
    if isinstance(expected, tuple):
        return fits(answer, *expected)
    if answer.status != "answered":
        return False
    if isinstance(expected, set):
        return {row[0] for row in answer.rows} == expected and answer.total_rows == len(expected)
    if answer.value is None and len(answer.rows) == 1 and not isinstance(expected, (dict, list)):
        return any(same_value(cell, expected) for cell in answer.rows[0])
    if isinstance(expected, dict):
        return same_table({row_key(row): row[-1] for row in answer.rows if row[-1] is not None}, expected)
    if isinstance(expected, list):
        return [row[0] for row in answer.rows] == [name for name, _ in expected] or (
            sorted(row[0] for row in answer.rows) == sorted(name for name, _ in expected)
        )
    told = answer.value
    if answer.plan and answer.plan.is_list and answer.plan.action == "query" and answer.plan.limit is None:
        told = answer.total_rows
    return same_value(told, expected)


def fits(answer: Answer, how: str, *what: Any) -> bool:
    """An expectation with a choice: one of several readings, or none rather than a wrong one."""
    match how:
        case cases.DECLINE:
            return answer.status != "answered"
        case "declined_or":
            return answer.status != "answered" or matches(answer, what[0])
        case "either":
            return any(matches(answer, each) for each in what)
        case "ties":
            return answer.status == "answered" and len(answer.rows) == len(what[0])
        case "contains":
            return any(what[0] in row for row in answer.rows)
        case "empty":
            return (not answer.value and not answer.rows) or answer.rows in ([[None]], [[0]])
        case _:
            return answer.status == how


def same_value(told: Any, expected: Any) -> bool:
    if isinstance(expected, str) or not isinstance(told, int | float):
        return str(told) == str(expected)
    return abs(float(told) - expected) <= 1e-4 * max(1.0, abs(expected))


def row_key(row: list[Any]) -> Any:
    return row[0] if len(row) == 2 else tuple(row[:-1])


def same_table(told: dict[Any, Any], expected: dict[Any, float]) -> bool:
    return (
        told.keys() == expected.keys()
        and all(told[key] is not None for key in told)
        and all(abs(told[key] - value) <= 1e-4 * max(1.0, abs(value)) for key, value in expected.items())
    )


ASKED = [*cases.ALL, *second_cases.ALL, *third_cases.ALL, *fourth_cases.ALL, *fifth_cases.ALL]


@pytest.mark.parametrize(("question", "expected"), ASKED, ids=[question for question, _ in ASKED])
def test_a_question_is_answered_as_the_raw_data_says(
    sales: Session, question: str, expected: Callable[[], Any]
) -> None:
    answer = ask_offline(sales, actor=SYSTEM, turns=[question], most=EVERYTHING)
    assert matches(answer, expected()), (
        f"{answer.answer} | {answer.plan_in_words} | {answer.rows[:5]} | want {str(expected())[:300]}"
    )


STRANGERS = Path(__file__).with_name("strangers.jsonl")


def questions_in(file: Path) -> list[dict[str, Any]]:
    """The questions of a file that `crm ask-eval` reads, each with its answer."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("file", [maven.QUESTIONS / "nlq-dev.jsonl", STRANGERS], ids=lambda file: file.stem)
def test_all_questions_of_a_file_are_answered_right(sales: Session, file: Path) -> None:
    if not maven.QUESTIONS.is_dir():
        pytest.skip(f"no scorer at {maven.QUESTIONS}; set CRM_TEST_DATA")
    scorer = scorer_of()
    wrong = []
    for question in questions_in(file):
        turns = [*question.get("context", []), question["question"]]
        line = answer_line(question["id"], ask_offline(sales, actor=SYSTEM, turns=turns, most=EVERYTHING))
        if not scorer.score(question, line):
            wrong.append(question["question"])
    assert not wrong


def scorer_of() -> Any:
    """The scorer that lies beside the questions."""
    spec = importlib.util.spec_from_file_location("nlq_score", maven.QUESTIONS / "nlq_score.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_question_made_of_parts_is_answered_as_the_raw_data_says(sales: Session, seed: int) -> None:
    wrong = []
    for question, expected in fresh.questions(seed, 40):
        answer = ask_offline(sales, actor=SYSTEM, turns=[question], most=EVERYTHING)
        if not (
            ranks(answer, expected) if isinstance(expected, list) else matches(answer, expected or ("empty",))
        ):
            wrong.append(f"{question} | {answer.answer} | want {str(expected)[:100]}")
    assert not wrong


def ranks(answer: Answer, expected: list[tuple[str, float]]) -> bool:
    """The figures of a ranking in their order; which of two equals comes first is nobody's."""
    return [round(row[-1], 3) for row in answer.rows] == [round(value, 3) for _, value in expected]


NOVEMBER = "How many deals did we win in November 2017?"
FOLLOW_UPS: list[tuple[list[str], Callable[[], Any]]] = [
    ([NOVEMBER, "what about Dec?"], lambda: count(lambda d: d.won and month(d) == "2017-12")),
    (
        [NOVEMBER, "only the West"],
        lambda: count(lambda d: d.won and month(d) == "2017-11" and d.region == "West"),
    ),
    ([NOVEMBER, "and lost?"], lambda: count(lambda d: d.lost and month(d) == "2017-11")),
    (
        [NOVEMBER, "and for Boris Faz?"],
        lambda: count(lambda d: d.won and month(d) == "2017-11" and d.rep == "Boris Faz"),
    ),
    ([NOVEMBER, "by region"], lambda: by(lambda d: d.region, len, lambda d: d.won and month(d) == "2017-11")),
    (
        [NOVEMBER, "only the West", "and the East?"],
        lambda: count(lambda d: d.won and month(d) == "2017-11" and d.region == "East"),
    ),
    (
        ["won revenue by region", "by manager instead"],
        lambda: by(lambda d: d.manager, total, lambda d: d.won),
    ),
    (
        ["won revenue in Q3 2017", "what about the average deal size?"],
        lambda: mean(d.value or 0 for d in having(lambda d: d.won and quarter(d) == "2017-Q3")),
    ),
    (["won revenue by rep", "just the top 3"], lambda: top(by(lambda d: d.rep, total, lambda d: d.won), 3)),
    (["won revenue for Kan-code", "how about Konex"], lambda: won(lambda d: d.account == "Konex")),
    ([NOVEMBER, "how many accounts do we have?"], lambda: 85),
    ([NOVEMBER, "what about zorbs?"], lambda: ("not_understood",)),
]


@pytest.mark.parametrize(
    ("turns", "expected"), FOLLOW_UPS, ids=[" > ".join(turns) for turns, _ in FOLLOW_UPS]
)
def test_a_follow_up_patches_the_question_before(
    sales: Session, turns: list[str], expected: Callable[[], Any]
) -> None:
    answer = ask_offline(sales, actor=SYSTEM, turns=turns, most=EVERYTHING)
    assert matches(answer, expected()), f"{answer.answer} | {answer.plan_in_words} | {answer.rows[:5]}"


@pytest.mark.parametrize("question", ["won revenue for GTX Plus", "deals in May 2017", "top 5 reps"])
def test_each_option_of_a_question_back_runs_as_it_stands(sales: Session, question: str) -> None:
    answer = ask_offline(sales, actor=SYSTEM, turns=[question])
    assert answer.clarify
    assert len(answer.clarify.options) >= 2
    for option in answer.clarify.options:
        assert ask_offline(sales, actor=SYSTEM, turns=[option.question]).status == "answered", option.question


def test_rows_without_a_group_are_told_and_not_shown(sales: Session) -> None:
    answer = ask_offline(sales, actor=SYSTEM, turns=["open deals by account"])
    assert all(row[0] for row in answer.rows)
    assert any("1,425" in note for note in answer.assumptions)


def test_numbers_in_the_sentence_come_from_the_result(sales: Session) -> None:
    answer = ask_offline(sales, actor=SYSTEM, turns=["how many deals are in prospecting?"])
    assert answer.value == 500
    assert "500" in answer.answer
    assert "Prospecting" in answer.plan_in_words


FOLLOW_UPS: list[tuple[list[str], Callable[[], Any]]] = [
    (
        ["How many deals did Vicki Laflamme win?", "how many did she lose?"],
        lambda: count(lambda d: d.lost and d.rep == "Vicki Laflamme"),
    ),
    (
        ["how many open deals does the Central region have", "what about the West?"],
        lambda: count(lambda d: d.open and d.region == "West"),
    ),
    (
        ["won revenue of Cara Losch's team", "by month please"],
        lambda: by(month, total, lambda d: d.won and d.manager == "Cara Losch"),
    ),
    (["top rep by revenue", "how many deals did she lose"], lambda: (cases.CLARIFY,)),
]


@pytest.mark.parametrize(("turns", "expected"), FOLLOW_UPS, ids=[turns[-1] for turns, _ in FOLLOW_UPS])
def test_a_follow_up_keeps_what_it_does_not_replace(
    sales: Session, turns: list[str], expected: Callable[[], Any]
) -> None:
    answer = ask_offline(sales, actor=SYSTEM, turns=turns, most=EVERYTHING)
    assert matches(answer, expected()), f"{answer.answer} | {answer.plan_in_words} | {answer.rows[:5]}"
