"""Questions over the Maven data, each compared with what the raw files say."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.core import dialect
from crm_api.questions.answer import Answer
from crm_api.questions.evaluate import EVERYTHING
from crm_api.questions.service import ask_offline
from tests.questions import cases
from tests.support import maven
from tests.support.models import all_tables

pytestmark = pytest.mark.skipif(
    not maven.MAVEN.is_dir(), reason=f"no Maven data at {maven.MAVEN}; set CRM_TEST_DATA"
)


@pytest.fixture(scope="module")
def sales() -> Iterator[Session]:
    """A read-only session over the whole data set, loaded once."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    sa.event.listen(
        engine, "connect", lambda connection, _: dialect.prepare_sqlite(connection, reading=False)
    )
    all_tables().create_all(engine)
    with Session(engine) as session:
        maven.load(session)
        session.commit()
        yield session
    engine.dispose()


def matches(answer: Answer, expected: Any) -> bool:
    """Whether an answer says what is expected, in the form the expectation has."""
    if isinstance(expected, tuple):
        return answer.status == expected[0]
    if answer.status != "answered":
        return False
    if isinstance(expected, set):
        return {row[0] for row in answer.rows} == expected and answer.total_rows == len(expected)
    if isinstance(expected, dict):
        return same_table({row_key(row): row[-1] for row in answer.rows}, expected)
    if isinstance(expected, list):
        return [row[0] for row in answer.rows] == [name for name, _ in expected] or (
            sorted(row[0] for row in answer.rows) == sorted(name for name, _ in expected)
        )
    told = answer.value if answer.value is not None else answer.rows[0][1] if answer.rows else None
    if isinstance(expected, str):
        return str(told) == expected
    if answer.plan and answer.plan.is_list and answer.plan.action == "query" and answer.plan.limit is None:
        told = answer.total_rows
    return told is not None and abs(float(told) - expected) <= 1e-4 * max(1.0, abs(expected))


def row_key(row: list[Any]) -> Any:
    return row[0] if len(row) == 2 else tuple(row[:-1])


def same_table(told: dict[Any, Any], expected: dict[Any, float]) -> bool:
    return told.keys() == expected.keys() and all(
        abs(told[key] - value) <= 1e-4 * max(1.0, abs(value)) for key, value in expected.items()
    )


@pytest.mark.parametrize(("question", "expected"), cases.ALL, ids=[question for question, _ in cases.ALL])
def test_a_question_is_answered_as_the_raw_data_says(
    sales: Session, question: str, expected: Callable[[], Any]
) -> None:
    answer = ask_offline(sales, actor=SYSTEM, turns=[question], most=EVERYTHING)
    assert matches(answer, expected()), (
        f"{answer.answer} | {answer.plan_in_words} | {answer.rows[:5]} | want {str(expected())[:300]}"
    )


def development_questions() -> list[dict[str, Any]]:
    file = maven.QUESTIONS / "nlq-dev.jsonl"
    return (
        [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []
    )
