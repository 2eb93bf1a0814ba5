"""Which kind of record a question is about, before anything else is read.

The figure decides first ("won revenue" is about deals), then what is counted ("how many", "the most …"),
then the first kind that is named, then words that only one kind knows.
"""

from crm_api.questions import grammar
from crm_api.questions.lexicon import Entry, word_of
from crm_api.questions.lookups import is_people, several_linked
from crm_api.questions.pieces import Span
from crm_api.questions.sentence import NUMERIC, Sentence
from crm_api.questions.settling import COMPARING, kinds_before, settle_deeds, settle_figures

_COUNTING = ("count", "most", "least", "how_many_more")
_FOLDING = ("count", "sum", "avg", "median", "max", "min")


def decide(s: Sentence) -> str | None:
    """The kind, or None where no word says."""
    settle_deeds(s)
    settle_figures(s)
    for at, _ in s.terms("measure"):
        if kind := _measured_kind(s, at):
            span = s.spans[at]
            span.entries = [e for e in span.entries if e.what != "measure" or e.kind == kind]
            return kind
    for at in s.cues("by"):
        behind = s.at(at + 1)
        if behind and behind.is_cue("count") and (kind := counted(s, at + 1)):
            return kind  # "the most popular product by number of deals"
    ranked = s.cues("by") if s.has("top", "bottom", "max", "min", "rank") else ()
    for at in (*s.cues(*COMPARING), *s.cues(*_COUNTING), *ranked):
        if kind := counted(s, at):
            return kind
    spoken_of = word_kind(
        s, [at for at, span in enumerate(s.spans) if span.entry("word") and not span.entry("kind")]
    )
    how_much = any(s.spans[at].text == "how much" for at in s.cues("sum"))
    if spoken_of and (how_much or s.has("most", "least", "more", "fewer")):
        return spoken_of
    if spoken_of and (doers := _doers(s)) in s.registry:
        return doers
    if (first := _first_kind(s)) is not None:
        return first
    if spoken_of:
        return spoken_of
    opening, second = s.at(0), s.at(1)
    asked = second if opening is not None and opening.is_cue("ask") else None
    if asked and asked.is_plural and several_linked(asked) and (choice := asked.entry("choice")):
        return choice.kind  # "which managers are based …": people by what they are
    if people := _leaders(s):
        return people
    for what in ("reverse", "field", "choice"):
        for at, _ in s.terms(what):
            kinds = [e.kind for e in s.spans[at].entries if e.what == what]
            if not _after_by(s, at):
                return max(kinds, key=lambda kind: (_has_names(s, kind), len(s.registry[kind].measures)))
    records = [name.kind for span in s.spans if span.tag == "name" for name in span.names]
    return records[0] if records else None


def _leaders(s: Sentence) -> str | None:
    """ "who are the sales managers", "list the regional offices": where a link is all there is, what it leads to."""
    terms = [span for span in s.spans if span.tag == "term"]
    if len(terms) != 1 or not terms[0].is_plural or any(span.tag == "name" for span in s.spans):
        return None
    linked = [
        (e.kind, r)
        for e in terms[0].entries
        if e.what == "relation"
        for r in s.registry[e.kind].relations
        if r.name == e.name
    ]
    if leaders := next((kind for kind, r in linked if r.target == kind), None):
        return leaders
    targets = {r.target for _, r in linked if r.target in s.registry}
    if len(targets) != 1 or terms[0].entry("field", "choice", "word"):
        return None
    terms[0].entries = [Entry("kind", kind) for kind in targets]  # "list the regional offices"
    return targets.pop()


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


def counted(s: Sentence, at: int) -> str | None:
    """What a count is of: the kind after "how many" or "more than 100", over the words that describe it."""
    span = s.spans[at]
    comparing = span.value in COMPARING
    start = at + 1
    if comparing:
        amount = s.at(at + 1)
        if (
            amount is None
            or amount.tag != "amount"
            or not amount.value.is_count
            or not any(kinds_before(s, at))
        ):
            return None
        start = at + 2
    by_deed = start < len(s.spans) and _tells_deed(s, start)
    if span.value == "by" and not by_deed:
        return None
    for index in range(start, len(s.spans)):
        each = s.spans[index]
        if comparing and index == start and _is_number_of(s, each, at):
            return None  # "accounts with 15000 people"
        if comparing and each.entry("word") and not each.entry("kind") and not _describes_more(s, index):
            kind, before = word_kind(s, [index]), s.at(at - 1)
            sized = before is not None and any(e.what == "kind" and e.kind == kind for e in before.entries)
            return None if sized else kind  # "deals over 5000 won by Ann" are of that size
        if _tells_which(s, index):
            continue
        if kind := each.kind("kind") or (span.value == "count" and named_by_choice(each)):
            deeds = [i for i in range(start, index) if s.spans[i].entry("word")]
            if span.value in ("most", "least") and deeds and not _has_words(s, deeds, kind):
                return word_kind(s, deeds)
            return kind
        if span.value == "count" and (kind := each.kind("reverse")):
            return kind
        if index == start and any(e.what == "word" and word_of(e).noun for e in each.entries):
            return word_kind(s, [index])
        if index == start and span.value == "count" and each.is_plural and (choice := each.entry("choice")):
            return choice.kind  # "how many follow-ups"
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


def _tells_which(s: Sentence, at: int) -> bool:
    """ "how many engaging stage opportunities": a kind that the kind behind it links to only says what a value is."""
    before, span, after = s.at(at - 1), s.spans[at], s.at(at + 1)
    value = before is not None and (before.tag == "name" or before.entry("choice"))
    kinds = {e.kind for e in after.entries if e.what == "kind"} if after is not None else set()
    return bool(value) and any(e.what == "relation" and e.kind in kinds for e in span.entries)


def _tells_deed(s: Sentence, at: int) -> bool:
    """ "by won deals", "by deals won": what is counted by, where "by deal" would only group."""
    span, after = s.spans[at], s.at(at + 1)
    if not span.entry("kind"):
        return span.entry("word") is not None
    kinds = {e.kind for e in span.entries if e.what == "kind"}
    return (
        after is not None
        and span.is_plural
        and any(e.what == "word" and e.kind in kinds for e in after.entries)
    )


def _is_number_of(s: Sentence, span: Span, at: int) -> bool:
    """Whether a word is a number that a kind named before has, though it is a kind of its own as well."""
    named = {e.kind for near in s.spans[:at] for e in near.entries if e.what == "kind"}
    return any(
        e.kind in named and (each := s.registry[e.kind].field(e.name)) is not None and each.type in NUMERIC
        for e in span.entries
        if e.what == "field"
    )


def _doers(s: Sentence) -> str:
    """ "who sold a GTK 500": the people or customers who did it, where nothing is counted or ranked."""
    who, deed = s.at(0), s.at(1)
    if who is None or deed is None or who.text != "who" or not deed.entry("word"):
        return ""
    if s.has(
        *_COUNTING,
        *_FOLDING,
        *COMPARING,
        "top",
        "bottom",
        "rank",
        "more",
        "fewer",
        "or",
        "vs",
        "not",
        "without",
    ):
        return ""
    s.use(0)
    return "account" if deed.text in grammar.CUSTOMER_DEEDS else "user"


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


def named_by_choice(span: Span) -> str | None:
    """The kind that the plural of a choice stands for: "dealers" are accounts of that type."""
    entry = span.entry("choice") if span.is_plural else None
    return entry.kind if entry and not span.entry("kind", "word", "relation", "field", "reverse") else None


def _first_kind(s: Sentence) -> str | None:
    named: Entry | None = None
    for at, entry in s.terms("kind", "word", "choice"):
        span = s.spans[at]
        if not span.entry("kind"):
            if (kind := named_by_choice(span)) and not _after_by(s, at):
                return kind
            after = s.at(at + 1)
            noun = span.is_plural and not (after and after.entry("kind", "choice", "word"))
            named_so = any(e.what == "word" and word_of(e).noun for e in span.entries)
            if noun and named_so:
                return word_kind(s, [at])  # "calls to dealers" are calls
            if entry.what == "word" and (
                noun or (span.is_plural and any(named_by_choice(n) for n in s.spans[at:]))
            ):
                return word_kind(s, [at])
            continue
        entry = span.entry("kind") or entry
        if _after_by(s, at) or _only_hint(s, at):
            named = named or entry
            continue
        if s.has("who") and is_people(s, at):
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
    others = [span for i, span in enumerate(s.spans[:at]) if span.is_plural and several_linked(span)]
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
