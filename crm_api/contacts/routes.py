"""/api/v1/crm/contacts"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.contacts import service
from crm_api.contacts.catalogue import CATALOGUE
from crm_api.contacts.schemas import ContactIn, ContactMade, ContactOut, ContactPatch
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.writes import erasing
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.duplicates import OnDuplicate
from crm_api.writes.erasing import Hard
from crm_api.writes.resources import add_bulk

router = Router(prefix="/api/v1/crm/contacts", tags=["contacts"])
of_account_router = Router(prefix="/api/v1/crm/accounts/{account_id}", tags=["contacts"])


@router.get(
    "", response_model=Page[ContactOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_contacts(db: Db, actor: CurrentActor, query: Annotated[Query, listing("contact")]) -> Response:
    """Contacts that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "contact", query))


@router.post("/search", response_model=Page[ContactOut], responses=documented(400, 422))
async def search_contacts(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Contacts for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "contact", body.query()))


@router.post("", status_code=201, response_model=ContactMade, responses=documented(403, 409, 422))
async def create_contact(body: ContactIn, write: Write, on_duplicate: OnDuplicate = "report") -> Response:
    """Make a contact; the answer tells which records it probably is already."""
    made = {"data": body, "on_duplicate": on_duplicate, "wanted": write.wanted}
    return await write.answer(service.make, status=201, **made)


@router.get(
    "/{contact_id}",
    response_model=ContactOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_contact(
    contact_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("contact")]
) -> Response:
    """One contact."""
    return record_answer(await db.read(records.one, actor, "contact", contact_id, wanted))


@router.put("/{contact_id}", response_model=ContactOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{contact_id}", response_model=ContactOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_contact(contact_id: UUID, body: ContactPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update, contact_id=contact_id, data=body, if_match=if_match)


@router.delete("/{contact_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_contact(contact_id: UUID, write: Write, if_match: IfMatch, hard: Hard = False) -> Response:
    """Delete softly: it can be restored. What is deleted `hard` never comes back."""
    if hard:
        return await write.nothing(erasing.erase, kind="contact", record_id=contact_id, if_match=if_match)
    return await write.nothing(service.archive, contact_id=contact_id, if_match=if_match)


@router.post("/{contact_id}/restore", response_model=ContactOut, responses=documented(403, 404, 409, 422))
async def restore_contact(contact_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, contact_id=contact_id)


add_bulk(
    router,
    Verbs("contact", ContactIn, ContactPatch, service.create, service.update, service.archive),
    ContactOut,
)


@of_account_router.get(
    "/contacts",
    response_model=Page[ContactOut],
    openapi_extra=listed(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def list_contacts_of_account(
    account_id: UUID, db: Db, actor: CurrentActor, query: Annotated[Query, listing("contact")]
) -> Response:
    """The contacts of one account; takes what the list of contacts takes."""
    return json_answer(await db.read(records.page_of, actor, "contact", query, "account", account_id))
