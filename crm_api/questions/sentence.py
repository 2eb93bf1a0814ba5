"""One question cut into spans, with the ways to move through it and to place its words in the catalogues."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from crm_api.core.fields import Catalogue, Field, FieldType, Registry
from crm_api.questions import grammar, paths
from crm_api.questions.lexicon import Entry
from crm_api.questions.linking import Name, Names
from crm_api.questions.pieces import Span

_LINKING = ("of", "is", "by", "poss", "with", "that")
NUMERIC = (FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY)
DATED = (FieldType.DATE, FieldType.DATETIME)


@dataclass(frozen=True, slots=True)
class Target:
    """What a word means as seen from the kind asked about: a field, or related records at the end of `path`.

    For a field `path` ends in its name; for records it is the way to them ("" is the kind itself).
    """

    path: str
    kind: str
    field: Field | None = None
    entry: Entry | None = None

    @property
    def steps(self) -> int:
        """How far away it is."""
        return len(self.path.split(".")) if self.path else 0

    @property
    def prefix(self) -> str:
        """The way to the record that holds the field, or to the record itself."""
        return paths.split(self.path)[0] if self.field else self.path


@dataclass(slots=True)
class Sentence:
    """The spans that carry meaning, in order, and the kind the question turned out to be about."""

    registry: Registry
    names: Names
    spans: list[Span]
    entity: str = ""
    assumptions: list[str] = field(default_factory=list)
    light: list[str] = field(default_factory=list)  # verbs left out that need a figure: "bring", "generate"
    widened: list[Any] = field(
        default_factory=list
    )  # conditions that are counted besides: "including lost ones"
    explained: set[int] = field(
        default_factory=set
    )  # spans that another condition says: "new" beside a period
    ahead: bool = False  # "will": of what has not happened yet

    @classmethod
    def of(cls, registry: Registry, names: Names, spans: list[Span], entity: str = "") -> "Sentence":
        """A sentence out of all spans of a question: words that carry nothing are left out."""
        kept = [span for span in spans if span.tag != "stop"]
        light = [span.text for span in spans if span.tag == "stop" and span.text in grammar.LIGHT]
        ahead = any(span.text == "will" and after.text != "you" for span, after in pairwise(spans))
        return cls(registry, names, kept, entity, light=light, ahead=ahead)

    # ── Moving ───────────────────────────────────────────────────────────────────────────────────

    def cues(self, *which: str, unused: bool = True) -> Iterator[int]:
        """Where these cues stand."""
        for at, span in enumerate(self.spans):
            if span.is_cue(*which) and not (unused and span.used):
                yield at

    def cue(self, *which: str) -> int | None:
        """Where the first unused of these cues stands."""
        return next(self.cues(*which), None)

    def has(self, *which: str) -> bool:
        """Whether one of these cues stands anywhere, used or not."""
        return next(self.cues(*which, unused=False), None) is not None

    def at(self, index: int) -> Span | None:
        """The span there, if there is one."""
        return self.spans[index] if 0 <= index < len(self.spans) else None

    def after(self, index: int, *, over: tuple[str, ...] = (), tags: tuple[str, ...] = ()) -> int | None:
        """The next span, stepping over these cues and tags."""
        at = index + 1
        while at < len(self.spans) and (self.spans[at].is_cue(*over) or self.spans[at].tag in tags):
            at += 1
        return at if at < len(self.spans) else None

    def use(self, *which: int | None) -> None:
        """Mark spans as understood."""
        for index in which:
            if index is not None:
                self.spans[index].used = True

    def terms(self, *what: str, unused: bool = True) -> Iterator[tuple[int, Entry]]:
        """The words of the catalogues with one of these meanings."""
        for at, span in enumerate(self.spans):
            entry = span.entry(*what) if span.tag == "term" and not (unused and span.used) else None
            if entry:
                yield at, entry

    # ── Placing ──────────────────────────────────────────────────────────────────────────────────

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of the kind asked about."""
        return self.registry[self.entity]

    def targets(self, span: Span, *, source: str | None = None, to_many: bool = True) -> list[Target]:
        """What a term may mean from `source` (the kind asked about), nearest first."""
        source = source or self.entity
        found: list[Target] = []
        for entry in span.entries:
            target = self._target(entry, source, to_many)
            if target and target not in found:
                found.append(target)
        many = {t.path: paths.is_to_many(self.registry, source, t.prefix) for t in found}
        return sorted(found, key=lambda t: (many[t.path], t.steps))

    def _target(self, entry: Entry, source: str, to_many: bool) -> Target | None:
        way = paths.reach(self.registry, source, entry.kind, to_many=to_many)
        if way is None:
            return None
        match entry.what:
            case "kind":
                return Target(way, entry.kind, None, entry)
            case "field":
                return Target(
                    paths.join(way, entry.name),
                    entry.kind,
                    self.registry[entry.kind].field(entry.name),
                    entry,
                )
            case "relation":
                relation = next(r for r in self.registry[entry.kind].relations if r.name == entry.name)
                if relation.target not in self.registry:
                    return None
                return Target(paths.join(way, entry.name), relation.target, None, entry)
            case _:
                return None

    def target(self, span: Span, **how: Any) -> Target | None:
        """The nearest meaning of a term."""
        found = self.targets(span, **how)
        return found[0] if found else None

    def groupable(self, span: Span) -> Target | None:
        """The nearest meaning of a term that rows can be grouped by: records, choices, short texts.

        A path to many records groups only where it ends in one each, as a deal's lines end in products.
        """
        if any(e.what == "kind" and e.kind == self.entity for e in span.entries):
            return None
        for target in self.targets(span):
            if target.path and (target.field is None or _groups(target.field)) and not self._fans_out(target):
                return target
        return None

    def _fans_out(self, target: Target) -> bool:
        steps = paths.walk(self.registry, self.entity, target.prefix)
        return any(s.backwards for s in steps) and not (
            len(steps) == 2 and not steps[1].backwards and self.is_line(steps[0])
        )

    def is_line(self, step: paths.Step) -> bool:
        """Whether a step leads to parts of a record that nobody speaks of by name, such as a deal's lines."""
        return self.registry[step.target].label == "id"

    def numeric(self, span: Span, **how: Any) -> Target | None:
        """The nearest meaning of a term that is a number."""
        return next(
            (
                t
                for t in self.targets(span, **how)
                if t.field and t.field.type in NUMERIC and t.field.unit != "year"
            ),
            None,
        )

    def name_path(self, name: Name) -> str | None:
        """Where a name stands as seen from the kind asked about: the path to its record or its field."""
        way = paths.reach(self.registry, self.entity, name.kind)
        if way is None:
            return None
        return paths.join(way, name.field) if name.field else way

    def hinted(self, index: int, *, side: int) -> int | None:
        """The term that belongs to the name at `index`: "sector" in "the marketing sector", "retail" aside."""
        at = index + side
        for _ in range(3):
            span = self.at(at)
            if span is None:
                return None
            if span.tag == "term":
                return at
            if not (side < 0 and span.is_cue(*_LINKING, "not")) and not (side > 0 and span.is_cue("poss")):
                return None
            at += side
        return None

    def is_doer(self, at: int) -> bool:
        """Whether a "by" leads to who did it ("won by Ann's team") rather than to groups."""
        after = self.at(at + 1)
        return self.spans[at].text == "by" and after is not None and after.tag == "name"

    def clause_start(self, index: int) -> int:
        """The index of the cue or span that opens the clause of `index`, for the reach of a negation."""
        at = index - 1
        while at >= 0 and not self.spans[at].is_cue("and", "with", "ask"):
            at -= 1
        return at


def _groups(each: Field) -> bool:
    return each.groupable or each.type is FieldType.CHOICE or each.unit == "year"
