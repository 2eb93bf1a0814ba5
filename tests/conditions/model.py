"""What a condition tree means, written out a second time: evaluated in Python over the rows themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.conditions.tree import All, Any_, Comparison, Not, Related, Tree
from crm_api.tags.service import put_on
from tests import factories

WORDS = ["Retail", "retail", "Énergie", "énergie", "100%_of\\it", "Bau & Söhne", "x"]
DAYS = [date(2026, 3, 8), date(2026, 3, 9), date(2026, 11, 1)]
TIMES = [
    datetime(2026, 3, 8, 5, tzinfo=UTC),
    datetime(2026, 3, 9, 4, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
]
NUMBERS = [0, 1, 7, 50, 100]
TAGS = ["Hot", "cold", "Été"]

# Field by field: the type, how a row holds it, and what may be asked for.
FIELDS: dict[str, dict[str, tuple[str, Callable[[Any], Any], list[Any]]]] = {
    "account": {
        "name": ("text", lambda row: row.name, WORDS),
        "industry": ("text", lambda row: row.industry, WORDS),
        "tier": ("word", lambda row: row.tier, ["bronze", "gold", "platinum"]),
        "employees": ("order", lambda row: row.employees, NUMBERS),
        "annual_revenue": (
            "order",
            lambda row: None if row.annual_revenue is None else row.annual_revenue / 100,
            [0, 10, 10.5, 99.99],
        ),
        "created_at": ("order", lambda row: row.created_at, TIMES),
        "tags": ("tags", lambda row: row.tag_names, TAGS),
    },
    "opportunity": {
        "stage": ("word", lambda row: row.stage_kind, ["prospecting", "proposal", "closed_lost"]),
        "probability": ("order", lambda row: row.probability, NUMBERS),
        "expected_close_date": ("order", lambda row: row.expected_close_date, DAYS),
    },
    "user": {
        "name": ("text", lambda row: row.name, WORDS),
        "is_active": ("flag", lambda row: row.is_active, [True, False]),
    },
}
ONE = {
    ("opportunity", "account"): "account_id",
    ("account", "parent"): "parent_id",
    ("account", "owner"): "owner_id",
}
TARGET = {"account": "account", "parent": "account", "owner": "user"}
MANY = {
    ("account", "opportunities"): ("opportunity", "account_id"),
    ("account", "subsidiaries"): ("account", "parent_id"),
}


@dataclass
class Rows:
    """All records by kind."""

    by_kind: dict[str, list[Any]]

    def one(self, kind: str, record_id: Any) -> Any:
        """The record with that id, or None."""
        return next((row for row in self.by_kind[kind] if row.id == record_id), None)


def filled(session: Session, dice: Any) -> Rows:
    """Users, accounts and deals in which every value of the pools, and NULL, occurs."""
    maybe = lambda values: dice.choice([None, *values])  # noqa: E731
    users = [factories.make_user(session, name=word, is_active=bool(n % 2)) for n, word in enumerate(WORDS)]
    accounts: list[Any] = []
    for _ in range(30):
        account = factories.make_account(
            session,
            name=dice.choice(WORDS),
            industry=maybe(WORDS),
            tier=maybe(["bronze", "gold"]),
            employees=maybe(NUMBERS),
            annual_revenue=maybe([0, 1000, 1050, 9999]),
            created_at=dice.choice(TIMES),
            owner_id=maybe([user.id for user in users]),
            parent_id=maybe([row.id for row in accounts]),
        )
        account.tag_names = dice.sample(TAGS, dice.randint(0, 2))
        put_on(session, "account", account.id, account.tag_names)
        accounts.append(account)
    deals = [
        factories.make_opportunity(
            session,
            dice.choice(["prospecting", "proposal", "closed_lost"]),
            account_id=maybe([row.id for row in accounts]),
            expected_close_date=maybe(DAYS),
        )
        for _ in range(30)
    ]
    return Rows({"user": users, "account": accounts, "opportunity": deals})


def holds(rows: Rows, kind: str, node: Tree, row: Any) -> bool:
    """Whether the condition holds of a row: two values, and nothing holds of what is empty but `isnull`."""
    match node:
        case All():
            return all(holds(rows, kind, inner, row) for inner in node.all)
        case Any_():
            return any(holds(rows, kind, inner, row) for inner in node.any)
        case Not():
            return not holds(rows, kind, node.not_, row)
        case Related():
            return _related(rows, kind, node, row)
        case Comparison():
            head, _, rest = node.field.partition(".")
            if not rest:
                type_, get, _ = FIELDS[kind][head]
                return _compares(type_, get(row), node.op, node.value)
            linked = rows.one(TARGET[head], getattr(row, ONE[kind, head]))
            further = Comparison(field=rest, op=node.op, value=node.value)
            return linked is not None and holds(rows, TARGET[head], further, linked)
    raise AssertionError(node)


def _related(rows: Rows, kind: str, node: Related, row: Any) -> bool:
    inner = node.where or All(all=[])
    if (kind, node.related) in MANY:
        other, column = MANY[kind, node.related]
        linked = [other_row for other_row in rows.by_kind[other] if getattr(other_row, column) == row.id]
    else:
        other = TARGET[node.related]
        found = rows.one(other, getattr(row, ONE[kind, node.related]))
        linked = [] if found is None else [found]
    return any(holds(rows, other, inner, found) for found in linked) == (node.quantifier == "any")


def _compares(type_: str, held: Any, op: str, value: Any) -> bool:
    if type_ == "tags":
        names = [name.casefold() for name in (value if isinstance(value, list) else [value])]
        carries = any(tag.casefold() in names for tag in held)
        return {"isnull": (not held) == value, "ne": not carries}.get(op, carries)
    if op == "isnull":
        return (held is None) == value
    if op == "ne":
        return not _compares(type_, held, "eq", value)
    if held is None:
        return op == "eq" and value is None
    if type_ == "text":
        held, value = (
            held.lower(),
            [v.lower() for v in value] if isinstance(value, list) else value and value.lower(),
        )
    match op:
        case "eq":
            return bool(held == value)
        case "in":
            return held in value
        case "contains":
            return value in held
        case "between":
            return bool(value[0] <= held <= value[1])
    return bool({"lt": held < value, "lte": held <= value, "gt": held > value, "gte": held >= value}[op])


OPERATORS = {
    "text": ("eq", "ne", "in", "isnull", "contains"),
    "word": ("eq", "ne", "in", "isnull", "contains"),
    "flag": ("eq", "ne", "isnull"),
    "order": ("eq", "ne", "in", "isnull", "lt", "lte", "gt", "gte", "between"),
    "tags": ("eq", "ne", "in", "contains", "isnull"),
}


@st.composite
def comparisons(draw: st.DrawFn, kind: str) -> Comparison:
    """A comparison over a field of the kind, or one behind a relation."""
    path, target = "", kind
    ways = [name for of, name in ONE if of == kind]
    if ways and draw(st.integers(0, 3)) == 0:
        way = draw(st.sampled_from(ways))
        path, target = f"{way}.", TARGET[way]
    name = draw(st.sampled_from(sorted(FIELDS[target])))
    type_, _, values = FIELDS[target][name]
    op = draw(st.sampled_from(OPERATORS[type_]))
    one = st.sampled_from(values)
    value: Any
    if op == "isnull":
        value = draw(st.booleans())
    elif op == "in":
        value = draw(st.lists(one, min_size=1, max_size=3))
    elif op == "between":
        value = sorted(draw(st.lists(one, min_size=2, max_size=2)))
    elif op == "contains" and type_ == "text":
        value = draw(st.sampled_from(["e", "É", "%", "_", "\\", "& s", "RETAIL"]))
    else:
        value = draw(one if type_ == "tags" or op not in ("eq", "ne") else one | st.none())
    return Comparison(field=path + name, op=op, value=value)  # type: ignore[arg-type]


def trees(kind: str, depth: int = 3) -> st.SearchStrategy[Tree]:
    """Trees over a kind, related records included."""
    if depth == 0:
        return comparisons(kind)
    inner = trees(kind, depth - 1)
    links = [(name, TARGET[name]) for of, name in ONE if of == kind]
    links += [(name, other) for (of, name), (other, _) in MANY.items() if of == kind]
    related: list[st.SearchStrategy[Any]] = [
        st.builds(
            Related,
            related=st.just(name),
            quantifier=st.sampled_from(["any", "none"]),
            where=st.none() | trees(other, min(depth - 1, 1)),
        )
        for name, other in links
    ]
    return st.one_of(
        comparisons(kind),
        st.builds(All, all=st.lists(inner, max_size=3)),
        st.builds(Any_, any=st.lists(inner, max_size=3)),
        st.builds(Not, not_=inner),
        *related,
    )
