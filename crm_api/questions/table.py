"""A table of plain text: for the terminal, and for letters."""

from typing import Any

from crm_api.questions.result import Answer


def lines(answer: Answer, *, most_rows: int) -> list[str]:
    """Text to the left, numbers to the right; a column is as wide as its longest cell, 40 characters at most."""
    right = [column.type == "number" for column in answer.columns]
    lines = [[column.name for column in answer.columns]]
    lines += [[_cell(value) for value in row] for row in answer.rows[:most_rows]]
    widths = [max(len(line[n]) for line in lines) for n in range(len(right))]
    drawn = [
        "  ".join(
            cell.rjust(width) if aligned else cell.ljust(width)
            for cell, width, aligned in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]
    left = answer.total_rows - min(len(answer.rows), most_rows)
    return [*drawn, f"… and {left:,} more"] if left > 0 else drawn


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    return " ".join(str(value).split())[:40]
