"""Looking addresses up and keeping what was found: between two transactions, a paid or a slow call."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import SYSTEM, Actor, require_write
from crm_api.accounts.models import Account
from crm_api.conditions import records
from crm_api.core.database import Database
from crm_api.maps import places, runs
from crm_api.maps.addresses import Address
from crm_api.maps.flows import refusal
from crm_api.ports import GeocodedPlace, PermanentFailure, PortFailure, Ports, TemporaryFailure

WAIT = 60.0  # seconds until a geocoder that does not answer is asked again
REFRESHED = 20  # look-ups of a round of the job
EXPIRED = 200
SLICES = 30  # of one round: some minutes of the slowest geocoder, so that other rounds come to their turn


async def locate(db: Database, ports: Ports, actor: Actor, *, account_id: UUID) -> dict[str, Any]:
    """Look one account's address up now. Raises NotFound, Conflict (a pin, no address), Unavailable."""
    address = await db.read(_address, actor, account_id=account_id)
    try:
        found = await ports.geocoder.geocode(address.text, country=address.country)
    except PortFailure as failure:
        raise refusal(failure) from failure
    return await db.write(_keep, actor, account_id=account_id, address=address, found=found)


async def work_off(db: Database, ports: Ports) -> int:
    """Go on with waiting runs; returns how many addresses were looked up."""
    done = 0
    for _ in range(SLICES):
        work = await db.write(runs.claim)
        if work is None:
            break
        answers: dict[UUID, list[GeocodedPlace]] = {}
        trouble: PortFailure | None = None
        for account_id, address in work.wanted.items():
            if address is None:
                continue
            try:
                answers[account_id] = await ports.geocoder.geocode(address.text, country=address.country)
            except PortFailure as failure:
                trouble = failure
                break
        await db.write(runs.keep, work=work, answers=answers)
        done += len(answers)
        if trouble is not None:
            await db.write(runs.pause, run_id=work.run_id, reason=trouble.reason, seconds=_wait(trouble))
            break
    return done


async def refresh(db: Database, ports: Ports) -> int:
    """Look up again what Google gave four weeks ago, and let go of what is thirty days old; returns how many.

    Where the geocoder is not Google's any more, or refuses, nothing is looked up, and the coordinates run out.
    """
    renewed = 0
    if ports.geocoder.name == "google":
        for account_id in await db.read(places.due, limit=REFRESHED):
            try:
                await locate(db, ports, SYSTEM, account_id=account_id)
            except Exception as error:
                if isinstance(error.__cause__, PortFailure):
                    break
                continue  # gone, pinned or without an address by now
            renewed += 1
    return renewed + await db.write(places.expire, limit=EXPIRED)


def _wait(trouble: PortFailure) -> float | None:
    if isinstance(trouble, PermanentFailure):
        return None
    return (trouble.retry_after if isinstance(trouble, TemporaryFailure) else None) or WAIT


def _address(session: Session, actor: Actor, *, account_id: UUID) -> Address:
    account: Account = records.get(session, actor, Account, account_id)
    require_write(session, actor, account)
    return places.require_address(account)


def _keep(
    session: Session, actor: Actor, *, account_id: UUID, address: Address, found: list[GeocodedPlace]
) -> dict[str, Any]:
    account: Account = records.get(session, actor, Account, account_id, writing=True)
    if places.require_address(account) == address:
        places.found(session, account, address=address, places=found)
        session.flush()
    return places.told(session, actor, account_id=account_id)
