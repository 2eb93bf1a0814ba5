"""Amounts as people write them: 50k, $1.2m, ₹5 lakh, 2 cr, 1,00,000, 10 %, "three".

A bare number is a count, an amount or a year only in its place in the sentence; here it stays a number.
`lakh` is 10^5 and `crore` 10^7 (Indian numbering); `m` is a million, never a thousand.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

_SCALES = {
    "k": 3,
    "thousand": 3,
    "m": 6,
    "mn": 6,
    "mio": 6,
    "million": 6,
    "b": 9,
    "bn": 9,
    "billion": 9,
    "lakh": 5,
    "lac": 5,
    "l": 5,
    "cr": 7,
    "crore": 7,
    "hundred": 2,
    "dozen": 0,
}
_CURRENCIES = {
    "$": "USD",
    "us$": "USD",
    "usd": "USD",
    "dollar": "USD",
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "£": "GBP",
    "gbp": "GBP",
    "pound": "GBP",
    "₹": "INR",
    "rs": "INR",
    "rs.": "INR",
    "inr": "INR",
    "rupee": "INR",
}
_WORDS = {
    word: n
    for n, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "hundred": 100,
    "dozen": 12,
    "thousand": 1_000,
    "lakh": 100_000,
    "million": 1_000_000,
    "crore": 10_000_000,
    "billion": 1_000_000_000,
}

_AMOUNT = re.compile(
    r"(?P<before>us\$|[$€£₹]|(?:usd|eur|gbp|inr|rs\.?)(?= ?\d))? ?"
    r"(?:(?P<number>\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)|(?P<word>"
    + "|".join(_WORDS)
    + r")(?=\W|$))"
    r"(?: ?(?P<scale>thousand|million|mio|mn|m|billion|bn|b|k|lakh|lac|crore|cr|l)s?(?![\w]))?"
    r"(?: ?(?P<after>%|percent|per cent|pct|[€£₹$]|usd|dollars?|euros?|eur|gbp|pounds?|inr|rupees?|rs)(?![\w]))?"
    r"(?![\w])"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number somebody wrote. `currency` is ISO 4217 where one was named; `percent` where % was."""

    value: Decimal
    currency: str | None = None
    percent: bool = False
    has_scale: bool = False  # "k", "million", "crore" … was said

    @property
    def is_count(self) -> bool:
        """Whether it can stand for "how many": a plain whole number."""
        return self.currency is None and not self.percent and self.value == self.value.to_integral_value()

    def number(self) -> int | float:
        """The value as JSON wants it: whole numbers as int."""
        return int(self.value) if self.value == self.value.to_integral_value() else float(self.value)


def read(text: str, at: int = 0) -> tuple[Amount, int] | None:
    """The amount that starts exactly at `at` in lower-case `text`, and where it ends; None where none does."""
    m = _AMOUNT.match(text, at)
    if not m or m.end() == at or text[at] == " ":
        return None
    value = Decimal(m["number"].replace(",", "")) if m["number"] else Decimal(_WORDS[m["word"]])
    if m["scale"]:
        value *= Decimal(10) ** _SCALES[m["scale"]]
    after = m["after"] or ""
    percent = after in ("%", "percent", "per cent", "pct")
    currency = (
        _CURRENCIES.get(m["before"] or "") or _CURRENCIES.get(after) or _CURRENCIES.get(after.rstrip("s"))
    )
    return Amount(value, currency, percent, bool(m["scale"]) or m["word"] in _SCALES), m.end()
