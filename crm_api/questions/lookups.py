"""Questions that look something up: "list price of MG Advanced", "who owns X", "which region is Y in"."""

from crm_api.questions import paths
from crm_api.questions.lexicon import stem
from crm_api.questions.pieces import Span
from crm_api.questions.sentence import Sentence

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
    if any(s.spans[at].is_plural for at in own) and not named:
        return False  # "which reps does X manage" asks for others of the kind
    if s.has("who") and any(is_people(s, at) for at in terms):
        return False  # "who is on X's team"
    if s.spans[-1].text in ("do", "does") and not s.has("when"):
        return False  # "what does X do"
    asked = [at for at in terms if not any(e.what == "kind" and e.kind == kind for e in s.spans[at].entries)]
    for at in asked:
        span, after = s.spans[at], s.at(at + 1)
        if span.is_plural and (span.entry("kind") or several_linked(span)):
            return False
        if asks_above(s, at):
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
            and not (before and before.is_cue("ask", "count"))
        ):
            return False  # "whose parent is X" is a condition, "which sector is X in" a look-up
        target = next((t for t in s.targets(span, source=kind) if t.path), None)
        if span.entry("measure") and span.entry("field"):
            return False  # "revenue of X": the figure or the field, which is asked
        if (
            target is None
            or fans_out(s, kind, target.path, target.field is not None)
            or (s.has("count") and not s.numeric(span, source=kind))
        ):
            return False
    opens = len(terms) == 0 or s.has("ask", "where", "who", "summary")
    return bool(asked) or (not s.has("count", "sum") and opens)


def _is_of(s: Sentence, at: int, kind: str) -> bool:
    """Whether a word names the kind."""
    return any(e.what == "kind" and e.kind == kind for e in s.spans[at].entries)


def several_linked(span: Span) -> bool:
    """ "managers": the plural of a link's own name; "manages" and "owns" are its verbs."""
    return any(e.what == "relation" and stem(span.text) == e.name for e in span.entries)


def asks_above(s: Sentence, at: int) -> bool:
    """ "what company is X a subsidiary of": nothing stands behind, so what X is under is asked."""
    last, kinds = s.at(at + 1), {e.kind for e in s.spans[at].entries if e.what == "reverse"}
    return bool(kinds and last and last.is_cue("of") and at + 2 == len(s.spans))


def is_people(s: Sentence, at: int) -> bool:
    """Whether a word means the people under somebody ("team", "reports") where a name stands beside it."""
    entry = s.spans[at].entry("reverse")
    return bool(entry and s.at(at - 1) and s.spans[at - 1].is_cue("poss") and entry.kind == "user")


def _leads_from(s: Sentence, kind: str) -> bool:
    """Whether a record that one of this kind leads to is asked for: "what product was sold in deal X"."""
    return any(
        not span.is_plural
        and (before := s.at(at - 1)) is not None
        and before.is_cue("ask")
        and not _is_of(s, at, kind)
        for at, span in enumerate(s.spans)
        if span.entry("kind")
    )


def fans_out(s: Sentence, kind: str, path: str, is_field: bool) -> bool:
    """Whether a path leads to many records; the items of a document (a deal's products) are shown."""
    way = paths.split(path)[0] if is_field else path
    steps = paths.walk(s.registry, kind, way)
    is_line = len(steps) == 2 and not steps[1].backwards and s.is_line(steps[0])
    return bool(steps) and steps[0].backwards and not is_line


def is_yes_or_no(s: Sentence) -> bool:
    """Whether "is X …?" asks for yes or no: a verb first, and nothing that counts, ranks or compares."""
    first = s.at(0)
    opens = first is not None and first.is_cue("is") and first.text in ("is", "are", "was", "were")
    story = len(s.spans) > 2 and s.spans[-1].text in ("do", "does") and s.spans[-2].tag == "name"
    if story and first is not None and first.is_cue("ask"):
        return True  # "what does X do" asks for a story
    return opens and not s.has(*_FIGURES, "count", "sum", "ask")
