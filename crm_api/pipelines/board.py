"""A board: the records of one pipeline in columns, for any kind of record that has a stage.

Each column says how many records there are and what they are worth in all, and shows its first cards; more of a column
come by its cursor. The cards of a column are read by an index that begins with the stage, so that a board costs the
same whatever lies in its last column.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from fastapi import Depends, Request
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.conditions import describing, records
from crm_api.conditions.asked import Asked as Rows
from crm_api.conditions.filters import Query, Wanted, from_parameters
from crm_api.core.dialect import Wide
from crm_api.core.errors import BadRequest, Invalid, NotFound
from crm_api.core.fields import CATALOGUES, Catalogue
from crm_api.core.listing import decode_cursor, encode_cursor
from crm_api.core.money import to_major
from crm_api.organisation import service as organisation
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.catalogue import stages_shown
from crm_api.pipelines.models import Pipeline

CARDS, MOST_CARDS = 20, 200
_OWN = ("pipeline_id", "stage_id", "cards")  # what a board is asked besides what a list is
_FOREIGN = ("page", "skip", "limit", "page_size", "count", "view")  # what of a list makes no sense on it


class Sums(NamedTuple):
    """How many records there are, and their value: minor units of the organisation's currency, weighted a hundred
    times those."""

    records: int = 0
    value: int = 0
    weighted: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a board is wanted: the pipeline (else the default one), one stage of it, and which records."""

    query: Query
    pipeline_id: UUID | None = None
    stage_id: UUID | None = None
    cards: int = CARDS

    @property
    def is_whole(self) -> bool:
        """Whether nothing is filtered out, so that kept sums hold."""
        query = self.query
        return not getattr(query.tree, "all", True) and query.search is None and query.archived == "out"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record that stands in stages. `sums`, where it can, gives the sums of a whole pipeline by stage without
    looking at the records; None where they have to be counted."""

    name: str
    value: Any
    probability: Any
    sort: str
    sums: Callable[[Session, Actor, UUID], Mapping[UUID, Sums] | None] = lambda *_: None


def asking(kind: str) -> Any:
    """A dependency that reads the query string of a board of `kind`."""

    async def read(request: Request) -> Asked:
        own: dict[str, str] = {}
        rest = []
        for name, value in request.query_params.multi_items():
            if name in _FOREIGN:
                raise BadRequest(f"A board takes no {name}; it takes {', '.join(_OWN)}, cursor and filters.")
            if name not in _OWN:
                rest.append((name, value))
            elif name in own:
                raise BadRequest(f"'{name}' is given twice.")
            else:
                own[name] = value
        query = from_parameters(CATALOGUES[kind], rest)
        if query.window.cursor is not None and "stage_id" not in own:
            raise BadRequest("A cursor goes on in one column: give its stage_id.")
        return Asked(query, _id(own, "pipeline_id"), _id(own, "stage_id"), _cards(own))

    return Depends(read)


def described(catalogue: Catalogue) -> dict[str, Any]:
    """`openapi_extra` of a board's route: its parameters."""
    cards = {"type": "integer", "minimum": 0, "maximum": MOST_CARDS}
    identity = {"type": "string", "format": "uuid"}
    rows = [one for one in describing.of_rows(catalogue) if one["name"] not in (*_OWN, *_FOREIGN, "stage_id")]
    return {
        "parameters": [
            describing.parameter("pipeline_id", "The pipeline; the default one where not given.", identity),
            describing.parameter("stage_id", "One column alone.", identity),
            describing.parameter("cards", f"Cards a column, {CARDS} where not given.", cards),
            describing.parameter("aliases", "Each field under its other names too.", {"type": "boolean"}),
            describing.parameter("cursor", "The `next_cursor` of a column, with its `stage_id`."),
            *rows,
        ]
    }


def read(session: Session, actor: Actor, kind: Kind, asked: Asked) -> dict[str, Any]:
    """The board as the JSON answer. Raises NotFound for a pipeline or stage that is not there, Invalid for a pipeline
    of another kind."""
    pipeline = _pipeline(session, kind, asked.pipeline_id)
    stages = [dict(row) for row in session.execute(stages_shown(pipeline.id)).mappings()]
    if asked.stage_id is not None:
        stages = [stage for stage in stages if stage["id"] == asked.stage_id]
        if not stages:
            raise NotFound(f"There is no stage {asked.stage_id} in the pipeline '{pipeline.name}'.")
    query = replace(asked.query, sort=asked.query.sort or (kind.sort,))
    chosen = records.asking(session, actor, kind.name, query)
    if len(chosen.sorts) > 1:
        raise BadRequest("A board is sorted by one field.")
    currency = organisation.currency(session)
    sums = (kind.sums(session, actor, pipeline.id) if asked.is_whole else None) or _counted(
        session, kind, chosen, pipeline.id
    )
    columns = _columns(session, actor, chosen, asked, stages)
    for column in columns:
        found = sums.get(column["stage"]["id"], Sums())
        column["count"] = found.records
        column["value"] = to_major(found.value, currency)
        column["weighted_value"] = to_major(round(found.weighted / 100), currency)
    return {
        "pipeline_id": pipeline.id,
        "pipeline_name": pipeline.name,
        "currency": currency,
        "count": sum(column["count"] for column in columns),
        "columns": columns,
    }


def _columns(
    session: Session, actor: Actor, chosen: Rows, asked: Asked, stages: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    query, stage_id = asked.query, chosen.catalogue.model.stage_id
    if asked.query.sort:  # the board's own order has an index for each column
        records.require_sortable(session, _among(chosen, stage_id.in_([stage["id"] for stage in stages])))
    mark = decode_cursor(query.window.cursor, chosen.sorts[0]) if query.window.cursor else None
    columns: list[dict[str, Any]] = []
    cards: list[dict[str, Any]] = []
    for stage in stages if asked.cards else ():
        rows = records.stretch(session, _among(chosen, stage_id == stage["id"]), mark, most=asked.cards + 1)
        shown, more = rows[: asked.cards], len(rows) > asked.cards
        marks = [row.pop("_sort") for row in shown]
        cursor = encode_cursor(chosen.sorts[0], marks[-1], shown[-1]["id"]) if more else None
        columns.append({"stage": stage, "cards": len(shown), "next_cursor": cursor})
        cards += shown
    if not asked.cards:
        return [{"stage": stage, "cards": [], "next_cursor": None} for stage in stages]
    wanted = Wanted(query.fields or chosen.fields, query.expand, query.aliases)
    told = iter(records.answers(session, actor, chosen.catalogue, cards, wanted))
    for column in columns:
        column["cards"] = [next(told) for _ in range(column["cards"])]
    return columns


def _among(chosen: Rows, *which: sa.ColumnElement[bool]) -> Rows:
    return Rows(chosen.catalogue, chosen.actor, [*chosen.matching, *which], chosen.sorts, chosen.fields)


def _counted(session: Session, kind: Kind, chosen: Rows, pipeline_id: UUID) -> dict[UUID, Sums]:
    """The sums by stage, counted in one statement."""
    model, value = chosen.catalogue.model, sa.cast(sa.func.coalesce(kind.value, 0), Wide)
    statement = (
        sa.select(
            model.stage_id,
            sa.func.count(),
            sa.func.sum(value),
            sa.func.sum(value * sa.func.coalesce(kind.probability, 0)),
        )
        .where(*chosen.matching, model.pipeline_id == pipeline_id)
        .group_by(model.stage_id)
    )
    return {
        stage_id: Sums(count, int(value), int(weighted))
        for stage_id, count, value, weighted in session.execute(statement)
    }


def _pipeline(session: Session, kind: Kind, pipeline_id: UUID | None) -> Pipeline:
    if pipeline_id is None:
        pipeline_id = pipelines.default_id(session, kind.name)
    found = session.get(Pipeline, pipeline_id) if pipeline_id else None
    if found is None or found.is_archived:
        raise NotFound(f"There is no pipeline {pipeline_id}.")
    if found.applies_to != kind.name:
        raise Invalid.field("pipeline_id", f"this pipeline is for {found.applies_to} records")
    return found


def _id(given: Mapping[str, str], name: str) -> UUID | None:
    if name not in given:
        return None
    try:
        return UUID(given[name])
    except ValueError as error:
        raise Invalid.field(name, "the id of one") from error


def _cards(given: Mapping[str, str]) -> int:
    text = given.get("cards", str(CARDS))
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= MOST_CARDS):
        raise Invalid.field("cards", f"a whole number from 0 to {MOST_CARDS}")
    return int(text)
