"""/api/v1/organisation with its holiday calendars and exchange rates, /api/v1/territories"""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Request, Response
from fastapi import Query as Parameter
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core import clock, money
from crm_api.core.errors import Invalid
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.core.schemas import Currency, Day, changes
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer, state, takes_only
from crm_api.organisation import calendars, holidays, rates, service
from crm_api.organisation.catalogue import CALENDARS, RATES, TERRITORIES
from crm_api.organisation.models import ExchangeRate, HolidayCalendar, Territory
from crm_api.organisation.schemas import (
    Converted,
    Days,
    HolidayCalendarIn,
    HolidayCalendarOut,
    HolidayCalendarPatch,
    OrganisationOut,
    OrganisationPatch,
    RateIn,
    RateOut,
    RatesIn,
    RatesWritten,
    TerritoryIn,
    TerritoryOut,
    TerritoryPatch,
)
from crm_api.writes.dependencies import Write, told
from crm_api.writes.idempotency import Answer

router = Router(prefix="/api/v1/organisation", tags=["organisation"])
territories_router = Router(prefix="/api/v1/territories", tags=["territories"])
Csv = Annotated[bytes, Body(media_type="text/csv")]


def _changed(session: Session, _: Actor, /, **change: Any) -> dict[str, Any]:
    service.change_profile(session, **change)
    session.flush()
    shown = service.told(session)
    assert shown is not None, "the profile was just written"
    return shown


@router.get("", response_model=OrganisationOut)
async def read_organisation(db: Db, actor: CurrentActor) -> Response:
    """The profile of the company that runs this installation."""
    shown = await db.read(service.told)
    if shown is None:
        shown = await db.write(_changed, actor, values={})
    return record_answer(shown)


@router.patch("", response_model=OrganisationOut, responses=documented(400, 403, 409, 412, 422))
async def update_organisation(
    request: Request, body: OrganisationPatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just the fields sent."""
    require_role(write.actor)
    answer = await write.answer(_changed, values=changes(body), if_match=if_match)
    state(request).actors.clear()  # who reads with the organisation's zone, currency and formats
    return answer


@territories_router.get(
    "", response_model=Page[TerritoryOut], openapi_extra=listed(TERRITORIES), responses=documented(400, 422)
)
async def list_territories(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("territory")]
) -> Response:
    """Territories, by name."""
    return json_answer(await db.read(records.page, actor, "territory", query))


@territories_router.post(
    "", status_code=201, response_model=TerritoryOut, responses=documented(400, 403, 409, 422)
)
async def create_territory(body: TerritoryIn, write: Write) -> Response:
    """Make a territory."""

    def make(session: Session, actor: Actor) -> Any:
        require_role(actor)
        return service.create_territory(session, name=body.name, parent_id=body.parent_id)

    return await write.record(make, status=201)


@territories_router.get(
    "/{territory_id}",
    response_model=TerritoryOut,
    openapi_extra=shown(TERRITORIES),
    responses=documented(400, 404, 422),
)
async def read_territory(
    territory_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("territory")]
) -> Response:
    """One territory."""
    return record_answer(await db.read(records.one, actor, "territory", territory_id, wanted))


@territories_router.patch(
    "/{territory_id}", response_model=TerritoryOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def update_territory(
    territory_id: UUID, body: TerritoryPatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just the fields sent."""

    def change(session: Session, actor: Actor) -> Any:
        territory = records.get(session, actor, Territory, territory_id, writing=True, if_match=if_match)
        return service.update_territory(session, territory, values=changes(body))

    return await write.record(change)


# ── Holidays ─────────────────────────────────────────────────────────────────────────────────────


@router.get(
    "/days",
    response_model=Days,
    responses=documented(400, 422),
    dependencies=[takes_only("start", "end", "territory_id")],
)
async def list_days(
    db: Db,
    actor: CurrentActor,
    start: Annotated[Day, Parameter(description="First day.")],
    end: Annotated[Day, Parameter(description="Last day, included; at most 400 days on.")],
    territory_id: UUID | None = None,
) -> Response:
    """Which days are worked, everywhere or in a territory, and why the others are not."""
    if not start <= end <= start + timedelta(days=400):
        raise Invalid.field("end", "between the start and 400 days after it")

    def days(session: Session) -> dict[str, Any]:
        off = calendars.days_off(session, since=start, territory_ids=[territory_id])
        span = (start + timedelta(days=n) for n in range((end - start).days + 1))
        items = [{"day": day, "is_worked": off.is_worked(day), "why": off.why(day)} for day in span]
        return {"items": items, "working_days": sum(item["is_worked"] for item in items)}

    return json_answer(await db.read(days))


@router.get(
    "/holiday-calendars",
    response_model=Page[HolidayCalendarOut],
    openapi_extra=listed(CALENDARS),
    responses=documented(400, 422),
)
async def list_holiday_calendars(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("holiday_calendar")]
) -> Response:
    """Calendars, by name, without their days."""
    return json_answer(await db.read(records.page, actor, "holiday_calendar", query))


@router.post(
    "/holiday-calendars",
    status_code=201,
    response_model=HolidayCalendarOut,
    responses=documented(400, 403, 409, 422),
)
async def create_holiday_calendar(body: HolidayCalendarIn, write: Write) -> Response:
    """Make a calendar, with its days."""

    def make(session: Session, actor: Actor) -> Any:
        require_role(actor)
        return holidays.create(session, values=body.model_dump())

    return await write.record(make, status=201)


@router.get(
    "/holiday-calendars/{calendar_id}",
    response_model=HolidayCalendarOut,
    openapi_extra=shown(CALENDARS),
    responses=documented(400, 404, 422),
)
async def read_holiday_calendar(
    calendar_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("holiday_calendar")]
) -> Response:
    """One calendar, with its days."""
    return record_answer(await db.read(records.one, actor, "holiday_calendar", calendar_id, wanted))


@router.patch(
    "/holiday-calendars/{calendar_id}",
    response_model=HolidayCalendarOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def update_holiday_calendar(
    calendar_id: UUID, body: HolidayCalendarPatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just the fields sent; `holidays` replaces the days there are."""
    values = {name: value for name, value in body.model_dump().items() if name in body.model_fields_set}

    def change(session: Session, actor: Actor) -> Any:
        found = records.get(session, actor, HolidayCalendar, calendar_id, writing=True, if_match=if_match)
        return holidays.update(session, found, values=values)

    return await write.record(change)


@router.post(
    "/holiday-calendars/{calendar_id}/import",
    response_model=HolidayCalendarOut,
    responses=documented(400, 403, 404, 412, 413, 422),
)
async def import_holidays(calendar_id: UUID, body: Csv, write: Write, if_match: IfMatch) -> Response:
    """Add days from CSV with the columns day,name. All rows or none are written."""

    def change(session: Session, actor: Actor) -> Any:
        found = records.get(session, actor, HolidayCalendar, calendar_id, writing=True, if_match=if_match)
        return holidays.add_days(session, found, days=holidays.from_csv(body))

    return await write.record(change)


@router.delete(
    "/holiday-calendars/{calendar_id}", status_code=204, responses=documented(400, 403, 404, 412, 422)
)
async def delete_holiday_calendar(calendar_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Remove a calendar with its days."""

    def drop(session: Session, actor: Actor) -> None:
        found = records.get(session, actor, HolidayCalendar, calendar_id, writing=True, if_match=if_match)
        holidays.delete(session, found)

    return await write.nothing(drop)


# ── Exchange rates ───────────────────────────────────────────────────────────────────────────────


@router.get(
    "/rates", response_model=Page[RateOut], openapi_extra=listed(RATES), responses=documented(400, 422)
)
async def list_rates(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("exchange_rate")]
) -> Response:
    """Exchange rates, the newest first."""
    return json_answer(await db.read(records.page, actor, "exchange_rate", query))


@router.post("/rates/import", response_model=RatesWritten, responses=documented(400, 403, 422))
async def import_rates(body: RatesIn, write: Write) -> Response:
    """Write many rates, each over the one of its currency and day. All or none are written."""
    given = [rates.NewRate(**rate.model_dump()) for rate in body.rates]
    return await write.answer(_put_many, given=given)


@router.post("/rates/import-csv", response_model=RatesWritten, responses=documented(400, 403, 413, 422))
async def import_rates_csv(body: Csv, write: Write) -> Response:
    """The same from CSV with the columns currency,valid_from,rate and, if you like, source."""
    return await write.answer(_put_many, given=rates.from_csv(body))


def _put_many(session: Session, actor: Actor, *, given: list[rates.NewRate]) -> dict[str, int]:
    require_role(actor)
    return rates.put_many(session, given)


@router.get(
    "/rates/convert",
    response_model=Converted,
    responses=documented(400, 422),
    dependencies=[takes_only("amount", "currency", "on")],
)
async def convert(
    db: Db,
    actor: CurrentActor,
    amount: Annotated[Decimal, Parameter(ge=0, le=Decimal(10) ** 14, allow_inf_nan=False)],
    currency: Currency,
    on: Annotated[Day | None, Parameter(description="At the rate of this day; today's without one.")] = None,
) -> Response:
    """An amount in the organisation's currency, as sums count it."""

    def converted(session: Session) -> dict[str, Any]:
        code = money.require_currency(currency)
        base, day = service.currency(session), on or clock.today(service.zone(session))
        minor = rates.convert(session, money.to_minor(amount, code), code, on=day)
        rate = Decimal(1) if code == base else rates.rate_on(session, code, day)
        return {
            "amount": float(amount),
            "currency": code,
            "day": day,
            "rate": None if rate is None else float(rate),
            "converted": money.to_major(minor, base),
            "organisation_currency": base,
        }

    return json_answer(await db.read(converted))


@router.get(
    "/rates/{currency}/{valid_from}",
    response_model=RateOut,
    openapi_extra=shown(RATES),
    responses=documented(400, 404, 422),
)
async def read_rate(
    currency: Currency,
    valid_from: Day,
    db: Db,
    actor: CurrentActor,
    wanted: Annotated[Wanted, showing("exchange_rate")],
) -> Response:
    """The rate of a currency that begins on a day."""

    def read(session: Session) -> dict[str, Any]:
        found = rates.find(session, currency, valid_from)
        return records.one(session, actor, "exchange_rate", found.id, wanted)

    return record_answer(await db.read(read))


@router.put(
    "/rates/{currency}/{valid_from}",
    response_model=RateOut,
    responses=documented(400, 403, 412, 422) | {201: {"model": RateOut, "description": "The rate is new"}},
)
async def put_rate(
    currency: Currency, valid_from: Day, body: RateIn, write: Write, if_match: IfMatch
) -> Response:
    """Write the rate of a currency from a day on. Amounts kept in that currency follow within a minute."""

    def put(session: Session) -> Answer:
        require_role(write.actor)
        given = rates.NewRate(currency, valid_from, body.rate, body.source)
        row, is_new = rates.put(session, given, if_match=if_match)
        return told(records.as_shown(session, write.actor, row), 201 if is_new else 200)

    return await write.transaction(put)


@router.delete(
    "/rates/{currency}/{valid_from}", status_code=204, responses=documented(400, 403, 404, 412, 422)
)
async def delete_rate(currency: Currency, valid_from: Day, write: Write, if_match: IfMatch) -> Response:
    """Remove a rate; the one before it holds on."""

    def drop(session: Session, actor: Actor) -> None:
        found = rates.find(session, currency, valid_from)
        row = records.get(session, actor, ExchangeRate, found.id, writing=True, if_match=if_match)
        rates.delete(session, row)

    return await write.nothing(drop)
