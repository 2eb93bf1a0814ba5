"""A rep in Columbus, Ohio, and dealers around: made up, or real where the data is there."""

import csv
import os
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from crm_api.accounts.models import Account, AccountStats
from crm_api.core.database import Database
from crm_api.ports import Coordinates
from crm_api.users.models import User
from tests.factories import make_account, make_organisation, make_user

COLUMBUS = Coordinates(39.9612, -82.9988)
NEW_YORK = "America/New_York"
MONDAY = "2026-11-23"
SUNDAY = "2026-11-22"
DEALERS = Path(os.environ.get("CRM_TEST_DATA", "../shared")) / "data" / "dealers" / "ford_dealers_us.csv"


def make_rep(session: Session, role: str = "rep", **values: Any) -> User:
    """A rep who lives in Columbus."""
    home = {"home_latitude": COLUMBUS.latitude, "home_longitude": COLUMBUS.longitude, "time_zone": NEW_YORK}
    return make_user(session, role, **{**home, **values})


def make_dealer(session: Session, north: float = 0.0, east: float = 0.0, **values: Any) -> Account:
    """A dealer some hundredths of a degree (about a kilometre each) from the rep's home."""
    place = {"latitude": COLUMBUS.latitude + north / 100, "longitude": COLUMBUS.longitude + east / 100}
    stats = {name: values.pop(name) for name in ("last_visit_at",) if name in values}
    account = make_account(session, **{"account_type": "dealer", **place, **values})
    session.add(AccountStats(account_id=account.id, **stats))
    session.flush()
    return account


async def rep_with_dealers(db: Database, count: int, **rep: Any) -> tuple[User, list[Account]]:
    """A rep, and dealers of their own on a spiral around home."""

    def make(session: Session) -> tuple[User, list[Account]]:
        make_organisation(session, time_zone=NEW_YORK)
        user = make_rep(session, **rep)
        dealers = [
            make_dealer(session, (n % 7 - 3.5) * (2 + n / 4), (n % 5 - 2.5) * (3 + n / 4), owner_id=user.id)
            for n in range(1, count + 1)
        ]
        return user, dealers

    return await db.write(make)


def ford_dealers() -> list[dict[str, str]]:
    """The real dealers; the file is not part of the project."""
    with DEALERS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
