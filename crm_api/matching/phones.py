"""Phone numbers: kept as typed, compared as E.164."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import phonenumbers

COUNTRIES = ("billing_country", "country")


def comparable(values: Mapping[str, Any], column: str) -> str | None:
    """The E.164 form of one of the numbers of a record, read as one of the country the record is in."""
    country = next((values[name] for name in COUNTRIES if values.get(name)), "US")
    return e164(values.get(column), country if len(country) == 2 else "US")


@lru_cache(maxsize=1024)  # asked for twice of each row of an import: to find duplicates, and to write it
def e164(typed: str | None, region: str = "US") -> str | None:
    """The E.164 form of a number as typed, read as one of `region` where it has no country code; or None."""
    if not typed:
        return None
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
