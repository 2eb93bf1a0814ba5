"""What comes first and how much of it: "top 3 … by …", "the most …", "the 5 biggest …", "ranked by …"."""

from crm_api.questions import lexicon, paths
from crm_api.questions.figures import FN_WORDS
from crm_api.questions.groups import RANKING, Groups
from crm_api.questions.pieces import Span
from crm_api.questions.plan import (
    Group,
    Option,
    Plan,
    Sort,
    Unclear,
    clarify,
)
from crm_api.questions.sentence import Target

_DOWN = ("top", "max", "most", "newest")
DEFAULT_TOP = 10


class Ranks(Groups):
    """Reads ranking words over figure and groups."""

    def read_ranking(self) -> None:
        """ "top 3 … by …", "the most …", "the 5 biggest …", "ranked by …"."""
        s = self.s
        at = s.cue(*RANKING)
        rank = s.cue("rank")
        if rank is not None and (at is None or at > rank):
            self._ranked_list(rank)
            return
        if at is None:
            return
        cue = str(s.spans[at].value)
        if cue == "newest" and s.spans[at].text == "last" and (after := s.at(at + 1)) and after.tag == "name":
            raise Unclear(Plan(action="unknown", unused=(f"last {after.text}",)))
        if cue in ("newest", "oldest") and (after := s.at(at + 1)) and after.tag == "bucket":
            raise Unclear(Plan(action="unknown", unused=(f"{s.spans[at].text} {after.text}",)))
        descending = cue in _DOWN
        s.use(at)
        if self._largest_of_each(at, cue):
            return
        self._partitioned(at, cue)
        number, plural = self._how_many(at)
        by = self._sort_field(at, cue)
        if by == "figure":
            self._asked_group(at)
            if not self.groups and not self.buckets:
                if number is not None:
                    raise Unclear(self._by_what())  # several of what?
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

    def _largest_of_each(self, at: int, cue: str) -> bool:
        """ "largest won deal per rep": the highest size of the kind in each group."""
        s = self.s
        sizes = s.catalogue.size
        if not (self.groups or self.buckets) or cue not in ("max", "min") or len(sizes) != 1 or self.figure:
            return False
        if not self._ranks_entity(at):
            return False
        each = s.catalogue.field(sizes[0])
        self.figure = self._figure_of(Target(sizes[0], s.entity, each), "max" if cue == "max" else "min")
        return True

    def _partitioned(self, at: int, cue: str) -> None:
        """ "top 2 products per region": a ranking inside each group is not understood, rather than read as one of
        the groups."""
        s = self.s
        if cue not in ("top", "bottom", "max", "min") or not self.groups:
            return
        for index in range(at + 1, len(s.spans)):
            span = s.spans[index]
            if span.is_cue("by", "each", "of", "with"):
                return
            if span.tag == "term" and not span.used and s.groupable(span) and not span.entry("measure"):
                raise Unclear(Plan(action="unknown", unused=(f"{s.spans[at].text} … for each",)))

    def read_rank(self, previous: Plan) -> None:
        """In a follow-up: "top 5", "only the highest": another cut of what was ranked before."""
        at = self.s.cue("top", "bottom", "most", "least", "max", "min")
        if at is None or not previous.figures:
            return
        self.s.use(at)
        self.limit = self._how_many(at)[0] or 1
        self.sort = Sort(descending=self.s.spans[at].value in _DOWN)

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
        asks = any(
            span is asked and (before := self.s.at(i - 1)) is not None and before.is_cue("ask", "by")
            for i, span in enumerate(self.s.spans[:at])
        )
        most = self.s.spans[at].value in ("most", "least")
        if any(self.s.spans[i].text == "who" for i in self.s.cues("who", unused=False)):
            return number, False
        subject = asked if asks or most or (asked and not ranked) else ranked
        if number is None:
            number = self._number_before(subject) or self._number_behind(at)
        plural = bool(subject and subject.is_plural)
        return number, plural or (number or 0) > 1

    def _number_before(self, subject: Span | None) -> int | None:
        """The 3 of "which 3 products bring the most revenue"."""
        at = next((i for i, span in enumerate(self.s.spans) if span is subject), 0)
        return self._taken(at - 1)

    def _number_behind(self, at: int) -> int | None:
        """The 3 of "reps with the most deals, top 3"."""
        other = next((i for i in self.s.cues("top", "bottom") if i > at), None)
        number = self._taken(other + 1) if other is not None else None
        if number is not None:
            self.s.use(other)
        return number

    def _taken(self, at: int) -> int | None:
        span = self.s.at(at)
        if span is None or span.tag != "amount" or span.used or not span.value.is_count:
            return None
        before = self.s.at(at - 1)
        if (
            before and before.is_cue("gt", "ge", "lt", "le", "eq", "between")
        ) or not 0 < span.value.value <= 1000:
            return None
        span.used = True
        return int(span.value.value)

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
            named = span.kind("kind") == s.entity and cue not in ("newest", "oldest")  # "by deals won"
            if span.is_cue("count") or span.entry("word") or named:
                s.use(by, index if span.is_cue("count") else None)
                self.figure = self.figure or self.counted()
                return "figure"
            if span.tag == "term" and not span.used and (target := s.numeric(span)):
                s.use(by, index)
                return target.path
        for index in s.cues("of"):
            deed = s.at(index + 1)  # "the weakest month for wins"
            if (
                s.spans[index].text == "for"
                and deed
                and deed.is_plural
                and deed.entry("word")
                and self.buckets
            ):
                self.figure = self.figure or self.counted()
                return "figure"
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
        before = self.s.at(at - 1)  # "which product is the most expensive"
        asked = next((n for n in self.s.spans[:at] if n.entry("kind")), None)
        return (
            at == len(self.s.spans) - 1
            and before is not None
            and before.is_cue("is")
            and asked is not None
            and asked.kind("kind") == self.s.entity
        )

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
            and any(e.kind == n.kind and n.id for e in span.entries for n in before.names)
        )

    def _extreme(self, cue: str) -> None:
        """The highest single value of a figure that is not grouped."""
        figure = self.figure
        if figure is None or figure.fn in ("ratio", "count") or figure.field is None:
            raise Unclear(self._by_what())
        fn = "max" if cue in _DOWN else "min"
        label = figure.label if self.measure is None else f"{FN_WORDS[fn]} {self.measure.name}"
        self.figure = figure.model_copy(update={"fn": fn, "label": label})

    def _direction(self, at: int) -> None:
        """ "highest first", "from the lowest": which end a ranking begins with."""
        for index in self.s.cues("max", "min", "newest", "oldest"):
            after = self.s.at(index + 1)
            if self.s.spans[index].value in ("max", "min") and after and after.is_cue("oldest"):
                self._downwards = self.s.spans[index].value == "max"
                self.s.use(index, index + 1)
                return

    def _ranked_list(self, at: int) -> None:
        """ "rank reps by won revenue": all of them, the highest first."""
        s = self.s
        s.use(at)
        self._direction(at)
        by = self._sort_field(at, "rank")
        if by == "figure" or self.figure:
            self._asked_group(at)
            if not self.groups and not self.buckets:
                raise Unclear(self._by_what())
            self.sort = Sort(descending=self._downwards)
        elif by:
            self.sort = Sort(field=by, descending=self._downwards)
        else:
            raise Unclear(self._by_what())
