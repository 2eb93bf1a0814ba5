"""Where accounts are, and how we know.

A pin set by a person, or a check-in at the door, is ours and lasts. What a geocoder found follows from the address:
it is told by no trail and raises no version, changes with the address, and Google's is let go of after thirty days
(Google Maps Platform, Service Specific Terms), which a trail would not.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, visible
from crm_api.accounts import service as accounts
from crm_api.accounts.models import Account
from crm_api.accounts.schemas import AccountPatch
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid
from crm_api.events import Event, record
from crm_api.maps.addresses import FIELDS, Address, address_of, judge
from crm_api.maps.models import AccountPlace
from crm_api.ports import GeocodedPlace

DERIVED = ("google", "nominatim", "gazetteer")
MOST_CANDIDATES = 5
KEPT, REFRESHED = timedelta(days=30), timedelta(days=28)


def is_pinned(account: Account) -> bool:
    """Whether somebody who knows said where it is: no geocoder moves it then."""
    return account.latitude is not None and account.coordinates_source not in DERIVED


def pin(
    session: Session,
    actor: Actor,
    *,
    account_id: UUID,
    latitude: float,
    longitude: float,
    if_match: int | None,
) -> dict[str, Any]:
    """Set an account's coordinates by hand; they last."""
    accounts.update(
        session, actor, account_id=account_id, data=AccountPatch(latitude=latitude, longitude=longitude),
        if_match=if_match,
    )  # fmt: skip
    session.flush()
    return told(session, actor, account_id=account_id)


def pin_at_the_door(session: Session, account: Account, *, latitude: float, longitude: float) -> None:
    """Take the position of a check-in, where nobody has set a pin by hand."""
    account.latitude, account.longitude, account.coordinates_source = latitude, longitude, "check_in"
    session.flush()
    _own(session, account, "check_in")
    record(session, _located(account, "check_in", "exact"))


def found(
    session: Session, account: Account, *, address: Address, places: Sequence[GeocodedPlace]
) -> AccountPlace:
    """Keep what a geocoder found: taken where it is sure, queued for a person where it is not."""
    place, verdict = place_of(session, account.id), judge(places)
    place.status, place.note, place.address = verdict.status, verdict.note, address.text
    place.geocoded_at, place.candidates = clock.now(), []
    if verdict.status == "placed":
        _take(session, account, place, _kept(places[0]))
    else:
        place.candidates = [_kept(candidate) for candidate in places[:MOST_CANDIDATES]]
        if account.coordinates_source == "google":  # what was asked again had run out
            _let_go(session, account)
    return place


def choose(session: Session, actor: Actor, *, account_id: UUID, candidate: int) -> dict[str, Any]:
    """Take one of the candidates of an account under review; raises Invalid where there is no such one."""
    account: Account = records.get(session, actor, Account, account_id, writing=True)
    place = place_of(session, account.id)
    if not 0 <= candidate < len(place.candidates):
        raise Invalid.field("candidate", f"there are {len(place.candidates)} candidates, counted from 0")
    chosen = place.candidates[candidate]
    place.status, place.note, place.candidates = "placed", None, []
    _take(session, account, place, chosen)
    return told(session, actor, account_id=account_id)


def told(session: Session, actor: Actor, *, account_id: UUID) -> dict[str, Any]:
    """How an account came by its coordinates; raises NotFound."""
    account: Account = records.get(session, actor, Account, account_id)
    place = session.scalar(sa.select(AccountPlace).where(AccountPlace.account_id == account_id))
    return _answer(account, place)


def in_review(
    session: Session, actor: Actor, *, statuses: Sequence[str], limit: int, skip: int
) -> dict[str, Any]:
    """The accounts the actor sees whose place needs a person, by name."""
    terms = (
        AccountPlace.status.in_(statuses), Account.archived_at.is_(None), visible("account", actor),
    )  # fmt: skip
    joined = sa.select(Account, AccountPlace).join(AccountPlace, AccountPlace.account_id == Account.id)
    rows = session.execute(
        joined.where(*terms).order_by(Account.name_key, Account.id).limit(limit).offset(skip)
    )
    count = sa.select(sa.func.count()).select_from(Account)
    total = session.scalar(count.join(AccountPlace, AccountPlace.account_id == Account.id).where(*terms))
    return {"items": [_answer(account, place) for account, place in rows], "total": total or 0}


def due(session: Session, *, limit: int) -> list[UUID]:
    """Accounts whose coordinates Google gave almost thirty days ago, the oldest first."""
    old = sa.and_(
        AccountPlace.source == "google", AccountPlace.status == "placed",
        AccountPlace.geocoded_at < clock.now() - REFRESHED,
    )  # fmt: skip
    statement = sa.select(AccountPlace.account_id).where(old)
    return list(session.scalars(statement.order_by(AccountPlace.geocoded_at).limit(limit)))


def expire(session: Session, *, limit: int) -> int:
    """Let go of what Google gave thirty days ago, all but the place id; returns of how many accounts."""
    old = AccountPlace.geocoded_at < clock.now() - KEPT
    held = sa.or_(
        sa.and_(AccountPlace.source == "google", AccountPlace.status == "placed"),
        AccountPlace.status == "review",
    )
    rows = session.scalars(
        sa.select(AccountPlace).where(old, held).order_by(AccountPlace.geocoded_at).limit(limit)
    ).all()
    for place in rows:
        if place.status == "review" and all(each["source"] != "google" for each in place.candidates):
            place.geocoded_at = clock.now()  # nobody's terms: looked at again in thirty days
            continue
        place.candidates, place.label = [], None
        place.status, place.note = "expired", "Thirty days are over; look the address up again."
        account = session.get(Account, place.account_id)
        if account is not None and account.coordinates_source == "google":
            _let_go(session, account)
    return len(rows)


def on_account_updated(session: Session, event: Event) -> None:
    """A new pin ends what a geocoder knew; a new address makes what it found the wrong place."""
    sent = set(event.data.get("fields", ()))
    if not sent & (FIELDS | {"latitude", "longitude"}):
        return
    account = session.get(Account, event.subject_id)
    place = session.scalar(sa.select(AccountPlace).where(AccountPlace.account_id == event.subject_id))
    if account is None:
        return
    if sent & {"latitude", "longitude"}:
        if account.latitude is not None:
            _own(session, account, "user")
            record(session, _located(account, "user", "exact"))
        elif place is not None:
            session.delete(place)
    elif place is not None and place.address is not None:
        address = address_of(account)
        if address is None or address.text != place.address:
            _moved(session, account, place)


def place_of(session: Session, account_id: UUID) -> AccountPlace:
    """The place of an account, made where there is none yet."""
    place = session.scalar(
        sa.select(AccountPlace).where(AccountPlace.account_id == account_id).with_for_update()
    )
    if place is None:
        place = AccountPlace(account_id=account_id, status="nothing")
        session.add(place)
    return place


def require_address(account: Account) -> Address:
    """What to look up; raises Conflict for a pinned account, and for one without an address."""
    if is_pinned(account):
        raise Conflict("Somebody set this pin by hand; clear the coordinates first to look the address up.")
    address = address_of(account)
    if address is None:
        raise Conflict("This account has no address to look up; give it one, or set its pin on the map.")
    return address


def _moved(session: Session, account: Account, place: AccountPlace) -> None:
    if is_pinned(account):
        place.status, place.note = "review", "The address changed after the pin was set."
        return
    place.status, place.note, place.candidates = "moved", "The address changed.", []
    _let_go(session, account)


def _own(session: Session, account: Account, source: str) -> None:
    """The pin is ours now: nothing of a geocoder's is kept but the address it is of."""
    place, address = place_of(session, account.id), address_of(account)
    place.status, place.source, place.precision = "placed", source, "exact"
    place.place_id = place.label = place.note = place.geocoded_at = None
    place.address, place.candidates = address.text if address else "", []


def _take(session: Session, account: Account, place: AccountPlace, chosen: dict[str, Any]) -> None:
    place.source, place.precision = chosen["source"], chosen["precision"]
    place.place_id, place.label = chosen["place_id"], chosen["label"]
    audit.follow(
        session, Account, Account.id == account.id, latitude=chosen["latitude"], longitude=chosen["longitude"],
        coordinates_source=chosen["source"],
    )  # fmt: skip
    session.refresh(account, ["latitude", "longitude", "coordinates_source"])
    record(session, _located(account, chosen["source"], chosen["precision"]))


def _let_go(session: Session, account: Account) -> None:
    """Coordinates that no longer hold are none at all: nobody is sent there."""
    if account.coordinates_source in DERIVED:
        audit.follow(
            session, Account, Account.id == account.id, latitude=None, longitude=None, coordinates_source=None
        )
        session.refresh(account, ["latitude", "longitude", "coordinates_source"])


def _kept(place: GeocodedPlace) -> dict[str, Any]:
    return {
        "latitude": place.coordinates.latitude,
        "longitude": place.coordinates.longitude,
        "label": place.label,
        "precision": place.precision,
        "source": place.source,
        "place_id": place.place_id,
        "is_partial": place.is_partial,
    }


def _answer(account: Account, place: AccountPlace | None) -> dict[str, Any]:
    address = address_of(account)
    given = account.latitude is not None
    return {
        "account_id": account.id,
        "account_name": account.name,
        "address": address.text if address else None,
        "latitude": account.latitude,
        "longitude": account.longitude,
        "source": account.coordinates_source if given else None,
        "is_ours": is_pinned(account),
        "status": place.status if place else ("placed" if given else "nothing"),
        "precision": place.precision if place and given else None,
        "place_id": place.place_id if place else None,
        "label": place.label if place and given else None,
        "geocoded_at": place.geocoded_at if place else None,
        "expires_at": _expiry(place),
        "candidates": place.candidates if place else [],
        "note": place.note if place else None,
    }


def _expiry(place: AccountPlace | None) -> datetime | None:
    if place is None or place.source != "google" or place.geocoded_at is None or place.status != "placed":
        return None
    return place.geocoded_at + KEPT


def _located(account: Account, source: str, precision: str) -> Event:
    return accounts.event("account.located", account, source=source, precision=precision)


def fresh(session: Session, account_ids: Iterable[UUID]) -> dict[UUID, Account]:
    """These accounts as they are now, without archived ones."""
    live = sa.select(Account).where(Account.id.in_(list(account_ids)), Account.archived_at.is_(None))
    return {account.id: account for account in session.scalars(live)}
