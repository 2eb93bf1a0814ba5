"""Records below one another: accounts under parents, people under those they report to."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session


def above(identity: Any, parent: Any, start: UUID) -> sa.Select[UUID]:
    """The ids of a record and of everything it is below, each once: a loop in old data ends the walk, too."""
    first = sa.select(identity, parent).where(identity == start).cte("above", recursive=True)
    chain = first.union(sa.select(identity, parent).where(identity == first.c[parent.key]))
    return sa.select(chain.c[identity.key])


def would_loop(session: Session, identity: Any, parent: Any, own_id: UUID | None, above_id: UUID) -> bool:
    """Whether a record would be below itself, `above_id` being what it is put below.

    Two changes that make a loop together meet: each holds the records above its own one before it looks, and whoever
    comes second looks again once the first has committed. New records (`own_id` None) have nothing below them.
    """
    if own_id is None:
        return False
    if above_id == own_id:
        return True
    held: set[UUID] = set()
    while True:
        chain = set(session.scalars(above(identity, parent, above_id)))
        if own_id in chain:
            return True
        if chain <= held:
            return False
        # Held against changes, not against records that point here: contacts may be added meanwhile.
        rows = sa.select(identity).where(identity.in_([*chain, own_id])).order_by(identity)
        session.execute(rows.with_for_update(key_share=True))
        held = chain
