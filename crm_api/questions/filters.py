"""The conditions of a question: names, words of the trade, choices, amounts and periods, each with its place.

Every condition is found with the index of its span, so that a share or a comparison can tell what stands on
which side. Conditions on the same to-many relation are about the same related record: "accounts with won deals over
5000" means one deal that is both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from crm_api.core.fields import Field, FieldType
from crm_api.questions import head, paths, trees
from crm_api.questions.amounts import Amount
from crm_api.questions.lexicon import Entry, stems, word_of
from crm_api.questions.linking import Name
from crm_api.questions.periods import Period
from crm_api.questions.plan import Filter, Option, Plan, Unclear, clarify
from crm_api.questions.sentence import DATED, NUMERIC, Sentence, Target
from crm_api.questions.spans import Span
from crm_api.questions.trees import Tree

_OPS = {"gt": "gt", "ge": "gte", "lt": "lt", "le": "lte", "eq": "eq"}
_OP_WORDS = {
    "gt": "above",
    "gte": "at least",
    "lt": "below",
    "lte": "at most",
    "eq": "exactly",
    "between": "between",
}


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


@dataclass(slots=True)
class Clause:
    """A kind that is reached through a to-many step, such as the deals of an account."""

    way: str
    kind: str
    at: int
    none: bool = False
    found: list[Found] = field(default_factory=list)


class Conditions:
    """Finds all conditions of a sentence whose entity is decided."""

    def __init__(self, sentence: Sentence, default_time: str | None = None) -> None:
        self.s = sentence
        self.default_time = default_time  # of the question before, for a period that names no date
        self.found: list[Found] = []
        self.clauses: dict[str, Clause] = {}
        self.negations = self._negations()

    def read(self) -> None:
        """Read everything that is not yet used; raises Unclear."""
        self._open_clauses()
        self._relations()
        self._names()
        self._words()
        self._choices()
        self._amounts()
        self._periods()
        self._kinds()

    # ── Negation ─────────────────────────────────────────────────────────────────────────────────

    def _negations(self) -> dict[int, int]:
        """Which span each "not" or "without" turns round: the next one that can be a condition."""
        turned: dict[int, int] = {}
        for at in self.s.cues("not", "without"):
            skip = ("of", "is", "by", "with", "that", "each")
            target = self.s.after(at, over=skip, tags=("stop", "vague"))
            if target is not None and self._leads_on(target):
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
        """Whether two spans are alternatives of one list: only names and "or"/"and" between them."""
        return all(
            span.tag == "name" or span.is_cue("or", "and", "of")
            for span in self.s.spans[max(left, 0) : right]
        )

    # ── To-many clauses ──────────────────────────────────────────────────────────────────────────

    def _open_clauses(self) -> None:
        """Kinds and words that are only reached through a to-many step open a clause."""
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

    def _spoken_of(self, at: int) -> str | None:
        """The kind of a word in the light of the words and kinds right beside it: "open" in "open tasks"."""
        beside = [i for i in (at - 1, at, at + 1) if (near := self.s.at(i)) and near.entry("word", "kind")]
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

    # ── Relations ────────────────────────────────────────────────────────────────────────────────

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
            entry.kind == self.s.entity
            and verb is not None
            and (verb.is_cue("with", "without") or self._has_verb(at))
        ):
            none = self._negative(at)
            tree = trees.related(
                self.s.registry, self.s.entity, relation.reverse, [], "none" if none else "any"
            )
            self._add(Found(at, relation.reverse, tree, f"{'no' if none else 'with'} {relation.reverse}"))
        else:
            tree, none = trees.exists(self.s.registry, self.s.entity, path), self._negative(at)
            words = f"{relation.name} {'empty' if none else 'given'}"
            self._add(Found(at, path, tree, words, negative=none))
        span.used = True

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

    # ── Names ────────────────────────────────────────────────────────────────────────────────────

    def _names(self) -> None:
        for at, span in enumerate(self.s.spans):
            if span.tag == "name" and not span.used:
                names, path = self._place(at, span)
                self._record(at, names, path)

    def _place(self, at: int, span: Span) -> tuple[list[Name], str]:
        """What a name means here: a neighbouring word decides ("manager X"), else the nearest kind."""
        if below := self._under(at, span):
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
            if inner is not None:
                full = paths.join(home, inner, name.field or "")
                scored.append((len(full.split(".")) if full else 0, full, name))
        if not scored:
            raise Unclear(Plan(action="unknown", unused=(span.text,)))
        nearest = min(score for score, _, _ in scored)
        best = [(path, name) for score, path, name in scored if score == nearest]
        path = best[0][0]
        names = [name for where, name in best if where == path]
        if len({(n.label.lower(), n.field) for n in names}) > 1:
            raise Unclear(self._which(span, names))
        return names, path

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

    def _by_hint(self, at: int, hint: int, side: int) -> tuple[list[Name], str] | None:
        """The reading in which the term beside a name says what the name is."""
        term, span = self.s.spans[hint], self.s.spans[at]
        if side < 0 and self.s.at(hint - 1) is not None and self.s.spans[hint - 1].is_cue("by", "each"):
            return None
        for entry in term.entries:
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
        steps = paths.walk(self.s.registry, self.s.entity, path.rpartition(".")[0] if name.field else path)
        home = steps[0].name if steps and steps[0].backwards else ""
        if home:
            self.clauses.setdefault(home, Clause(home, steps[0].target, at))
        base, inner = self._base(home), path.removeprefix(home).removeprefix(".")
        if name.field:
            tree = trees.leaf(self.s.registry, base, inner, "eq", name.label)
        else:
            tree = self._identity(base, inner, names)
        negative = self._negative(at)
        span.used = True
        what = (path or name.kind).split(".")[-1].replace("_", " ")
        words = f"{what} is {'not ' if negative else ''}{name.label}"
        self._add(Found(at, path or name.kind, tree, words, home, negative, path=path, label=name.label))

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

    # ── Words and choices ────────────────────────────────────────────────────────────────────────

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
                negative = self._negative(at)
                words = ("not " if negative else "") + word.words[0]
                slot = paths.join(inner, str(word.where.get("field", _first_field(word.where))))
                self._add(Found(at, slot, tree, words, home, negative, label=word.words[0]))
                span.used = True

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
            words = f"{entry.name.replace('_', ' ')} is {'not ' if negative else ''}{shown}"
            self._add(Found(at, path, tree, words, home, negative, label=str(entry.value)))
            span.used = True
            self._absorb_hint(at, entry)

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

    # ── Amounts ──────────────────────────────────────────────────────────────────────────────────

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
        self._add(Found(start, f"{target.path} amount", tree, words, home, negative, path=target.path))
        self.s.use(*spans, term)

    def _measured(self, start: int, end: int, amount: Amount) -> tuple[Target | None, int | None, str]:
        """The field an amount is compared with: named after it, before it, or the size of the kind spoken of."""
        after = self.s.at(end + 1)
        if after and after.tag == "term" and not after.used and (target := self._numeric(after, end + 1)):
            return target[0], end + 1, target[1]
        back = self.s.after(start - 2) if False else start - 1
        while back >= 0 and (
            self.s.spans[back].is_cue("of", "is", "poss") or self.s.spans[back].tag == "vague"
        ):
            back -= 1
        before = self.s.at(back)
        if before and before.tag == "term" and not before.used and (target := self._numeric(before, back)):
            return target[0], back, target[1]
        if after and after.tag == "term" and after.entry("kind", "measure") and not after.used:
            return None, None, ""  # a number of records or a figure: `shapes` reads it
        return self._by_size(start)

    def _numeric(self, span: Span, at: int) -> tuple[Target, str] | None:
        for source, way in [(self.s.entity, ""), *((c.kind, c.way) for c in self.clauses.values())]:
            target = self.s.numeric(span, source=source, to_many=False)
            if target:
                return target, way
        return None

    def _by_size(self, at: int) -> tuple[Target | None, int | None, str]:
        kind, home = self.s.entity, ""
        for clause in self.clauses.values():
            if clause.at < at:
                kind, home = clause.kind, clause.way
        sizes = self.s.registry[kind].size
        if len(sizes) != 1:
            if sizes:
                fields = [self.s.registry[kind].field(name) for name in sizes]
                raise Unclear(clarify("Compared by what: " + " or ".join(f.title for f in fields if f) + "?"))
            return None, None, ""
        return Target(sizes[0], kind, self.s.registry[kind].field(sizes[0])), None, home

    # ── Periods ──────────────────────────────────────────────────────────────────────────────────

    def _periods(self) -> None:
        at_periods = [at for at, span in enumerate(self.s.spans) if span.tag == "period" and not span.used]
        year = next((y for at in reversed(at_periods) if (y := self.s.spans[at].value.named_year)), None)
        for at in at_periods:
            span = self.s.spans[at]
            period: Period = span.value.with_year(year) if year else span.value
            path, home = self.time_field(at)
            base = self._base(home)
            negative = self._negative(at)
            _, each, _ = paths.field_at(self.s.registry, base, path)
            joiner = "" if period.form == "span" and not (period.first and period.last) else "in "
            words = f"{each.title} {'not ' if negative else ''}{joiner}{period.words()}"
            tree = trees.during(self.s.registry, base, path, period)
            self._add(Found(at, "period", tree, words, home, negative, period, path, label=_label(period)))
            span.used = True

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
            if name := word_of(entry).time_field:
                return paths.join(inner, name), home
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

    # ── What is left of kinds ────────────────────────────────────────────────────────────────────

    def _kinds(self) -> None:
        """ "without an account": a negated kind is the absence of the link; other kinds only named the way."""
        for at, _ in list(self.s.terms("field")):
            self._empty(at)
        for at, _ in list(self.s.terms("kind", "relation")):
            span = self.s.spans[at]
            target = self.s.target(span)
            if target is None:
                continue
            cue = self.negations.get(at)
            linked = self.s.at(at - 1)
            if target.path and cue is not None and not self.s.spans[cue].used:
                tree = trees.exists(self.s.registry, self.s.entity, target.path)
                words = f"without {target.path.split('.')[-1]}"
                self._add(Found(at, target.path, tree, words, negative=True))
                self.s.use(cue, at)
            elif target.path == "" or any(f.path.startswith(target.path) for f in self.found):
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

    def _empty(self, at: int) -> None:
        """ "with no close date": a negated field is an empty one."""
        cue, target = self.negations.get(at), self.s.target(self.s.spans[at])
        if cue is None or self.s.spans[cue].used or target is None or target.field is None:
            return
        tree = trees.leaf(self.s.registry, self.s.entity, target.path, "isnull", True)
        self._add(Found(at, target.path, tree, f"without {target.field.title}"))
        self.s.use(cue, at)

    # ── Together ─────────────────────────────────────────────────────────────────────────────────

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
            words = f"{lead}: {inside_words}" if clause.none or not parts else inside_words
            merged.append(Filter(slot=clause.way, tree=tree, words=words))
        return tuple(merged)

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
        return Filter(slot=group[0].slot, tree=trees.negate(tree) if negative else tree, words=words)


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
        or left.negative != right.negative
        or left.way != right.way
        or left.slot.endswith(" amount")
    ):
        return False
    if left.path or left.period:
        if any(span.is_cue("or", "and", "vs", "not", "gt", "lt") for span in s.spans[left.at + 1 : right.at]):
            return True
        raise Unclear(Plan(action="unknown", unused=(s.spans[right.at].text,)))
    return all(span.is_cue("or", "and", "vs") for span in s.spans[left.at + 1 : right.at])


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


def _first_field(tree: Tree) -> str:
    for value in tree.values():
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, dict):
                return str(node.get("field") or _first_field(node))
    return ""


def _meant(amount: Amount, each: Field) -> int | float:
    """The amount in the field's shown unit: a bare 1000 of a revenue spoken of in millions is 1000 million."""
    number = amount.number()
    return number if amount.has_scale or number >= each.asked_in else number * each.asked_in


def is_number(each: Field | None) -> bool:
    """Whether a field can be summed and compared."""
    return each is not None and each.type in NUMERIC and each.type is not FieldType.REFERENCE
