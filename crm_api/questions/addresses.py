"""The address of the list behind an answer: its conditions as the parameters that list pages filter by."""

from typing import Any
from urllib.parse import urlencode

from crm_api.conditions import filters
from crm_api.core.errors import BadRequest, Invalid
from crm_api.core.fields import Catalogue, Registry
from crm_api.modules.manifest import MODULES
from crm_api.questions.result import ViewOut
from crm_api.questions.trees import Tree

_PAGES = frozenset(menu.path for module in MODULES for menu in module.menus if menu.path)
Pairs = list[tuple[str, str]]


class _Unsaid(Exception):
    """A condition that the parameters of a list cannot say."""


def of_list(view: ViewOut, registry: Registry) -> str | None:
    """Where the records behind an answer stand as a list; None where there is no such page, or where a condition needs
    more than a list's parameters (an alternative between fields, related records)."""
    catalogue = registry[view.kind]
    path = f"/crm/{catalogue.plural}"
    if path not in _PAGES:
        return None
    try:
        pairs = _pairs(catalogue, view.where)
        filters.from_parameters(catalogue, pairs)
    except (_Unsaid, BadRequest, Invalid):
        return None
    pairs += [("sort", ",".join(view.sort))] if view.sort else []
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _pairs(catalogue: Catalogue, tree: Tree) -> Pairs:
    if "all" in tree:
        return [pair for each in tree["all"] for pair in _pairs(catalogue, each)]
    if "any" in tree:
        return [_alternatives(catalogue, tree["any"])]
    if "not" in tree:
        return [_negated(catalogue, tree["not"])]
    if "field" in tree:
        op = str(tree["op"])
        return [(tree["field"] if op == "eq" else f"{tree['field']}__{op}", _text(tree["value"]))]
    raise _Unsaid


def _alternatives(catalogue: Catalogue, trees: list[Tree]) -> tuple[str, str]:
    """Alternatives of one field are one list of its values."""
    names = {tree.get("field") for tree in trees}
    if len(names) != 1 or None in names or any(tree["op"] not in ("eq", "in") for tree in trees):
        raise _Unsaid
    values = [v for tree in trees for v in (tree["value"] if tree["op"] == "in" else [tree["value"]])]
    return f"{trees[0]['field']}__in", _text(values)


def _negated(catalogue: Catalogue, tree: Tree) -> tuple[str, str]:
    """ "Not one of these": the other values of a closed list that is never empty, else just "not this one"."""
    if tree.get("op") not in ("eq", "in"):
        raise _Unsaid
    values = tree["value"] if tree["op"] == "in" else [tree["value"]]
    if len(values) == 1:
        return f"{tree['field']}__ne", _text(values[0])
    field = catalogue.field(tree["field"])
    if field is None or not field.choices or field.nullable:
        raise _Unsaid
    return f"{field.name}__in", _text([choice for choice in field.choices if choice not in values])


def _text(value: Any) -> str:
    if isinstance(value, list):
        texts = [_text(each) for each in value]
        if any("," in text for text in texts):
            raise _Unsaid
        return ",".join(texts)
    return str(value).lower() if isinstance(value, bool) else str(value)
