"""How promising a lead looks, from what is known of it, and why."""

from collections.abc import Collection, Iterable
from typing import Any

from crm_api.core.text import fold
from crm_api.matching.names import is_business_address

BASE, HIGHEST = 50, 100
SOURCES = {"referral": 20, "website": 15, "facebook": 10, "instagram": 10, "whatsapp": 5}
HIGH_VALUE_TAGS = ("High value", "Enterprise", "VIP", "Key account")  # where the settings say nothing else
COMPANY, BUSINESS_ADDRESS, HIGH_VALUE_TAG = 10, 10, 15
INPUTS = frozenset({"source", "company_name", "email", "tags"})

Reason = dict[str, Any]


def reasons_for(
    *,
    source: str | None,
    company_name: str | None,
    email: str | None,
    tags: Iterable[str] = (),
    high_value_tags: Collection[str] = (),
    free_mail_domains: Collection[str] = (),
) -> list[Reason]:
    """What counts for a lead: `[{"reason": "referral", "points": 20}, …]`, the base first."""
    found = [("base", BASE)]
    if source in SOURCES:
        found.append((f"source: {source}", SOURCES[source]))
    if company_name:
        found.append(("company named", COMPANY))
    if is_business_address(email, free_mail_domains):
        found.append(("business e-mail address", BUSINESS_ADDRESS))
    high = {fold(tag) for tag in high_value_tags}
    carried = sorted(tag for tag in tags if fold(tag) in high)
    if carried:
        found.append((f"tag: {carried[0]}", HIGH_VALUE_TAG))
    return [{"reason": reason, "points": points} for reason, points in found]


def total(reasons: Iterable[Reason]) -> int:
    """The score these reasons make, 0 to 100."""
    points: int = sum(reason["points"] for reason in reasons)
    return min(HIGHEST, points)
