"""Folding: the one way text is compared, sorted and searched, the same on both databases."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")


# Letters that no decomposition takes apart.
_UNDECOMPOSED = str.maketrans(
    dict(zip("øØłŁđĐðÐı", "oOlLdDdDi", strict=True))
    | {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH"}
)


def fold(text: str | None) -> str:
    """Casefolded, accent-free, single-spaced; what sort keys, name keys and search words are made of.

    Accents go by NFKD decomposition (Unicode Standard Annex 15), once before and once after casefolding:
    either may bring up what the other has to undo. Folding what is folded changes nothing.
    """
    if not text:
        return ""
    if text.isascii():  # the same, without taking every letter apart: most of what an import writes
        return " ".join(text.lower().split())
    plain = _bare(_bare(text.translate(_UNDECOMPOSED)).casefold()).translate(_UNDECOMPOSED)
    return " ".join(plain.split())


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def words(text: str | None) -> list[str]:
    """The folded words of a text: runs of letters and digits."""
    return _WORD.findall(fold(text))


def digits(text: str | None) -> str:
    """Only the digits, for phone numbers and record numbers."""
    return "".join(c for c in text or "" if c.isdigit())


def a(noun: str) -> str:
    """A noun, such as the name of a kind, with its article: "an account", "a visit plan"."""
    return f"{'an' if noun[:1] in 'aeio' else 'a'} {noun.replace('_', ' ')}"


def counted(number: int, one: str, several: str) -> str:
    """A number and what is counted: "1 row is", "1,200 rows are"."""
    return f"{number:,} {one if number == 1 else several}"
