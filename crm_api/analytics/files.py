"""A report as a file for a spreadsheet: CSV, or a workbook (.xlsx) with its title, formats and widths."""

import csv
import io
from typing import Any, Literal

from xlsxwriter import Workbook

from crm_api.core.cells import guarded
from crm_api.core.money import decimals

Format = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_HEAD = 4  # rows above the table: title, period, note, nothing
_WIDEST = 48  # characters


def written(report: dict[str, Any], format: Format) -> bytes:
    """The report as the bytes of a file."""
    return _csv(report) if format == "csv" else _xlsx(report)


def headers(report: dict[str, Any], format: Format) -> dict[str, str]:
    """The headers of an answer that is the file, with what it is to be called."""
    period = report["period"]
    name = f"{report['name'].replace('_', '-')}-{period['start_date']}-{period['end_date']}.{format}"
    return {
        "Content-Type": MEDIA_TYPES[format],
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def header(report: dict[str, Any], column: dict[str, Any]) -> str:
    """The head of a column, with its unit where numbers alone do not tell it."""
    units = {"money": report["currency"], "percent": "%", "days": "days", "minutes": "minutes"}
    unit = units.get(column["unit"])
    return f"{column['label']} ({unit})" if unit else str(column["label"])


def _csv(report: dict[str, Any]) -> bytes:
    """UTF-8 with a mark at its beginning, by which Excel knows it; texts that a spreadsheet would run are guarded."""
    text, columns = io.StringIO(), report["columns"]
    lines = csv.writer(text)
    lines.writerow([guarded(header(report, column)) for column in columns])
    for row in report["rows"]:
        values = [row[column["name"]] for column in columns]
        lines.writerow([guarded(value) if isinstance(value, str) else value for value in values])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _xlsx(report: dict[str, Any]) -> bytes:
    """Numbers stay numbers, texts stay texts: nothing in a workbook made here is a formula."""
    held, columns = io.BytesIO(), report["columns"]
    with Workbook(held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(report["title"][:31])
        places = decimals(report["currency"])
        formats = {
            "money": book.add_format({"num_format": "#,##0" + ("." + "0" * places if places else "")}),
            "percent": book.add_format({"num_format": "0.0"}),
            "days": book.add_format({"num_format": "0.0"}),
        }
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        period = report["period"]
        sheet.write_string(0, 0, report["title"], book.add_format({"bold": True, "font_size": 14}))
        sheet.write_string(1, 0, f"{period['start_date']} to {period['end_date']}")
        sheet.write_string(2, 0, report["note"] or "")
        for place, column in enumerate(columns):
            sheet.write_string(_HEAD, place, header(report, column), bold)
            values = [row[column["name"]] for row in report["rows"]]
            for line, value in enumerate(values, _HEAD + 1):
                if isinstance(value, str):
                    sheet.write_string(line, place, value)
                elif value is not None:
                    sheet.write_number(line, place, value, formats.get(column["unit"]))
            longest = max((len(str(value)) for value in values if value is not None), default=0)
            sheet.set_column(place, place, min(_WIDEST, max(12, longest + 2)))
        sheet.freeze_panes(_HEAD + 1, 1)
    return held.getvalue()
