"""The words that stand for a person in other people's texts: an address, a full name, a phone number.

A first or last name alone is not among them: no program can tell "Lee" from another Lee, or from the side out of
the wind. Whoever asks for an erasure may name further spellings.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic_core import to_json

from crm_api.core.text import digits, fold

MARK = "[erased]"
SHORTEST = 3  # a name of fewer letters is found in every other text
SHORTEST_PHONE = 7
_BLANK = r"\s+"
_SEPARATOR = r"[\s().\-/]*"  # what people put between the digits of a phone number


@dataclass(frozen=True)
class Words:
    """Addresses, names (with further spellings) and phone numbers, as typed."""

    addresses: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = field(default=frozenset())

    def __bool__(self) -> bool:
        return bool(self.addresses or self._names or self._numbers)

    @cached_property
    def _names(self) -> list[str]:
        return sorted(
            {" ".join(n.split()) for n in self.names if len(fold(n)) >= SHORTEST}, key=len, reverse=True
        )

    @cached_property
    def _numbers(self) -> list[str]:
        """The digits of each number, and those after its country code, which has one to three."""
        found = {digits(phone).lstrip("0") for phone in self.phones}
        found |= {
            digits(phone)[n:]
            for phone in self.phones
            if phone.startswith("+")
            for n in (1, 2, 3)
            if len(digits(phone)) - n > SHORTEST_PHONE
        }
        return sorted((n for n in found if len(n) >= SHORTEST_PHONE), key=len, reverse=True)

    @cached_property
    def likes(self) -> list[str]:
        """LIKE patterns, one of which fits every text that `cleaned` finds anything in.

        The longest part of a name will do, for it may be written over two lines; so will the last four digits of a
        number, with one separator anywhere among them. A JSON column of SQLite keeps letters beyond ASCII as escapes.
        """
        spelled = {
            form
            for word in (*self.addresses, *(max(name.split(), key=len) for name in self._names))
            for form in (word, word.lower(), word.upper(), word.title())
        }
        plain = spelled | {json.dumps(word)[1:-1] for word in spelled}
        ends = [number[-4:] for number in self._numbers]
        return sorted(
            {f"%{_escaped(word)}%" for word in plain}
            | {f"%{end}%" for end in ends}
            | {f"%{end[:i]}_{end[i:]}%" for end in ends for i in (1, 2, 3)}
        )

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = [rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)" for address in sorted(self.addresses)]
        parts += [rf"(?<!\w){_BLANK.join(map(re.escape, name.split()))}(?!\w)" for name in self._names]
        parts += [
            rf"(?<!\d)\+?\(?(?:0{{1,2}}{_SEPARATOR})?{_SEPARATOR.join(number)}(?!\d)"
            for number in self._numbers
        ]
        return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)

    def cleaned(self, value: Any) -> Any:
        """The value, a text or any JSON, with a mark in the place of every such word; the same object if none is in."""
        if isinstance(value, str):
            return self._pattern.sub(MARK, value) if self._pattern.search(value) else value
        if isinstance(value, bytes):
            return self._bytes(value)
        if isinstance(value, list):
            items = [self.cleaned(item) for item in value]
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        if isinstance(value, dict):
            pairs = {self.cleaned(key): self.cleaned(item) for key, item in value.items()}
            same = all(
                a is b and c is d for (a, c), (b, d) in zip(pairs.items(), value.items(), strict=False)
            )
            return value if same and len(pairs) == len(value) else pairs
        return value

    def _bytes(self, value: bytes) -> bytes:
        """Bytes are JSON wherever a table has them in the open."""
        try:
            told = json.loads(value)
        except ValueError:
            return value
        cleaned = self.cleaned(told)
        return value if cleaned is told else to_json(cleaned)

    def without(self, others: "Words") -> "Words":
        """Those of these words that stand for nobody else."""
        kept = {fold(name) for name in others.names}
        numbers = {digits(phone) for phone in others.phones}
        return Words(
            self.addresses - others.addresses,
            frozenset(name for name in self.names if fold(name) not in kept),
            frozenset(phone for phone in self.phones if digits(phone) not in numbers),
        )


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def full_names(first: str | None, last: str | None) -> Iterable[str]:
    """The ways in which a first and a last name are written together."""
    if first and last:
        yield from (f"{first} {last}", f"{last} {first}", f"{last}, {first}")
