"""Reading look-ups: one or more fields of records that are named."""

from crm_api.questions import lexicon, lookups
from crm_api.questions.accounting import Accounting
from crm_api.questions.filters import Conditions
from crm_api.questions.pieces import Span
from crm_api.questions.plan import (
    Plan,
    Unclear,
)
from crm_api.questions.sentence import Target


class Lookups(Accounting):
    """Reads questions after one value."""

    def lookup(self) -> Plan:
        """One or more fields of named records: "which region is X in", "list price of Y", "who owns Z"."""
        s = self.s
        columns = self._asked_columns()
        s.use(*s.cues("count", "sum"))
        if not columns and (summary := s.cue("summary")) is not None:
            columns = list(s.catalogue.summary or s.catalogue.listed)
            s.use(summary)
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
            if span.tag == "bucket" and (at == 0 or s.spans[at - 1].is_cue("ask")):
                s.use(at)  # "what year was it founded": the field says so again
            if span.tag == "term" and lookups.asks_above(s, at):
                columns.append(next(e.name for e in span.entries if e.what == "reverse"))
                s.use(at)
                continue
            if span.tag != "term" or any(e.what == "kind" and e.kind == s.entity for e in span.entries):
                continue
            if (word := span.entry("word")) and s.has("when") and (date := lexicon.word_of(word).time_field):
                columns.append(date)
            elif target := self._number_of(span) or next((t for t in s.targets(span) if t.path), None):
                if lookups.fans_out(s, s.entity, target.path, target.field is not None):
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

    def _number_of(self, span: Span) -> Target | None:
        """The "people" of "how many people work at X", who are a number there and a kind elsewhere."""
        return self.s.numeric(span) if self.s.has("count") else None

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
