"""The address of a list: what is filtered, sorted and shown stands in it, so that it can be kept and sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

# What is the page's own, and no filter of the list.
OWN = ("cols", "as", "done", "cards")
NOT_FILTERS = (*OWN, "sort", "cursor", "page", "view", "search")


@dataclass(frozen=True, slots=True)
class Address:
    """A path with its parameters, of which each list page makes its links."""

    path: str
    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, path: str, pairs: Iterable[tuple[str, str]]) -> "Address":
        """The address as it was asked for, without what was left empty."""
        return cls(path, tuple((name, value) for name, value in pairs if value != "" and name != "done"))

    def __str__(self) -> str:
        return f"{self.path}?{urlencode(self.pairs)}" if self.pairs else self.path

    def get(self, name: str, default: str = "") -> str:
        """The value of a parameter."""
        return next((value for known, value in self.pairs if known == name), default)

    def without(self, *names: str) -> "Address":
        """The same without some parameters, and from its beginning."""
        gone = {*names, "cursor", "page"}
        return Address(self.path, tuple(pair for pair in self.pairs if pair[0] not in gone))

    def with_(self, name: str, value: str) -> "Address":
        """The same with one parameter as given, and from its beginning."""
        rest = self.without(name)
        return Address(self.path, (*rest.pairs, (name, value)))

    def at(self, path: str) -> "Address":
        """The same parameters elsewhere."""
        return Address(path, self.without().pairs)

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """The conditions among the parameters."""
        return tuple(pair for pair in self.pairs if pair[0] not in NOT_FILTERS)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What the list is asked, without what is the page's own."""
        return [pair for pair in self.pairs if pair[0] not in OWN]
