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
from crm_api.events import Event, record
from crm_api.pipelines.models import CLOSED_KINDS, LEAD_KINDS, OPPORTUNITY_KINDS, Pipeline, Stage
from crm_api.pipelines.schemas import NewStage, PipelineIn, PipelinePatch, StageIn, StagePatch

_KINDS = {"lead": LEAD_KINDS, "opportunity": OPPORTUNITY_KINDS}
_ENDS = {"lead": ("converted", "lost"), "opportunity": CLOSED_KINDS}

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
    kinds = [_kind(stage, data.applies_to, field="stages") for stage in data.stages]
    for end in _ENDS[data.applies_to]:
        if end not in kinds:
            raise Invalid.field("stages", f"a pipeline needs a stage of kind {end}")
    pipeline = Pipeline(name=data.name, applies_to=data.applies_to)
    pipeline.stages = [
        _stage(stage, position, kind)
        for position, (stage, kind) in enumerate(zip(data.stages, kinds, strict=True))
    ]
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


def archive(
    session: Session, actor: Actor, *, pipeline_id: UUID, if_match: int | None, move_to: UUID | None = None
) -> None:
    """Delete softly. The default cannot be deleted (Conflict), nor one that holds records, unless they are to go to
    the stages of the same kind in the pipeline `move_to`."""
    pipeline = records.get(session, actor, Pipeline, pipeline_id, writing=True, if_match=if_match)
    if pipeline.is_default:
        raise Conflict("The default pipeline cannot be deleted; make another one the default first.")
    if move_to is not None:
        _empty_pipeline(session, pipeline, move_to)
    if in_use(session, "pipeline_id", pipeline.id):
        raise Conflict("Records are in this pipeline; say where they go with move_to, the id of another one.")
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
    kind = _kind(data, pipeline.applies_to, field="kind")
    stages = stages_of(session, pipeline.id)
    stage = _stage(data, 0, kind)
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


def delete_stage(
    session: Session, actor: Actor, *, stage_id: UUID, if_match: int | None, move_to: UUID | None = None
) -> None:
    """Remove a stage that holds no record, or whose records are to go to the stage `move_to`.

    Raises Conflict where it holds some, and for the last one of a won or lost kind, or of the open ones.
    """
    stage = records.get(session, actor, Stage, stage_id, writing=True, if_match=if_match)
    others = [s for s in stages_of(session, stage.pipeline_id) if s.id != stage.id]
    if (stage.is_won or stage.is_lost) and not any(s.kind == stage.kind for s in others):
        raise Conflict(f"A pipeline needs a stage of kind {stage.kind}; this is its last.")
    if all(s.is_won or s.is_lost for s in others):
        raise Conflict("A pipeline needs a stage for what is open; this is its last.")
    if move_to is not None:
        _empty_stage(session, stage, _target(session, stage, move_to))
    if in_use(session, "stage_id", stage.id):
        raise Conflict("Records are in this stage; say where they go with move_to, the id of another one.")
    session.delete(stage)
    _renumber(others)


def _target(session: Session, stage: Stage, move_to: UUID) -> Stage:
    """Where the records of a stage go: deleting one neither closes nor opens anything."""
    target = session.get(Stage, move_to)
    there = session.get(Pipeline, target.pipeline_id) if target else None
    here = session.get_one(Pipeline, stage.pipeline_id)
    if target is None or there is None or there.is_archived or target.id == stage.id:
        raise Invalid.field("move_to", "there is no such other stage")
    if there.applies_to != here.applies_to:
        raise Invalid.field("move_to", f"this stage is for {there.applies_to} records")
    if (target.is_won, target.is_lost) != (stage.is_won, stage.is_lost):
        raise Invalid.field(
            "move_to", "open records go to an open stage, won ones to a won, lost ones to a lost"
        )
    return target


def _empty_pipeline(session: Session, pipeline: Pipeline, move_to: UUID) -> None:
    other = session.get(Pipeline, move_to)
    if other is None or other.is_archived or other.id == pipeline.id:
        raise Invalid.field("move_to", "there is no such other pipeline")
    if other.applies_to != pipeline.applies_to:
        raise Invalid.field("move_to", f"this pipeline is for {other.applies_to} records")
    targets = stages_of(session, other.id)
    for stage in stages_of(session, pipeline.id):
        alike = [s for s in targets if (s.is_won, s.is_lost) == (stage.is_won, stage.is_lost)]
        _empty_stage(session, stage, next((s for s in alike if s.kind == stage.kind), alike[0]))


def _empty_stage(session: Session, stage: Stage, target: Stage) -> None:
    """Have the rooms above move their records: they hear of it in this very transaction."""
    session.flush()
    record(session, Event("stage.emptied", "stage", stage.id, {"move_to": target.id}))
    session.flush()


def _kind(data: StageIn, applies_to: str, *, field: str) -> str:
    """The kind of a new stage: as given, else what `is_won` and `is_lost` say, else that of a beginning."""
    won, lost = _ENDS[applies_to]
    if data.is_won and data.is_lost:
        raise Invalid.field(field, "a stage is won or lost, not both")
    said = won if data.is_won else lost if data.is_lost else None
    kind = data.kind or said or _KINDS[applies_to][0]
    if kind not in _KINDS[applies_to]:
        raise Invalid.field(field, f"a pipeline of {applies_to} records has no '{kind}' stage")
    if said is not None and kind != said:
        raise Invalid.field(field, f"a stage of the kind {kind} is not {'won' if data.is_won else 'lost'}")
    return kind


def _stage(data: StageIn, position: int, kind: str) -> Stage:
    """A stage as described; entering an end is certain, whatever probability was given with it."""
    own = data.model_dump(include={"name", "probability", "color", "rotting_days"})
    stage = Stage(**own, kind=kind, position=position)
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
