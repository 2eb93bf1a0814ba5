"""From a sentence whose kind is known to a plan: a query, a comparison, a share, a look-up.

The last step refuses to answer half of a question: a word that carries meaning and was not used is named.
"""

from crm_api.questions import trees
from crm_api.questions.clauses import Found
from crm_api.questions.comparing import Comparisons
from crm_api.questions.filters import Conditions
from crm_api.questions.plan import (
    Figure,
    Plan,
    Unclear,
)


class Reader(Comparisons):
    """Reads one sentence whose kind is known."""

    def plan(self) -> Plan:
        """The whole reading; raises Unclear."""
        s = self.s
        if s.has("share") and not s.has("percent_change"):
            self.read_groups()
            return self._share()
        self.read_figure()
        self._having()
        self.read_groups()
        self.read_ranking()
        conditions = Conditions(s)
        conditions.read()
        self.time_groups(conditions)
        if s.has("quotient"):
            return self.finish(self._quotient(conditions))
        if s.cue("percent_change", "change", "how_many_more", "how_much_more") is not None:
            return self.finish(self._change(conditions))
        if self._comparing():
            if fields := self._compared_fields(conditions):
                return self.finish(fields)
            if not self._sides(conditions):
                self._split_range(conditions)
        if self._comparing() and (sides := self._sides(conditions)):
            return self.finish(self._compare(conditions, sides))
        return self.finish(self._query(conditions))

    def _query(self, conditions: Conditions) -> Plan:
        if self.groups and self.figure is None:
            self.figure = self.counted()
        self._loose_groups(conditions)
        self._asked_values()
        shown = self._shown_beside()
        plan = self._base(conditions.filters(), conditions.found)
        return plan.model_copy(update={"columns": (*self.s.catalogue.listed, *shown)}) if shown else plan

    def _shown_beside(self) -> list[str]:
        """ "list the retail accounts with their employees": fields that a list is asked to show as well."""
        s = self.s
        shown: list[str] = []
        if self.figure or self.groups or self.sort:
            return []
        for at, _ in list(s.terms("field")):
            before, target = s.at(at - 1), s.target(s.spans[at], to_many=False)
            joined = before is not None and (before.is_cue("with") or (before.is_cue("and") and bool(shown)))
            if joined and target is not None and target.field is not None and not self._compared(at):
                shown.append(target.path)
                s.use(at)
        return shown

    def _loose_groups(self, conditions: Conditions) -> None:
        """With a figure, a plural that is still unread groups it: "win rates of the managers"; not one that is only
        described, as in "revenue from companies founded after 2000"."""
        if self.figure is None or self.groups or self.s.entity == "":
            return
        for at, span in enumerate(self.s.spans):
            if (
                span.tag == "term"
                and not span.used
                and span.text.endswith("s")
                and (target := self.s.groupable(span))
            ):
                if conditions.speaks_of(target.path):
                    span.used = True
                    continue
                self._group(target, at)
                return

    def _asked_values(self) -> None:
        """ "which sectors are there": the values of a field, with how often each occurs."""
        if self.figure or self.sort:
            return
        kinds = any(True for _ in self.s.terms("kind", unused=False))
        for at, _ in self.s.terms("field"):
            before = self.s.at(at - 1)
            if kinds and not (before and before.is_cue("ask") and before.text in ("which", "what")):
                continue
            if target := self.s.groupable(self.s.spans[at]):
                self._group(target, at)
                self.figure = self.counted()
                return

    def _share(self) -> Plan:
        """ "what percent of won deals were MG Special": the part that also meets what follows the verb."""
        s = self.s
        cue = next(s.cues("share"))
        s.use(*s.cues("share"))
        for at, entry in s.terms("measure"):
            if entry.kind == s.entity and self.measure is None:
                self.measure = next(m for m in s.catalogue.measures if m.name == entry.name)
                s.use(at)
        s.use(*s.cues("sum"))
        conditions = Conditions(s)
        conditions.read()
        self.time_groups(conditions)
        if self.measure and self.measure.fn == "ratio":
            raise Unclear(Plan(action="unknown", unused=("percent",)))
        noun = next(
            (
                i
                for i in range(cue, len(s.spans))
                if s.spans[i].entry("kind", "measure") and (s.spans[i].used or i > cue)
            ),
            cue,
        )
        verb = next(
            (i for i in range(cue + 1, len(s.spans)) if s.spans[i].is_cue("is", "that", "with")), None
        )
        split = verb if verb is not None and verb > cue + 1 else noun
        whole = next(
            (i for i, span in enumerate(s.spans) if i > cue and span.text.startswith("out of")), len(s.spans)
        )
        part = [
            f
            for f in conditions.found
            if (split < f.at < whole or f.at < cue) and not (f.period and f.at < cue)
        ]
        base = [f for f in conditions.found if f not in part]
        part = [f for f in part if not any(trees.narrows(b.tree, f.tree) for b in base if b.slot == f.slot)]
        field = self.measure.field if self.measure else None
        if not part and self.groups:
            self.figure = Figure(fn="sum" if field else "count", field=field, label="share", unit="percent")
            return self.finish(
                self._base(conditions.filters(), conditions.found).model_copy(update={"change": "share"})
            )
        kinds = {("period" if f.period else "word" if not f.path else "name") for f in part}
        if not part or kinds >= {"word", "name"} or ("period" in kinds and kinds & {"word"}):
            raise Unclear(Plan(action="unknown", unused=("percent",)))
        filters = conditions.filters(part)
        self.figure = Figure(
            fn="ratio",
            field=field,
            where=trees.conjunction([f.tree for f in filters]),
            unit="percent",
            label="share with " + " and ".join(f.words for f in filters),
        )
        plan = self._base_share(conditions, base)
        return self.finish(plan)

    def _base_share(self, conditions: Conditions, base: list[Found]) -> Plan:
        figure, self.figure = self.figure, None
        own = self.own_filter(base)
        self.figure = figure
        return Plan(
            entity=self.s.entity,
            filters=(*own, *conditions.filters(base)),
            figures=(figure,) if figure else (),
            group_by=tuple(self.groups),
            assumptions=tuple(dict.fromkeys(self.s.assumptions)),
        )
