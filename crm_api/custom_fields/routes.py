"""/api/v1/crm/custom-fields"""

from typing import Annotated
from uuid import UUID

from fastapi import Query as Query_
from fastapi import Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing
from crm_api.conditions.filters import Query
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.custom_fields import service
from crm_api.custom_fields.catalogue import CATALOGUE
from crm_api.custom_fields.schemas import CustomFieldIn, CustomFieldOut, CustomFieldPatch
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/custom-fields", tags=["custom fields"])


@router.get(
    "", response_model=Page[CustomFieldOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_custom_fields(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("custom_field")]
) -> Response:
    """The fields this organisation added to its records."""
    return json_answer(await db.read(records.page, actor, "custom_field", query))


@router.post("", status_code=201, response_model=CustomFieldOut, responses=documented(400, 403, 409, 422))
async def create_custom_field(body: CustomFieldIn, write: Write) -> Response:
    """Add a field to a kind of record."""
    return await write.record(service.create, data=body, status=201)


@router.get("/{field_id}", response_model=CustomFieldOut, responses=documented(404, 422))
async def read_custom_field(field_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """One field."""
    return record_answer(await db.read(records.one, actor, "custom_field", field_id))


@router.put("/{field_id}", response_model=CustomFieldOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch(
    "/{field_id}", response_model=CustomFieldOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def update_custom_field(
    field_id: UUID, body: CustomFieldPatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just what is sent; kind, key, type, target, currency and uniqueness stay."""
    return await write.record(service.update, field_id=field_id, data=body, if_match=if_match)


@router.delete("/{field_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_custom_field(
    field_id: UUID,
    write: Write,
    if_match: IfMatch,
    hard: Annotated[bool, Query_(description="Remove its values from all records, for good.")] = False,
) -> Response:
    """Archive: its values are kept and come back when it is restored."""
    return await write.nothing(service.archive, field_id=field_id, if_match=if_match, hard=hard)


@router.post(
    "/{field_id}/restore", response_model=CustomFieldOut, responses=documented(400, 403, 404, 409, 422)
)
async def restore_custom_field(field_id: UUID, write: Write) -> Response:
    """Bring an archived field back."""
    return await write.record(service.restore, field_id=field_id)
