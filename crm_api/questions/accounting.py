"""Accounting for every word of a question: what was not used is named, rather than half of it answered."""

from crm_api.questions import grammar, lexicon
from crm_api.questions.expressed import unexpressed
from crm_api.questions.figures import COMPARING
from crm_api.questions.groups import RANKING
from crm_api.questions.periods import Period
from crm_api.questions.pieces import Span
from crm_api.questions.plan import (
    Option,
    Plan,
    clarify,
    refuse,
    unknown,
)
from crm_api.questions.ranks import Ranks

# Cues that change the answer: one left unread means the question was not understood.
_MUST_BE_READ = (
    "sum",
    "avg",
    "median",
    *RANKING,
    "not",
    "without",
    "include",
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
    "rank",
    "mentions",
    "summary",
    "me",
)


class Accounting(Ranks):
    """Ends a reading."""

    def finish(self, plan: Plan) -> Plan:
        """Refuse to answer half a question: every word that carries meaning must have been used."""
        if plan.action in ("clarify", "refuse", "unknown"):
            return plan
        if self._lies_ahead(plan):
            return refuse(
                "I count what has happened; what will be won is not kept. Ask for expected revenue."
            )
        self._forgive(plan)
        if self.measure and any(s.is_cue("is") and s.text == "been" for s in self.s.spans):
            return unknown(sorry(("been",)), "been")  # "how long has X been with us" is no sales cycle
        light = (
            self.s.light
            if plan.is_list and not plan.sort and not any(f.tree for f in plan.filters if f.role)
            else []
        )
        vague = [s.text for s in self.s.spans if s.tag == "vague" and not s.used]
        left = tuple(
            s.text
            for s in self.s.spans
            if not s.used
            and (
                s.tag in ("unknown", "period", "amount", "bucket", "term", "name", "text")
                or s.is_cue(*_MUST_BE_READ)
                or (s is self.s.spans[0] and s.is_cue("when", "where") and plan.action == "query")
            )
        ) + tuple(light)
        sizes = [s for s in self.s.spans if not s.used and s.tag == "term" and self.s.numeric(s)]
        if vague and (not left or len(left) == len(sizes)):  # "high value deals": no number says how high
            return clarify(
                f"What do you mean by “{vague[0]}” {self.s.catalogue.plural}?", *self._by_figures(vague[0])
            )
        left = left or unexpressed(self.s, plan)
        return unknown(sorry(left), *left) if left else plan

    def _by_figures(self, vague: str) -> list[Option]:
        """Praise with each sum that could settle it: "best customers by won value"; those that do not run go.

        Sums of records that show who or what they belong to, where that is of the kind asked for.
        """
        if vague not in grammar.PRAISE:
            return []
        entity = self.s.catalogue.kind
        sums = [
            measure.name.replace("_", " ")
            for catalogue in self.s.registry
            if any(r.target == entity and r.name in catalogue.listed for r in catalogue.relations)
            for measure in catalogue.measures
            if measure.fn == "sum"
        ]
        return [Option(label=f"by {name}", append=f"by {name}") for name in sums]

    def _lies_ahead(self, plan: Plan) -> bool:
        """Whether a figure of what was done is asked for what is still to come: a period ahead, or "will"."""
        done = {m.time_field for m in self.s.catalogue.measures}
        if self.s.ahead and (self.measure or self._speaks_of_deeds()):
            return True
        trees_ = [f.tree for f in plan.filters] + [f.tree for side in plan.sides for f in side.filters]
        return any(
            t.get("op") == "during" and t["field"] in done and Period.model_validate(t["value"]).lies_ahead
            for t in trees_
        )

    def _speaks_of_deeds(self) -> bool:
        """Whether a word says what was done, and nothing knows its date beforehand: "won", not "closing"."""
        words = [lexicon.word_of(e) for span in self.s.spans for e in span.entries if e.what == "word"]
        return any(word.time_field and word.ahead is None and not word.noun for word in words)

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
        if span.is_cue("each") and self._is_every(at, plan):
            return True
        if span.is_cue("each", "newest"):
            return span.text in ("each", "last") and bool(self.groups)
        if span.entry("relation") and after and (after.is_cue("by") or self._links_clause(span)):
            return True
        return any(e.what == "kind" and e.kind == self.s.entity for e in span.entries)

    def _is_every(self, at: int, plan: Plan) -> bool:
        """ "list every account", "count each won deal": all of the kind, where nothing is folded."""
        after = next(
            (
                n
                for n in self.s.spans[at + 1 :]
                if n.tag != "name" and (not n.entry("word", "choice") or n.entry("kind"))
            ),
            None,
        )
        counts = all(f.fn == "count" and f.field is None for f in plan.figures)
        return counts and after is not None and after.kind("kind") == self.s.entity

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
