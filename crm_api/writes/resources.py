"""The two routes that every kind with bulk work has alike: `POST /bulk` and `PUT /external/{system}/{id}`."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session

from crm_api.conditions import records
from crm_api.core.fields import CATALOGUES
from crm_api.core.problems import documented, from_validation
from crm_api.core.schemas import LINE
from crm_api.writes import bulk, externals
from crm_api.writes.bulk import Verbs, Work
from crm_api.writes.dependencies import Write, Writing, told
from crm_api.writes.idempotency import Answer
from crm_api.writes.schemas import BulkIn, BulkOut

ExternalName = Annotated[str, Path(min_length=1, max_length=LINE)]


def add_bulk(router: APIRouter, verbs: Verbs, shown: type[Any]) -> None:
    """Add both routes to a kind's router; `shown` is the schema of its records."""
    plural = CATALOGUES[verbs.kind].plural if verbs.kind in CATALOGUES else f"{verbs.kind}s"

    async def run(
        body: BulkIn,
        write: Write,
        all_or_nothing: Annotated[bool, Query(description="Write nothing unless all can be done.")] = False,
    ) -> Response:
        return await bulk.run(write, verbs, body.operations, all_or_nothing=all_or_nothing)

    async def put(
        system: ExternalName, external_id: ExternalName, body: Annotated[dict[str, Any], Body()], write: Write
    ) -> Response:
        def work(session: Session) -> Answer:
            return _upserted(session, write, verbs, system, external_id, body)

        return await write.transaction(work)

    router.add_api_route(
        "/bulk",
        run,
        methods=["POST"],
        name=f"bulk_{plural}",
        response_model=BulkOut,
        responses=documented(400, 403, 409, 422),
        summary=f"Many {plural} at once",
        description="Create, update, delete and upsert by external id, up to 1,000; one result for each, in order.",
    )
    router.add_api_route(
        "/external/{system}/{external_id}",
        put,
        methods=["PUT"],
        name=f"upsert_{verbs.kind}",
        response_model=shown,
        responses=documented(400, 403, 404, 409, 422) | {201: {"model": shown, "description": "Made"}},
        summary=f"Make or change the {verbs.kind} of another system's id",
        description="An older `source_updated_at` than the one here changes nothing.",
    )


def _upserted(
    session: Session, write: Writing, verbs: Verbs, system: str, external_id: str, data: dict[str, Any]
) -> Answer:
    actor = write.actor
    known = externals.known(session, actor, verbs.kind, [(system, external_id)])
    links = externals.Links(session, actor, verbs.kind)
    try:
        done = Work(session, actor, verbs, known, links).upsert(system, external_id, data)
    except ValidationError as error:  # the body is read here: whether it makes or changes is known only now
        raise from_validation(error.errors()) from error
    session.flush()
    result = done()
    record = session.get_one(CATALOGUES[verbs.kind].model, result["id"])
    return told(records.as_shown(session, actor, record, write.wanted), result["status"])
