"""From a plan to one SELECT, always under what the asker may see.

Conditions go through the one compiler of `conditions`; here are the joins along declared relations, the
figures, the groups with their time buckets, the order and the limit. No planner ever writes SQL.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import InstrumentedAttribute
from sqlalchemy.sql.util import ClauseAdapter

from crm_api import conditions
from crm_api.access import Actor, visible
from crm_api.core import dialect
from crm_api.core.fields import Catalogue, Field, FieldType, Registry
from crm_api.questions import paths
from crm_api.questions.asker import ME
from crm_api.questions.periods import Period
from crm_api.questions.plan import Figure, Filter, Group, Plan

MOST_ROWS = 200
_TREE: TypeAdapter[conditions.Tree] = TypeAdapter(conditions.Tree)
_COMPARE = {"eq": "__eq__", "lt": "__lt__", "lte": "__le__", "gt": "__gt__", "gte": "__ge__"}


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf and when: decides what is seen and what "today" and "this year" mean."""

    actor: Actor
    today: date
    fiscal_start: int = 1
    currency: str = "USD"  # of the organisation; money is kept and answered in it


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an answer. `scale` divides what the database holds into what people read."""

    name: str
    type: str
    unit: str | None = None
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement whose first column is the record's id where rows are records, and what its columns are."""

    statement: sa.Select[Any]
    columns: tuple[Column, ...]
    total: sa.Select[Any] | None = None
    has_ids: bool = False


def compile_plan(
    plan: Plan, *, registry: Registry, asker: Asker, filters: tuple[Filter, ...] = (), most: int = MOST_ROWS
) -> Compiled:
    """The statement of a plan; `filters` are added to its own (one side of a comparison), `most` limits the rows."""
    return _Compiler(registry, asker, plan.entity, most).run(plan, (*plan.filters, *filters))


def where(registry: Registry, asker: Asker, kind: str, tree: dict[str, Any]) -> sa.ColumnElement[bool]:
    """A plan's condition tree as SQL, its periods resolved for the asker."""
    resolved = resolve_periods(registry, kind, tree, asker)
    return conditions.where(registry, kind, _TREE.validate_python(resolved), asker.actor)


def resolve_periods(registry: Registry, kind: str, tree: dict[str, Any], asker: Asker) -> dict[str, Any]:
    """The tree with every `during` turned into comparisons with days, years or instants, and "me" into the asker.

    Nobody's own are no records: a job that asks for "my deals" has none.
    """
    if tree.get("op") == "during":
        return _within(registry, kind, tree, asker)
    if tree.get("value") == ME:
        mine = asker.actor.user_id
        return tree | {"value": str(mine)} if mine else {"field": "id", "op": "isnull", "value": True}
    if "related" in tree:
        if not tree.get("where"):
            return tree
        step = next(s for s in paths.steps_from(registry, kind) if s.name == tree["related"])
        return tree | {"where": resolve_periods(registry, step.target, tree["where"], asker)}
    if "not" in tree:
        return {"not": resolve_periods(registry, kind, tree["not"], asker)}
    for key in ("all", "any"):
        if key in tree:
            return {key: [resolve_periods(registry, kind, each, asker) for each in tree[key]]}
    return tree


def _within(registry: Registry, kind: str, tree: dict[str, Any], asker: Asker) -> dict[str, Any]:
    path = tree["field"]
    _, each, _ = paths.field_at(registry, kind, path)
    window = Period.model_validate(tree["value"]).resolve(
        asker.today, asker.fiscal_start, asker.actor.week_starts_on
    )
    sides: list[dict[str, Any]] = []
    for op, edge in (("gte", window.start), ("lt", window.end)):
        if edge is None:
            continue
        value: Any = (
            edge.year + (1 if op == "lt" and (edge.month, edge.day) != (1, 1) else 0)
            if (each.type is FieldType.INTEGER)
            else edge.isoformat()
        )
        sides.append({"field": path, "op": op, "value": value})
    return {"all": sides}


@dataclass
class _Compiler:
    registry: Registry
    asker: Asker
    kind: str
    most: int
    joined: dict[str, Any] = field(default_factory=dict)
    joins: list[tuple[Any, Any]] = field(default_factory=list)
    fans_out: bool = False

    @property
    def catalogue(self) -> Catalogue:
        return self.registry[self.kind]

    def run(self, plan: Plan, filters: tuple[Filter, ...]) -> Compiled:
        if not plan.figures:
            return self._records(plan, filters)
        groups = [self._group(group) for group in plan.group_by]
        figures = [self._figure(figure) for figure in plan.figures]
        shown = [expression.label(f"c{n}") for n, (expression, _) in enumerate([*groups, *figures])]
        statement = self._from(sa.select(*shown), filters)
        keys = [expression for expression, _ in groups]
        if keys:
            statement = statement.group_by(*keys, *self._identities(plan.group_by))
            if plan.sort and plan.limit:  # what has no group must not take a place among the first
                statement = statement.where(*(key.is_not(None) for key in keys))
            if plan.figures[0].fn not in ("count", "ratio") or (plan.sort and plan.figures[0].fn == "ratio"):
                statement = statement.having(figures[0][0].is_not(None))
        if plan.having:
            scale = figures[0][1].scale
            statement = statement.having(
                getattr(figures[0][0], _COMPARE[plan.having.op])(plan.having.value * scale)
            )
        columns = tuple(column for _, column in [*groups, *figures])
        if plan.counts_groups:
            statement = statement.where(*(key.is_not(None) for key in keys))
            counted = sa.select(sa.func.count()).select_from(statement.subquery())
            return Compiled(counted, (Column("number of groups", "number"),))
        if plan.over_groups:
            inner = statement.where(*(key.is_not(None) for key in keys)).subquery()
            figure = inner.c[f"c{len(keys)}"]
            fold = dialect.median if plan.over_groups == "median" else getattr(sa.func, plan.over_groups)
            return Compiled(sa.select(fold(figure)), columns[-1:])
        statement = self._ordered(statement, plan, keys, figures[0][0])
        return Compiled(statement.limit(min(plan.limit or self.most, self.most)), columns)

    # ── Rows ─────────────────────────────────────────────────────────────────────────────────────

    def _from(self, statement: sa.Select[Any], filters: tuple[Filter, ...]) -> sa.Select[Any]:
        statement = statement.select_from(self.catalogue.model)
        for target, on in self.joins:
            statement = statement.outerjoin(target, on)
        live = self.catalogue.live() if self.catalogue.live else sa.true()
        terms = [where(self.registry, self.asker, self.kind, each.tree) for each in filters]
        return statement.where(visible(self.kind, self.asker.actor), live, *terms)

    def _records(self, plan: Plan, filters: tuple[Filter, ...]) -> Compiled:
        label = self.catalogue.field(self.catalogue.label)
        assert label is not None
        chosen = list(
            dict.fromkeys(
                [
                    *([plan.sort.field] if plan.sort and plan.sort.field else []),
                    *(plan.columns or self.catalogue.listed),
                ]
            )
        )
        shown = [self._shown(path) for path in chosen]
        expressions = [self.catalogue.model.id.label("id"), label.column.label("label")]
        expressions += [expression.label(f"c{n}") for n, (expression, _) in enumerate(shown)]
        total = self._from(sa.select(sa.func.count(self.catalogue.model.id.distinct())), filters)
        statement = self._from(sa.select(*expressions), filters)
        if plan.sort and plan.sort.field:
            column = self._column(plan.sort.field)[0]
            statement = statement.where(column.is_not(None)).order_by(
                column.desc() if plan.sort.descending else column.asc()
            )
        written = label.type in (FieldType.TEXT, FieldType.CHOICE)
        named = sa.func.lower(label.column) if written else label.column
        statement = statement.order_by(named, self.catalogue.model.id)
        columns = (Column(self.kind, "text"), *(column for _, column in shown))
        return Compiled(
            statement.limit(min(plan.limit or self.most, self.most)), columns, total, has_ids=True
        )

    def _shown(self, path: str) -> tuple[Any, Column]:
        """A column of a list: a field, or the label of the record a path leads to."""
        if self._is_field(path):
            expression, each = self._column(path)
            return expression, self._column_of(each)
        expression, _ = self._label(path)
        return expression, Column(path.split(".")[-1].replace("_", " "), "text")

    # ── Figures and groups ───────────────────────────────────────────────────────────────────────

    def _figure(self, figure: Figure) -> tuple[Any, Column]:
        column, each = self._column(figure.field) if figure.field else (None, None)
        scale = self._scale(each) if each else 1
        match figure.fn:
            case "count":
                identity = self.catalogue.model.id
                return sa.func.count(identity.distinct() if self.fans_out else identity), Column(
                    figure.label, "number"
                )
            case "ratio" | "quotient":
                return self._ratio(figure, column), Column(figure.label, "number", figure.unit)
            case "median":
                return dialect.median(column), Column(
                    figure.label, "number", self._unit(figure.unit, each), scale
                )
            case fn:
                unit = self._unit(figure.unit, each)
                folded = getattr(sa.func, fn)(column)
                return folded, Column(figure.label, "number", unit, scale)

    def _unit(self, unit: str | None, each: Field | None) -> str | None:
        """The unit that stands beside a number: money in the organisation's currency, a year beside nothing."""
        if unit == "year":
            return None
        if each is None or each.type is not FieldType.MONEY or unit in ("%", "percent"):
            return unit
        currency = each.currency or self.asker.currency
        return currency if unit in (None, "money") else f"{unit} {currency}"

    def _column_of(self, each: Field, label: str = "") -> Column:
        numeric = each.type in (FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY)
        dated = each.type in (FieldType.DATE, FieldType.DATETIME)
        kind = "number" if numeric else "date" if dated else "text"
        return Column(label or each.title, kind, self._unit(each.unit, each), self._scale(each))

    def _scale(self, each: Field) -> int:
        return each.scale(self.asker.currency) * each.asked_in

    def _ratio(self, figure: Figure, column: Any) -> Any:
        assert figure.where is not None
        part = where(self.registry, self.asker, self.kind, figure.where)
        whole: sa.ColumnElement[bool] = sa.true()
        if figure.of:
            whole = where(self.registry, self.asker, self.kind, figure.of)
        if figure.fn == "ratio":
            part = sa.and_(whole, part)
        unit = sa.literal(1) if column is None else column
        top, bottom = (sa.func.sum(sa.case((term, unit), else_=0)) for term in (part, whole))
        factor = 100.0 if figure.fn == "ratio" else 1.0
        return sa.cast(top, sa.Float) * factor / sa.func.nullif(bottom, 0)

    def _group(self, group: Group) -> tuple[Any, Column]:
        if group.bucket:
            expression, _ = self._column(group.field)
            zone = sa.literal(self.asker.actor.time_zone)
            return dialect.bucket(expression, group.bucket, zone), Column(group.label, "period")
        if self._is_field(group.field):
            expression, each = self._column(group.field)
            return expression, self._column_of(each, group.label)
        expression, _ = self._label(group.field)
        return expression, Column(group.label, "text")

    def _identities(self, groups: tuple[Group, ...]) -> list[Any]:
        """Two records of one name are two groups: group by their ids as well."""
        return [
            self.joined[g.field].id
            for g in groups
            if not g.bucket and g.field in self.joined and not self._is_field(g.field)
        ]

    def _ordered(self, statement: sa.Select[Any], plan: Plan, keys: list[Any], figure: Any) -> sa.Select[Any]:
        sort = plan.sort
        if keys and sort:
            ranked = sa.func.coalesce(figure, 0)
            return statement.order_by(ranked.desc() if sort.descending else ranked.asc(), *keys)
        return statement.order_by(*keys) if keys else statement

    # ── Paths ────────────────────────────────────────────────────────────────────────────────────

    def _is_field(self, path: str) -> bool:
        try:
            paths.field_at(self.registry, self.kind, path)
        except KeyError:
            return False
        return True

    def _column(self, path: str) -> tuple[Any, Field]:
        _, each, way = paths.field_at(self.registry, self.kind, path)
        model = self._join(way)
        return _on(each.column, model), each

    def _label(self, path: str) -> tuple[Any, Field]:
        steps = paths.walk(self.registry, self.kind, path)
        catalogue = self.registry[steps[-1].target]
        each = catalogue.field(catalogue.label)
        assert each is not None
        return _on(each.column, self._join(path)), each

    def _join(self, way: str) -> Any:
        """The (aliased) model at the end of a path, joined once. What the asker may not see joins as nothing."""
        if not way:
            return None
        if way in self.joined:
            return self.joined[way]
        before, _, _name = way.rpartition(".")
        source = self._join(before)
        step = paths.walk(self.registry, self.kind, way)[-1]
        target = aliased(self.registry[step.target].model)
        near = source if source is not None else self.registry[step.source].model
        key = step.relation.column.key
        on = getattr(target, key) == near.id if step.backwards else getattr(near, key) == target.id
        self.fans_out = self.fans_out or step.backwards
        seen = visible(step.target, self.asker.actor)
        if not isinstance(seen, sa.sql.elements.True_):
            model = self.registry[step.target].model
            on = sa.and_(on, target.id.in_(sa.select(model.id).where(seen).correlate(None)))
        self.joins.append((target, on))
        self.joined[way] = target
        return target


def _on(column: Any, alias: Any) -> Any:
    """A declared column or expression, on the alias a path was joined as."""
    if alias is None:
        return column
    if isinstance(column, InstrumentedAttribute):
        return getattr(alias, column.key)
    return ClauseAdapter(sa.inspect(alias).selectable).traverse(column)


def shown(value: Any, column: Column) -> Any:
    """A database value as JSON and people want it: scaled, days as ISO dates, whole numbers whole."""
    if isinstance(value, datetime):
        return value.date().isoformat() if (value.hour, value.minute) == (0, 0) else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if value is None or column.type != "number" or isinstance(value, str):
        return value
    number = float(value) / column.scale
    return int(number) if number.is_integer() else round(number, 6)
