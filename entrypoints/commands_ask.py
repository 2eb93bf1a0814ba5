"""`crm ask` and `crm ask-eval`: questions from the command line, asked as the administrator."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crm_api.core.errors import Conflict

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from crm_api.access import Actor
    from crm_api.dependencies import State
    from crm_api.questions.evaluate import Evaluation

# What a command needs is imported when it runs: `crm up` should not wait for any of it.


def administrator(session: "Session") -> "Actor":
    """The first administrator as the acting user; raises Conflict where there is none yet."""
    from sqlalchemy import select

    from crm_api.access import actor_of
    from crm_api.organisation.service import zone
    from crm_api.users.models import User

    user = session.scalars(
        select(User).where(User.role == "administrator", User.is_active).order_by(User.id)
    ).first()
    if user is None:
        raise Conflict("There is no administrator yet; `crm up` makes the first one.")
    return actor_of(session, user, organisation_zone=zone(session))


def ask(question: Annotated[list[str], typer.Argument(help="The question, in plain English.")]) -> None:
    """Ask the CRM a question."""
    from crm_api.questions import evaluate, flows
    from crm_api.questions.budget import Caps
    from entrypoints.cli import run

    async def work(state: "State") -> str:
        actor = await state.db.read(administrator)
        return evaluate.as_text(
            await flows.ask(
                state.db,
                state.ports.text_model,
                actor=actor,
                turns=[" ".join(question)],
                caps=Caps.of(state.settings),
            )
        )

    typer.echo(run(work, label="ask"))


def ask_eval(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Questions, one JSON object a line.")
    ],
    answers: Annotated[Path, typer.Option(help="Where to write the answers for the scorer.")],
) -> None:
    """Ask a file of questions offline, and write the answers for a scorer."""
    from crm_api.questions import evaluate
    from entrypoints.cli import run

    async def work(state: "State") -> "Evaluation":
        actor = await state.db.read(administrator)
        return await evaluate.evaluate(state.db, actor, evaluate.questions_of(file))

    result: Evaluation = run(work, label="ask-eval")
    evaluate.write(result.lines, answers)
    typer.echo(result.summary())
