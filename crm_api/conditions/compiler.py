"""The only way from a condition tree to a WHERE."""

import operator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from crm_api.access import Actor, visible
from crm_api.conditions.tree import MAX_DEPTH, All, Any_, Comparison, Not, Related, Tree
from crm_api.conditions.values import parse, text
from crm_api.core.errors import Invalid
from crm_api.core.fields import CUSTOM, Catalogue, Elsewhere, Field, FieldType, Registry
from crm_api.core.text import a

MAX_NODES, MAX_VALUES, LONGEST_PART = 200, 1000, 500
_ORDERED = {FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY, FieldType.DATE, FieldType.DATETIME}
_ORDER = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}


def where(registry: Registry, kind: str, tree: Tree, actor: Actor) -> sa.ColumnElement[bool]:
    """The rows of `kind` for which the tree holds, as `actor` sees the world.

    Related records count only where the actor may see them. Does not itself restrict the rows of
    `kind`: the caller adds `access.visible`. Raises Invalid naming the field at fault.
    """
    return _Compiler(registry, actor).tree(registry[kind], tree, depth=0)


class _Compiler:
    def __init__(self, registry: Registry, actor: Actor) -> None:
        self.registry, self.actor, self.nodes = registry, actor, 0

    def tree(self, catalogue: Catalogue, node: Tree, *, depth: int) -> sa.ColumnElement[bool]:
        if depth > MAX_DEPTH:
            raise Invalid(f"Conditions may be nested {MAX_DEPTH} deep at most.")
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise Invalid(f"At most {MAX_NODES} conditions at a time.")
        match node:
            case All():
                return sa.and_(sa.true(), *(self.tree(catalogue, n, depth=depth + 1) for n in node.all))
            case Any_():
                return sa.or_(sa.false(), *(self.tree(catalogue, n, depth=depth + 1) for n in node.any))
            case Not():
                return _negated(self.tree(catalogue, node.not_, depth=depth + 1))
            case Related():
                return self.related(catalogue, node, depth)
            case _:
                return self.comparison(catalogue, node, node.field.split("."), depth)

    def comparison(
        self, catalogue: Catalogue, node: Comparison, path: list[str], depth: int
    ) -> sa.ColumnElement[bool]:
        if len(path) == 1 or path[0] == CUSTOM:
            field = catalogue.field(".".join(path))
            if field is None:
                raise Invalid.field(node.field, f"{a(catalogue.kind)} has no such field; {_known(catalogue)}")
            return compare(catalogue, field, node.op, node.value, actor=self.actor)
        column, target = self.step(catalogue, path[0], node.field)
        inner = self.comparison(target, node, path[1:], depth)
        return self.reaches(column, target, inner)

    def step(self, catalogue: Catalogue, name: str, path: str) -> tuple[Any, Catalogue]:
        found = self.registry.relation(catalogue.kind, name)
        if found is None or found[1]:
            raise Invalid.field(path, f"'{name}' does not lead from {a(catalogue.kind)} to one other record")
        return found[0].column, self.registry[found[0].target]

    def reaches(
        self, column: Any, target: Catalogue, inner: sa.ColumnElement[bool]
    ) -> sa.ColumnElement[bool]:
        alias_free = sa.select(target.model.id).where(visible(target.kind, self.actor), inner)
        return column.in_(alias_free.correlate(None))  # type: ignore[no-any-return]

    def related(self, catalogue: Catalogue, node: Related, depth: int) -> sa.ColumnElement[bool]:
        found = self.registry.relation(catalogue.kind, node.related)
        if found is None:
            raise Invalid.field(node.related, f"{a(catalogue.kind)} has no related records of that name")
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
        return term if node.quantifier == "any" else _negated(term)


def compare(
    catalogue: Catalogue, field: Field, op: str, value: Any, *, actor: Actor
) -> sa.ColumnElement[bool]:
    """One comparison over a field of the catalogue itself. Text compares without regard to case."""
    if field.elsewhere is not None:
        return _elsewhere(catalogue, field, field.elsewhere, op, value, actor)
    column: Any = field.column

    def parsed(one: Any) -> Any:
        return parse(
            field, catalogue.vocabulary.value(field.name, one), zone=actor.time_zone, currency=actor.currency,
            week_starts_on=actor.week_starts_on, me=actor.user_id,
        )  # fmt: skip

    match op:
        case "isnull":
            return _empty(field, actor, wanted=value is None or bool(_parse_flag(field, value)))
        case _ if field.type is FieldType.TAGS:
            return _tagged(field, op, value, actor)
        case "eq":
            return _equal(field, None if value is None else parsed(value))
        case "ne":
            return _negated(_equal(field, None if value is None else parsed(value)))
        case "in":
            return _among(field, [parsed(one) for one in _several(field, value)])
        case "contains":
            return _containing(field, value)
    if field.type not in _ORDERED:
        raise Invalid.field(field.name, f"{op} needs a number, an amount or a date")
    if op == "between":
        ends = [parsed(one) for one in _several(field, value)]
        if len(ends) != 2:
            raise Invalid.field(field.name, "between takes two values, the lower first")
        return column.between(*ends)  # type: ignore[no-any-return]
    return _ORDER[op](column, parsed(value))  # type: ignore[no-any-return]


def _elsewhere(
    catalogue: Catalogue, field: Field, there: Elsewhere, op: str, value: Any, actor: Actor
) -> sa.ColumnElement[bool]:
    """The same comparison over the rows of another table, where no row is an empty field."""
    if op == "isnull" or (value is None and op in ("eq", "ne")):
        wanted = value is None or _parse_flag(field, value)
        wanted = not wanted if op == "ne" else wanted
        return there.lacks(sa.true()) if wanted else there.holds(sa.true())  # type: ignore[no-any-return]
    positive = "eq" if op == "ne" else op
    over = replace(field, column=there.value, elsewhere=None)
    inner = compare(catalogue, over, positive, value, actor=actor)
    if there.narrow is not None and positive in ("eq", "in"):
        inner = sa.and_(there.narrow(_several(field, value) if op == "in" else [value]), inner)
    return there.lacks(inner) if op == "ne" else there.holds(inner)  # type: ignore[no-any-return]


def _parse_flag(field: Field, value: Any) -> bool:
    return bool(parse(Field(field.name, FieldType.BOOLEAN, None), value))


def _empty(field: Field, actor: Actor, *, wanted: bool) -> sa.ColumnElement[bool]:
    empty: sa.ColumnElement[bool] = (
        sa.not_(field.column(None, actor)) if field.type is FieldType.TAGS else field.column.is_(None)
    )
    return empty if wanted else sa.not_(empty)


def _several(field: Field, value: Any) -> list[Any]:
    values = value if isinstance(value, list) else str(value).split(",")
    if len(values) > MAX_VALUES:
        raise Invalid.field(field.name, f"at most {MAX_VALUES} values")
    return values


def _is_text(field: Field) -> bool:
    return field.type is FieldType.TEXT or (field.type is FieldType.CHOICE and not field.choices)


def _equal(field: Field, value: Any) -> sa.ColumnElement[bool]:
    column: Any = field.column
    if value is None:
        return column.is_(None)  # type: ignore[no-any-return]
    # Both sides in SQL: what a small letter is differs between the engines, never within one.
    term: sa.ColumnElement[bool] = (
        sa.func.lower(column) == sa.func.lower(value) if _is_text(field) else column == value
    )
    return term


def _among(field: Field, values: list[Any]) -> sa.ColumnElement[bool]:
    if _is_text(field):
        return sa.func.lower(field.column).in_([sa.func.lower(value) for value in values])
    return field.column.in_(values)  # type: ignore[no-any-return]


def _containing(field: Field, value: Any) -> sa.ColumnElement[bool]:
    if field.type not in (FieldType.TEXT, FieldType.CHOICE):
        raise Invalid.field(field.name, "contains is for texts")
    try:
        part = text(value)
    except ValueError as error:
        raise Invalid.field(field.name, str(error)) from error
    if len(part) > LONGEST_PART:
        raise Invalid.field(field.name, f"contains takes at most {LONGEST_PART} characters")
    return field.column.icontains(part, autoescape=True)  # type: ignore[no-any-return]


def _negated(term: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """NOT in two-valued logic: what does not hold of an empty field, holds negated."""
    return sa.not_(sa.func.coalesce(term, sa.false()))


def _tagged(field: Field, op: str, value: Any, actor: Actor) -> sa.ColumnElement[bool]:
    if op not in ("eq", "in", "contains", "ne"):
        raise Invalid.field(field.name, "tags take eq, ne, in, contains and isnull")
    try:
        names = [text(name) for name in _several(field, value)]
    except ValueError as error:
        raise Invalid.field(field.name, str(error)) from error
    carrying: sa.ColumnElement[bool] = field.column(names, actor)
    return sa.not_(carrying) if op == "ne" else carrying


def _known(catalogue: Catalogue) -> str:
    return "it has " + ", ".join(f.name for f in catalogue.fields)
