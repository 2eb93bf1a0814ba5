"""A second look at a finished plan: does it say what each word of the question says?

Reading marks words as understood one by one, in many places. What was marked and stands nowhere in the plan would
be half a question answered in silence, so it is looked for here once more, knowing nothing of how it was read.
"""

from collections.abc import Iterator
from typing import Any

from crm_api.core.fields import FieldType, Registry
from crm_api.questions import lexicon, paths
from crm_api.questions.asker import ME
from crm_api.questions.figures import COMPARING
from crm_api.questions.lexicon import Entry
from crm_api.questions.pieces import Span
from crm_api.questions.plan import Filter, Plan
from crm_api.questions.sentence import Sentence
from crm_api.questions.trees import Tree, narrows

_NEGATIONS = ("not", "without")
_SCALES = (1, 1_000, 1_000_000)  # "revenue over 5000" of a field that is spoken of in millions
_RANKS = ("top", "bottom", "max", "min", "most", "least", "newest", "oldest", "rank")
# Groups, never a doer: "won by Ann" is no group, "for each of Ann's reps" is one.
_GROUPING = frozenset(
    [
        "per",
        "grouped by",
        "group by",
        "broken down by",
        "split by",
        "segmented by",
        "breakdown by",
        "for each",
        "for every",
        "in each",
        "of each",
        "by each",
        "by every",
    ]
)


def unexpressed(s: Sentence, plan: Plan) -> tuple[str, ...]:
    """The words of a question that are marked as understood, but that its plan does not say."""
    said = _Said(s.registry, plan)
    return tuple(
        dict.fromkeys(
            span.text for at, span in enumerate(s.spans) if span.used and not said.says(s, at, span)
        )
    )


class _Said:
    """What a plan says: its conditions, the ways and kinds it touches, its numbers and its dates."""

    def __init__(self, registry: Registry, plan: Plan) -> None:
        self.registry, self.plan = registry, plan
        self.nodes: list[Tree] = []
        self.names: set[str] = set()  # of fields, relations and keys, wherever they stand on a path
        self.kinds: set[str] = {plan.entity}
        self.values: list[Any] = []
        for each in _filters(plan):
            self._walk(plan.entity, each.tree)
        for figure in plan.figures:
            self._path(plan.entity, figure.field or "")
            for tree in (figure.where, figure.of):
                self._walk(plan.entity, tree or {})
        shown = [g.field for g in plan.group_by] + [*plan.columns, (plan.sort and plan.sort.field) or ""]
        for path in shown:
            self._path(plan.entity, path)
        self.negated = any(
            "not" in n
            or n.get("quantifier") == "none"
            or (n.get("op") == "isnull" and n.get("value"))
            or n.get("op") == "ne"
            for n in self.nodes
        )
        self.periods = sum(1 for n in self.nodes if n.get("op") == "during")

    def _walk(self, kind: str, tree: Tree) -> None:
        if not tree:
            return
        self.nodes.append(tree)
        if "field" in tree:
            self._path(kind, str(tree["field"]))
            value = tree.get("value")
            self.values.extend(value if isinstance(value, list) else [value])
        if "related" in tree:
            step = next(s for s in paths.steps_from(self.registry, kind) if s.name == tree["related"])
            self.names.add(step.name)
            self.kinds.add(step.target)
            self._walk(step.target, tree.get("where") or {})
        for key in ("all", "any"):
            for each in tree.get(key) or ():
                self._walk(kind, each)
        self._walk(kind, tree.get("not") or {})

    def _path(self, kind: str, path: str) -> None:
        parts = path.split(".")
        self.names.update(".".join(parts[at:]) for at in range(len(parts)))  # a custom field's has two parts
        for name in parts:
            self.names.add(name)
            steps = paths.steps_from(self.registry, kind)
            step = next((s for s in steps if _is_step(s, name)), None)
            if step is not None:
                self.names.add(step.name)
                self.kinds.add(step.target)
                kind = step.target

    def _value(self, label: str) -> bool:
        """Whether a value of a field is compared with; of a town also what lies "10 km of" it."""
        return any(isinstance(v, str) and (v == label or v.endswith(f" of {label}")) for v in self.values)

    # ── One word ─────────────────────────────────────────────────────────────────────────────────

    def says(self, s: Sentence, at: int, span: Span) -> bool:
        """Whether the plan says what one span says, or the span is one that says nothing of its own."""
        if at in s.explained or any(each.at == at for each in s.widened):
            return True
        match span.tag:
            case "name":
                return any(str(n.id) in self.values if n.id else self._value(n.label) for n in span.names)
            case "text":
                return span.value in self.values
            case "amount":
                return self._number(span.value.number())
            case "period":
                return self.periods >= sum(1 for n in s.spans if n.tag == "period")
            case "bucket":
                return self._bucket(s, at, span)
            case "term" if flags := self._flags(s, span):
                return bool(flags & self.names)
            case "term":
                return any(self._means(s, entry) for entry in span.entries) or self._leads_to_name(
                    s, at, span
                )
            case "cue":
                return self._cue(s, at, span)
        return True

    def _flags(self, s: Sentence, span: Span) -> set[str]:
        """The yes-or-no fields that a term names: "hot leads" are leads, but not any."""
        fields = ((e, s.registry[e.kind].field(e.name)) for e in span.entries if e.what == "field")
        return {
            e.name for e, each in fields if each and each.type is FieldType.BOOLEAN and e.kind in self.kinds
        }

    def _number(self, number: float) -> bool:
        limits = [self.plan.limit, self.plan.having.value if self.plan.having else None]
        return any(
            v == number or (isinstance(v, int | float) and number and v / number in _SCALES)
            for v in [*self.values, *limits]
        )

    def _bucket(self, s: Sentence, at: int, span: Span) -> bool:
        plural = f"{span.value}s"
        units = [f.unit for f in s.registry[self.plan.entity].fields if f.name in self.names]
        return (
            any(g.bucket == span.value for g in self.plan.group_by)
            or any(f.unit == plural for f in self.plan.figures)
            or plural in units
            or self.plan.action in ("lookup", "compare")
        )

    def _means(self, s: Sentence, entry: Entry) -> bool:
        match entry.what:
            case "kind":
                return entry.kind in self.kinds
            case "field":
                return entry.name in self.names
            case "relation" | "reverse":
                relation = next(r for r in s.registry[entry.kind].relations if r.name == entry.name)
                return bool({relation.name, relation.reverse, relation.column.key} & self.names)
            case "choice":
                return entry.value in self.values
            case "measure":
                return bool(self.plan.figures) or self.plan.sort is not None
            case "word":
                return self._word(entry)
        return True

    @staticmethod
    def _leads_to_name(s: Sentence, at: int, span: Span) -> bool:
        """ "handled by the West", "lost by agents in the East": only leads to a name."""
        index, before = s.after(at, over=("by", "of")), s.at(at - 1)
        after = s.spans[index] if index is not None else None
        if after is None or after.tag != "name" or not after.used:
            return False
        fields = {n.field for n in after.names}
        records = any(n.id for n in after.names)
        leads = (span.entry("relation") and records) or any(
            e.what == "field" and e.name in fields for e in span.entries
        )
        return bool(leads or (span.entry("kind") and before and before.is_cue("by")))

    def _word(self, entry: Entry) -> bool:
        word = lexicon.word_of(entry)
        dates = {word.time_field, word.ahead} - {None}
        timed = {str(n["field"]).rpartition(".")[2] for n in self.nodes if n.get("op") == "during"}
        timed |= {g.field.rpartition(".")[2] for g in self.plan.group_by if g.bucket} | set(self.plan.columns)
        if any(narrows(n, word.where) for n in self.nodes):
            return True  # "won deals that X closed": what is won is closed
        lasting = self.registry[self.plan.entity].stays.get(str(word.where.get("field", "")))
        return any(_same(n, word.where) for n in self.nodes) or bool(dates & timed) or lasting in self.names

    def _cue(self, s: Sentence, at: int, span: Span) -> bool:
        plan = self.plan
        if span.is_cue(*_NEGATIONS):
            return self.negated
        if span.is_cue("me"):
            return ME in self.values
        if span.is_cue("by", "each", "breakdown"):
            grouped = bool(plan.group_by or plan.sort or plan.sides)
            return grouped or self._of_doer(s, at, span) or self._of_one(s, at)
        if span.is_cue(*_RANKS):
            extreme = any(f.fn in ("max", "min") for f in plan.figures)
            return plan.sort is not None or extreme or plan.over_groups is not None
        if span.is_cue(*COMPARING, "between"):
            return self._compares(s, at, span)
        if span.is_cue("avg", "median"):
            folds = {*(f.fn for f in plan.figures), plan.over_groups}
            return bool(folds & {"avg", "median"}) if span.value == "avg" else "median" in folds
        return True

    @staticmethod
    def _of_doer(s: Sentence, at: int, span: Span) -> bool:
        """ "won by Ann", "lost by agents in the East", "by me": no group but who did it."""
        if span.text in _GROUPING or not span.is_cue("by"):
            return False
        index = s.after(at, over=("of", "not"))
        after, before = s.spans[index] if index is not None else None, s.at(at - 1)
        verb = before is not None and before.entry("word", "relation", "reverse", "measure")
        return after is None or after.tag in ("name", "period") or after.is_cue("me") or bool(verb)

    def _of_one(self, s: Sentence, at: int) -> bool:
        """ "average revenue per won deal", "list every account": each record itself, which is no group."""
        index = s.after(at, over=("of",), tags=("stop",))
        while index is not None and (
            s.spans[index].tag == "name"
            or (s.spans[index].entry("word", "choice") and not s.spans[index].entry("kind"))
        ):
            index = s.after(index)
        return index is not None and any(
            e.what == "kind" and e.kind == self.plan.entity for e in s.spans[index].entries
        )

    def _compares(self, s: Sentence, at: int, span: Span) -> bool:
        """Beside an amount, which is looked for itself; between two sides; or "reps under X"."""
        before, after = s.at(at - 1), s.at(at + 1)
        amounts = any(near is not None and near.tag == "amount" for near in (before, after))
        named = after is not None and after.tag == "name"
        below = named and (span.text == "under" or self.plan.sort is not None)  # "X bigger than Y by revenue"
        return amounts or below or bool(self.plan.sides) or (span.is_cue("between") and self.periods > 0)


def _is_step(step: paths.Step, name: str) -> bool:
    """Whether a name on a path is this step, by its own name or by the key it follows."""
    return step.name == name or (step.relation.column.key == name and not step.backwards)


def _filters(plan: Plan) -> Iterator[Filter]:
    yield from plan.filters
    for side in plan.sides:
        yield from side.filters


def _same(node: Tree, where: Tree) -> bool:
    """Whether a node is a condition, as it is or with its fields seen from further away."""
    if "field" in node and "field" in where:
        near = str(node["field"]).endswith(str(where["field"]))
        return near and {**node, "field": ""} == {**where, "field": ""}
    return node == where
