"""Figures and breakdowns on their way out: what `schemas.Figure` and `schemas.Breakdown` say of them."""

from collections.abc import Iterable
from typing import Any

from crm_api.core.money import to_major


class Told:
    """What is told, in its order. Amounts come in minor units and go out in major ones."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.figures: list[dict[str, Any]] = []
        self.breakdowns: list[dict[str, Any]] = []

    def figure(
        self, name: str, label: str, unit: str, value: float | None, count: int, address: str | None,
        *, before: float | None = None, target: float | None = None,
    ) -> None:  # fmt: skip
        values = {"value": value, "before": before, "target": target}
        if unit == "money":
            values = {
                key: None if v is None else to_major(round(v), self.currency) for key, v in values.items()
            }
        self.figures.append(
            {"name": name, "label": label, "unit": unit, "count": count, "list": address, **values}
        )

    def breakdown(self, name: str, label: str, unit: str, rows: Iterable[dict[str, Any]]) -> None:
        rows = list(rows)
        if unit == "money":
            for row in rows:
                row["value"] = to_major(row["value"], self.currency)
                if "target" in row:
                    row["target"] = to_major(row["target"], self.currency)
        self.breakdowns.append({"name": name, "label": label, "unit": unit, "rows": rows})


def said(word: str | None) -> str:
    """A word of the system as people say it."""
    return word.replace("_", " ").capitalize() if word else "None"
