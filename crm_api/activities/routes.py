"""/api/v1/crm/activities"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query as Query_
from fastapi import Response

from crm_api.activities import of_leads, service, timeline
from crm_api.activities.catalogue import CATALOGUE
from crm_api.activities.schemas import ActivityIn, ActivityOut, ActivityPatch, Completion, LineType, Timeline
from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.core.schemas import Instant
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer, takes_only
from crm_api.leads.schemas import CallAttempt, LeadOut
from crm_api.writes import erasing
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.erasing import Hard
from crm_api.writes.resources import add_bulk

router = Router(prefix="/api/v1/crm/activities", tags=["activities"])


@router.get(
    "", response_model=Page[ActivityOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_activities(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("activity")]
) -> Response:
    """Activities that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "activity", query))


@router.post("/search", response_model=Page[ActivityOut], responses=documented(400, 422))
async def search_activities(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Activities for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "activity", body.query()))


@router.post("", status_code=201, response_model=ActivityOut, responses=documented(403, 409, 422))
async def create_activity(body: ActivityIn, write: Write) -> Response:
    """Make an activity."""
    return await write.record(service.create, data=body, status=201)


@router.get(
    "/{activity_id}",
    response_model=ActivityOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_activity(
    activity_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("activity")]
) -> Response:
    """One activity."""
    return record_answer(await db.read(records.one, actor, "activity", activity_id, wanted))


@router.put("/{activity_id}", response_model=ActivityOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch(
    "/{activity_id}", response_model=ActivityOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def update_activity(
    activity_id: UUID, body: ActivityPatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update, activity_id=activity_id, data=body, if_match=if_match)


@router.delete("/{activity_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_activity(activity_id: UUID, write: Write, if_match: IfMatch, hard: Hard = False) -> Response:
    """Delete softly: it can be restored. What is deleted `hard` never comes back."""
    if hard:
        return await write.nothing(erasing.erase, kind="activity", record_id=activity_id, if_match=if_match)
    return await write.nothing(service.archive, activity_id=activity_id, if_match=if_match)


@router.post("/{activity_id}/restore", response_model=ActivityOut, responses=documented(403, 404, 409, 422))
async def restore_activity(activity_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, activity_id=activity_id)


@router.post(
    "/{activity_id}/complete", response_model=ActivityOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def complete_activity(activity_id: UUID, body: Completion, write: Write, if_match: IfMatch) -> Response:
    """Mark as done, with how it went."""
    return await write.record(service.complete, activity_id=activity_id, data=body, if_match=if_match)


add_bulk(
    router,
    Verbs("activity", ActivityIn, ActivityPatch, service.create, service.update, service.archive),
    ActivityOut,
)

timeline_router = Router(prefix="/api/v1/crm", tags=["timeline"])


@timeline_router.get(
    "/{plural}/{record_id}/timeline",
    response_model=Timeline,
    responses=documented(400, 404, 422),
    dependencies=[takes_only("limit", "cursor", "type", "since", "until")],
)
async def read_timeline(
    plural: Literal["accounts", "contacts", "leads", "opportunities"],
    record_id: UUID,
    db: Db,
    actor: CurrentActor,
    limit: Annotated[int, Query_(ge=1, le=200)] = 50,
    cursor: Annotated[
        str | None, Query_(max_length=500, description="The `next_cursor` of the lines before.")
    ] = None,
    type: Annotated[list[LineType] | None, Query_(description="Only lines of these types.")] = None,
    since: Annotated[Instant | None, Query_(description="From this moment on.")] = None,
    until: Annotated[Instant | None, Query_(description="Before this moment.")] = None,
) -> Response:
    """What happened with a record, newest first; an account's with its contacts', leads' and deals'."""
    kind = {"opportunities": "opportunity"}.get(plural, plural.removesuffix("s"))
    asked = timeline.Stretch(limit, cursor, type or (), since, until)
    return json_answer(await db.read(timeline.read, actor, kind, record_id, asked))


calls_router = Router(prefix="/api/v1/crm/leads", tags=["leads"])


@calls_router.post(
    "/{lead_id}/call-attempts", response_model=LeadOut, responses=documented(403, 404, 409, 412, 422)
)
async def attempt_call(
    lead_id: UUID, write: Write, if_match: IfMatch, body: CallAttempt | None = None
) -> Response:
    """Note a call to the lead, answered or not; with when to call again, if somebody said so."""
    data = body or CallAttempt()
    return await write.record(of_leads.attempt_call, lead_id=lead_id, data=data, if_match=if_match)
