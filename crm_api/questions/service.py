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
from crm_api.questions import addresses, beside, editing, head, house, lexicon, linking
from crm_api.questions.answer import Answer, run
from crm_api.questions.compile import MOST_ROWS, Asker
from crm_api.questions.followups import converse, follow
from crm_api.questions.pieces import tokenise
from crm_api.questions.plan import Plan
from crm_api.questions.sentence import Sentence
from crm_api.questions.spans import Tagger
from crm_api.questions.wording import normalise

LONGEST_QUESTION = 500
MOST_TURNS = 6


def ask_offline(
    session: Session, *, actor: Actor, turns: list[str], most: int = MOST_ROWS, previous: Plan | None = None
) -> Answer:
    """Plan and answer the last of `turns` (oldest first) with the offline planner. Raises Invalid for an empty,
    over-long or binary question. Where the plan before it is known, as after a chip was changed, that is what the last
    turn leans on, whatever the turns before it said."""
    started = time.perf_counter()
    check(turns)
    plan = plan_offline(session, actor=actor, turns=turns, previous=previous)
    answer = run(session, plan, registry=registry(session), asker=asker_of(session, actor), most=most)
    answer.unused = list(plan.unused)
    answer.elapsed_ms = round(1000 * (time.perf_counter() - started), 1)
    return answer


def plan_offline(session: Session, *, actor: Actor, turns: list[str], previous: Plan | None = None) -> Plan:
    """The offline planner's plan, with names linked among what the actor may see.

    Names are kept for some seconds. Where they do not serve, they are looked up again before that is said: what was
    entered a moment ago can be asked about.
    """
    known, notes = house.meanings(session), []
    said = []
    for turn in turns:
        text, told = house.reworded(turn, known)
        said.append(text)
        notes = told
    known_fields = registry(session)

    def planned(names: linking.Names) -> Plan:
        if previous is not None:
            return follow(said[-1], previous, registry=known_fields, names=names)
        return converse(said, registry=known_fields, names=names)

    plan = planned(names_for(session, actor=actor, turns=said))
    if plan.action in ("clarify", "refuse", "unknown"):
        plan = planned(names_for(session, actor=actor, turns=said, again=True))
    plan = house.as_before(session, actor, plan)
    return plan.model_copy(update={"assumptions": (*plan.assumptions, *notes)}) if notes else plan


def names_for(session: Session, *, actor: Actor, turns: list[str], again: bool = False) -> linking.Names:
    """The names that `turns` may mention, among what the actor may see."""
    texts = [token.text for turn in turns for token in tokenise(normalise(turn))]
    return linking.load(session, registry(session), actor, texts, again=again)


def answer_plan(session: Session, *, actor: Actor, plan: Plan, most: int = MOST_ROWS) -> Answer:
    """Run a plan that was made elsewhere, under what the actor may see."""
    started = time.perf_counter()
    answer = run(session, plan, registry=registry(session), asker=asker_of(session, actor), most=most)
    answer.elapsed_ms = round(1000 * (time.perf_counter() - started), 1)
    return answer


def complete(session: Session, *, actor: Actor, turns: list[str], answer: Answer) -> Answer:
    """What stands beside an answer: its chart, its scope, the list behind it, and questions that go on from here."""
    known, plan = registry(session), answer.plan
    names = names_for(session, actor=actor, turns=turns)
    if plan is None:
        if answer.status == "not_understood":
            spans = Tagger(lexicon.of(known), names).spans(turns[-1])
            kind = head.decide(Sentence.of(known, names, spans)) if spans else None
            about = kind if kind is not None and kind in known else "opportunity"
            answer.followups = beside.near(turns[-1], tuple(answer.unused), known, names, about)
        return answer
    asker = asker_of(session, actor)
    answer.chips = list(editing.chips(plan, known))
    answer.chart = beside.chart(answer)
    answer.scope = beside.scope(session, plan, known, asker)
    answer.view = beside.view(plan, known, asker)
    answer.view_url = addresses.of_list(answer.view, known) if answer.view else None
    answer.followups = beside.followups(plan, known, names)
    return answer


def reading(session: Session, *, actor: Actor, question: str) -> list[dict[str, Any]]:
    """How each stretch of a question is read so far: `what` is a period, amount, name, word, grammar, or nothing."""
    text, _ = house.reworded(question[:LONGEST_QUESTION], house.meanings(session))
    names = names_for(session, actor=actor, turns=[text])
    spans = Tagger(lexicon.of(registry(session)), names).spans(text) if text.strip() else []
    told = {"term": "word", "cue": "grammar", "bucket": "word", "unknown": "nothing", "vague": "nothing"}
    return [
        {
            "text": span.names[0].label if len(span.names) == 1 else span.text,
            "what": told.get(span.tag, span.tag),
        }
        for span in spans
        if span.tag != "stop"
    ]


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
