"""Reading comparisons: two or more sides under one figure, their difference, their ratio."""

from typing import Literal

from crm_api.questions import trees, widening
from crm_api.questions.clauses import Found
from crm_api.questions.filters import Conditions
from crm_api.questions.looking import Lookups
from crm_api.questions.plan import (
    Figure,
    Filter,
    Option,
    Plan,
    Side,
    Sort,
    Unclear,
    clarify,
)


class Comparisons(Lookups):
    """Reads what is put side by side."""

    def _comparing(self) -> bool:
        """Whether things are put side by side; "higher than" does so before a name, not before an amount."""
        s = self.s
        for at in s.cues("gt", "lt", unused=False):
            index = s.after(at, over=("that", "of"))  # "higher than that of X"
            if index is not None and s.spans[index].tag in ("name", "period"):
                s.use(at)
                return True
        return s.has("vs", "compare", "more", "fewer")

    def _compared_fields(self, conditions: Conditions) -> Plan | None:
        """ "which has more employees, X or Y": one field of two records of the kind itself, side by side."""
        s = self.s
        named = [f for f in conditions.found if f.path == "" and f.slot == s.entity and not f.negative]
        if len(named) < 2 or self.figure or self.groups:
            return None
        at = next(
            (i for i, span in enumerate(s.spans) if span.tag == "term" and s.numeric(span, to_many=False)),
            None,
        )
        target = s.numeric(s.spans[at], to_many=False) if at is not None else None
        if target is None:
            return None
        s.use(at, *s.cues("vs", "compare", "more", "fewer", "gt", "lt", "by"))
        s.use(*s.cues("is", "count"))
        either = Filter(
            slot=s.entity,
            tree=trees.disjunction([f.tree for f in named]),
            words=f"{s.catalogue.kind} is " + " or ".join(f.label for f in named),
        )
        rest = [f for f in conditions.found if f not in named]
        return self._base((either, *conditions.filters(rest)), rest).model_copy(
            update={"columns": (target.path,), "sort": Sort(field=target.path), "limit": len(named)}
        )

    def _latest_last(self, sides: list[Found]) -> list[Found]:
        """Two periods that are put against each other in the order of time: growth begins with the earlier one."""
        starts = [f.period.sort_key for f in sides if f.period]
        if self.s.has("vs") and len(starts) == len(sides) and None not in starts:
            return sorted(sides, key=lambda f: (f.period and f.period.sort_key) or 0)
        return sides

    def _base(self, filters: tuple[Filter, ...], found: list[Found]) -> Plan:
        """The plan with the figure's own condition among the filters, unless the question replaces it."""
        own = self.own_filter(found)
        if self.s.widened and self.figure and self.figure.fn in ("ratio", "quotient"):
            raise Unclear(Plan(action="unknown", unused=("including",)))
        return Plan(
            action="query",
            entity=self.s.entity,
            filters=widening.widened(self.s, (*own, *filters)),
            figures=(self.figure,) if self.figure else (),
            group_by=tuple(self.groups),
            having=self.having,
            counts_groups=self.counts_groups,
            over_groups=self.over_groups if self.groups else None,
            sort=self.sort,
            limit=self.limit,
            assumptions=tuple(dict.fromkeys(self.s.assumptions)),
        )

    def own_filter(self, found: list[Found]) -> tuple[Filter, ...]:
        measure = self.measure
        if measure is None or measure.where is None or (self.figure and self.figure.fn == "ratio"):
            return ()
        slot = str(measure.where.get("field", ""))
        others = [f for f in found if f.slot == slot and not f.way]
        if any(trees.clash(f.tree, measure.where) for f in others if not f.negative):
            if measure.name.split()[0] in [f.label for f in others] or measure.fn == "sum":
                raise Unclear(Plan(action="unknown", unused=(measure.name,)))
            return ()
        if any(f.tree == measure.where for f in others):
            return ()
        word = next((w.words[0] for w in self.s.catalogue.words if w.where == measure.where), measure.name)
        return (Filter(slot=slot, tree=measure.where, words=word),)

    def _sides(self, conditions: Conditions) -> list[Found] | None:
        """The alternatives that are compared: two or more names, periods or words that speak of the same."""
        slots: dict[str, list[Found]] = {}
        for each in conditions.found:
            if not each.negative and not each.slot.endswith(" amount"):
                slots.setdefault(each.slot, []).append(each)
        sides = [group for group in slots.values() if len(group) > 1]
        return sides[0] if len(sides) == 1 else None

    def _compare(self, conditions: Conditions, sides: list[Found]) -> Plan:
        winner = self._winner()
        self.s.use(*self.s.cues("vs", "compare", "more", "fewer", "both"))
        if self.figure is None:
            if not self._counts() and self.measure is None:
                names = [m.name.replace("_", " ") for m in self.s.catalogue.measures][:3]
                raise Unclear(
                    clarify(
                        "Compared by what: " + ", ".join(names) + "?",
                        *(Option(label=name, append=f": {name}") for name in names),
                    )
                )
            self.figure = self.counted()
        if self.groups:
            raise Unclear(Plan(action="unknown", unused=tuple(g.label for g in self.groups)))
        shared = [f for f in conditions.found if f not in sides]
        base = self._base(conditions.filters(shared), shared + ([] if self.measure else sides))
        return base.model_copy(
            update={
                "action": "compare",
                "sides": tuple(self._side(conditions, f) for f in sides),
                "winner": winner,
            }
        )

    def _winner(self) -> Literal["max", "min"] | None:
        """Which side "who won more deals, A or B" asks for; nothing where the sides are only put beside each other."""
        s = self.s
        if s.has("vs", "compare", "both", "change", "percent_change", "how_many_more", "how_much_more"):
            return None
        if not s.has("more", "fewer", "most", "least", "max", "min"):
            return None
        return "min" if s.has("fewer", "least", "min") else "max"

    def _counts(self) -> bool:
        """Whether records are compared by their number: a kind is named, or a deed that was done "more often"."""
        often = any(
            self.s.spans[i].text.endswith("ly") or "often" in self.s.spans[i].text
            for i in self.s.cues("more", "fewer", "most", "least", unused=False)
        )
        deeds = any(span.entry("word") for span in self.s.spans)
        return any(True for _ in self.s.terms("kind", unused=False)) or (often and deeds)

    @staticmethod
    def _side(conditions: Conditions, found: Found) -> Side:
        return Side(label=found.label or found.words, filters=conditions.filters([found])[:1])

    def _change(self, conditions: Conditions) -> Plan:
        """The difference between two sides, absolute or in percent of the first."""
        s = self.s
        percent = s.has("percent_change") or (s.has("share"))
        s.use(
            *s.cues(
                "share", "percent_change", "change", "how_many_more", "how_much_more", "compare", "between"
            )
        )
        self._split_range(conditions)
        sides = self._sides(conditions)
        words = any(span.entry("word") and span.is_plural for span in s.spans)
        if self.figure is None and words:
            self.figure = self.counted()
        if self.figure is None and not any(True for _ in s.terms("kind", unused=False)):
            raise Unclear(Plan(action="unknown", unused=("change",)))
        if not sides or len(sides) != 2:
            raise Unclear(Plan(action="unknown", unused=("change",)))
        plan = self._compare(conditions, self._latest_last(sides))
        return plan.model_copy(update={"change": "percent" if percent else "difference"})

    @staticmethod
    def _split_range(conditions: Conditions) -> None:
        """ "from Q2 2017 to Q3 2017" beside a change means the two quarters, not the half year."""
        for each in list(conditions.found):
            period = each.period
            if period and period.form == "span" and period.first and period.last:
                at = conditions.found.index(each)
                conditions.found[at : at + 1] = [
                    conditions.with_period(each, side) for side in (period.first, period.last)
                ]

    def _quotient(self, conditions: Conditions) -> Plan:
        """ "ratio of won to lost deals"."""
        self.s.use(*self.s.cues("quotient"))
        words = self._sides(conditions)
        if not words or len(words) != 2 or self.figure is not None or self.groups:
            raise Unclear(Plan(action="unknown", unused=("ratio",)))
        shared = [f for f in conditions.found if f not in words]
        self.figure = Figure(
            fn="quotient",
            where=words[0].tree,
            of=words[1].tree,
            label=f"{words[0].words} to {words[1].words}",
        )
        return self._base(conditions.filters(shared), shared)
