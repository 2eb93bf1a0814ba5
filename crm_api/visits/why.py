"""Why an account is in a plan or not: the stored day is set up again, and the account tried in it."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.accounts.models import Account
from crm_api.conditions import records
from crm_api.ports import Coordinates
from crm_api.visits.drafts import Draft
from crm_api.visits.horizon import Horizon
from crm_api.visits.models import VisitPlan
from crm_api.visits.outings import Frame
from crm_api.visits.planner import repair
from crm_api.visits.reasons import LeftOut, Why, explain
from crm_api.visits.replanning import asked_for, standings
from crm_api.visits.schemas import PlanIn, left_out_text


@dataclass(frozen=True)
class Asked:
    """What is to be tried; `answer` is there already where nothing needs to be."""

    account_id: UUID
    name: str
    order: tuple[UUID, ...]
    data: PlanIn
    frame: Frame
    answer: dict[str, Any] | None = None


def read(session: Session, actor: Actor, *, plan_id: UUID, account_id: UUID) -> Asked:
    """The plan and the account, under the actor's eyes; raises NotFound for either."""
    plan: VisitPlan = records.get(session, actor, VisitPlan, plan_id)
    account: Account = records.get(session, actor, Account, account_id)
    stops = [one.stop for one in standings(session, plan)]
    order = tuple(stop.account_id for stop in stops)
    data = asked_for(plan, must_see=(), appointments=(), leave_out=set(), changes={})
    data = data.model_copy(update={"leave_out": [], "calendar": False})
    frame = Frame(
        plan.shift_starts_at, plan.shift_ends_at, Coordinates(plan.start_latitude, plan.start_longitude),
        (*order, account_id), plan.week_id, is_closed=True,
    )  # fmt: skip
    asked = Asked(account_id, account.name, order, data, frame)
    here = next((stop for stop in stops if stop.account_id == account_id), None)
    if here is not None:
        text = "; ".join(reason["text"] for reason in here.reasons) or "it is worth a visit"
        return replace(asked, answer=_answer(asked, None, text, value=here.value, reasons=here.reasons))
    if (
        account.latitude is None
        or account.longitude is None
        or (account.latitude, account.longitude) == (0, 0)
    ):
        return replace(
            asked, answer=_answer(asked, Why.NO_COORDINATES.value, left_out_text("no_coordinates", None))
        )
    return asked


def tried(draft: Draft, horizon: Horizon, asked: Asked) -> dict[str, Any]:
    """Try the account in the day as it was planned, and say what stands in the way."""
    where = {call.key: index for index, call in enumerate(horizon.calls)}
    wanted = where.get(str(asked.account_id))
    if wanted is None:
        return _answer(asked, Why.NOT_CONSIDERED.value, "not one of the accounts that the rep may visit")
    candidate = draft.candidates[asked.account_id]
    told = {"value": candidate.worth.points, "reasons": list(candidate.worth.reasons)}
    order = repair(horizon.day(0), [where[str(a)] for a in asked.order if str(a) in where])
    (found,) = explain(horizon, [order], [wanted])
    if found.why is Why.WORTH_LESS and found.instead_of is not None:
        return _instead(draft, asked, found, told)
    text = left_out_text(found.why.value, None)
    if (
        found.why is Why.NO_TIME
        and candidate.not_before is not None
        and candidate.not_before > draft.data.calendar_days[0]
    ):
        text = f"{text}; visited recently, too"
    return _answer(asked, found.why.value, text, **told)


def _instead(draft: Draft, asked: Asked, found: LeftOut, told: dict[str, Any]) -> dict[str, Any]:
    """What it would push out, and how the two compare today."""
    assert found.instead_of is not None, "asked before"
    other = draft.candidate(found.instead_of)
    mine, theirs = draft.candidates[asked.account_id].worth.points, other.worth.points
    verdict = "worth no more than" if mine <= theirs else "worth more by now than"
    text = f"{verdict} {other.name}, which it would push out ({mine} against {theirs} points)"
    return _answer(asked, found.why.value, text, instead_of=str(other.account_id), **told)


def _answer(asked: Asked, why: str | None, text: str, **more: Any) -> dict[str, Any]:
    return {
        "account_id": str(asked.account_id),
        "account_name": asked.name,
        "is_planned": why is None,
        "why": why,
        "text": text,
        "instead_of": None,
        "value": None,
        "reasons": [],
        **more,
    }
