"""The offline planner: from a question to a plan, with no model, no network and no guessing.

It accounts for every word that carries meaning. A word it cannot place is named in the answer instead of
being left out, because an answer to half of a question is a wrong answer.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from crm_api.core.fields import FieldType, Measure, Registry
from crm_api.questions import gate, head, lexicon, paths, trees
from crm_api.questions.filters import Conditions, Found
from crm_api.questions.linking import Names
from crm_api.questions.plan import (
    Figure,
    Filter,
    Group,
    Having,
    Option,
    Plan,
    Side,
    Sort,
    Unclear,
    clarify,
    unknown,
)
from crm_api.questions.sentence import Sentence, Target
from crm_api.questions.spans import Span, Tagger

_RANKING = ("top", "bottom", "max", "min", "most", "least", "newest", "oldest")
_DOWN = ("top", "max", "most", "newest")
_COMPARING = ("gt", "ge", "lt", "le", "eq")
_OPS = {"gt": "gt", "ge": "gte", "lt": "lt", "le": "lte", "eq": "eq"}
# Cues that change the answer: one left unread means the question was not understood.
_MUST_BE_READ = (
    "sum",
    "avg",
    "median",
    *_RANKING,
    "not",
    "without",
    *_COMPARING,
    "between",
    "share",
    "quotient",
    "percent_change",
    "change",
    "how_many_more",
    "how_much_more",
    "vs",
    "more",
    "fewer",
    "by",
    "each",
)
DEFAULT_TOP = 10


def parse(question: str, *, registry: Registry, names: Names, day_first: bool = True) -> Plan:
    """The plan for one question that stands alone. Never raises for what somebody typed."""
    words = lexicon.of(registry)
    if refusal := gate.check(question, words):
        return refusal
    tagger = Tagger(words, names, day_first=day_first)

    def plan(text: str) -> Plan:
        return plan_spans(Sentence(registry, names, [s for s in tagger.spans(text) if s.tag != "stop"]))

    return with_options(plan(question), question, plan)


def with_options(unclear: Plan, question: str, plan: Callable[[str], Plan]) -> Plan:
    """A clarification whose options hold whole plans; options that do not run are left out."""
    if unclear.action != "clarify":
        return unclear
    options = []
    for option in unclear.options:
        text = option.question or clearer(question, option)
        planned = plan(text)
        if planned.action in ("query", "lookup", "compare"):
            options.append(option.model_copy(update={"question": text, "plan": planned}))
    return unclear.model_copy(update={"options": tuple(options)})


def clearer(question: str, option: Option) -> str:
    """The question as the option would have it said."""
    if option.swap:
        mention, label = option.swap
        loose = r"[\W_]+".join(re.escape(word) for word in mention.split())
        return re.sub(loose, lambda _: label, question, count=1, flags=re.IGNORECASE)
    return f"{question.rstrip(' ?!.')} {option.append}"


def plan_spans(sentence: Sentence) -> Plan:
    """The plan for a question that is cut into spans."""
    if not any(s.tag in ("term", "name") for s in sentence.spans):
        return _nothing_known(sentence.spans)
    try:
        entity = head.looked_up(sentence)
        if entity is not None:
            sentence.entity = entity
            return Reader(sentence).lookup()
        entity = head.decide(sentence)
        if entity is None:
            return _nothing_known(sentence.spans)
        sentence.entity = entity
        return Reader(sentence).plan()
    except Unclear as unclear:
        plan = unclear.plan
        return unknown(_sorry(plan.unused), *plan.unused) if plan.action == "unknown" else plan


def _nothing_known(spans: list[Span]) -> Plan:
    strange = tuple(s.text for s in spans if s.tag == "unknown")
    vague = [s.text for s in spans if s.tag == "vague"]
    if vague and not strange:
        return clarify(f"What do you mean by “{vague[0]}”? Name a kind of record and a figure.")
    if not spans:
        return unknown("Ask about accounts, deals, people, tasks …")
    return Plan(
        action="refuse",
        reason="I answer questions about what is kept in the CRM; this is not part of it.",
        unused=strange,
    )


def _sorry(unused: tuple[str, ...]) -> str:
    return "I could not use: " + ", ".join(unused) + "." if unused else "I did not understand the question."


@dataclass(slots=True)
class Reader:
    """Reads one sentence whose kind is known; each step takes the spans it understands."""

    s: Sentence
    figure: Figure | None = None
    measure: Measure | None = None
    groups: list[Group] = field(default_factory=list)
    sort: Sort | None = None
    limit: int | None = None
    having: Having | None = None
    counts_groups: bool = False
    columns: tuple[str, ...] = ()
    buckets: list[str] = field(default_factory=list)

    def plan(self) -> Plan:
        """The whole reading; raises Unclear."""
        s = self.s
        if s.has("share"):
            self.read_groups()
            return self._share()
        self.read_figure()
        self._having()
        self.read_groups()
        self._rank()
        conditions = Conditions(s)
        conditions.read()
        self.time_groups(conditions)
        if s.has("quotient"):
            return self.finish(self._quotient(conditions))
        if s.cue("percent_change", "change", "how_many_more", "how_much_more") is not None:
            return self.finish(self._change(conditions))
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

    # ── Figures ──────────────────────────────────────────────────────────────────────────────────

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
        label = name if own == measure.fn else f"{_FN_WORDS[own]} {name}"
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
            raise Unclear(Plan(action="unknown", unused=(_FN_WORDS[fn],)))

    def _figure_of(self, target: Target, fn: str) -> Figure:
        assert target.field
        label = f"{_FN_WORDS[fn]} {target.field.title}"
        return Figure(fn=fn, field=target.path, label=label, unit=self._unit(target.path))

    def _compared(self, at: int) -> bool:
        """Whether the field at `at` belongs to a comparison with an amount."""
        after, before = self.s.at(at + 1), self.s.at(at - 1)
        if after and after.is_cue("is", "of"):
            after = self.s.at(at + 2)
        return bool((after and after.is_cue(*_COMPARING, "between")) or (before and before.tag == "amount"))

    # ── Groups and ranks ─────────────────────────────────────────────────────────────────────────

    def _having(self) -> None:
        """ "reps with more than 200 won deals", "sectors with won revenue over 1m": a condition on the groups."""
        s = self.s
        for at in list(s.cues(*_COMPARING)):
            amount = s.at(at + 1)
            if amount is None or amount.tag != "amount":
                continue
            before = at - 1
            while before >= 0 and s.spans[before].is_cue("of", "is"):
                before -= 1
            measured = before >= 0 and s.spans[before].entry("measure") and s.spans[before].used
            after = s.after(at + 1, over=("of",))
            measured = measured or (
                after is not None and s.spans[after].entry("measure") and s.spans[after].used
            )
            counted = self.measure is None and head._counted(s, at) == s.entity
            if not (measured or counted):
                continue
            self.having = Having(op=_OPS[str(s.spans[at].value)], value=amount.value.number())
            s.use(at, at + 1)
            if counted:
                self.counts_groups = self.figure is not None and self.figure.fn == "count" and s.has("count")
                self.figure = self.counted()
            self._group_by_first_kind(at)
            return

    def _group_by_first_kind(self, at: int) -> None:
        for index in range(at):
            span = self.s.spans[index]
            if span.tag == "term" and not span.used and (target := self.s.groupable(span)):
                self._group(target, index)
                return
        raise Unclear(Plan(action="unknown", unused=(self.s.spans[at].text,)))

    def read_groups(self) -> None:
        """ "by region and quarter", "for each rep", "monthly", "which sector has the most …"."""
        s = self.s
        for at in list(s.cues("by", "each", "breakdown")):
            self._after_by(at)
        for at, span in enumerate(s.spans):
            if (
                span.tag == "bucket"
                and not span.used
                and (span.text.endswith("ly") or self._ranked_bucket(at))
            ):
                self._bucket(at)

    def _ranked_bucket(self, at: int) -> bool:
        """ "which quarter had the most won deals", "best month for won revenue"."""
        before = self.s.at(at - 1)
        ranked = self.s.has(*_RANKING) or any(s.tag == "vague" for s in self.s.spans)
        return ranked and (
            before is None or before.is_cue("ask", *_RANKING) or before.tag in ("vague", "amount")
        )

    def _after_by(self, at: int) -> None:
        s = self.s
        index = s.after(at, over=("of", "each", "by"), tags=("stop",))
        took = False
        while index is not None:
            span = s.spans[index]
            if span.tag == "bucket" and not span.used:
                self._bucket(index)
            elif self._describes(at, index):
                s.use(index)
            elif (
                span.tag == "term"
                and not span.used
                and not self._names_next(index)
                and (target := s.groupable(span))
            ):
                if self.s.spans[at].is_cue("by") and span.entry("measure"):
                    break
                self._group(target, index)
            else:
                break
            took = True
            following = s.at(index + 1)
            index = index + 2 if following and following.is_cue("and", "by") else None
        first = s.after(at, over=("of",), tags=("stop",))
        nearby = s.spans[first] if first is not None else None
        if (
            took
            or (
                nearby
                and (
                    nearby.tag in ("name", "period")
                    or nearby.used
                    or nearby.is_cue("count", "sum", "avg", "most")
                )
            )
            or (nearby and nearby.entry("word") and self.figure is None)
        ):
            s.use(at)

    def _describes(self, by: int, at: int) -> bool:
        """ "won by reps in the East", "sold by reps other than X": the doers are told, not what to group by."""
        verb, after = self.s.at(by - 1), self.s.at(at + 1)
        span = self.s.spans[at]
        return bool(
            verb
            and verb.entry("word", "relation")
            and not verb.entry("kind")
            and span.entry("kind")
            and after
            and after.is_cue("not", "of", "with", "without")
        )

    def _names_next(self, at: int) -> bool:
        """ "by manager Dustin": the word says what the name is, and does not group."""
        after = self.s.at(at + 1)
        span = self.s.spans[at]
        return bool(
            after
            and after.tag == "name"
            and any(n.id and e.kind == n.kind for e in span.entries if e.what == "kind" for n in after.names)
        )

    def _group(self, target: Target, at: int) -> None:
        label = target.field.title if target.field else target.path.split(".")[-1].replace("_", " ")
        group = Group(field=target.path, label=label)
        if group not in self.groups:
            self.groups.append(group)
        self.s.use(at)

    def _bucket(self, at: int) -> None:
        self.buckets.append(str(self.s.spans[at].value))
        self.s.use(at)

    def time_groups(self, conditions: Conditions) -> None:
        """Time buckets go by the same date that periods beside them would."""
        for bucket in self.buckets:
            path, home = conditions.time_field(None)
            if home:
                raise Unclear(Plan(action="unknown", unused=(bucket,)))
            self.groups.append(Group(field=path, bucket=bucket, label=bucket))
        if self.sort and self.sort.field is None and self.figure is None and self.groups:
            self.figure = self.counted()

    def _rank(self) -> None:
        """ "top 3 … by …", "the most …", "the 5 biggest …", "ranked by …"."""
        s = self.s
        at = s.cue(*_RANKING)
        if at is None:
            if (rank := s.cue("rank")) is not None:
                self._ranked_list(rank)
            return
        cue = str(s.spans[at].value)
        descending = cue in _DOWN
        s.use(at)
        number, plural = self._how_many(at)
        by = self._sort_field(at, cue)
        if by == "figure":
            self._asked_group(at)
            if not self.groups and not self.buckets:
                self._extreme(cue)
                return
            self.sort = Sort(descending=descending)
            self.limit = number or (1 if not plural else DEFAULT_TOP)
            return
        if by is None:
            raise Unclear(self._by_what())
        self.sort = Sort(field=by, descending=descending)
        if number is None and plural and cue in ("max", "min") and not s.has("by"):
            raise Unclear(
                clarify(f"How many of the {s.spans[at].text} {s.catalogue.plural} do you want to see?")
            )
        self.limit = number or (1 if not plural else DEFAULT_TOP)

    def read_rank(self, previous: Plan) -> None:
        """In a follow-up: "top 5", "only the highest": another cut of what was ranked before."""
        at = self.s.cue("top", "bottom", "most", "least", "max", "min")
        if at is None or not previous.figures:
            return
        self.s.use(at)
        self.limit = self._how_many(at)[0] or 1
        self.sort = Sort(descending=self.s.spans[at].value in _DOWN)

    def counted(self) -> Figure:
        """The number of records asked about."""
        return Figure(fn="count", label=f"number of {self.s.catalogue.plural}")

    def _how_many(self, at: int) -> tuple[int | None, bool]:
        """The number beside a ranking word, and whether what is ranked stands in the plural."""
        number = None
        for near in (at + 1, at - 1):
            span = self.s.at(near)
            if (
                span
                and span.tag == "amount"
                and span.value.is_count
                and not span.used
                and 0 < span.value.value <= 1000
            ):
                number = int(span.value.value)
                self.s.use(near)
                break
        ranked = next(
            (s for s in self.s.spans[at:] if s.entry("kind", "field", "relation") or s.tag == "bucket"), None
        )
        asked = next(
            (s for s in self.s.spans[:at] if s.entry("kind", "field", "relation") or s.tag == "bucket"), None
        )
        subject = asked if self.s.spans[at].value in ("most", "least") or (asked and not ranked) else ranked
        plural = bool(subject and subject.text != lexicon.stem(subject.text) and subject.text.endswith("s"))
        return number, plural or (number or 0) > 1

    def _sort_field(self, at: int, cue: str) -> str | None:
        """What is ranked by: "figure", the path of a field, or None where nothing says."""
        s = self.s
        if (self.measure or self.figure) and (
            self.figure is None
            or self.figure.fn != "count"
            or cue in ("most", "least", "top", "bottom", "max", "min")
        ):
            return "figure"
        for by in [*s.cues("by", unused=False)]:
            index = s.after(by, over=("of", "max", "min"), tags=("stop",))
            if index is None:
                continue
            span = s.spans[index]
            if span.is_cue("count") or span.entry("word"):
                s.use(by, index if span.is_cue("count") else None)
                self.figure = self.figure or self.counted()
                return "figure"
            if span.tag == "term" and not span.used and (target := s.numeric(span)):
                s.use(by, index)
                return target.path
        near = s.at(at + 1)
        if near and near.tag == "term" and not near.used and (target := s.numeric(near)):
            s.use(at + 1)
            if self.groups:
                self.figure = self._figure_of(target, "max" if cue in _DOWN else "min")
                return "figure"
            return target.path
        if cue in ("most", "least"):
            self.figure = self.figure or self.counted()
            return "figure"
        if cue in ("newest", "oldest"):
            return self._dated()
        late = [
            i
            for i, span in enumerate(s.spans)
            if i > at and span.tag == "term" and not span.used and not self._compared(i) and s.numeric(span)
        ]
        if len(late) == 1:
            s.use(late[0])
            target = s.numeric(s.spans[late[0]])
            return target.path if target else None
        if cue in ("max", "min") and self._ranks_entity(at) and len(s.catalogue.size) == 1:
            return s.catalogue.size[0]
        return None

    def _dated(self) -> str | None:
        """The date that "latest" and "oldest" mean: of a word in the sentence, else the kind's own."""
        for at, _ in self.s.terms("word"):
            for entry in self.s.spans[at].entries:
                if entry.what == "word" and entry.kind == self.s.entity:
                    return lexicon.word_of(entry).time_field or self.s.catalogue.age
        return self.s.catalogue.age

    def _ranks_entity(self, at: int) -> bool:
        for span in self.s.spans[at + 1 :]:
            if entry := span.entry("kind"):
                return entry.kind == self.s.entity
            if not (span.entry("word", "choice") or span.tag in ("name", "amount") or span.is_cue("of")):
                return False
        return False

    def _by_what(self) -> Plan:
        sizes = [f.title for name in self.s.catalogue.size if (f := self.s.catalogue.field(name))]
        figures = [m.name.replace("_", " ") for m in self.s.catalogue.measures]
        ways = list(
            dict.fromkeys(
                [*sizes, *(figures if self.groups or self.figure else []), *self._figures_elsewhere()]
            )
        )[:4]
        return clarify(
            "Ranked by what: " + ", ".join(ways) + "?",
            *(Option(label=way, append=f"by {way}") for way in ways),
        )

    def _figures_elsewhere(self) -> list[str]:
        """Figures of a kind that leads here: reps and accounts are ranked by what their deals brought."""
        kinds = [c for c in self.s.registry if c.measures and c.kind != self.s.entity]
        near = [c for c in kinds if paths.reach(self.s.registry, c.kind, self.s.entity) is not None]
        return [m.name.replace("_", " ") for c in near[-1:] for m in c.measures if m.fn in ("sum", "ratio")][
            :3
        ]

    def _asked_group(self, at: int) -> None:
        """The word that is ranked, when it is not the kind itself: "which rep …", "top 3 sectors"."""
        s = self.s
        if self.groups or self.buckets:
            return
        who = s.cue("who")
        near = (
            [*range(at + 1, len(s.spans)), *range(at)]
            if s.spans[at].value in ("top", "bottom")
            else range(len(s.spans))
        )
        for index in near:
            span = s.spans[index]
            if (
                span.tag == "term"
                and not span.used
                and not self._names_next(index)
                and not self._beside_name(index)
                and (target := s.groupable(span))
            ):
                if span.entry("choice") and not span.entry("kind", "relation"):
                    continue
                self._group(target, index)
                return
        if who is not None and (way := paths.reach(s.registry, s.entity, "user", to_many=False)):
            s.use(who)
            self.groups.append(Group(field=way, label=way.split(".")[-1]))
        elif way := self._named_group():
            self.groups.append(Group(field=way, label=way.split(".")[-1]))

    def _named_group(self) -> str | None:
        """The kind of the names that are ranked: "which of East and West has the highest …"."""
        kinds = [{n.kind for n in span.names if n.id} for span in self.s.spans if span.tag == "name"]
        shared = set.intersection(*kinds) if len(kinds) > 1 else set()
        ways = [
            w for kind in shared if (w := paths.reach(self.s.registry, self.s.entity, kind, to_many=False))
        ]
        return min(ways, key=lambda w: w.count("."), default=None)

    def _beside_name(self, at: int) -> bool:
        before = self.s.at(at - 1)
        span = self.s.spans[at]
        return bool(
            before
            and before.tag == "name"
            and any(e.kind == n.kind for e in span.entries for n in before.names)
        )

    def _extreme(self, cue: str) -> None:
        """The highest single value of a figure that is not grouped."""
        figure = self.figure
        if figure is None or figure.fn in ("ratio", "count") or figure.field is None:
            raise Unclear(self._by_what())
        fn = "max" if cue in _DOWN else "min"
        label = figure.label if self.measure is None else f"{_FN_WORDS[fn]} {self.measure.name}"
        self.figure = figure.model_copy(update={"fn": fn, "label": label})

    def _ranked_list(self, at: int) -> None:
        """ "rank reps by won revenue": all of them, the highest first."""
        s = self.s
        s.use(at)
        by = self._sort_field(at, "rank")
        if by == "figure" or self.figure:
            self._asked_group(at)
            if not self.groups and not self.buckets:
                raise Unclear(self._by_what())
            self.sort = Sort()
        elif by:
            self.sort = Sort(field=by)
        else:
            raise Unclear(self._by_what())

    # ── Shapes ───────────────────────────────────────────────────────────────────────────────────

    def _query(self, conditions: Conditions) -> Plan:
        if self.groups and self.figure is None:
            self.figure = self.counted()
        self._loose_groups()
        self._asked_values()
        return self._base(conditions.filters(), conditions.found)

    def _loose_groups(self) -> None:
        """With a figure, a plural that is still unread groups it: "win rates of the managers"."""
        if self.figure is None or self.groups or self.s.entity == "":
            return
        for at, span in enumerate(self.s.spans):
            if (
                span.tag == "term"
                and not span.used
                and span.text.endswith("s")
                and (target := self.s.groupable(span))
            ):
                self._group(target, at)
                return

    def _asked_values(self) -> None:
        """ "which sectors are there": the values of a field, with how often each occurs."""
        if self.figure or self.sort or any(True for _ in self.s.terms("kind", unused=False)):
            return
        for at, _ in self.s.terms("field"):
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
            sort=self.sort,
            limit=self.limit,
            columns=self.columns,
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
        self.s.use(*self.s.cues("vs", "compare", "more", "fewer"))
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
        s.use(*s.cues("percent_change", "change", "how_many_more", "how_much_more", "compare", "between"))
        self._split_range(conditions)
        sides = self._sides(conditions)
        if self.figure is None and not any(True for _ in s.terms("kind", unused=False)):
            raise Unclear(Plan(action="unknown", unused=("change",)))
        if not sides or len(sides) != 2:
            raise Unclear(Plan(action="unknown", unused=("change",)))
        plan = self._compare(conditions, sides)
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
        if (
            not part
            or (split == noun and kinds >= {"word", "name"})
            or ("period" in kinds and kinds & {"word"})
        ):
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

    # ── Look-ups ─────────────────────────────────────────────────────────────────────────────────

    def lookup(self) -> Plan:
        """One or more fields of named records: "which region is X in", "list price of Y", "who owns Z"."""
        s = self.s
        columns = self._asked_columns()
        s.use(*s.cues("count", "sum"))
        conditions = Conditions(s)
        conditions.read()
        if any(f.path for f in conditions.found):
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
            if span.tag != "term" or any(e.what == "kind" and e.kind == s.entity for e in span.entries):
                continue
            if (word := span.entry("word")) and s.has("when") and (date := lexicon.word_of(word).time_field):
                columns.append(date)
            elif target := next((t for t in s.targets(span) if t.path), None):
                columns.append(target.path)
            else:
                continue
            s.use(at)
        for cue, type_words in (("where", ("location", "city", "country")), ("who", ("owner",))):
            if not columns and (asked := s.cue(cue)) is not None and (path := self._first_known(type_words)):
                columns.append(path)
                s.use(asked)
        return columns

    def _first_known(self, words: tuple[str, ...]) -> str | None:
        for word in words:
            entries = [
                e for e in lexicon.of(self.s.registry).phrases.get((word,), []) if e.kind == self.s.entity
            ]
            target = self.s.target(Span("term", 0, 0, word, entries=entries)) if entries else None
            if target:
                return target.path
        return None

    # ── The end ──────────────────────────────────────────────────────────────────────────────────

    def finish(self, plan: Plan) -> Plan:
        """Refuse to answer half a question: every word that carries meaning must have been used."""
        if plan.action in ("clarify", "refuse", "unknown"):
            return plan
        self._forgive()
        vague = [s.text for s in self.s.spans if s.tag == "vague" and not s.used]
        left = tuple(
            s.text
            for s in self.s.spans
            if not s.used
            and (
                s.tag in ("unknown", "period", "amount", "bucket", "term", "name") or s.is_cue(*_MUST_BE_READ)
            )
        )
        if vague and not left:
            return clarify(f"What do you mean by “{vague[0]}” {self.s.catalogue.plural}?", *())
        return unknown(_sorry(left), *left) if left else plan

    def _forgive(self) -> None:
        """Words that said nothing new: the kind itself, the unit of the figure, "handled by", "between"."""
        for at, span in enumerate(self.s.spans):
            if not span.used and self._says_nothing_new(at, span):
                span.used = True

    def _says_nothing_new(self, at: int, span: Span) -> bool:
        after = self.s.at(at + 1)
        if span.tag == "vague" and span.text == "how":
            return self.figure is not None
        if span.is_cue("by"):
            return bool(after and after.used)
        if span.is_cue("between"):
            return bool(after and after.tag == "period")
        if span.tag == "bucket":
            return bool(self.figure and self.figure.unit == f"{span.value}s")
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


_FN_WORDS = {
    "avg": "average",
    "median": "median",
    "sum": "total",
    "max": "highest",
    "min": "lowest",
    "count": "number",
    "ratio": "ratio",
}


def _clashes(one: trees.Tree, other: trees.Tree) -> bool:
    """Whether two conditions on one field cannot both hold: "lost" beside a figure of won deals."""
    return (
        one.get("field") == other.get("field")
        and one.get("op") == other.get("op") == "in"
        and not (set(one["value"]) & set(other["value"]))
    )
