"""The only way from a condition tree to a WHERE."""

from typing import Any

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.conditions.tree import MAX_DEPTH, All, Any_, Comparison, Not, Related, Tree
from crm_api.conditions.values import parse
from crm_api.core.errors import Invalid
from crm_api.core.fields import Catalogue, Field, FieldType, Registry

_ORDERED = {FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY, FieldType.DATE, FieldType.DATETIME}


def where(registry: Registry, kind: str, tree: Tree, actor: Actor) -> sa.ColumnElement[bool]:
    """The rows of `kind` for which the tree holds, as `actor` sees the world.

    Related records count only where the actor may see them. Does not itself restrict the rows of
    `kind`: the caller adds `access.visible`. Raises Invalid naming the field at fault.
    """
    return _Compiler(registry, actor).tree(registry[kind], tree, depth=0)


class _Compiler:
    def __init__(self, registry: Registry, actor: Actor) -> None:
        self.registry, self.actor = registry, actor

    def tree(self, catalogue: Catalogue, node: Tree, *, depth: int) -> sa.ColumnElement[bool]:
        if depth > MAX_DEPTH:
            raise Invalid(f"Conditions may be nested {MAX_DEPTH} deep at most.")
        match node:
            case All():
                return sa.and_(sa.true(), *(self.tree(catalogue, n, depth=depth + 1) for n in node.all))
            case Any_():
                return sa.or_(sa.false(), *(self.tree(catalogue, n, depth=depth + 1) for n in node.any))
            case Not():
                inner = self.tree(catalogue, node.not_, depth=depth + 1)
                return sa.not_(sa.func.coalesce(inner, sa.false()))
            case Related():
                return self.related(catalogue, node, depth)
            case _:
                return self.comparison(catalogue, node, node.field.split("."), depth)

    def comparison(
        self, catalogue: Catalogue, node: Comparison, path: list[str], depth: int
    ) -> sa.ColumnElement[bool]:
        if len(path) == 1:
            field = catalogue.field(path[0])
            if field is None:
                raise Invalid.field(node.field, f"a {catalogue.kind} has no such field; {_known(catalogue)}")
            return compare(catalogue, field, node.op, node.value, zone=self.actor.time_zone)
        column, target = self.step(catalogue, path[0], node.field)
        inner = self.comparison(target, node, path[1:], depth)
        return self.reaches(column, target, inner)

    def step(self, catalogue: Catalogue, name: str, path: str) -> tuple[Any, Catalogue]:
        found = self.registry.relation(catalogue.kind, name)
        if found is None or found[1]:
            raise Invalid.field(path, f"'{name}' does not lead from a {catalogue.kind} to one other record")
        return found[0].column, self.registry[found[0].target]

    def reaches(
        self, column: Any, target: Catalogue, inner: sa.ColumnElement[bool]
    ) -> sa.ColumnElement[bool]:
        alias_free = sa.select(target.model.id).where(visible(target.kind, self.actor), inner)
        return column.in_(alias_free.correlate(None))  # type: ignore[no-any-return]

    def related(self, catalogue: Catalogue, node: Related, depth: int) -> sa.ColumnElement[bool]:
        found = self.registry.relation(catalogue.kind, node.related)
        if found is None:
            raise Invalid.field(node.related, f"a {catalogue.kind} has no related records of that name")
        relation, backwards = found
        other = self.registry.holder(relation) if backwards else self.registry[relation.target]
        inner = self.tree(other, node.where, depth=depth + 1) if node.where else sa.true()
        live = other.live() if other.live else sa.true()
        holds = sa.and_(visible(other.kind, self.actor), live, inner)
        if backwards:
            ids = sa.select(relation.column).where(holds, relation.column.is_not(None)).correlate(None)
            term = catalogue.model.id.in_(ids)
        else:
            term = relation.column.in_(sa.select(other.model.id).where(holds).correlate(None))
        return term if node.quantifier == "any" else sa.not_(sa.func.coalesce(term, sa.false()))


def compare(catalogue: Catalogue, field: Field, op: str, value: Any, *, zone: str) -> sa.ColumnElement[bool]:
    """One comparison over a field of the catalogue itself. Text compares without regard to case."""
    column = field.column
    if op == "isnull":
        return column.is_(None) if parse(_FLAG, value, zone=zone) else column.is_not(None)
    if field.type is FieldType.TAGS:
        return _tagged(field, op, value)
    if op in ("in", "between"):
        values = value if isinstance(value, list) else str(value).split(",")
        parsed = [parse(field, v, zone=zone) for v in values]
        if op == "in":
            return sa.or_(sa.false(), *(_equal(field, column, v) for v in parsed))
        if len(parsed) != 2:
            raise Invalid.field(field.name, "between takes two values, the lower first")
        return column.between(*parsed)
    if op == "contains":
        if field.type not in (FieldType.TEXT, FieldType.CHOICE):
            raise Invalid.field(field.name, "contains is for texts")
        return column.icontains(str(value), autoescape=True)
    parsed = None if value is None else parse(field, value, zone=zone)
    match op:
        case "eq":
            return _equal(field, column, parsed)
        case "ne":
            return sa.not_(sa.func.coalesce(_equal(field, column, parsed), sa.false()))
    if parsed is None or field.type not in _ORDERED:
        raise Invalid.field(field.name, f"{op} needs a number, an amount or a date")
    return {"lt": column < parsed, "lte": column <= parsed, "gt": column > parsed, "gte": column >= parsed}[
        op
    ]


_FLAG = Field("isnull", FieldType.BOOLEAN, None)


def _equal(field: Field, column: Any, value: Any) -> sa.ColumnElement[bool]:
    if value is None:
        return column.is_(None)  # type: ignore[no-any-return]
    if field.type is FieldType.TEXT or (field.type is FieldType.CHOICE and not field.choices):
        return sa.func.lower(column) == str(value).lower()
    return column == value  # type: ignore[no-any-return]


def _tagged(field: Field, op: str, value: Any) -> sa.ColumnElement[bool]:
    names = value if isinstance(value, list) else str(value).split(",")
    if op not in ("eq", "in", "contains", "ne"):
        raise Invalid.field(field.name, "tags take eq, ne, in and contains")
    term: sa.ColumnElement[bool] = field.column(names)
    return sa.not_(term) if op == "ne" else term


def _known(catalogue: Catalogue) -> str:
    return "it has " + ", ".join(f.name for f in catalogue.fields)
