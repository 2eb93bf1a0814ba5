"""From a question to its spans: every stretch of words gets one meaning, or is said to have none.

At each word the longest reading wins; between readings of one length a period or amount comes before a
cue, a cue before a word of the catalogues, and that before a name, so that an account called "Summer" or
"Most" cannot take the grammar away. What nothing reads is then tried as a misspelling, of a name or of a
known word, whichever is clearly nearer.
"""

from typing import Any

from crm_api.questions import amounts, grammar, period_reader, periods, reaching
from crm_api.questions.lexicon import Entry, Lexicon, stem
from crm_api.questions.linking import Name, Names
from crm_api.questions.pieces import CUE_PHRASES, Span, Tag, Token, tokenise
from crm_api.questions.spelling import Speller
from crm_api.questions.wording import normalise

_THE = sorted("the")  # however its letters were typed
_LONGEST_CUE = max(map(len, CUE_PHRASES))
_COMPARATORS = ("gt", "ge", "lt", "le", "eq", "between", "top", "bottom")
_JOINED_MONTHS = ("and", "or", "to", "vs", "versus", "through", ",", "against")
_PLACE_BEFORE = frozenset(("the", "in", "non", "outside", "from", "of"))


class Tagger:
    """Cuts one question into spans."""

    def __init__(self, lexicon: Lexicon, names: Names, *, day_first: bool = True) -> None:
        self.lexicon, self.names, self.day_first = lexicon, names, day_first

    def spans(self, question: str) -> list[Span]:
        """The spans of a question, in order, covering every token.

        Misspelt words are put right first and the sentence is cut again, so that a phrase with one wrong
        letter is still a phrase ("novmber 2017").
        """
        text, speller = normalise(question), Speller(self.lexicon, self.names)
        spans = self._cut(text)
        fixed = speller.spelt(text, spans)
        if fixed != text:
            spans = self._cut(fixed)
        return speller.mend(spans)

    def _cut(self, text: str) -> list[Span]:
        tokens, lower = tokenise(text), text.lower()
        spans: list[Span] = []
        at = 0
        while at < len(tokens):
            span = self._text(lower, tokens, at, spans) or self._best(lower, tokens, at, spans)
            spans.append(span)
            at = span.last + 1
        return spans

    def _text(self, lower: str, tokens: list[Token], at: int, before: list[Span]) -> Span | None:
        """The words behind "mentions" that a text is looked through for, where notes or mails are spoken of."""
        if not before or not before[-1].is_cue("mentions") or not _speaks_of_texts(before, self.lexicon):
            return None
        end = at
        while (
            end < len(tokens) and tokens[end].text not in grammar.ENDS_TEXT and tokens[end].text[0].isalnum()
        ):
            if end > at and self._period(lower, tokens, end, before):
                break
            end += 1
        words = [token.text for token in tokens[at:end]]
        return Span("text", at, end - 1, " ".join(words), value=" ".join(words)) if words else None

    def _best(self, lower: str, tokens: list[Token], at: int, before: list[Span]) -> Span:
        words = [token.text for token in tokens]
        found: list[tuple[int, int, Span]] = []  # tokens taken, precedence, span

        def add(rank: int, size: int, tag: Tag, **meaning: Any) -> None:
            span = Span(tag, at, at + size - 1, " ".join(words[at : at + size]), **meaning)
            found.append((size, rank, span))

        after_comparator = bool(before) and (before[-1].is_cue(*_COMPARATORS) or _second_of_two(before))
        if (amount := self._amount(lower, tokens, at)) is not None:
            add(6 if after_comparator else 4, amount[1], "amount", value=amount[0])
        if not (after_comparator and amount) and (period := self._period(lower, tokens, at, before)):
            add(5, period[1], "period", value=period[0])
        if (cue := _longest_cue(words, at)) and not self._is_kind(words, at, cue):
            add(3, cue[1], "cue", value=cue[0])
        if around := reaching.read(lower, tokens[at].start):
            size = sum(1 for token in tokens[at:] if token.start < around[1])
            add(6, size, "cue", value="near", reach=around[0])
        if words[at] in grammar.MINE and _is_owner(words, at):
            add(3, 1, "cue", value="me")
        if words[at] in grammar.BUCKETS or stem(words[at]) in grammar.BUCKETS:
            add(3, 1, "bucket", value=grammar.BUCKETS.get(words[at]) or grammar.BUCKETS[stem(words[at])])
        term = self.lexicon.longest_at(words, at)
        if term and not self._is_pronoun(tokens, at, term[0]) and not self._counts_kind(words, at, term):
            add(2, term[0], "term", entries=term[1])
        name = self.names.exact_at(words, at)
        if term and name and term[0] == name[0] and _names_choice(term[1], name[1]):
            found = [
                f for f in found if f[2].tag != "term"
            ]  # "prospecting" is the stage, as its neighbours are
        if name and not (
            name[0] == 1 and (self._is_pronoun(tokens, at, 1) or words[at] in grammar.STOP_WORDS - {"us"})
        ):
            add(1, name[0], "name", names=name[1])
        whole = name is not None and name[0] > 1  # "in Summer Sewald's team"
        if words[at] in grammar.SEASONS and _is_season(words, at) and not whole:
            return Span("vague", at, at, words[at])
        if found:
            return max(found, key=lambda f: (f[0], f[1]))[2]
        if words[at] in grammar.STOP_WORDS or not words[at][0].isalnum() or sorted(words[at]) == _THE:
            return Span("stop", at, at, words[at])
        if words[at] in grammar.VAGUE:
            return Span("vague", at, at, words[at])
        return Span("unknown", at, at, words[at])

    def _is_kind(self, words: list[str], at: int, cue: tuple[str, int]) -> bool:
        """ "an order", "no order in May": a kind of record, where "order by" and "order the regions" rank."""
        if cue != ("rank", 1) or not (self.lexicon.longest_at(words, at) or (0, []))[0]:
            return False
        ranks = "by" in words[at + 1 :] and (at == 0 or words[at - 1] in ("in", "and", "to", "please", ","))
        return not (ranks or words[at + 1 : at + 2] == ["by"] or at == 0)

    def _counts_kind(self, words: list[str], at: int, term: tuple[int, list[Entry]]) -> bool:
        """ "number of customers", "customer count": records are counted, though some kind keeps such a number, unless
        that kind is spoken of."""
        said = words[at : at + term[0]]
        rest = (
            said[2:] if said[:2] == ["number", "of"] else said[:-1] if said[-1] in ("count", "counts") else []
        )
        named = self.lexicon.longest_at(rest, 0) if rest else None
        if named is None or named[0] != len(rest) or not any(e.what == "kind" for e in named[1]):
            return False
        owners = {e.kind for e in term[1]}
        others = [*words[:at], ".", *words[at + term[0] :]]
        found = (self.lexicon.longest_at(others, i) for i in range(len(others)))
        return not any(e.kind in owners and e.what == "kind" for each in found if each for e in each[1])

    @staticmethod
    def _is_pronoun(tokens: list[Token], at: int, size: int) -> bool:
        """Whether "us" means the askers rather than the country."""
        token = tokens[at]
        if size > 1 or token.text not in grammar.STOP_WORDS:
            return False
        if (
            at
            and tokens[at - 1].text == "from"
            and any(t.text in grammar.CUSTOMER_DEEDS for t in tokens[:at])
        ):
            return not token.raw.isupper()  # "bought from us"
        return not (token.raw.isupper() or (at and tokens[at - 1].text in _PLACE_BEFORE))

    def _period(
        self, lower: str, tokens: list[Token], at: int, before: list[Span]
    ) -> tuple[periods.Period, int] | None:
        start, negated = tokens[at].start, any(span.is_cue("not", "without") for span in before)
        found = (negated and period_reader.until_now(lower, start)) or period_reader.read(
            lower, start, day_first=self.day_first
        )
        if not found:
            return None
        if tokens[at].text in ("may", "march", "mar", "sun", "sat") and _is_plain_word(tokens, at, found[1]):
            return None
        size = sum(1 for token in tokens[at:] if token.start < found[1])
        return (found[0], size) if tokens[at + size - 1].end <= found[1] else None

    @staticmethod
    def _amount(lower: str, tokens: list[Token], at: int) -> tuple[amounts.Amount, int] | None:
        found = amounts.read(lower, tokens[at].start)
        if not found:
            return None
        size = sum(1 for token in tokens[at:] if token.start < found[1])
        return (found[0], size) if tokens[at + size - 1].end <= found[1] else None


def _speaks_of_texts(before: list[Span], lexicon: Lexicon) -> bool:
    kinds = {e.kind for span in before for e in span.entries if e.what in ("kind", "word")}
    return any(lexicon.registry[kind].texts for kind in kinds)


def _second_of_two(before: list[Span]) -> bool:
    """Whether the next span is the 2000 of "between 1000 and 2000"."""
    return (
        len(before) > 2
        and before[-1].is_cue("and")
        and before[-2].tag == "amount"
        and before[-3].is_cue("between")
    )


def _is_owner(words: list[str], at: int) -> bool:
    """Whether "I" or "me" owns or does something, other than asking: not "show me", not "can I see"."""
    before = words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if words[at] == "i":
        return before not in grammar.MODALS and after not in grammar.NOT_MINE_AFTER
    if words[at] == "me":
        shown_to = before == "to" and at > 1 and words[at - 2] in ("show", "give", "explain", "list", "read")
        return before in grammar.LEADS_TO_ME and not shown_to
    return True


def _names_choice(entries: list[Entry], names: list[Name]) -> bool:
    """Whether a value of a closed list is also the name of a record of that very kind."""
    kinds = {n.kind for n in names if n.id}
    says_kind = all(e.what == "choice" and (e.kind in kinds or e.name in kinds) for e in entries)
    return says_kind and bool(kinds & {e.kind for e in entries})


def _is_season(words: list[str], at: int) -> bool:
    """Whether "summer" is a time of the year, which no period says, rather than somebody's name."""
    before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
    return before in ("last", "this", "next", "in", "during", "since", "the") or after[:2] in ("19", "20")


def _longest_cue(words: list[str], at: int) -> tuple[str, int] | None:
    for size in range(min(_LONGEST_CUE, len(words) - at), 0, -1):
        if cue := CUE_PHRASES.get(tuple(words[at : at + size])):
            return cue, size
    return None


def _is_plain_word(tokens: list[Token], at: int, end: int) -> bool:
    """ "May", "March": a month after a preposition, with a year or number, or written with a capital; else a word."""
    if sum(1 for token in tokens[at:] if token.start < end) > 1 or (at and tokens[at].raw[0].isupper()):
        return False
    if (
        len(tokens) > at + 2
        and tokens[at + 1].text in _JOINED_MONTHS
        and tokens[at + 2].text in periods.MONTHS
    ):
        return False
    return at == 0 or tokens[at - 1].text not in (
        "in",
        "of",
        "for",
        "and",
        "or",
        "during",
        "about",
        "since",
        "vs",
        "versus",
        "last",
        "to",
    )
