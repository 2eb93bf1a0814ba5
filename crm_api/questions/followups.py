"""A follow-up is a patch on the previous plan: "what about Dec?", "only the West", "by rep instead".

What it says replaces what the previous question said of the same thing, and the rest stays. A sentence that
stands alone is a new question.
"""

from typing import Any

from crm_api.core.fields import Registry
from crm_api.questions import gate, lexicon, trees, widening
from crm_api.questions.figures import FN_WORDS
from crm_api.questions.filters import Conditions
from crm_api.questions.linking import Names
from crm_api.questions.parser import parse, with_options
from crm_api.questions.periods import Period
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Figure, Filter, Plan, Side, Unclear, clarify, unknown
from crm_api.questions.reader import Reader
from crm_api.questions.sentence import Sentence
from crm_api.questions.spans import Tagger

# Beside a period these mean its neighbour; "last quarter" goes on meaning the one before today's.
_NEIGHBOURS = ("previous", "prior", "following")
_RUNS = ("query", "lookup", "compare")
_FOLDS = ("sum", "avg", "median", "min", "max")


def converse(turns: list[str], *, registry: Registry, names: Names, day_first: bool = True) -> Plan:
    """The plan for the last of several turns, oldest first, each read in the light of those before."""
    previous: Plan | None = None
    plan = unknown("Ask a question.")
    for turn in turns:
        plan = (
            parse(turn, registry=registry, names=names, day_first=day_first)
            if previous is None
            else follow(turn, previous, registry=registry, names=names, day_first=day_first)
        )
        if plan.action in _RUNS:
            previous = plan
    return plan


def follow(
    question: str, previous: Plan, *, registry: Registry, names: Names, day_first: bool = True
) -> Plan:
    """The plan for a turn after `previous`: a patch where it leans on it, else its own plan."""
    words = lexicon.of(registry)
    if refusal := gate.check(question, words, names):
        return refusal
    if pronoun := gate.pronoun(question):
        people = {"owner", "user", "manager"}
        if not any(f.slot.rpartition(".")[2] in people and f.tree for f in previous.filters):
            return clarify(f"Who is “{pronoun}”? Ask again with the name.")
    tagger = Tagger(words, names, day_first=day_first)
    spans = [s for s in tagger.spans(question) if s.tag != "stop"]
    alone = unknown("") if pronoun else parse(question, registry=registry, names=names, day_first=day_first)
    if not _leans(spans) and alone.action in _RUNS and _complete(spans):
        return alone

    def patched(text: str) -> Plan:
        return _patch(Sentence.of(registry, names, tagger.spans(text), previous.entity), previous)

    plan = with_options(patched(question), question, patched)
    return alone if plan.action == "unknown" and alone.action == "clarify" else plan


def _leans(spans: list[Span]) -> bool:
    """Whether it opens like a continuation, or ends in "instead"."""
    return bool(spans) and (
        spans[0].is_cue("follow", "and", "or", "by", "not", "include")
        or any(s.is_cue("instead") for s in spans)
    )


def _complete(spans: list[Span]) -> bool:
    """Whether it names what it is about: a kind, a figure, or words that only one kind has."""
    about = any(s.entry("kind", "measure") for s in spans)
    asks = any(s.is_cue("count", "sum", "ask", "who", "avg", "most", "top", "share") for s in spans)
    return (about and (asks or len(spans) > 2)) or (
        asks and any(s.entry("field", "relation", "word") for s in spans)
    )


def _patch(s: Sentence, previous: Plan) -> Plan:
    for span in s.spans:
        if span.is_cue("follow", "instead", "and", "of", "ask"):
            span.used = True
    try:
        return _patched(s, previous)
    except Unclear as unclear:
        plan = unclear.plan
        return (
            plan
            if plan.action == "clarify"
            else unknown("I could not use: " + ", ".join(plan.unused), *plan.unused)
        )


def _patched(s: Sentence, previous: Plan) -> Plan:
    _inherit_year(s, previous)
    reader = Reader(s)
    if not _folds_anew(reader, previous):
        reader.read_figure()
    reader.read_groups()
    reader.read_rank(previous)
    conditions = Conditions(s, default_time=_time_of(previous, s.registry))
    conditions.read()
    reader.time_groups(conditions)
    new = conditions.filters()
    if not (new or s.widened or reader.figure or reader.groups or reader.limit or reader.sort):
        raise Unclear(unknown("", *(span.text for span in s.spans)))
    own = reader.own_filter(conditions.found) if reader.measure else ()
    sides: tuple[Side, ...] = ()
    if previous.action == "compare":
        sides = previous.sides if not any(f.slot == previous.sides[0].filters[0].slot for f in new) else ()
    old = _of_figure(previous.filters, reader.figure)
    changes: dict[str, Any] = {"filters": widening.widened(s, _merged(old, (*own, *new))), "sides": sides}
    if previous.action == "compare" and not sides:
        changes |= {"action": "query", "change": None}
    if reader.figure:
        changes |= {"figures": (reader.figure,)}
    elif previous.is_list and reader.groups:
        changes |= {"figures": (reader.counted(),)}
    if reader.groups:
        changes |= {"group_by": tuple(reader.groups), "sort": None, "limit": None}
    if reader.sort or reader.limit:
        changes |= {"sort": reader.sort or previous.sort, "limit": reader.limit or previous.limit}
    return reader.finish(previous.model_copy(update=changes))


def _merged(old: tuple[Filter, ...], new: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """New conditions take the place of old ones on the same thing, and keep their position."""
    by_slot = {f.slot: f for f in new if not _only_less(f, old)}
    kept: list[Filter] = []
    for each in old:
        slot = next((slot for slot in by_slot if slot == each.slot or _same_end(slot, each.slot)), None)
        kept.append(by_slot.pop(slot) if slot is not None else each)
    return (*kept, *by_slot.values(), *(f for f in new if _only_less(f, old)))


def _folds_anew(reader: Reader, previous: Plan) -> bool:
    """ "And the median?" after an average: the same figure, folded another way."""
    s, figure = reader.s, previous.figures[0] if previous.figures else None
    fold = next((at for at in s.cues("avg", "median") if not s.has("count")), None)
    terms = (n for n in s.spans if n.tag == "term" and (n.entry("measure") or s.numeric(n)))
    if fold is None or figure is None or figure.field is None or any(terms) or figure.fn not in _FOLDS:
        return False
    fn = str(s.spans[fold].value)
    label = figure.label.replace(FN_WORDS.get(figure.fn, "?"), "").strip()
    reader.figure = figure.model_copy(update={"fn": fn, "label": f"{FN_WORDS[fn]} {label}"})
    s.use(fold)
    return True


def _of_figure(filters: tuple[Filter, ...], figure: Figure | None) -> tuple[Filter, ...]:
    """The conditions that a new figure goes by: a share of the won ones is not taken of the won ones alone."""
    if figure is None or figure.fn != "ratio" or figure.where is None:
        return filters
    part, whole = figure.where, figure.of or {}
    return tuple(f for f in filters if f.tree != part and not trees.narrows(f.tree, whole))


def _only_less(new: Filter, old: tuple[Filter, ...]) -> bool:
    """ "not counting lost" after closed deals takes some of them away, instead of standing in their place."""
    less = set(new.tree) == {"not"}
    return less and any(f.slot == new.slot and trees.narrows(new.tree["not"], f.tree) for f in old)


def _same_end(one: str, other: str) -> bool:
    """Whether two ways end in the same thing: the team of a deal and the team of its owner."""
    return "." in one + other and one.rpartition(".")[2] == other.rpartition(".")[2]


def _time_of(plan: Plan, registry: Registry) -> str | None:
    """The date the previous question's period went by, its time groups, or the deed it was about."""
    for each in plan.filters:
        if each.slot == "period" and each.tree.get("op") == "during":
            return str(each.tree["field"])
    sides = [f for side in plan.sides for f in side.filters if f.slot == "period"]
    buckets = [g.field for g in plan.group_by if g.bucket]
    if sides or buckets:
        return str(sides[0].tree.get("field")) if sides else buckets[0]
    known = [f.tree for f in plan.filters]
    said = [word.time_field for word in registry[plan.entity].words if word.where in known]
    return next((each for each in said if each), None)


def _inherit_year(s: Sentence, previous: Plan) -> None:
    """ "what about Dec?" after November 2017 is December 2017."""
    timed = [f.tree for f in previous.filters if f.slot == "period" and f.tree.get("op") == "during"]
    timed += [f.tree for side in previous.sides for f in side.filters if f.slot == "period"]
    years = [Period.model_validate(t["value"]).named_year for t in timed if t.get("op") == "during"]
    year = next((y for y in years if y), None)
    for span in s.spans:
        if span.tag != "period":
            continue
        said = [Period.model_validate(t["value"]) for t in timed]
        if len(said) == 1 and span.text.removeprefix("the ").split()[0] in _NEIGHBOURS:
            span.value = said[0].beside(span.value) or span.value
        elif year and span.value.named_year is None:
            span.value = span.value.with_year(year)
