"""Telling of records that are probably the same as one that is being made, or refusing it for them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.conditions import records
from crm_api.conditions.filters import Wanted
from crm_api.core.errors import Conflict
from crm_api.matching.duplicates import Match

OnDuplicate = Annotated[
    Literal["report", "refuse"],
    Query(description="Where it probably is there already: make it and tell, or refuse with 409."),
]


class PossibleDuplicate(BaseModel):
    """A record that is probably the same. Of one you may not see, only that it is there and whose it is."""

    kind: str
    id: UUID | None
    number: str | None
    label: str | None
    score: int
    reasons: list[str]
    owner_id: UUID | None
    owner: str | None


def told(matches: Sequence[Match]) -> list[dict[str, Any]]:
    """Duplicates as an answer shows them; of one that may not be seen, only that it is there and whose it is."""
    return [
        {
            "kind": match.kind,
            "id": match.id if match.seen else None,
            "number": match.number if match.seen else None,
            "label": match.label if match.seen else None,
            "score": match.score,
            "reasons": list(match.keys),
            "owner_id": match.owner_id,
            "owner": match.owner,
        }
        for match in matches
    ]


def made(
    session: Session,
    actor: Actor,
    *,
    alike: Sequence[Match],
    on_duplicate: str,
    create: Callable[[], Any],
    wanted: Wanted,
) -> dict[str, Any]:
    """Make a record and answer with it and those it probably is already; raises Conflict where that refuses it."""
    if alike and on_duplicate == "refuse":
        raise Conflict(
            "There probably is such a record already; see possible_duplicates.",
            possible_duplicates=told(alike),
        )
    record = create()
    return records.as_shown(session, actor, record, wanted) | {"possible_duplicates": told(alike)}
