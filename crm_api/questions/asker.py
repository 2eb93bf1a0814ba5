"""The asker in the sentence: "my open deals", "the leads I own", "assigned to me".

Whoever says "my" means records they own, whatever else their role lets them see: a manager's own deals are not the
team's. "Our" and "the team's" stand for everybody's that may be seen. The condition names no user, so that a plan
kept by one person is right for the next.
"""

from crm_api.core.fields import Relation
from crm_api.questions import head, paths, trees
from crm_api.questions.clauses import Clauses, Found
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Plan, Unclear

ME = "me"  # stands for the asker's id in a condition until the plan runs
_JOINING = ("of", "is", "with", "without")
_BEFORE_WHAT_IS_OWNED = (*_JOINING, "top", "bottom", "max", "min", "newest", "oldest", "most", "not")


class Ownership(Clauses):
    """Reads who says "my", "I" and "me", and which records that narrows."""

    def _asker(self) -> None:
        for at in list(self.s.cues("me")):
            kind, link = self._owned(at)
            relation = self._owner(kind)
            if link is not None:
                relation = self._linked_by(link, kind) or relation
                self.s.use(link)
            if relation is None:
                raise Unclear(Plan(action="unknown", unused=(self.s.spans[at].text,)))
            self._add_own(at, kind, relation)
            self.s.use(at)

    def _add_own(self, at: int, kind: str, relation: Relation) -> None:
        home, inner = self._home(at, kind, paths.reach(self.s.registry, self.s.entity, kind))
        if inner is None:
            raise Unclear(Plan(action="unknown", unused=(self.s.spans[at].text,)))
        base, path = self._base(home), paths.join(inner, relation.name)
        tree = trees.leaf(self.s.registry, base, paths.join(inner, relation.column.key), "eq", ME)
        if any(f.tree == tree and f.way == home for f in self.found):
            return
        negative = self._negative(at)
        whose = "yours" if kind == self.s.entity and not home else f"your own {self.s.registry[kind].plural}"
        words = f"not {whose}" if negative else whose
        self._add(
            Found(
                at,
                path,
                tree,
                words,
                home,
                negative,
                path=path,
                label="yours",
                role="whose" if whose == "yours" and not negative else "",
            )
        )

    def _owned(self, at: int) -> tuple[str, int | None]:
        """The kind of what is the asker's, and the span of a word like "owned" that says so."""
        if self.s.spans[at].text in ("my", "i"):
            return self._spoken_after(at)
        return self._spoken_before(at)

    def _spoken_after(self, at: int) -> tuple[str, int | None]:
        found: str | None = None
        for index in range(at + 1, len(self.s.spans)):
            span = self.s.spans[index]
            if span.tag == "term" and span.entry("kind"):
                return self._kind_of(index, span), None
            if named := head.named_by_choice(span):
                return found or named, None
            if span.entry("relation") and index == at + 1 and not span.entry("word", "measure"):
                return self.s.entity, index
            if span.entry("word", "measure"):
                found = found or self._kind_of(index, span)
            elif not (span.entry("choice") or span.tag in ("amount", "vague", "name")) and (
                not span.is_cue(*_BEFORE_WHAT_IS_OWNED) or (span.is_cue(*_JOINING) and found)
            ):
                break
        return found or self.s.entity, None

    def _spoken_before(self, at: int) -> tuple[str, int | None]:
        index = at - 1
        while index >= 0 and self.s.spans[index].is_cue("by", "of", "is", "not"):
            self.s.use(*([index] if self.s.spans[index].is_cue("by") else []))
            index -= 1
        span = self.s.at(index)
        if span is None or span.tag != "term":
            return self.s.entity, None
        if span.entry("relation") and not span.entry("kind", "word"):
            return self.s.entity, index
        return (self._kind_of(index, span), None) if span.entry("kind", "word") else (self.s.entity, None)

    def _kind_of(self, at: int, span: Span) -> str:
        """The kind a word speaks of here: the one asked about, else that of a clause, else its own."""
        what = ("kind",) if span.entry("kind") else ("word", "measure")
        kinds = [e.kind for e in span.entries if e.what in what]
        spoken = self._spoken_of(at) if span.entry("word") and not span.entry("kind") else None
        clause = next((c.kind for c in self.clauses.values() if c.kind in kinds), None)
        own = self.s.entity if self.s.entity in kinds else None
        return own or (spoken if spoken in kinds else None) or clause or kinds[0]

    def _owner(self, kind: str) -> Relation | None:
        """The relation that says whose a record is; people belong to whom they report to."""
        people = [r for r in self.s.registry[kind].relations if r.target == "user"]
        return next((r for r in people if r.name == "owner"), None) or next(
            (r for r in people if r.gathers), None
        )

    def _linked_by(self, at: int, kind: str) -> Relation | None:
        names = [e.name for e in self.s.spans[at].entries if e.what == "relation" and e.kind == kind]
        return next(
            (r for r in self.s.registry[kind].relations if r.name in names and r.target == "user"), None
        )
