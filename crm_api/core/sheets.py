"""Small tables that come in as CSV in a request: a header line, then rows of text."""

import csv
from collections.abc import Callable, Sequence
from io import StringIO
from typing import TypeVar

from crm_api.core.errors import FieldError, Invalid

T = TypeVar("T")
Row = dict[str, str]


def read(
    data: bytes, make: Callable[[Row], T], *, columns: Sequence[str], optional: Sequence[str] = (), most: int
) -> list[T]:
    """What `make` makes of each row, a mapping of column to stripped text; all rows or none.

    `make` raises ValueError with what is wrong. Raises Invalid for a file that is no such table, longer than
    `most` rows, or naming every row at fault (the header is row 1).
    """
    try:
        lines = csv.reader(StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = [name.strip().lower() for name in next(lines, [])]
        wanted = {*columns, *optional}
        if not set(columns) <= set(header) <= wanted or len(set(header)) < len(header):
            raise Invalid(f"The first line must name the columns {','.join([*columns, *optional])}.")
        made, faults = [], []
        for number, cells in enumerate(lines, start=2):
            if number > most + 1:
                raise Invalid(f"At most {most:,} rows at a time.")
            if not cells:
                continue
            try:
                if len(cells) != len(header):
                    raise ValueError(f"{len(header)} columns are expected, here are {len(cells)}")
                made.append(make({name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
            except ValueError as error:
                faults.append(FieldError(f"row.{number}", str(error)))
    except UnicodeDecodeError as error:
        raise Invalid("The file is not UTF-8 text; save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise Invalid(f"The file is not CSV: {error}.") from error
    if faults:
        raise Invalid("Nothing was written: some rows are not valid.", errors=faults)
    return made
