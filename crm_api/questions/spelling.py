"""Putting right what was misspelt: single words before a question is cut, names after it was."""

from rapidfuzz.distance import OSA

from crm_api.questions import periods
from crm_api.questions.lexicon import Lexicon, words_of
from crm_api.questions.linking import Names
from crm_api.questions.pieces import CUE_PHRASES, Span, tokenise

_CORRECTABLE = {phrase[0] for phrase in CUE_PHRASES if len(phrase) == 1 and len(phrase[0]) > 4} | {
    month for month in periods.MONTHS if len(month) > 4
}


class Speller:
    """Mends the words and names of one question."""

    def __init__(self, lexicon: Lexicon, names: Names) -> None:
        self.lexicon, self.names = lexicon, names

    def spelt(self, text: str, spans: list[Span]) -> str:
        """The text with its misspelt words put right; a run that is a misspelt name stays."""
        tokens = tokenise(text)
        for run in reversed(_runs(spans)):
            words = [span.text for span in run]
            if len(run) > 1 and self.names.near(words):
                continue
            for span in reversed(run):
                known_part = any(span.text in name.label.lower() for name in self.names.near([span.text]))
                known = _cue_with(tokens[span.first - 1].text, span.text) if span.first else None
                if not known_part and (word := known or self._corrected(span.text)):
                    token = tokens[span.first]
                    text = text[: token.start] + word + text[token.end :]
        return text

    def mend(self, spans: list[Span]) -> list[Span]:
        """Try each run of unread words as a misspelt or shortened name, the longest parts first."""
        mended: list[Span] = []
        runs = {run[0].first: run for run in _runs(spans)}
        for span in spans:
            if span.tag != "unknown":
                mended.append(span)
            elif span.first in runs:
                if mended and (whole := self._completed(mended[-1], runs[span.first])):
                    mended[-1:] = [whole]
                else:
                    mended.extend(self._mend_run(runs[span.first]))
        return _whole_names(mended)

    def _completed(self, begun: Span, run: list[Span]) -> Span | None:
        """A name of which several begin so, and whose misspelt rest says which: "GTX Plus Basc"."""
        if begun.tag != "name":
            return None
        names = self.names.near([*begun.text.split(), *(span.text for span in run)])
        if len(names) != 1 or names[0] not in begun.names:
            return None
        text = " ".join([begun.text, *(span.text for span in run)])
        return Span("name", begun.first, run[-1].last, text, names=names)

    def _mend_run(self, run: list[Span]) -> list[Span]:
        for size in range(len(run), 0, -1):
            for start in range(len(run) - size + 1):
                part = run[start : start + size]
                if names := self.names.near([span.text for span in part]):
                    text = " ".join(span.text for span in part)
                    span = Span("name", part[0].first, part[-1].last, text, names=names)
                    return [*self._mend_run(run[:start]), span, *self._mend_run(run[start + size :])]
        return run

    def _corrected(self, word: str) -> str | None:
        """The known word a misspelt one must be: of the catalogues, a cue, or a month."""
        if form := self.lexicon.inflected(word):
            return form
        fixed = self.lexicon.correct(word, _CORRECTABLE)
        return fixed[0] if fixed else None


def _whole_names(spans: list[Span]) -> list[Span]:
    """A misspelt name takes the words behind it that are its own: the "Partners" of a "Vehement Capital Partners"."""
    whole: list[Span] = []
    for span in spans:
        name = whole[-1] if whole else None
        if name and name.tag == "name" and len(name.names) == 1 and name.last + 1 == span.first:
            rest = set(words_of(name.names[0].label)) - set(
                name.text.split()
            )  # what was said is not said again
            said = span.text.split()
            if span.tag in ("term", "unknown", "vague") and all(
                _is_or_misspells(word, rest) for word in said
            ):
                text = f"{name.text} {span.text}"
                whole[-1] = Span("name", name.first, span.last, text, names=name.names)
                continue
        whole.append(span)
    return whole


def _is_or_misspells(word: str, known: set[str]) -> bool:
    """Whether a word is one of these, or misses one of them by a stroke: "genco pura oliv oil"."""
    return word in known or (len(word) > 3 and any(OSA.distance(word, each) == 1 for each in known))


def _runs(spans: list[Span]) -> list[list[Span]]:
    """The stretches of spans that nothing read."""
    runs: list[list[Span]] = []
    for before, span in zip([None, *spans], spans, strict=False):
        if span.tag != "unknown":
            continue
        if before is not None and before.tag == "unknown":
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def _cue_with(before: str, word: str) -> str | None:
    """The word that makes a cue of the one before and that `word` misses by one stroke: "how mny"."""
    near = [p[1] for p in CUE_PHRASES if len(p) == 2 and p[0] == before and OSA.distance(p[1], word) == 1]
    return near[0] if len(word) > 2 and len(near) == 1 else None
