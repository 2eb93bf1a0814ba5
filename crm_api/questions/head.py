"""Which kind of record a question is about, before anything else is read.

The figure decides first ("won revenue" is about deals), then what is counted ("how many", "the most …"),
then the first kind that is named, then words that only one kind knows.
"""

from collections.abc import Iterator

from crm_api.core.fields import Measure
from crm_api.questions import grammar, paths
from crm_api.questions.lexicon import Entry, stem, word_of
from crm_api.questions.plan import Unclear, clarify
from crm_api.questions.sentence import Sentence
from crm_api.questions.spans import Span

_COUNTING = ("count", "most", "least", "how_many_more")
_COMPARING = ("gt", "ge", "lt", "le", "eq")
_FOLDING = ("count", "sum", "avg", "median", "max", "min")


_RANKED = ("most", "least", "top", "bottom")
_FIGURES = (
    "avg",
    "median",
    "top",
    "bottom",
    "max",
    "min",
    "most",
    "least",
    "share",
    "quotient",
    "change",
    "percent_change",
    "vs",
    "compare",
    "more",
    "fewer",
    "not",
    "without",
    "by",
    "each",
    "rank",
    "how_many_more",
    "how_much_more",
    "follow",
    "gt",
    "ge",
    "lt",
    "le",
    "between",
    "newest",
    "oldest",
    "breakdown",
)


def looked_up(s: Sentence) -> str | None:
    """The kind of a record that something is looked up of ("list price of MG Advanced"), or None.

    The question names one or more records of one kind, and everything else in it leads from there to one
    value: a field, or a record it is linked to.
    """
    names = [span for span in s.spans if span.tag == "name"]
    if (
        not names
        or s.light
        or s.has(*_FIGURES, "me")
        or any(span.tag in ("period", "amount", "vague") for span in s.spans)
    ):
        return None
    for kind in dict.fromkeys(n.kind for span in names for n in span.names if n.id):
        if all(any(n.kind == kind and n.id for n in span.names) for span in names) and _asks_of(s, kind):
            return kind
    return None


def _asks_of(s: Sentence, kind: str) -> bool:
    terms = [at for at, span in enumerate(s.spans) if span.tag == "term"]
    own = [at for at in terms if _is_of(s, at, kind)]
    named = all((near := s.at(at + 1)) is not None and near.tag == "name" for at in own)
    if any(is_plural(s.spans[at]) for at in own) and not named:
        return False  # "which reps does X manage" asks for others of the kind
    if s.has("who") and any(_is_people(s, at) for at in terms):
        return False  # "who is on X's team"
    if s.spans[-1].text in ("do", "does") and not s.has("when"):
        return False  # "what does X do"
    asked = [at for at in terms if not any(e.what == "kind" and e.kind == kind for e in s.spans[at].entries)]
    for at in asked:
        span, after = s.spans[at], s.at(at + 1)
        if is_plural(span) and (span.entry("kind") or _several_linked(span)):
            return False
        if _asks_above(s, at):
            continue
        if span.entry("word") and not span.entry("field", "relation", "kind"):
            deed = any(e.what == "word" and e.kind == kind for e in span.entries)
            if not s.has("when") and not (deed and (s.has("who") or _leads_from(s, kind))):
                return False
            continue
        if (
            span.entry("relation")
            and after
            and (
                after.is_cue("by")
                or (span.text.endswith((" to", " by", " for", " under")) and after.tag == "name")
            )
        ):
            return False
        before, last = s.at(at - 1), s.at(at + 2)
        if (
            after
            and after.is_cue("is")
            and last
            and last.tag == "name"
            and not (before and before.is_cue("ask"))
        ):
            return False  # "whose parent is X" is a condition, "which sector is X in" a look-up
        target = next((t for t in s.targets(span, source=kind) if t.path), None)
        if span.entry("measure") and span.entry("field"):
            return False  # "revenue of X": the figure or the field, which is asked
        if (
            target is None
            or _fans_out(s, kind, target.path, target.field is not None)
            or (s.has("count") and not s.numeric(span, source=kind))
        ):
            return False
    opens = len(terms) == 0 or s.has("ask", "where", "who")
    return bool(asked) or (not s.has("count", "sum") and opens)


def _is_of(s: Sentence, at: int, kind: str) -> bool:
    """Whether a word names the kind."""
    return any(e.what == "kind" and e.kind == kind for e in s.spans[at].entries)


def _several_linked(span: Span) -> bool:
    """ "managers": the plural of a link's own name; "manages" and "owns" are its verbs."""
    return any(e.what == "relation" and stem(span.text) == e.name for e in span.entries)


def _asks_above(s: Sentence, at: int) -> bool:
    """ "what company is X a subsidiary of": nothing stands behind, so what X is under is asked."""
    last, kinds = s.at(at + 1), {e.kind for e in s.spans[at].entries if e.what == "reverse"}
    return bool(kinds and last and last.is_cue("of") and at + 2 == len(s.spans))


def _is_people(s: Sentence, at: int) -> bool:
    """Whether a word means the people under somebody ("team", "reports") where a name stands beside it."""
    entry = s.spans[at].entry("reverse")
    return bool(entry and s.at(at - 1) and s.spans[at - 1].is_cue("poss") and entry.kind == "user")


def _leads_from(s: Sentence, kind: str) -> bool:
    """Whether a record that one of this kind leads to is asked for: "what product was sold in deal X"."""
    return any(
        not is_plural(span)
        and (before := s.at(at - 1)) is not None
        and before.is_cue("ask")
        and not _is_of(s, at, kind)
        for at, span in enumerate(s.spans)
        if span.entry("kind")
    )


def is_plural(span: Span) -> bool:
    """Whether a word stands for several ("reps")."""
    last = span.text.rpartition(" ")[2]
    return last.endswith("s") and stem(last) != last


def _fans_out(s: Sentence, kind: str, path: str, is_field: bool) -> bool:
    """Whether a path leads to many records; the items of a document (a deal's products) are shown."""
    way = paths.split(path)[0] if is_field else path
    steps = paths.walk(s.registry, kind, way)
    is_line = len(steps) == 2 and not steps[1].backwards and s.is_line(steps[0])
    return bool(steps) and steps[0].backwards and not is_line


def leave_out_everybody(s: Sentence) -> None:
    """ "the team's open deals", "how many does my team have": everybody's that the asker may see, which is
    what a question without these words counts too. Where people are asked about, a team is a team."""
    people = {"user", "team"}
    for at, span in enumerate(s.spans):
        before, after = s.at(at - 1), s.at(at + 1)
        alone = span.tag == "term" and span.text == "team" and not (after and after.tag == "name")
        whose = before and (
            before.is_cue("me") or (before.is_cue("is") and before.text in ("do", "does", "did", "is"))
        )
        if not alone or not (whose or (after and after.is_cue("poss"))) or s.has("who", "by", "each"):
            continue
        if any(e.kind in people and e.what != "reverse" for n in s.spans if n is not span for e in n.entries):
            continue
        s.spans[at : at + 1] = []
        if before and before.is_cue("me"):
            s.spans.remove(before)
        s.assumptions.append("the team is everybody whose records you may see")
        return


def drop_team_of_manager(s: Sentence) -> None:
    """ "each manager's team", "which manager's team won …": the people under somebody, who stands for them anyway."""
    for at in range(len(s.spans) - 1, 1, -1):
        span, poss, leader = s.spans[at], s.spans[at - 1], s.spans[at - 2]
        if (
            span.entry("reverse")
            and poss.is_cue("poss")
            and any(_gathers(s, e) for e in leader.entries if e.what == "relation")
        ):
            s.spans[at - 1 : at + 1] = []


def _gathers(s: Sentence, entry: Entry) -> bool:
    return any(r.name == entry.name and r.gathers for r in s.registry[entry.kind].relations)


def settle_praise(s: Sentence) -> None:
    """ "the best rep by won revenue", "the worst win rate": beside a figure praise is a ranking; alone it is vague."""
    for at, span in enumerate(s.spans):
        way = grammar.PRAISE.get(span.text) if span.tag == "vague" else None
        if way is None or not (figure := _figure_beside(s, at)):
            continue
        low = isinstance(figure, Measure) and figure.low_is_good
        span.tag, span.value = "cue", {"top": "bottom", "bottom": "top"}[way] if low else way
    for at, span in enumerate(s.spans):
        before = s.at(at - 1)
        if span.tag == "vague" and before and before.is_cue(*_RANKED) and _figure_beside(s, at):
            span.used = True  # "most valuable account by won revenue": the figure says what is valued


def _figure_beside(s: Sentence, at: int) -> Measure | bool | None:
    """The figure that is named behind a word of praise: right after it, or after "by"."""
    for index in range(at + 1, len(s.spans)):
        span, before = s.spans[index], s.spans[index - 1]
        if measure := span.entry("measure"):
            return next(m for m in s.registry[measure.kind].measures if m.name == measure.name)
        if before.is_cue("by") and (span.is_cue("count") or span.entry("field", "word")):
            return True
    return None


def is_yes_or_no(s: Sentence) -> bool:
    """Whether "is X …?" asks for yes or no: a verb first, and nothing that counts, ranks or compares."""
    first = s.at(0)
    opens = first is not None and first.is_cue("is") and first.text in ("is", "are", "was", "were")
    if len(s.spans) > 1 and s.spans[-1].text in ("do", "does") and first is not None and first.is_cue("ask"):
        return True  # "what does X do" asks for a story
    return opens and not s.has(*_FIGURES, *_COUNTING, "sum", "ask")


def decide(s: Sentence) -> str | None:
    """The kind, or None where no word says."""
    _settle_deeds(s)
    _settle_figures(s)
    for at, _ in s.terms("measure"):
        if kind := _measured_kind(s, at):
            span = s.spans[at]
            span.entries = [e for e in span.entries if e.what != "measure" or e.kind == kind]
            return kind
    ranked = s.cues("by") if s.has("top", "bottom", "max", "min", "rank") else ()
    for at in (*s.cues(*_COMPARING), *s.cues(*_COUNTING), *ranked):
        if kind := _counted(s, at):
            return kind
    spoken_of = word_kind(
        s, [at for at, span in enumerate(s.spans) if span.entry("word") and not span.entry("kind")]
    )
    how_much = any(s.spans[at].text == "how much" for at in s.cues("sum"))
    if spoken_of and (how_much or s.has("most", "least")):
        return spoken_of
    if (first := _first_kind(s)) is not None:
        return first
    if spoken_of:
        return spoken_of
    for what in ("reverse", "field", "choice"):
        for at, _ in s.terms(what):
            kinds = [e.kind for e in s.spans[at].entries if e.what == what]
            if not _after_by(s, at):
                return max(kinds, key=lambda kind: (_has_names(s, kind), len(s.registry[kind].measures)))
    records = [name.kind for span in s.spans if span.tag == "name" for name in span.names]
    return records[0] if records else None


def _measured_kind(s: Sentence, at: int) -> str | None:
    """The kind of a figure; where several have one of that name, the one that is spoken of, else one with records."""
    kinds = list(dict.fromkeys(e.kind for e in s.spans[at].entries if e.what == "measure"))
    if len(kinds) < 2:
        return kinds[0] if kinds else None
    named = {e.kind for span in s.spans for e in span.entries if e.what in ("kind", "word")}
    spoken_of = [kind for kind in kinds if kind in named]
    kept = [kind for kind in kinds if kind in s.names.kinds]
    return (spoken_of or kept or kinds)[0]


def word_kind(s: Sentence, spans: list[int]) -> str | None:
    """The kind that words of the trade speak of: one they share ("open tasks"), else the rarest word's.

    Between kinds that share a word ("won" deals, "won" leads) the one with more figures is meant.
    """
    kinds = [list(dict.fromkeys(e.kind for e in s.spans[at].entries if e.what == "word")) for at in spans]
    if not kinds:
        return None
    shared = [kind for kind in kinds[0] if all(kind in others for others in kinds)]
    candidates = shared or min(kinds, key=len)
    return max(candidates, key=lambda kind: len(s.registry[kind].measures))


def _counted(s: Sentence, at: int) -> str | None:
    """What a count is of: the kind after "how many" or "more than 100", over the words that describe it."""
    span = s.spans[at]
    comparing = span.value in _COMPARING
    start = at + 1
    if comparing:
        amount = s.at(at + 1)
        if (
            amount is None
            or amount.tag != "amount"
            or not amount.value.is_count
            or not any(_kinds_before(s, at))
        ):
            return None
        start = at + 2
    by_deed = start < len(s.spans) and s.spans[start].entry("word") and not s.spans[start].entry("kind")
    if span.value == "by" and not by_deed:
        return None
    for index in range(start, len(s.spans)):
        each = s.spans[index]
        if comparing and each.entry("word") and not each.entry("kind") and not _describes_more(s, index):
            return word_kind(s, [index])
        if kind := each.kind("kind") or (span.value == "count" and named_by_choice(each)):
            deeds = [i for i in range(start, index) if s.spans[i].entry("word")]
            if span.value in ("most", "least") and deeds and not _has_words(s, deeds, kind):
                return word_kind(s, deeds)
            return kind
        if span.value == "count" and (kind := each.kind("reverse")):
            return kind
        if index == start and any(e.what == "word" and word_of(e).noun for e in each.entries):
            return word_kind(s, [index])
        if index == start and (kind := each.kind("field")):
            return kind if span.value in ("count", "most", "least") else None
        describes = (
            each.entry("word", "choice")
            or each.tag in ("name", "vague")
            or each.is_cue("of", "and", "or", "not", "without", "me")
        )
        if not describes or (comparing and each.is_cue("of", "and")):
            return None
    return None


def _has_words(s: Sentence, spans: list[int], kind: str) -> bool:
    """Whether all these words of the trade are of one kind."""
    return all(any(e.what == "word" and e.kind == kind for e in s.spans[at].entries) for at in spans)


def _has_names(s: Sentence, kind: str) -> bool:
    """Whether there are records of the kind for the asker to see, as far as their names tell."""
    return any(name.kind == kind for name in s.names.names)


def _describes_more(s: Sentence, at: int) -> bool:
    """Whether a word of the trade stands before what it describes ("won deals") rather than alone ("wins")."""
    after = s.at(at + 1)
    return bool(after and (after.entry("kind", "word", "choice") or after.tag == "name"))


def _kinds_before(s: Sentence, at: int) -> Iterator[Span]:
    return (span for span in s.spans[:at] if span.entry("kind", "relation", "field"))


def named_by_choice(span: Span) -> str | None:
    """The kind that the plural of a choice stands for: "dealers" are accounts of that type."""
    entry = span.entry("choice") if is_plural(span) else None
    return entry.kind if entry and not span.entry("kind", "word", "relation", "field", "reverse") else None


def _first_kind(s: Sentence) -> str | None:
    named: Entry | None = None
    for at, entry in s.terms("kind", "word", "choice"):
        span = s.spans[at]
        if not span.entry("kind"):
            if (kind := named_by_choice(span)) and not _after_by(s, at):
                return kind
            after = s.at(at + 1)
            noun = is_plural(span) and not (after and after.entry("kind", "choice", "word"))
            if entry.what == "word" and (
                noun or (is_plural(span) and any(named_by_choice(n) for n in s.spans[at:]))
            ):
                return word_kind(s, [at])
            continue
        entry = span.entry("kind") or entry
        if _after_by(s, at) or _only_hint(s, at):
            named = named or entry
            continue
        if s.has("who") and _is_people(s, at):
            return "user"
        if (people := _named_people(s, at)) is not None:
            return people
        if span.entry("field") and s.has(*_FOLDING) and _of_other_kind(s, at, entry.kind):
            continue
        return entry.kind
    return None


def _named_people(s: Sentence, at: int) -> str | None:
    """ "which managers are in the East region": people by what they are, where the only kind that is named belongs to a
    name."""
    near = [s.at(at - 1), s.at(at + 1)]
    if not any(n and n.tag == "name" for n in near):
        return None
    others = [span for i, span in enumerate(s.spans[:at]) if is_plural(span) and _several_linked(span)]
    kinds = {e.kind for span in others for e in span.entries if e.what == "choice"}
    return kinds.pop() if len(kinds) == 1 else None


def _of_other_kind(s: Sentence, at: int, kind: str) -> bool:
    """Whether a word that is a kind and a field ("employees") is a field of another kind that is named as well."""
    if s.has("count"):
        return True
    owners = {e.kind for e in s.spans[at].entries if e.what == "field"}
    named = {e.kind for i, span in enumerate(s.spans) if i != at for e in span.entries if e.what == "kind"}
    return bool(owners & named) and kind not in named


def _only_hint(s: Sentence, at: int) -> bool:
    """A kind beside a name of that kind ("the East region") says what the name is, not what is asked."""
    span = s.spans[at]
    for side in (1, -1):
        near = s.at(at + side)
        if (
            near
            and near.tag == "name"
            and any(e.kind == n.kind and n.id for e in span.entries if e.what == "kind" for n in near.names)
        ):
            return any(
                e.what in ("word", "measure") or e.what == "kind"
                for i, other in enumerate(s.spans)
                if i != at
                for e in other.entries
            )
    return False


def _after_by(s: Sentence, at: int) -> bool:
    before, after = s.at(at - 1), s.at(at + 1)
    return bool((before and before.is_cue("by", "each")) or (after and after.is_cue("breakdown")))


def _settle_deeds(s: Sentence) -> None:
    """Words for something done that are also a value or a kind: "contacted leads" names a status, "leads
    nobody has contacted" a deed; "no contact since May" is about deeds, "no contacts" about people."""
    for at, span in enumerate(s.spans):
        words = [e for e in span.entries if e.what == "word"]
        deeds = [e for e in words if s.registry[e.kind].past and not word_of(e).noun]
        if deeds and deeds == words and span.entry("choice"):
            span.entries = [e for e in span.entries if e.what != ("word" if _is_value(s, at) else "choice")]
        kinds = {e.kind for e in span.entries if e.what == "kind"}
        if kinds and any(e.kind not in kinds for e in words):
            deed = (
                at
                and not is_plural(span)
                and s.has("without")
                and any(n.tag == "period" for n in s.spans[at:])
            )
            span.entries = [
                e for e in span.entries if (e.what == "word" if deed else e.what != "word" or e.kind in kinds)
            ]


def _is_value(s: Sentence, at: int) -> bool:
    """Whether a word that names a value and a deed stands where a value does."""
    before, after = s.at(at - 1), s.at(at + 1)
    if after and after.entry("kind", "choice"):
        return True
    if any(near and near.entry("field") and not near.entry("word") for near in (before, after)):
        return True
    states = before is not None and (before.is_cue("or", "vs") or before.text in ("is", "are"))
    return states and not s.has("without", "not") and not any(n.tag == "period" for n in s.spans)


def _settle_figures(s: Sentence) -> None:
    """A word that is a figure of one kind and a field of another ("revenue") takes the meaning around it.

    Deals, periods, people or products around it mean the figure; a comparison beside accounts means the
    field; an account alone could mean both, and is asked about.
    """
    for at, _ in list(s.terms("measure")):
        span = s.spans[at]
        measure, each = span.entry("measure"), span.entry("field")
        if measure is None or each is None:
            continue
        after = s.at(at + 1)
        if each.kind == measure.kind and _is_compared(s, at):
            continue  # a condition on the field, or one on groups: the figures tell
        if each.kind == measure.kind or _speaks_of(s, at, measure.kind, each.kind):
            span.entries = [e for e in span.entries if e.what != "field"]
        elif after and after.is_cue(*_COMPARING, "between") and any(_kinds_before(s, at)):
            span.entries = [e for e in span.entries if e.what != "measure"]
        elif _of_kind(s, at, each.kind):
            field = s.registry[each.kind].field(each.name)
            other = f"the {field.title if field else each.name} of the {each.kind}"
            raise Unclear(clarify(f"Do you mean the {measure.name.replace('_', ' ')}, or {other}?"))
        else:
            s.assumptions.append(f"“{span.text}” is read as {measure.name.replace('_', ' ')}")
            span.entries = [e for e in span.entries if e.what != "field"]


def _is_compared(s: Sentence, at: int) -> bool:
    """Whether an amount stands beside: "cycle under 10 days", "more than 100 days to close"."""
    after, before = s.at(at + 1), s.at(at - 1)
    if after and after.is_cue("is", "of"):
        after = s.at(at + 2)
    return bool((after and after.is_cue(*_COMPARING, "between")) or (before and before.tag == "amount"))


def _speaks_of(s: Sentence, at: int, kind: str, other: str) -> bool:
    for index, span in enumerate(s.spans):
        if index == at:
            continue
        if span.tag == "period" or (index == at + 1 and span.is_cue("of") and span.text == "from"):
            return True
        if any(e.kind == kind and e.what in ("word", "kind", "measure") for e in span.entries):
            return True
        if span.tag == "name" and all(n.kind != other for n in span.names):
            return True
        if any(e.what == "kind" and e.kind != other for e in span.entries) or (
            span.entry("relation") and not span.entry("kind")
        ):
            return True
    return False


def _of_kind(s: Sentence, at: int, kind: str) -> bool:
    """Whether the sentence names this kind, or a record of it."""
    return any(
        any(e.what == "kind" and e.kind == kind for e in span.entries)
        or any(n.kind == kind and n.id for n in span.names)
        for span in s.spans
    )
