"""Pipelines, stages and deals worked on in any order, against a plain Python model.

The model knows the rules by heart: what a move sets, what closing needs, where a reopened deal goes, which stage may be
deleted and where its deals go then. After every step the deals, their moves, the board and the kept sums are its.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import sqlalchemy as sa
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
from sqlalchemy.orm import Session

from crm_api.access import system
from crm_api.conditions.filters import Query
from crm_api.core import rollups as kept
from crm_api.core.database import Database
from crm_api.core.errors import Conflict, Invalid
from crm_api.opportunities import board, rollups, service
from crm_api.opportunities.models import Opportunity, StageMove
from crm_api.opportunities.schemas import Close, MoveStage, OpportunityIn, OpportunityPatch
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.board import Asked
from crm_api.pipelines.models import Stage
from crm_api.pipelines.schemas import NewStage, PipelineIn, StageIn
from tests import factories
from tests.support.machines import run

CLOSED = ("closed_won", "closed_lost")
ANY = st.integers(0, 10**6)
DAYS = st.sampled_from([None, date(2026, 11, 30), date(2026, 12, 15), date(2027, 2, 1)])
VALUES = st.sampled_from([None, 0, 100, 2500.5])


@dataclass
class ModelStage:
    """One stage as the model knows it."""

    pipeline: UUID
    kind: str
    probability: int

    @property
    def end(self) -> str | None:
        return self.kind if self.kind in CLOSED else None

    @property
    def category(self) -> str:
        if self.end:
            return "commit" if self.kind == "closed_won" else "omitted"
        return "commit" if self.probability >= 75 else "best_case" if self.probability >= 50 else "pipeline"


@dataclass
class ModelDeal:
    """One deal as the model knows it."""

    stage: UUID
    probability: int
    category: str
    value: Any
    day: date | None
    has_account: bool
    pushes: int = 0
    archived: bool = False
    moves: list[UUID] = field(default_factory=list)


class Machine(RuleBasedStateMachine):
    """A sales office; every rule is one transaction."""

    fresh: Callable[[], str]

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.db = Database.open(type(self).fresh())
        self.account = self.run(lambda session: factories.make_account(session).id)
        self.run(pipelines.ensure_defaults)
        self.default = self.run(lambda session: pipelines.default_id(session, "opportunity"))
        self.order: dict[UUID, list[UUID]] = {}
        self.stages: dict[UUID, ModelStage] = {}
        self.deals: dict[UUID, ModelDeal] = {}
        self.learn(self.default)

    def learn(self, pipeline_id: UUID) -> None:
        """Take over the stages of a new pipeline."""
        rows = self.run(lambda session: pipelines.stages_of(session, pipeline_id))
        self.order[pipeline_id] = [row.id for row in rows]
        self.stages |= {row.id: ModelStage(pipeline_id, row.kind, row.probability) for row in rows}

    def run(self, work: Callable[[Session], Any]) -> Any:
        return self.loop.run_until_complete(self.db.write(work))

    def try_(self, verb: Callable[..., Any], refusal: type[Exception] | None, **given: Any) -> Any:
        """Do it; it has to be refused just where the model says so."""

        def work(session: Session) -> Any:
            made = verb(session, system(session), **given)
            session.flush()
            return getattr(made, "id", None)

        try:
            made = self.run(work)
        except (Conflict, Invalid) as problem:
            assert refusal is not None, f"refused for no reason: {problem.detail}"  # noqa: PT017 - hypothesis shrinks on it
            assert isinstance(problem, refusal), f"refused as {type(problem)}"  # noqa: PT017
            return None
        assert refusal is None, f"{verb.__name__} was to be refused with {refusal}"
        return made

    def pick(self, rows: dict[UUID, Any] | list[UUID], n: int) -> UUID | None:
        ids = list(rows)
        return ids[n % len(ids)] if ids else None

    def enter(self, deal: ModelDeal, stage_id: UUID, probability: int | None = None) -> None:
        """What entering a stage comes to."""
        stage = self.stages[stage_id]
        if stage_id != deal.stage:
            deal.moves.append(stage_id)
            deal.stage, deal.category, deal.probability = stage_id, stage.category, stage.probability
        if probability is not None and not stage.end:
            deal.probability = probability

    def refusal(self, deal: ModelDeal, stage_id: UUID, reason: str | None) -> type[Exception] | None:
        """Why a deal may not enter a stage."""
        stage = self.stages[stage_id]
        if deal.archived or self.stages[deal.stage].end:
            return Conflict
        if (reason is None) == (stage.kind == "closed_lost"):
            return Invalid
        return Conflict if stage.kind == "closed_won" and not deal.has_account else None

    # ── Rules ────────────────────────────────────────────────────────────────────────────────────

    @rule(n=ANY, value=VALUES, day=DAYS, linked=st.booleans())
    def create(self, n: int, value: Any, day: date | None, linked: bool) -> None:
        open_ = [one for one, stage in self.stages.items() if not stage.end]
        stage_id = self.pick(open_, n)
        assert stage_id is not None
        body = OpportunityIn(
            name="Deal", stage_id=stage_id, estimated_value=value, expected_close_date=day,
            account_id=self.account if linked else None,
        )  # fmt: skip
        made = self.try_(service.create, None, data=body)
        stage = self.stages[stage_id]
        self.deals[made] = ModelDeal(
            stage_id, stage.probability, stage.category, value, day, linked, moves=[stage_id]
        )

    @rule(n=ANY, value=VALUES, day=DAYS)
    def edit(self, n: int, value: Any, day: date | None) -> None:
        if (deal_id := self.pick(self.deals, n)) is None:
            return
        deal = self.deals[deal_id]
        refusal = Conflict if deal.archived or self.stages[deal.stage].end else None
        body = OpportunityPatch(estimated_value=value, expected_close_date=day)
        self.try_(service.update, refusal, opportunity_id=deal_id, data=body, if_match=None)
        if refusal is None:
            deal.pushes += deal.day is not None and day is not None and day > deal.day
            deal.value, deal.day = value, day

    @rule(
        n=ANY, m=ANY, reason=st.sampled_from([None, None, "Price"]), probability=st.sampled_from([None, 33])
    )
    def move(self, n: int, m: int, reason: str | None, probability: int | None) -> None:
        deal_id, stage_id = self.pick(self.deals, n), self.pick(self.stages, m)
        if deal_id is None or stage_id is None:
            return
        refusal = self.refusal(self.deals[deal_id], stage_id, reason)
        body = MoveStage(stage_id=stage_id, loss_reason=reason, probability=probability)
        self.try_(service.move, refusal, opportunity_id=deal_id, data=body)
        if refusal is None:
            self.enter(self.deals[deal_id], stage_id, probability)

    @rule(n=ANY, kind=st.sampled_from(CLOSED), reason=st.sampled_from([None, "Price"]))
    def close(self, n: int, kind: str, reason: str | None) -> None:
        if (deal_id := self.pick(self.deals, n)) is None:
            return
        deal = self.deals[deal_id]
        ends = self.order[self.stages[deal.stage].pipeline]
        stage_id = next(one for one in ends if self.stages[one].kind == kind)
        refusal = self.refusal(deal, stage_id, reason)
        self.try_(service.close, refusal, opportunity_id=deal_id, data=Close(stage=kind, loss_reason=reason))
        if refusal is None:
            self.enter(deal, stage_id)

    @rule(n=ANY)
    def reopen(self, n: int) -> None:
        if (deal_id := self.pick(self.deals, n)) is None:
            return
        deal = self.deals[deal_id]
        refusal = Conflict if deal.archived or not self.stages[deal.stage].end else None
        self.try_(service.reopen, refusal, opportunity_id=deal_id)
        if refusal is None:
            been = [one for one in deal.moves if one in self.stages and not self.stages[one].end]
            self.enter(deal, been[-1] if been else self.order[self.stages[deal.stage].pipeline][0])

    @rule(n=ANY)
    def delete_or_restore(self, n: int) -> None:
        if (deal_id := self.pick(self.deals, n)) is None:
            return
        deal = self.deals[deal_id]
        if deal.archived:
            self.try_(service.restore, None, opportunity_id=deal_id)
        else:
            self.try_(service.archive, None, opportunity_id=deal_id, if_match=None)
        deal.archived = not deal.archived

    @rule(n=ANY, kind=st.sampled_from(["proposal", *CLOSED]), probability=st.sampled_from([40, 55, 80]))
    def add_stage(self, n: int, kind: str, probability: int) -> None:
        pipeline_id = self.pick(list(self.order), n)
        body = NewStage(pipeline_id=pipeline_id, name="More", kind=kind, probability=probability)
        self.try_(pipelines.create_stage, None, data=body)
        assert pipeline_id is not None
        self.learn(pipeline_id)

    @rule()
    def add_pipeline(self) -> None:
        if len(self.order) > 2:
            return
        kinds = ("prospecting", "proposal", *CLOSED)
        body = PipelineIn(
            name=f"Pipeline {len(self.order)}", applies_to="opportunity",
            stages=[StageIn(name=kind, kind=kind, probability=60) for kind in kinds],
        )  # fmt: skip
        self.learn(self.try_(pipelines.create, None, data=body))

    @rule(n=ANY, m=ANY, moving=st.booleans())
    def delete_stage(self, n: int, m: int, moving: bool) -> None:
        stage_id, target_id = self.pick(self.stages, n), self.pick(self.stages, m)
        assert stage_id is not None
        assert target_id is not None
        stage, target = self.stages[stage_id], self.stages[target_id]
        others = [self.stages[one] for one in self.order[stage.pipeline] if one != stage_id]
        held = any(deal.stage == stage_id for deal in self.deals.values())
        if (stage.end and all(one.kind != stage.kind for one in others)) or all(one.end for one in others):
            refusal: type[Exception] | None = Conflict
        elif moving:
            refusal = Invalid if target_id == stage_id or stage.end != target.end else None
        else:
            refusal = Conflict if held else None
        move_to = target_id if moving else None
        self.try_(pipelines.delete_stage, refusal, stage_id=stage_id, if_match=None, move_to=move_to)
        if refusal is None:
            for deal in self.deals.values():
                if deal.stage == stage_id:
                    self.enter(deal, target_id)
            del self.stages[stage_id]
            self.order[stage.pipeline].remove(stage_id)

    @rule()
    def fold(self) -> None:
        for stage_id in self.stages:
            self.run(lambda session, stage_id=stage_id: kept.fold(session, rollups.KEPT, stage_id))

    # ── What holds at any time ───────────────────────────────────────────────────────────────────

    @invariant()
    def the_deals_are_those_of_the_model(self) -> None:
        if not hasattr(self, "deals"):
            return
        rows, moves = self.run(observed)
        assert rows == {
            deal_id: (d.stage, self.stages[d.stage].kind, self.stages[d.stage].pipeline, d.probability,
                      d.category, d.pushes, d.archived)
            for deal_id, d in self.deals.items()
        }  # fmt: skip
        assert moves == {deal_id: deal.moves for deal_id, deal in self.deals.items()}

    @invariant()
    def the_sums_are_those_of_the_model(self) -> None:
        if not hasattr(self, "deals"):
            return
        assert self.run(lambda session: kept.differences(session, rollups.KEPT)) == []
        for pipeline_id, order in self.order.items():
            told = self.run(
                lambda s, one=pipeline_id: board.read(
                    s, system(s), Asked(Query(), pipeline_id=one, cards=200)
                )
            )
            for stage_id, column in zip(order, told["columns"], strict=True):
                here = [i for i, d in self.deals.items() if d.stage == stage_id and not d.archived]
                assert column["stage"]["id"] == stage_id
                assert sorted(card["id"] for card in column["cards"]) == sorted(here)
                assert column["count"] == len(here)
                assert column["value"] == sum(self.deals[i].value or 0 for i in here)

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.loop.run_until_complete(self.db.close())
            self.loop.close()


def observed(session: Session) -> tuple[dict[UUID, Any], dict[UUID, list[UUID]]]:
    """The deals, and the stages each has entered, as they are stored."""
    rows = session.execute(
        sa.select(
            Opportunity.id, Opportunity.stage_id, Opportunity.stage_kind, Opportunity.pipeline_id,
            Opportunity.probability, Opportunity.forecast_category, Opportunity.push_count,
            Opportunity.archived_at.is_not(None),
        )
    )  # fmt: skip
    moves: dict[UUID, list[UUID]] = {}
    for move in session.scalars(sa.select(StageMove).order_by(StageMove.at, StageMove.id)):
        moves.setdefault(move.record_id, []).append(move.to_stage_id)
    assert session.scalar(sa.select(sa.func.count(Stage.id)))
    return {row[0]: tuple(row[1:]) for row in rows}, moves


def test_deals_and_stages_are_what_the_model_says(fresh: Callable[[], str]) -> None:
    run(Machine, fresh, examples=8, deep=400, steps=30)
