"""Words of the trade ("won", "overdue") and of closed lists ("high priority"), with the dates they speak of."""

from crm_api.core.fields import FieldType, Word
from crm_api.questions import paths, trees
from crm_api.questions.clauses import Found
from crm_api.questions.lexicon import Entry, stems, word_of
from crm_api.questions.mentions import Mentions
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Plan, Unclear
from crm_api.questions.trees import Tree


class Vocables(Mentions):
    """Reads declared words and choices."""

    def _words(self) -> None:
        for at, _ in list(self.s.terms("word")):
            span = self.s.spans[at]
            if span.entry("kind") and not any(
                e.what == "word" and e.kind == self.s.entity for e in span.entries
            ):
                continue
            if placed := self._place_word(at, span):
                entry, home, inner = placed
                word = word_of(entry)
                tree = trees.prefixed(self.s.registry, self._base(home), inner, word.where)
                if self._opposed(at, word):
                    if word.ahead is None:
                        raise Unclear(Plan(action="unknown", unused=(span.text,)))
                    span.used = True
                    continue
                if self._lies_ahead_of(at, word):
                    self._add_opposite(at, word, inner, home)
                    continue
                negative = self._negative(at)
                words = ("not " if negative else "") + word.words[0]
                slot = paths.join(inner, str(word.where.get("field", _first_field(word.where))))
                self._add(
                    Found(
                        at,
                        slot,
                        tree,
                        words,
                        home,
                        negative,
                        label=word.words[0],
                        role="" if home or inner or negative else "noun" if word.noun else "adjective",
                    )
                )
                span.used = True

    def _add_opposite(self, at: int, word: Word, inner: str, home: str) -> None:
        opposite = {"not": word.where}
        named = [w.words[0] for w in self.s.catalogue.words if w.where == opposite]
        tree = trees.prefixed(self.s.registry, self._base(home), inner, opposite)
        slot = paths.join(inner, str(word.where.get("field", _first_field(word.where))))
        told = named[0] if named else f"not {word.words[0]}"
        self._add(Found(at, slot, tree, told, home, label=told, role="adjective"))
        self.s.spans[at].used = True

    def _lies_ahead_of(self, at: int, word: Word) -> bool:
        """Whether what the word says is still to come: deals that close next week, or are closing this month."""
        periods = [span.value for span in self.s.spans if span.tag == "period"]
        if word.ahead is None or not periods or at in self.negations or self._opposed(at, word):
            return False
        going_on = self.s.spans[at].text.endswith("ing")
        return all(
            period.lies_ahead or (going_on and (period.is_running or period.names_no_year))
            for period in periods
        )

    def _opposed(self, at: int, word: Word) -> bool:
        """Whether the sentence also says the opposite: "open deals closing in May" are not closed yet."""
        if self.s.has("quotient", "vs", "compare", "or", "more", "fewer", "include"):
            return False
        others = [
            e for i, span in enumerate(self.s.spans) if i != at for e in span.entries if e.what == "word"
        ]
        return at not in self.negations and any(word_of(e).where == {"not": word.where} for e in others)

    def _place_word(self, at: int, span: Span) -> tuple[Entry, str, str] | None:
        options = []
        spoken_of = self._spoken_of(at)
        for entry in sorted(span.entries, key=lambda e: e.kind != spoken_of):
            if entry.what != "word":
                continue
            home, inner = self._home(at, entry.kind, paths.reach(self.s.registry, self.s.entity, entry.kind))
            if inner is not None and not (
                inner and paths.is_to_many(self.s.registry, self._base(home), inner)
            ):
                options.append((len(inner.split(".")) if inner else 0, entry, home, inner))
        return min(options, key=lambda o: o[0])[1:] if options else None

    def _choices(self) -> None:
        for at, _ in list(self.s.terms("choice")):
            span = self.s.spans[at]
            if span.entry("kind") and at not in self.negations and not self._is_adjective(at):
                self._all_of_a_kind(span)
                continue
            options = []
            for entry in span.entries:
                if entry.what == "choice":
                    home, inner = self._home(
                        at, entry.kind, paths.reach(self.s.registry, self.s.entity, entry.kind)
                    )
                    if inner is not None:
                        options.append((len(inner.split(".")) if inner else 0, entry, home, inner))
            if not options:
                continue
            _, entry, home, inner = min(options, key=lambda o: o[0])
            path = paths.join(inner, entry.name)
            tree = trees.leaf(self.s.registry, self._base(home), path, "eq", entry.value)
            negative = self._negative(at)
            shown = str(entry.value).replace("_", " ")
            words = f"{paths.bare(entry.name)} is {'not ' if negative else ''}{shown}"
            self._add(Found(at, path, tree, words, home, negative, label=str(entry.value)))
            span.used = True
            self._absorb_hint(at, entry)

    def _flags(self) -> None:
        """ "hot leads", "deals without next step": what is so or not so of a record, by the name of its field."""
        for at, _ in list(self.s.terms("field")):
            span = self.s.spans[at]
            flags = [t for t in self.s.targets(span) if t.field and t.field.type is FieldType.BOOLEAN]
            before = self.s.at(at - 1)
            if not flags or (before is not None and before.is_cue("by", "each")):
                continue
            target, negative = flags[0], self._negative(at)
            tree = trees.leaf(self.s.registry, self.s.entity, target.path, "eq", True)
            words = f"{'not ' if negative else ''}{flags[0].field.title if flags[0].field else ''}"
            self._add(
                Found(at, target.path, tree, words, negative=negative, path=target.path, label=span.text)
            )
            span.used = True

    def _texts(self) -> None:
        """ "notes about pricing", "a mail mentions warranty": words looked for in texts."""
        for at in list(self.s.cues("mentions")):
            span = self.s.at(at + 1)
            homes = [(c.way, c.kind) for c in self.clauses.values() if c.at < at] + [("", self.s.entity)]
            found = next(((way, kind) for way, kind in homes if self.s.registry[kind].texts), None)
            if span is None or span.tag != "text" or found is None:
                continue
            way, kind = found
            leaves = [
                {"field": name, "op": "contains", "value": span.value} for name in self.s.registry[kind].texts
            ]
            words = f"mentions “{span.value}”"
            self._add(Found(at, f"{kind} text", trees.disjunction(leaves), words, way, label=span.value))
            self.s.use(at, at + 1)

    def _all_of_a_kind(self, span: Span) -> None:
        """ "customers" are all accounts, though one of their types has that name: say so."""
        choice = next((e for e in span.entries if e.what == "choice" and e.kind == self.s.entity), None)
        each = self.s.catalogue.field(choice.name) if choice else None
        if each and any(e.what == "kind" and e.kind == self.s.entity for e in span.entries):
            self.s.assumptions.append(
                f"“{span.text}” are all {self.s.catalogue.plural}, whatever their {each.title}"
            )

    def _absorb_hint(self, at: int, entry: Entry) -> None:
        """The word that names the field of a choice: "high priority", "located in the US"."""
        for side in (1, -1):
            hint = self.s.hinted(at, side=side)
            if hint is None:
                continue
            each, span = self.s.registry[entry.kind].field(entry.name), self.s.spans[hint]
            says_it = each is not None and set(stems(span.text)) <= set(stems(each.title))
            if says_it or any(e.what == "field" and e.name == entry.name for e in span.entries):
                self.s.use(hint)

    def _is_adjective(self, at: int) -> bool:
        """A word that is both a kind and a choice ("dealer accounts") is a choice before another kind."""
        after = self.s.at(at + 1)
        return bool(after and after.kind("kind") == self.s.entity)


def _first_field(tree: Tree) -> str:
    for value in tree.values():
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, dict):
                return str(node.get("field") or _first_field(node))
    return ""
