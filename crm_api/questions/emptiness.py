"""Nothing found because nothing is kept: "0 calls" would be a wrong answer where nobody records calls at all."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import visible
from crm_api.core.fields import Catalogue, Registry
from crm_api.questions import paths
from crm_api.questions.compile import Asker
from crm_api.questions.plan import Plan
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
