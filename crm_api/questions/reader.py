"""From a sentence whose kind is known to a plan: a query, a comparison, a share, a look-up.

The last step refuses to answer half of a question: a word that carries meaning and was not used is named.
"""

from crm_api.questions import head, lexicon, trees
from crm_api.questions.clauses import Found
from crm_api.questions.figures import COMPARING
from crm_api.questions.filters import Conditions
from crm_api.questions.groups import RANKING
from crm_api.questions.periods import Period
from crm_api.questions.plan import (
    Figure,
    Filter,
    Option,
    Plan,
    Side,
    Sort,
    Unclear,
    clarify,
    refuse,
    unknown,
)
from crm_api.questions.ranks import Ranks
from crm_api.questions.spans import Span

# Cues that change the answer: one left unread means the question was not understood.
_MUST_BE_READ = (
    "sum",
    "avg",
    "median",
    *RANKING,
    "not",
    "without",
    *COMPARING,
    "between",
    "share",
    "quotient",
    "percent_change",
    "change",
    "how_many_more",
    "how_much_more",
    "vs",
    "both",
    "more",
    "fewer",
    "by",
    "each",
    "me",
)


class Reader(Ranks):
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

    def _comparing(self) -> bool:
        """Whether things are put side by side; "higher than" does so before a name, not before an amount."""
        s = self.s
        for at in s.cues("gt", "lt"):
            after = s.at(at + 1)
            if after and after.tag in ("name", "period"):
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

    def _query(self, conditions: Conditions) -> Plan:
        if self.groups and self.figure is None:
            self.figure = self.counted()
        self._loose_groups(conditions)
        self._asked_values()
        return self._base(conditions.filters(), conditions.found)

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

    def _base(self, filters: tuple[Filter, ...], found: list[Found]) -> Plan:
        """The plan with the figure's own condition among the filters, unless the question replaces it."""
        own = self.own_filter(found)
        return Plan(
            action="query",
            entity=self.s.entity,
            filters=(*own, *filters),
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
        if any(_clashes(f.tree, measure.where) for f in others if not f.negative):
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
        self.s.use(*self.s.cues("vs", "compare", "more", "fewer", "both"))
        if self.figure is None:
            if not any(True for _ in self.s.terms("kind", unused=False)) and self.measure is None:
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
            update={"action": "compare", "sides": tuple(self._side(conditions, f) for f in sides)}
        )

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
        part = [f for f in conditions.found if (f.at > split or f.at < cue) and not (f.period and f.at < cue)]
        base = [f for f in conditions.found if f not in part]
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

    def lookup(self) -> Plan:
        """One or more fields of named records: "which region is X in", "list price of Y", "who owns Z"."""
        s = self.s
        columns = self._asked_columns()
        s.use(*s.cues("count", "sum"))
        asked = [s.spans[at].text for at in s.cues("who", "where", "when", unused=False)]
        if asked and not columns:
            raise Unclear(Plan(action="unknown", unused=tuple(asked)))
        conditions = Conditions(s)
        conditions.read()
        if any(f.path or f.way for f in conditions.found):
            raise Unclear(Plan(action="unknown", unused=tuple(f.words for f in conditions.found if f.path)))
        return self.finish(
            Plan(
                action="lookup",
                entity=s.entity,
                filters=conditions.filters(),
                columns=tuple(dict.fromkeys(columns)) or s.catalogue.listed,
                assumptions=tuple(dict.fromkeys(s.assumptions)),
            )
        )

    def _asked_columns(self) -> list[str]:
        s = self.s
        columns: list[str] = []
        for at, span in enumerate(s.spans):
            if span.tag == "bucket" and s.at(at - 1) and s.spans[at - 1].is_cue("ask"):
                s.use(at)  # "what year was it founded": the field says so again
            if span.tag == "term" and head._asks_above(s, at):
                columns.append(next(e.name for e in span.entries if e.what == "reverse"))
                s.use(at)
                continue
            if span.tag != "term" or any(e.what == "kind" and e.kind == s.entity for e in span.entries):
                continue
            if (word := span.entry("word")) and s.has("when") and (date := lexicon.word_of(word).time_field):
                columns.append(date)
            elif target := next((t for t in s.targets(span) if t.path), None):
                if head._fans_out(s, s.entity, target.path, target.field is not None):
                    raise Unclear(Plan(action="unknown", unused=(span.text,)))
                columns.append(target.path)
            else:
                continue
            s.use(at)
        columns = self._owning(columns)
        for cue, type_words in (("where", ("location", "city", "country")), ("who", ("owner",))):
            if not columns and (asked := s.cue(cue)) is not None and (path := self._first_known(type_words)):
                columns.append(path)
                s.use(asked)
        return columns

    def _owning(self, columns: list[str]) -> list[str]:
        """ "which company owns X" asks for the company above it, though people own companies too."""
        s = self.s
        if not any(
            span.entry("kind")
            and span.kind("kind") == s.entity
            and (before := s.at(at - 1))
            and before.is_cue("ask")
            for at, span in enumerate(s.spans)
        ):
            return columns
        above = next((r.name for r in s.catalogue.relations if r.target == s.entity), None)
        owner = next((r.name for r in s.catalogue.relations if r.target == "user"), None)
        return [above if above and column == owner else column for column in columns]

    def _first_known(self, words: tuple[str, ...]) -> str | None:
        for word in words:
            entries = [
                e for e in lexicon.of(self.s.registry).phrases.get((word,), []) if e.kind == self.s.entity
            ]
            target = self.s.target(Span("term", 0, 0, word, entries=entries)) if entries else None
            if target:
                return target.path
        return None

    def finish(self, plan: Plan) -> Plan:
        """Refuse to answer half a question: every word that carries meaning must have been used."""
        if plan.action in ("clarify", "refuse", "unknown"):
            return plan
        if self._lies_ahead(plan):
            return refuse(
                "I count what has happened; what will be won is not kept. Ask for expected revenue."
            )
        self._forgive(plan)
        light = self.s.light if plan.is_list and not any(f.tree for f in plan.filters if f.role) else []
        vague = [s.text for s in self.s.spans if s.tag == "vague" and not s.used]
        left = tuple(
            s.text
            for s in self.s.spans
            if not s.used
            and (
                s.tag in ("unknown", "period", "amount", "bucket", "term", "name") or s.is_cue(*_MUST_BE_READ)
            )
        ) + tuple(light)
        sizes = [s for s in self.s.spans if not s.used and s.tag == "term" and self.s.numeric(s)]
        if vague and (not left or len(left) == len(sizes)):  # "high value deals": no number says how high
            return clarify(f"What do you mean by “{vague[0]}” {self.s.catalogue.plural}?", *())
        return unknown(sorry(left), *left) if left else plan

    def _lies_ahead(self, plan: Plan) -> bool:
        """Whether a figure of what was done is asked for a period that is still to come."""
        done = {m.time_field for m in self.s.catalogue.measures}
        trees_ = [f.tree for f in plan.filters] + [f.tree for side in plan.sides for f in side.filters]
        return any(
            t.get("op") == "during" and t["field"] in done and Period.model_validate(t["value"]).lies_ahead
            for t in trees_
        )

    def _forgive(self, plan: Plan) -> None:
        """Words that said nothing new: the kind itself, the unit of the figure, "handled by", "between"."""
        for at, span in enumerate(self.s.spans):
            if not span.used and self._says_nothing_new(at, span, plan):
                span.used = True

    def _says_nothing_new(self, at: int, span: Span, plan: Plan) -> bool:
        after = self.s.at(at + 1)
        if span.tag == "vague" and span.text == "how":
            return self.figure is not None
        if span.is_cue("by"):
            return bool(after and after.used)
        if span.is_cue("between"):
            return bool(after and after.tag == "period")
        if span.tag == "bucket":
            return bool(self.figure and self.figure.unit == f"{span.value}s")
        if span.tag == "term" and any(t.path in plan.columns for t in self.s.targets(span) if t.path):
            return True
        figure = plan.figures[0].field if plan.figures else None
        if span.tag == "term" and figure and any(t.path == figure for t in self.s.targets(span)):
            return True
        if span.tag == "term" and plan.sort and plan.sort.field:
            return any(t.path == plan.sort.field for t in self.s.targets(span))  # "the price of the cheapest"
        if span.is_cue("each", "newest"):
            return span.text in ("each", "last") and bool(self.groups)
        if span.entry("relation") and after and (after.is_cue("by") or self._links_clause(span)):
            return True
        return any(e.what == "kind" and e.kind == self.s.entity for e in span.entries)

    def _links_clause(self, span: Span) -> bool:
        """ "reps who own no deals": the verb says how the deals belong to the reps, which the relation says too."""
        entry = span.entry("relation")
        relation = (
            next(r for r in self.s.registry[entry.kind].relations if r.name == entry.name) if entry else None
        )
        return relation is not None and relation.target == self.s.entity and not span.entry("kind")


def sorry(unused: tuple[str, ...]) -> str:
    """What to say where a question was not understood."""
    return "I could not use: " + ", ".join(unused) + "." if unused else "I did not understand the question."


def _clashes(one: trees.Tree, other: trees.Tree) -> bool:
    """Whether two conditions on one field cannot both hold: "lost" beside a figure of won deals."""
    return (
        one.get("field") == other.get("field")
        and one.get("op") == other.get("op") == "in"
        and not (set(one["value"]) & set(other["value"]))
    )
