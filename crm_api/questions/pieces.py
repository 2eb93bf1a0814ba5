"""The pieces a question is cut into: its words, and the stretches of them that have one meaning."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from crm_api.questions import grammar
from crm_api.questions.lexicon import Entry, stem
from crm_api.questions.linking import Name

Tag = Literal["period", "amount", "cue", "bucket", "term", "name", "text", "vague", "stop", "unknown"]

_TOKEN = re.compile(r"'s\b|[^\W_]+|[%&/<>=,#$€£₹+]+")


@dataclass(slots=True)
class Token:
    """One word: its text in lower case, as it was written, and where it stands."""

    text: str
    raw: str
    start: int
    end: int


@dataclass(slots=True)
class Span:
    """A stretch of words with one meaning. `value` depends on the tag; `used` is set by who consumes it."""

    tag: Tag
    first: int
    last: int  # token indexes, both inclusive
    text: str
    value: Any = None
    reach: str = ""  # how far the cue "near" means, where it says so
    entries: list[Entry] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    used: bool = False

    def is_cue(self, *which: str) -> bool:
        """Whether this is one of these cues."""
        return self.tag == "cue" and self.value in which

    @property
    def is_plural(self) -> bool:
        """Whether it stands for several ("reps")."""
        last = self.text.rpartition(" ")[2]
        return last.endswith("s") and stem(last) != last

    def kind(self, *what: str) -> str | None:
        """The kind that the first meaning of one of these sorts belongs to."""
        entry = self.entry(*what)
        return entry.kind if entry else None

    def entry(self, *what: str) -> Entry | None:
        """The first meaning of one of these sorts."""
        return next((e for e in self.entries if e.what in what), None)


def tokenise(text: str) -> list[Token]:
    """Words, numbers and the signs that mean something."""
    return [Token(m[0].lower().replace("&", "and"), m[0], m.start(), m.end()) for m in _TOKEN.finditer(text)]


CUE_PHRASES: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): cue for cue, phrases in grammar.CUES.items() for phrase in phrases
}
