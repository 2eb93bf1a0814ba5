"""Settling what words mean before the kind is decided: teams that are everybody, praise beside a figure, words that
are a figure and a field, a deed and a value."""

from collections.abc import Iterator

from crm_api.core.fields import Measure
from crm_api.questions import grammar
from crm_api.questions.lexicon import Entry, stem, word_of
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Unclear, clarify
from crm_api.questions.sentence import Sentence

COMPARING = ("gt", "ge", "lt", "le", "eq")
_RANKED = ("most", "least", "top", "bottom")


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


def settle_shared_measures(s: Sentence) -> None:
    """A word that is a figure and a link or value as well: "pipeline by stage" is what it is worth, "deals by
    pipeline" are in one."""
    for at, _ in list(s.terms("measure")):
        span, before, after = s.spans[at], s.at(at - 1), s.at(at + 1)
        if not span.entry("relation", "kind", "choice") or span.entry("field"):
            continue
        others = any(
            n is not span and n.entry("measure", "kind", "word") and not _only_group(s, n) for n in s.spans
        )
        named = any(near is not None and near.tag == "name" for near in (before, after))
        linked = before is not None and (
            before.is_cue("by", "each", "of", "breakdown") or before.text == "which"
        )
        alone = not (others or named or linked or span.is_plural)
        keep = ("measure",) if alone else ("relation", "kind", "choice", "word")
        span.entries = [e for e in span.entries if e.what in keep] or span.entries
        forecast = any(e.what == "choice" for e in span.entries) and len(span.entries) > 1
        if forecast:  # a link says it as well: a value of a list only where its field is named
            span.entries = [e for e in span.entries if e.what != "choice"]


def _only_group(s: Sentence, span: Span) -> bool:
    """Whether a word stands behind "by", or is beside a name: it does not say what is asked."""
    at = next(i for i, each in enumerate(s.spans) if each is span)
    before = s.at(at - 1)
    return before is not None and before.is_cue("by", "each", "breakdown")


def join_repeated(s: Sentence) -> None:
    """ "headquarters country", "industry sector": two words for one field beside each other say it once."""
    for at in range(len(s.spans) - 1, 0, -1):
        before, span = s.spans[at - 1], s.spans[at]
        if before.tag != "term" or span.tag != "term" or before.entry("measure", "word", "choice", "kind"):
            continue
        shared = [e for e in before.entries if e.what == "field" and e in span.entries]
        if shared:
            text = f"{before.text} {span.text}"
            s.spans[at - 1 : at + 1] = [Span("term", before.first, span.last, text, entries=shared)]


def settle_owners(s: Sentence) -> None:
    """ "accounts that X owns", where X is a company: owners are people, so the company above is meant."""
    for at, entry in list(s.terms("relation")):
        span, before = s.spans[at], s.at(at - 1)
        if before is None or before.tag != "name" or span.entry("kind", "word", "field", "measure"):
            continue
        kinds = {n.kind for n in before.names if n.id}
        kind = entry.kind if kinds == {entry.kind} else next(iter(kinds), "")
        if len(kinds) != 1 or len(before.names) != 1 or not _says_owned(s, span, kind):
            continue
        above = next((r for r in s.registry[kind].relations if r.target == kind), None)
        if above is not None:
            before.names, before.tag = before.names, "name"
            span.entries = [Entry("relation", kind, above.name)]
            s.spans[at - 1 : at + 1] = [span, Span("cue", span.last, span.last, "by", value="by"), before]


def _says_owned(s: Sentence, span: Span, kind: str) -> bool:
    """Whether a verb is that of the people who own records of the kind, and its passive that of the one above."""
    owner = next((r for r in s.registry[kind].relations if r.target == "user"), None) if kind else None
    above = next((r for r in s.registry[kind].relations if r.target == kind), None) if kind else None
    by = {stem(word.split()[0]) for word in (above.synonyms if above else ()) if word.endswith(" by")}
    return (
        owner is not None
        and any(e.what == "relation" and e.name == owner.name for e in span.entries)
        and any(stem(span.text) == each.removesuffix("ed") or f"{stem(span.text)}ed" == each for each in by)
    )


def drop_team_of_manager(s: Sentence) -> None:
    """ "each manager's team", "which manager's team won …": the people under somebody, who stands for them anyway."""
    for at in range(len(s.spans) - 1, 1, -1):
        span, poss, leader = s.spans[at], s.spans[at - 1], s.spans[at - 2]
        if (
            span.entry("reverse")
            and poss.is_cue("poss")
            and (
                any(_gathers(s, e) for e in leader.entries if e.what == "relation") or _leads_team(s, leader)
            )
        ):
            s.spans[at - 1 : at + 1] = []
            return


def _leads_team(s: Sentence, leader: Span) -> bool:
    """ "won by Ann's team": what was done is hers and her people's; "who is on Ann's team" asks about them."""
    people = {"user", "team"}
    others = any(
        e.kind not in people and e.what in ("word", "measure") for span in s.spans for e in span.entries
    )
    named = leader.tag == "name" and all(n.kind == "user" and n.id for n in leader.names)
    return (
        named
        and others
        and not s.has("who")
        and not any(e.what == "kind" and e.kind == "user" for span in s.spans for e in span.entries)
    )


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


def settle_deeds(s: Sentence) -> None:
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
                and not span.is_plural
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


def settle_figures(s: Sentence) -> None:
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
        if _is_shown(s, at, each.kind):
            span.entries = [e for e in span.entries if e.what == "field" and e.kind == each.kind]
            continue
        if each.kind == measure.kind and _is_compared(s, at):
            continue  # a condition on the field, or one on groups: the figures tell
        if each.kind == measure.kind and _ranks_records(s, at, each.kind):
            span.entries = [e for e in span.entries if e.what != "measure"]
            continue
        if _is_compared(s, at) and _describes_its_kind(s, at, each.kind):
            span.entries = [e for e in span.entries if e.what != "measure"]
            continue
        if each.kind == measure.kind or _speaks_of(s, at, measure.kind, each.kind):
            span.entries = [e for e in span.entries if e.what != "field"]
        elif after and after.is_cue(*COMPARING, "between") and any(kinds_before(s, at)):
            span.entries = [e for e in span.entries if e.what != "measure"]
        elif _of_several(s, at, each.kind):
            field = s.registry[each.kind].field(each.name)
            title = field.title if field else each.name
            s.assumptions.append(f"“{span.text}” is read as the {title} of each {each.kind}")
            span.entries = [e for e in span.entries if e.what != "measure"]
        elif _of_kind(s, at, each.kind):
            field = s.registry[each.kind].field(each.name)
            other = f"the {field.title if field else each.name} of the {each.kind}"
            raise Unclear(clarify(f"Do you mean the {measure.name.replace('_', ' ')}, or {other}?"))
        else:
            s.assumptions.append(f"“{span.text}” is read as {measure.name.replace('_', ' ')}")
            span.entries = [e for e in span.entries if e.what != "field"]


def _is_shown(s: Sentence, at: int, kind: str) -> bool:
    """ "list the finance accounts with their revenue": a field of each, at the end of what is listed."""
    before, asks = s.at(at - 1), s.at(0)
    named = next((e.kind for span in s.spans for e in span.entries if e.what == "kind"), None)
    ends = before is not None and before.is_cue("with") and at == len(s.spans) - 1
    return ends and named == kind and asks is not None and asks.is_cue("ask")


def _ranks_records(s: Sentence, at: int, kind: str) -> bool:
    """ "the 3 slowest won deals by sales cycle": records are ranked, by their own field."""
    rank, by = next(s.cues("top", "bottom", "max", "min"), None), s.at(at - 1)
    if rank is None or rank > at or by is None or not by.is_cue("by"):
        return False
    index = rank + 1
    while index < at and (s.spans[index].tag in ("amount", "name") or s.spans[index].entry("word")):
        index += 1
    return any(e.what == "kind" and e.kind == kind for e in s.spans[index].entries)


def _describes_its_kind(s: Sentence, at: int, kind: str) -> bool:
    """ "deals with accounts whose revenue is above 5000": what stands right behind a kind is of that kind, unless a
    period follows, in which something was earned."""
    back = at - 1
    while back >= 0 and (s.spans[back].is_cue("with", "that", "is", "of") or s.spans[back].text == "whose"):
        back -= 1
    near = s.at(back) if back < at - 1 else None
    if near is None or not any(e.what == "kind" and e.kind == kind for e in near.entries):
        return False
    return s.spans[back + 1].text == "whose" or not any(n.tag == "period" for n in s.spans[at:])


def _is_compared(s: Sentence, at: int) -> bool:
    """Whether an amount stands beside: "cycle under 10 days", "more than 100 days to close"."""
    after, before = s.at(at + 1), s.at(at - 1)
    if after and after.is_cue("is", "of"):
        after = s.at(at + 2)
    return bool((after and after.is_cue(*COMPARING, "between")) or (before and before.tag == "amount"))


def _speaks_of(s: Sentence, at: int, kind: str, other: str) -> bool:
    for index, span in enumerate(s.spans):
        if index == at:
            continue
        if span.tag == "period" or (
            index == s.after(at, over=("is",)) and span.is_cue("of") and span.text == "from"
        ):
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


def _of_several(s: Sentence, at: int, kind: str) -> bool:
    """ "average revenue of accounts in software": of records of the kind that are not named, and nothing was sold."""
    index = s.after(at)
    link = s.at(at + 1)
    if link is None or not link.is_cue("of") or link.text not in ("of", "of all"):
        return False
    index = s.after(at + 1, over=("of",))
    while index is not None and s.spans[index].tag == "name" and not any(n.id for n in s.spans[index].names):
        index = s.after(index)  # "of retail accounts"
    noun = s.spans[index] if index is not None else None
    return (
        noun is not None and noun.is_plural and any(e.what == "kind" and e.kind == kind for e in noun.entries)
    )


def _of_kind(s: Sentence, at: int, kind: str) -> bool:
    """Whether the sentence names this kind, or a record of it."""
    return any(
        any(e.what == "kind" and e.kind == kind for e in span.entries)
        or any(n.kind == kind and n.id for n in span.names)
        for span in s.spans
    )


def kinds_before(s: Sentence, at: int) -> Iterator[Span]:
    return (span for span in s.spans[:at] if span.entry("kind", "relation", "field"))
