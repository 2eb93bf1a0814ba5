"""Records that are probably the same: found by equal keys, scored, and explained.

Each key is a stored, indexed column, so that looking costs the same in a table of a hundred and of a million rows.
Which kinds are searched, by which keys, is said by the domains.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.users.models import User

# How sure one equal key alone makes us, in percent, and what it is called. Two together are surer than either:
# 100 - the product of the doubts. Two of one household or one switchboard share a phone, two colleagues a domain.
CERTAINTY = {"email": 95, "phone": 80, "company": 70, "domain": 60, "person": 40}
TOLD = {
    "email": "same e-mail address",
    "phone": "same phone number",
    "company": "same company name",
    "domain": "same internet domain",
    "person": "same person's name",
}
LIKELY = 60  # from here on a record is told of
MOST_A_KEY, MOST = 20, 10
NOTHING: frozenset[str] = frozenset()

Keys = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where duplicates of a kind are looked for: the columns by key, and what is told of a record found.

    `seen` says whether the asker may see it; `live` which records count.
    """

    kind: str
    id: Any
    label: Any
    number: Any
    owner_id: Any
    seen: Any
    live: Any
    columns: Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Match:
    """One record that is probably the same, and why: 0 to 100."""

    kind: str
    id: UUID
    label: str | None
    number: str | None
    owner_id: UUID | None
    owner: str | None
    seen: bool
    score: int
    reasons: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """What is equal, in words."""
        return tuple(TOLD[reason] for reason in self.reasons)


def certainty(reasons: Iterable[str]) -> int:
    """How sure these equal keys together make us, in percent."""
    doubt = 1.0
    for reason in set(reasons):
        doubt *= 1 - CERTAINTY[reason] / 100
    return round(100 * (1 - doubt))


@cache
def is_likely(reasons: frozenset[str]) -> bool:
    """Whether a record is told of that has these keys in common."""
    return certainty(reasons) >= LIKELY


def find(
    session: Session,
    actor: Actor,
    places: tuple[Callable[[Actor], Place], ...],
    keys: Keys,
    *,
    own: tuple[str, UUID] | None = None,
) -> list[Match]:
    """The likely duplicates of a record with these keys, the surest first; one statement for all places.

    `own` is the record itself, by kind and id.
    """
    given = {reason: value for reason, value in keys.items() if value}
    statement = _search(actor, places, tuple(sorted(given)))
    if statement is None:
        return []
    rows = session.execute(statement, given).all()
    reasons: dict[tuple[str, UUID], dict[str, None]] = defaultdict(dict)
    for row in rows:
        reasons[row.kind, row.id][row.reason] = None
    unique = {(row.kind, row.id): row for row in rows}
    found = [
        Match(
            row.kind,
            row.id,
            row.label,
            row.number,
            row.owner_id,
            row.owner,
            bool(row.seen),
            certainty(reasons[mark]),
            tuple(sorted(reasons[mark], key=lambda reason: -CERTAINTY[reason])),
        )
        for mark, row in unique.items()
        if mark != own
    ]
    likely = [match for match in found if match.score >= LIKELY or "email" in match.reasons]
    return sorted(likely, key=lambda match: (-match.score, match.kind, match.id))[:MOST]


def are_there(session: Session, place: Place, rows: Sequence[Keys]) -> list[bool]:
    """For each of many records with these keys whether one in this place probably is the same: one statement a key.

    For imports: what a slice of rows brings is looked up all at once.
    """
    # Ids are only told apart: as the driver gives them they cost a third of what a UUID each does.
    own_id = sa.type_coerce(place.id, sa.types.NullType()).label("id")
    reasons: list[dict[Any, frozenset[str]]] = [{} for _ in rows]
    for reason, columns in place.columns.items():
        asked: dict[str, list[int]] = defaultdict(list)
        for n, keys in enumerate(rows):
            if value := keys.get(reason):
                asked[value].append(n)
        for column in columns:
            statement = sa.select(own_id, column).where(column.in_(list(asked)), place.live)
            for found, value in session.execute(statement.limit(MOST_A_KEY * len(asked))) if asked else ():
                for n in asked[value]:
                    reasons[n][found] = reasons[n].get(found, NOTHING) | {reason}
    return [any(is_likely(why) for why in one.values()) for one in reasons]


def among(rows: Sequence[Keys]) -> list[bool]:
    """For each of many records whether it probably is one of those before it."""
    seen: dict[tuple[str, str], set[int]] = defaultdict(set)
    found = []
    for n, keys in enumerate(rows):
        marks = [(reason, value) for reason, value in keys.items() if value]
        reasons: dict[int, frozenset[str]] = {}
        for mark in marks:
            for earlier in seen[mark]:
                reasons[earlier] = reasons.get(earlier, NOTHING) | {mark[0]}
            seen[mark].add(n)
        found.append(any(is_likely(why) for why in reasons.values()))
    return found


@lru_cache(maxsize=500)  # to build it, and tell it from others, took a quarter of the time a new lead takes
def _search(
    actor: Actor, places: tuple[Callable[[Actor], Place], ...], reasons: tuple[str, ...]
) -> sa.Select[Any] | None:
    """Asks for what has any of these keys, each bound under its name; None where no place knows any of them."""
    parts = [
        _one(place, column, reason)
        for place in (of(actor) for of in places)
        for reason in reasons
        for column in place.columns.get(reason, ())
    ]
    if not parts:
        return None
    alike = (sa.union_all(*parts) if len(parts) > 1 else parts[0]).subquery()
    return sa.select(alike, User.name.label("owner")).outerjoin_from(alike, User, User.id == alike.c.owner_id)


def _one(place: Place, column: Any, reason: str) -> sa.Select[Any]:
    here = (
        sa.select(
            sa.literal(place.kind, sa.Text).label("kind"),
            place.id.label("id"),
            place.label.label("label"),
            place.number.label("number"),
            place.owner_id.label("owner_id"),
            place.seen.label("seen"),
            sa.literal(reason, sa.Text).label("reason"),
        )
        .where(column == sa.bindparam(reason, type_=column.type), place.live)
        .limit(MOST_A_KEY)
        .subquery()
    )
    return sa.select(here)
