"""One record on its way back to what it was: what the room `changes` hands to the domains.

A domain that lets its records be put back says so with two functions. `examine(session, actor, backs)` yields
the ones that a rule of the domain forbids, with the reason; it may also complete `values`. `settle(session,
actor, backs)` runs once the values are set and flushed, and does what follows: events, timeline, access.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.orm import Session

Refusals = Iterable[tuple["Back", str]]


@dataclass(slots=True)
class Back:
    """`values` are attributes as the columns hold them, or parts (`tags`, `lines`) as the trail tells them.

    `was` is what changed attributes held before they were set. `move` says whether the record is archived or
    restored on the way.
    """

    record: Any
    values: dict[str, Any] = field(default_factory=dict)
    move: Literal["archive", "restore"] | None = None
    was: dict[str, Any] = field(default_factory=dict)

    def changed(self, name: str) -> bool:
        """Whether an attribute was really set to something else."""
        return name in self.was

    @property
    def told(self) -> list[str]:
        """The names of the fields that changed, as an event tells them; archiving is an event of its own."""
        return sorted((self.was.keys() | self.values.keys()) - {"archived_at"})


# Actor is a matter of `access`, which is this room's neighbour: both functions take it as it comes.
Examine = Callable[[Session, Any, Sequence[Back]], Refusals]
Settle = Callable[[Session, Any, Sequence[Back]], None]


def nothing_to_examine(session: Session, actor: Any, backs: Sequence[Back]) -> Refusals:
    """For domains without a rule of their own."""
    return ()


def nothing_to_settle(session: Session, actor: Any, backs: Sequence[Back]) -> None:
    """For domains where nothing follows."""
