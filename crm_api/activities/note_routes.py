"""/api/v1/crm/notes"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.activities import faces, service
from crm_api.activities.face_schemas import NoteIn, NoteOut, NotePatch
from crm_api.activities.faces import NOTES, FaceQuery
from crm_api.conditions.dependencies import SearchBody, listed, showing, shown
from crm_api.conditions.filters import Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/notes", tags=["notes"])
Asked = Annotated[FaceQuery, faces.asking(NOTES)]


@router.get(
    "",
    response_model=Page[NoteOut],
    openapi_extra=listed(NOTES.catalogue),
    responses=documented(400, 422),
)
async def list_notes(db: Db, actor: CurrentActor, asked: Asked) -> Response:
    """Notes that match, newest first."""
    return json_answer(await db.read(faces.page, actor, NOTES, asked))


@router.post("/search", response_model=Page[NoteOut], responses=documented(400, 422))
async def search_notes(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Notes for which a condition tree holds."""
    return json_answer(await db.read(faces.page, actor, NOTES, NOTES.search(body.query())))


@router.post("", status_code=201, response_model=NoteOut, responses=documented(403, 409, 422))
async def create_note(body: NoteIn, write: Write) -> Response:
    """Write a note."""
    return await faces.write(write, NOTES, NOTES.create, status=201, data=body)


@router.get(
    "/{note_id}",
    response_model=NoteOut,
    openapi_extra=shown(NOTES.catalogue),
    responses=documented(400, 404, 422),
)
async def read_note(
    note_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("activity")]
) -> Response:
    """One note."""
    return record_answer(await db.read(faces.one, actor, NOTES, note_id, wanted))


@router.put("/{note_id}", response_model=NoteOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{note_id}", response_model=NoteOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_note(note_id: UUID, body: NotePatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    return await faces.write(write, NOTES, NOTES.update, record_id=note_id, data=body, if_match=if_match)


@router.delete("/{note_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_note(note_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Delete softly: it can be restored."""
    return await write.nothing(NOTES.archive, record_id=note_id, if_match=if_match)


@router.post("/{note_id}/restore", response_model=NoteOut, responses=documented(403, 404, 409, 422))
async def restore_note(note_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await faces.write(write, NOTES, service.restore, activity_id=note_id)
