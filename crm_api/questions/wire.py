"""What a language model fills in, and its way into the same typed plan.

Flat and strict: every field required, no unions of objects, no defaults, no recursion, so that any server
that enforces schemas can enforce this one. The model never resolves anything: it repeats periods and names in
the asker's words, and the same code that serves the offline planner turns them into dates and records. What
does not fit the catalogues raises `Misfit`, whose text goes back to the model once.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from crm_api.core.fields import Field, Registry
from crm_api.questions import paths, period_reader, trees
from crm_api.questions.amounts import read as read_amount
from crm_api.questions.filters import Conditions
from crm_api.questions.linking import Names
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Figure, Filter, Group, Having, Plan, Side, Sort, Unclear, clarify, refuse
from crm_api.questions.sentence import Sentence


class Wire(BaseModel):
    """All wire models: nothing beside the fields."""

    model_config = ConfigDict(extra="forbid")


class WireCondition(Wire):
    """One comparison; `values` are texts as the asker would write them ("5 lakh", "high")."""

    field: str
    op: Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "isnull", "contains"]
    values: list[str]


class WireRelated(Wire):
    """Records at the end of `path` (to many): at least one, or none, that meets the conditions."""

    path: str
    quantifier: Literal["any", "none"]
    where: list[WireCondition]


class WireName(Wire):
    """A name as it was written, the path it stands at ("" for the kind itself), and whether it is excluded."""

    text: str
    path: str
    excluded: bool


class WirePeriod(Wire):
    """A date field and a period in words: "last quarter", "May 2017", "between 1 March 2017 and 31 May 2017"."""

    field: str
    words: str


class WirePlan(Wire):
    """A plan in the model's hands. `measure` names a declared figure; else `fn` over `fn_field`, or fn "none"
    for a list. `share_of` makes a percentage of it: the part that also meets these conditions. `counts_groups` asks how
    many groups there are, `over_groups` folds their figures into one. `compare` puts names or periods side by side
    instead of filtering by them all."""

    action: Literal["query", "lookup", "compare", "clarify", "refuse"]
    entity: str
    where: list[WireCondition]
    related: list[WireRelated]
    names: list[WireName]
    periods: list[WirePeriod]
    measure: str
    fn: Literal["none", "count", "sum", "avg", "median", "min", "max"]
    fn_field: str
    share_of: list[WireCondition]
    group_by: list[str]
    counts_groups: bool
    over_groups: Literal["none", "avg", "median", "max", "min"]
    bucket_field: str
    bucket: Literal["none", "day", "week", "month", "quarter", "year"]
    having_op: Literal["none", "eq", "lt", "lte", "gt", "gte"]
    having_value: float
    sort_field: str
    sort: Literal["none", "ascending", "descending"]
    limit: int
    columns: list[str]
    compare: Literal["none", "names", "periods"]
    change: Literal["none", "percent", "difference", "share"]
    winner: Literal["none", "max", "min"]
    message: str


class Misfit(Exception):
    """The model's plan does not fit the catalogues; says what to repair."""


@dataclass(slots=True)
class Reader:
    """Turns one wire plan into a plan."""

    wire: WirePlan
    registry: Registry
    names: Names

    def plan(self) -> Plan:
        """The plan. Raises Misfit for what does not exist; a name that fits several records asks back."""
        wire = self.wire
        if wire.action == "refuse":
            return refuse(wire.message or "I answer questions about what is kept in the CRM.")
        if wire.action == "clarify":
            return clarify(wire.message or "What exactly do you mean?")
        if wire.entity not in self.registry:
            raise Misfit(f"there is no kind {wire.entity!r}")
        try:
            return self._plan()
        except Unclear as unclear:
            if unclear.plan.action == "clarify":
                return unclear.plan
            raise Misfit("a name does not stand where the plan puts it") from unclear

    def _plan(self) -> Plan:
        wire = self.wire
        named, timed = [self._name(n) for n in wire.names], [self._period(p) for p in wire.periods]
        filters = [*(self._condition(wire.entity, c) for c in wire.where), *map(self._related, wire.related)]
        sided = named if wire.compare == "names" else timed if wire.compare == "periods" else []
        if wire.action == "compare" and len(sided) < 2:
            raise Misfit("a comparison needs two names or two periods, and compare saying which")
        sides = tuple(Side(label=f.words.rpartition(" is ")[2], filters=(f,)) for f in sided)
        rest = [f for f in (*filters, *named, *timed) if f not in sided]
        figure, own = self._figure()
        groups = self._groups()
        folded = None if wire.over_groups == "none" else wire.over_groups
        if (folded or wire.counts_groups or wire.change == "share") and not (groups and figure):
            raise Misfit("counts_groups, over_groups and change share need a figure and group_by")
        having = None
        if wire.having_op != "none":
            having = Having(op=wire.having_op, value=wire.having_value)
        return Plan(
            action=wire.action,
            entity=wire.entity,
            filters=(*own, *rest),
            figures=figure,
            group_by=groups,
            counts_groups=wire.counts_groups,
            over_groups=folded,
            having=having,
            sort=self._sort(bool(figure)),
            limit=wire.limit if wire.limit > 0 else None,
            columns=tuple(self._shown(c) for c in wire.columns),
            sides=sides,
            change=self._change(),
            winner=wire.winner if wire.action == "compare" and wire.winner != "none" else None,
        )

    def _change(self) -> Literal["percent", "difference", "share"] | None:
        """Between two sides a difference, among groups each one's share."""
        change, compares = self.wire.change, self.wire.action == "compare"
        if change == "none" or compares == (change == "share"):
            return None
        return change

    def _field(self, kind: str, path: str) -> Field:
        try:
            return paths.field_at(self.registry, kind, path)[1]
        except KeyError as error:
            raise Misfit(str(error.args[0])) from error

    def _shown(self, path: str) -> str:
        try:
            paths.walk(self.registry, self.wire.entity, path)
        except KeyError:
            self._field(self.wire.entity, path)
        return path

    def _condition(self, kind: str, condition: WireCondition) -> Filter:
        each = self._field(kind, condition.field)
        values = [self._value(each, v) for v in condition.values]
        if not values:
            raise Misfit(f"{condition.field} is compared with nothing")
        value = (
            values
            if condition.op == "in"
            else values[0].lower() == "true"
            if condition.op == "isnull"
            else values[0]
        )
        tree = trees.leaf(self.registry, kind, condition.field, condition.op, value)
        words = f"{each.title} {condition.op} {', '.join(condition.values)}"
        return Filter(slot=condition.field, tree=tree, words=words)

    @staticmethod
    def _value(each: Field, text: str) -> str:
        amount = read_amount(text.lower().strip()) if each.type in ("money", "number", "integer") else None
        if amount is None:
            return text
        number = amount[0].number()
        meant = number if amount[0].has_scale or number >= each.asked_in else number * each.asked_in
        return str(meant)

    def _related(self, related: WireRelated) -> Filter:
        try:
            steps = paths.walk(self.registry, self.wire.entity, related.path)
        except KeyError as error:
            raise Misfit(str(error.args[0])) from error
        if not steps:
            raise Misfit("related needs a path")
        inside = [self._condition(steps[-1].target, c) for c in related.where]
        tree = trees.related(
            self.registry, self.wire.entity, related.path, [f.tree for f in inside], related.quantifier
        )
        words = f"{related.quantifier} {related.path}" + "".join(f", {f.words}" for f in inside)
        return Filter(slot=related.path, tree=tree, words=words)

    def _name(self, name: WireName) -> Filter:
        tokens = [w for w in name.text.lower().replace("'s", "").split() if w]
        exact = self.names.exact_at(tokens, 0) if tokens else None
        found = exact[1] if exact and exact[0] == len(tokens) else self.names.near(tokens) if tokens else []
        if not found:
            raise Misfit(f"no record called {name.text!r}")
        span = Span("name", 0, 0, name.text, names=found)
        conditions = Conditions(Sentence(self.registry, self.names, [span], entity=self.wire.entity))
        conditions.read()
        (filter_,) = conditions.filters()
        if not name.excluded:
            return filter_
        return filter_.model_copy(
            update={"tree": trees.negate(filter_.tree), "words": f"not: {filter_.words}"}
        )

    def _period(self, period: WirePeriod) -> Filter:
        each = self._field(self.wire.entity, period.field)
        text = period.words.lower().strip()
        found = period_reader.read(text.removeprefix("in "))
        if not found:
            raise Misfit(f"{period.words!r} is not a period this service reads")
        tree = trees.during(self.registry, self.wire.entity, period.field, found[0])
        return Filter(slot="period", tree=tree, words=f"{each.title} is {found[0].words()}")

    def _figure(self) -> tuple[tuple[Figure, ...], tuple[Filter, ...]]:
        """The figure, and the conditions it brings; with `share_of` the part of it in percent."""
        figures, own = self._whole()
        if not self.wire.share_of:
            return figures, own
        if not figures or figures[0].fn not in ("count", "sum"):
            raise Misfit("share_of needs a count or a sum")
        part = [self._condition(self.wire.entity, c) for c in self.wire.share_of]
        label = "share with " + " and ".join(f.words for f in part)
        where = trees.conjunction([f.tree for f in part])
        return (Figure(fn="ratio", field=figures[0].field, where=where, unit="percent", label=label),), own

    def _whole(self) -> tuple[tuple[Figure, ...], tuple[Filter, ...]]:
        wire, catalogue = self.wire, self.registry[self.wire.entity]
        if wire.measure:
            measure = next((m for m in catalogue.measures if m.name == wire.measure), None)
            if measure is None:
                raise Misfit(f"{wire.entity} has no measure {wire.measure!r}")
            fn = measure.fn if wire.fn in ("none", "count") or measure.fn == "ratio" else wire.fn
            is_ratio = fn == "ratio"
            figure = Figure(
                fn=fn,
                field=measure.field,
                where=measure.where if is_ratio else None,
                of=measure.of,
                label=measure.name.replace("_", " "),
                unit=measure.unit,
            )
            own = (
                (Filter(slot="figure", tree=measure.where, words=measure.name.replace("_", " ")),)
                if (measure.where and not is_ratio)
                else ()
            )
            return (figure,), own
        if wire.fn == "none":
            return (), ()
        if wire.fn == "count":
            return (Figure(label=f"number of {catalogue.plural}"),), ()
        each = self._field(wire.entity, wire.fn_field)
        return (Figure(fn=wire.fn, field=wire.fn_field, label=f"{wire.fn} {each.title}", unit=each.unit),), ()

    def _groups(self) -> tuple[Group, ...]:
        groups = [
            Group(field=self._shown(path), label=path.split(".")[-1].replace("_", " "))
            for path in self.wire.group_by
        ]
        if self.wire.bucket != "none":
            self._field(self.wire.entity, self.wire.bucket_field)
            groups.append(
                Group(field=self.wire.bucket_field, bucket=self.wire.bucket, label=self.wire.bucket)
            )
        return tuple(groups)

    def _sort(self, has_figure: bool) -> Sort | None:
        if self.wire.sort == "none":
            return None
        if not has_figure:
            self._field(self.wire.entity, self.wire.sort_field)
        return Sort(
            field=None if has_figure else self.wire.sort_field, descending=self.wire.sort == "descending"
        )
