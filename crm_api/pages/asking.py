"""The page to ask on: a question, what is understood of it while it is typed, the answer and what one does with it."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form, Query, Request, Response

from crm_api.core.errors import Conflict
from crm_api.core.routing import Router
from crm_api.dependencies import Db, PortsDep, SettingsDep, Visitor
from crm_api.pages import answers, frame
from crm_api.pages.errors import PageRoute
from crm_api.pages.session import Signed, Trusted
from crm_api.pages.templating import is_fragment, render
from crm_api.questions import conversations, flows, reports, service
from crm_api.questions.budget import Caps
from crm_api.questions.service import LONGEST_QUESTION

router = Router(prefix="/crm/ask", include_in_schema=False, route_class=PageRoute)
Text = Annotated[str, Form(max_length=LONGEST_QUESTION)]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@router.get("")
async def show_ask(request: Request, db: Db, visitor: Signed) -> Response:
    """The page, with examples and what one asked lately."""
    return await _page(request, db, visitor, None)


@router.post("")
async def answer_question(
    request: Request,
    db: Db,
    ports: PortsDep,
    settings: SettingsDep,
    visitor: Trusted,
    question: Text = "",
    conversation_id: Annotated[UUID | None, Form()] = None,
    answers_to: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Answer a question; a conversation goes on under its id, `answers_to` is the question back that this answers."""
    answer = await flows.ask(
        db,
        ports.text_model,
        actor=visitor.actor,
        turns=[question.strip()],
        conversation_id=conversation_id,
        answers=answers_to,
        caps=Caps.of(settings),
    )
    shown = answers.view(answer, question=question.strip())
    if is_fragment(request):
        return render(request, "partials/asked.html", visitor=visitor, shown=shown, days=DAYS)
    return await _page(request, db, visitor, shown)


@router.get("/reading")
async def read_along(
    request: Request,
    db: Db,
    visitor: Signed,
    question: Annotated[str, Query(max_length=LONGEST_QUESTION)] = "",
) -> Response:
    """What is understood of a question so far, for whoever types it."""
    words = await db.read(service.reading, actor=visitor.actor, question=question)
    return render(request, "partials/reading.html", visitor=visitor, words=words)


@router.get("/{plan_id}/rows")
async def show_rows(request: Request, db: Db, visitor: Signed, plan_id: UUID) -> Response:
    """All rows of an answer, a thousand at most."""
    answer = await db.read(
        conversations.again, actor=visitor.actor, plan_id=plan_id, rows=conversations.MOST_ROWS_AGAIN
    )
    shown = answers.view(answer, question="", most=conversations.MOST_ROWS_AGAIN)
    return render(request, "partials/rows.html", visitor=visitor, shown=shown)


@router.post("/{plan_id}/edit")
async def edit_answer(
    request: Request,
    db: Db,
    visitor: Trusted,
    plan_id: UUID,
    at: Annotated[str, Form(max_length=40)],
    value: Annotated[str, Form(max_length=120)] = "",
    remove: Annotated[Literal["", "yes"], Form()] = "",
) -> Response:
    """Change one piece of how a question was understood, or leave it out."""
    given = None if remove else value.strip()
    answer = await flows.edit(db, actor=visitor.actor, plan_id=plan_id, at=at, value=given)
    shown = answers.view(answer, question=answer.plan_in_words)
    if is_fragment(request):
        return render(request, "partials/asked.html", visitor=visitor, shown=shown, days=DAYS)
    return await _page(request, db, visitor, shown)


@router.post("/{plan_id}/rating")
async def rate(
    request: Request, db: Db, visitor: Trusted, plan_id: UUID, rating: Annotated[Literal["1", "-1"], Form()]
) -> Response:
    """Thumbs up or down."""
    await db.write(conversations.rate, visitor.actor, plan_id=plan_id, rating=int(rating))
    return _done(request, visitor, "Thank you. It is kept beside the question.")


@router.post("/{plan_id}/view")
async def save_view(
    request: Request,
    db: Db,
    visitor: Trusted,
    plan_id: UUID,
    name: Annotated[str, Form(min_length=1, max_length=120)],
) -> Response:
    """Save the list behind an answer under a name."""
    try:
        view = await db.write(
            conversations.save_view, visitor.actor, plan_id=plan_id, name=name, shared_with="nobody"
        )
    except Conflict as problem:
        return _done(request, visitor, problem.detail)
    return _done(request, visitor, f"Saved as “{view.name}”; it is among your views.")


@router.post("/{plan_id}/weekly")
async def send_weekly(
    request: Request, db: Db, visitor: Trusted, plan_id: UUID, weekday: Annotated[int, Form(ge=1, le=7)] = 1
) -> Response:
    """Have an answer sent every week."""
    try:
        kept = await db.write(reports.schedule, visitor.actor, plan_id=plan_id, weekday=weekday)
    except Conflict as problem:
        return _done(request, visitor, problem.detail)
    return _done(
        request, visitor, f"You get it every {DAYS[weekday - 1]}, the first time on {kept['next_on']}."
    )


@router.post("/weekly/{answer_id}/stop")
async def stop_weekly(request: Request, db: Db, visitor: Trusted, answer_id: UUID) -> Response:
    """Send it no more."""
    await db.write(reports.stop, visitor.actor, answer_id=answer_id)
    return _done(request, visitor, "It is sent no more.")


def _done(request: Request, visitor: Visitor, told: str) -> Response:
    return render(request, "partials/told.html", visitor=visitor, told=told)


async def _page(request: Request, db: Db, visitor: Visitor, shown: answers.View | None) -> Response:
    return await frame.page(
        request, db, visitor, "ask.html", shown=shown, days=DAYS,
        examples=answers.examples(visitor.actor.role),
        lately=await db.read(conversations.history, actor=visitor.actor, limit=8),
        weekly=await db.read(reports.mine, visitor.actor),
    )  # fmt: skip
