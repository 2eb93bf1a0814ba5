"""The one typed plan that every planner makes and the compiler runs.

It says what is asked in the words of the catalogues: dotted field paths, condition trees, symbolic periods
and record ids. It holds no SQL and no dates, so that it can be kept, shown, patched and run again.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Action = Literal["query", "lookup", "compare", "clarify", "refuse", "unknown"]
Role = Literal["", "noun", "adjective", "whose"]
Fn = Literal["count", "sum", "avg", "median", "min", "max", "ratio", "quotient"]


class Part(BaseModel):
    """Plans are values: nothing changes one, `model_copy` makes the next."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Filter(Part):
    """One condition of the question. `slot` says what it speaks of, so that a follow-up replaces the like.

    `tree` is a condition tree whose fields may be dotted paths, with one operator more than the API knows:
    `during`, whose value is a symbolic period. `words` is how it is read back; `role` is what they are beside
    the records: a name for them ("task"), an adjective ("overdue"), or whose they are.
    """

    slot: str
    tree: dict[str, Any]
    words: str
    role: Role = ""


class Figure(Part):
    """What is computed. `field` is a dotted path (None for a count).

    ratio: the rows that meet `where` among those that meet `of`, in percent, by count or by the sum of
    `field`; quotient: the same as a plain number.
    """

    fn: Fn = "count"
    field: str | None = None
    where: dict[str, Any] | None = None
    of: dict[str, Any] | None = None
    label: str = "count"
    unit: str | None = None


class Group(Part):
    """One line a value: a field, the label of a related record (`field` is then the path to it), or a period."""

    field: str
    bucket: Literal["day", "week", "month", "quarter", "year"] | None = None
    label: str = ""


class Having(Part):
    """Keeps groups whose first figure compares so."""

    op: Literal["eq", "lt", "lte", "gt", "gte"]
    value: float


class Sort(Part):
    """`field` None sorts by the first figure."""

    field: str | None = None
    descending: bool = True


class Side(Part):
    """One side of a comparison: the same figure under other conditions."""

    label: str
    filters: tuple[Filter, ...]


class Option(Part):
    """One way to understand an unclear question: what to say instead, and the whole plan of that.

    `question` is the clearer question. Where it is not known yet, `swap` replaces a mention by a name, and
    `append` says what to add; the parser makes the question and the plan of them.
    """

    label: str
    swap: tuple[str, str] | None = None
    append: str = ""
    question: str = ""
    plan: "Plan | None" = None


class Plan(Part):
    """See the module. `columns` are what a list shows; `counts_groups` asks how many groups are left, and
    `over_groups` for the average (…) of their figures."""

    action: Action = "query"
    entity: str = ""
    filters: tuple[Filter, ...] = ()
    figures: tuple[Figure, ...] = ()
    group_by: tuple[Group, ...] = ()
    having: Having | None = None
    counts_groups: bool = False
    over_groups: Literal["avg", "median", "max", "min"] | None = None
    sort: Sort | None = None
    limit: int | None = None
    columns: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    change: Literal["percent", "difference", "share"] | None = None
    winner: Literal["max", "min"] | None = None  # of a comparison that asks which side has more, or less
    question: str = ""
    options: tuple[Option, ...] = ()
    reason: str = ""
    unused: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = Field(default=())

    @property
    def is_list(self) -> bool:
        """Whether the answer is records rather than figures."""
        return self.action in ("query", "lookup") and not self.figures


class Unclear(Exception):
    """Reading stopped with an answer of its own: a question back, or what could not be understood."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.action)
        self.plan = plan


def clarify(question: str, *options: Option) -> Plan:
    """Ask back: one question, at most four readings."""
    return Plan(action="clarify", question=question, options=options[:4])


def refuse(reason: str) -> Plan:
    """Decline politely for good: a write, a secret, or something that is not kept here."""
    return Plan(action="refuse", reason=reason)


def unknown(reason: str, *unused: str) -> Plan:
    """Not understood: the words that could not be used."""
    return Plan(action="unknown", reason=reason, unused=unused)


def all_of(trees: list[dict[str, Any]]) -> dict[str, Any]:
    """The conjunction of condition trees."""
    return trees[0] if len(trees) == 1 else {"all": trees}


def any_of(trees: list[dict[str, Any]]) -> dict[str, Any]:
    """The disjunction of condition trees."""
    return trees[0] if len(trees) == 1 else {"any": trees}
