"""A question in plain words before it is cut: contractions opened, fillers gone, turns of phrase said as the grammar
reads them."""

import re

from crm_api.questions import grammar

_CONTRACTIONS = (
    ("won't", "will not"),
    ("can't", "can not"),
    ("ain't", "is not"),
    ("n't", " not"),
    ("what's", "what is"),
    ("who's", "who is"),
    ("where's", "where is"),
    ("when's", "when is"),
    ("how's", "how is"),
    ("let's", "let us"),
    ("that's", "that is"),
    ("i'm", "i am"),
    ("'re ", " are "),
    ("we've", "we have"),
    ("i've", "i have"),
    ("'d ", " would "),
    ("s' ", "s 's "),
)
# Turns of phrase that say in other words what the grammar reads.
_REWORDED = (
    (re.compile(r"\b(day|week|month|quarter|year)[ -]by[ -]\1\b", re.IGNORECASE), r"by \1"),
    (re.compile(r"\b([a-z]+) nothing\b", re.IGNORECASE), r"not \1"),
    (re.compile(r"\b(have|has|had) an? (?=[a-z])", re.IGNORECASE), "with a "),
    (re.compile(r"\b(in|of) (millions|thousands)( of (dollars|usd))?\b", re.IGNORECASE), ""),
    (
        re.compile(
            r"\b(?:everyone|everybody|anyone|anybody|all)(?= (?:except|besides|other than|apart from|but not)\b)",
            re.I,
        ),
        "",
    ),
    (re.compile(r"\b(?:everyone|everybody|anyone|anybody|all) but\b", re.IGNORECASE), "except"),
    (re.compile(r"\bby (?:what|how many) percent(?:age)?(?: points)?\b", re.IGNORECASE), "percent change"),
    (
        re.compile(
            r"\bhow (?:are|is|were|do|did) (.{3,60}?) (?:spread|distributed|divided|split|spread out) "
            r"(?:over|across|among|between|by|into)\b",
            re.IGNORECASE,
        ),
        r"number of \1 by",
    ),
    (
        re.compile(
            r"\bhow often (?:do|does|did|have|has) (.{1,40}?) (?:win|won)\b(?: deals?)?(?: when selling)?",
            re.IGNORECASE,
        ),
        r"win rate of \1",
    ),
    (re.compile(r"\bhow much business\b", re.IGNORECASE), "how much"),
    # What is lost is worth nothing to whoever closes it.
    (
        re.compile(r"\bhow much (.{0,60}?)\bclosed?\b(?! (?:lost|rate|date))", re.IGNORECASE),
        r"how much \1win",
    ),
    (re.compile(r"\bwhat (did|has|have) (.{1,60}?) (?:sell|sold)\b", re.IGNORECASE), r"how much \1 \2 sell"),
    (re.compile(r"\b(?:just|only) the (?:number|count|total number)\b", re.IGNORECASE), "count"),
    (re.compile(r"\b(what|who|where|when|how)s\b", re.IGNORECASE), r"\1 is"),
    (
        re.compile(
            r"\b(?:break|split|slice|cut|divide|group) (?:that|it|this|them|those) (?:down |up )?by\b", re.I
        ),
        "by",
    ),
    (
        re.compile(r"\bthe (month|quarter|year|week) (?:before|earlier|prior)\b(?! )", re.I),
        r"the previous \1",
    ),
    (re.compile(r"\bthe (month|quarter|year|week) after\b(?! )", re.I), r"the following \1"),
    (
        re.compile(
            r"\b(which|what|whichever) ones?\b(?= (?:is|was|has|had|do|does|did|are|were|have|of)\b)", re.I
        ),
        r"\1",
    ),
    (
        re.compile(r"\bdo we (?:cover|serve|work with|deal with|sell to|sell into)\b", re.IGNORECASE),
        "do we have",
    ),
    (re.compile(r"\bin (?:our|the team's|the company's) pipeline\b", re.IGNORECASE), "in the pipeline"),
    (
        re.compile(
            r"\bwho(?:m)? (?:(?:should|do|must|can|shall) (i|we)(?: have to| need to)?|to) (?:call|ring|phone)\b"
            r"(?: (?:next|first|now|today))?",
            re.IGNORECASE,
        ),
        "my calls to make due until today",
    ),
    (
        re.compile(
            r"\b(what|which) ([a-z ]{3,25}?) does (.{2,40}?) (?:cover|belong to|sit in)\b", re.IGNORECASE
        ),
        r"\1 \2 is \3 in",
    ),
    # "Also the lost ones", "and the lost ones too": besides what was counted.
    (re.compile(r"^(?:and )?also (?:the )?(?=[a-z]+(?: ones?| deals?)?\W*$)", re.IGNORECASE), "including "),
    (
        re.compile(
            r"^(?:and |with |what about )?(?:the )?([a-z]+)(?: ones?| deals?)? (?:too|as well)\W*$",
            re.IGNORECASE,
        ),
        r"including \1",
    ),
    (re.compile(r"\bi mean\b", re.IGNORECASE), ""),
    (re.compile(r"[,:-] ?(?:the )?number\W*$", re.IGNORECASE), ", count"),
    (re.compile(r"\bhead office\b", re.IGNORECASE), "headquarter"),
    (re.compile(r"(?<!year )(?<!quarter )(?<!month )(?<!week )\b(?:to date|of all time|all time)\b"), ""),
)
_FILLERS = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, grammar.FILLERS), key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)
_ATTACHED = re.compile(
    r"\b(no|without(?: an?y?)?|with an?|any) ((?:[a-z]+ )?[a-z]+) (?:"
    + "|".join(sorted(grammar.ATTACHED))
    + r")\b"
    r"(?! to\b)",
    re.IGNORECASE,
)
_WEEKS = re.compile(
    r"\b(over|more than|longer than|at least|under|less than|at most) (\d{1,3}) weeks?\b", re.IGNORECASE
)
# "Two or more deals" is said as "at least two deals", so that the number stands behind what compares.
_OR_MORE = re.compile(
    r"((?:[$€£₹] ?)?\b(?:\d[\d,.]*(?: ?(?:k|m|mn|bn|thousand|million|billion|lakh|crore|cr)\b)?|"
    r"two|three|four|five|six|seven|eight|nine|ten|a dozen))\+? or "
    r"(more|above|over|higher|greater|fewer|less|below|under|lower)\b(?! than)",
    re.IGNORECASE,
)
_AT_LEAST = ("more", "above", "over", "higher", "greater")
_DECADE = re.compile(r"\b(?:in|during|from|of) the (19|20)?(\d)0'?s\b", re.IGNORECASE)


def normalise(question: str) -> str:
    """One line in plain quotes with contractions opened; the case is kept, since "US" is not "us"."""
    text = question.translate(str.maketrans("‘’“”–—\u00a0", "''\"\"-- "))
    for short, long in _CONTRACTIONS:
        text = re.sub(re.escape(short), long, text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=\w)%", " percent", text).replace("%", "percent")
    text = _ATTACHED.sub(r"\1 \2", _FILLERS.sub(" ", text))
    for said, plain in _REWORDED:
        text = said.sub(plain, text)
    text = _WEEKS.sub(lambda said: f"{said[1]} {7 * int(said[2])} days", _DECADE.sub(_decade, text))
    text = _OR_MORE.sub(
        lambda said: f"{'at least' if said[2].lower() in _AT_LEAST else 'at most'} {said[1]}", text
    )
    return " ".join(text.replace('"', " ").split())


def _decade(said: re.Match[str]) -> str:
    """The first and last year of "the 90s" or "the 1990s"; two digits of 30 and more are of the last century."""
    century = int(said[1] or (19 if int(said[2]) >= 3 else 20))
    return f"between {century}{said[2]}0 and {century}{said[2]}9"
