"""Reading CSV as a stream: one row in memory at a time, every fault with its place.

Rows are numbered the way a spreadsheet numbers them: the header is row 1. A row that cannot be read is
given with its fault and reading goes on, so that one pass finds every fault of a file.
"""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crm_api.core.cells import unguarded
from crm_api.core.errors import FieldError, Invalid

FIELD_LIMIT = 100_000  # characters in one cell; an unclosed quote stops here instead of eating the file
_LINE_LIMIT = 4_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one row: the column ("" for the row as a whole), its text, and why."""

    column: str
    value: str
    message: str


@dataclass(slots=True)
class Row:
    """One row as text, or what is wrong with it."""

    number: int
    values: dict[str, str]
    faults: list[Fault] = field(default_factory=list)


class CsvFile:
    """A CSV file to be read once from start to end, as often as wanted.

    `position` counts the bytes read so far of `size`: what a progress bar shows.
    """

    def __init__(self, path: Path, *, delimiter: str = ",", encoding: str = "utf-8", name: str = "") -> None:
        self.path, self.delimiter, self.encoding = path, delimiter, encoding
        self.name = name or path.name
        self.size = path.stat().st_size
        self.position = 0

    def rows(self, columns: list[str]) -> Iterator[Row]:
        """Every row that is not blank. `columns` must be in the header; raises Invalid where one is not."""
        self.position = 0
        broken: set[int] = set()
        # The limit is csv's own global; it only ever rises to ours.
        csv.field_size_limit(FIELD_LIMIT)
        with self.path.open("rb") as file:
            reader = csv.reader(self._lines(file, broken), delimiter=self.delimiter, strict=True)
            header = self._header(reader, columns, broken)
            number, last_line = 1, reader.line_num
            while True:
                number += 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Row(number, {}, [Fault("", "", _readable(error))])
                    last_line = reader.line_num
                    continue
                damaged = bool(broken) and any(
                    line in broken for line in range(last_line + 1, reader.line_num + 1)
                )
                last_line = reader.line_num
                if not any(cells):
                    continue
                yield self._row(number, header, cells, damaged)

    def _header(self, reader: Iterator[list[str]], columns: list[str], broken: set[int]) -> list[str]:
        try:
            header = [name.strip() for name in next(reader)]
        except StopIteration:
            raise Invalid(f"{self.name}: the file is empty.") from None
        except csv.Error as error:
            raise Invalid(f"{self.name}, row 1: {_readable(error)}") from error
        if broken:
            raise Invalid(f"{self.name}, row 1: the header is not {self.encoding}.")
        missing = [column for column in columns if column not in header]
        twice = sorted({column for column in columns if header.count(column) > 1})
        if missing or twice:
            wrong = [FieldError(name, "the file has no such column") for name in missing]
            wrong += [FieldError(name, "the file has this column twice") for name in twice]
            told = "; ".join(f"column '{fault.field}': {fault.message}" for fault in wrong)
            raise Invalid(f"{self.name}, row 1: {told}. It has: {', '.join(header)[:500]}.", errors=wrong)
        return header

    def _row(self, number: int, header: list[str], cells: list[str], damaged: bool) -> Row:
        if len(cells) != len(header):
            told = f"{len(cells)} cells where the header has {len(header)}"
            return Row(number, {}, [Fault("", "", told)])
        values = {name: unguarded(cell) for name, cell in zip(header, cells, strict=True)}
        faults = []
        if damaged:
            faults = [
                Fault(column, value, f"this is not {self.encoding} text")
                for column, value in values.items()
                if "\ufffd" in value
            ]
        faults += [
            Fault(column, "", "control characters are not allowed")
            for column, value in values.items()
            if not value.isprintable() and any(ord(c) < 32 and c not in "\r\n\t" for c in value)
        ]
        return Row(number, values, faults)

    def _lines(self, file: Iterator[bytes], broken: set[int]) -> Iterator[str]:
        """Decoded lines. One that cannot be decoded is noted in `broken` and goes on with U+FFFD in it."""
        if self.encoding == "utf-16":
            yield from self._lines_utf16()
            return
        for number, raw in enumerate(_bounded(file), start=1):
            self.position += len(raw)
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            try:
                yield raw.decode(self.encoding)
            except UnicodeDecodeError:
                broken.add(number)
                yield raw.decode(self.encoding, errors="replace")

    def _lines_utf16(self) -> Iterator[str]:
        with self.path.open(encoding="utf-16", newline="", errors="replace") as file:
            for line in file:
                self.position = min(self.position + 2 * len(line), self.size)
                yield line


def _bounded(file: Iterator[bytes]) -> Iterator[bytes]:
    """Lines of at most four megabytes, so that a file without line ends cannot fill the memory."""
    while line := file.readline(_LINE_LIMIT):  # type: ignore[attr-defined]
        yield line


def _readable(error: csv.Error) -> str:
    text = str(error)
    if "field larger" in text:
        return f"a cell has more than {FIELD_LIMIT:,} characters; is a quotation mark not closed?"
    if "unexpected end" in text:
        return "a quotation mark is not closed before the end of the file"
    return f"not CSV: {text}"
