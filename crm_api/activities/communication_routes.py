"""/api/v1/crm/communications"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.activities import faces, service
from crm_api.activities.face_schemas import CommunicationIn, CommunicationOut, CommunicationPatch
from crm_api.activities.faces import COMMUNICATIONS, FaceQuery
from crm_api.conditions.dependencies import SearchBody, listed, showing, shown
from crm_api.conditions.filters import Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/communications", tags=["communications"])
Asked = Annotated[FaceQuery, faces.asking(COMMUNICATIONS)]
_LISTED = listed(COMMUNICATIONS.catalogue)
_PAGE = Page[CommunicationOut]


@router.get("", response_model=_PAGE, openapi_extra=_LISTED, responses=documented(400, 422))
async def list_communications(db: Db, actor: CurrentActor, asked: Asked) -> Response:
    """Communications that match, newest first."""
    return json_answer(await db.read(faces.page, actor, COMMUNICATIONS, asked))


@router.post("/search", response_model=Page[CommunicationOut], responses=documented(400, 422))
async def search_communications(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Communications for which a condition tree holds."""
    return json_answer(await db.read(faces.page, actor, COMMUNICATIONS, COMMUNICATIONS.search(body.query())))


@router.post("", status_code=201, response_model=CommunicationOut, responses=documented(403, 409, 422))
async def create_communication(body: CommunicationIn, write: Write) -> Response:
    """Log a communication."""
    return await faces.write(write, COMMUNICATIONS, COMMUNICATIONS.create, status=201, data=body)


@router.get(
    "/follow-ups/pending", response_model=_PAGE, openapi_extra=_LISTED, responses=documented(400, 422)
)
async def list_pending_follow_ups(db: Db, actor: CurrentActor, asked: Asked) -> Response:
    """Communications after which somebody is still to be got back to; the earliest first.

    `representative_id` narrows them to one person's.
    """
    asked = asked.sorted_by("follow_up_due", instead_of=COMMUNICATIONS.sort)
    return json_answer(await db.read(faces.page, actor, COMMUNICATIONS, asked, [faces.PENDING]))


@router.get(
    "/customer/{account_id}", response_model=_PAGE, openapi_extra=_LISTED, responses=documented(400, 404, 422)
)
async def list_communications_of_customer(
    account_id: UUID, db: Db, actor: CurrentActor, asked: Asked
) -> Response:
    """The communications with an account, newest first."""
    of = ("account", account_id)
    return json_answer(await db.read(faces.page, actor, COMMUNICATIONS, asked, of=of))


@router.get(
    "/lead/{lead_id}", response_model=_PAGE, openapi_extra=_LISTED, responses=documented(400, 404, 422)
)
async def list_communications_of_lead(lead_id: UUID, db: Db, actor: CurrentActor, asked: Asked) -> Response:
    """The communications with a lead, newest first."""
    of = ("lead", lead_id)
    return json_answer(await db.read(faces.page, actor, COMMUNICATIONS, asked, of=of))


@router.get(
    "/opportunity/{opportunity_id}",
    response_model=_PAGE,
    openapi_extra=_LISTED,
    responses=documented(400, 404, 422),
)
async def list_communications_of_opportunity(
    opportunity_id: UUID, db: Db, actor: CurrentActor, asked: Asked
) -> Response:
    """The communications about a deal, newest first."""
    of = ("opportunity", opportunity_id)
    return json_answer(await db.read(faces.page, actor, COMMUNICATIONS, asked, of=of))


@router.get(
    "/{communication_id}",
    response_model=CommunicationOut,
    openapi_extra=shown(COMMUNICATIONS.catalogue),
    responses=documented(400, 404, 422),
)
async def read_communication(
    communication_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("activity")]
) -> Response:
    """One communication."""
    return record_answer(await db.read(faces.one, actor, COMMUNICATIONS, communication_id, wanted))


@router.put(
    "/{communication_id}", response_model=CommunicationOut, responses=documented(400, 403, 404, 409, 412, 422)
)
@router.patch(
    "/{communication_id}", response_model=CommunicationOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def update_communication(
    communication_id: UUID, body: CommunicationPatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just the fields sent."""
    return await faces.write(
        write, COMMUNICATIONS, COMMUNICATIONS.update, record_id=communication_id, data=body, if_match=if_match
    )


@router.delete("/{communication_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_communication(communication_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Delete softly: it can be restored."""
    return await write.nothing(COMMUNICATIONS.archive, record_id=communication_id, if_match=if_match)


@router.post(
    "/{communication_id}/restore", response_model=CommunicationOut, responses=documented(403, 404, 409, 422)
)
async def restore_communication(communication_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await faces.write(write, COMMUNICATIONS, service.restore, activity_id=communication_id)


@router.post(
    "/{communication_id}/complete-follow-up",
    response_model=CommunicationOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def complete_follow_up(communication_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Somebody got back to them."""
    return await faces.write(
        write, COMMUNICATIONS, service.complete_follow_up, activity_id=communication_id, if_match=if_match
    )
