"""No word of a question is passed over in silence: one more, or one less, is another plan or none."""

import random
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.core.fields import CATALOGUES
from crm_api.questions.linking import Names
from crm_api.questions.parser import parse
from crm_api.questions.plan import Plan
from crm_api.questions.service import names_for

RUNS = ("query", "lookup", "compare")
WHAT = (
    "how many deals",
    "won revenue",
    "win rate",
    "average won deal size",
    "list deals",
    "median value of deals",
    "percent of deals",
)
WHOSE = (
    "",
    "of Boris Faz",
    "of Cara Losch's team",
    "in the West",
    "for GTX Basic",
    "from retail accounts",
    "at accounts with more than 5000 employees",
    "excluding GTX Pro",
    "from subsidiaries of Sonron",
)
STATE = ("", "lost", "won", "open", "prospecting")
WHEN = ("", "in May 2017", "in Q3 2017", "since October 2017", "before 1 April 2017")
GROUPED = ("", "by region", "per product", "by month", "for each manager")
STRANGE = (
    "zorblaxed",
    "without",
    "median",
    "not",
    "over 7000",
    "under 3 employees",
    "Kan-code",
    "Zane Levy",
    "MG Special",
    "telecommunications",
    "in June 2016",
    "last quarter",
    "by sector",
    "top 3",
    "my",
    "Japan",
    "overdue",
    "most recent",
    "per quarter",
    "longer than",
    "urgent",
    "phone number",
    "interactions",
    "versus",
    "unassigned",
    "loss reason",
)


# A bare "deals" is their list, and "deals by region" their number.
ASKS_ONLY = ("list ", "how many ", "deals")


def sentences(seed: int, n: int) -> Iterator[list[str]]:
    """Questions as their parts, each of which says something of its own."""
    dice = random.Random(seed)
    for _ in range(n):
        what = dice.choice(WHAT)
        state = dice.choice(STATE) if what.endswith("deals") else ""
        head = what.removesuffix("deals")
        parts = [head, state, "deals"] if what.endswith("deals") else [what]
        yield [part for part in (*parts, dice.choice(WHOSE), dice.choice(WHEN), dice.choice(GROUPED)) if part]


def planned(parts: list[str], names: Names) -> Plan:
    return parse(" ".join(" ".join(parts).split()), registry=CATALOGUES, names=names)


def said(plan: Plan) -> dict[str, object]:
    """What was understood, with the assumptions: they are told."""
    return plan.model_dump(exclude={"question"})


@pytest.fixture(scope="module")
def names(sales: Session) -> Names:
    return names_for(sales, actor=SYSTEM, turns=["how many deals"])


@pytest.mark.parametrize("seed", range(3))
def test_a_part_less_is_another_plan(names: Names, seed: int) -> None:
    passed_over = []
    for parts in sentences(seed, 60):
        plan = planned(parts, names)
        if plan.action not in RUNS:
            continue
        for at, part in enumerate(parts):
            less = planned([*parts[:at], *parts[at + 1 :]], names)
            if part not in ASKS_ONLY and less.action in RUNS and said(less) == said(plan):
                passed_over.append((" ".join(parts), part))
    assert not passed_over


@pytest.mark.parametrize("seed", range(3))
def test_a_strange_word_more_is_another_plan_or_told(names: Names, seed: int) -> None:
    dice = random.Random(seed)
    passed_over = []
    for parts in sentences(seed + 10, 60):
        plan = planned(parts, names)
        if plan.action not in RUNS:
            continue
        for word in dice.sample([w for w in STRANGE if w not in " ".join(parts)], 6):
            at = dice.randrange(1, len(parts) + 1)
            more = planned([*parts[:at], word, *parts[at:]], names)
            if more.action in RUNS and said(more) == said(plan):
                passed_over.append((word, " ".join([*parts[:at], word, *parts[at:]])))
    assert not passed_over
