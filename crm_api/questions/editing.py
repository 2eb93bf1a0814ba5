"""A plan as chips that can be taken off or changed, each change making the next plan.

What is typed into a chip is read as a follow-up is ("last quarter", "West or East", "over 20k", "month"), so there is
one reading of words and one patching of plans. Where it is not understood, nothing changes and the asker is told.
"""

from collections.abc import Iterator
from typing import Any

from crm_api.core.errors import Invalid
from crm_api.core.fields import FieldType, Registry
from crm_api.questions.followups import follow
from crm_api.questions.linking import Names
from crm_api.questions.plan import Filter, Plan
from crm_api.questions.result import ChipOut

_PERIODS = (
    "this month",
    "last month",
    "this quarter",
    "last quarter",
    "this year",
    "last year",
    "the last 30 days",
)
_BUCKETS = ("week", "month", "quarter", "year")
_UNGROUPED: dict[str, Any] = {
    "sort": None,
    "limit": None,
    "having": None,
    "over_groups": None,
    "counts_groups": False,
    "change": None,
}


def chips(plan: Plan, registry: Registry) -> Iterator[ChipOut]:
    """What a plan says, piece by piece; `at` names the piece to whoever changes it."""
    if plan.figures:
        measures = tuple(m.name.replace("_", " ") for m in registry[plan.entity].measures)
        yield ChipOut(
            at="figure", what="word", words=plan.figures[0].label, suggestions=measures, removable=False
        )
    else:
        yield ChipOut(at="kind", what="word", words=registry[plan.entity].plural.replace("_", " "), changeable=False,
                      removable=False)  # fmt: skip
    for n, group in enumerate(plan.group_by):
        yield ChipOut(
            at=f"group-{n}", what="word", words=f"by {group.label}", value=group.label,
            suggestions=_groups(plan, registry),
        )  # fmt: skip
    for n, each in enumerate(plan.filters):
        yield ChipOut(
            at=f"filter-{n}", what="period" if each.slot == "period" else "name", words=each.words,
            suggestions=tuple(_alike(plan, each, registry)), removable=plan.action != "lookup",
        )  # fmt: skip
    for n, side in enumerate(plan.sides):
        yield ChipOut(
            at=f"side-{n}", what="name", words=side.label, changeable=False, removable=len(plan.sides) > 2
        )
    if plan.having:
        sign = {"gt": "above", "gte": "at least", "lt": "below", "lte": "at most", "eq": "exactly"}[
            plan.having.op
        ]
        yield ChipOut(at="having", what="amount", words=f"{sign} {plan.having.value:g}", changeable=False)
    if plan.limit:
        yield ChipOut(at="limit", what="amount", words=f"first {plan.limit}", value=str(plan.limit))


def _groups(plan: Plan, registry: Registry) -> tuple[str, ...]:
    """What the records of a kind are often grouped by."""
    catalogue = registry[plan.entity]
    links = [r.name.replace("_", " ") for r in catalogue.relations if r.target in registry]
    fields = [f.title for f in catalogue.fields if f.groupable and f.type is FieldType.CHOICE]
    return (*links, *fields, *_BUCKETS)


def _alike(plan: Plan, each: Filter, registry: Registry) -> Iterator[str]:
    """What else could stand in the place of a condition: other words of the trade, other values of the same list."""
    if each.slot == "period":
        yield from _PERIODS
        return
    catalogue = registry[plan.entity]
    choices = catalogue.field(each.slot)
    for word in catalogue.words:
        if _speaks_of(word.where) == each.slot:
            yield word.words[0]
    if choices is not None:
        yield from (choice.replace("_", " ") for choice in choices.choices)


def _speaks_of(tree: dict[str, Any]) -> str:
    return str(tree.get("field") or (_speaks_of(tree["not"]) if isinstance(tree.get("not"), dict) else ""))


def without(plan: Plan, at: str) -> Plan:
    """The plan without one of its pieces. Raises Invalid for one that it has not or cannot be without."""
    what, _, number = at.partition("-")
    n = int(number) if number.isdigit() else 0
    if what == "filter" and n < len(plan.filters) and plan.action != "lookup":
        return plan.model_copy(update={"filters": _left_out(plan.filters, n)})
    if what == "group" and n < len(plan.group_by):
        left = _left_out(plan.group_by, n)
        return plan.model_copy(update={"group_by": left} | ({} if left else _UNGROUPED))
    if what == "side" and n < len(plan.sides) > 2:
        return plan.model_copy(update={"sides": _left_out(plan.sides, n)})
    if what in ("having", "limit") and getattr(plan, what) is not None:
        return plan.model_copy(update={what: None})
    raise Invalid.field("at", "the answer has no such piece that could be left out")


def _left_out(parts: tuple[Any, ...], n: int) -> tuple[Any, ...]:
    return (*parts[:n], *parts[n + 1 :])


def changed(plan: Plan, at: str, text: str, *, registry: Registry, names: Names) -> Plan:
    """The plan with what `text` says in the place of one of its pieces, or what was not understood of it.

    Raises Invalid for a piece that it has not, or that has nothing to be changed.
    """
    what, _, number = at.partition("-")
    n = int(number) if number.isdigit() else 0
    if what == "figure" and plan.figures:
        return follow(f"what about {text}", plan, registry=registry, names=names)
    if what == "limit" and plan.limit:
        if not text.strip().isdigit() or not 0 < int(text) <= 1_000:
            raise Invalid.field("value", "a number from 1 to 1,000")
        return plan.model_copy(update={"limit": int(text)})
    if what == "group" and n < len(plan.group_by):
        bare = plan.model_copy(update={"group_by": plan.group_by[n : n + 1]})
        read = follow(f"by {text} instead", bare, registry=registry, names=names)
        if read.action not in ("query", "compare") or len(read.group_by) != 1 or read.filters != plan.filters:
            return read if read.action == "unknown" else Plan(action="unknown", unused=(text,))
        groups = (*plan.group_by[:n], *read.group_by, *plan.group_by[n + 1 :])
        return plan.model_copy(update={"group_by": tuple(dict.fromkeys(groups))})
    if what == "filter" and n < len(plan.filters):
        return _other_filter(plan, n, text, registry=registry, names=names)
    raise Invalid.field("at", "the answer has no such piece that could be changed")


def _other_filter(plan: Plan, n: int, text: str, *, registry: Registry, names: Names) -> Plan:
    """What is typed takes the condition's place, also where it speaks of something else."""
    read = follow(f"only {text}", plan, registry=registry, names=names)
    if read.action not in ("query", "lookup", "compare"):
        return read
    same = (read.figures, read.group_by, read.limit) == (plan.figures, plan.group_by, plan.limit)
    if not same:
        return Plan(action="unknown", unused=(text,))
    old = plan.filters[n]
    new = [f for f in read.filters if f not in plan.filters]
    if not new or old not in read.filters:
        return read
    kept = (f for f in read.filters if f not in new)
    placed = [each for f in kept for each in ((new[0],) if f == old else (f,))]
    return read.model_copy(update={"filters": (*placed, *new[1:])})
