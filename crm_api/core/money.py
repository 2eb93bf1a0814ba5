"""Money: integers in the currency's minor unit inside, numbers in its major unit outside."""

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_precision

from crm_api.core.errors import Invalid

# The most that is kept, in minor units: a hundred times it, value x probability, is still a 64-bit number.
LARGEST = 9 * 10**16


@cache
def decimals(currency: str) -> int:
    """How many decimals an ISO 4217 currency has: 2 for USD, 0 for JPY, 3 for KWD (CLDR's table)."""
    return get_currency_precision(currency)


def require_currency(code: str, *, field: str = "currency") -> str:
    """The code in upper case; raises Invalid where ISO 4217 has none such."""
    code = code.upper()
    if code not in get_global("all_currencies"):
        raise Invalid.field(field, f"'{code}' is not an ISO 4217 currency code, such as USD or EUR")
    return code


def to_minor(amount: Decimal | int | float | None, currency: str, *, field: str = "amount") -> int | None:
    """Minor units of an amount in major units; raises Invalid where it has too many decimals or is too large."""
    if amount is None:
        return None
    exact = Decimal(str(amount)).scaleb(decimals(currency))
    if exact != exact.to_integral_value():
        raise Invalid.field(field, f"{currency} has {decimals(currency)} decimals; {amount} has more")
    if abs(exact) > LARGEST:
        raise Invalid.field(field, f"at most {Decimal(LARGEST).scaleb(-decimals(currency)):,} {currency}")
    return int(exact)


def to_major(minor: int | Decimal | None, currency: str) -> float | None:
    """The JSON number for an amount in minor units, rounded half up; exact up to 2^53 of them."""
    if minor is None:
        return None
    whole = Decimal(minor).quantize(Decimal(1), ROUND_HALF_UP)
    places = decimals(currency)
    return float(whole.scaleb(-places)) if places else int(whole)


def recast(minor: int | None, before: str, after: str, *, field: str = "amount") -> int | None:
    """The same number in another currency: 100.00 USD are 100 JPY, as when the wrong currency was typed.

    No rate is applied. Raises Invalid where the other currency has too few decimals for it.
    """
    if minor is None or before == after:
        return minor
    return to_minor(Decimal(minor).scaleb(-decimals(before)), after, field=field)
