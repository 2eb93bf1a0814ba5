"""The query parameters of lists and single reads, as OpenAPI is told of them."""

from typing import Any

from crm_api.conditions import expansion
from crm_api.conditions.filters import OPERATORS, declared, has_archive
from crm_api.core.fields import Catalogue, Field
from crm_api.core.listing import MAX_PAGE_SIZE

_WHOLE = {"type": "integer", "minimum": 1}
_SIZE = {**_WHOLE, "maximum": MAX_PAGE_SIZE}


def parameter(name: str, description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    """One optional query parameter."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema or {"type": "string"},
    }


def _one_of(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


def of_list(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Paging, and everything that chooses and shapes the rows."""
    return [
        parameter("page", "Page number, from 1.", _WHOLE),
        parameter("page_size", "Rows a page, at most 200.", _SIZE),
        parameter("skip", "Rows to pass over, instead of `page`.", {"type": "integer", "minimum": 0}),
        parameter("limit", "The same as `page_size`.", _SIZE),
        parameter("cursor", "The `next_cursor` of the page before."),
        parameter("count", "How exact the total is.", _one_of("capped", "exact", "none")),
        _aliases(shown=False),
        *of_rows(catalogue),
    ]


def _aliases(*, shown: bool) -> dict[str, Any]:
    told = "Whether each field stands there under its other, deprecated names too."
    return parameter("aliases", told, {"type": "boolean", "default": shown})


def of_rows(catalogue: Catalogue) -> list[dict[str, Any]]:
    """What chooses, sorts and shapes rows, paged or not: sorting, search, views and one filter a field."""
    return [
        parameter(
            "sort",
            f"Fields, comma-separated, `-` for descending. Declared: {', '.join(declared(catalogue))}.",
        ),
        parameter("sort_by", "One field; see `sort`."),
        parameter("sort_order", "Direction of `sort_by`.", _one_of("asc", "desc")),
        parameter("search", "Words that must all begin a word of the record."),
        parameter(
            "view",
            "A saved view, by its id, or `default`. Filters narrow it further; a sort and fields given here win.",
        ),
        *_of_answers(catalogue),
        *(
            [parameter("archived", "Archived records.", _one_of("out", "only", "with"))]
            if has_archive(catalogue)
            else []
        ),
        *(
            parameter(
                f.name,
                f"Filter by {f.title}; also `{f.name}__` with {', '.join(OPERATORS)}.",
                {"type": "string", **({"enum": _choices(catalogue, f)} if f.choices else {})},
            )
            for f in catalogue.fields
        ),
        *(
            parameter(name, f"The same as `{target}__{op}`.")
            for name, (target, op) in catalogue.filters.items()
        ),
        *(
            parameter(old, f"The same as `{ours}`.") | {"deprecated": True}
            for old, ours in catalogue.vocabulary.names.items()
            if catalogue.field(ours) is not None and old not in catalogue.filters
        ),
    ]


def of_one(catalogue: Catalogue) -> list[dict[str, Any]]:
    """What a single read takes."""
    return [*_of_answers(catalogue), _aliases(shown=True)]


def _choices(catalogue: Catalogue, field: Field) -> list[str]:
    return [*field.choices, *catalogue.vocabulary.values.get(field.name, ())]


def _of_answers(catalogue: Catalogue) -> list[dict[str, Any]]:
    names = expansion.choices(catalogue)
    related = (
        f"Related records to show beside their ids, at most {expansion.MOST}: {', '.join(names)}."
        if names
        else "Related records to show beside their ids; there are none here."
    )
    return [
        parameter("fields", "Only these fields, comma-separated."),
        parameter("expand", related),
    ]
