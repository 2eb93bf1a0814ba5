"""Text from a file into typed values, strictly: what is not surely meant is refused with a reason.

Every function raises ValueError with a message that completes "this is …".
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from crm_api.core.schemas import Email, Phone

_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_LARGEST = Decimal(10) ** 14
_YES = frozenset({"yes", "true", "1", "y", "x"})
_NO = frozenset({"no", "false", "0", "n"})


def number(text: str) -> Decimal:
    """A number with a decimal point; commas only between thousands."""
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if len(text) > 40 or not text.isascii() or not _PLAIN.fullmatch(text):
        raise ValueError("not a number; write 1234.5 or 1,234.5")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("not a number") from None


def integer(text: str, *, least: int = 0, most: int = 10**9) -> int:
    """A whole number between two bounds, both included."""
    found = number(text)
    if found != found.to_integral_value():
        raise ValueError("not a whole number")
    if not least <= found <= most:
        raise ValueError(f"not between {least:,} and {most:,}")
    return int(found)


def minor_units(text: str, *, decimals: int, scale: Decimal | None = None) -> int:
    """An amount of money in minor units of a currency with that many decimals. Never negative."""
    amount = number(text) * (scale or 1)
    if amount < 0:
        raise ValueError("negative; an amount of money cannot be below 0")
    if amount > _LARGEST:
        raise ValueError("larger than any amount of money here may be (10^14)")
    exact = amount.scaleb(decimals)
    if exact != exact.to_integral_value():
        raise ValueError(f"more exact than the currency's {decimals} decimals")
    return int(exact)


def decimal(text: str, *, least: float, most: float) -> float:
    """A number between two bounds, both included."""
    found = float(number(text))
    if not least <= found <= most:
        raise ValueError(f"not between {least:g} and {most:g}")
    return found


def day(text: str, format: str | None = None) -> date:
    """A calendar day: ISO 8601 (`2026-11-21`), or in the strptime `format` of the mapping."""
    try:
        found = datetime.strptime(text, format).date() if format else date.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        raise ValueError(f"not a day of the form {format or 'YYYY-MM-DD'}, or no such day") from None
    if not 1900 <= found.year <= 9998:
        raise ValueError("not a year between 1900 and 9998")
    return found


def instant(text: str, format: str | None = None, *, zone: str = "UTC") -> datetime:
    """An instant in UTC. Without an offset it is local time in `zone`; a bare day is its first moment."""
    try:
        found = datetime.strptime(text, format) if format else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        raise ValueError(f"not a time of the form {format or 'YYYY-MM-DD[THH:MM]'}, or no such day") from None
    if not 1900 <= found.year <= 9998:
        raise ValueError("not a year between 1900 and 9998")
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def noon(at: date, zone: str) -> datetime:
    """The middle of a day in a zone, in UTC."""
    return datetime.combine(at, time(12), ZoneInfo(zone)).astimezone(UTC)


def boolean(text: str) -> bool:
    """Yes or no, true or false, 1 or 0."""
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError("neither yes nor no")


def choice(text: str, words: tuple[str, ...], others: Mapping[str, str]) -> str:
    """One of the words, or the one that another word stands for; case is nothing, a space an underscore."""
    word = text.casefold().replace(" ", "_")
    word = others.get(word, word)
    if word not in words:
        raise ValueError(f"none of {', '.join(words)}")
    return word


def text_of(most: int) -> Callable[[str], str]:
    """A check for text of at most `most` characters."""

    def check(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"{len(text):,} characters long; at most {most:,} are allowed")
        return text

    return check


_email: TypeAdapter[Any] = TypeAdapter(Email)
_phone: TypeAdapter[Any] = TypeAdapter(Phone)


def email(text: str) -> str:
    """An e-mail address."""
    return _checked(_email, text, "no e-mail address such as name@example.com")


def phone(text: str) -> str:
    """A phone number of 7 to 15 digits, kept as typed."""
    return _checked(_phone, text, "no phone number; one has 7 to 15 digits")


def _checked(adapter: TypeAdapter[Any], text: str, message: str) -> str:
    try:
        return adapter.validate_python(text)  # type: ignore[no-any-return]
    except ValidationError:
        raise ValueError(message) from None
