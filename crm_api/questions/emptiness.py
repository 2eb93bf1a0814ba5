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
from crm_api.questions.plan import Option, Plan, clarify
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


def other_year(session: Session, plan: Plan, *, registry: Registry, asker: Asker) -> Plan | None:
    """A question back where nothing was found in "Q2" of no named year, because records of that date end earlier.

    Somebody who asks over last year's books means last year's quarter; "0" would be true and of no use.
    """
    for each in plan.filters:
        if each.tree.get("op") != "during":
            continue
        period = Period.model_validate(each.tree["value"])
        if period.form != "calendar" or period.named_year:
            continue
        catalogue, field, way = paths.field_at(registry, plan.entity, str(each.tree["field"]))
        latest = sa.select(sa.func.max(field.column)).where(visible(catalogue.kind, asker.actor))
        last = None if way else _day(session.scalar(latest))
        start = period.resolve(asker.today, asker.fiscal_start, asker.actor.week_starts_on).start
        if last is None or start is None or last >= start:
            continue
        then = period.resolve(last, asker.fiscal_start, asker.actor.week_starts_on).start
        named = period.with_year(then.year if then else last.year)
        tree = each.tree | {"value": named.model_dump(mode="json", exclude_defaults=True) | {"form": named.form}}
        words = each.words.replace(period.words(), named.words())
        filters = tuple(each.model_copy(update={"tree": tree, "words": words}) if f is each else f for f in plan.filters)
        meant = Option(label=named.words(), question=named.words(), plan=plan.model_copy(update={"filters": filters}))
        title = field.title
        return clarify(f"Nothing has a {title} in {period.words()} of this year; the latest is {last}. Which year?", meant)
    return None


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None
