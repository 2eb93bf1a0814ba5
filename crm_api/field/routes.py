"""/api/v1/crm/visits/check-ins, …/brief, …/road-rules and /api/v1/crm/calendar"""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query as ListQuery
from crm_api.conditions.filters import Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.core.secrets import fingerprint
from crm_api.dependencies import CurrentActor, Db, SettingsDep, json_answer, record_answer
from crm_api.field import brief, check_ins, feeds, rules
from crm_api.field.catalogue import CATALOGUE
from crm_api.field.schemas import BriefOut, CheckInIn, CheckInOut, FeedOut, OutcomeIn, RoadRules
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/visits", tags=["visits"])
calendar_router = Router(prefix="/api/v1/crm/calendar", tags=["calendar"])
feed_router = Router(include_in_schema=False)


@router.post(
    "/check-ins", status_code=201, response_model=CheckInOut, responses=documented(400, 403, 404, 409, 422)
)
async def check_in(body: CheckInIn, write: Write) -> Response:
    """At the door: the visit begins. Works late, with the phone's own time and an Idempotency-Key or an id."""
    return await write.record(check_ins.check_in, data=body, status=201)


@router.get(
    "/check-ins",
    response_model=Page[CheckInOut],
    openapi_extra=listed(CATALOGUE),
    responses=documented(400, 422),
)
async def list_check_ins(
    db: Db, actor: CurrentActor, query: Annotated[ListQuery, listing("check_in")]
) -> Response:
    """Check-ins that match, a page at a time: one's own, and those of the teams one manages."""
    return json_answer(await db.read(records.page, actor, "check_in", query))


@router.get(
    "/check-ins/{check_in_id}",
    response_model=CheckInOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_check_in(
    check_in_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("check_in")]
) -> Response:
    """One check-in."""
    return record_answer(await db.read(records.one, actor, "check_in", check_in_id, wanted))


@router.post(
    "/check-ins/{check_in_id}/check-out",
    response_model=CheckInOut,
    responses=documented(400, 403, 404, 409, 422),
)
async def check_out(check_in_id: UUID, body: OutcomeIn, write: Write) -> Response:
    """Leaving: what came of the visit and what follows, in one form. No position is taken."""
    return await write.record(check_ins.check_out, check_in_id=check_in_id, data=body)


@router.get("/brief/{account_id}", response_model=BriefOut, responses=documented(404, 422))
async def read_brief(account_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """An account in five lines: last order, open promise, open deals, who to ask for, last words."""
    return json_answer(await db.read(brief.brief, actor, account_id=account_id))


@router.get("/road-rules", response_model=RoadRules)
async def read_road_rules(db: Db, actor: CurrentActor) -> Response:
    """How near a check-in has to be, and what a kilometre is paid."""
    return json_answer(await db.read(rules.shown, actor))


@router.put("/road-rules", response_model=RoadRules, responses=documented(400, 403, 422))
async def change_road_rules(body: RoadRules, write: Write) -> Response:
    """Set them; what is not given has its default."""
    return await write.answer(rules.change, data=body)


@calendar_router.get("/feed", response_model=FeedOut, responses=documented(403))
async def read_calendar_feed(db: Db, actor: CurrentActor) -> Response:
    """Whether your calendar feed is on, and when it was last read."""
    return json_answer(await db.read(feeds.shown, actor))


@calendar_router.post("/feed", status_code=201, response_model=FeedOut, responses=documented(400, 403, 422))
async def switch_calendar_feed_on(write: Write, settings: SettingsDep) -> Response:
    """A secret address for any calendar program, shown this once; an older one stops working."""
    return await write.answer(feeds.switch_on, address=settings.address, status=201)


@calendar_router.delete("/feed", status_code=204, responses=documented(400, 403, 404, 422))
async def switch_calendar_feed_off(write: Write) -> Response:
    """End your calendar feed: its address opens nothing any more."""
    return await write.nothing(feeds.switch_off)


@feed_router.get("/calendar/{token}.ics")
async def read_calendar(
    token: Annotated[str, Path(max_length=100)], request: Request, db: Db, settings: SettingsDep
) -> Response:
    """The calendar behind a secret address; calendar programs ask again and again, so an unchanged one is short."""
    text, unnoted = await db.read(feeds.read, token=token, address=settings.address)
    if unnoted is not None:
        await db.write(feeds.note_reading, feed_id=unnoted)
    headers = {"ETag": f'"{fingerprint(text.decode())[:32]}"', "Cache-Control": "private, max-age=300"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="text/calendar; charset=utf-8")
