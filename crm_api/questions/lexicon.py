"""Every word of the trade that may be asked with, gathered from the catalogues: no second list to keep.

A phrase is a tuple of stems, so that "sales agents" and "sales agent" are one. One phrase may mean several
things ("open" deals, "open" tasks); which is meant is decided where the sentence is known.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import OSA

from crm_api.core.fields import Catalogue, Field, FieldType, Registry, Word
from crm_api.questions import grammar
from crm_api.questions.periods import MONTHS, WEEKDAYS

_CUE_WORDS = frozenset(
    phrase for cue in ("is", "of", "with", "that", "and", "or", "poss") for phrase in grammar.CUES[cue]
)
_NOBODYS_WORDS = ("external_id", "external_system", "origin", "number")

What = Literal["kind", "field", "relation", "reverse", "choice", "word", "measure"]

_IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "indices": "index",
    "series": "series",
    "news": "news",
    "sales": "sale",
    "status": "status",
    "analysis": "analysis",
    "opps": "opp",
    "ups": "up",
    "ids": "id",
    "mrs": "mrs",
    "us": "us",
    "is": "is",
    "was": "was",
    "has": "has",
    "this": "this",
    "its": "its",
    "does": "does",
    "vs": "vs",
    "as": "as",
    "yes": "yes",
    "less": "less",
    "always": "always",
    "business": "business",
    "businesses": "business",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One meaning of a phrase: `name` is the field, relation or measure of `kind`; `value` a choice or word."""

    what: What
    kind: str
    name: str = ""
    value: object = None


def stem(word: str) -> str:
    """Fold an English plural to its singular, well enough for a closed vocabulary (both sides are folded)."""
    word = word.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def words_of(text: str) -> list[str]:
    """The bare words of a label or phrase: letters and digits, `&` read as "and"."""
    return re.findall(r"[^\W_]+", text.lower().replace("&", " and ").replace("'s", " "))


def stems(text: str) -> tuple[str, ...]:
    """The stems of a phrase, the key of the lexicon."""
    return tuple(stem(word) for word in words_of(text))


class Lexicon:
    """The phrases of one registry. Built once a registry; immutable after."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.phrases: dict[tuple[str, ...], list[Entry]] = {}
        for catalogue in registry:
            if not catalogue.asked:
                continue
            for phrase, entry in _entries(catalogue):
                if all(word in _CUE_WORDS for word in words_of(phrase)):
                    continue
                known = self.phrases.setdefault(stems(phrase), [])
                if entry not in known:
                    known.append(entry)
        self.phrases.pop((), None)
        self.longest = max((len(key) for key in self.phrases), default=0)
        grammatical = {
            word for phrases in grammar.CUES.values() for phrase in phrases for word in phrase.split()
        }
        self.vocabulary = frozenset(
            {word for key in self.phrases for word in key}
            | {stem(word) for word in grammatical | grammar.STOP_WORDS | grammar.VAGUE | grammar.NOT_KEPT}
            | {
                stem(word)
                for word in (*grammar.BUCKETS, *MONTHS, *WEEKDAYS, "today", "yesterday", "tomorrow")
            }
        )
        self.words = sorted(
            {word for key in self.phrases for word in key if len(word) > 3 and not word.isdigit()}
        )

    def longest_at(self, tokens: list[str], at: int) -> tuple[int, list[Entry]] | None:
        """The longest phrase that starts at token `at`: how many tokens it takes, and its meanings."""
        for size in range(min(self.longest, len(tokens) - at), 0, -1):
            if found := self.phrases.get(tuple(stem(token) for token in tokens[at : at + size])):
                return size, found
        return None

    def knows(self, word: str) -> bool:
        """Whether the word takes part in any phrase."""
        return any(stem(word) in key for key in self.phrases)

    def reads(self, words: list[str], at: int) -> bool:
        """Whether the word at `at` is part of a phrase that stands there."""
        return any(
            (found := self.longest_at(words, start)) is not None and start + found[0] > at
            for start in range(max(0, at - self.longest), at + 1)
        )

    def inflected(self, word: str) -> str | None:
        """The known word an unknown form of a verb belongs to: "costing" is of "cost", "priced" of "price"."""
        bases = [
            word[: -len(end)] + more for end in ("ing", "ed") if word.endswith(end) for more in ("", "e")
        ]
        bases += [base[:-1] for base in bases if len(base) > 3 and base[-1] == base[-2]]
        return next((base for base in bases if len(base) > 2 and (stem(base),) in self.phrases), None)

    def correct(self, word: str, extra: Iterable[str] = ()) -> tuple[str, float] | None:
        """The one known word a misspelt `word` must be, with its similarity (0-1); None where none is near or two are.

        Optimal string alignment distance: one edit in a word of four to seven letters, two in longer ones.
        """
        folded = stem(word)
        if len(folded) < 4 or any(c.isdigit() for c in folded):
            return None
        allowed = 1 if len(folded) <= 7 else 2
        near = [
            (
                OSA.distance(folded, known, score_cutoff=allowed),
                sorted(known) != sorted(folded),
                known[0] != folded[0],
                -len(known),
                known,
            )
            for known in {*self.words, *extra}
        ]
        near = sorted(item for item in near if item[0] <= allowed and not _other_word(folded, item[-1]))
        if not near or (len(near) > 1 and near[0][:4] == near[1][:4]):
            return None
        return near[0][-1], 1 - near[0][0] / max(len(folded), len(near[0][-1]))


def _other_word(typed: str, known: str) -> bool:
    """Whether a word with one letter changed is rather a word of its own: of four letters, or begun otherwise.

    "Live" is no misspelt "line" and "looking" no "booking"; people seldom mistype the first letter.
    """
    if len(typed) == 4 and known.startswith(typed):
        return True  # "tall" is no misspelt "tally"
    if len(typed) != len(known) or sorted(typed) == sorted(known):
        return False
    changed = {pair for pair in zip(typed, known, strict=True) if pair[0] != pair[1]}
    if all(set(pair) <= set("aeiouy") for pair in changed):
        return False  # vowels sound alike: "deel"
    return len(typed) == 4 or typed[0] != known[0]


@lru_cache(maxsize=8)
def _cached(registry: Registry) -> Lexicon:
    return Lexicon(registry)


def of(registry: Registry) -> Lexicon:
    """The lexicon of a registry, built at its first use."""
    return _cached(registry)


def _entries(catalogue: Catalogue) -> Iterator[tuple[str, Entry]]:
    kind = catalogue.kind
    for phrase in (kind.replace("_", " "), catalogue.plural.replace("_", " "), *catalogue.synonyms):
        yield phrase, Entry("kind", kind)
    for field in catalogue.fields:
        if field.type is not FieldType.REFERENCE and field.name not in _NOBODYS_WORDS:
            for phrase in _field_phrases(field):
                yield phrase, Entry("field", kind, field.name)
                if field.type is FieldType.BOOLEAN and stems(phrase)[-1:] == stems(kind):
                    yield phrase, Entry("kind", kind)  # "hot leads" are leads
        for choice in field.choices:
            yield choice.replace("_", " "), Entry("choice", kind, field.name, choice)
        # An extensible list has the values that occur, and those are linked as names with their synonyms.
        for value, phrases in field.choice_synonyms.items() if field.choices else ():
            for phrase in phrases:
                yield phrase, Entry("choice", kind, field.name, value)
    for relation in catalogue.relations:
        for phrase in (relation.name.replace("_", " "), *relation.synonyms):
            yield phrase, Entry("relation", kind, relation.name)
        for phrase in relation.reverse_synonyms:
            yield phrase, Entry("reverse", kind, relation.name)
    for measure in catalogue.measures:
        for phrase in (measure.name.replace("_", " "), *measure.synonyms):
            yield phrase, Entry("measure", kind, measure.name)
    for word in catalogue.words:
        for phrase in word.words:
            yield phrase, Entry("word", kind, word.words[0], _Frozen(word))


@dataclass(frozen=True, slots=True, eq=False)
class _Frozen:
    """Keeps a `Word` (whose condition is a dict) hashable by identity inside an entry."""

    word: Word


def word_of(entry: Entry) -> Word:
    """The declared `Word` behind a word entry."""
    assert isinstance(entry.value, _Frozen)
    return entry.value.word


def _field_phrases(field: Field) -> tuple[str, ...]:
    """The label, or the name where there is none, and the synonyms; ids and keys are nobody's words."""
    return (field.title, *field.synonyms)
