"""Query parameters of a list -> condition tree, sorts and window. Unknown parameters are refused.

`describing.py` tells the same parameters to OpenAPI.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from crm_api.conditions.tree import MAX_BRANCHES, All, Comparison, Tree
from crm_api.core.errors import BadRequest, Invalid
from crm_api.core.fields import Catalogue, FieldType
from crm_api.core.listing import MAX_PAGE_SIZE, PARAMETERS, Sort, Window

OPERATORS = ("ne", "gt", "gte", "lt", "lte", "in", "isnull", "contains", "between")
_WHOLE = re.compile(r"[0-9]{1,12}")
LONGEST_SEARCH, LONGEST_PATH = 200, 200


@dataclass(frozen=True, slots=True)
class Query:
    """Everything a list can be asked for. `archived` is out, only or with.

    `view` is the id of a saved view, or `default`: its conditions hold besides these, its sort and fields
    where none are given here.
    """

    tree: Tree = field(default_factory=lambda: All(all=[]))
    search: str | None = None
    sort: tuple[str, ...] = ()
    window: Window = field(default_factory=Window)
    fields: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    view: str | None = None
    archived: Literal["out", "only", "with"] = "out"
    aliases: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of one record is wanted: just these fields (all, where none are named), and which related records.

    With `aliases`, fields stand there under their other names too, unless they are named.
    """

    fields: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    aliases: bool = True


def from_parameters(catalogue: Catalogue, parameters: Iterable[tuple[str, str]]) -> Query:
    """Read the query string; raises BadRequest naming a parameter that does not exist or is repeated."""
    taken = [name for name in PARAMETERS if name != "archived" or has_archive(catalogue)]
    reserved, others = _told_apart(parameters, taken)
    conditions: list[Tree] = [_condition(catalogue, name, value) for name, value in others]
    if len(conditions) > MAX_BRANCHES:
        raise BadRequest(f"A list takes at most {MAX_BRANCHES} filters; {len(conditions)} are given.")
    return Query(
        tree=All(all=conditions),
        search=_search(reserved),
        sort=_sort(reserved),
        window=_window(reserved),
        fields=names(reserved.get("fields")),
        expand=names(reserved.get("expand")),
        view=reserved.get("view") or None,
        archived=_choice(reserved, "archived", ("out", "only", "with")),
        aliases=_choice(reserved, "aliases", ("false", "true")) == "true",
    )


def wanted_from(parameters: Iterable[tuple[str, str]]) -> Wanted:
    """Read the query string of a single read; raises BadRequest for a parameter it does not take."""
    reserved, others = _told_apart(parameters, ("fields", "expand", "aliases"))
    if others:
        raise BadRequest(
            f"There is no parameter '{others[0][0][:LONGEST_PATH]}'; one record takes fields, expand and aliases."
        )
    aliases = _choice(reserved, "aliases", ("true", "false")) == "true"
    return Wanted(names(reserved.get("fields")), names(reserved.get("expand")), aliases)


def _told_apart(
    parameters: Iterable[tuple[str, str]], taken: Collection[str]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The parameters of the names in `taken`, each once, and all the others."""
    reserved: dict[str, str] = {}
    others = []
    for name, value in parameters:
        if name not in taken:
            others.append((name, value))
        elif name in reserved:
            raise BadRequest(f"'{name}' is given twice.")
        else:
            reserved[name] = value
    return reserved, others


def names(text: str | None) -> tuple[str, ...]:
    """The names in a comma-separated list, each once."""
    return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))


def _condition(catalogue: Catalogue, name: str, value: str) -> Comparison:
    if name in catalogue.filters:
        target, op = catalogue.filters[name]
        if op == "only":  # true leaves just those, false leaves all
            return Comparison(field=target, op="in", value=[True] if _flag(name, value) else [True, False])
        return Comparison(field=target, op=op, value=value)
    path, _, op = name.rpartition("__")
    if not path or op not in OPERATORS:
        path, op = name, "eq"
    found = catalogue.field(path)
    if found is None and ("." not in path or len(path) > LONGEST_PATH):
        raise BadRequest(
            f"There is no parameter '{name[:LONGEST_PATH]}'. "
            f"This list filters by {', '.join(f.name for f in catalogue.fields)} "
            f"(with __{', __'.join(OPERATORS)}) and takes {', '.join(PARAMETERS)}."
        )
    if found is not None and found.type is FieldType.TAGS and op == "eq":
        op = "in"
    return Comparison(field=found.name if found else path, op=op, value=value)


def _flag(name: str, value: str) -> bool:
    if value.lower() not in ("true", "1", "yes", "false", "0", "no"):
        raise Invalid.field(name, "true or false")
    return value.lower() in ("true", "1", "yes")


def has_archive(catalogue: Catalogue) -> bool:
    """Whether records of this kind are deleted softly."""
    return hasattr(catalogue.model, "archived_at")


def _search(given: dict[str, str]) -> str | None:
    typed = given.get("search") or None
    if typed is not None and len(typed) > LONGEST_SEARCH:
        raise Invalid.field("search", f"at most {LONGEST_SEARCH} characters")
    return typed


def _sort(given: dict[str, str]) -> tuple[str, ...]:
    order = given.get("sort_order", "asc")
    if order not in ("asc", "desc"):
        raise BadRequest("sort_order is asc or desc.")
    if given.get("sort"):
        return tuple(part.strip() for part in given["sort"].split(",") if part.strip())
    if given.get("sort_by"):
        return (("-" if order == "desc" else "") + given["sort_by"],)
    return ()


def _window(given: dict[str, str]) -> Window:
    size = _number(given, "page_size", _number(given, "limit", 50, 1, MAX_PAGE_SIZE), 1, MAX_PAGE_SIZE)
    offset = _number(given, "skip", 0, 0, 10**9) if "skip" in given else None
    return Window(
        page=_number(given, "page", 1, 1, 10**7),
        page_size=size,
        offset=offset,
        cursor=given.get("cursor") or None,
        count=_choice(given, "count", ("capped", "exact", "none")),
    )


def _number(given: dict[str, str], name: str, default: int, low: int, high: int) -> int:
    if name not in given:
        return default
    text = given[name]
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise Invalid.field(name, f"a whole number from {low} to {high}")
    return int(text)


def _choice(given: dict[str, str], name: str, choices: tuple[str, ...]) -> Any:
    value = given.get(name, choices[0])
    if value not in choices:
        raise Invalid.field(name, f"one of {', '.join(choices)}")
    return value


def sorts_of(catalogue: Catalogue, names: tuple[str, ...]) -> list[Sort]:
    """Sort keys for the names asked for, or the catalogue's default; raises BadRequest naming the choices."""
    wanted = names or tuple(catalogue.default_sort.split(","))
    sorts = []
    for name in wanted:
        found = catalogue.field(name.lstrip("-+"))
        if found is None or found.type is FieldType.TAGS:
            raise BadRequest(f"Cannot sort by '{name}'; declared sorts are {', '.join(declared(catalogue))}.")
        column = found.sort_column if found.sort_column is not None else found.column
        sorts.append(Sort(found.name, column, name.startswith("-"), found.nullable, found.elsewhere))
    return sorts


def declared(catalogue: Catalogue) -> list[str]:
    """The sorts of a list that have an index behind them."""
    return [f.name for f in catalogue.fields if f.sortable]
