"""Questions as they are kept: turns of a conversation, what their askers thought of the answers, and asking again."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core.errors import Conflict, Invalid, NotFound
from crm_api.custom_fields.fields import registry
from crm_api.questions import beside, editing, house, service
from crm_api.questions.models import AskedQuestion
from crm_api.questions.plan import Plan
from crm_api.questions.result import Answer
from crm_api.views import service as views
from crm_api.views.models import View
from crm_api.views.schemas import ViewIn

MOST_ROWS_AGAIN = 1_000
BY_CHIPS = "chips"  # the planner of an answer that was changed piece by piece, and not asked in words


def turns(session: Session, *, actor: Actor, conversation_id: UUID, question: str) -> list[str]:
    """The questions of a conversation of one's own, oldest first, and the one that follows them."""
    before = session.scalars(
        sa.select(AskedQuestion.question)
        .where(
            AskedQuestion.conversation_id == conversation_id,
            AskedQuestion.user_id == actor.user_id,
            AskedQuestion.outcome == "answered",
        )
        .order_by(AskedQuestion.asked_at.desc(), AskedQuestion.id.desc())
        .limit(service.MOST_TURNS - 1)
    ).all()
    return [*reversed(before), question]


def last_plan(session: Session, *, actor: Actor, conversation_id: UUID) -> Plan | None:
    """The plan that a conversation of one's own stands at; None where it has none yet."""
    row = session.scalars(
        sa.select(AskedQuestion)
        .where(
            AskedQuestion.conversation_id == conversation_id,
            AskedQuestion.user_id == actor.user_id,
            AskedQuestion.outcome == "answered",
        )
        .order_by(AskedQuestion.asked_at.desc(), AskedQuestion.id.desc())
        .limit(1)
    ).first()
    return plan_of(row) if row is not None and row.plan else None


def edited(session: Session, *, actor: Actor, plan_id: UUID, at: str, value: str | None) -> Answer:
    """The answer to a kept question with one piece of its plan changed to `value`, or left out.

    Where the value is not understood the plan stays as it was, and the answer says so. Raises NotFound for others'
    questions, Conflict for one without a plan, and Invalid for a piece that the plan has not.
    """
    row, known = own(session, actor, plan_id), registry(session)
    plan = plan_of(row)
    if value is None:
        made = editing.without(plan, at)
    else:
        service.check([value])
        names = service.names_for(session, actor=actor, turns=[value])
        made = editing.changed(plan, at, value, registry=known, names=names)
    understood = made.action in beside.RUNS
    answer = service.answer_plan(session, actor=actor, plan=made if understood else plan)
    if not understood:
        told = made.question if made.action == "clarify" else f"“{value}” was not understood there"
        answer.assumptions.append(f"{told.rstrip('.')}; nothing was changed")
    answer.conversation_id = row.conversation_id
    return answer


def keep(
    session: Session, *, actor: Actor, question: str, answer: Answer, conversation_id: UUID, tokens: int = 0
) -> UUID:
    """Keep a question with its plan and what became of it; returns its id, the `plan_id` of the answer."""
    plan = answer.plan.model_dump(mode="json", exclude_defaults=True) if answer.plan else None
    row = AskedQuestion(
        user_id=actor.user_id,
        conversation_id=conversation_id,
        question=question,
        planner=answer.planner,
        outcome=answer.status,
        plan=plan,
        unused=answer.unused or None,
        tokens=tokens,
        elapsed_ms=round(answer.elapsed_ms),
    )
    session.add(row)
    session.flush()
    return row.id


def choose(session: Session, actor: Actor, *, plan_id: UUID, question: str) -> None:
    """Remember which reading of an unclear question was taken: `question` is that of the option."""
    row = own(session, actor, plan_id)
    if row.outcome != "clarify":
        return
    again = service.ask_offline(session, actor=actor, turns=[row.question])
    options = again.clarify.options if again.clarify else []
    if label := next((o.label for o in options if o.question == question), None):
        house.remember(session, actor, asked=again.answer, label=label)


def rate(session: Session, actor: Actor, *, plan_id: UUID, rating: int) -> None:
    """Say whether an answer was right (1) or not (-1); 0 takes it back."""
    own(session, actor, plan_id).rating = rating or None


def history(session: Session, *, actor: Actor, limit: int) -> list[dict[str, Any]]:
    """What one asked lately, the latest first."""
    columns = (
        AskedQuestion.id,
        AskedQuestion.asked_at,
        AskedQuestion.conversation_id,
        AskedQuestion.question,
        AskedQuestion.outcome,
        AskedQuestion.planner,
        AskedQuestion.rating,
        AskedQuestion.elapsed_ms,
    )
    found = session.execute(
        sa.select(*columns)
        .where(AskedQuestion.user_id == actor.user_id, AskedQuestion.planner != BY_CHIPS)
        .order_by(AskedQuestion.asked_at.desc(), AskedQuestion.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in found.mappings()]


def again(session: Session, *, actor: Actor, plan_id: UUID, rows: int) -> Answer:
    """The answer to a kept question as it is now, with up to `rows` rows. Raises NotFound for others' questions and
    Conflict for one that has no plan."""
    row = own(session, actor, plan_id)
    answer = service.answer_plan(session, actor=actor, plan=plan_of(row), most=min(rows, MOST_ROWS_AGAIN))
    answer.plan_id, answer.conversation_id = row.id, row.conversation_id
    return answer


def save_view(session: Session, actor: Actor, *, plan_id: UUID, name: str, shared_with: str) -> View:
    """Save the list behind an answer as a view. Raises Conflict where it is none that a list can show."""
    plan = plan_of(own(session, actor, plan_id))
    asker = service.asker_of(session, actor)
    shown = beside.view(plan, registry(session), asker)
    if shown is None:
        raise Conflict("There is no list behind this answer.")
    data = ViewIn.model_validate(shown.model_dump() | {"name": name, "shared_with": shared_with})
    try:
        return views.create(session, actor, data=data)
    except Invalid as error:
        raise Conflict("Lists do not know one of these conditions; ask for it without.") from error


def plan_of(row: AskedQuestion) -> Plan:
    """The plan of a kept question. Raises Conflict where it has none."""
    if not row.plan:
        raise Conflict("This question was not answered, so there is nothing to do again.")
    return Plan.model_validate(row.plan)


def own(session: Session, actor: Actor, plan_id: UUID) -> AskedQuestion:
    row = session.get(AskedQuestion, plan_id)
    if row is None or row.user_id != actor.user_id or actor.user_id is None:
        raise NotFound("There is no such question of yours.")
    return row
