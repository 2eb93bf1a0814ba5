"""/api/v1/crm/tags"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.tags import labelling, service
from crm_api.tags.catalogue import CATALOGUE
from crm_api.tags.schemas import Labelled, LabelledOut, Merge, TagCount, TagIn, TagOut, TagPatch
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/tags", tags=["tags"])


@router.get("", response_model=Page[TagOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422))
async def list_tags(db: Db, actor: CurrentActor, query: Annotated[Query, listing("tag")]) -> Response:
    """Tags by name."""
    return json_answer(await db.read(records.page, actor, "tag", query))


@router.post("", status_code=201, response_model=TagOut, responses=documented(403, 409, 422))
async def create_tag(body: TagIn, write: Write) -> Response:
    """Make a tag."""
    return await write.record(service.create, data=body, status=201)


@router.get("/counts", response_model=list[TagCount])
async def count_tags(db: Db, actor: CurrentActor) -> Response:
    """How many records of each kind carry each tag, of those you see."""
    return json_answer(await db.read(labelling.counts, actor))


@router.get(
    "/{tag_id}",
    response_model=TagOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_tag(
    tag_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("tag")]
) -> Response:
    """One tag."""
    return record_answer(await db.read(records.one, actor, "tag", tag_id, wanted))


@router.put("/{tag_id}", response_model=TagOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{tag_id}", response_model=TagOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_tag(tag_id: UUID, body: TagPatch, write: Write, if_match: IfMatch) -> Response:
    """Rename or recolour a tag."""
    return await write.record(service.update, tag_id=tag_id, data=body, if_match=if_match)


@router.delete("/{tag_id}", status_code=204, responses=documented(400, 403, 404, 412, 422))
async def delete_tag(tag_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Remove a tag from everything."""
    return await write.nothing(service.delete, tag_id=tag_id, if_match=if_match)


@router.post("/{tag_id}/merge", response_model=TagOut, responses=documented(400, 403, 404, 409, 412, 422))
async def merge_tags(tag_id: UUID, body: Merge, write: Write, if_match: IfMatch) -> Response:
    """Put another tag wherever this one is, and remove this one; answers with the other."""
    return await write.record(labelling.merge, tag_id=tag_id, data=body, if_match=if_match)


@router.post("/{tag_id}/assign", response_model=LabelledOut, responses=documented(400, 403, 404, 409, 422))
async def assign_tag(tag_id: UUID, body: Labelled, write: Write) -> Response:
    """Put a tag on many records, all or none."""
    return await write.answer(labelling.assign, tag_id=tag_id, data=body)


@router.post("/{tag_id}/remove", response_model=LabelledOut, responses=documented(400, 403, 404, 409, 422))
async def remove_tag(tag_id: UUID, body: Labelled, write: Write) -> Response:
    """Take a tag off many records, all or none."""
    return await write.answer(labelling.remove, tag_id=tag_id, data=body)
