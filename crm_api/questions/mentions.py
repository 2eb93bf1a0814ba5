"""Names in a sentence: which record or value each means here, and the words that lead to it ("managed by X")."""

from crm_api.accounts.nearness import NEAR_KM
from crm_api.core.fields import Field
from crm_api.questions import lexicon, paths, trees
from crm_api.questions.asker import Ownership
from crm_api.questions.clauses import Clause, Found
from crm_api.questions.lexicon import Entry, stem, words_of
from crm_api.questions.linking import Name
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Option, Plan, Unclear, clarify
from crm_api.questions.trees import Tree


class Mentions(Ownership):
    """Reads names and the relations that are spoken of beside them."""

    def _relations(self) -> None:
        """ "subsidiaries of X", "managed by X", "aren't subsidiaries": words for a link to a record of a kind."""
        for at, entry in list(self.s.terms("reverse")):
            self._reverse(at, entry)

    def _reverse(self, at: int, entry: Entry) -> None:
        relation = next(r for r in self.s.registry[entry.kind].relations if r.name == entry.name)
        way = paths.reach(self.s.registry, self.s.entity, entry.kind)
        if way is None:
            return
        span, path = self.s.spans[at], paths.join(way, entry.name)
        owner = self._possessor(at, relation.target)
        verb = self.s.at(at - 1)
        if owner is None and span.entry("kind", "relation", "field"):
            return
        if owner is not None:
            self._record(owner, [n for n in self.s.spans[owner].names if n.kind == relation.target], path)
        elif (
            relation.target == entry.kind
            and verb is not None
            and (verb.is_cue("with", "without", "that") or self._has_verb(at))
            and not (verb.is_cue("that") and not self._has_verb(at))
            and self._has_below(at, entry.kind)
        ):
            none = self._negative(at)
            tree = trees.related(self.s.registry, entry.kind, relation.reverse, [], "none" if none else "any")
            tree = trees.prefixed(self.s.registry, self.s.entity, way, tree)
            self._add(
                Found(
                    at,
                    paths.join(way, relation.reverse),
                    tree,
                    f"{'no' if none else 'with'} {relation.reverse}",
                )
            )
        else:
            tree, none = trees.exists(self.s.registry, self.s.entity, path), self._negative(at)
            words = f"{relation.name} {'empty' if none else 'given'}"
            self._add(Found(at, path, tree, words, negative=none))
        span.used = True

    def _has_below(self, at: int, kind: str) -> bool:
        """ "accounts with subsidiaries" have some below them; "deals with subsidiaries" are with some that are."""
        subject = next((n for n in reversed(self.s.spans[: at - 1]) if n.entry("kind")), None)
        kinds = {e.kind for e in subject.entries if e.what == "kind"} if subject else {self.s.entity}
        return kind in kinds

    def _has_verb(self, at: int) -> bool:
        """Whether "have" stands before: it is no cue, so the gap in the tokens tells ("have subsidiaries")."""
        before = self.s.at(at - 1)
        gap = self.s.spans[at].first - (before.last if before else -1)
        return gap > 1 and before is not None and not before.is_cue("is", "ask")

    def _possessor(self, at: int, kind: str) -> int | None:
        """The name of `kind` in "X's subsidiaries" or "subsidiaries of X"."""
        before, after = self.s.at(at - 1), self.s.at(at + 1)
        if before and before.is_cue("poss"):
            return at - 2 if self._is_name(at - 2, kind) else None
        if after and after.is_cue("of", "by", "is"):
            return at + 2 if self._is_name(at + 2, kind) else None
        if self._is_name(at + 1, kind):
            return at + 1
        return at - 1 if self._is_name(at - 1, kind) else None

    def _is_name(self, at: int, kind: str) -> bool:
        span = self.s.at(at)
        return bool(
            span and span.tag == "name" and not span.used and any(n.kind == kind and n.id for n in span.names)
        )

    def _names(self) -> None:
        for at, span in enumerate(self.s.spans):
            if span.tag == "name" and not span.used:
                names, path = self._place(at, span)
                self._record(at, names, path)

    def _place(self, at: int, span: Span) -> tuple[list[Name], str]:
        """What a name means here: a neighbouring word decides ("manager X"), else the nearest kind."""
        if below := self._under(at, span) or self._above(at, span):
            return below
        for side in (1, -1):
            hint = self.s.hinted(at, side=side)
            if hint is not None and not self.s.spans[hint].used and (placed := self._by_hint(at, hint, side)):
                return placed
        scored = []
        for name in span.names:
            path = self.s.name_path(name)
            if path is None and not any(
                paths.reach(self.s.registry, c.kind, name.kind) is not None for c in self.clauses.values()
            ):
                continue
            way = paths.reach(self.s.registry, self.s.entity, name.kind)
            home, inner = self._home(at, name.kind, way)
            stands = self._clause_before(at)
            if (
                stands
                and (within := paths.reach(self.s.registry, stands.kind, name.kind, to_many=False))
                is not None
            ):
                home, inner = stands.way, within
            if inner is not None:
                full = paths.join(home, inner, name.field or "")
                steps = len(full.split(".")) if full else 0
                nearer = 2 if stands and home == stands.way else 3 if self._says_kind(name) else 0
                scored.append((steps - nearer, full, name))
        if not scored:
            raise Unclear(Plan(action="unknown", unused=(span.text,)))
        nearest = min(score for score, _, _ in scored)
        best = [(path, name) for score, path, name in scored if score == nearest]
        path = best[0][0]
        names = [name for where, name in best if where == path]
        if len({(n.label.lower(), n.field) for n in names}) > 1:
            raise Unclear(self._which(span, names))
        return names, path

    def _says_kind(self, name: Name) -> bool:
        """Whether a value ends in what it is of: "key accounts" are accounts, whatever is asked about them."""
        ending = words_of(name.label)[-1:]
        said = lexicon.of(self.s.registry).phrases.get((stem(ending[0]),), ()) if ending else ()
        return name.id is None and any(e.what == "kind" and e.kind == name.kind for e in said)

    def _clause_before(self, at: int) -> Clause | None:
        """The clause whose own word stands right before the name: "accounts with open deals in the East"."""
        index = at - 1
        while index >= 0 and self.s.spans[index].is_cue("of", "not", "by"):
            index -= 1
        span = self.s.at(index)
        kinds = (
            {e.kind for e in span.entries if e.what in ("kind", "word")} if span and index < at - 1 else set()
        )
        return next((c for c in self.clauses.values() if c.kind in kinds and c.at <= index), None)

    def _under(self, at: int, span: Span) -> tuple[list[Name], str] | None:
        """ "reps under X": those of the kind that stand below the record."""
        before = self.s.at(at - 1)
        if before is None or not before.is_cue("lt") or before.text != "under":
            return None
        for name in span.names:
            gathers = next((r for r in self.s.registry[name.kind].relations if r.gathers), None)
            way = paths.reach(self.s.registry, self.s.entity, name.kind)
            if gathers and name.id and way is not None:
                before.used = True
                return [name], paths.join(way, gathers.name)
        return None

    def _above(self, at: int, span: Span) -> tuple[list[Name], str] | None:
        """ "which companies belong to X", "X's companies": of the very kind that is asked for, X is not one of them but
        above them. Where no link leads there, nothing is guessed."""
        before, after = self.s.at(at - 1), self.s.at(at + 1)
        if any(n.kind != self.s.entity or not n.id for n in span.names):
            return None
        owned = after is not None and after.is_cue("poss") and self._plural_of_kind(at + 2)
        linked = before is not None and before.is_cue("of") and self._plural_of_kind(at - 2)
        if not (owned or linked):
            return None
        above = [r.name for r in self.s.catalogue.relations if r.target == self.s.entity]
        if len(above) != 1:
            raise Unclear(Plan(action="unknown", unused=(span.text,)))
        return list(span.names), above[0]

    def _plural_of_kind(self, at: int) -> bool:
        near = self.s.at(at)
        return bool(near and near.kind("kind") == self.s.entity and near.is_plural)

    def _by_hint(self, at: int, hint: int, side: int) -> tuple[list[Name], str] | None:
        """The reading in which the term beside a name says what the name is."""
        term, span = self.s.spans[hint], self.s.spans[at]
        if side < 0 and self.s.at(hint - 1) is not None and self.s.spans[hint - 1].is_cue("by", "each"):
            return None
        for entry in sorted(term.entries, key=lambda e: e.kind != self.s.entity):
            target = self.s.targets(Span("term", 0, 0, "", entries=[entry]))
            if not target:
                continue
            goal = target[0]
            fitting = [
                n
                for n in span.names
                if (goal.field and n.field == goal.field.name and n.kind == goal.kind)
                or (goal.field is None and n.id is not None and n.kind == goal.kind)
            ]
            if (
                entry.what == "kind"
                and goal.path == ""
                and fitting
                and side > 0
                and fitting[0].kind == self.s.entity
            ):
                continue
            if fitting and len({n.label for n in fitting}) == 1:
                if not (goal.path == "" or (entry.what == "kind" and entry.kind == self.s.entity)):
                    term.used = True
                return fitting, goal.path
        return None

    def _which(self, span: Span, names: list[Name]) -> Plan:
        labels = list(dict.fromkeys(n.label for n in names))
        listed = ", ".join(labels[:4])
        options = tuple(Option(label=label, swap=(span.text, label)) for label in labels[:4])
        return clarify(f"Which “{span.text}” do you mean: {listed}?", *options)

    def _record(self, at: int, names: list[Name], path: str) -> None:
        """Turn a linked name into a condition; alternatives on the same path become one list."""
        span, name = self.s.spans[at], names[0]
        around = self._around(at, name)
        if around:
            path = paths.join(paths.split(path)[0], self._place_field(name).around)
        steps = paths.walk(self.s.registry, self.s.entity, paths.split(path)[0] if name.field else path)
        home = steps[0].name if steps and steps[0].backwards else ""
        if home:
            self.clauses.setdefault(home, Clause(home, steps[0].target, at))
        base, inner = self._base(home), path.removeprefix(home).removeprefix(".")
        if name.field:
            tree = trees.leaf(self.s.registry, base, inner, "eq", around or name.label)
        else:
            tree = self._identity(base, inner, names)
        negative = self._negative(at)
        span.used = True
        what = (path or name.kind).split(".")[-1].replace("_", " ")
        words = f"{what} is {'not ' if negative else ''}{name.label}"
        if around:
            told = self.s.registry[name.kind].field(paths.split(path)[1])
            words = f"{'not ' if negative else ''}{told.told(around) if told and told.told else around}"
        self._add(Found(at, path or name.kind, tree, words, home, negative, path=path, label=name.label))

    def _around(self, at: int, name: Name) -> str:
        """The town and how far around it "near" means, where the name is one of a kind that has a place on the map."""
        before = self.s.at(at - 1)
        if before is None or not before.is_cue("near") or name.field is None:
            return ""
        if not self._place_field(name).around:
            return ""
        before.used = True
        if before.reach:
            return f"{before.reach} of {name.label}"
        self.s.assumptions.append(f"near is within {NEAR_KM:g} km of the accounts in {name.label}")
        return name.label

    def _place_field(self, name: Name) -> Field:
        """The field whose value a name is."""
        return paths.field_at(self.s.registry, name.kind, name.field or "")[1]

    def _identity(self, base: str, path: str, names: list[Name]) -> Tree:
        """This record; or, for one that others stand under, this record and those."""
        ids = [n.id for n in names]
        tree = trees.records(self.s.registry, base, path, ids)
        kind = names[0].kind
        gathers = next((r for r in self.s.registry[kind].relations if r.gathers), None)
        if gathers is None or not path or not set(ids) & self.s.names.heads or path.endswith(gathers.name):
            return tree
        self.s.assumptions.append(f"{names[0].label} stands for the whole team")
        return trees.disjunction(
            [tree, trees.records(self.s.registry, base, paths.join(path, gathers.name), ids)]
        )
