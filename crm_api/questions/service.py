"""Answering one question inside one read transaction."""

import time
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core import clock
from crm_api.core.errors import Invalid
from crm_api.core.fields import FieldType
from crm_api.custom_fields.fields import registry
from crm_api.organisation.models import Organisation
from crm_api.questions import linking
from crm_api.questions.answer import Answer, run
from crm_api.questions.compile import MOST_ROWS, Asker
from crm_api.questions.followups import converse
from crm_api.questions.models import AskedQuestion
from crm_api.questions.plan import Plan
from crm_api.questions.spans import normalise, tokenise

LONGEST_QUESTION = 500
MOST_TURNS = 6


def ask_offline(session: Session, *, actor: Actor, turns: list[str], most: int = MOST_ROWS) -> Answer:
    """Plan and answer the last of `turns` (oldest first) with the offline planner. Raises Invalid for an empty,
    over-long or binary question."""
    started = time.perf_counter()
    check(turns)
    plan = plan_offline(session, actor=actor, turns=turns)
    answer = run(session, plan, registry=registry(session), asker=asker_of(session, actor), most=most)
    answer.elapsed_ms = round(1000 * (time.perf_counter() - started), 1)
    return answer


def plan_offline(session: Session, *, actor: Actor, turns: list[str]) -> Plan:
    """The offline planner's plan, with names linked among what the actor may see."""
    names = names_for(session, actor=actor, turns=turns)
    return converse(turns, registry=registry(session), names=names)


def names_for(session: Session, *, actor: Actor, turns: list[str]) -> linking.Names:
    """The names that `turns` may mention, among what the actor may see."""
    texts = [token.text for turn in turns for token in tokenise(normalise(turn))]
    return linking.load(session, registry(session), actor, texts)


def answer_plan(session: Session, *, actor: Actor, plan: Plan) -> Answer:
    """Run a plan that was made elsewhere, under what the actor may see."""
    started = time.perf_counter()
    answer = run(session, plan, registry=registry(session), asker=asker_of(session, actor))
    answer.elapsed_ms = round(1000 * (time.perf_counter() - started), 1)
    return answer


def keep(session: Session, *, actor: Actor, question: str, answer: Answer) -> None:
    """Log a question with its plan and what became of it."""
    plan = answer.plan.model_dump(mode="json", exclude_defaults=True) if answer.plan else None
    session.add(
        AskedQuestion(
            user_id=actor.user_id,
            question=question,
            planner=answer.planner,
            outcome=answer.status,
            plan=plan,
            elapsed_ms=round(answer.elapsed_ms),
        )
    )


def vocabulary(session: Session) -> list[dict[str, Any]]:
    """What may be asked, by kind, out of the catalogues."""
    return [
        {
            "kind": c.kind,
            "words": [c.plural, *c.synonyms],
            "fields": [f.title for f in c.fields if f.type is not FieldType.REFERENCE],
            "figures": [m.name.replace("_", " ") for m in c.measures],
            "conditions": [w.words[0] for w in c.words],
        }
        for c in registry(session)
        if c.named or c.words
    ]


def asker_of(session: Session, actor: Actor) -> Asker:
    """The asker with today's date in their zone, and the organisation's fiscal year and currency."""
    kept = session.execute(sa.select(Organisation.fiscal_year_start_month, Organisation.currency)).first()
    fiscal_start, currency = kept or (1, "USD")
    return Asker(replace(actor, currency=currency), clock.today(actor.time_zone), fiscal_start, currency)


def check(turns: list[str]) -> None:
    """Raise Invalid unless every turn is a text of reasonable length."""
    if not turns or not turns[-1].strip():
        raise Invalid.field("question", "ask something")
    for turn in turns:
        if len(turn) > LONGEST_QUESTION:
            raise Invalid.field("question", f"at most {LONGEST_QUESTION} characters")
        if any(ord(c) < 32 and c not in "\t\r\n" for c in turn):
            raise Invalid.field("question", "plain text only")
