"""What undoing means for the kinds that an administrator keeps: people, pipelines, tags, rules."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import events
from crm_api.audit.undoing import Back, Refusals
from crm_api.core import clock
from crm_api.core.errors import Conflict
from crm_api.core.text import fold
from crm_api.organisation import holidays, rates
from crm_api.organisation import service as organisation
from crm_api.organisation.models import ExchangeRate, HolidayCalendar, Organisation
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import Pipeline, Stage
from crm_api.tags import service as tags
from crm_api.tags.models import Tag
from crm_api.users import service as users
from crm_api.users import sessions
from crm_api.users.models import User
from crm_api.visits.models import VisitPlan, VisitWeek
from crm_api.webhooks import service as webhooks
from crm_api.webhooks.models import Webhook


def examine_organisation(session: Session, actor: Any, backs: Sequence[Back]) -> Refusals:
    """The currency is fixed once amounts are kept in it."""
    for back in backs:
        currency = back.values.get("currency", back.record.currency)
        if currency != back.record.currency and organisation.amounts_kept(session):
            yield back, f"amounts are kept in {back.record.currency}; the currency cannot change any more"


def keep_profile(session: Session, record: Organisation) -> str | None:
    """The first change of the profile writes it down with its defaults; there is no organisation without one."""
    return "an organisation always has a profile; change its fields instead"


def settle_organisation(session: Session, actor: Any, backs: Sequence[Back]) -> None:
    """In another currency, other amounts begin to count."""
    for back in backs:
        if back.changed("currency"):
            rates.request(session, back.record.currency, due_on=organisation.today(session))


def settle_rates(session: Session, actor: Any, backs: Sequence[Back]) -> None:
    """Amounts in these currencies are worked out anew."""
    for back in backs:
        rates.request(session, back.record.currency, due_on=back.record.valid_from)


def drop_calendar(session: Session, calendar: HolidayCalendar) -> str | None:
    """A calendar that was made goes with its days; undoing that makes it again."""
    holidays.delete(session, calendar)
    return None


def drop_rate(session: Session, rate: ExchangeRate) -> str | None:
    """A rate that was made goes; the one before it holds on."""
    rates.delete(session, rate)
    return None


def examine_products(session: Session, actor: Any, backs: Sequence[Back]) -> Refusals:
    """A price counts at the rate of today."""
    for back in backs:
        rates.follow_values(session, back.record, back.values, amount="list_price", into="list_price_base")
    return ()


def examine_tree(session: Session, actor: Any, backs: Sequence[Back]) -> Refusals:
    """Nothing is below itself."""
    for back in backs:
        seen, above = {back.record.id}, back.values.get("parent_id")
        model = type(back.record)
        while above is not None and above not in seen:
            seen.add(above)
            above = session.scalar(sa.select(model.parent_id).where(model.id == above))
        if above is not None:
            yield back, "what it was below is below it by now"


# ── People ───────────────────────────────────────────────────────────────────────────────────────


def examine_users(session: Session, actor: Any, backs: Sequence[Back]) -> Refusals:
    """One administrator stays; nobody is their own manager."""
    for back in backs:
        seen, above = {back.record.id}, back.values.get("manager_id")
        while above is not None and above not in seen:
            seen.add(above)
            above = session.scalar(sa.select(User.manager_id).where(User.id == above))
        if above is not None:
            yield back, "their manager of then has them as a manager by now"
        try:
            users.keep_one_administrator(session, back.record, back.values)
        except Conflict as refusal:
            yield back, refusal.detail


def settle_users(session: Session, actor: Any, backs: Sequence[Back]) -> None:
    """Who is not active has no session and no live records (Conflict); who changes teams takes theirs along."""
    for back in backs:
        if back.changed("is_active") and not back.record.is_active:
            _tell_deactivation(session, back.record)
        if back.changed("team_id"):
            fact = events.Event("user.team_changed", "user", back.record.id, team_id=back.record.team_id)
            events.record(session, fact)


def leave(session: Session, user: User) -> str | None:
    """Somebody who was added is not active any more; what is over may be theirs, so they stay.

    Raises Conflict where they own live records that are not taken back with them.
    """
    try:
        users.keep_one_administrator(session, user, {"is_active": False})
    except Conflict as refusal:
        return refusal.detail
    user.is_active = False
    _tell_deactivation(session, user)
    return None


def _tell_deactivation(session: Session, user: User) -> None:
    sessions.end_all(session, user.id, reason="deactivated")
    told = {"keep_records": False}
    events.record(session, events.Event("user.deactivated", "user", user.id, told, team_id=user.team_id))


# ── Pipelines and tags ───────────────────────────────────────────────────────────────────────────


def settle_pipelines(session: Session, actor: Any, backs: Sequence[Back]) -> None:
    """A pipeline that live records stand in is not taken away (Conflict)."""
    for back in backs:
        pipeline: Pipeline = back.record
        if pipeline.is_archived and pipelines.in_use(session, "pipeline_id", pipeline.id, live=True):
            raise Conflict(f"Records are in the pipeline '{pipeline.name}' by now; move them first.")


def drop_stage(session: Session, stage: Stage) -> str | None:
    """A stage that was added goes, unless records stand or stood in it."""
    if pipelines.in_use(session, "stage_id", stage.id):
        return "Records are in this stage, so it stays."
    session.delete(stage)
    return None


def drop_tag(session: Session, tag: Tag) -> str | None:
    """A tag that was made goes, unless something carries it."""
    if tags.carriers(session, tag.id):
        return "Other records carry this tag by now, so it stays."
    session.delete(tag)
    return None


def tag_stands(session: Session, values: Mapping[str, Any]) -> bool:
    """Somebody used the word again: that tag serves as well."""
    return session.scalar(sa.select(Tag.id).where(Tag.name_key == fold(values["name"]))) is not None


def drop(session: Session, record: Any) -> str | None:
    """What nothing hangs on goes for good; undoing that makes it again."""
    session.delete(record)
    return None


# ── Follow-ups, visits, webhooks ─────────────────────────────────────────────────────────────────


def examine_rules(session: Session, actor: Any, backs: Sequence[Back]) -> Refusals:
    """A rule that was on stays off: only people who have seen its preview let it write."""
    for back in backs:
        if back.values.get("is_on"):
            back.values["is_on"] = False
    return ()


def put_plan_aside(session: Session, plan: VisitPlan) -> str | None:
    """A plan that was made is not in force; it stays to be read."""
    plan.status = "replaced"
    return None


def put_week_aside(session: Session, week: VisitWeek) -> str | None:
    """The week stays to be read; the proposals made with it are put aside one by one."""
    return None


def switch_webhook_off(session: Session, webhook: Webhook) -> str | None:
    """An endpoint that was made is told nothing any more."""
    webhooks.switch_off(session, webhook, reason=f"Its making was undone on {clock.now():%Y-%m-%d}.")
    return None
