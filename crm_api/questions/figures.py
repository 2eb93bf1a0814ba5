"""What a question computes: a declared figure, a field under an aggregate, or a count."""

from dataclasses import dataclass, field
from typing import Literal

from crm_api.core.fields import FieldType, Measure
from crm_api.questions import lexicon, paths
from crm_api.questions.plan import (
    Figure,
    Group,
    Having,
    Option,
    Plan,
    Sort,
    Unclear,
    clarify,
)
from crm_api.questions.sentence import Sentence, Target

Fold = Literal["avg", "median", "max", "min"]
_RANKS = ("top", "bottom", "max", "min", "most", "least", "newest", "oldest", "rank")
COMPARING = ("gt", "ge", "lt", "le", "eq")
_PER = ("per", "for each", "for every", "each", "every", "in each", "of each", "by each", "by every")
_IN_ALL = ("overall", "altogether", "in total", "combined")  # beside another aggregate: of all there are
FN_WORDS = {
    "avg": "average",
    "median": "median",
    "sum": "total",
    "max": "highest",
    "min": "lowest",
    "count": "number",
    "ratio": "ratio",
}


@dataclass(slots=True)
class Figures:
    """The sentence with what was read of it so far; each step takes the spans it understands.

    The steps stand in modules of their own, each over the one before: figures, groups, ranks, accounting, looking,
    comparing, and the reader that makes the plan.
    """

    s: Sentence
    figure: Figure | None = None
    measure: Measure | None = None
    groups: list[Group] = field(default_factory=list)
    sort: Sort | None = None
    limit: int | None = None
    having: Having | None = None
    counts_groups: bool = False
    over_groups: Fold | None = None
    _downwards: bool = True
    buckets: list[str] = field(default_factory=list)

    def read_figure(self) -> None:
        """What is computed, if anything: a declared measure, a field under an aggregate, or a count."""
        s = self.s
        for at, entry in s.terms("measure"):
            if entry.kind != s.entity or self._is_limit(at):
                continue
            self.measure = self.measure or next(m for m in s.catalogue.measures if m.name == entry.name)
            if self.measure.name == entry.name:
                s.use(at)
        fn = self._aggregate()
        if self.measure and self.measure.fn == "sum" and (how_many := self._counted_measure()) is not None:
            s.use(how_many)
            self.figure = self.counted()
        elif self.measure:
            self.figure = self._of_measure(self.measure, fn)
        elif (counted := s.cue("count")) is not None:
            self._count(counted, fn)
        elif fn:
            self._of_field(fn)
        elif s.has("how_much_more") and len(s.catalogue.size) == 1 and next(s.terms("word"), None):
            size = s.catalogue.size[0]
            self.figure = self._figure_of(Target(size, s.entity, s.catalogue.field(size)), "sum")
        elif (summed := self._summed_field()) is not None:
            self._of_field("sum")
            s.use(summed)

    def _counted_measure(self) -> int | None:
        """ "open pipeline count", "pipeline by number of deals": how many records a sum is of, rather than the sum."""
        s = self.s
        for at in s.cues("count"):
            before, after = s.at(at - 1), s.after(at, over=("of",))
            if before is not None and before.used and before.entry("measure"):
                return at
            if after is not None and s.spans[after].kind("kind") == s.entity:
                return at
        return None

    def _summed_field(self) -> int | None:
        """ "value of all deals won in May": the size of the kind, of several of them, is their sum."""
        s = self.s
        at = next((i for i, span in enumerate(s.spans) if not span.is_cue("ask", "is")), 0)
        target = s.numeric(s.spans[at]) if at < len(s.spans) and s.spans[at].tag == "term" else None
        after = s.at(at + 1)
        if target is None or (target.path,) != s.catalogue.size or not (after and after.is_cue("of")):
            return None
        noun = next((span for span in s.spans[at + 2 :] if not span.entry("word")), None)
        several = noun is not None and noun.kind("kind") == s.entity and noun.text.endswith("s")
        grouped = any(not s.is_doer(i) for i in s.cues("by", "each", unused=False))
        return at if several and not grouped and not s.has(*_RANKS) else None

    def _is_limit(self, at: int) -> bool:
        """ "won deals with a sales cycle under 10 days, how many": a figure of one record that is compared, where
        nothing is grouped, is a condition on its field."""
        s = self.s
        return bool(
            (s.spans[at].entry("field") or self._lasts(at))
            and self._compared(at)
            and not s.has("by", "each", "avg", "median", "sum")
            and any(e.what in ("kind", "word") and e.kind == s.entity for n in s.spans for e in n.entries)
            and not any(n.tag == "term" and n.entry("kind") and s.groupable(n) for n in s.spans[:at])
        )

    def _lasts(self, at: int) -> bool:
        """Whether a figure is how long records last: the "days to" of "more than 120 days to win"."""
        said = {e.name for e in self.s.spans[at].entries if e.what == "measure" and e.kind == self.s.entity}
        return any(m.name in said and m.field in self.s.catalogue.lasts for m in self.s.catalogue.measures)

    def counted(self) -> Figure:
        """The number of records asked about."""
        return Figure(fn="count", label=f"number of {self.s.catalogue.plural}")

    def _aggregate(self) -> str | None:
        for fn in ("avg", "median", "sum"):
            if (at := self.s.cue(fn)) is not None:
                if (
                    fn == "sum"
                    and self.s.spans[at].text == "how much"
                    and self.measure is None
                    and not self._sums_up(at)
                ):
                    return None
                self.s.use(*self.s.cues(fn))
                self.s.use(*(i for i in self.s.cues("sum") if self.s.spans[i].text in _IN_ALL))
                return fn
        return None

    def _sums_up(self, at: int) -> bool:
        """Whether "how much" asks for a sum: of a field, or of what was won; not "how much does X cost"."""
        return any(True for _ in self.s.terms("word")) or any(
            self.s.numeric(span) for span in self.s.spans if span.tag == "term"
        )

    def _of_measure(self, measure: Measure, fn: str | None) -> Figure:
        own = measure.fn
        if fn and own not in ("ratio", "count"):
            if (
                fn in ("avg", "median")
                and own == "sum"
                and not self._is_of_one()
                and (group := self._per_group())
            ):
                self._fold(fn, group)
                own = "sum"
            else:
                own = fn
        name = measure.name.replace("_", " ")
        label = name if own == measure.fn else f"{FN_WORDS[own]} {name}"
        return Figure(
            fn=own,
            field=measure.field,
            where=measure.where if own == "ratio" else None,
            of=measure.of,
            label=label,
            unit=measure.unit or self._unit(measure.field),
        )

    def _per_group(self) -> int | None:
        """Where "per rep" stands behind an average: the group each figure of which is averaged, unless that is the
        record itself ("average revenue per deal")."""
        s = self.s
        for at in s.cues("by", "each"):
            if s.spans[at].text not in _PER:
                continue
            index = s.after(at, over=("of", "each", "by"), tags=("stop",))
            if index is not None and (s.spans[index].tag == "bucket" or s.groupable(s.spans[index])):
                return index
        return next(
            (at for at, span in enumerate(s.spans) if span.tag == "bucket" and span.text.endswith("ly")), None
        )

    def _fold(self, fn: str, at: int) -> None:
        """ "average number of deals per rep" folds the figures of the groups; what "average won revenue per rep" means
        is asked, since it may be a rep's average deal as well."""
        s = self.s
        name = (self.measure.name if self.measure else s.catalogue.plural).replace("_", " ")
        if self.measure and s.spans[at].tag != "bucket":
            group = s.spans[at].text
            raise Unclear(
                clarify(
                    f"The {FN_WORDS[fn]} {name} of one {s.catalogue.kind} for each {group}, or of all of a {group}?",
                    Option(label=f"of one {s.catalogue.kind}", question=self._reworded(at, f"by {group}")),
                    Option(label=f"each {group}'s {name}", question=f"{name} by {group}"),
                )
            )
        self.over_groups = "median" if fn == "median" else "avg"

    def _is_of_one(self) -> bool:
        """ "average won deal value per region": the words of the figure say that it is that of one record."""
        said = next((n.text.split() for n in self.s.spans if n.entry("measure") and n.used), [])
        return any(
            e.what == "kind" and e.kind == self.s.entity
            for word in said
            for e in lexicon.of(self.s.registry).phrases.get((lexicon.stem(word),), ())
        )

    def _reworded(self, at: int, words: str) -> str:
        """The question with its last "per …" said another way."""
        before = [span.text for span in self.s.spans[:at] if not span.is_cue("by", "each")]
        return " ".join([*before, words, *(span.text for span in self.s.spans[at + 1 :])])

    def _unit(self, path: str | None) -> str | None:
        if not path:
            return None
        _, each, _ = paths.field_at(self.s.registry, self.s.entity, path)
        return each.unit or ("money" if each.type is FieldType.MONEY else None)

    def _count(self, at: int, fn: str | None) -> None:
        s, after = self.s, self.s.at(at + 1)
        s.use(*s.cues("count"))
        s.use(*s.cues("sum"))  # "total number of"
        if (
            after
            and not after.used
            and after.tag == "term"
            and not after.entry("kind")
            and (target := s.numeric(after))
        ):
            after.used = True
            self.figure = self._figure_of(target, fn or "sum")
            return
        self.figure = self.counted()
        if (fn in ("avg", "median")) and (group := self._per_group()) is not None:
            self._fold(str(fn), group)
        elif fn in ("avg", "median"):
            raise Unclear(Plan(action="unknown", unused=(FN_WORDS[fn],)))
        if after and after.entry("field") and not after.entry("kind") and (target := s.groupable(after)):
            self._group(target, at + 1)
            self.counts_groups = True

    def _of_field(self, fn: str) -> None:
        for at, span in enumerate(self.s.spans):
            if (
                span.tag == "term"
                and not span.used
                and not self._compared(at)
                and (target := self.s.numeric(span))
            ):
                span.used = True
                self.figure = self._figure_of(target, fn)
                return
        kind = self.s.catalogue
        if len(kind.size) == 1 and (
            (fn == "sum" and next(self.s.terms("word"), None) and not self._totals_records())
            or (fn != "sum" and self._folds_kind(fn))
        ):
            self.figure = self._figure_of(Target(kind.size[0], kind.kind, kind.field(kind.size[0])), fn)
        elif fn == "sum":
            self.figure = self.counted()
        else:
            raise Unclear(Plan(action="unknown", unused=(FN_WORDS[fn],)))

    def _totals_records(self) -> bool:
        """ "total lost deals": how many there are, where "total won" and "sum of won deals" are their value."""
        s = self.s
        at = next(
            (i for i in s.cues("sum", unused=False) if s.spans[i].text in ("total", "totals", "overall")),
            None,
        )
        while at is not None and (span := s.at(at + 1)) is not None:
            if span.kind("kind") == s.entity:
                return True
            if not (span.entry("word", "choice") or span.tag == "name"):
                return False
            at += 1
        return False

    def _folds_kind(self, fn: str) -> bool:
        """ "average won deal": the average of what the kind's size is."""
        s = self.s
        at = next(s.cues(fn, unused=False), None)
        while at is not None and (span := s.at(at + 1)) is not None:
            if span.kind("kind") == s.entity:
                return True
            if not span.entry("word"):
                return False
            at += 1
        return False

    def _figure_of(self, target: Target, fn: str) -> Figure:
        assert target.field
        label = f"{FN_WORDS[fn]} {target.field.title}"
        return Figure(fn=fn, field=target.path, label=label, unit=self._unit(target.path))

    def _compared(self, at: int) -> bool:
        """Whether the field at `at` belongs to a comparison with an amount."""
        after, before = self.s.at(at + 1), self.s.at(at - 1)
        if after and after.is_cue("is", "of"):
            after = self.s.at(at + 2)
        return bool((after and after.is_cue(*COMPARING, "between")) or (before and before.tag == "amount"))

    def _group(self, target: Target, at: int) -> None:
        label = target.field.title if target.field else target.path.split(".")[-1].replace("_", " ")
        group = Group(field=target.path, label=label)
        if group not in self.groups:
            self.groups.append(group)
        self.s.use(at)

    def _bucket(self, at: int) -> None:
        self.buckets.append(str(self.s.spans[at].value))
        self.s.use(at)
