"""Who is told of visits that somebody else proposed, and of the answer. Run by the relay, after it is certain."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core.text import counted
from crm_api.events import Event
from crm_api.notifications.service import News, name_of, tell, who_did
from crm_api.visits.models import VisitPlan

TYPE = "visit_plan"


def on_planned(session: Session, event: Event) -> None:
    """The rep is told of a day that a manager proposes; the days of a week are told together."""
    plan, actor_id = session.get(VisitPlan, event.subject_id), who_did(session, event)
    if plan is None or actor_id in (None, plan.owner_id) or plan.status != "proposed" or _is_of_week(plan):
        return
    what = "another plan for" if plan.replans_id else "your visits of"
    summary = f"{name_of(session, actor_id)} proposes {what} {_said(plan.day)}: {counted(plan.visits, 'stop', 'stops')}"
    tell(session, [plan.owner_id], News(TYPE, f"{TYPE}:{plan.id}:proposed", TYPE, plan.id, summary, actor_id))


def on_week_planned(session: Session, event: Event) -> None:
    """Each rep is told once of all the days that a manager proposes."""
    actor_id = who_did(session, event)
    if actor_id is None:
        return
    name, days = name_of(session, actor_id), _plans(session, event.subject_id)
    for owner_id in dict.fromkeys(plan.owner_id for plan in days):
        own = [plan for plan in days if plan.owner_id == owner_id and plan.status == "proposed"]
        if own and owner_id != actor_id:
            span = f"{counted(len(own), 'day', 'days')} from {_said(own[0].day)}"
            stops = counted(sum(plan.visits for plan in own), "stop", "stops")
            summary = f"{name} proposes your visits of {span}: {stops}"
            key = f"{TYPE}:{event.subject_id}:proposed"
            tell(session, [owner_id], News(TYPE, key, TYPE, own[0].id, summary, actor_id))


def on_accepted(session: Session, event: Event) -> None:
    """Whoever proposed it is told; of a week once, when its last day is accepted."""
    plan, actor_id = session.get(VisitPlan, event.subject_id), who_did(session, event)
    if plan is None or actor_id in (None, plan.proposed_by):
        return
    key, said = f"{TYPE}:{plan.id}:accepted", f"the visits of {_said(plan.day)}"
    week = [one for one in _plans(session, plan.week_id) if one.owner_id == plan.owner_id]
    live = [one for one in week if one.status in ("proposed", "accepted")]
    if len(live) > 1 and all(one.status == "accepted" for one in live):
        plan = live[0]
        key = f"{TYPE}:{plan.week_id}:{plan.owner_id}:accepted"
        said = f"all {counted(len(live), 'day', 'days')} from {_said(plan.day)}"
    summary = f"{name_of(session, actor_id)} accepted {said}"
    tell(session, [plan.proposed_by], News(TYPE, key, TYPE, plan.id, summary, actor_id))


def on_declined(session: Session, event: Event) -> None:
    """The one who did not say no is told: whoever proposed it, or the rep where it was taken back."""
    plan, actor_id = session.get(VisitPlan, event.subject_id), who_did(session, event)
    if plan is None or actor_id is None:
        return
    verb = "declined" if actor_id == plan.owner_id else "took back"
    summary = f"{name_of(session, actor_id)} {verb} the visits of {_said(plan.day)}"
    others = {plan.owner_id, plan.proposed_by} - {actor_id}
    tell(session, others, News(TYPE, f"{TYPE}:{plan.id}:declined", TYPE, plan.id, summary, actor_id))


def _is_of_week(plan: VisitPlan) -> bool:
    """Made together with a week; a day of it that is planned anew is news of its own."""
    return plan.week_id is not None and plan.replans_id is None


def _plans(session: Session, week_id: UUID | None) -> Sequence[VisitPlan]:
    """The plans of a week by day."""
    if week_id is None:
        return ()
    found = sa.select(VisitPlan).where(VisitPlan.week_id == week_id)
    return session.scalars(found.order_by(VisitPlan.day, VisitPlan.created_at, VisitPlan.id)).all()


def _said(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
