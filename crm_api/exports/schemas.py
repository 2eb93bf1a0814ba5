"""What an export is asked for with."""

from pydantic import Field

from crm_api.conditions.dependencies import Conditions
from crm_api.core.schemas import example
from crm_api.exports.formats import Format

FORMAT = "`csv`, or `jsonl`: one JSON object a line, as the API answers it."
BOM = "Begin a CSV file with a byte order mark, so that Excel reads it as UTF-8."


class ExportBody(Conditions):
    """The records for which a condition tree holds."""

    model_config = example(
        {
            "where": {"all": [{"field": "status", "op": "eq", "value": "qualified"}]},
            "sort": ["-created_at"],
            "fields": ["number", "title", "email", "estimated_value"],
            "format": "csv",
            "bom": True,
        }
    )

    format: Format = Field("csv", description=FORMAT)
    bom: bool = Field(False, description=BOM)
