"""Leads worked on in any order until they are converted, lost or deleted, against a plain Python model.

The model knows what a status and a stage have to do with each other, what converting makes of a lead and when it is
refused, and that a converted lead stays as it is. After every step the leads, their moves, their boards, and the
accounts, contacts and deals that came of them are its.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
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
from crm_api.accounts.models import Account
from crm_api.conditions.filters import Query
from crm_api.contacts.models import Contact
from crm_api.core.database import Database
from crm_api.core.errors import Conflict, Invalid
from crm_api.leads import board, conversion, progress, service
from crm_api.leads.models import Lead
from crm_api.leads.schemas import Convert, LeadIn, LeadPatch, MarkLost, MoveStage, Qualify
from crm_api.opportunities.models import Opportunity, StageMove
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.board import Asked
from crm_api.pipelines.schemas import PipelineIn, StageIn
from tests.support.machines import run

ANY = st.integers(0, 10**6)
NEW_STATUSES = ("new", "contacted", "callback")
STATUSES = st.sampled_from([*NEW_STATUSES, "qualified", "proposal", "negotiation", "lost", "converted"])
COMPANIES = st.sampled_from([None, "Harbor", "Harbor Ltd", "Summit"])
EMAILS = st.sampled_from([None, "ann@harbor.example", "bo@harbor.example", "cy@gmail.com"])
PEOPLE = st.sampled_from([None, "Ann"])
Refusal = type[Exception] | None


def kind_of(status: str) -> str:
    """The kind of stage that holds a status."""
    return "new" if status in NEW_STATUSES else status


@dataclass
class ModelAccount:
    """An account that came of a lead: what it is recognised by, and who is there with which address."""

    company: str
    domain: str | None
    contacts: list[tuple[str, str | None, bool]] = field(default_factory=list)
    deals: int = 0


@dataclass
class ModelLead:
    """One lead as the model knows it."""

    title: str
    status: str
    stage: UUID
    probability: int
    company: str | None
    email: str | None
    person: str | None
    archived: bool = False
    stood: tuple[str, UUID, int] | None = None
    account: UUID | None = None
    moves: list[UUID] = field(default_factory=list)

    @property
    def domain(self) -> str | None:
        """The domain that stands for a company, of its address."""
        host = (self.email or "").rpartition("@")[2]
        return host if host and host != "gmail.com" else None


class Machine(RuleBasedStateMachine):
    """A sales office and its leads; every rule is one transaction."""

    fresh: Callable[[], str]

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.db = Database.open(type(self).fresh())
        self.stages: dict[UUID, tuple[UUID, str, int]] = {}  # pipeline, kind, probability; in their order
        self.leads: dict[UUID, ModelLead] = {}
        self.accounts: dict[UUID, ModelAccount] = {}
        self.run(pipelines.ensure_defaults)
        self.learn(self.run(lambda session: pipelines.default_id(session, "lead")))
        kinds = ("new", "proposal", "converted", "lost")
        short = PipelineIn(
            name="Short", applies_to="lead",
            stages=[StageIn(name=kind, kind=kind, probability=35) for kind in kinds],
        )  # fmt: skip
        self.learn(self.run(lambda session: pipelines.create(session, system(session), data=short).id))

    def learn(self, pipeline_id: UUID) -> None:
        """Take over the stages of a pipeline."""
        rows = self.run(lambda session: pipelines.stages_of(session, pipeline_id))
        self.stages |= {row.id: (pipeline_id, row.kind, row.probability) for row in rows}

    def run(self, work: Callable[[Session], Any]) -> Any:
        return self.loop.run_until_complete(self.db.write(work))

    def try_(self, verb: Callable[..., Any], refusal: Refusal, **given: Any) -> Any:
        """Do it, and return what it made, read back; it has to be refused just where the model says so."""

        def work(session: Session) -> Any:
            lead = verb(session, system(session), **given)
            session.flush()
            return lead and (lead.id, lead.converted_account_id)

        try:
            made = self.run(work)
        except (Conflict, Invalid) as problem:
            assert refusal is not None, f"refused for no reason: {problem.detail}"  # noqa: PT017 - hypothesis shrinks on it
            assert isinstance(problem, refusal), f"refused as {type(problem)}"  # noqa: PT017
            return None
        assert refusal is None, f"{verb.__name__} was to be refused with {refusal}"
        return made

    def pick(self, n: int) -> tuple[UUID, ModelLead] | None:
        ids = list(self.leads)
        return (ids[n % len(ids)], self.leads[ids[n % len(ids)]]) if ids else None

    def stage_of(self, lead: ModelLead, status: str) -> UUID | None:
        """Where a status puts a lead: where it stands, or the first stage of its kind in the pipeline it is in."""
        pipeline, present, _ = self.stages[lead.stage]
        if present == kind_of(status):
            return lead.stage
        fit = (one for one, stage in self.stages.items() if stage[:2] == (pipeline, kind_of(status)))
        return next(fit, None)

    def enter(self, lead: ModelLead, stage_id: UUID, status: str | None = None) -> None:
        """What entering a stage comes to."""
        kind = self.stages[stage_id][1]
        lead.status = status or (lead.status if kind_of(lead.status) == kind else kind)
        if stage_id != lead.stage:
            lead.moves.append(stage_id)
            lead.stage, lead.probability = stage_id, self.stages[stage_id][2]

    def has_twin(self, lead: ModelLead) -> bool:
        """Whether an account of that name or domain is there."""
        name = (lead.company or lead.person or lead.title).lower().removesuffix(" ltd")
        known = self.accounts.values()
        return any(one.company == name or (lead.domain and one.domain == lead.domain) for one in known)

    def converted(self, lead: ModelLead, made: Any, *, into: UUID | None, contact: bool, deal: bool) -> None:
        """What converting comes to: an account, the person in it, a deal, and a lead that is read-only."""
        lead.account = made[1]
        assert lead.account is not None
        assert into in (None, lead.account)
        if into is None:
            name = (lead.company or lead.person or lead.title).lower().removesuffix(" ltd")
            self.accounts[lead.account] = ModelAccount(name, lead.domain)
        account = self.accounts[lead.account]
        known = lead.email and any(address == lead.email for _, address, _ in account.contacts)
        if contact and lead.person and not known:
            account.contacts.append((lead.person, lead.email, into is None))
        account.deals += deal
        stage_id = self.stage_of(lead, "converted")
        assert stage_id is not None
        self.enter(lead, stage_id, "converted")

    # ── Rules ────────────────────────────────────────────────────────────────────────────────────

    @rule(n=ANY, company=COMPANIES, email=EMAILS, person=PEOPLE)
    def create(self, n: int, company: str | None, email: str | None, person: str | None) -> None:
        open_ = [one for one, stage in self.stages.items() if stage[1] not in ("converted", "lost")]
        stage_id = open_[n % len(open_)]
        taken = email and any(one.email == email and not one.archived for one in self.leads.values())
        body = LeadIn(title="Vans", company_name=company, email=email, first_name=person, stage_id=stage_id)
        made = self.try_(service.create, Conflict if taken else None, data=body)
        if made:
            _, kind, probability = self.stages[stage_id]
            self.leads[made[0]] = ModelLead("Vans", kind, stage_id, probability, company, email, person)

    def refusal(self, lead: ModelLead, stage_id: UUID | None) -> Refusal:
        """Why a lead may not go to a stage, which may not be there."""
        if lead.archived or lead.status == "converted":
            return Conflict
        if stage_id is None:
            return Invalid
        converts = self.stages[stage_id][1] == "converted"
        return Conflict if converts and self.has_twin(lead) else None

    @rule(n=ANY, status=STATUSES)
    def set_status(self, n: int, status: str) -> None:
        if (picked := self.pick(n)) is None:
            return
        lead_id, lead = picked
        stage_id = self.stage_of(lead, status)
        body = LeadPatch(status=status)
        made = self.try_(
            service.update, self.refusal(lead, stage_id), lead_id=lead_id, data=body, if_match=None
        )
        self.arrive(lead, stage_id, made, status)

    @rule(n=ANY, m=ANY)
    def move(self, n: int, m: int) -> None:
        if (picked := self.pick(n)) is None:
            return
        lead_id, lead = picked
        stage_id = list(self.stages)[m % len(self.stages)]
        body = MoveStage(stage_id=stage_id)
        made = self.try_(progress.move_stage, self.refusal(lead, stage_id), lead_id=lead_id, data=body)
        self.arrive(lead, stage_id, made, None)

    def arrive(self, lead: ModelLead, stage_id: UUID | None, made: Any, status: str | None) -> None:
        """Take over what a move that was not refused came to."""
        if not made or stage_id is None:
            return
        if self.stages[stage_id][1] == "converted":
            self.converted(lead, made, into=None, contact=True, deal=False)
        else:
            self.enter(lead, stage_id, status)

    @rule(n=ANY)
    def qualify(self, n: int) -> None:
        if (picked := self.pick(n)) is None:
            return
        lead_id, lead = picked
        stage_id = self.stage_of(lead, "qualified") if lead.status in NEW_STATUSES else lead.stage
        refusal = Conflict if lead.archived or lead.status == "converted" else None if stage_id else Invalid
        made = self.try_(progress.qualify, refusal, lead_id=lead_id, data=Qualify())
        if made and stage_id:
            self.enter(lead, stage_id, "qualified" if lead.status in NEW_STATUSES else lead.status)

    @rule(n=ANY)
    def lose(self, n: int) -> None:
        if (picked := self.pick(n)) is None:
            return
        lead_id, lead = picked
        refusal = Conflict if lead.archived or lead.status in ("converted", "lost") else None
        if self.try_(progress.mark_lost, refusal, lead_id=lead_id, data=MarkLost(lost_reason="Price")):
            stage_id = self.stage_of(lead, "lost")
            assert stage_id is not None
            self.enter(lead, stage_id, "lost")

    @rule(
        n=ANY, into=st.one_of(st.none(), ANY), contact=st.booleans(), deal=st.booleans(), twin=st.booleans()
    )
    def convert(self, n: int, into: int | None, contact: bool, deal: bool, twin: bool) -> None:
        if (picked := self.pick(n)) is None:
            return
        lead_id, lead = picked
        known = list(self.accounts)
        account_id = known[into % len(known)] if known and into is not None else None
        refusal: Refusal = Conflict if lead.archived or lead.status == "converted" else None
        if refusal is None and account_id is None and not twin and self.has_twin(lead):
            refusal = Conflict
        body = Convert(
            account_id=account_id, create_contact=contact, create_opportunity=deal, allow_duplicate=twin
        )
        made = self.try_(conversion.by_id, refusal, lead_id=lead_id, data=body)
        if made:
            self.converted(lead, made, into=account_id, contact=contact, deal=deal)

    @rule(n=ANY)
    def delete_or_restore(self, n: int) -> None:
        if (picked := self.pick(n)) is None:
            return
        lead_id, lead = picked
        if not lead.archived:
            self.try_(service.archive, None, lead_id=lead_id, if_match=None)
            lead.archived, lead.stood = True, None
            if lead.status not in ("converted", "lost"):
                lead.stood = (lead.status, lead.stage, lead.probability)
                lost = self.stage_of(lead, "lost")
                assert lost is not None
                lead.status, lead.stage, lead.probability = "lost", lost, 0
            return
        others = (one for one in self.leads.values() if one is not lead and not one.archived)
        taken = lead.email and any(one.email == lead.email for one in others)
        if self.try_(service.restore, Conflict if taken else None, lead_id=lead_id):
            lead.archived = False
            if lead.stood:
                lead.status, lead.stage, lead.probability = lead.stood

    # ── What holds at any time ───────────────────────────────────────────────────────────────────

    @invariant()
    def the_leads_are_those_of_the_model(self) -> None:
        if not hasattr(self, "leads"):
            return
        rows, moves = self.run(observed_leads)
        assert rows == {
            lead_id: (one.status, one.stage, self.stages[one.stage][0], one.probability, one.archived,
                      one.account)
            for lead_id, one in self.leads.items()
        }  # fmt: skip
        assert moves == {lead_id: one.moves for lead_id, one in self.leads.items() if one.moves}

    @invariant()
    def what_came_of_them_is_what_the_model_says(self) -> None:
        if not hasattr(self, "leads"):
            return
        told = {i: (sorted(a.contacts, key=str), a.deals) for i, a in self.accounts.items()}
        assert self.run(observed_accounts) == told

    @invariant()
    def every_board_holds_each_live_lead_once(self) -> None:
        if not hasattr(self, "leads"):
            return
        for pipeline_id in {pipeline for pipeline, _, _ in self.stages.values()}:
            asked = Asked(Query(), pipeline_id=pipeline_id, cards=200)
            told = self.run(lambda session, asked=asked: board.read(session, system(session), asked))
            for column in told["columns"]:
                stage_id = column["stage"]["id"]
                here = [i for i, one in self.leads.items() if one.stage == stage_id and not one.archived]
                assert sorted(card["id"] for card in column["cards"]) == sorted(here)
                assert column["count"] == len(here)

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.loop.run_until_complete(self.db.close())
            self.loop.close()


def observed_leads(session: Session) -> tuple[dict[UUID, Any], dict[UUID, list[UUID]]]:
    """The leads, and the stages each has entered since it was made, as they are stored."""
    rows = session.execute(
        sa.select(
            Lead.id, Lead.status, Lead.stage_id, Lead.pipeline_id, Lead.probability,
            Lead.archived_at.is_not(None), Lead.converted_account_id,
        )
    )  # fmt: skip
    moves: dict[UUID, list[UUID]] = {}
    entered = sa.select(StageMove).where(StageMove.kind == "lead", StageMove.from_stage_id.is_not(None))
    for move in session.scalars(entered.order_by(StageMove.at, StageMove.id)):
        moves.setdefault(move.record_id, []).append(move.to_stage_id)
    return {row[0]: tuple(row[1:]) for row in rows}, moves


def observed_accounts(session: Session) -> dict[UUID, Any]:
    """The accounts, with the people and the number of deals in each, as they are stored."""
    told = {i: ([], 0) for i in session.scalars(sa.select(Account.id))}  # type: dict[UUID, Any]
    columns = Contact.account_id, Contact.first_name, Contact.email, Contact.is_primary
    for account_id, *person in session.execute(sa.select(*columns)):
        told[account_id][0].append(tuple(person))
    counted = sa.select(Opportunity.account_id, sa.func.count()).group_by(Opportunity.account_id)
    deals = dict(session.execute(counted).all())
    return {i: (sorted(people, key=str), deals.get(i, 0)) for i, (people, _) in told.items()}


def test_leads_and_what_comes_of_them_are_what_the_model_says(fresh: Callable[[], str]) -> None:
    run(Machine, fresh, examples=8, deep=400, steps=30)
