"""Asking: plan with the model where there is one, offline where there is none or it fails, then answer.

The model is called between two transactions. Whatever goes wrong with it, the asker gets the offline
planner's answer, marked as such.
"""

import asyncio
import logging
from uuid import UUID

from crm_api.access import Actor
from crm_api.core.database import Database
from crm_api.core.ids import new_id
from crm_api.custom_fields.fields import registry
from crm_api.ports import PortFailure, TextModel
from crm_api.questions import budget, conversations, gate, lexicon, model_planner, reports, service
from crm_api.questions.answer import Answer
from crm_api.questions.budget import Caps
from crm_api.questions.model_planner import Misfit, WirePlan
from crm_api.questions.plan import Plan

log = logging.getLogger(__name__)
MODEL_SECONDS = 25.0
FELL_BACK = "the language model could not be used; this is the offline planner's answer"


async def ask(
    db: Database,
    model: TextModel | None,
    *,
    actor: Actor,
    turns: list[str],
    conversation_id: UUID | None = None,
    answers: UUID | None = None,
    caps: Caps | None = None,
) -> Answer:
    """Answer the last of `turns` (oldest first) as `actor`, and keep the question. Raises Invalid.

    A `conversation_id` brings the turns before it; `answers` is the `plan_id` of a question back that this one answers.
    """
    if conversation_id is not None:
        turns = await db.read(
            conversations.turns, actor=actor, conversation_id=conversation_id, question=turns[-1]
        )
    previous = None
    if conversation_id is not None:
        previous = await db.read(conversations.last_plan, actor=actor, conversation_id=conversation_id)
    service.check(turns)
    plan, tokens, why = None, 0, FELL_BACK
    if model is not None:
        plan, tokens, why = await _plan_with(db, model, actor, turns, caps or Caps())
    if plan is None:
        answer = await db.read(service.ask_offline, actor=actor, turns=turns, previous=previous)
        if model is not None and why and answer.status == "answered":
            answer.assumptions.append(why)
    else:
        answer = await db.read(service.answer_plan, actor=actor, plan=plan)
        answer.planner = model.name if model else answer.planner
    answer = await db.read(service.complete, actor=actor, turns=turns, answer=answer)
    answer.conversation_id = conversation_id or new_id()
    if answers is not None:
        await db.write(conversations.choose, actor, plan_id=answers, question=turns[-1])
    answer.plan_id = await db.write(
        conversations.keep,
        actor=actor,
        question=turns[-1],
        answer=answer,
        conversation_id=answer.conversation_id,
        tokens=tokens,
    )
    return answer


async def edit(db: Database, *, actor: Actor, plan_id: UUID, at: str, value: str | None) -> Answer:
    """The answer to a kept question with one piece of its plan changed, or left out where `value` is None; kept in the
    same conversation, so that the next question leans on it. Raises as `conversations.edited` does."""
    answer = await db.read(conversations.edited, actor=actor, plan_id=plan_id, at=at, value=value)
    words = answer.plan_in_words[: service.LONGEST_QUESTION]
    answer = await db.read(service.complete, actor=actor, turns=[words], answer=answer)
    answer.planner = conversations.BY_CHIPS
    answer.conversation_id = answer.conversation_id or new_id()
    answer.plan_id = await db.write(
        conversations.keep, actor=actor, question=words, answer=answer, conversation_id=answer.conversation_id
    )
    return answer


async def _plan_with(
    db: Database, model: TextModel, actor: Actor, turns: list[str], caps: Caps
) -> tuple[Plan | None, int, str]:
    """The model's plan, with one repair turn, and about how many tokens it took; None where it has none that fits, may
    not be asked today, or fails, and then what to tell the asker."""
    known = await db.read(registry)
    names = await db.read(service.names_for, actor=actor, turns=turns)
    if gate.check(turns[-1], lexicon.of(known), names) is not None:
        return None, 0, ""
    if spent := await db.read(budget.exceeded, actor, caps):
        return None, 0, f"{spent}; this is the offline planner's answer"
    instructions, told = model_planner.instructions(known), model_planner.told(turns, names)
    tokens = 0
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            for _ in range(2):
                tokens += budget.tokens(instructions, told)
                wire = await model.parse(instructions, told, WirePlan)
                tokens += budget.tokens(wire.model_dump_json())
                try:
                    return model_planner.planned(wire, known, names), tokens, ""
                except Misfit as misfit:
                    told = f"{told}\nYour last plan did not fit: {misfit}. Give a corrected plan."
    except (PortFailure, TimeoutError) as failure:
        log.warning("question planned offline: %s", failure)
    return None, tokens, FELL_BACK


async def send_weekly(db: Database, *, sender: str, address: str) -> int:
    """Plan the letters of the weekly answers that are due; returns how many."""
    sent = 0
    for answer_id in await db.read(reports.due):
        sent += await db.write(reports.plan, answer_id=answer_id, sender=sender, address=address)
    return sent
