"""What a domain's `catalogue.py` is made of: the fields, relations and measures that may be asked for.

Declared once, used by list filters, `POST /search`, saved views, imports and plain-English questions.
A catalogue is data: it holds no query. `conditions/` compiles filters from it, `questions/` reads its
words.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from crm_api.core.money import decimals
from crm_api.core.vocabulary import NONE, Vocabulary

CUSTOM = "custom"  # before the dot in the names of fields an organisation added itself


class FieldType(StrEnum):
    """What a field holds; decides its operators, its parsing and how it is shown."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"  # stored in minor units of the organisation's currency
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    CHOICE = "choice"  # a closed or extensible list of words
    REFERENCE = "reference"  # the id of another record
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the values of a field lie that has no column of its own: in rows of another table, one or none a record.

    `value` is compared, `key` sorted by; `rows` picks the field's rows, `record_id` says whose each is.
    `holds(condition)` are the records with a row for which a condition over those columns holds, `lacks(condition)`
    those without one: two ways of writing it, because a database drives a search from the first and probes with the
    second (NOT IN over a million rows never came back on PostgreSQL).
    """

    value: Any
    key: Any
    rows: Any
    record_id: Any
    holds: Callable[[Any], Any]
    lacks: Callable[[Any], Any]
    narrow: Callable[[Any], Any] | None = None  # of an exact text: a condition over `key`, which is indexed


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind.

    `column` is the mapped attribute or SQL expression; of TAGS, a function of names, or None for any, and of the actor,
    that gives the condition. `synonyms` are the words people use for it, in
    lower case, singular. `unit` is shown after a number ("days"). Money is in minor units of `currency`,
    without one of the organisation's, whatever a record's own is: filters and sums compare like with like.
    """

    name: str
    type: FieldType
    column: Any
    label: str = ""
    synonyms: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    choice_synonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unit: str | None = None
    asked_in: int = 1  # how many shown units a bare number in a question means: 1_000_000 for revenues
    sortable: bool = False
    groupable: bool = False
    aliases: tuple[str, ...] = ()
    nullable: bool = True
    sort_column: Any = None  # a folded or otherwise better ordered twin of `column`
    elsewhere: Elsewhere | None = None
    currency: str | None = None  # of amounts that are not in the organisation's
    told: Callable[[str], str] | None = (
        None  # a condition on it in words, where "is" would not do: "near Columbus"
    )
    around: str = ""  # of a place: the field that finds what lies around one
    names: Any = None  # of TAGS: the column of the names there are, where questions may mention them
    planned: bool = (
        False  # a date that is set beforehand: its "December" is the nearest, not the latest that has begun
    )

    @property
    def title(self) -> str:
        """The label people read; made of the name where none was given."""
        return self.label or self.name.removesuffix("_id").replace("_", " ")

    def scale(self, currency: str) -> int:
        """How many stored units make one that people see: 100 cents a dollar, but 1 a yen and 1,000 a dinar.

        `currency` is the organisation's, and counts where the field has none of its own; raises LookupError where
        nobody has looked it up.
        """
        if self.type is not FieldType.MONEY:
            return 1
        if not (own := self.currency or currency):
            raise LookupError(f"{self.name} is money, and the actor has no currency; see access.system")
        return int(10 ** decimals(own))


@dataclass(frozen=True, slots=True)
class Relation:
    """A link to another kind, declared by the domain that holds the foreign key.

    `name` leads from here to there (`opportunity.account`), `reverse` back (`account.opportunities`).
    With `gathers`, a record named in a question stands for those under it too: a manager for the team.
    """

    name: str
    target: str
    column: Any
    reverse: str
    synonyms: tuple[str, ...] = ()
    reverse_synonyms: tuple[str, ...] = ()
    label: str = ""
    gathers: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with one definition for API, pages and questions: `fn` over `field` of rows `where`.

    `fn` is one of count, sum, avg, median, min, max, ratio. A ratio counts `where` over `of` (both
    condition trees as plain dicts) and is a percentage. `time_field` is the date its windows mean. The "best" has
    the highest figure, or the lowest where `low_is_good`.
    """

    name: str
    fn: str
    field: str | None = None
    where: dict[str, Any] | None = None
    of: dict[str, Any] | None = None
    unit: str | None = None
    synonyms: tuple[str, ...] = ()
    time_field: str | None = None
    low_is_good: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the trade that stands for a condition: "open" deals, "overdue" tasks.

    `time_field` is the date a period beside this word means ("won in May" is the closing date). A `noun` is a
    name of its own for such records: activities of the type task are tasks.
    `ahead` is the date meant where the sentence also says the opposite: open deals that close in May will close then.
    """

    words: tuple[str, ...]
    where: dict[str, Any]
    time_field: str | None = None
    noun: bool = False
    ahead: str | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that may be asked about one kind of record."""

    kind: str
    plural: str
    model: Any
    fields: tuple[Field, ...]
    label: str  # the field whose value names a record in lists and answers
    out: Any = None  # the schema of its answers: the fields an answer or an export may be asked for
    alone: tuple[str, ...] = ()  # fields of `out` that only a single answer shows
    relations: tuple[Relation, ...] = ()
    measures: tuple[Measure, ...] = ()
    words: tuple[Word, ...] = ()
    synonyms: tuple[str, ...] = ()
    default_sort: str = "-created_at"
    time_field: str = "created_at"  # what a bare period means
    size: tuple[str, ...] = ()  # the fields "big" and "small" may mean; with several the asker is asked
    lasts: tuple[str, ...] = ()  # the fields "more than 30 days" may mean where none is named
    age: str | None = None  # the field "oldest" and "latest" mean
    named: bool = False  # questions speak of its records by their label
    asked: bool = True  # questions know its words; else they would stand in the way of those of the trade
    texts: tuple[str, ...] = ()  # the fields that "mentions warranty" looks for words in
    stays: dict[str, str] = field(
        default_factory=dict
    )  # a state, and the field that says how long it lasts by now
    listed: tuple[str, ...] = ()  # what an answer's list shows beside the label, as dotted paths
    summary: tuple[str, ...] = ()  # what a summary of one record tells, beyond `listed`
    summed_by: str = ""  # what a summary of many is counted by
    past: dict[str, Any] | None = None  # the condition that "did" adds, where records may lie ahead
    live: Callable[[], Any] | None = None  # rows that count unless archived ones are asked for
    filters: dict[str, tuple[str, str]] = field(default_factory=dict)  # other names: (field, operator)
    shown: Callable[[], Any] | None = None  # the Select behind lists and single reads
    counted: Callable[[Any], dict[str, Any]] | None = (
        None  # columns of the answer beside, of related records as an actor sees them
    )
    decorate: Callable[[Any, list[dict[str, Any]], bool], None] | None = None  # session, rows, one alone?
    present: Callable[[dict[str, Any]], dict[str, Any]] | None = (
        None  # its row as the JSON answer; else the fields of `out`
    )

    def field(self, name: str) -> Field | None:
        """The field of that name or alias, or None. Every kind has an `id`, declared or not."""
        if name == "id":
            return Field("id", FieldType.REFERENCE, self.model.id, nullable=False)
        ours = self.vocabulary.ours(name)
        return next((f for f in self.fields if f.name == ours or name in f.aliases), None)

    @property
    def vocabulary(self) -> Vocabulary:
        """The other words for its fields and their values, declared with the schema of its answers."""
        return getattr(self.out, "vocabulary", NONE)

    def columns(self, *, single: bool = False) -> tuple[str, ...]:
        """The fields its answers show, in order: in lists, or of one record alone."""
        shown = self.out.model_fields if self.out else ()
        return tuple(name for name in shown if single or name not in self.alone)


class Registry:
    """All catalogues by kind; `CATALOGUES` is filled once at start-up by `crm_api/subscriptions.py`.

    `kept` is for what was built out of these very catalogues, and goes with them.
    """

    def __init__(self, catalogues: Iterable[Catalogue] = ()) -> None:
        self._by_kind: dict[str, Catalogue] = {}
        self.kept: dict[Any, Any] = {}
        for catalogue in catalogues:
            self.add(catalogue)

    def add(self, catalogue: Catalogue) -> None:
        """Register; a kind may be registered once."""
        if self._by_kind.get(catalogue.kind, catalogue) is not catalogue:
            raise ValueError(f"{catalogue.kind} is already registered")
        self._by_kind[catalogue.kind] = catalogue

    def __getitem__(self, kind: str) -> Catalogue:
        return self._by_kind[kind]

    def __contains__(self, kind: str) -> bool:
        return kind in self._by_kind

    def __iter__(self) -> Iterator[Catalogue]:
        return iter(self._by_kind.values())

    def relation(self, kind: str, name: str) -> tuple[Relation, bool] | None:
        """The relation called `name` as seen from `kind`, and whether it is walked backwards."""
        for relation in self[kind].relations:
            if relation.name == name:
                return relation, False
        for other in self:
            for relation in other.relations:
                if relation.target == kind and relation.reverse == name:
                    return relation, True
        return None

    def holder(self, relation: Relation) -> Catalogue:
        """The catalogue that holds a relation's foreign key."""
        return next(c for c in self if relation in c.relations)


CATALOGUES = Registry()
