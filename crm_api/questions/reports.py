"""Answers that are sent every week: asked once, worked out anew each time, under the rights of whoever gets them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, actor_of
from crm_api.core import clock
from crm_api.core.errors import Conflict, NotAllowed, NotFound
from crm_api.core.templating import TEMPLATES, RenderedEmail, render_email
from crm_api.organisation.service import profile, zone
from crm_api.outbox import service as outbox
from crm_api.outbox.authors import Go, No, Verdict
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.state import Status
from crm_api.ports import Mailbox
from crm_api.questions import conversations, service, table
from crm_api.questions.models import WeeklyAnswer
from crm_api.questions.plan import Plan
from crm_api.users.models import User

PURPOSE = "report"
MOST_EACH = 20
MOST_LINES = 100
STALE = timedelta(days=2)
LETTERS = TEMPLATES.parent / "notices"


class ReportAuthor:
    """Answers for the letters of weekly answers: they go to the person who asked, as long as that person is there."""

    def hold(self, session: Session, message: OutboxMessage) -> None:
        """Nothing here changes with the mail."""

    def last_word(self, session: Session, message: OutboxMessage, *, inbox_is_read: bool) -> Verdict:
        """Not to somebody who has left, nor to an address that is theirs no more."""
        user = session.get(User, message.source_id)
        if user is None or not user.is_active:
            return No(Status.CANCELLED, "the person has left")
        if outbox.recipient_key(user.email or "") != message.recipient_key:
            return No(Status.CANCELLED, "the address has changed")
        return Go()

    def write(self, session: Session, message: OutboxMessage) -> RenderedEmail:
        """Written when it is planned, so that it says what was so on its day."""
        return RenderedEmail(message.subject or "", message.text or "", message.html)


def schedule(session: Session, actor: Actor, *, plan_id: UUID, weekday: int) -> dict[str, Any]:
    """Send the answer to a kept question every week; `weekday` is 1 for Monday. Raises Conflict past twenty."""
    if actor.user_id is None:
        raise NotAllowed("A weekly answer is sent to somebody; sign in as a person.")
    row = conversations.own(session, actor, plan_id)
    plan = conversations.plan_of(row)
    mine = sa.select(sa.func.count(WeeklyAnswer.id)).where(WeeklyAnswer.owner_id == actor.user_id)
    if int(session.scalar(mine) or 0) >= MOST_EACH:
        raise Conflict(f"{MOST_EACH} answers are sent to you every week already; stop one first.")
    today = clock.today(actor.time_zone)
    kept = WeeklyAnswer(
        owner_id=actor.user_id,
        question=row.question,
        plan=plan.model_dump(mode="json", exclude_defaults=True),
        weekday=weekday,
        next_on=today + timedelta(days=(weekday - today.isoweekday()) % 7 or 7),
    )
    session.add(kept)
    session.flush()
    return _told(kept)


def mine(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """What is sent to oneself every week."""
    rows = session.scalars(
        sa.select(WeeklyAnswer)
        .where(WeeklyAnswer.owner_id == actor.user_id)
        .order_by(WeeklyAnswer.created_at)
    )
    return [_told(row) for row in rows]


def stop(session: Session, actor: Actor, *, answer_id: UUID) -> None:
    """Send it no more. Raises NotFound for what is not one's own."""
    row = session.get(WeeklyAnswer, answer_id)
    if row is None or row.owner_id != actor.user_id:
        raise NotFound("There is no such weekly answer of yours.")
    session.delete(row)


def due(session: Session) -> list[UUID]:
    """The weekly answers whose day has come, as far as one can tell without their owners' zones."""
    tomorrow = clock.now().date() + timedelta(days=1)
    return list(
        session.scalars(sa.select(WeeklyAnswer.id).where(WeeklyAnswer.next_on <= tomorrow).limit(500))
    )


def plan(session: Session, *, answer_id: UUID, sender: str, address: str) -> bool:
    """Write one letter and set the day of the next; False where its day has not begun for its owner.

    The row is locked meanwhile, so that two workers never write two letters of one week. Somebody who has left gets
    none. `sender` is the address it comes from, `address` where the service is found.
    """
    row = session.scalars(
        sa.select(WeeklyAnswer).where(WeeklyAnswer.id == answer_id).with_for_update()
    ).first()
    person = session.get(User, row.owner_id) if row else None
    if row is None or person is None:
        return False
    actor = actor_of(session, person, organisation_zone=zone(session))
    today = clock.today(actor.time_zone)
    if row.next_on > today:
        return False
    this_week = row.next_on
    row.next_on = today + timedelta(days=(row.weekday - today.isoweekday()) % 7 or 7)
    if not person.is_active or not person.email:
        return False
    letter = _letter(session, row, person, actor, address)
    now = clock.now()
    message = outbox.NewMessage(
        purpose=PURPOSE, idem_key=f"weekly:{row.id}:{this_week}", sender=Mailbox(sender, "Rounds"),
        recipient=Mailbox(person.email, person.name), due_at=now, expires_at=now + STALE,
        subject=letter.subject, text=letter.text, html=letter.html, source_id=person.id,
    )  # fmt: skip
    return outbox.enqueue(session, message) is not None


def _letter(session: Session, row: WeeklyAnswer, person: User, actor: Actor, address: str) -> RenderedEmail:
    answer = service.answer_plan(session, actor=actor, plan=Plan.model_validate(row.plan))
    values = {
        "person": {"name": person.name},
        "organisation": {"name": profile(session).name},
        "question": row.question,
        "answer": answer.answer,
        "lines": table.lines(answer, most_rows=MOST_LINES) if len(answer.rows) > 1 else [],
        "understood": answer.plan_in_words,
        "address": address,
    }
    return render_email("weekly", values, folder=LETTERS)


def _told(row: WeeklyAnswer) -> dict[str, Any]:
    return {"id": row.id, "question": row.question, "weekday": row.weekday, "next_on": row.next_on}
