"""Amounts and periods: the field an amount is compared with, and the date a period goes by."""

from collections.abc import Iterator
from dataclasses import replace

from crm_api.core.fields import Field, FieldType
from crm_api.questions import paths, trees
from crm_api.questions.amounts import Amount
from crm_api.questions.clauses import Found
from crm_api.questions.lexicon import Entry, word_of
from crm_api.questions.periods import Period
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Option, Plan, Unclear, clarify
from crm_api.questions.sentence import DATED, Target
from crm_api.questions.vocables import Vocables

_OPS = {"gt": "gt", "ge": "gte", "lt": "lt", "le": "lte", "eq": "eq"}
_OP_WORDS = {
    "gt": "above",
    "gte": "at least",
    "lt": "below",
    "lte": "at most",
    "eq": "exactly",
    "between": "between",
}


class Limits(Vocables):
    """Reads comparisons with amounts, and periods."""

    def _amounts(self) -> None:
        for at in list(self.s.cues("gt", "ge", "lt", "le", "eq", "between")):
            if self.s.spans[at].used:
                continue
            cue = str(self.s.spans[at].value)
            first = self.s.at(at + 1)
            if first is None or first.tag != "amount" or first.used:
                if not (cue in ("ge", "le") and self._trailing(at, cue)):
                    continue
                continue
            if cue == "between":
                second = self.s.at(at + 3)
                if second and second.tag == "amount" and self.s.spans[at + 2].is_cue("and"):
                    self._amount(
                        at, at + 3, "between", [first.value, second.value], (at, at + 1, at + 2, at + 3)
                    )
                continue
            self._amount(at, at + 1, _OPS[cue], [first.value], (at, at + 1))

    def _trailing(self, at: int, cue: str) -> bool:
        """ "500 or more employees": the amount stands before."""
        before = self.s.at(at - 1)
        if before is None or before.tag != "amount" or before.used:
            return False
        self._amount(at - 1, at, _OPS[cue], [before.value], (at - 1, at))
        return True

    def _amount(self, start: int, end: int, op: str, values: list[Amount], spans: tuple[int, ...]) -> None:
        target, term, home = self._measured(start, end, values[0])
        if target is None or target.field is None:
            return
        numbers = [_meant(v, target.field) for v in values]
        tree = trees.leaf(
            self.s.registry, self._base(home), target.path, op, numbers if op == "between" else numbers[0]
        )
        negative = self._negative(start)
        shown = " and ".join(f"{n:,}" for n in numbers)
        words = f"{target.field.title} {'not ' if negative else ''}{_OP_WORDS[op]} {shown}"
        self.found = [f for f in self.found if not self._says_it_lasts(f, target.path)]
        self._add(Found(start, f"{target.path} amount", tree, words, home, negative, path=target.path))
        self.s.use(*spans, term)

    def _measured(self, start: int, end: int, amount: Amount) -> tuple[Target | None, int | None, str]:
        """The field an amount is compared with: named after it, before it, or the size of the kind spoken of."""
        after = self.s.at(end + 1)
        if after and after.tag == "bucket" and not after.used:
            return self._lasting(after, end + 1)
        if after and after.tag == "term" and not after.used and (target := self._numeric(after, end + 1)):
            said = self.s.at(start - 1)  # "employing at least 500 people"
            if said and said.tag == "term" and self._numeric(said, start - 1) == target:
                said.used = True
            return target[0], end + 1, target[1]
        if after and not after.used and after.entry("measure") and (lasting := self._lasting_figure(after)):
            return lasting, end + 1, ""
        back = start - 1
        while back >= 0 and (
            self.s.spans[back].is_cue("of", "is", "poss") or self.s.spans[back].tag == "vague"
        ):
            back -= 1
        before = self.s.at(back)
        if before and before.tag == "term" and not before.used and (target := self._numeric(before, back)):
            return target[0], back, target[1]
        deed = (
            after and after.entry("word") and before and before.entry("kind")
        )  # "deals over 5000 won by Ann"
        if after and after.tag == "term" and after.entry("kind", "measure") and not after.used and not deed:
            return None, None, ""  # a number of records or a figure: `shapes` reads it
        return self._by_size(start)

    def _lasting(self, unit: Span, at: int) -> tuple[Target | None, int | None, str]:
        """ "more than 100 days to close": the one field of the kind asked about that is counted in that unit."""
        back = next((i for i in range(at - 3, -1, -1) if not self.s.spans[i].is_cue("of", "is")), -1)
        if back >= 0 and self.s.spans[back].tag == "term" and not self.s.spans[back].used:
            target = self._numeric(self.s.spans[back], back)
            if target and target[0].field and target[0].field.unit == f"{unit.value}s":
                unit.used = True
                return target[0], back, target[1]
        named = self.s.at(at + 1)
        if named and named.tag == "term" and (target := self._numeric(named, at + 1)):
            unit.used = True
            return target[0], at + 1, target[1]
        took = (
            self.s.spans[at - 3] if at > 2 else None
        )  # "closed in under 10 days", where "for" says how long by now
        staying = set() if took is not None and took.is_cue("of") and took.text == "in" else self._staying()
        fields = [
            f
            for f in self.s.catalogue.fields
            if f.unit == f"{unit.value}s" and f.name in (staying or self.s.catalogue.lasts)
        ]
        if len(fields) != 1:
            return None, None, ""
        return Target(fields[0].name, self.s.entity, fields[0]), at, ""

    def _lasting_figure(self, span: Span) -> Target | None:
        """The field behind "days to" in "more than 120 days to win"."""
        said = {e.name for e in span.entries if e.what == "measure" and e.kind == self.s.entity}
        lasts = self.s.catalogue.lasts
        name = next((m.field for m in self.s.catalogue.measures if m.name in said and m.field in lasts), None)
        return Target(name, self.s.entity, self.s.catalogue.field(name)) if name else None

    def _staying(self) -> set[str]:
        """ "in negotiation for more than 30 days": how long the records are in the state that is named, by now."""
        stays = self.s.catalogue.stays
        return {stays[slot] for found in self.found if (slot := found.slot.split(".")[0]) in stays}

    def _says_it_lasts(self, found: Found, path: str) -> bool:
        """ "stuck for more than 20 days": the number says what "stuck" would say by itself."""
        state = self.s.catalogue.field(found.slot)
        lasts = self.s.catalogue.stays.get(found.slot) == path
        return lasts and state is not None and state.type is FieldType.BOOLEAN

    def _numeric(self, span: Span, at: int) -> tuple[Target, str] | None:
        for source, way in [(self.s.entity, ""), *((c.kind, c.way) for c in self.clauses.values())]:
            target = self.s.numeric(span, source=source, to_many=False)
            if target:
                return target, way
        return None

    def _by_size(self, at: int) -> tuple[Target | None, int | None, str]:
        kind, home = self._sized(at)
        sizes = self.s.registry[kind].size
        if len(sizes) != 1:
            if sizes:
                fields = [self.s.registry[kind].field(name) for name in sizes]
                raise Unclear(clarify("Compared by what: " + " or ".join(f.title for f in fields if f) + "?"))
            return None, None, ""
        return Target(sizes[0], kind, self.s.registry[kind].field(sizes[0])), None, home

    def _sized(self, at: int) -> tuple[str, str]:
        """The kind whose size an amount speaks of: of the nearest clause before it, unless the kind asked about stands
        nearer or the clause has no size of its own."""
        kind, home, nearest = self.s.entity, "", -1
        for index, span in enumerate(self.s.spans[:at]):
            if span.entry("kind") and any(e.what == "kind" and e.kind == self.s.entity for e in span.entries):
                nearest = index
        for clause in self.clauses.values():
            if nearest < clause.at < at and self.s.registry[clause.kind].size:
                kind, home = clause.kind, clause.way
        return kind, home

    def _periods(self) -> None:
        at_periods = [at for at, span in enumerate(self.s.spans) if span.tag == "period" and not span.used]
        year = next((y for at in reversed(at_periods) if (y := self.s.spans[at].value.named_year)), None)
        for at in at_periods:
            span = self.s.spans[at]
            if span.text.startswith("within ") and span.value.form == "rolling" and not self._is_recent(at):
                raise Unclear(Plan(action="unknown", unused=(span.text,)))
            period: Period = span.value.with_year(year) if year else span.value
            path, home = self.time_field(at)
            base = self._base(home)
            negative = self._negative(at)
            _, each, _ = paths.field_at(self.s.registry, base, path)
            period = period.planned() if each.planned else period
            joiner = "" if period.form == "span" and not (period.first and period.last) else "in "
            words = f"{each.title} {'not ' if negative else ''}{joiner}{period.words()}"
            tree = trees.during(self.s.registry, base, path, period)
            self._add(Found(at, "period", tree, words, home, negative, period, path, label=_label(period)))
            span.used = True

    def _is_recent(self, at: int) -> bool:
        """ "won within 30 days" may mean 30 days ago or 30 days long; "due within", "no call within" are clear."""
        words = [word_of(e) for e in self._nearest_words(at)]
        lasting = {name for name in self.s.catalogue.lasts}
        return bool(self.negations) or not (lasting and any(w.time_field for w in words))

    def _nearest_words(self, at: int) -> list[Entry]:
        for index in range(at - 1, -1, -1):
            if entries := [
                e for e in self.s.spans[index].entries if e.what == "word" and e.kind == self.s.entity
            ]:
                return entries
        return []

    def with_period(self, found: Found, period: Period) -> Found:
        """The same condition for another period."""
        tree = trees.during(self.s.registry, self._base(found.way), found.time_path, period)
        return replace(found, tree=tree, period=period, words=period.words(), label=_label(period))

    def time_field(self, at: int | None) -> tuple[str, str]:
        """The date a period at `at` speaks of, and the clause it belongs to.

        The nearest word before it that has a date of its own decides ("closed in May"), else the nearest
        after it, else the kind's own; a kind without one makes us ask.
        """
        order = self._outwards(at)
        for index in order:
            if timed := self._time_of(index):
                return timed
        if self.default_time:
            return self.default_time, ""
        for clause in self.clauses.values():
            if own := self.s.registry[clause.kind].time_field:
                return own, clause.way
        if own := self.s.catalogue.time_field:
            each = self.s.catalogue.field(own)
            self.s.assumptions.append(f"the period is read as {each.title if each else own}")
            return own, ""
        dates = {w.time_field: w.words[0] for w in reversed(self.s.catalogue.words) if w.time_field}
        titles = {
            f.title: word
            for name, word in reversed(dates.items())
            if (f := self.s.catalogue.field(name or ""))
        }
        options = [Option(label=title, append=word) for title, word in titles.items()]
        raise Unclear(clarify("Which date do you mean: " + " or ".join(titles) + "?", *options))

    def _outwards(self, at: int | None) -> Iterator[int]:
        size = len(self.s.spans)
        if at is None:
            yield from range(size)
        else:
            yield from range(at - 1, -1, -1)
            yield from range(at + 1, size)

    def _time_of(self, at: int) -> tuple[str, str] | None:
        span = self.s.spans[at]
        if span.tag != "term":
            return None
        if span.entry("word") and (placed := self._place_word(at, span)):
            entry, home, inner = placed
            word = word_of(entry)
            if word.ahead and (self._opposed(at, word) or self._lies_ahead_of(at, word)):
                return paths.join(inner, word.ahead), home
            name = word.time_field or (home and self.s.registry[entry.kind].time_field)
            return (paths.join(inner, name), home) if name else None
        for clause in self.clauses.values():
            own = self.s.registry[clause.kind].time_field
            if own and any(e.what == "kind" and e.kind == clause.kind for e in span.entries):
                return own, clause.way
        for entry in span.entries:
            if entry.what == "field":
                each = self.s.registry[entry.kind].field(entry.name)
                way = paths.reach(self.s.registry, self.s.entity, entry.kind, to_many=False)
                if each and way is not None and (each.type in DATED or each.unit == "year"):
                    span.used = True
                    return paths.join(way, entry.name), ""
            if entry.what == "measure" and entry.kind == self.s.entity:
                measure = next(m for m in self.s.registry[entry.kind].measures if m.name == entry.name)
                if measure.time_field:
                    return measure.time_field, ""
        return None


def _label(period: Period) -> str:
    """A period as a group label, in the form that time buckets have."""
    if period.form == "calendar" and period.year and not period.fiscal:
        match period.unit:
            case "month":
                return f"{period.year}-{period.index:02d}"
            case "quarter":
                return f"{period.year}-Q{period.index}"
            case "year":
                return str(period.year)
    return period.words()


def _meant(amount: Amount, each: Field) -> int | float:
    """The amount in the field's shown unit: a bare 1000 of a revenue spoken of in millions is 1000 million."""
    number = amount.number()
    return number if amount.has_scale or number >= each.asked_in else number * each.asked_in
