"""Dated exchange rates, and amounts in the organisation's currency.

A rate holds from its day until the day of the next one. Amounts convert exactly and are rounded half up to
the decimals of the organisation's currency.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from crm_api.core import clock, context, dialect, sheets
from crm_api.core.errors import FieldError, Invalid, NotFound, Stale
from crm_api.core.ids import new_id
from crm_api.core.money import LARGEST, decimals, require_currency
from crm_api.core.schemas import apply_patch
from crm_api.organisation.basics import currency as base_currency
from crm_api.organisation.basics import zone
from crm_api.organisation.models import ExchangeRate, Revaluation
from crm_api.organisation.schemas import DatedRateIn

# 19 digits of a 64-bit amount times 15 of a rate: nothing is rounded before the end.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
MOST_RATES = 10_000  # a file; some 25 years of one currency's days
_KEY = "exchange_rates"


@dataclass(frozen=True, slots=True)
class NewRate:
    """One rate as it comes in."""

    currency: str
    valid_from: date
    rate: Decimal
    source: str | None = None


# ── Converting ───────────────────────────────────────────────────────────────────────────────────


def convert(
    session: Session, minor: int | None, currency: str, *, on: date | datetime | None = None
) -> int | None:
    """Minor units of `currency` as minor units of the organisation's currency, at the rate of the day `on`.

    The rate is the most recent one on or before that day; without a day, today's. An instant means its day in
    the organisation's zone. None where there is no amount or no rate. Costs nothing for the organisation's own
    currency, else one statement a currency and transaction.
    """
    base = base_currency(session)
    if minor is None or currency == base:
        return minor
    rate = rate_on(session, currency, _day(session, on))
    if rate is None:
        return None
    places = decimals(base) - decimals(currency)
    exact = _EXACT.multiply(Decimal(minor), rate).scaleb(places, _EXACT)
    whole = int(exact.quantize(Decimal(1), context=_EXACT))
    return whole if whole <= LARGEST else None


def in_base(
    session: Session, model: Any, rows: Sequence[Mapping[str, Any]], *, amount: str
) -> list[dict[str, Any]]:
    """Rows to be changed (each with its `id`), with `<amount>_base` for those that change amount or currency."""
    moved = [row["id"] for row in rows if amount in row or "currency" in row]
    columns = (model.id, model.currency, getattr(model, amount).label("amount"))
    found = session.execute(sa.select(*columns).where(model.id.in_(moved))) if moved else ()
    present = {row.id: row for row in found}
    changed = []
    for row in rows:
        before = present.get(row["id"])
        if before is not None:
            minor, code = row.get(amount, before.amount), row.get("currency", before.currency)
            row = {**row, f"{amount}_base": convert(session, minor, code)}
        changed.append(dict(row))
    return changed


def follow_values(
    session: Session,
    record: Any,
    values: dict[str, Any],
    *,
    amount: str,
    into: str,
    on: date | datetime | None = None,
    dated_by: Sequence[str] = (),
) -> None:
    """Complete `values`, about to be set on a record, with what the amount is then worth.

    Does nothing where neither the amount nor its currency is among them, nor what `dated_by` says decides the day.
    """
    if values.keys().isdisjoint({amount, "currency", into, *dated_by}):
        return
    minor = values.get(amount, getattr(record, amount))
    values[into] = convert(session, minor, values.get("currency", record.currency), on=on)


def rate_on(session: Session, currency: str, day: date) -> Decimal | None:
    """How much one unit of `currency` is worth on `day`, or None where no rate is known by then."""
    known = session.info.setdefault(_KEY, {})
    if currency not in known:
        found = sa.select(ExchangeRate.valid_from, ExchangeRate.rate).where(ExchangeRate.currency == currency)
        known[currency] = session.execute(found.order_by(ExchangeRate.valid_from.desc())).all()
    return next((rate for valid_from, rate in known[currency] if valid_from <= day), None)


def _day(session: Session, on: date | datetime | None) -> date:
    if on is None:
        return clock.today(zone(session))
    return on.astimezone(ZoneInfo(zone(session))).date() if isinstance(on, datetime) else on


# ── Keeping ──────────────────────────────────────────────────────────────────────────────────────


def find(session: Session, currency: str, valid_from: date) -> ExchangeRate:
    """The rate of that currency that begins on that day; raises NotFound."""
    code = currency.upper()
    statement = sa.select(ExchangeRate).where(
        ExchangeRate.currency == code, ExchangeRate.valid_from == valid_from
    )
    if (found := session.scalars(statement).first()) is None:
        raise NotFound(f"There is no rate of {code} from {valid_from} on.")
    return found


def put(session: Session, given: NewRate, *, if_match: int | None = None) -> tuple[ExchangeRate, bool]:
    """Write one rate over the one of that day; returns it and whether it is new. Raises Invalid, Stale."""
    _check(session, given, field="currency")
    if if_match is not None:
        _require_version(session, given, if_match)
    ((row, outcome),) = _write(session, [given])
    return row, outcome == "created"


def put_many(session: Session, given: Sequence[NewRate]) -> dict[str, int]:
    """Write many rates, all or none; returns how many were created, updated and unchanged.

    Raises Invalid naming each fault by its place in the list.
    """
    faults, seen = [], set()
    for place, rate in enumerate(given):
        key = (rate.currency.upper(), rate.valid_from)
        try:
            _check(session, rate, field=f"rates.{place}.currency")
        except Invalid as fault:
            faults += fault.errors
        if key in seen:
            faults.append(FieldError(f"rates.{place}", f"{key[0]} from {key[1]} on is given twice"))
        seen.add(key)
    if faults:
        raise Invalid("Nothing was written: some rates are not valid.", errors=faults)
    outcomes = [outcome for _, outcome in _write(session, given)]
    return {name: outcomes.count(name) for name in ("created", "updated", "unchanged")}


def delete(session: Session, row: ExchangeRate) -> None:
    """Remove a rate; the one before holds on."""
    session.delete(row)
    request(session, row.currency, due_on=row.valid_from)


def from_csv(data: bytes) -> list[NewRate]:
    """Rates out of CSV with the columns currency, valid_from, rate and perhaps source; raises Invalid."""
    columns = ("currency", "valid_from", "rate")
    return sheets.read(data, _rate, columns=columns, optional=("source",), most=MOST_RATES)


def _rate(row: Mapping[str, str]) -> NewRate:
    try:
        return NewRate(
            **DatedRateIn.model_validate({**row, "source": row.get("source") or None}).model_dump()
        )
    except ValidationError as error:
        fault = error.errors()[0]
        raise ValueError(f"{fault['loc'][0]}: {fault['msg']}") from error


def _require_version(session: Session, given: NewRate, version: int) -> None:
    row = _kept(session, [(given.currency.upper(), given.valid_from)])
    present = next((row.version for row in row.values()), None)
    if present != version:
        raise Stale("This rate was changed since; read it again.", current_version=present)


def _check(session: Session, given: NewRate, *, field: str) -> None:
    code = require_currency(given.currency, field=field)
    if code == base_currency(session):
        raise Invalid.field(field, f"{code} is the organisation's own currency; its rate is always 1")


def _write(session: Session, given: Sequence[NewRate]) -> list[tuple[ExchangeRate, str]]:
    kept = _kept(session, [(rate.currency.upper(), rate.valid_from) for rate in given])
    written, now = [], context.current()
    for rate in given:
        key, values = (rate.currency.upper(), rate.valid_from), {"rate": rate.rate, "source": rate.source}
        if (row := kept.get(key)) is not None:
            written.append((row, "updated" if apply_patch(row, values) else "unchanged"))
        else:
            row = ExchangeRate(currency=key[0], valid_from=key[1], origin=now.origin, **values)
            session.add(row)
            written.append((row, "created"))
    today = _day(session, None)
    old = {(row.currency, max(row.valid_from, today)) for row, what in written if what != "unchanged"}
    for code, day in sorted(old):
        request(session, code, due_on=day)
    return written


def _kept(session: Session, keys: Iterable[tuple[str, date]]) -> dict[tuple[str, date], ExchangeRate]:
    wanted = set(keys)
    statement = sa.select(ExchangeRate).where(
        ExchangeRate.currency.in_({code for code, _ in wanted}),
        ExchangeRate.valid_from.in_({day for _, day in wanted}),
    )
    rows = session.scalars(statement.with_for_update())
    return {(row.currency, row.valid_from): row for row in rows if (row.currency, row.valid_from) in wanted}


# ── What a changed rate makes old ────────────────────────────────────────────────────────────────


def request(session: Session, currency: str, *, due_on: date) -> None:
    """Have amounts in `currency` worked out anew: now, or on the day a rate begins to hold."""
    session.info.pop(_KEY, None)
    row: dict[str, Any] = {
        "id": new_id(), "currency": currency, "due_on": max(due_on, _day(session, None)),
        "requested_at": clock.now(),
    }  # fmt: skip
    key = ["currency", "due_on"]
    dialect.upsert(session, Revaluation.__table__, [row], key=key, update=["requested_at"])


def requested(session: Session) -> list[Revaluation]:
    """What is to be worked out anew by now, oldest first."""
    due = sa.select(Revaluation).where(Revaluation.due_on <= _day(session, None))
    return list(session.scalars(due.order_by(Revaluation.requested_at, Revaluation.id)))


def settled(session: Session, done: Revaluation) -> None:
    """Forget a request, unless it was made again meanwhile."""
    session.execute(
        sa.delete(Revaluation).where(Revaluation.id == done.id, Revaluation.requested_at == done.requested_at)
    )
