"""/crm/files: files of records, for who sees the record. Shown in a page or saved, never opened as one of ours."""

from uuid import UUID

from fastapi.responses import StreamingResponse

from crm_api.attachments import flows, naming
from crm_api.core.routing import Router
from crm_api.dependencies import Db, Files
from crm_api.pages.errors import PageRoute
from crm_api.pages.session import Signed

router = Router(include_in_schema=False, route_class=PageRoute)


@router.get("/crm/files/{attachment_id}")
async def read_file(db: Db, store: Files, visitor: Signed, attachment_id: UUID) -> StreamingResponse:
    """The file itself."""
    file, pieces = await flows.download(db, store, visitor.actor, attachment_id)
    return StreamingResponse(pieces, media_type=file.type, headers=naming.headers(file.name, file.size))
