"""What may be asked about pipelines and stages."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import access
from crm_api.core.fields import Catalogue, Field, FieldType, Relation
from crm_api.core.presenting import shown_by
from crm_api.pipelines.models import LEAD_KINDS, OPPORTUNITY_KINDS, Pipeline, Stage
from crm_api.pipelines.schemas import WORDS, PipelineOut, StageOut

access.declare("pipeline", Pipeline, shared=True, config=True)
access.declare("stage", Stage, shared=True, config=True)

IS_WON, IS_LOST = Stage.kind.in_(("closed_won", "converted")), Stage.kind.in_(("closed_lost", "lost"))
_PIPELINES = sa.select(*shown_by(PipelineOut, Pipeline, is_active=Pipeline.archived_at.is_(None)))
_STAGES = sa.select(*shown_by(StageOut, Stage, is_won=IS_WON, is_lost=IS_LOST))


def stages_shown(*pipeline_ids: UUID) -> sa.Select[Any]:
    """The stages of pipelines as answers show them, in order."""
    return _STAGES.where(Stage.pipeline_id.in_(pipeline_ids)).order_by(Stage.pipeline_id, Stage.position)


def _with_stages(session: Session, rows: list[dict[str, Any]], single: bool) -> None:
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for stage in session.execute(stages_shown(*(row["id"] for row in rows))).mappings():
        found[stage["pipeline_id"]].append(WORDS.beside(dict(stage)) if single else dict(stage))
    for row in rows:
        row["stages"] = found[row["id"]]


PIPELINES = Catalogue(
    kind="pipeline",
    plural="pipelines",
    asked=False,  # who asks for the pipeline means the deals in it
    model=Pipeline,
    out=PipelineOut,
    label="name",
    named=True,
    default_sort="name",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            Pipeline.name,
            sortable=True,
            nullable=False,
            sort_column=Pipeline.name_key,
            groupable=True,
        ),
        Field(
            "applies_to",
            FieldType.CHOICE,
            Pipeline.applies_to,
            choices=("lead", "opportunity"),
            nullable=False,
        ),
        Field("is_default", FieldType.BOOLEAN, Pipeline.is_default, nullable=False),
        Field("created_at", FieldType.DATETIME, Pipeline.created_at, nullable=False),
    ),
    live=lambda: Pipeline.archived_at.is_(None),
    shown=lambda: _PIPELINES,
    decorate=_with_stages,
)

STAGES = Catalogue(
    kind="stage",
    plural="stages",
    model=Stage,
    out=StageOut,
    label="name",
    named=True,
    default_sort="position",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            Stage.name,
            sortable=True,
            nullable=False,
            sort_column=Stage.name_key,
            groupable=True,
        ),
        Field(
            "kind",
            FieldType.CHOICE,
            Stage.kind,
            choices=tuple(dict.fromkeys(OPPORTUNITY_KINDS + LEAD_KINDS)),
            nullable=False,
        ),
        Field("is_won", FieldType.BOOLEAN, IS_WON, nullable=False),
        Field("is_lost", FieldType.BOOLEAN, IS_LOST, nullable=False),
        Field("position", FieldType.INTEGER, Stage.position, sortable=True, nullable=False),
        Field("probability", FieldType.INTEGER, Stage.probability, nullable=False),
        Field("pipeline_id", FieldType.REFERENCE, Stage.pipeline_id, nullable=False),
        Field("created_at", FieldType.DATETIME, Stage.created_at, nullable=False),
    ),
    relations=(Relation("pipeline", "pipeline", Stage.pipeline_id, "stages"),),
    shown=lambda: _STAGES,
)
