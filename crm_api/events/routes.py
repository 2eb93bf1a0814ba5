"""/api/v1/events: what happened, by position."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import TypeAdapter, ValidationError

from crm_api.access import visible_event
from crm_api.core.errors import Invalid
from crm_api.core.listing import MAX_PAGE_SIZE
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, json_answer, takes_only
from crm_api.events import feed
from crm_api.events.schemas import EventType, Feed, TypePattern
from crm_api.events.types import EVENTS

router = Router(prefix="/api/v1/events", tags=["events"])
_PATTERNS = TypeAdapter(list[TypePattern])


def _patterns(text: str) -> list[str]:
    try:
        return _PATTERNS.validate_python([part.strip() for part in text.split(",") if part.strip()]) or ["*"]
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise Invalid.field("types", reason) from error


@router.get(
    "",
    response_model=Feed,
    responses=documented(400, 422),
    dependencies=[takes_only("after", "types", "kinds", "limit")],
)
async def read_feed(
    db: Db,
    actor: CurrentActor,
    after: Annotated[int, Query(ge=0, le=2**53, description="The `next_after` you were given last.")] = 0,
    types: Annotated[
        str, Query(max_length=2000, description="Types, comma-separated: `lead.created`, `lead.*`, `*`.")
    ] = "*",
    kinds: Annotated[str, Query(max_length=500, description="Kinds of record, comma-separated.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="Events at most.")] = 100,
) -> Response:
    """Everything that happened to what you may see, in one order without gaps.

    Start with `after=0`, then send `next_after` each time; an empty `items` means you are up to date.
    Positions are given a moment after the change is committed, so that no late commit is missed.
    """
    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    found = await db.read(
        feed.after,
        visible=visible_event(actor),
        position=after,
        types=_patterns(types),
        kinds=wanted,
        limit=limit,
    )
    return json_answer(found)


@router.get("/types", response_model=list[EventType])
async def list_event_types(actor: CurrentActor) -> Response:
    """Every type of event there is, for the feed and for webhooks."""
    return json_answer(
        [
            {"type": f"{kind}.{happened}", "kind": kind, "meaning": meaning}
            for kind, all_of_them in EVENTS.items()
            for happened, meaning in all_of_them.items()
        ]
    )
