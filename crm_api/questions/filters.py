"""The conditions of a question: names, words of the trade, choices, amounts and periods, each with its place.

Every condition is found with the index of its span, so that a share or a comparison can tell what stands on
which side. Conditions on the same to-many relation are about the same related record: "accounts with won deals over
5000" means one deal that is both.
"""

from crm_api.questions import paths, trees
from crm_api.questions.clauses import Found
from crm_api.questions.lexicon import Entry
from crm_api.questions.limits import Limits
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Filter, Plan, Unclear
from crm_api.questions.sentence import Sentence
from crm_api.questions.trees import Tree
from crm_api.questions.widening import Widening


class Conditions(Limits, Widening):
    """Finds all conditions of a sentence whose entity is decided, and puts them together.

    The steps stand in modules of their own, each over the one before: clauses, asker, mentions, vocables, limits.
    """

    def read(self) -> None:
        """Read everything that is not yet used; raises Unclear."""
        self._open_clauses()
        self._past()
        self._asker()
        self._relations()
        self._names()
        self._words()
        self._choices()
        self._flags()
        self._texts()
        self._amounts()
        self._periods()
        self._kinds()
        self._new_then()
        self._widen()

    def _past(self) -> None:
        """ "did we make", "have visited": of records that may still lie ahead only those that were done."""
        at = next((i for i in self.s.cues("is", unused=False) if self.s.spans[i].text == "did"), None)
        if at is None:
            return
        for kind, home in [(self.s.entity, ""), *((c.kind, c.way) for c in self.clauses.values())]:
            if past := self.s.registry[kind].past:
                self._add(Found(at, "past", past, "done", home))

    def _new_then(self) -> None:
        """ "new leads in October" came then, whatever has become of them since."""
        made = any(f.time_path == "created_at" and not f.negative for f in self.found)
        for each in list(self.found):
            said = self.s.spans[each.at].text
            if made and each.label == "new" and said == "new" and not each.way and not each.negative:
                self.found.remove(each)
                self.s.explained.add(each.at)
                self.s.assumptions.append(f"new {self.s.catalogue.plural} are those that came then")

    def _kinds(self) -> None:
        """ "without an account": a negated kind is the absence of the link; other kinds only named the way."""
        for at, _ in list(self.s.terms("field")):
            self._empty(at)
        for at, _ in list(self.s.terms("kind", "relation")):
            span = self.s.spans[at]
            target = self.s.target(span)
            if target is None:
                continue
            if self._leads_others(at, span):
                continue
            cue = self.negations.get(at)
            linked = self.s.at(at - 1)
            if target.path and cue is not None and not self.s.spans[cue].used:
                tree = trees.exists(self.s.registry, self.s.entity, target.path)
                words = f"without {target.path.split('.')[-1]}"
                self._add(Found(at, target.path, tree, words, negative=True))
                self.s.use(cue, at)
            elif target.path == "" or self.speaks_of(target.path):
                span.used = True
            elif (
                linked is not None
                and linked.is_cue("with")
                and not paths.is_to_many(self.s.registry, self.s.entity, target.path)
            ):
                self._add(
                    Found(
                        at,
                        target.path,
                        trees.exists(self.s.registry, self.s.entity, target.path),
                        f"with {target.path}",
                    )
                )
                span.used = True

    def _leads_others(self, at: int, span: Span) -> bool:
        """ "who are the sales managers", "list the parent companies": of a kind, those that others stand under."""
        asks, before = self.s.at(0), self.s.at(at - 1)
        if not span.is_plural or asks is None or not asks.is_cue("who", "that", "ask", "count"):
            return False
        if before is not None and not before.is_cue("who", "that", "ask", "count", "is"):
            return False
        for relation in self.s.catalogue.relations:
            entry = Entry("relation", self.s.entity, relation.name)
            if entry in span.entries and relation.target == self.s.entity:
                tree = trees.related(self.s.registry, self.s.entity, relation.reverse, [], "any")
                self._add(Found(at, relation.reverse, tree, f"with {relation.reverse}"))
                self.s.use(at, *self.s.cues("who"))
                return True
        return False

    def speaks_of(self, path: str) -> bool:
        """Whether a condition is about the records at the end of `path`."""
        return any(
            f"{seen}.".startswith(f"{path}.")
            for f in self.found
            for each in (f.path, f.time_path, f.slot)
            for seen in (each, paths.join(f.way, each))
            if each
        )

    def _empty(self, at: int) -> None:
        """ "with no close date": a negated field is an empty one."""
        cue, target = self.negations.get(at), self.s.target(self.s.spans[at])
        if cue is None or self.s.spans[cue].used or target is None or target.field is None:
            return
        tree = trees.leaf(self.s.registry, self.s.entity, target.path, "isnull", True)
        self._add(Found(at, target.path, tree, f"without {target.field.title}"))
        self.s.use(cue, at)

    def filters(self, chosen: list[Found] | None = None) -> tuple[Filter, ...]:
        """The conditions as filters of a plan: alternatives merged, to-many clauses closed."""
        if chosen is None:
            chosen = self.found
            self._check_or()
        own = [f for f in chosen if not f.way]
        merged = [self._merged(group) for group in _alternatives(own, self.s)]
        for clause in self.clauses.values():
            inside = [f for f in chosen if f.way == clause.way]
            parts = [self._merged(group) for group in _alternatives(inside, self.s)]
            if not parts and chosen is not self.found:
                continue
            quantifier = "none" if clause.none else "any"
            tree: Tree = {"related": clause.way, "quantifier": quantifier}
            if parts:
                tree |= {"where": trees.conjunction([p.tree for p in parts])}
            inside_words = ", ".join(p.words for p in parts)
            lead = f"{'no' if clause.none else 'with'} {clause.way.replace('_', ' ')}"
            words = lead if not parts else f"{lead}: {inside_words}" if clause.none else inside_words
            merged.append(Filter(slot=clause.way, tree=tree, words=words))
        self._check_clash(merged)
        return tuple(merged)

    def _check_clash(self, merged: list[Filter]) -> None:
        """Two conditions that no record can meet, such as won and lost, were not meant both."""
        for at, one in enumerate(merged):
            if any(trees.clash(one.tree, other.tree) for other in merged[:at]):
                raise Unclear(Plan(action="unknown", unused=(one.words,)))

    def _check_or(self) -> None:
        """An "or" between conditions on different things is not understood, rather than read as "and"."""
        for at in self.s.cues("or", unused=False):
            left = max((f for f in self.found if f.at < at), key=lambda f: f.at, default=None)
            right = min((f for f in self.found if f.at > at), key=lambda f: f.at, default=None)
            if left and right and left.slot != right.slot:
                raise Unclear(Plan(action="unknown", unused=("or",)))

    def _merged(self, group: list[Found]) -> Filter:
        tree = trees.disjunction([f.tree for f in group])
        negative = group[0].negative
        words = " or ".join([group[0].words, *(f.label or f.words for f in group[1:])])
        role = group[0].role if len(group) == 1 else ""
        tree = trees.negate(tree) if negative else tree
        return Filter(slot=group[0].slot, tree=tree, words=words, role=role)


def _alternatives(found: list[Found], s: Sentence) -> list[list[Found]]:
    """Conditions on one slot and of one sign are alternatives, if they are names, periods or joined words."""
    groups: list[list[Found]] = []
    for each in sorted(found, key=lambda f: f.at):
        home = next((g for g in groups if _alternative(g[-1], each, s)), None)
        if home is None:
            groups.append([each])
        else:
            home.append(each)
    return groups


def _alternative(left: Found, right: Found, s: Sentence) -> bool:
    if (
        left.slot != right.slot
        or left.time_path != right.time_path
        or left.negative != right.negative
        or left.way != right.way
        or left.slot.endswith(" amount")
    ):
        return False
    if left.path or left.period:
        if any(span.is_cue("or", "and", "vs", "not", "gt", "lt") for span in s.spans[left.at + 1 : right.at]):
            return True
        raise Unclear(Plan(action="unknown", unused=(s.spans[right.at].text,)))
    between = s.spans[left.at + 1 : right.at]
    if not between and (trees.narrows(left.tree, right.tree) or trees.narrows(right.tree, left.tree)):
        return False  # "close a won deal": one says more than the other, and both hold
    return all(span.is_cue("or", "and", "vs") for span in between)
