"""Create, edit, edit many, archive, restore, undo, redo in any order, against a plain Python model.

The model is a history of snapshots: what each change set found and left, record by record, in plain dicts. What
undoing one of them has to come to, or that it has to be refused, it works out without the service; after every
step the records are those of the model.
"""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import sqlalchemy as sa
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import SYSTEM
from crm_api.changes import service
from crm_api.contacts import service as contacts
from crm_api.contacts.models import Contact
from crm_api.contacts.schemas import ContactIn, ContactPatch
from crm_api.core.database import Database
from crm_api.core.errors import Conflict, Problem
from crm_api.leads import service as leads
from crm_api.leads.models import Lead
from crm_api.leads.schemas import LeadIn, LeadPatch
from crm_api.opportunities import service as opportunities
from crm_api.opportunities.models import Opportunity
from crm_api.opportunities.schemas import Close, OpportunityIn, OpportunityPatch
from crm_api.tags.service import names_on
from tests import factories
from tests.support.machines import run

Key = tuple[str, UUID]
Row = dict[str, Any]
Rows = dict[Key, Row]

MODELS: dict[str, Any] = {"lead": Lead, "opportunity": Opportunity, "contact": Contact}
SEEN = {
    "lead": ("score", "score_is_manual", "city", "email", "status", "stage_id", "probability"),
    "opportunity": (
        "name",
        "estimated_value",
        "stage_kind",
        "loss_reason",
        "actual_close_date",
        "probability",
    ),
    "contact": ("job_title", "is_primary"),
}
CLOSED = ("closed_won", "closed_lost")

TAGS = st.lists(st.sampled_from(["Fair", "Fleet", "Vans"]), unique=True, max_size=2)
EDITS = {
    "lead": st.fixed_dictionaries({}, optional={
        "score": st.integers(0, 2), "city": st.sampled_from(["Akron", None]), "tags": TAGS,
        "email": st.sampled_from([None, "ann@harbor.example", "lee@harbor.example"]),
        "status": st.sampled_from(["new", "contacted", "proposal", "lost"])}),
    "opportunity": st.fixed_dictionaries({}, optional={
        "name": st.sampled_from(["Vans", "Cars"]), "tags": TAGS,
        "estimated_value": st.sampled_from([None, 100, 250.5]), "stage": st.sampled_from(["prospecting", "proposal"])}),
    "contact": st.fixed_dictionaries({}, optional={
        "job_title": st.sampled_from(["Buyer", None]), "is_primary": st.booleans(), "tags": TAGS}),
}  # fmt: skip
KINDS = st.sampled_from(sorted(MODELS))
ANY = st.integers(0, 10**6)


@dataclass
class History:
    """The records as they are, and what each change set found and left."""

    rows: Rows = field(default_factory=dict)
    sets: dict[UUID, tuple[Rows, Rows]] = field(default_factory=dict)
    reverts: dict[UUID, UUID] = field(default_factory=dict)

    def note(self, change_set_id: UUID, after: Rows) -> None:
        """Remember what a change set found and left of what it touched."""
        touched = {key for key, row in after.items() if self.rows.get(key) != row}
        found = {key: self.rows[key] for key in touched if key in self.rows}
        self.sets[change_set_id] = (deepcopy(found), {key: deepcopy(after[key]) for key in touched})
        self.rows = after

    def is_undone(self, change_set_id: UUID) -> bool:
        """Whether a revert of it is in force."""
        return any(not self.is_undone(by) for by, of in self.reverts.items() if of == change_set_id)

    def undoing(self, change_set_id: UUID) -> Rows | None:
        """The records once a change set is undone, or None where that is refused."""
        if self.is_undone(change_set_id):
            return None
        found, left = self.sets[change_set_id]
        after = deepcopy(self.rows)
        for key, row in left.items():
            if key not in found:
                if after[key]["archived"]:
                    continue
                if after[key] != row:
                    return None
                after[key]["archived"] = True
            elif not self._goes_back(key, after[key], found[key], row):
                return None
        self._stand_back(after, left)
        return after if after != self.rows and self._lawful(after) else None

    def _goes_back(self, key: Key, now: Row, found: Row, left: Row) -> bool:
        touched = [name for name in left if found[name] != left[name]]
        was_closed, put_back = now.get("stage_kind") in CLOSED, set()
        if now["archived"] and "archived" not in touched:
            return False
        for name in touched:
            if now[name] != found[name]:
                if now[name] != left[name]:
                    return False
                now[name] = found[name]
                put_back.add(name)
        return not (was_closed and put_back and not put_back & {"archived", "stage_kind"})

    def _stand_back(self, after: Rows, left: Rows) -> None:
        """A contact that only comes back is not the primary one any more where somebody else is by now."""
        for key in left:
            back = key[0] == "contact" and self.rows[key]["archived"] and not after[key]["archived"]
            if back and after[key]["is_primary"] and self.rows[key]["is_primary"]:
                others = [o for k, o in after.items() if k[0] == "contact" and k != key and not o["archived"]]
                after[key]["is_primary"] = not any(o["is_primary"] for o in others)

    @staticmethod
    def _lawful(after: Rows) -> bool:
        live = [(key[0], row) for key, row in after.items() if not row["archived"]]
        emails = [row["email"] for kind, row in live if kind == "lead" and row["email"]]
        return len(emails) == len(set(emails)) and sum(row.get("is_primary", False) for _, row in live) <= 1


def observed(session: Session) -> Rows:
    """The records as the database has them."""
    rows: Rows = {}
    for kind, model in MODELS.items():
        columns = [getattr(model, name) for name in SEEN[kind]]
        for record_id, archived_at, *values in session.execute(
            sa.select(model.id, model.archived_at, *columns)
        ):
            row = dict(zip(SEEN[kind], values, strict=True))
            rows[kind, record_id] = {**row, "archived": archived_at is not None, "tags": []}
        for record_id, names in names_on(session, kind, [i for k, i in rows if k == kind]).items():
            rows[kind, record_id]["tags"] = names
    return rows


class Machine(RuleBasedStateMachine):
    """One company at work; every rule is one transaction."""

    fresh: Callable[[], str]

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.db = Database.open(type(self).fresh())
        self.history = History()
        self.account_id = self.run(lambda session: factories.make_account(session).id)
        self.run(lambda session: factories.make_lead(session))  # the pipelines
        self.history.rows = self.run(observed)

    def run(self, work: Callable[[Session], Any]) -> Any:
        return self.loop.run_until_complete(self.db.write(work))

    def act(self, work: Callable[[Session], Any]) -> bool:
        """Do something; what it changed is one change set of the history. False where it was refused."""

        def noted(session: Session) -> tuple[UUID | None, Rows]:
            work(session)
            session.flush()
            return session.info.get("change_set"), observed(session)

        try:
            change_set_id, after = self.run(noted)
        except Problem:
            return False
        if change_set_id is not None:
            self.history.note(change_set_id, after)
        return True

    def chosen(self, kind: str, n: int, *, archived: bool) -> UUID | None:
        ids = sorted(
            k[1] for k, row in self.history.rows.items() if k[0] == kind and row["archived"] is archived
        )
        return ids[n % len(ids)] if ids else None

    @rule(kind=KINDS, data=st.data())
    def create(self, kind: str, data: st.DataObject) -> None:
        values = data.draw(EDITS[kind])
        match kind:
            case "lead":
                body: Any = LeadIn(title="Vans", **{**values, "score": values.get("score", 1)})
            case "opportunity":
                body = OpportunityIn(**{"name": "Deal", **values}, account_id=self.account_id)
            case _:
                body = ContactIn(first_name="Dana", account_id=self.account_id, **values)
        self.act(lambda session: VERBS[kind].create(session, SYSTEM, data=body))

    @rule(kind=KINDS, n=ANY, data=st.data())
    def edit(self, kind: str, n: int, data: st.DataObject) -> None:
        body = {"lead": LeadPatch, "opportunity": OpportunityPatch, "contact": ContactPatch}[kind]
        values = body(**data.draw(EDITS[kind]))
        if (record_id := self.chosen(kind, n, archived=False)) is not None:
            self.act(
                lambda session: VERBS[kind].update(
                    session, SYSTEM, **{f"{kind}_id": record_id}, data=values, if_match=None
                )
            )

    @rule(score=st.integers(0, 2), city=st.sampled_from(["Akron", "Toledo"]))
    def edit_all_leads(self, score: int, city: str) -> None:
        ids = [i for (kind, i), row in self.history.rows.items() if kind == "lead" and not row["archived"]]
        self.act(
            lambda session: audit.bulk_update(
                session, Lead, [{"id": i, "score": score, "city": city} for i in ids]
            )
        )

    @rule(n=ANY, won=st.booleans())
    def close(self, n: int, won: bool) -> None:
        body = Close(stage="closed_won") if won else Close(stage="closed_lost", loss_reason="Price")
        if (deal_id := self.chosen("opportunity", n, archived=False)) is not None:
            self.act(lambda session: opportunities.close(session, SYSTEM, opportunity_id=deal_id, data=body))

    @rule(n=ANY)
    def reopen(self, n: int) -> None:
        if (deal_id := self.chosen("opportunity", n, archived=False)) is not None:
            self.act(lambda session: opportunities.reopen(session, SYSTEM, opportunity_id=deal_id))

    @rule(kind=KINDS, n=ANY)
    def archive(self, kind: str, n: int) -> None:
        if (record_id := self.chosen(kind, n, archived=False)) is not None:
            self.act(
                lambda session: VERBS[kind].archive(
                    session, SYSTEM, **{f"{kind}_id": record_id}, if_match=None
                )
            )

    @rule(kind=KINDS, n=ANY)
    def restore(self, kind: str, n: int) -> None:
        if (record_id := self.chosen(kind, n, archived=True)) is not None:
            self.act(lambda session: VERBS[kind].restore(session, SYSTEM, **{f"{kind}_id": record_id}))

    @precondition(lambda self: self.history.sets)
    @rule(n=ANY, lately=st.booleans())
    def undo(self, n: int, lately: bool) -> None:
        ids = list(self.history.sets)
        change_set_id = ids[-1 - n % min(len(ids), 3)] if lately else ids[n % len(ids)]
        expected = self.history.undoing(change_set_id)
        before = deepcopy(self.history.rows)
        try:
            made = self.run(lambda session: service.revert(session, SYSTEM, change_set_id=change_set_id))
        except Conflict as refusal:
            assert expected is None, f"refused for no reason: {refusal.detail}"  # noqa: PT017 - hypothesis shrinks on it
            assert self.run(observed) == before
            return
        assert expected is not None, "undone, though something stands in the way"
        assert self.run(observed) == expected
        self.history.note(made["id"], expected)
        self.history.reverts[made["id"]] = change_set_id

    @invariant()
    def the_records_are_those_of_the_model(self) -> None:
        if hasattr(self, "history"):
            assert self.run(observed) == self.history.rows

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.loop.run_until_complete(self.db.close())
            self.loop.close()


VERBS: dict[str, Any] = {"lead": leads, "opportunity": opportunities, "contact": contacts}


def test_undoing_in_any_order_is_what_the_model_says(fresh: Callable[[], str]) -> None:
    run(Machine, fresh, examples=12, deep=500, steps=25)
