"""Looking many addresses up: what it would cost, then a run that goes on by itself, then what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role, visible
from crm_api.accounts.models import Account
from crm_api.conditions.compiler import where
from crm_api.core import clock
from crm_api.core.errors import Conflict, NotFound
from crm_api.core.ids import new_id
from crm_api.custom_fields.fields import registry
from crm_api.maps import meter, places
from crm_api.maps.addresses import Address, address_of
from crm_api.maps.meter import MICROS, dollars
from crm_api.maps.models import AccountPlace, GeocodingItem, GeocodingRun
from crm_api.maps.schemas import GeocodingAsked, GeocodingIn
from crm_api.ports import GeocodedPlace, Geocoder

MOST = 20_000  # accounts of one run
SLICE = 10  # look-ups kept in one transaction
LEASE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Slice:
    """Some accounts of a run that are still to be looked up."""

    run_id: UUID
    wanted: Mapping[UUID, Address | None]


def preview(
    session: Session, actor: Actor, *, data: GeocodingAsked, geocoder: Geocoder, limit_usd: float
) -> dict[str, Any]:
    """How many addresses would be looked up, and what that costs. Nothing is asked. Managers only (NotAllowed)."""
    require_role(actor, "manager")
    wanted, without = _chosen(session, actor, data)
    price, left = geocoder.price(len(wanted)), round(limit_usd * MICROS) - _spent(session)
    return {
        "geocoder": geocoder.name,
        "look_ups": len(wanted),
        "without_address": without,
        "usd": price / MICROS,
        "left_usd": max(0, left) / MICROS,
        "fits": price == 0 or price <= left,
        "examples": [{"account_id": row.id, "address": address.text} for row, address in wanted[:5]],
    }


def start(session: Session, actor: Actor, *, data: GeocodingIn, geocoder: Geocoder) -> dict[str, Any]:
    """Begin a run; raises Conflict where it would cost more than `most_usd`, or there is nothing to look up."""
    require_role(actor, "manager")
    wanted, _ = _chosen(session, actor, data)
    price, most = geocoder.price(len(wanted)), round(data.most_usd * MICROS)
    if not wanted:
        raise Conflict("There is no address to look up; see the preview.")
    if price > most:
        raise Conflict(
            f"{len(wanted):,} look-ups cost {dollars(price)} at list price; "
            f"send most_usd of at least {price / MICROS:g}."
        )
    run = GeocodingRun(id=new_id(), total=len(wanted), most_micros=most, actor_id=actor.user_id)
    session.add(run)
    session.flush()
    items = [{"id": new_id(), "run_id": run.id, "account_id": row.id} for row, _ in wanted]
    session.execute(sa.insert(GeocodingItem), items)
    return shown(session, run)


def one(session: Session, actor: Actor, *, run_id: UUID) -> dict[str, Any]:
    """How far a run is; raises NotFound for one of somebody else's, but to administrators."""
    return shown(session, _own_run(session, actor, run_id))


def recent(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The twenty newest runs: one's own, all to administrators."""
    require_role(actor, "manager")
    statement = sa.select(GeocodingRun).order_by(GeocodingRun.created_at.desc(), GeocodingRun.id.desc())
    if not actor.is_administrator:
        statement = statement.where(GeocodingRun.actor_id == actor.user_id)
    return [shown(session, run) for run in session.scalars(statement.limit(20))]


def cancel(session: Session, actor: Actor, *, run_id: UUID) -> dict[str, Any]:
    """End a run where it is; what was found stays."""
    run = _own_run(session, actor, run_id)
    if run.state not in ("waiting", "stopped"):
        raise Conflict(f"This run is {run.state} already.")
    run.state, run.finished_at = "cancelled", clock.now()
    return shown(session, run)


def resume(session: Session, actor: Actor, *, run_id: UUID) -> dict[str, Any]:
    """Let a run that was stopped go on from where it is."""
    run = _own_run(session, actor, run_id)
    if run.state != "stopped":
        raise Conflict(f"This run is {run.state}; only one that was stopped can go on.")
    run.state, run.message, run.lease_until = "waiting", None, None
    return shown(session, run)


def claim(session: Session) -> Slice | None:
    """The next accounts of the oldest waiting run, held for two minutes; ends runs that have none left."""
    now = clock.now()
    free = sa.or_(GeocodingRun.lease_until.is_(None), GeocodingRun.lease_until < now)
    waiting = sa.select(GeocodingRun).where(GeocodingRun.state == "waiting", free)
    for run in session.scalars(waiting.order_by(GeocodingRun.created_at).with_for_update()).all():
        ids = session.scalars(
            sa.select(GeocodingItem.account_id)
            .where(GeocodingItem.run_id == run.id, GeocodingItem.outcome.is_(None))
            .order_by(GeocodingItem.id)
            .limit(SLICE)
        ).all()
        if not ids:
            run.state, run.finished_at, run.lease_until = "done", now, None
            continue
        run.lease_until = now + LEASE
        accounts = places.fresh(session, ids)
        return Slice(run.id, {account_id: _wanted(accounts.get(account_id)) for account_id in ids})
    return None


def keep(session: Session, *, work: Slice, answers: Mapping[UUID, Sequence[GeocodedPlace]]) -> None:
    """Keep what was found of a slice; accounts whose address or pin changed meanwhile are left as they are."""
    accounts = places.fresh(session, work.wanted)
    for account_id, address in work.wanted.items():
        if address is not None and account_id not in answers:
            continue
        account, outcome = accounts.get(account_id), "skipped"
        if account is not None and address is not None and _wanted(account) == address:
            outcome = places.found(session, account, address=address, places=answers[account_id]).status
        session.execute(
            sa.update(GeocodingItem)
            .where(GeocodingItem.run_id == work.run_id, GeocodingItem.account_id == account_id)
            .values(outcome=outcome)
        )
    run = session.get_one(GeocodingRun, work.run_id)
    run.lease_until = None


def pause(session: Session, *, run_id: UUID, reason: str, seconds: float | None) -> None:
    """The geocoder does not answer: go on after `seconds`, or, without them, when somebody says so."""
    run = session.get_one(GeocodingRun, run_id)
    run.message = reason
    if seconds is None:
        run.state, run.lease_until = "stopped", None
    else:
        run.lease_until = clock.now() + timedelta(seconds=seconds)


def shown(session: Session, run: GeocodingRun) -> dict[str, Any]:
    """A run as it is answered."""
    counted = session.execute(
        sa.select(GeocodingItem.outcome, sa.func.count())
        .where(GeocodingItem.run_id == run.id)
        .group_by(GeocodingItem.outcome)
    )
    outcomes: dict[str | None, int] = {outcome: count for outcome, count in counted}
    left = outcomes.pop(None, 0)
    return {
        "id": run.id,
        "state": run.state,
        "total": run.total,
        "done": sum(outcomes.values()),
        "left": left,
        "outcomes": outcomes,
        "most_usd": run.most_micros / MICROS,
        "message": run.message,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _own_run(session: Session, actor: Actor, run_id: UUID) -> GeocodingRun:
    require_role(actor, "manager")
    run = session.get(GeocodingRun, run_id)
    if run is None or (run.actor_id != actor.user_id and not actor.is_administrator):
        raise NotFound(f"There is no geocoding run {run_id}, or it is not yours to see.")
    return run


def _chosen(
    session: Session, actor: Actor, data: GeocodingAsked
) -> tuple[list[tuple[Account, Address]], int]:
    """The accounts to look up with their addresses, and how many have none."""
    unplaced = sa.or_(Account.latitude.is_(None), Account.longitude.is_(None))
    if data.again:
        unplaced = sa.or_(unplaced, Account.coordinates_source.in_(places.DERIVED))
    else:
        asked = sa.select(AccountPlace.account_id).where(AccountPlace.status.in_(("review", "nothing")))
        unplaced = sa.and_(unplaced, Account.id.not_in(asked))
    condition = where(registry(session), "account", data.where, actor)
    statement = sa.select(Account).where(
        Account.archived_at.is_(None), visible("account", actor), unplaced, condition
    )
    rows = session.scalars(statement.order_by(Account.id).limit(MOST)).all()
    pairs = [(row, address_of(row)) for row in rows]
    return [(row, address) for row, address in pairs if address], sum(address is None for _, address in pairs)


def _wanted(account: Account | None) -> Address | None:
    """What is to be looked up of an account by now; None where somebody has set its pin, or it is gone."""
    return None if account is None or places.is_pinned(account) else address_of(account)


def _spent(session: Session) -> int:
    return meter.spent(session, meter.month_of(clock.now()))
