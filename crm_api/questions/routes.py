"""/api/v1/ask"""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from crm_api.core.problems import documented
from crm_api.core.schemas import Body
from crm_api.dependencies import CurrentActor, Db, PortsDep, json_answer
from crm_api.questions import flows
from crm_api.questions.answer import Answer
from crm_api.questions.service import LONGEST_QUESTION, MOST_TURNS, vocabulary
from crm_api.writes.dependencies import Once, told
from crm_api.writes.idempotency import Answer as Kept

router = APIRouter(prefix="/api/v1/ask", tags=["questions"])

Turn = Annotated[str, Field(max_length=LONGEST_QUESTION)]


class Question(Body):
    """A question in plain English; `context` holds the turns before it, oldest first."""

    question: Turn = Field(examples=["won revenue by quarter", "which rep has the most open deals?"])
    context: list[Turn] = Field(
        default_factory=list, max_length=MOST_TURNS, examples=[["won revenue in May 2017"]]
    )


class Vocabulary(BaseModel):
    """What may be asked about one kind of record."""

    kind: str
    words: list[str]
    fields: list[str]
    figures: list[str]
    conditions: list[str]


@router.post("", response_model=Answer, responses=documented(400, 409, 422))
async def ask(body: Question, db: Db, ports: PortsDep, once: Once) -> Response:
    """Answer a question over the records you see. Nothing is ever changed by asking."""

    async def answered() -> Kept:
        turns = [*body.context, body.question]
        answer = await flows.ask(db, ports.text_model, actor=once.actor, turns=turns)
        return told(answer.model_dump(mode="json"), 200)

    return await once.flow(answered)


@router.get("/vocabulary", response_model=list[Vocabulary])
async def read_vocabulary(db: Db, actor: CurrentActor) -> Response:
    """The kinds, fields, figures and words that questions may use."""
    told: list[dict[str, Any]] = await db.read(vocabulary)
    return json_answer(told)
