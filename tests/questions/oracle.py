"""What the Maven data says, computed from the CSV files alone: no line of the service takes part."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from statistics import mean, median
from typing import Any

from tests.support.maven import MAVEN

Rows = list["Deal"]


@dataclass(frozen=True)
class Deal:
    """One line of the pipeline with everything it leads to."""

    id: str
    rep: str
    manager: str
    region: str
    product: str
    series: str
    price: float
    account: str
    sector: str
    country: str
    stage: str
    engaged: date | None
    closed: date | None
    value: float | None

    @property
    def won(self) -> bool:
        return self.stage == "Won"

    @property
    def lost(self) -> bool:
        return self.stage == "Lost"

    @property
    def open(self) -> bool:
        return self.stage in ("Prospecting", "Engaging")

    @property
    def days(self) -> int:
        assert self.closed
        assert self.engaged
        return (self.closed - self.engaged).days


def rows(name: str) -> list[dict[str, str]]:
    with (MAVEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def accounts() -> dict[str, dict[str, str]]:
    return {row["account"]: row for row in rows("accounts.csv")}


@cache
def people() -> dict[str, dict[str, str]]:
    return {row["sales_agent"]: row for row in rows("sales_teams.csv")}


@cache
def products() -> dict[str, dict[str, str]]:
    return {row["product"]: row for row in rows("products.csv")}


@cache
def deals() -> Rows:
    found = []
    for row in rows("sales_pipeline.csv"):
        product = "GTX Pro" if row["product"] == "GTXPro" else row["product"]
        person, account = people()[row["sales_agent"]], accounts().get(row["account"], {})
        found.append(
            Deal(
                row["opportunity_id"],
                row["sales_agent"],
                person["manager"],
                person["regional_office"],
                product,
                products()[product]["series"],
                float(products()[product]["sales_price"]),
                row["account"],
                account.get("sector", ""),
                account.get("office_location", ""),
                row["deal_stage"],
                _day(row["engage_date"]),
                _day(row["close_date"]),
                float(row["close_value"]) if row["close_value"] else None,
            )
        )
    return found


def having(test: Callable[[Deal], Any]) -> Rows:
    return [deal for deal in deals() if test(deal)]


def count(test: Callable[[Deal], Any]) -> int:
    return len(having(test))


def won(test: Callable[[Deal], Any] = lambda d: True) -> float:
    """Won revenue."""
    return sum(d.value or 0 for d in deals() if d.won and test(d))


def rate(test: Callable[[Deal], Any] = lambda d: True) -> float:
    """Win rate in percent."""
    wins, losses = count(lambda d: d.won and test(d)), count(lambda d: d.lost and test(d))
    return 100 * wins / (wins + losses)


def by(
    key: Callable[[Deal], Any], figure: Callable[[Rows], float], test: Callable[[Deal], Any] = lambda d: True
) -> dict[Any, float]:
    groups: dict[Any, Rows] = defaultdict(list)
    for deal in deals():
        if test(deal):
            groups[key(deal)].append(deal)
    groups.pop("", None)
    return {name: figure(inside) for name, inside in groups.items()}


def total(inside: Iterable[Deal]) -> float:
    return sum(d.value or 0 for d in inside)


def top(table: dict[Any, float], n: int, *, lowest: bool = False) -> list[tuple[Any, float]]:
    return sorted(table.items(), key=lambda item: item[1] if lowest else -item[1])[:n]


def month(deal: Deal) -> str:
    return f"{deal.closed:%Y-%m}" if deal.closed else ""


def quarter(deal: Deal) -> str:
    return f"{deal.closed.year}-Q{(deal.closed.month + 2) // 3}" if deal.closed else ""


def within(day: date | None, first: str, last: str) -> bool:
    return day is not None and date.fromisoformat(first) <= day <= date.fromisoformat(last)


def companies(test: Callable[[dict[str, str]], Any]) -> set[str]:
    return {name for name, row in accounts().items() if test(row)}


__all__ = ["mean", "median"]
