"""People-facing numbers: `LEAD-20261121-0001`, rising per kind and day, unique, never reused.

On SQLite the counter moves in the running transaction, which is the only writer anyway. On PostgreSQL it
moves in a short transaction of its own on a small pool of its own, committed at once: holding the counter
row to the end of each creation made creating 7 times slower. The price is a gap where a creation fails.
A rehearsal takes none: its numbers are made up and rolled back.
"""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.ids import new_id

_TAKE = sa.text(
    "INSERT INTO counters (id, key, value) VALUES (:id, :key, :n) "
    "ON CONFLICT (key) DO UPDATE SET value = counters.value + :n RETURNING value"
)


def reserve(session: Session, prefix: str, day: date, n: int) -> None:
    """Take a range at once for a bulk request; `take` gives from it until it is used up."""
    if n > 1 and not session.info.get("rehearsal"):
        taken = take(session, prefix, day, n)
        session.info.setdefault("reserved_numbers", {})[f"{prefix}-{day:%Y%m%d}"] = taken


def take(session: Session, prefix: str, day: date, n: int = 1) -> list[str]:
    """The next `n` numbers of a kind for a day of the organisation's calendar.

    Past 9999 a digit is added. Take several kinds in alphabetical order, so that transactions never wait
    for each other in a circle.
    """
    key = f"{prefix}-{day:%Y%m%d}"
    if session.info.get("rehearsal"):
        return [f"{key}-?{new_id()}" for _ in range(n)]
    reserved = session.info.get("reserved_numbers", {}).get(key, [])
    if len(reserved) >= n:
        return [reserved.pop(0) for _ in range(n)]
    bind = session.info.get("numbering_bind")
    if bind is None:
        identifier = new_id()
        last = session.connection().execute(_TAKE, {"id": identifier.bytes, "key": key, "n": n}).scalar_one()
    else:
        with bind.begin() as connection:
            last = connection.execute(_TAKE, {"id": new_id(), "key": key, "n": n}).scalar_one()
    return [f"{key}-{value:04d}" for value in range(last - n + 1, last + 1)]
