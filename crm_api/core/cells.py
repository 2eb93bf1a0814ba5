"""Texts in the cells of a CSV file, which spreadsheets take for more than text.

A cell that begins with = + - @, a tab or a line end is run as a formula when the file is opened. An
apostrophe before it keeps it a text. The guard can be taken off again without a doubt: a text that
begins with apostrophes and then one of these gets one more.
"""

import re

_RUN = "=+\\-@\t\r\n"
_FIRST = frozenset("'=+-@\t\r\n")
_DANGEROUS = re.compile(f"'*[{_RUN}]")
_GUARDED = re.compile(f"'+[{_RUN}]")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    # The first letter decides nearly always, at a fraction of what the pattern costs in a million rows.
    return f"'{text}" if text[:1] in _FIRST and _DANGEROUS.match(text) else text


def unguarded(cell: str) -> str:
    """The text that was guarded; any other text is itself."""
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell
