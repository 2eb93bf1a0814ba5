"""Targets: setting, changing, spreading a year over its months."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor, require_role
from crm_api.conditions import records
from crm_api.core import context
from crm_api.core.errors import Conflict, Invalid, NotAllowed
from crm_api.core.money import to_minor
from crm_api.core.schemas import apply_patch
from crm_api.events import Event, record
from crm_api.organisation import service as organisation
from crm_api.organisation.fiscal import first_day, months_later
from crm_api.targets.measures import is_money
from crm_api.targets.models import Target
from crm_api.targets.schemas import SpreadIn, TargetIn, TargetPatch
from crm_api.users.models import Team, User


def create(session: Session, actor: Actor, *, data: TargetIn) -> Target:
    """A new target; for managers within their teams, and administrators.

    Raises Conflict where there is one for that subject, measure and period, Invalid where `starts_on` is not
    the first day of such a period of the fiscal calendar.
    """
    require_role(actor, "manager")
    team_id = _team_of(session, actor, data.user_id, data.team_id)
    start_month = organisation.basics(session).fiscal_year_start_month
    first = first_day(data.period, data.starts_on, start_month=start_month)
    if first != data.starts_on:
        raise Invalid.field("starts_on", f"the {data.period} with that day begins on {first}")
    amount = _stored(session, data.measure, data.amount)
    if _there(session, data.user_id, team_id, data.measure, data.period, [first]):
        raise Conflict("There is a target for this already; change that one.")
    target = Target(
        user_id=data.user_id, team_id=team_id, measure=data.measure, period=data.period, starts_on=first,
        amount=amount, currency=_currency(session, data.measure), origin=context.current().origin,
    )  # fmt: skip
    session.add(target)
    session.flush()
    record(session, event("target.created", target))
    return target


def update(
    session: Session, actor: Actor, *, target_id: UUID, data: TargetPatch, if_match: int | None
) -> Target:
    """Change the amount; what a target is about stays."""
    target = _writable(session, actor, target_id, if_match)
    if "amount" in data.model_fields_set:
        if data.amount is None:
            raise Invalid.field("amount", "cannot be empty")
        _set(session, target, _stored(session, target.measure, data.amount))
    return target


def delete(session: Session, actor: Actor, *, target_id: UUID, if_match: int | None) -> None:
    """Remove a target for good."""
    target = _writable(session, actor, target_id, if_match)
    record(session, event("target.deleted", target))
    session.delete(target)


def spread(session: Session, actor: Actor, *, data: SpreadIn) -> list[UUID]:
    """Write twelve monthly targets that add up to the year's amount, over those there are; returns their ids."""
    require_role(actor, "manager")
    team_id = _team_of(session, actor, data.user_id, data.team_id)
    parts = shares(_stored(session, data.measure, data.amount), data.weights or [Decimal(1)] * 12)
    begins = date(data.year, organisation.basics(session).fiscal_year_start_month, 1)
    months = [months_later(begins, n) for n in range(12)]
    there = _there(session, data.user_id, team_id, data.measure, "month", months)
    for month, amount in zip(months, parts, strict=True):
        if month in there:
            _set(session, there[month], amount)
            continue
        there[month] = Target(
            user_id=data.user_id, team_id=team_id, measure=data.measure, period="month", starts_on=month,
            amount=amount, currency=_currency(session, data.measure), origin=context.current().origin,
        )  # fmt: skip
        session.add(there[month])
        record(session, event("target.created", there[month]))
    return [there[month].id for month in months]


def shares(amount: int, weights: Sequence[Decimal]) -> list[int]:
    """`amount` in whole parts in proportion to `weights`, adding up exactly: the largest remainders get the rest.

    The method of Hamilton. Raises Invalid where no weight is above 0.
    """
    total = sum(map(Fraction, weights))
    if not total:
        raise Invalid.field("weights", "at least one month has to bear something")
    exact = [amount * Fraction(weight) / total for weight in weights]
    parts = [int(share) for share in exact]
    neediest = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for n in neediest[: amount - sum(parts)]:
        parts[n] += 1
    return parts


def follow_owner(session: Session, event: Event) -> None:
    """Who changes teams takes their targets along."""
    audit.follow(session, Target, Target.user_id == event.subject_id, team_id=event.team_id)


def _writable(session: Session, actor: Actor, target_id: UUID, if_match: int | None) -> Target:
    target: Target = records.get(session, actor, Target, target_id, writing=True, if_match=if_match)
    require_role(actor, "manager")
    return target


def _team_of(session: Session, actor: Actor, user_id: UUID | None, team_id: UUID | None) -> UUID | None:
    """The team that the subject of a target is, or is in; raises unless the actor sets its targets."""
    if (user_id is None) == (team_id is None):
        raise Invalid.field("user_id", "a target is a person's or a team's: give one of user_id and team_id")
    field, model, given = ("user_id", User, user_id) if user_id else ("team_id", Team, team_id)
    subject: Any = session.get(model, given)
    if subject is None or getattr(subject, "archived_at", None) is not None:
        raise Invalid.field(field, f"there is no such {field.removesuffix('_id')}")
    own = subject.team_id if user_id else subject.id
    if not actor.is_administrator and own not in actor.team_ids:
        raise NotAllowed("Managers set the targets of their own teams and the people in them.")
    return own  # type: ignore[no-any-return]


def _currency(session: Session, measure: str) -> str | None:
    return organisation.currency(session) if is_money(measure) else None


def _stored(session: Session, measure: str, amount: Decimal) -> int:
    if (currency := _currency(session, measure)) is not None:
        return to_minor(amount, currency) or 0
    if amount != amount.to_integral_value():
        raise Invalid.field("amount", "a whole number: this measure counts")
    return int(amount)


def _there(
    session: Session, user_id: UUID | None, team_id: UUID | None, measure: str, period: str, days: list[date]
) -> dict[date, Target]:
    whose = (
        Target.user_id == user_id if user_id else sa.and_(Target.user_id.is_(None), Target.team_id == team_id)
    )
    statement = sa.select(Target).where(
        whose, Target.measure == measure, Target.period == period, Target.starts_on.in_(days)
    )
    return {target.starts_on: target for target in session.scalars(statement)}


def _set(session: Session, target: Target, amount: int) -> None:
    if apply_patch(target, {"amount": amount}):
        record(session, event("target.updated", target))


def event(type_: str, target: Target) -> Event:
    """An event about a target, with what it is for and whose it is."""
    what = {"measure": target.measure, "period": target.period, "starts_on": target.starts_on}
    return Event(type_, "target", target.id, what, target.user_id, target.team_id)
