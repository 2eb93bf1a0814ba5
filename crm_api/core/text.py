"""Folding: the one way text is compared, sorted and searched, the same on both databases."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")


def fold(text: str | None) -> str:
    """Casefolded, accent-free, single-spaced; what sort keys, name keys and search words are made of.

    Accents go by NFKD decomposition; letters that do not decompose (ß, ø, ł) are mapped by hand.
    """
    if not text:
        return ""
    plain = unicodedata.normalize("NFKD", text.translate(_UNDECOMPOSED).casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


_UNDECOMPOSED = str.maketrans(
    {
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "þ": "th",
        "Þ": "TH",
        "ð": "d",
        "Ð": "D",
        "ı": "i",
    }
)


def words(text: str | None) -> list[str]:
    """The folded words of a text: runs of letters and digits."""
    return _WORD.findall(fold(text))


def digits(text: str | None) -> str:
    """Only the digits, for phone numbers and record numbers."""
    return "".join(c for c in text or "" if c.isdigit())
