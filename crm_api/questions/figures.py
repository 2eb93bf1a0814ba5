"""What a question computes: a declared figure, a field under an aggregate, or a count."""

from dataclasses import dataclass, field

from crm_api.core.fields import FieldType, Measure
from crm_api.questions import paths
from crm_api.questions.plan import (
    Figure,
    Group,
    Having,
    Plan,
    Sort,
    Unclear,
    clarify,
)
from crm_api.questions.sentence import Sentence, Target

COMPARING = ("gt", "ge", "lt", "le", "eq")
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

    The steps stand in four modules, each over the one before: figures, groups, ranks, and the reader that
    makes the plan.
    """

    s: Sentence
    figure: Figure | None = None
    measure: Measure | None = None
    groups: list[Group] = field(default_factory=list)
    sort: Sort | None = None
    limit: int | None = None
    having: Having | None = None
    counts_groups: bool = False
    buckets: list[str] = field(default_factory=list)

    def read_figure(self) -> None:
        """What is computed, if anything: a declared measure, a field under an aggregate, or a count."""
        s = self.s
        for at, entry in s.terms("measure"):
            if entry.kind == s.entity and self.measure is None:
                self.measure = next(m for m in s.catalogue.measures if m.name == entry.name)
                s.use(at)
        fn = self._aggregate()
        if self.measure:
            self.figure = self._of_measure(self.measure, fn)
        elif (counted := s.cue("count")) is not None:
            self._count(counted)
        elif fn:
            self._of_field(fn)

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
            if fn == "avg" and own == "sum" and self.s.has("each"):
                raise Unclear(clarify(f"The average of each deal, or of the {measure.name} of each group?"))
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

    def _unit(self, path: str | None) -> str | None:
        if not path:
            return None
        _, each, _ = paths.field_at(self.s.registry, self.s.entity, path)
        return each.unit or ("money" if each.type is FieldType.MONEY else None)

    def _count(self, at: int) -> None:
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
            self.figure = self._figure_of(target, "sum")
            return
        self.figure = self.counted()
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
        if fn == "sum" and next(self.s.terms("word"), None) and len(kind.size) == 1:
            self.figure = self._figure_of(Target(kind.size[0], kind.kind, kind.field(kind.size[0])), fn)
        elif fn == "sum":
            self.figure = self.counted()
        else:
            raise Unclear(Plan(action="unknown", unused=(FN_WORDS[fn],)))

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
