"""Nothing found because nothing is kept: "0 calls" would be a wrong answer where nobody records calls at all."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import visible
from crm_api.core.fields import Catalogue, Registry
from crm_api.questions import paths
from crm_api.questions.compile import Asker
from crm_api.questions.periods import Period
from crm_api.questions.plan import Filter, Plan, Side
from crm_api.questions.trees import Tree


def unrecorded(session: Session, plan: Plan, *, registry: Registry, asker: Asker) -> str:
    """The plural of a kind the plan needs records of and the asker sees none of, "" where there are some of each.

    Where nothing is sold yet either, none are unrecorded: a company that has just begun has 0 of everything.
    """

    def is_empty(catalogue: Catalogue) -> bool:
        first = sa.select(catalogue.model.id).where(visible(catalogue.kind, asker.actor)).limit(1)
        return session.scalar(first) is None

    trees = [each.tree for each in plan.filters]
    kinds = [plan.entity, *(kind for tree in trees for kind in _needed(registry, plan.entity, tree))]
    empty = next((registry[kind] for kind in dict.fromkeys(kinds) if is_empty(registry[kind])), None)
    if empty is None or all(is_empty(c) for c in registry if c.measures and c is not empty):
        return ""
    return empty.plural.replace("_", " ")


def _needed(registry: Registry, kind: str, tree: Tree) -> Iterator[str]:
    """The kinds of which a tree asks for a record; what it asks to be absent is not needed."""
    if "related" in tree and tree.get("quantifier") == "any":
        target = next(s for s in paths.steps_from(registry, kind) if s.name == tree["related"]).target
        yield target
        yield from _needed(registry, target, tree.get("where") or {})
    for each in tree.get("all") or ():
        yield from _needed(registry, kind, each)


def in_its_year(session: Session, plan: Plan, *, registry: Registry, asker: Asker) -> Plan | None:
    """The plan with the year of the latest records, where nothing was found in "Q2" of no named year and all records
    of that date end before it; None where a year is no help.

    Over last year's books somebody means last year's quarter, and "0" would be true and of no use. The answer says so.
    """
    notes: list[str] = []

    def dated(filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
        return tuple(_dated(session, each, plan.entity, registry, asker, notes) for each in filters)

    sides = tuple(_side(side, dated(side.filters)) for side in plan.sides)
    meant = plan.model_copy(update={"filters": dated(plan.filters), "sides": sides})
    if not notes:
        return None
    return meant.model_copy(update={"assumptions": (*plan.assumptions, *dict.fromkeys(notes))})


def _side(side: Side, filters: tuple[Filter, ...]) -> Side:
    changed = filters != side.filters
    label = Period.model_validate(filters[0].tree["value"]).words() if changed else side.label
    return Side(label=label, filters=filters)


def _dated(
    session: Session, each: Filter, kind: str, registry: Registry, asker: Asker, notes: list[str]
) -> Filter:
    period = Period.model_validate(each.tree["value"]) if each.tree.get("op") == "during" else None
    if period is None or period.form != "calendar" or period.named_year:
        return each
    catalogue, date_field, way = paths.field_at(registry, kind, str(each.tree["field"]))
    latest = sa.select(sa.func.max(date_field.column)).where(visible(catalogue.kind, asker.actor))
    last = None if way else _day(session.scalar(latest))
    begins = period.resolve(asker.today, asker.fiscal_start, asker.actor.week_starts_on).start
    if last is None or begins is None or last >= begins:
        return each
    then = period.resolve(last, asker.fiscal_start, asker.actor.week_starts_on).start
    named = period.with_year(then.year if then else last.year)
    notes.append(f"{period.words()} is read as {named.words()}: the latest {date_field.title} is {last}")
    value = named.model_dump(mode="json", exclude_defaults=True) | {"form": named.form}
    words = each.words.replace(period.words(), named.words())
    return each.model_copy(update={"tree": each.tree | {"value": value}, "words": words})


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None
