"""/api/v1/crm/attachments"""

from typing import Annotated
from uuid import UUID

from fastapi import File, Form, Response, UploadFile
from fastapi.responses import StreamingResponse

from crm_api.attachments import flows, naming
from crm_api.attachments.catalogue import CATALOGUE
from crm_api.attachments.flows import Upload
from crm_api.attachments.schemas import AttachmentOut, RecordKind
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.errors import Invalid
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import (
    CurrentActor,
    Db,
    Files,
    IfMatch,
    SettingsDep,
    json_answer,
    record_answer,
)
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/attachments", tags=["attachments"])
_BYTES = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.post("", status_code=201, response_model=AttachmentOut, responses=documented(400, 403, 413, 422))
async def upload_attachment(
    db: Db,
    actor: CurrentActor,
    files: Files,
    settings: SettingsDep,
    file: Annotated[UploadFile, File(description="The file; its type is told by its content.")],
    kind: Annotated[RecordKind | None, Form(description="The kind of record to attach it to.")] = None,
    record_id: Annotated[UUID | None, Form(description="The record to attach it to.")] = None,
) -> Response:
    """Upload a file. One that is not attached to a record within a day is removed."""
    if (kind is None) != (record_id is None):
        raise Invalid.field("record_id" if kind else "kind", "kind and record_id go together")
    limit = settings.attachment_max_mb * 1_000_000
    taken = Upload(file.file, file.filename, kind, record_id)
    return record_answer(await flows.upload(db, files, actor, taken, limit=limit), 201)


@router.get(
    "", response_model=Page[AttachmentOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_attachments(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("attachment")]
) -> Response:
    """Files that match; `kind=` and `record_id=` give those of one record."""
    return json_answer(await db.read(records.page, actor, "attachment", query))


@router.get(
    "/{attachment_id}",
    response_model=AttachmentOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_attachment(
    attachment_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("attachment")]
) -> Response:
    """What is known of one file."""
    return record_answer(await db.read(records.one, actor, "attachment", attachment_id, wanted))


@router.get(
    "/{attachment_id}/content",
    response_class=StreamingResponse,
    responses={**documented(404, 422), 200: {"description": "The file", **_BYTES}},
)
async def download_attachment(
    attachment_id: UUID, db: Db, actor: CurrentActor, files: Files
) -> StreamingResponse:
    """The file itself. Browsers save it and never show it as a page of this service."""
    file, pieces = await flows.download(db, files, actor, attachment_id)
    return StreamingResponse(pieces, media_type=file.type, headers=naming.headers(file.name, file.size))


@router.delete("/{attachment_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_attachment(attachment_id: UUID, write: Write, files: Files, if_match: IfMatch) -> Response:
    """Remove a file for good."""
    return await flows.delete(write, files, attachment_id=attachment_id, if_match=if_match)
