"""Asking: plan with the model where there is one, offline where there is none or it fails, then answer.

The model is called between two transactions. Whatever goes wrong with it, the asker gets the offline
planner's answer, marked as such.
"""

import asyncio
import logging

from crm_api.access import Actor
from crm_api.core.database import Database
from crm_api.core.fields import Registry
from crm_api.custom_fields.fields import registry
from crm_api.ports import PortFailure, TextModel
from crm_api.questions import gate, lexicon, model_planner, service
from crm_api.questions.answer import Answer
from crm_api.questions.model_planner import Misfit, WirePlan
from crm_api.questions.plan import Plan

log = logging.getLogger(__name__)
MODEL_SECONDS = 25.0
FELL_BACK = "the language model could not be used; this is the offline planner's answer"


async def ask(db: Database, model: TextModel | None, *, actor: Actor, turns: list[str]) -> Answer:
    """Answer the last of `turns` (oldest first) as `actor`, and keep the question. Raises Invalid."""
    service.check(turns)
    plan = None
    if model is not None:
        known = await db.read(registry)
        names = await db.read(service.names_for, actor=actor, turns=turns[-1:])
        if gate.check(turns[-1], lexicon.of(known), names) is None:
            plan = await _plan_with(db, model, known, actor, turns)
    if plan is None:
        answer = await db.read(service.ask_offline, actor=actor, turns=turns)
        if model is not None and answer.status == "answered":
            answer.assumptions.append(FELL_BACK)
    else:
        answer = await db.read(service.answer_plan, actor=actor, plan=plan)
        answer.planner = model.name if model else answer.planner
    await db.write(service.keep, actor=actor, question=turns[-1], answer=answer)
    return answer


async def _plan_with(
    db: Database, model: TextModel, known: Registry, actor: Actor, turns: list[str]
) -> Plan | None:
    """The model's plan, with one repair turn; None where it has none that fits or fails."""
    names = await db.read(service.names_for, actor=actor, turns=turns)
    instructions, told = model_planner.instructions(known), model_planner.told(turns, names)
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            for _ in range(2):
                wire = await model.parse(instructions, told, WirePlan)
                try:
                    return model_planner.planned(wire, known, names)
                except Misfit as misfit:
                    told = f"{told}\nYour last plan did not fit: {misfit}. Give a corrected plan."
    except (PortFailure, TimeoutError) as failure:
        log.warning("question planned offline: %s", failure)
    return None
