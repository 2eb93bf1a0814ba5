"""/api/v1/crm/segments, and the segments of an account."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.segments import service
from crm_api.segments.catalogue import MEMBERS, SEGMENTS
from crm_api.segments.schemas import (
    Assigned,
    Assignment,
    MemberOut,
    Removal,
    SegmentIn,
    SegmentOut,
    SegmentPatch,
)
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.resources import add_bulk

router = Router(prefix="/api/v1/crm/segments", tags=["segments"])
of_account_router = Router(prefix="/api/v1/crm/accounts/{account_id}", tags=["segments"])


@router.get(
    "", response_model=Page[SegmentOut], openapi_extra=listed(SEGMENTS), responses=documented(400, 422)
)
async def list_segments(db: Db, actor: CurrentActor, query: Annotated[Query, listing("segment")]) -> Response:
    """Segments that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "segment", query))


@router.post("/search", response_model=Page[SegmentOut], responses=documented(400, 422))
async def search_segments(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Segments for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "segment", body.query()))


@router.post("", status_code=201, response_model=SegmentOut, responses=documented(403, 409, 422))
async def create_segment(body: SegmentIn, write: Write) -> Response:
    """Make a segment: static, its customers put in by hand, or dynamic, its customers following from its criteria."""
    return await write.record(service.create, data=body, status=201)


@router.get(
    "/code/{code}",
    response_model=SegmentOut,
    openapi_extra=shown(SEGMENTS),
    responses=documented(400, 404, 422),
)
async def read_segment_by_code(
    code: Annotated[str, Path(max_length=200)],
    db: Db,
    actor: CurrentActor,
    wanted: Annotated[Wanted, showing("segment")],
) -> Response:
    """One segment, by its code, whatever its case."""
    segment_id = await db.read(service.of_code, code)
    return record_answer(await db.read(records.one, actor, "segment", segment_id, wanted))


@router.get(
    "/{segment_id}",
    response_model=SegmentOut,
    openapi_extra=shown(SEGMENTS),
    responses=documented(400, 404, 422),
)
async def read_segment(
    segment_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("segment")]
) -> Response:
    """One segment."""
    return record_answer(await db.read(records.one, actor, "segment", segment_id, wanted))


@router.put("/{segment_id}", response_model=SegmentOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{segment_id}", response_model=SegmentOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_segment(segment_id: UUID, body: SegmentPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update, segment_id=segment_id, data=body, if_match=if_match)


@router.delete("/{segment_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_segment(segment_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Delete softly: it can be restored, with its customers."""
    return await write.nothing(service.archive, segment_id=segment_id, if_match=if_match)


@router.post("/{segment_id}/restore", response_model=SegmentOut, responses=documented(403, 404, 409, 422))
async def restore_segment(segment_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, segment_id=segment_id)


@router.get(
    "/{segment_id}/customers",
    response_model=Page[MemberOut],
    openapi_extra=listed(MEMBERS),
    responses=documented(400, 404, 422),
)
async def list_customers(
    segment_id: UUID, db: Db, actor: CurrentActor, query: Annotated[Query, listing("segment_member")]
) -> Response:
    """The accounts in a segment that you may see, with when and by whom they were assigned."""
    return json_answer(await db.read(records.page_of, actor, "segment_member", query, "segment", segment_id))


@router.post(
    "/{segment_id}/assign-customers",
    response_model=Assigned,
    responses=documented(400, 403, 404, 409, 422),
)
async def assign_customers(segment_id: UUID, body: Assignment, write: Write) -> Response:
    """Put up to 1,000 accounts into a static segment, all or none."""
    return await write.answer(service.assign, segment_id=segment_id, data=body)


@router.post(
    "/{segment_id}/remove-customers",
    response_model=Assigned,
    responses=documented(400, 403, 404, 409, 422),
)
async def remove_customers(segment_id: UUID, body: Removal, write: Write) -> Response:
    """Take up to 1,000 accounts out of a static segment, all or none."""
    return await write.answer(service.remove, segment_id=segment_id, data=body)


add_bulk(
    router,
    Verbs("segment", SegmentIn, SegmentPatch, service.create, service.update, service.archive),
    SegmentOut,
)


@of_account_router.get(
    "/segments",
    response_model=Page[MemberOut],
    openapi_extra=listed(MEMBERS),
    responses=documented(400, 404, 422),
)
async def list_segments_of_account(
    account_id: UUID, db: Db, actor: CurrentActor, query: Annotated[Query, listing("segment_member")]
) -> Response:
    """The segments an account is in, with when and by whom it was assigned."""
    return json_answer(await db.read(records.page_of, actor, "segment_member", query, "account", account_id))
