"""What goes in and out of imports over HTTP."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field


class ImportOut(BaseModel):
    """One import: how far it is, and what it did. A finished one is `done`, or `refused` with its errors."""

    id: UUID
    kind: str
    file_name: str
    system: str
    state: Literal["waiting", "validating", "refused", "writing", "done", "failed"]
    dry_run: bool
    skip_errors: bool
    progress: int = Field(description="Percent of the file, in the pass that is running.")
    total_rows: int
    created_records: int
    updated_records: int
    unchanged_records: int
    repeated_rows: int
    possible_duplicates: int = Field(description="New rows that probably are here already under another id.")
    error_rows: int = Field(description="GET …/errors has every one of them, as CSV.")
    message: str | None
    change_set_id: UUID | None
    created_at: datetime
    finished_at: datetime | None
