"""Where a list finds the saved view it is asked for.

Views are a domain above this room, so it is told at start-up where they are kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.conditions.tree import Tree
from crm_api.core.errors import BadRequest, Invalid
from crm_api.core.fields import Catalogue

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a view keeps of a query. It is a filter and no right: it runs as whoever looks."""

    name: str
    tree: Tree
    search: str | None = None
    sort: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


Source = Callable[[Session, Actor, str, str], Saved | None]
_sources: list[Source] = []


def keep_in(source: Source) -> None:
    """Tell where views are: `source(session, actor, kind, id or "default")`, None where there is none."""
    _sources[:] = [source]


def of(session: Session, actor: Actor, catalogue: Catalogue, wanted: str) -> Saved | None:
    """The view a list of this kind is asked for. Nobody needs to have a default; raises Invalid for an id
    that is not there, not the actor's to see, or a view of another kind."""
    for source in _sources:
        if (found := source(session, actor, catalogue.kind, wanted)) is not None:
            return found
    if wanted == DEFAULT:
        return None
    raise Invalid.field("view", f"there is no such view of {catalogue.plural}, or it is not yours to see")


@contextmanager
def named(view: Saved) -> Iterator[None]:
    """Let a view that fits no longer say so: which one, and the field at fault."""
    try:
        yield
    except (Invalid, BadRequest) as error:
        told = f"The view '{view.name}' no longer fits and has to be changed: {error.detail}"
        raise Invalid(told, errors=error.errors, view=view.name) from error
