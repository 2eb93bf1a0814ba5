"""Makes fresh questions out of parts, each with what the raw data says to it: no wording is known beforehand.

A question is a figure, the records it is of, what they are grouped or ranked by, and conditions, each said in one of
several ways. The expectation is computed from the same parts over the CSV rows alone.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from tests.questions.oracle import Deal, Rows, accounts, deals, month, people, products, quarter

MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True)
class Condition:
    """One condition: words that stand before the noun or behind it, and what it means."""

    before: str
    behind: str
    test: Callable[[Deal], bool]


@dataclass(frozen=True)
class Figure:
    """One figure over deals. `noun` says whether "won deals" stands in it, and `base` which deals it is of."""

    said: tuple[str, ...]
    of: Callable[[Rows], float | None]
    base: Callable[[Deal], bool]


def _mean(values: list[float]) -> float | None:
    return mean(values) if values else None


def _rate(rows: Rows) -> float | None:
    closed = [d for d in rows if d.won or d.lost]
    return 100 * sum(d.won for d in closed) / len(closed) if closed else None


FIGURES = (
    Figure(
        (
            "how many deals did we win",
            "number of won deals",
            "count of won opportunities",
            "how many won deals",
        ),
        len,
        lambda d: d.won,
    ),
    Figure(
        ("how many deals did we lose", "number of lost deals", "how many opportunities were lost"),
        len,
        lambda d: d.lost,
    ),
    Figure(
        (
            "won revenue",
            "total won value",
            "total revenue won",
            "how much revenue did we win",
            "sum of won deal value",
        ),
        lambda r: sum(d.value or 0 for d in r),
        lambda d: d.won,
    ),
    Figure(("win rate", "what is the win rate", "our win percentage"), _rate, lambda d: d.won or d.lost),
    Figure(
        ("average deal size", "mean won deal value", "average value of won deals", "avg won deal size"),
        lambda r: _mean([d.value or 0 for d in r]),
        lambda d: d.won,
    ),
    Figure(
        ("median won deal value", "median deal size"),
        lambda r: median([d.value or 0 for d in r]) if r else None,
        lambda d: d.won,
    ),
    Figure(
        ("average sales cycle of won deals", "average days to close for won deals"),
        lambda r: _mean([d.days for d in r]),
        lambda d: d.won,
    ),
)
GROUPS: dict[str, Callable[[Deal], str]] = {
    "region": lambda d: d.region,
    "manager": lambda d: d.manager,
    "rep": lambda d: d.rep,
    "sales agent": lambda d: d.rep,
    "product": lambda d: d.product,
    "sector": lambda d: d.sector,
    "account": lambda d: d.account,
    "country": lambda d: d.country,
    "product series": lambda d: d.series,
    "quarter": quarter,
    "month": month,
}


def conditions(dice: random.Random) -> list[Condition]:
    """Up to three conditions about different things, periods last."""
    person = dice.choice([d.rep for d in deals()[::97]])
    manager = dice.choice(sorted({r["manager"] for r in people().values()}))
    region = dice.choice(["East", "West", "Central"])
    product = dice.choice(sorted(products()))
    sector = dice.choice(sorted({a["sector"] for a in accounts().values()}))
    account = dice.choice(sorted(accounts()))
    number = dice.choice([500, 1000, 2000, 4000, 5000])
    said_sector = "technology" if sector == "technolgy" else sector
    options = {
        "who": dice.choice(
            [
                Condition("", f" by {person}", lambda d: d.rep == person),
                Condition("", f" by {manager}'s team", lambda d: d.manager == manager),
                Condition("", f" in the {region} region", lambda d: d.region == region),
                Condition("", f" in {region}", lambda d: d.region == region),
                Condition("", f" outside the {region} region", lambda d: d.region != region),
                Condition("", f" excluding {person}", lambda d: d.rep != person),
            ]
        ),
        "what": dice.choice(
            [
                Condition("", f" for {product}", lambda d: d.product == product),
                Condition("", f" for {product} deals", lambda d: d.product == product),
                Condition("", f" for products other than {product}", lambda d: d.product != product),
                Condition(
                    "",
                    f" for the {products()[product]['series']} series",
                    lambda d: d.series == products()[product]["series"],
                ),
            ]
        ),
        "whom": dice.choice(
            [
                Condition("", f" from {said_sector} accounts", lambda d: d.sector == sector),
                Condition("", f" with companies in the {said_sector} sector", lambda d: d.sector == sector),
                Condition("", f" from {account}", lambda d: d.account == account),
                Condition(
                    "",
                    " from accounts outside the United States",
                    lambda d: bool(d.country) and d.country != "United States",
                ),
                Condition(
                    "",
                    f" from accounts with more than {number} employees",
                    lambda d: bool(d.account) and int(accounts()[d.account]["employees"]) > number,
                ),
            ]
        ),
        "when": _when(dice),
    }
    chosen = dice.sample(sorted(options), dice.choice([1, 1, 2, 2, 3]))
    return [options[name] for name in ("what", "who", "whom", "when") if name in chosen]


def _when(dice: random.Random) -> Condition:
    at = dice.randrange(3, 13)
    n = dice.choice([1, 2, 3, 4])
    name = MONTHS[at - 1]
    return dice.choice(
        [
            Condition("", f" in {name} 2017", lambda d: month(d) == f"2017-{at:02d}"),
            Condition("", f" in {name[:3]} 2017", lambda d: month(d) == f"2017-{at:02d}"),
            Condition("", f" in Q{n} 2017", lambda d: quarter(d) == f"2017-Q{n}"),
            Condition(
                "",
                f" during the {('first', 'second', 'third', 'fourth')[n - 1]} quarter of 2017",
                lambda d: quarter(d) == f"2017-Q{n}",
            ),
            Condition("", f" since {name} 2017", lambda d: month(d) >= f"2017-{at:02d}"),
            Condition("", f" before {name} 2017", lambda d: bool(d.closed) and month(d) < f"2017-{at:02d}"),
            Condition("", f" after {name} 2017", lambda d: month(d) > f"2017-{at:02d}"),
        ]
    )


def questions(seed: int, n: int) -> Iterator[tuple[str, Any]]:
    """`n` questions with their expectations: a number, a table as a dict, or a ranked list of pairs."""
    dice = random.Random(seed)
    for _ in range(n):
        figure, asked = dice.choice(FIGURES), conditions(dice)
        rows = [d for d in deals() if figure.base(d) and all(c.test(d) for c in asked)]
        behind, said = "".join(c.behind for c in asked), dice.choice(figure.said)
        shape = dice.choice(["number", "number", "table", "table", "top", "most"])
        if shape == "number":
            yield f"{said}{behind}", figure.of(rows)
            continue
        group = dice.choice([g for g in GROUPS if dice.random() < 0.9] or ["region"])
        table: dict[str, Rows] = {}
        for deal in rows:
            table.setdefault(GROUPS[group](deal), []).append(deal)
        table.pop("", None)
        told = {name: value for name, inside in table.items() if (value := figure.of(inside)) is not None}
        said = said.removeprefix("what is the ").replace("how many deals did we win", "won deals")
        said = said.replace("how many deals did we lose", "lost deals").replace(
            "how much revenue did we win", "won revenue"
        )
        if shape == "table":
            by = dice.choice(
                [f" by {group}", f" per {group}", f" for each {group}", f" broken down by {group}"]
            )
            if "average" in said or "avg" in said or "mean" in said or "median" in said:
                by = f" by {group}"
            yield dice.choice([f"{said}{by}{behind}", f"{said}{behind}{by}"]), told
            continue
        counted = figure.of is len
        if shape == "most":
            if not counted:
                word = dice.choice(["highest", "lowest"])
                plain = said.removeprefix("our ").removeprefix("total ")
                text = f"which {group} has the {word} {plain}{behind}"
                yield text, _ranked(told, 1, word == "lowest")
            else:
                verb = "won" if figure.base(next(d for d in deals() if d.won)) else "lost"
                text = f"which {group} has the most {verb} deals{behind}"
                yield text, _ranked(told, 1, False)
            continue
        size = dice.choice([3, 5])
        plural = group[:-1] + "ies" if group.endswith("y") else group if group.endswith("s") else group + "s"
        by = said.replace("how many opportunities were lost", "number of lost deals").replace(
            "how many won deals", "number of won deals"
        )
        by = "number of " + by if by in ("won deals", "lost deals") else by.removeprefix("our ")
        yield f"top {size} {plural} by {by}{behind}", _ranked(told, size, False)


def _ranked(told: dict[str, float], size: int, lowest: bool) -> list[tuple[str, float]]:
    ordered = sorted(told.items(), key=lambda item: item[1] if lowest else -item[1])
    return ordered[:size]
