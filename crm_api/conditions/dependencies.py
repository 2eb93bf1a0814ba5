"""Route dependencies for lists and searches."""

from dataclasses import replace
from typing import Any, Literal

from fastapi import Depends, Request
from pydantic import Field

from crm_api.conditions import describing
from crm_api.conditions.filters import Query, Wanted, from_parameters, wanted_from
from crm_api.conditions.tree import All, Tree
from crm_api.core.fields import CATALOGUES, Catalogue
from crm_api.core.listing import MAX_PAGE_SIZE, Window
from crm_api.core.schemas import Body


def listing(kind: str) -> Any:
    """A dependency that reads the query string of a list of `kind` into a Query."""

    async def read(request: Request) -> Query:
        return from_parameters(CATALOGUES[kind], request.query_params.multi_items())

    return Depends(read)


def listed(catalogue: Catalogue) -> dict[str, Any]:
    """`openapi_extra` of a list route: its parameters."""
    return {"parameters": describing.of_list(catalogue)}


def showing(kind: str) -> Any:
    """A dependency that reads the query string of one record of `kind` into a Wanted."""

    async def read(request: Request) -> Wanted:
        return wanted_from(request.query_params.multi_items())

    return Depends(read)


def shown(catalogue: Catalogue) -> dict[str, Any]:
    """`openapi_extra` of a single read: its parameters."""
    return {"parameters": describing.of_one(catalogue)}


class Conditions(Body):
    """Which records, in which order, and what is shown of each."""

    where: Tree = Field(default_factory=lambda: All(all=[]))
    search: str | None = Field(None, max_length=200)
    sort: list[str] = Field([], max_length=4)
    view: str | None = Field(None, max_length=40, description="A saved view, by its id, or `default`.")
    fields: list[str] = Field([], max_length=100)
    expand: list[str] = Field([], max_length=10)
    archived: Literal["out", "only", "with"] = "out"

    def query(self) -> Query:
        """The same as a Query."""
        return Query(
            tree=self.where,
            search=self.search,
            sort=tuple(self.sort),
            fields=tuple(dict.fromkeys(self.fields)),
            expand=tuple(dict.fromkeys(self.expand)),
            view=self.view,
            archived=self.archived,
        )


class SearchBody(Conditions):
    """A search with a condition tree."""

    page: int = Field(1, ge=1, le=10**7)
    page_size: int = Field(50, ge=1, le=MAX_PAGE_SIZE)
    cursor: str | None = Field(None, max_length=60_000)
    count: Literal["capped", "exact", "none"] = "capped"
    aliases: bool = Field(False, description="Each field under its other, deprecated names too.")

    def query(self) -> Query:
        """The same as a Query."""
        window = Window(page=self.page, page_size=self.page_size, cursor=self.cursor, count=self.count)
        return replace(super().query(), window=window, aliases=self.aliases)
