"""/api/v1/crm/views"""

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
from crm_api.views import service
from crm_api.views.catalogue import CATALOGUE
from crm_api.views.schemas import DefaultIn, DefaultOut, ViewIn, ViewOut, ViewPatch
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/views", tags=["views"])


@router.get("", response_model=Page[ViewOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422))
async def list_views(db: Db, actor: CurrentActor, query: Annotated[Query, listing("view")]) -> Response:
    """Your own saved views, and those shared with you; `kind=lead` for those of leads."""
    return json_answer(await db.read(records.page, actor, "view", query))


@router.post("", status_code=201, response_model=ViewOut, responses=documented(400, 403, 409, 422))
async def create_view(body: ViewIn, write: Write) -> Response:
    """Save a list under a name. `?view=<id>` on the lists, searches and exports of its kind asks for it again."""
    return await write.record(service.create, data=body, status=201)


@router.get("/defaults", response_model=list[DefaultOut])
async def read_default_views(db: Db, actor: CurrentActor) -> Response:
    """Which views `?view=default` stands for; of two for one kind, yours counts."""
    return json_answer(await db.read(service.defaults, actor))


@router.put("/defaults/{kind}", response_model=list[DefaultOut], responses=documented(400, 403, 422))
async def set_default_view(kind: str, body: DefaultIn, write: Write) -> Response:
    """Choose what your lists of a kind begin with, or, as an administrator, everybody's."""
    return await write.answer(service.set_default, kind=kind, data=body)


@router.get(
    "/{view_id}", response_model=ViewOut, openapi_extra=shown(CATALOGUE), responses=documented(400, 404, 422)
)
async def read_view(
    view_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("view")]
) -> Response:
    """One saved view."""
    return record_answer(await db.read(records.one, actor, "view", view_id, wanted))


@router.put("/{view_id}", response_model=ViewOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{view_id}", response_model=ViewOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_view(view_id: UUID, body: ViewPatch, write: Write, if_match: IfMatch) -> Response:
    """Change a view of yours; administrators change all, and hand them over."""
    return await write.record(service.update, view_id=view_id, data=body, if_match=if_match)


@router.delete("/{view_id}", status_code=204, responses=documented(400, 403, 404, 412, 422))
async def delete_view(view_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Remove a view for good."""
    return await write.nothing(service.delete, view_id=view_id, if_match=if_match)
