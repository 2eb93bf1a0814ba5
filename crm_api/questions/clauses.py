"""Where a condition belongs: negations and how far they reach, and clauses about kinds that are reached to-many.

"Accounts without won deals": the deals are a clause of their own, and what is said of them is about one deal.
"""

from dataclasses import dataclass, field

from crm_api.questions import head, paths
from crm_api.questions.periods import Period
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Plan, Role, Unclear
from crm_api.questions.sentence import Sentence
from crm_api.questions.trees import Tree


@dataclass(slots=True)
class Found:
    """One condition where it stands. `way` is the first step when that leads to many records, and `tree` is then
    about those; `slot` says what it speaks of."""

    at: int
    slot: str
    tree: Tree
    words: str
    way: str = ""
    negative: bool = False
    period: Period | None = None
    time_path: str = ""
    path: str = ""
    label: str = ""
    role: Role = ""


@dataclass(slots=True)
class Clause:
    """A kind that is reached through a to-many step, such as the deals of an account."""

    way: str
    kind: str
    at: int
    none: bool = False
    found: list[Found] = field(default_factory=list)


class Clauses:
    """The conditions found so far, the clauses they belong to, and what each negation turns round."""

    def __init__(self, sentence: Sentence, default_time: str | None = None) -> None:
        self.s = sentence
        self.default_time = default_time  # of the question before, for a period that names no date
        self.found: list[Found] = []
        self.clauses: dict[str, Clause] = {}
        self.negations = self._negations()

    def _negations(self) -> dict[int, int]:
        """Which span each "not" or "without" turns round: the next one that can be a condition."""
        turned: dict[int, int] = {}
        for at in self.s.cues("not", "without"):
            skip = ("of", "is", "by", "with", "that", "each")
            target = self.s.after(at, over=skip, tags=("stop", "vague"))
            if target is not None and self.s.spans[target].text in ("my", "i"):
                target = self.s.after(target, over=skip, tags=("stop", "vague"))
            if target is not None and self.s.spans[at].value == "not" and self._leads_on(target):
                if not self._leads_elsewhere(target):
                    self.s.use(target)
                target = self.s.after(target, over=skip)
            if target is not None:
                turned[target] = at
        return turned

    def _leads_on(self, at: int) -> bool:
        """ "handled by", "based in": a word that only leads to the name after it."""
        after = self.s.at(at + 1)
        span = self.s.spans[at]
        return bool(
            span.entry("relation", "field")
            and not span.entry("word", "kind")
            and after
            and after.is_cue("by", "of", "not")
        )

    def _leads_elsewhere(self, at: int) -> bool:
        """ "not managed by X": the link goes to another record of the kind asked about, so it must be kept."""
        return any(
            e.what == "relation"
            and e.kind == self.s.entity
            and r.name == e.name
            and r.target == self.s.entity
            for e in self.s.spans[at].entries
            for r in self.s.catalogue.relations
        )

    def _negative(self, at: int) -> bool:
        """Whether the condition at `at` is turned round; a word that belongs to it may stand between."""
        for start in range(at, -1, -1):
            if start in self.negations:
                self.s.use(self.negations[start])
                return True
            before = self.s.at(start - 1)
            joins = before is not None and (
                before.is_cue("of", "by", "is", "or", "poss")
                or (before.tag == "term" and before.entry("relation", "field", "kind") and start == at)
                or (before.tag == "name" and self.s.spans[at].tag == "name" and self._joined(start - 1, at))
                or (before.is_cue("and") and self._joined(start - 2, at))
            )
            if not joins:
                return False
        return False

    def _joined(self, left: int, right: int) -> bool:
        """Whether two spans are alternatives of one list: only names between them, each joined to the next by "or" or
        "and". "Other than X in the East" is two conditions, of which only the first is turned round."""
        joined = True
        for span in self.s.spans[max(left, 0) : right]:
            if span.tag == "name" and joined:
                joined = False
            elif span.is_cue("or", "and"):
                joined = True
            elif not (span.is_cue("of") and joined):
                return False
        return joined

    def _open_clauses(self) -> None:
        """Kinds and words that are only reached through a to-many step open a clause."""
        self._settle_empty()
        self._settle_measured()
        for at, entry in [*self.s.terms("kind"), *self.s.terms("word")]:
            span = self.s.spans[at]
            if entry.what == "word" and span.entry("kind"):
                continue
            if span.entry("word") and any(e.kind == self.s.entity for e in span.entries if e.what == "word"):
                continue
            target = self.s.target(span) if span.entry("kind") else None
            kind = entry.kind if span.entry("kind") else self._spoken_of(at) or entry.kind
            way = target.path if target else paths.reach(self.s.registry, self.s.entity, kind)
            if not way or not paths.walk(self.s.registry, self.s.entity, way)[0].backwards:
                continue
            step = paths.walk(self.s.registry, self.s.entity, way)[0]
            clause = self.clauses.setdefault(step.name, Clause(step.name, step.target, at))
            clause.at = min(clause.at, at)
            if span.entry("kind") and way == step.name:
                span.used = True
            if self._clause_negated(at):
                clause.none = True

    def _settle_empty(self) -> None:
        """ "leads without an email" have no address; "without an email this month" got none."""
        if any(span.tag == "period" for span in self.s.spans):
            return
        for at in self.negations:
            span = self.s.spans[at]
            if span.entry("word") and any(
                e.what == "field" and e.kind == self.s.entity for e in span.entries
            ):
                span.entries = [e for e in span.entries if e.what == "field" and e.kind == self.s.entity]

    def _settle_measured(self) -> None:
        """ "accounts with at least 15000 people": a number of the kind asked about is no kind of its own."""
        for at, span in enumerate(self.s.spans):
            before, cue = self.s.at(at - 1), self.s.at(at - 2)
            if before and before.tag == "amount" and cue and cue.is_cue("gt", "ge", "lt", "le", "eq"):
                own = [e for e in span.entries if e.what == "field" and e.kind == self.s.entity]
                target = self.s.numeric(Span("term", 0, 0, "", entries=own)) if own else None
                span.entries = own if target else span.entries

    def _spoken_of(self, at: int) -> str | None:
        """The kind of a word in the light of the words and kinds right beside it: "open" in "open tasks"."""
        beside = [
            i
            for i in (at - 1, at, at + 1)
            if (near := self.s.at(i))
            and near.entry("word", "kind")
            and not (i != at and near.kind("kind") == self.s.entity and near.entry("word"))
        ]
        kinds = {e.kind for i in beside for e in self.s.spans[i].entries if e.what == "kind"} - {
            self.s.entity
        }
        own = [e.kind for e in self.s.spans[at].entries if e.what == "word"]
        named = [kind for kind in own if kind in kinds]
        return (
            named[0]
            if named
            else head.word_kind(self.s, [i for i in beside if self.s.spans[i].entry("word")])
        )

    def _clause_negated(self, at: int) -> bool:
        """ "without won deals", "never won": a negation before the clause, with only its own words between."""
        for start in range(at, -1, -1):
            if start in self.negations:
                self.s.use(self.negations[start])
                return True
            before = self.s.at(start - 1)
            if before is None or not (
                before.entry("word", "choice") or before.tag == "name" or before.is_cue("of", "is")
            ):
                return False
        return False

    def _home(self, at: int, kind: str, path: str | None) -> tuple[str, str | None]:
        """The clause ("" is the sentence itself) a condition about `kind` belongs to, and its path from there.

        The nearer kind wins; a tie goes to a clause that was opened before it.
        """
        best: tuple[int, int, str, str | None] | None = None
        if path is not None:
            best = (len(path.split(".")) if path else 0, 1, "", path)
        for clause in self.clauses.values():
            inner = paths.reach(self.s.registry, clause.kind, kind)
            if inner is None:
                continue
            candidate = (
                len(inner.split(".")) if inner else 0,
                0 if clause.at <= at + 1 else 2,
                clause.way,
                inner,
            )
            if best is None or candidate[:2] < best[:2] or (path and path.split(".")[0] == clause.way):
                best = candidate
        return (best[2], best[3]) if best else ("", None)

    def _base(self, way: str) -> str:
        return self.clauses[way].kind if way else self.s.entity

    def _add(self, found: Found) -> None:
        if found.way and found.way in self.clauses:
            clause = self.clauses[found.way]
            clause.found.append(found)
            if (
                found.negative and clause.none
            ):  # "no … that are not" is "no … that are": one negation was read twice
                found.negative, found.words = False, found.words.replace("not ", "", 1)
        elif found.way:
            raise Unclear(Plan(action="unknown"))
        self.found.append(found)
