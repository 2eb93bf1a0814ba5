"""/api/v1/changes, and the history of each record"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response

from crm_api.changes import service
from crm_api.changes.catalogue import CHANGE_SETS, ENTRIES
from crm_api.changes.schemas import ChangeSetOut, ChangeSetWithEntries, EntryOut, RevertOut
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing
from crm_api.conditions.filters import Query as ListQuery
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, json_answer
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/changes", tags=["changes"])
history_router = Router(prefix="/api/v1/crm", tags=["changes"])

Resource = Literal[
    "accounts", "contacts", "leads", "opportunities", "activities", "products", "pipelines", "stages", "tags"
]


@router.get(
    "", response_model=Page[ChangeSetOut], openapi_extra=listed(CHANGE_SETS), responses=documented(400, 422)
)
async def list_changes(
    db: Db, actor: CurrentActor, query: Annotated[ListQuery, listing("change_set")]
) -> Response:
    """What was changed together, newest first: your own doing, and what was done to records you see."""
    return json_answer(await db.read(records.page, actor, "change_set", query))


@router.get(
    "/{change_set_id}",
    response_model=ChangeSetWithEntries,
    openapi_extra=listed(ENTRIES),
    responses=documented(400, 404, 422),
)
async def read_change(
    change_set_id: UUID, db: Db, actor: CurrentActor, query: Annotated[ListQuery, listing("audit_entry")]
) -> Response:
    """One change set with its entries, a page at a time; the parameters are those of the entries."""
    return json_answer(await db.read(service.one, actor, change_set_id=change_set_id, query=query))


@router.post(
    "/{change_set_id}/revert", response_model=RevertOut, responses=documented(400, 403, 404, 409, 422)
)
async def revert_change(change_set_id: UUID, write: Write) -> Response:
    """Undo one change set of the last 30 days, all or nothing.

    What was made is archived, what was changed goes back, what was archived is restored. 409 names each record
    that was changed or erased since, or is not yours to write. A revert is a change set: undo it to redo.
    """
    return await write.answer(service.revert, change_set_id=change_set_id)


@history_router.get(
    "/{resource}/{record_id}/history",
    response_model=Page[EntryOut],
    openapi_extra=listed(ENTRIES),
    responses=documented(400, 404, 422),
)
async def read_history(
    resource: Resource,
    record_id: UUID,
    db: Db,
    actor: CurrentActor,
    query: Annotated[ListQuery, listing("audit_entry")],
) -> Response:
    """What was changed of one record, by whom and when, newest first."""
    return json_answer(
        await db.read(service.history, actor, plural=resource, record_id=record_id, query=query)
    )
