"""Building condition trees from paths: a leaf goes to the end of its path, through one or many records."""

from typing import Any

from crm_api.core.fields import FieldType, Registry
from crm_api.questions import paths
from crm_api.questions.periods import Period

Tree = dict[str, Any]


def leaf(registry: Registry, kind: str, path: str, op: str, value: Any) -> Tree:
    """`path` ends in a field; a step to many records becomes a `related` node with the quantifier any."""
    way, name = paths.split(path)
    return nest(registry, kind, way, {"field": name, "op": op, "value": value})


def nest(registry: Registry, kind: str, way: str, tree: Tree) -> Tree:
    """A tree about the records at the end of `way`, as a tree about `kind`."""
    steps = paths.walk(registry, kind, way)
    for step in reversed(steps):
        if not step.backwards and set(tree) == {"field", "op", "value"}:
            tree = tree | {"field": paths.join(step.name, tree["field"])}
        else:
            tree = {"related": step.name, "quantifier": "any", "where": tree}
    return tree


def records(registry: Registry, kind: str, path: str, ids: list[Any]) -> Tree:
    """The record at the end of `path` is one of `ids`; tested on the foreign key where one record leads there."""
    steps = paths.walk(registry, kind, path)
    if steps and not steps[-1].backwards:
        name, way = steps[-1].relation.column.key, path.rpartition(".")[0]
    else:
        name, way = "id", path
    return leaf(registry, kind, paths.join(way, name), "in", [str(i) for i in ids])


def related(registry: Registry, kind: str, way: str, trees: list[Tree], quantifier: str) -> Tree:
    """Any or none of the records at the end of `way` meets all trees (each about those records)."""
    steps = paths.walk(registry, kind, way)
    inner: Tree | None = conjunction(trees) if trees else None
    for at, step in enumerate(reversed(steps)):
        last = at == len(steps) - 1
        node: Tree = {"related": step.name, "quantifier": quantifier if last else "any"}
        inner = node | ({"where": inner} if inner else {})
    assert inner
    return inner


def exists(registry: Registry, kind: str, way: str) -> Tree:
    """There is a record at the end of `way`."""
    steps = paths.walk(registry, kind, way)
    if steps and not steps[-1].backwards:
        return leaf(
            registry, kind, paths.join(way.rpartition(".")[0], steps[-1].relation.column.key), "isnull", False
        )
    return related(registry, kind, way, [], "any")


def during(registry: Registry, kind: str, path: str, period: Period) -> Tree:
    """The date or year at `path` falls into a symbolic period, resolved only when the plan runs."""
    return leaf(
        registry,
        kind,
        path,
        "during",
        period.model_dump(mode="json", exclude_defaults=True) | {"form": period.form},
    )


def negate(tree: Tree) -> Tree:
    """The opposite, counting rows where nothing is known as not meeting the condition."""
    if set(tree) == {"not"}:
        inner: Tree = tree["not"]
        return inner
    if tree.get("op") == "isnull":
        return tree | {"value": not tree["value"]}
    return {"not": tree}


def conjunction(trees: list[Tree]) -> Tree:
    """All of them."""
    return trees[0] if len(trees) == 1 else {"all": trees}


def disjunction(trees: list[Tree]) -> Tree:
    """At least one of them."""
    return trees[0] if len(trees) == 1 else {"any": trees}


def prefixed(registry: Registry, kind: str, way: str, tree: Tree) -> Tree:
    """A tree that a catalogue declares for its own kind, seen from `kind` at the end of `way`."""
    return nest(registry, kind, way, tree) if way else tree


def is_year(registry: Registry, kind: str, path: str) -> bool:
    """Whether a field holds a calendar year as a number."""
    _, field, _ = paths.field_at(registry, kind, path)
    return field.type is FieldType.INTEGER and field.unit == "year"


def clash(one: Tree, other: Tree) -> bool:
    """Whether two conditions on one field cannot both hold: "lost" beside a figure of won deals."""
    if one.get("field") != other.get("field") or not {one.get("op"), other.get("op")} <= {"in", "eq"}:
        return False
    sides = [set(t["value"]) if t["op"] == "in" else {t["value"]} for t in (one, other)]
    return sides[0].isdisjoint(sides[1])


def narrows(one: Tree, other: Tree) -> bool:
    """Whether the values of one condition are some of another's: won deals are closed ones."""
    return one.get("op") == other.get("op") == "in" and set(one["value"]) < set(other["value"])
