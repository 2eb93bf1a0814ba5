"""/api/v1/crm/orders, and the orders of an account."""

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
from crm_api.orders import service
from crm_api.orders.catalogue import CATALOGUE
from crm_api.orders.schemas import OrderIn, OrderOut, OrderPatch
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.erasing import Hard
from crm_api.writes.resources import add_bulk

router = Router(prefix="/api/v1/crm/orders", tags=["orders"])
of_account_router = Router(prefix="/api/v1/crm/accounts/{account_id}", tags=["orders"])


@router.get(
    "", response_model=Page[OrderOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_orders(db: Db, actor: CurrentActor, query: Annotated[Query, listing("order")]) -> Response:
    """Orders that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "order", query))


@router.post("/search", response_model=Page[OrderOut], responses=documented(400, 422))
async def search_orders(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Orders for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "order", body.query()))


@router.post("", status_code=201, response_model=OrderOut, responses=documented(403, 409, 422))
async def create_order(body: OrderIn, write: Write) -> Response:
    """Take an order over. An order system that knows its orders by an id puts them under `/external/…` instead."""
    return await write.record(service.create, data=body, status=201)


@router.get(
    "/{order_id}",
    response_model=OrderOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_order(
    order_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("order")]
) -> Response:
    """One order, with its lines."""
    return record_answer(await db.read(records.one, actor, "order", order_id, wanted))


@router.put("/{order_id}", response_model=OrderOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{order_id}", response_model=OrderOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_order(order_id: UUID, body: OrderPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent; `lines` are replaced as a whole."""
    return await write.record(service.update, order_id=order_id, data=body, if_match=if_match)


@router.delete("/{order_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_order(order_id: UUID, write: Write, if_match: IfMatch, hard: Hard = False) -> Response:
    """Delete softly: it can be restored, and counts no more. What is deleted `hard` never comes back."""
    if hard:
        return await write.nothing(service.erase, order_id=order_id, if_match=if_match)
    return await write.nothing(service.archive, order_id=order_id, if_match=if_match)


@router.post("/{order_id}/restore", response_model=OrderOut, responses=documented(403, 404, 409, 422))
async def restore_order(order_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, order_id=order_id)


add_bulk(
    router,
    Verbs("order", OrderIn, OrderPatch, service.create, service.update, service.archive),
    OrderOut,
)


@of_account_router.get(
    "/orders",
    response_model=Page[OrderOut],
    openapi_extra=listed(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def list_orders_of_account(
    account_id: UUID, db: Db, actor: CurrentActor, query: Annotated[Query, listing("order")]
) -> Response:
    """The orders of one account; takes what the list of orders takes."""
    return json_answer(await db.read(records.page_of, actor, "order", query, "account", account_id))
