"""/api/v1/crm/{records}/export"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse

from crm_api.conditions import describing
from crm_api.core.fields import Catalogue
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db
from crm_api.exports import flows
from crm_api.exports.formats import FORMATS, MEDIA_TYPES
from crm_api.exports.orders import EXPORTED, Order, from_parameters
from crm_api.exports.schemas import BOM, FORMAT, ExportBody

router = Router(prefix="/api/v1/crm", tags=["exports"])


async def _answer(order: Order, db: Db, actor: CurrentActor) -> Response:
    export = await flows.begin(db, actor, order)
    headers = {
        "Content-Disposition": f'attachment; filename="{export.file_name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(flows.stream(db, export), media_type=MEDIA_TYPES[order.format], headers=headers)


def _ordered(catalogue: Catalogue) -> Any:
    """A dependency that reads the query string of an export into an Order."""

    async def read(request: Request) -> Order:
        return from_parameters(catalogue, request.query_params.multi_items())

    return Depends(read)


def _reading(catalogue: Catalogue) -> Callable[..., Awaitable[Response]]:
    async def export(db: Db, actor: CurrentActor, order: Annotated[Order, _ordered(catalogue)]) -> Response:
        return await _answer(order, db, actor)

    return export


def _searching(catalogue: Catalogue) -> Callable[..., Awaitable[Response]]:
    async def export(body: ExportBody, db: Db, actor: CurrentActor) -> Response:
        return await _answer(Order(catalogue.kind, body.query(), body.format, body.bom), db, actor)

    return export


def _documented(catalogue: Catalogue, *, parameters: bool) -> dict[str, Any]:
    """The OpenAPI of one export: what it takes, and that it answers with a file."""
    content = {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()}
    own = [
        describing.parameter("format", FORMAT, {"type": "string", "enum": [*FORMATS], "default": "csv"}),
        describing.parameter("bom", BOM, {"type": "boolean", "default": False}),
        *describing.of_rows(catalogue),
    ]
    return {
        "response_class": StreamingResponse,
        "responses": {
            200: {"description": "The file. One that breaks off is not whole.", "content": content},
            **documented(400, 403, 422),
        },
        "openapi_extra": {"parameters": own} if parameters else None,
    }


for _catalogue in EXPORTED:
    _path = f"/{_catalogue.plural}/export"
    router.add_api_route(
        _path,
        _reading(_catalogue),
        methods=["GET"],
        name=f"export_{_catalogue.plural}",
        description=f"Every one of the {_catalogue.plural} that match, as a file of any size.",
        **_documented(_catalogue, parameters=True),
    )
    router.add_api_route(
        _path,
        _searching(_catalogue),
        methods=["POST"],
        name=f"export_{_catalogue.plural}_by_conditions",
        description=f"Every one of the {_catalogue.plural} for which a condition tree holds, as a file of any size.",
        **_documented(_catalogue, parameters=False),
    )
