"""Pipelines and stages."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.core.text import fold
from crm_api.pipelines.models import LEAD_KINDS, OPPORTUNITY_KINDS, Pipeline, Stage
from crm_api.pipelines.schemas import NewStage, PipelineIn, PipelinePatch, StageIn, StagePatch

_KINDS = {"lead": LEAD_KINDS, "opportunity": OPPORTUNITY_KINDS}
_ENDS = {"lead": ("converted", "lost"), "opportunity": ("closed_won", "closed_lost")}

LEAD_STAGES = (
    ("New", "new", 10, "grey"),
    ("Qualified", "qualified", 30, "blue"),
    ("Proposal", "proposal", 50, "violet"),
    ("Negotiation", "negotiation", 70, "amber"),
    ("Won", "converted", 100, "green"),
    ("Lost", "lost", 0, "red"),
)
OPPORTUNITY_STAGES = (
    ("Prospecting", "prospecting", 10, "grey"),
    ("Qualification", "qualification", 20, "blue"),
    ("Needs analysis", "needs_analysis", 35, "cyan"),
    ("Proposal", "proposal", 50, "violet"),
    ("Negotiation", "negotiation", 75, "amber"),
    ("Closed won", "closed_won", 100, "green"),
    ("Closed lost", "closed_lost", 0, "red"),
)


def ensure_defaults(session: Session) -> None:
    """The default pipeline of leads and of opportunities, made where there is none."""
    for applies_to, name, stages in (
        ("lead", "Leads", LEAD_STAGES),
        ("opportunity", "Sales Pipeline", OPPORTUNITY_STAGES),
    ):
        if default_id(session, applies_to) is None:
            pipeline = Pipeline(name=name, applies_to=applies_to, is_default=True)
            pipeline.stages = [
                Stage(name=n, kind=k, probability=p, color=c, position=i)
                for i, (n, k, p, c) in enumerate(stages)
            ]
            session.add(pipeline)
    session.flush()


def default_id(session: Session, applies_to: str) -> UUID | None:
    """The id of the default pipeline of a kind."""
    return session.scalar(
        sa.select(Pipeline.id).where(
            Pipeline.applies_to == applies_to, Pipeline.is_default, Pipeline.archived_at.is_(None)
        )
    )


def stages_of(session: Session, pipeline_id: UUID) -> list[Stage]:
    """The stages of a pipeline in order."""
    return list(
        session.scalars(sa.select(Stage).where(Stage.pipeline_id == pipeline_id).order_by(Stage.position))
    )


def resolve(
    session: Session,
    applies_to: str,
    *,
    pipeline_id: UUID | None,
    stage_id: UUID | None,
    kind: str | None = None,
) -> Stage:
    """The stage meant by what a client gave: a stage, a kind in a pipeline, a pipeline, or nothing.

    Falls back to the default pipeline and its first stage; raises Invalid where they do not fit.
    """
    which = (
        Stage.id == stage_id
        if stage_id is not None
        else Pipeline.id == pipeline_id
        if pipeline_id is not None
        else sa.and_(Pipeline.applies_to == applies_to, Pipeline.is_default)
    )
    found = session.execute(
        sa.select(Stage, Pipeline)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(which)
        .order_by(Stage.position)
    ).all()
    if not found:
        missing = "stage" if stage_id is not None else "pipeline"
        raise Invalid.field(f"{missing}_id", f"there is no such {missing}")
    pipeline = found[0][1]
    if stage_id is not None and pipeline_id not in (None, pipeline.id):
        raise Invalid.field("stage_id", "this stage belongs to another pipeline")
    if pipeline.archived_at is not None:
        raise Invalid.field("pipeline_id", "there is no such pipeline")
    if pipeline.applies_to != applies_to:
        raise Invalid.field("pipeline_id", f"this pipeline is for {pipeline.applies_to} records")
    wanted = [stage for stage, _ in found if stage_id is not None or kind is None or stage.kind == kind]
    if not wanted:
        raise Invalid.field("stage", f"the pipeline '{pipeline.name}' has no {kind} stage")
    return wanted[0]


def create(session: Session, actor: Actor, *, data: PipelineIn) -> Pipeline:
    """A new pipeline; raises Invalid where its stages lack an end, Conflict where its name is taken."""
    require_create(actor, "pipeline")
    _unique(session, data.name, data.applies_to, None)
    kinds = [stage.kind for stage in data.stages]
    for kind in kinds:
        if kind not in _KINDS[data.applies_to]:
            raise Invalid.field("stages", f"a pipeline of {data.applies_to} records has no '{kind}' stage")
    for end in _ENDS[data.applies_to]:
        if end not in kinds:
            raise Invalid.field("stages", f"a pipeline needs a stage of kind {end}")
    pipeline = Pipeline(name=data.name, applies_to=data.applies_to)
    pipeline.stages = [_stage(stage, position) for position, stage in enumerate(data.stages)]
    session.add(pipeline)
    session.flush()
    if data.is_default:
        _make_default(session, pipeline)
    return pipeline


def update(
    session: Session, actor: Actor, *, pipeline_id: UUID, data: PipelinePatch, if_match: int | None
) -> Pipeline:
    """Rename, reorder, or make it the default of its kind."""
    pipeline: Pipeline = records.get(session, actor, Pipeline, pipeline_id, writing=True, if_match=if_match)
    values = {k: v for k, v in changes(data).items() if v is not None}
    if "name" in values:
        _unique(session, values["name"], pipeline.applies_to, pipeline.id)
    if values.pop("is_default", False):
        _make_default(session, pipeline)
    apply_patch(pipeline, values)
    return pipeline


def archive(session: Session, actor: Actor, *, pipeline_id: UUID, if_match: int | None) -> None:
    """Delete softly; the default and one that holds records cannot be deleted (Conflict)."""
    pipeline = records.get(session, actor, Pipeline, pipeline_id, writing=True, if_match=if_match)
    if pipeline.is_default:
        raise Conflict("The default pipeline cannot be deleted; make another one the default first.")
    if in_use(session, "pipeline_id", pipeline.id):
        raise Conflict("Records are in this pipeline; move them first.")
    pipeline.archived_at = clock.now()


def restore(session: Session, actor: Actor, *, pipeline_id: UUID) -> Pipeline:
    """Take a soft deletion back; raises Conflict where another pipeline has its name by now."""
    pipeline: Pipeline = records.get(session, actor, Pipeline, pipeline_id, writing=True, archived=True)
    if pipeline.is_archived:
        _unique(session, pipeline.name, pipeline.applies_to, pipeline.id)
        pipeline.archived_at = None
    return pipeline


def create_stage(session: Session, actor: Actor, *, data: NewStage) -> Stage:
    """Add a stage, at a position or at the end of the open ones."""
    require_create(actor, "stage")
    pipeline = session.get(Pipeline, data.pipeline_id)
    if pipeline is None or pipeline.is_archived:
        raise Invalid.field("pipeline_id", "there is no such pipeline")
    if data.kind not in _KINDS[pipeline.applies_to]:
        raise Invalid.field("kind", f"a pipeline of {pipeline.applies_to} records has no '{data.kind}' stage")
    stages = stages_of(session, pipeline.id)
    stage = _stage(data, 0)
    stage.pipeline_id = pipeline.id
    ends = _ENDS[pipeline.applies_to]
    place = data.position if data.position is not None else sum(s.kind not in ends for s in stages)
    stages.insert(min(place, len(stages)), stage)
    session.add(stage)
    _renumber(stages)
    return stage


def update_stage(
    session: Session, actor: Actor, *, stage_id: UUID, data: StagePatch, if_match: int | None
) -> Stage:
    """Rename, recolour, move; the kind of a stage never changes."""
    stage: Stage = records.get(session, actor, Stage, stage_id, writing=True, if_match=if_match)
    values: dict[str, Any] = changes(data)
    position = values.pop("position", None)
    refuse_null(values, "name", "probability", "color")
    apply_patch(stage, values)
    _settle_probability(stage)
    if position is not None:
        stages = [s for s in stages_of(session, stage.pipeline_id) if s.id != stage.id]
        stages.insert(min(position, len(stages)), stage)
        _renumber(stages)
    return stage


def delete_stage(session: Session, actor: Actor, *, stage_id: UUID, if_match: int | None) -> None:
    """Remove a stage that holds no record and is not the last of a won or lost kind (Conflict)."""
    stage = records.get(session, actor, Stage, stage_id, writing=True, if_match=if_match)
    if in_use(session, "stage_id", stage.id):
        raise Conflict("Records are in this stage; move them first.")
    others = [s for s in stages_of(session, stage.pipeline_id) if s.id != stage.id]
    if (stage.is_won or stage.is_lost) and not any(s.kind == stage.kind for s in others):
        raise Conflict(f"A pipeline needs a stage of kind {stage.kind}; this is its last.")
    session.delete(stage)
    _renumber(others)


def _stage(data: StageIn, position: int) -> Stage:
    """A stage as described; entering an end is certain, whatever probability was given with it."""
    stage = Stage(**data.model_dump(exclude={"position", "pipeline_id"}), position=position)
    _settle_probability(stage)
    return stage


def _settle_probability(stage: Stage) -> None:
    if stage.is_won or stage.is_lost:
        stage.probability = 100 if stage.is_won else 0


def _renumber(stages: list[Stage]) -> None:
    for position, stage in enumerate(stages):
        stage.position = position


def _make_default(session: Session, pipeline: Pipeline) -> None:
    before = default_id(session, pipeline.applies_to)
    if before not in (None, pipeline.id):
        session.get_one(Pipeline, before).is_default = False
        session.flush()
    pipeline.is_default = True


def in_use(session: Session, column: str, value: UUID, *, live: bool = False) -> bool:
    """Whether a lead or a deal, archived or (with `live`) not, stands in a stage or pipeline."""
    # Leads and opportunities are higher rooms; their tables are asked by name, not by model.
    here = [sa.column(column, type_=Stage.id.type) == value]
    here += [sa.column("archived_at").is_(None)] if live else []
    return any(
        session.scalar(sa.select(sa.exists().where(*here).select_from(sa.table(t))))
        for t in ("leads", "opportunities")
    )


def _unique(session: Session, name: str, applies_to: str, own_id: UUID | None) -> None:
    other = session.scalar(
        sa.select(Pipeline.id).where(
            Pipeline.name_key == fold(name), Pipeline.applies_to == applies_to, Pipeline.archived_at.is_(None)
        )
    )
    if other is not None and other != own_id:
        raise Conflict(f"There is a pipeline called '{name}' already.")
