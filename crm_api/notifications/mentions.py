"""Who is meant by `@name` in a text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from crm_api.core.text import fold

# Not behind a letter or digit: that is an e-mail address.
_AT = re.compile(r"(?<![\w.+-])@(?=\w)")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be meant."""

    id: UUID
    name: str
    email: str | None


def mentioned(text: str, people: Iterable[Person]) -> set[UUID]:
    """Those whose name stands behind an @: the whole name, the first name where only one has it, or what stands
    before the @ of their own address. Case and accents do not matter; of two names that fit the longer one counts."""
    folded = fold(text)
    if "@" not in folded:
        return set()
    names = _names(people)
    found = set()
    for at in _AT.finditer(folded):
        rest = folded[at.end() :]
        fitting = [name for name in names if rest.startswith(name) and not _goes_on(rest, len(name))]
        meant = names[max(fitting, key=len)] if fitting else set()
        found |= meant if len(meant) == 1 else set()
    return found


def _goes_on(rest: str, length: int) -> bool:
    return re.match(r"[\w]|[.-]\w", rest[length:]) is not None


def _names(people: Iterable[Person]) -> dict[str, set[UUID]]:
    names: dict[str, set[UUID]] = {}
    for person in people:
        whole = fold(person.name)
        own = {whole, whole.partition(" ")[0], fold(person.email).partition("@")[0]} - {""}
        for name in own:
            names.setdefault(name, set()).add(person.id)
    return names
