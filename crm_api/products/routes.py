"""/api/v1/crm/products"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.products import service
from crm_api.products.catalogue import CATALOGUE
from crm_api.products.schemas import ProductIn, ProductOut, ProductPatch
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.resources import add_bulk

router = Router(prefix="/api/v1/crm/products", tags=["products"])


@router.get(
    "", response_model=Page[ProductOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_products(db: Db, actor: CurrentActor, query: Annotated[Query, listing("product")]) -> Response:
    """Products that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "product", query))


@router.post("/search", response_model=Page[ProductOut], responses=documented(400, 422))
async def search_products(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Products for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "product", body.query()))


@router.post("", status_code=201, response_model=ProductOut, responses=documented(403, 409, 422))
async def create_product(body: ProductIn, write: Write) -> Response:
    """Make a product."""
    return await write.record(service.create, data=body, status=201)


@router.get(
    "/{product_id}",
    response_model=ProductOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_product(
    product_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("product")]
) -> Response:
    """One product."""
    return record_answer(await db.read(records.one, actor, "product", product_id, wanted))


@router.put("/{product_id}", response_model=ProductOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{product_id}", response_model=ProductOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_product(product_id: UUID, body: ProductPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update, product_id=product_id, data=body, if_match=if_match)


@router.delete("/{product_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_product(product_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Delete softly: it can be restored."""
    return await write.nothing(service.archive, product_id=product_id, if_match=if_match)


@router.post("/{product_id}/restore", response_model=ProductOut, responses=documented(403, 404, 409, 422))
async def restore_product(product_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, product_id=product_id)


add_bulk(
    router,
    Verbs("product", ProductIn, ProductPatch, service.create, service.update, service.archive),
    ProductOut,
)
