"""Answers as the lines of a file: CSV for spreadsheets, JSON lines for programs."""

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from types import NoneType
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

    @property
    def value(self) -> Callable[[Answer], Any]:
        """What takes the value out of an answer: None where nothing is there."""
        if len(self.path) == 1:
            return itemgetter(*self.path)

        def inner(answer: Answer) -> Any:
            found: Any = answer
            for name in self.path:
                found = found.get(name) if found is not None else None
            return found

        return inner


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
        self._values = [column.value for column in columns]

    def head(self) -> bytes:
        start = b"\xef\xbb\xbf" if self.bom else b""
        return start + self._written([[guarded(column.header) for column in self.columns]])

    def lines(self, answers: Sequence[Answer]) -> bytes:
        columns = [_cells(list(map(value, answers))) for value in self._values]
        return self._written(zip(*columns, strict=True))

    def _written(self, rows: Iterable[Sequence[str | None]]) -> bytes:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        return text.getvalue().encode()


def _cells(values: list[Any]) -> Iterable[str | None]:
    """The cells of a column. Most columns hold one type alone, or nothing: then one look-up does for all."""
    types = set(map(type, values)) - {NoneType}
    if not types:
        return values
    written = {kind: _writer_of(kind) for kind in types}
    if len(types) == 1:
        (write,) = written.values()
        return [None if value is None else write(value) for value in values]
    return [None if value is None else written[type(value)](value) for value in values]


def _writer_of(kind: type) -> Callable[[Any], str]:
    """By the nearest known ancestor: a driver may have a UUID class of its own."""
    return next((_WRITTEN[each] for each in kind.__mro__ if each in _WRITTEN), _structure)


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
