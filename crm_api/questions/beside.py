"""What stands beside an answer: how it is drawn, among how many records was looked, the list behind it, and questions
that go on from there."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import visible
from crm_api.core.fields import FieldType, Registry
from crm_api.questions import trees
from crm_api.questions.asker import ME
from crm_api.questions.compile import Asker, resolve_periods
from crm_api.questions.followups import follow
from crm_api.questions.linking import Names
from crm_api.questions.parser import parse
from crm_api.questions.periods import Period
from crm_api.questions.plan import Plan
from crm_api.questions.result import Answer, ChartOut, ViewOut

RUNS = ("query", "lookup", "compare")
MOST_SUGGESTED = 3
MOST_COUNTED = (
    10_000  # beyond, the scope says "more than": counting a million records takes longer than the answer
)
_ANCHORS = {
    "day": "today",
    "week": "this_week",
    "month": "this_month",
    "quarter": "this_quarter",
    "year": "this_year",
}
_STEPS = {"day": (1, "d"), "week": (1, "w"), "month": (1, "m"), "quarter": (3, "m"), "year": (12, "m")}


def chart(answer: Answer) -> ChartOut | None:
    """A line over time, bars beside labels; nothing for a list, a single figure, or more than one label."""
    if answer.status != "answered" or len(answer.columns) != 2 or len(answer.rows) < 2:
        return None
    label, value = answer.columns
    if value.type != "number" or (answer.plan is not None and answer.plan.is_list):
        return None
    return ChartOut(kind="line" if label.type in ("period", "date") else "bar", label=0, value=1)


def scope(session: Session, plan: Plan, registry: Registry, asker: Asker) -> str:
    """ "of the 212 opportunities you see": how many records an answer was looked for among."""
    catalogue = registry[plan.entity]
    live = catalogue.live() if catalogue.live else sa.true()
    some = (
        sa.select(catalogue.model.id).where(visible(plan.entity, asker.actor), live).limit(MOST_COUNTED + 1)
    )
    found = int(session.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0)
    told = f"more than {MOST_COUNTED:,}" if found > MOST_COUNTED else f"the {found:,}"
    things = catalogue.kind.replace("_", " ") if found == 1 else catalogue.plural.replace("_", " ")
    return f"of {told} {things} you see"


def view(plan: Plan, registry: Registry, asker: Asker) -> ViewOut | None:
    """The records behind an answer as a saved view takes them; None where the kind has no lists or a condition is
    one that lists do not know. Moving periods go on moving."""
    catalogue = registry[plan.entity]
    if catalogue.shown is None or plan.action != "query":
        return None
    conditions = [_movable(registry, plan.entity, f.tree, asker) for f in plan.filters]
    sort = plan.sort.field if plan.sort else None
    field = catalogue.field(sort) if sort and "." not in sort else None
    return ViewOut(
        kind=plan.entity,
        where=trees.conjunction(conditions) if conditions else {"all": []},
        sort=[("-" if plan.sort and plan.sort.descending else "") + sort]
        if sort and field and field.sortable
        else [],
    )


def _movable(registry: Registry, kind: str, tree: dict[str, Any], asker: Asker) -> dict[str, Any]:
    """A condition with its periods as lists write them: `this_month-1m` where they move, days where they do not."""
    if tree.get("op") == "during":
        return _moving(registry, kind, tree, asker)
    if tree.get("value") == ME:
        return tree
    if "related" in tree and tree.get("where"):
        relation = registry.relation(kind, tree["related"])
        assert relation
        found, backwards = relation
        target = registry.holder(found).kind if backwards else found.target
        return tree | {"where": _movable(registry, target, tree["where"], asker)}
    if "not" in tree:
        return {"not": _movable(registry, kind, tree["not"], asker)}
    for key in ("all", "any"):
        if key in tree:
            return {key: [_movable(registry, kind, each, asker) for each in tree[key]]}
    return tree


def _moving(registry: Registry, kind: str, tree: dict[str, Any], asker: Asker) -> dict[str, Any]:
    period = Period.model_validate(tree["value"])
    if period.form == "relative" and not period.fiscal and period.unit in _ANCHORS:
        times, letter = _STEPS[period.unit]
        anchor, offset = _ANCHORS[period.unit], (period.offset or 0) * times
        ends = [anchor + (f"{n:+d}{letter}" if n else "") for n in (offset, offset + times)]
        sides = [
            {"field": tree["field"], "op": op, "value": value}
            for op, value in zip(("gte", "lt"), ends, strict=True)
        ]
        return {"all": sides}
    if period.form == "rolling" and period.unit in ("day", "week"):
        days = abs(period.n) * (7 if period.unit == "week" else 1)
        first, last = (f"today-{days - 1}d", "today+1d") if period.n < 0 else ("today", f"today+{days}d")
        return {
            "all": [
                {"field": tree["field"], "op": "gte", "value": first},
                {"field": tree["field"], "op": "lt", "value": last},
            ]
        }
    return resolve_periods(registry, kind, tree, asker)


def followups(plan: Plan, registry: Registry, names: Names) -> list[str]:
    """Questions that lean on a plan and run."""
    said = (
        q for q in _next(plan, registry) if follow(q, plan, registry=registry, names=names).action in RUNS
    )
    return [question for question, _ in zip(said, range(MOST_SUGGESTED), strict=False)]


def _next(plan: Plan, registry: Registry) -> Iterator[str]:
    catalogue = registry[plan.entity]
    grouped = {group.field for group in plan.group_by}
    if plan.action == "lookup":
        return
    if plan.group_by and not plan.limit and plan.figures:
        yield "just the top 3"
    for relation in catalogue.relations:
        if plan.figures and relation.name not in grouped and not plan.counts_groups:
            yield (
                f"by {relation.name.replace('_', ' ')} instead"
                if grouped
                else f"by {relation.name.replace('_', ' ')}"
            )
    if plan.figures and not any(g.bucket for g in plan.group_by):
        yield "by month"
    if not any(f.slot == "period" for f in plan.filters) and not plan.sides:
        yield "only this year"


def near(question: str, unused: tuple[str, ...], registry: Registry, names: Names, entity: str) -> list[str]:
    """Up to three questions near one that was not understood, which do run: without the words that could not be used,
    and what is asked most of the kind it seems to be about."""
    found: list[str] = []
    for asked in _nearer(question, unused, registry, entity):
        if asked not in found and parse(asked, registry=registry, names=names).action in RUNS:
            found.append(asked)
        if len(found) == MOST_SUGGESTED:
            break
    return found


def _nearer(question: str, unused: tuple[str, ...], registry: Registry, entity: str) -> Iterator[str]:
    shorter = f" {question.rstrip(' ?.!')} "
    for word in unused:
        shorter = shorter.replace(f" {word} ", " ")
    if len(shorter.split()) > 1 and shorter.strip() != question.strip():
        yield " ".join(shorter.split())
    catalogue = registry[entity]
    plural = catalogue.plural.replace("_", " ")
    for measure in catalogue.measures:
        if measure.fn in ("sum", "ratio"):
            yield f"{measure.name.replace('_', ' ')} by month"
    for field in catalogue.fields:
        if field.groupable and field.type is FieldType.CHOICE:
            yield f"{plural} by {field.title}"
    yield f"how many {plural} are there"
