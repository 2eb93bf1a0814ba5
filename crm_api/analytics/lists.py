"""Numbers with the list behind each: what a figure counted can be looked at, record by record."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from crm_api.analytics.periods import Period
from crm_api.leads.models import LEAD_STATUSES
from crm_api.pipelines.models import CLOSED_KINDS, OPPORTUNITY_KINDS

OPEN_STAGES = ",".join(kind for kind in OPPORTUNITY_KINDS if kind not in CLOSED_KINDS)
OPEN_STATUSES = ",".join(status for status in LEAD_STATUSES if status not in ("converted", "lost"))


def listed(plural: str, of: UUID | None = None, **filters: Any) -> str:
    """The address of a list; `of` is the owner of its records. A filter of None is left out."""
    given = {"owner_id": of, **filters}
    query = urlencode({name: value for name, value in given.items() if value is not None}, safe=",")
    return f"/api/v1/crm/{plural}" + (f"?{query}" if query else "")


def closing(period: Period) -> dict[str, str]:
    """Deals that close, or did, on a day of the period."""
    return {"closes_on__gte": period.start.isoformat(), "closes_on__lte": period.end.isoformat()}


def within(field: str, period: Period) -> dict[str, str]:
    """Records with an instant in the period."""
    return {f"{field}__gte": period.start.isoformat(), f"{field}__lt": period.after.isoformat()}


def same(field: str, word: Any) -> dict[str, Any]:
    """Records with this word in a field, or with none."""
    return {f"{field}__isnull": "true"} if word is None else {field: word}


def rate(part: float, whole: float) -> float | None:
    """A percentage; None where nothing was counted."""
    return 100 * part / whole if whole else None
