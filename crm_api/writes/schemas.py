"""What goes in and out of bulk requests."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, SkipValidation

from crm_api.core.problems import ProblemDocument
from crm_api.core.schemas import Body, Line, example

MOST = 1000
_Version = Annotated[
    int | None, Field(ge=1, le=10**15, description="Refused where the record has another by now.")
]


class Create(Body):
    """A new record."""

    op: Literal["create"]
    data: Annotated[dict[str, Any], Field(description="The body of a creation.")]


class Update(Body):
    """Change just the fields sent."""

    op: Literal["update"]
    id: UUID
    version: _Version = None
    data: dict[str, Any]


class Delete(Body):
    """Delete softly."""

    op: Literal["delete"]
    id: UUID
    version: _Version = None


class Upsert(Body):
    """Change the record that another system knows by this id, or make it.

    With a `source_updated_at` in the data, an older version than the one here changes nothing.
    """

    op: Literal["upsert"]
    external_system: Line = Field(min_length=1)
    external_id: Line = Field(min_length=1)
    data: dict[str, Any]


Operation = Annotated[Create | Update | Delete | Upsert, Field(discriminator="op")]


class BulkIn(Body):
    """Up to 1,000 operations. A reference in `data` may be given as the other system's id:
    `"account_id": {"external_system": "erp", "external_id": "17"}`."""

    model_config = example(
        {
            "operations": [
                {"op": "create", "data": {"description": "as in a creation"}},
                {
                    "op": "upsert",
                    "external_system": "erp",
                    "external_id": "17",
                    "data": {"description": "made, or changed where it is there"},
                },
            ]
        }
    )

    # Read one by one, so that a faulty operation is its own result and not everybody's.
    operations: Annotated[list[SkipValidation[Operation]], Field(min_length=1, max_length=MOST)]


class BulkResult(BaseModel):
    """What came of one operation: an HTTP status, and the record or the problem."""

    index: int
    op: Literal["create", "update", "delete", "upsert"] | None
    status: int
    id: UUID | None = None
    version: int | None = None
    number: str | None = None
    unchanged: str | None = None
    error: ProblemDocument | None = None


class BulkOut(BaseModel):
    """One result for each operation, in order."""

    succeeded: int
    failed: int
    results: list[BulkResult]
