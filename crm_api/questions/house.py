"""The words of a house, and what somebody meant the last time: both read before the planner begins."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.core import clock
from crm_api.core.errors import Conflict, Invalid, NotFound
from crm_api.core.fields import Registry
from crm_api.core.keeping import changing, kept
from crm_api.questions import grammar
from crm_api.questions.lexicon import stems
from crm_api.questions.linking import Names
from crm_api.questions.models import AskedQuestion, HouseWord, RememberedChoice
from crm_api.questions.parser import parse
from crm_api.questions.plan import Plan

KEPT = "house_words"
MOST_WORDS = 500
FAILED_WITHIN = timedelta(days=90)
_GRAMMAR = {phrase for phrases in grammar.CUES.values() for phrase in phrases} | grammar.STOP_WORDS
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One word of the house: the stems it is known by, how it was written, and what it means."""

    stems: tuple[str, ...]
    phrase: str
    means: str


def meanings(session: Session) -> tuple[Meaning, ...]:
    """The words of the house, the longest first."""
    return kept(session, KEPT, _load)


def _load(session: Session, before: tuple[Meaning, ...] | None) -> tuple[Meaning, ...]:
    rows = session.execute(sa.select(HouseWord.stems, HouseWord.phrase, HouseWord.means))
    found = [Meaning(tuple(row.stems.split()), row.phrase, row.means) for row in rows]
    return tuple(sorted(found, key=lambda m: -len(m.stems)))


def reworded(question: str, known: Sequence[Meaning]) -> tuple[str, list[str]]:
    """The question with the words of the house said in those of the catalogues, and a note for each."""
    notes: list[str] = []
    for meaning in known:
        words = list(_WORD.finditer(question))
        size = len(meaning.stems)
        for at in range(len(words) - size, -1, -1):
            run = words[at : at + size]
            if tuple(s for w in run for s in stems(w[0])) == meaning.stems:
                question = question[: run[0].start()] + meaning.means + question[run[-1].end() :]
                notes.append(f"“{meaning.phrase}” means {meaning.means} here")
    return question, list(dict.fromkeys(notes))


def words(session: Session) -> list[dict[str, Any]]:
    """All words of the house, for their list."""
    rows = session.scalars(sa.select(HouseWord).order_by(HouseWord.phrase))
    return [
        {"id": row.id, "phrase": row.phrase, "means": row.means, "added_at": row.added_at} for row in rows
    ]


def add(
    session: Session, actor: Actor, *, phrase: str, means: str, registry: Registry, names: Names
) -> dict[str, Any]:
    """Let a word mean something. Raises NotAllowed but for administrators, Conflict where it is known, and Invalid
    where a question with its meaning would not run: a word that explains nothing is worse than none."""
    require_role(actor)
    key = " ".join(stems(phrase))
    if not key:
        raise Invalid.field("phrase", "a word or a few")
    if session.scalar(sa.select(HouseWord.id).where(HouseWord.stems == key)):
        raise Conflict(f"“{phrase}” means something already; remove that first.")
    if int(session.scalar(sa.select(sa.func.count(HouseWord.id))) or 0) >= MOST_WORDS:
        raise Conflict(f"There are {MOST_WORDS} words; remove one first.")
    plans = (parse(asked, registry=registry, names=names) for asked in (f"how many {means}", f"list {means}"))
    if not any(plan.action in ("query", "lookup", "compare") for plan in plans):
        raise Invalid.field("means", "say it in words that a question understands: “deals over 50k”")
    row = HouseWord(phrase=phrase.strip(), stems=key, means=means.strip(), added_by=actor.user_id)
    session.add(row)
    session.flush()
    changing(session, KEPT)
    return {"id": row.id, "phrase": row.phrase, "means": row.means, "added_at": row.added_at}


def remove(session: Session, actor: Actor, *, word_id: UUID) -> None:
    """Let a word mean nothing again. Raises NotAllowed but for administrators, and NotFound."""
    require_role(actor)
    row = session.get(HouseWord, word_id)
    if row is None:
        raise NotFound("There is no such word.")
    session.delete(row)
    changing(session, KEPT)


def failed(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The words that could not be used in the last 90 days, the most frequent first, each with a question it stood in.
    Raises NotAllowed but for administrators."""
    require_role(actor)
    since = clock.now() - FAILED_WITHIN
    asked = sa.select(AskedQuestion.question, AskedQuestion.unused).where(
        AskedQuestion.asked_at >= since, AskedQuestion.outcome.in_(("not_understood", "refused"))
    )
    counts: Counter[str] = Counter()
    example: dict[str, str] = {}
    for question, unused in session.execute(asked.order_by(AskedQuestion.asked_at.desc()).limit(5_000)):
        for word in (w for w in unused or () if w not in _GRAMMAR):
            counts[word] += 1
            example.setdefault(word, question)
    return [{"word": w, "times": n, "question": example[w]} for w, n in counts.most_common(100)]


# ── What somebody meant ──────────────────────────────────────────────────────────────────────────


def remember(session: Session, actor: Actor, *, asked: str, label: str) -> None:
    """Keep which reading of an unclear question somebody chose."""
    if actor.user_id is None:
        return
    known = session.scalars(
        sa.select(RememberedChoice).where(
            RememberedChoice.user_id == actor.user_id, RememberedChoice.asked == asked
        )
    ).first()
    if known:
        known.label = label
    else:
        session.add(RememberedChoice(user_id=actor.user_id, asked=asked, label=label))


def as_before(session: Session, actor: Actor, plan: Plan) -> Plan:
    """The reading somebody chose the last time they were asked this back; the question where they never were."""
    if plan.action != "clarify" or actor.user_id is None:
        return plan
    label = session.scalar(
        sa.select(RememberedChoice.label).where(
            RememberedChoice.user_id == actor.user_id, RememberedChoice.asked == plan.question
        )
    )
    chosen = next((o for o in plan.options if o.label == label and o.plan is not None), None)
    if chosen is None or chosen.plan is None:
        return plan
    note = f"read as “{chosen.label}”, as you chose before"
    return chosen.plan.model_copy(update={"assumptions": (*chosen.plan.assumptions, note)})
