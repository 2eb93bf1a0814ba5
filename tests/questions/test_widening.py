""" "Including lost", "the lost ones too", "not counting closed": conditions made wider or narrower in other words."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.questions.evaluate import EVERYTHING
from crm_api.questions.service import ask_offline
from tests.questions.oracle import Deal, count, month
from tests.support import maven

pytestmark = pytest.mark.skipif(
    not maven.MAVEN.is_dir(), reason=f"no Maven data at {maven.MAVEN}; set CRM_TEST_DATA"
)
WON_IN_MAY = "how many deals did we win in May 2017"
WIDENED: list[tuple[list[str], Callable[[Deal], bool]]] = [
    (["open deals including lost ones"], lambda d: d.open or d.lost),
    (["won deals in May 2017 and also lost ones"], lambda d: (d.won or d.lost) and month(d) == "2017-05"),
    (["open deals including closed"], lambda d: True),
    (["how many deals does Boris Faz have, including lost ones"], lambda d: d.rep == "Boris Faz"),
    (["deals of Boris Faz not counting closed"], lambda d: d.rep == "Boris Faz" and d.open),
    (["deals in the East, including the West"], lambda d: d.region in ("East", "West")),
    *[
        ([WON_IN_MAY, turn], lambda d: (d.won or d.lost) and month(d) == "2017-05")
        for turn in ("including lost", "also the lost ones", "and the lost ones too", "won or lost")
    ],
    (["closed deals of Boris Faz", "not counting lost"], lambda d: d.rep == "Boris Faz" and d.won),
]


@pytest.mark.parametrize(("turns", "test"), WIDENED, ids=[" > ".join(turns) for turns, _ in WIDENED])
def test_what_is_counted_besides_widens_and_does_not_narrow(
    sales: Session, turns: list[str], test: Callable[[Deal], bool]
) -> None:
    answer = ask_offline(sales, actor=SYSTEM, turns=turns, most=EVERYTHING)
    told = answer.total_rows if answer.value is None else answer.value
    assert (answer.status, told) == ("answered", count(test)), answer.plan_in_words


@pytest.mark.parametrize(
    "question", ["win rate including open deals", "won deals of Boris Faz and lost deals of Konex"]
)
def test_what_cannot_be_both_is_declined_rather_than_answered_with_nought(
    sales: Session, question: str
) -> None:
    assert ask_offline(sales, actor=SYSTEM, turns=[question]).status == "not_understood"
