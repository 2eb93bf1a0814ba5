"""Custom fields written out a second time: what a value means for filters and sorts, in plain Python."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from crm_api.core.text import fold

WORDS = [
    "Retail",
    "retail",
    "Énergie",
    "energie",
    "100%_of\\it",
    "Bau & Söhne",
    "x",
    "x" * 250 + "a",
    "x" * 250 + "b",
]
CHOICES = ["Red", "Dark blue", "Grün"]
# By type: values as a client sends them, pooled so that equal ones and neighbours occur.
POOLS: dict[str, list[Any]] = {
    "text": WORDS,
    "long_text": [f"{word}\nand more" for word in WORDS],
    "integer": [-5, 0, 1, 7, 10**15],
    "number": [-1.5, 0.0, 0.1, 0.3, 7.0, 1e15],
    "money": [0, 0.01, 10, 10.5, 99.99],
    "date": ["2026-03-08", "2026-03-09", "2024-02-29"],
    "datetime": ["2026-03-08T05:00:00Z", "2026-03-08T06:30:00+01:00", "2026-07-01T00:00:00Z"],
    "boolean": [True, False],
    "choice": CHOICES,
    "multi_choice": [["Red"], ["Red", "Grün"], ["Dark blue", "Grün"]],
    "url": ["https://example.com/a", "HTTPS://EXAMPLE.COM/A", "http://example.org"],
    "email": ["ann@example.com", "Ann@Example.com", "bob@example.com"],
    "phone": ["+1 614 555 0100", "614-555-0100"],
}
ORDERED = {"integer", "number", "money", "date", "datetime"}
TEXTS = {"text", "long_text", "url", "email", "phone"}


def definition(type_: str, kind: str, key: str) -> dict[str, Any]:
    """The body that makes a field of a type."""
    more: dict[str, Any] = {"choices": CHOICES} if "choice" in type_ else {}
    return {"kind": kind, "key": key, "label": key.title(), "type": type_, **more}


def meant(type_: str, value: Any) -> Any:
    """A value as it compares: instants as instants, texts without regard to case."""
    if value is None:
        return None
    if type_ == "date":
        return date.fromisoformat(value)
    if type_ == "datetime":
        return datetime.fromisoformat(value).astimezone(UTC)
    if type_ in TEXTS:
        return value.lower()
    return value


def order(type_: str, value: Any, record_id: UUID) -> tuple[Any, ...]:
    """The sort key of a record: NULL smallest, texts by their folded beginning, the id last."""
    if value is None:
        return (0, 0, record_id)
    folds = type_ in TEXTS or type_ == "choice"
    return (1, fold(value)[:200] if folds else meant(type_, value), record_id)


def holds(type_: str, held: Any, op: str, value: Any) -> bool:
    """Whether a comparison holds of a held value; nothing holds of an empty one but isnull, ne and eq null."""
    if op == "isnull":
        return (held is None) == value
    if op == "ne":
        return not holds(type_, held, "eq", value)
    if type_ == "multi_choice":
        wanted = value if isinstance(value, list) else [value]
        return held is not None and bool({fold(v) for v in wanted} & {fold(v) for v in held})
    if held is None or value is None:
        return op == "eq" and held is None and value is None
    if op == "contains":
        return bool(value.lower() in held.lower())
    here = meant(type_, held)
    others = [meant(type_, each) for each in (value if isinstance(value, list) else [value])]
    match op:
        case "in":
            return here in others
        case "between":
            return bool(others[0] <= here <= others[1])
        case "eq":
            return bool(here == others[0])
    other = others[0]
    return bool({"lt": here < other, "lte": here <= other, "gt": here > other, "gte": here >= other}[op])


@st.composite
def comparisons(draw: st.DrawFn, type_: str) -> tuple[str, Any]:
    """An operator that goes with a type, and what to compare with."""
    ops = ["eq", "ne", "in", "isnull"]
    ops += ["lt", "lte", "gt", "gte", "between"] if type_ in ORDERED else []
    ops += ["contains"] if type_ in TEXTS else []
    op = draw(st.sampled_from(ops))
    pool = CHOICES if "choice" in type_ else POOLS[type_]
    one = st.sampled_from(pool)
    if op == "isnull":
        return op, draw(st.booleans())
    if op == "in":
        return op, draw(st.lists(one, min_size=1, max_size=3))
    if op == "between":
        return op, sorted(draw(st.lists(one, min_size=2, max_size=2)), key=lambda v: meant(type_, v))
    if op == "contains":
        return op, draw(st.sampled_from(["e", "É", "%", "_", "\\", "& s", "RETAIL", "example", "614"]))
    return op, draw(one if type_ == "multi_choice" or op not in ("eq", "ne") else one | st.none())
