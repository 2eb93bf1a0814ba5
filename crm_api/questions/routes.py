"""/api/v1/crm/ask"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.core.schemas import Body, Name
from crm_api.custom_fields.fields import registry
from crm_api.dependencies import CurrentActor, Db, PortsDep, SettingsDep, json_answer
from crm_api.questions import conversations, flows, house, reports, service
from crm_api.questions.answer import Answer
from crm_api.questions.budget import Caps
from crm_api.questions.service import LONGEST_QUESTION, MOST_TURNS, vocabulary
from crm_api.views.schemas import SharedWith, ViewOut
from crm_api.writes.dependencies import Once, Write, told
from crm_api.writes.idempotency import Answer as Kept

router = Router(prefix="/api/v1/crm/ask", tags=["questions"])

Turn = Annotated[str, Field(max_length=LONGEST_QUESTION)]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class Question(Body):
    """A question in plain English. A conversation goes on under its `conversation_id`, or with `context`, the turns
    before it, oldest first. `answers` is the `plan_id` of a question back that this one answers: next time the same
    reading is taken without asking."""

    question: Turn = Field(examples=["won revenue by quarter", "which rep has the most open deals?"])
    conversation_id: UUID | None = None
    context: list[Turn] = Field(
        default_factory=list, max_length=MOST_TURNS, examples=[["won revenue in May 2017"]]
    )
    answers: UUID | None = None


class Vocabulary(BaseModel):
    """What may be asked about one kind of record."""

    kind: str
    words: list[str]
    fields: list[str]
    figures: list[str]
    conditions: list[str]


class Asked(BaseModel):
    """A question that was asked."""

    id: UUID
    asked_at: datetime
    conversation_id: UUID | None
    question: str
    outcome: Literal["answered", "clarify", "refused", "not_understood"]
    planner: str
    rating: int | None
    elapsed_ms: int


class RatingIn(Body):
    """1 for right, -1 for not, 0 to take it back."""

    rating: Literal[-1, 0, 1]


class EditIn(Body):
    """One piece of an answer's `chips`, by its `at`, and what shall stand there ("last quarter", "West or East", "over
    20k", "month"); without a `value` it is left out."""

    at: Annotated[str, StringConstraints(max_length=40)] = Field(examples=["filter-0"])
    value: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)] | None = (
        Field(None, examples=["last quarter"])
    )


class AnswerViewIn(Body):
    """The name of the view to be."""

    name: Name
    shared_with: SharedWith = "nobody"


class WeeklyIn(Body):
    """The day of the week: 1 for Monday."""

    weekday: int = Field(1, ge=1, le=7)


class WeeklyOut(BaseModel):
    """An answer that is sent every week."""

    id: UUID
    question: str
    weekday: int
    next_on: date


class WordIn(Body):
    """A word of the house, and what it means in words that questions understand."""

    phrase: Phrase = Field(examples=["big deals"])
    means: Phrase = Field(examples=["deals over 50k"])


class WordOut(BaseModel):
    """A word of the house."""

    id: UUID
    phrase: str
    means: str
    added_at: datetime


class FailedWord(BaseModel):
    """A word that could not be used, how often, and a question it stood in."""

    word: str
    times: int
    question: str


@router.post("", response_model=Answer, responses=documented(400, 409, 422))
async def ask(body: Question, db: Db, ports: PortsDep, settings: SettingsDep, once: Once) -> Response:
    """Answer a question over the records you see. Nothing is ever changed by asking."""

    async def answered() -> Kept:
        answer = await flows.ask(
            db,
            ports.text_model,
            actor=once.actor,
            turns=[*body.context, body.question],
            conversation_id=body.conversation_id,
            answers=body.answers,
            caps=Caps.of(settings),
        )
        return told(answer.model_dump(mode="json"), 200)

    return await once.flow(answered)


@router.get("/vocabulary", response_model=list[Vocabulary])
async def read_vocabulary(db: Db, actor: CurrentActor) -> Response:
    """The kinds, fields, figures and words that questions may use."""
    known: list[dict[str, Any]] = await db.read(vocabulary)
    return json_answer(known)


@router.get("/history", response_model=list[Asked], responses=documented(422))
async def read_asked_questions(
    db: Db, actor: CurrentActor, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Response:
    """What you asked, the latest first."""
    return json_answer(await db.read(conversations.history, actor=actor, limit=limit))


@router.get("/words", response_model=list[WordOut])
async def list_house_words(db: Db, actor: CurrentActor) -> Response:
    """The words of the house."""
    return json_answer(await db.read(house.words))


@router.get("/words/failed", response_model=list[FailedWord], responses=documented(403))
async def list_failed_words(db: Db, actor: CurrentActor) -> Response:
    """The words that could not be used in the last 90 days, for administrators to explain."""
    return json_answer(await db.read(house.failed, actor))


@router.post("/words", status_code=201, response_model=WordOut, responses=documented(403, 409, 422))
async def add_house_word(body: WordIn, write: Write) -> Response:
    """Say what a word means in this house; administrators only."""

    def add(session: Session, actor: Actor) -> dict[str, Any]:
        names = service.names_for(session, actor=actor, turns=[body.means])
        known = registry(session)
        return house.add(session, actor, phrase=body.phrase, means=body.means, registry=known, names=names)

    return await write.answer(add, status=201)


@router.delete("/words/{word_id}", status_code=204, responses=documented(403, 404, 422))
async def remove_house_word(word_id: UUID, write: Write) -> Response:
    """Let a word mean nothing again; administrators only."""
    return await write.nothing(house.remove, word_id=word_id)


@router.get("/weekly", response_model=list[WeeklyOut])
async def list_weekly_answers(db: Db, actor: CurrentActor) -> Response:
    """The answers that are sent to you every week."""
    return json_answer(await db.read(reports.mine, actor))


@router.delete("/weekly/{answer_id}", status_code=204, responses=documented(404, 422))
async def stop_weekly_answer(answer_id: UUID, write: Write) -> Response:
    """Send it no more."""
    return await write.nothing(reports.stop, answer_id=answer_id)


@router.get("/{plan_id}", response_model=Answer, responses=documented(404, 409, 422))
async def ask_again(
    plan_id: UUID, db: Db, actor: CurrentActor, rows: Annotated[int, Query(ge=1, le=1000)] = 200
) -> Response:
    """The answer to one of your questions as it is now, with as many rows as you want."""
    answer = await db.read(conversations.again, actor=actor, plan_id=plan_id, rows=rows)
    return json_answer(answer.model_dump(mode="json"))


@router.post("/{plan_id}/edit", response_model=Answer, responses=documented(404, 409, 422))
async def edit_answer(plan_id: UUID, body: EditIn, db: Db, once: Once) -> Response:
    """The answer with one piece of how it was understood changed or left out; the next question leans on it."""

    async def edited() -> Kept:
        answer = await flows.edit(db, actor=once.actor, plan_id=plan_id, at=body.at, value=body.value)
        return told(answer.model_dump(mode="json"), 200)

    return await once.flow(edited)


@router.post("/{plan_id}/rating", status_code=204, responses=documented(404, 422))
async def rate_answer(plan_id: UUID, body: RatingIn, write: Write) -> Response:
    """Say whether an answer was right."""
    return await write.nothing(conversations.rate, plan_id=plan_id, rating=body.rating)


@router.post(
    "/{plan_id}/view", status_code=201, response_model=ViewOut, responses=documented(403, 404, 409, 422)
)
async def save_as_view(plan_id: UUID, body: AnswerViewIn, write: Write) -> Response:
    """Save the list behind an answer as a view."""
    return await write.record(
        conversations.save_view, plan_id=plan_id, name=body.name, shared_with=body.shared_with, status=201
    )


@router.post(
    "/{plan_id}/weekly", status_code=201, response_model=WeeklyOut, responses=documented(403, 404, 409, 422)
)
async def send_answer_weekly(plan_id: UUID, body: WeeklyIn, write: Write) -> Response:
    """Have an answer sent to you every week, worked out anew under your rights."""
    return await write.answer(reports.schedule, plan_id=plan_id, weekday=body.weekday, status=201)
