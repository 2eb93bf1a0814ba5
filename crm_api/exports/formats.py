"""Answers as the lines of a file: CSV for spreadsheets, JSON lines for programs."""

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic_core import to_json

from crm_api.core.cells import guarded

Format = Literal["csv", "jsonl"]
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/x-ndjson",
}
FORMATS = tuple(MEDIA_TYPES)
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a CSV file: its header, and where in an answer its value is."""

    header: str
    path: tuple[str, ...]

    def value(self, answer: Answer) -> Any:
        """What the answer holds there; None where nothing does."""
        found: Any = answer
        for name in self.path:
            found = found.get(name) if found is not None else None
        return found


class Writer(ABC):
    """Turns answers into bytes; holds nothing of them."""

    @abstractmethod
    def head(self) -> bytes:
        """What stands before the first line."""

    @abstractmethod
    def lines(self, answers: Sequence[Answer]) -> bytes:
        """One line an answer."""


class JsonLines(Writer):
    """One JSON object a line, as the API answers it."""

    def head(self) -> bytes:
        return b""

    def lines(self, answers: Sequence[Answer]) -> bytes:
        return b"".join(to_json(answer) + b"\n" for answer in answers)


class Csv(Writer):
    """RFC 4180 with a header line, in UTF-8. Texts that a spreadsheet would run are guarded; numbers stay numbers."""

    def __init__(self, columns: Sequence[Column], *, bom: bool) -> None:
        self.columns, self.bom = columns, bom
        self._names = [column.path[0] if len(column.path) == 1 else None for column in columns]

    def head(self) -> bytes:
        start = b"\xef\xbb\xbf" if self.bom else b""
        return start + self._written([[guarded(column.header) for column in self.columns]])

    def lines(self, answers: Sequence[Answer]) -> bytes:
        return self._written([self._row(answer) for answer in answers])

    def _row(self, answer: Answer) -> list[str]:
        cells = []
        for name, column in zip(self._names, self.columns, strict=True):
            value = answer.get(name) if name is not None else column.value(answer)
            cells.append("" if value is None else _WRITTEN.get(type(value), _structure)(value))
        return cells

    def _written(self, rows: Iterable[Sequence[str]]) -> bytes:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        return text.getvalue().encode()


def _instant(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _number(value: float | Decimal) -> str:
    """Never with an exponent: 1e+16 is no amount to a spreadsheet of another language, nor to our importer."""
    text = repr(value) if isinstance(value, float) else str(value)
    return format(Decimal(text), "f") if "e" in text.lower() else text


def _list(value: list[Any]) -> str:
    """Words as people write a list; anything else, and words with a semicolon in them, as JSON."""
    if all(isinstance(one, str) and ";" not in one for one in value):
        return guarded("; ".join(value))
    return _structure(value)


def _structure(value: Any) -> str:
    return guarded(to_json(value).decode())


_WRITTEN: dict[type, Callable[[Any], str]] = {
    str: guarded,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _number,
    Decimal: _number,
    UUID: str,
    datetime: _instant,
    date: date.isoformat,
    list: _list,
}
