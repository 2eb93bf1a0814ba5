"""Phone numbers: kept as typed, compared as E.164."""

from functools import lru_cache

import phonenumbers


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
