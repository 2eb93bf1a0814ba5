"""What somebody on the road sees: where they are or go next, that account in five lines, and what comes after."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.conditions.filters import Query
from crm_api.conditions.tree import All, Comparison
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.errors import NotFound
from crm_api.core.listing import Window
from crm_api.field import brief
from crm_api.field.schemas import BriefOut, CheckInOut
from crm_api.pages import visits
from crm_api.pages.frame import may_make
from crm_api.pages.kinds import label_of
from crm_api.pages.visits import Day, Stop
from crm_api.visits import service
from crm_api.visits.schemas import VisitPlanOut

FORGOTTEN = timedelta(hours=24)  # a check-in nobody ended by then is not where the rep is


@dataclass(frozen=True, slots=True)
class Road:
    """The road view. `here` is the visit under way, `stop` its stop or the next one; `waiting` are proposals for today
    where no plan is accepted yet.
    """

    day: Day | None
    here: CheckInOut | None
    stop: Stop | None
    brief: BriefOut | None
    people: list[tuple[UUID, str]]
    photos: list[dict[str, Any]]
    waiting: list[VisitPlanOut]
    may_check_in: bool

    @property
    def ahead(self) -> list[Stop]:
        """The open stops after the one on top."""
        if self.day is None:
            return []
        return [one for one in self.day.stops if one.open and one is not self.stop]

    @property
    def made(self) -> list[Stop]:
        """The visits that are done."""
        return [one for one in self.day.stops if one.done] if self.day else []

    @property
    def whereabouts(self) -> tuple[float, float] | None:
        """Latitude and longitude of the last place that is known without asking the phone."""
        if self.day is None:
            return None
        if self.here is not None and self.stop is not None:
            return self.stop.plan.latitude, self.stop.plan.longitude
        if self.made:
            return self.made[-1].plan.latitude, self.made[-1].plan.longitude
        return self.day.plan.start_latitude, self.day.plan.start_longitude


async def read(db: Database, actor: Actor) -> Road:
    """The actor's own day."""
    today = clock.today(actor.time_zone)
    day = await _today(db, actor)
    waiting: list[VisitPlanOut] = []
    if day is None and actor.user_id is not None:
        waiting = await visits.plans_of(db, actor, today, today, owner_id=actor.user_id, status="proposed")
    here = await _here(db, actor)
    planned = day.stops if day else []
    stop = next((one for one in planned if here and one.plan.activity_id == here.activity_id), None)
    if here is None and day is not None:
        stop = day.next_stop
    account = here.account_id if here else stop.plan.account_id if stop else None
    return Road(
        day, here, stop, await db.read(_brief, actor, account),
        await db.read(_people, actor, here.account_id if here else None),
        await db.read(_photos, actor, here), waiting, may_make(actor, "check_in"),
    )  # fmt: skip


async def next_one(db: Database, actor: Actor, day: Day | None) -> tuple[Stop | None, CheckInOut | None]:
    """The stop of one's own accepted day to go to, or to be at with its check-in; nothing without such a day."""
    if day is None or day.rep is not None or day.plan.status != "accepted":
        return None, None
    here = await _here(db, actor)
    at = next((one for one in day.stops if here and one.plan.activity_id == here.activity_id), None)
    return (at, here) if at else (day.next_stop, None)


@dataclass(frozen=True, slots=True)
class Carried:
    """An open stop with all that is wanted at its door, for a phone to take along."""

    stop: Stop
    brief: BriefOut | None
    people: list[tuple[UUID, str]]


@dataclass(frozen=True, slots=True)
class Stops:
    """The open stops of a day, in their order; `zone` is the day's."""

    carried: list[Carried]
    zone: str


async def stops(db: Database, actor: Actor) -> Stops:
    """What the actor still has before them today."""
    day = await _today(db, actor)
    if day is None:
        return Stops([], actor.time_zone)
    open_ones = [stop for stop in day.stops if stop.open]
    known = await db.read(_known, actor, [stop.plan.account_id for stop in open_ones])
    return Stops([Carried(one, *known[one.plan.account_id]) for one in open_ones], day.plan.time_zone)


def _known(
    session: Any, actor: Actor, account_ids: list[UUID]
) -> dict[UUID, tuple[BriefOut | None, list[tuple[UUID, str]]]]:
    return {one: (_brief(session, actor, one), _people(session, actor, one)) for one in account_ids}


async def _today(db: Database, actor: Actor) -> Day | None:
    """The actor's own accepted day, which a key has none of."""
    if actor.user_id is None:
        return None
    plan = await db.read(service.today, actor, owner_id=actor.user_id, at=clock.now())
    return await visits.day_of(db, actor, UUID(str(plan["id"]))) if plan else None


async def _here(db: Database, actor: Actor) -> CheckInOut | None:
    """The newest check-in that was not ended, for whoever may end it: a viewer who was a rep may not."""
    if not may_make(actor, "check_in"):
        return None
    since: datetime = clock.now() - FORGOTTEN
    tree = All(
        all=[
            Comparison(field="owner_id", value=actor.user_id),
            Comparison(field="checked_out_at", op="isnull", value=True),
            Comparison(field="checked_in_at", op="gte", value=since.isoformat()),
        ]
    )
    query = Query(tree=tree, sort=("-checked_in_at",), window=Window(page_size=1, count="none"))
    items = (await db.read(records.page, actor, "check_in", query))["items"]
    return CheckInOut.model_validate(items[0]) if items else None


def _brief(session: Any, actor: Actor, account_id: UUID | None) -> BriefOut | None:
    if account_id is None:
        return None
    try:
        return BriefOut.model_validate(brief.brief(session, actor, account_id=account_id))
    except NotFound:  # the account is somebody else's by now; the stop is still there
        return None


def _people(session: Any, actor: Actor, account_id: UUID | None) -> list[tuple[UUID, str]]:
    """Who may have been spoken to."""
    if account_id is None:
        return []
    tree = All(all=[Comparison(field="account_id", value=str(account_id))])
    query = Query(tree=tree, window=Window(page_size=50, count="none"))
    items: list[dict[str, Any]] = records.page(session, actor, "contact", query)["items"]
    return [(item["id"], label_of("contact", item)) for item in items]


def sequences(session: Any, actor: Actor) -> list[tuple[UUID, str]]:
    """The sequences of mails that may follow a visit, by name."""
    query = Query(sort=("name",), window=Window(page_size=50, count="none"))
    return [(item["id"], item["name"]) for item in records.page(session, actor, "sequence", query)["items"]]


def _photos(session: Any, actor: Actor, here: CheckInOut | None) -> list[dict[str, Any]]:
    """The files of the visit under way."""
    if here is None:
        return []
    visit = records.one(session, actor, "activity", here.activity_id)
    return [one for one in visit["attachments"] or [] if one.get("file_id")]
