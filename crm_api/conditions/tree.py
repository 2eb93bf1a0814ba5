"""The condition tree: one language for filters, searches, views, segments, rules and questions.

    {"all": [tree, …]} | {"any": [tree, …]} | {"not": tree}
    | {"field": "score", "op": "gte", "value": 80}
    | {"related": "activities", "quantifier": "none", "where": tree}

A field may lie behind relations: `account.industry`, `owner.manager.name`.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

Operator = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "isnull", "contains", "between"]
MAX_DEPTH = 8
MAX_BRANCHES = 50


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class All(_Node):
    """Every branch holds; an empty list always does."""

    all: list["Tree"] = Field(max_length=MAX_BRANCHES)


class Any_(_Node):
    """At least one branch holds; an empty list never does."""

    any: list["Tree"] = Field(max_length=MAX_BRANCHES)


class Not(_Node):
    """The branch does not hold. A comparison with an empty field does not hold, so its negation does."""

    not_: "Tree" = Field(alias="not")


class Comparison(_Node):
    """One field against one value; `in` takes a list, `between` two values (both ends count)."""

    field: str = Field(max_length=200)
    op: Operator = "eq"
    value: Any = None


class Related(_Node):
    """At least one (`any`) or not one (`none`) related record for which `where` holds."""

    related: str = Field(max_length=200)
    quantifier: Literal["any", "none"] = "any"
    where: "Tree | None" = None


def _which(value: Any) -> str | None:
    given = (
        value
        if isinstance(value, dict)
        else {type(value).model_fields[name].alias or name: None for name in type(value).model_fields}
        if isinstance(value, BaseModel)
        else {}
    )
    return next((key for key in ("all", "any", "not", "related", "field") if key in given), None)


Tree = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[Any_, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Related, Tag("related")]
    | Annotated[Comparison, Tag("field")],
    Discriminator(
        _which,
        custom_error_type="condition",
        custom_error_message="a condition is an object with one of: all, any, not, related, field",
    ),
]

for _model in (All, Any_, Not, Related):
    _model.model_rebuild()


def values_in(tree: Tree) -> Iterator[Any]:
    """Every value that something is compared with."""
    match tree:
        case Comparison():
            yield tree.value
        case Related():
            if tree.where is not None:
                yield from values_in(tree.where)
        case Not():
            yield from values_in(tree.not_)
        case All() | Any_():
            for branch in tree.all if isinstance(tree, All) else tree.any:
                yield from values_in(branch)
