"""Who sees and may change what: the role table of the API, in one place.

    role            reads                                             writes
    administrator   all                                               all
    manager         own team down the line, unowned in own territory  the same
    rep             own records; accounts owned or with an own open   own records; activities on
                    deal and everything on those; unowned leads of    what is read
                    own territory
    field           own records; accounts, contacts, leads, open      visits and other activities,
                    deals and the timeline of own territory           contacts and leads there
    viewer          what its team reads                               nothing

`visible(kind, actor)` is the only way to a WHERE: lists, single reads, search, exports, questions and
plans all go through it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access.models import AccountAccess
from crm_api.core.errors import NotAllowed
from crm_api.events.models import EventRow
from crm_api.organisation import service as organisation
from crm_api.organisation.models import ExchangeRate, HolidayCalendar, Organisation, Territory
from crm_api.users.models import Team, User, user_territories


@dataclass(frozen=True, slots=True)
class Actor:
    """The acting user, with everything visibility needs. `team_ids` are the own team and all below.

    `currency` is the organisation's: amounts in conditions are read in it. Zone and formats are the user's own
    choice, else the organisation's.
    """

    user_id: UUID | None
    role: str
    name: str = ""
    email: str | None = None
    team_id: UUID | None = None
    team_ids: tuple[UUID, ...] = ()
    territory_ids: tuple[UUID, ...] = ()
    time_zone: str = "UTC"
    currency: str = "USD"
    locale: str = "en-GB"
    week_starts_on: int = 1
    distance_unit: str = "km"

    @property
    def is_administrator(self) -> bool:
        """Sees and changes everything."""
        return self.role == "administrator"


_MADE_BY_FIELD = tuple(
    "contact lead activity attachment tag visit_plan visit_week view check_in enrolment".split()
)

# Knows no currency on purpose: what reads amounts asks `system` instead, or is told.
SYSTEM = Actor(user_id=None, role="administrator", name="System", currency="")


def system(session: Session) -> Actor:
    """The service itself, with the organisation's zone, currency and week."""
    here = organisation.basics(session)
    return replace(
        SYSTEM, time_zone=here.time_zone, currency=here.currency, week_starts_on=here.week_starts_on
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind is reached: by its own columns, and by the records it hangs on."""

    kind: str
    model: Any
    owner: Any = None
    team: Any = None
    territory: Any = None
    follows: tuple[tuple[str, Any], ...] = ()
    shared: bool = False
    field_sees: Callable[[], sa.ColumnElement[bool]] | None = None
    sees: Callable[[Actor], sa.ColumnElement[bool]] | None = None
    config: bool = False
    also: Callable[[Actor], sa.ColumnElement[bool]] | None = None


_rules: dict[str, Rule] = {}


def declare(kind: str, model: Any, **how: Any) -> None:
    """Register a kind. `shared` kinds (products, tags, people) are seen by all who are signed in;
    `config` kinds are changed by administrators alone; `field_sees` narrows what field staff see; `also` is
    one more way to see a row; `sees` stands instead of the role table, for what belongs to a person rather than
    to the business."""
    _rules[kind] = Rule(kind, model, **how)


def open_kinds() -> dict[str, Any]:
    """The models, by kind, of all that is not kept by administrators alone."""
    return {kind: rule.model for kind, rule in _rules.items() if not rule.config}


# People, teams and the organisation's own rows are seen by all who are signed in; they lie below this room,
# so they are declared here.
declare("user", User, shared=True, config=True)
declare("team", Team, shared=True, config=True)
declare("territory", Territory, shared=True, config=True)
declare("organisation", Organisation, shared=True, config=True)
declare("holiday_calendar", HolidayCalendar, shared=True, config=True)
declare("exchange_rate", ExchangeRate, shared=True, config=True)


def visible(kind: str, actor: Actor) -> sa.ColumnElement[bool]:
    """The rows of `kind` that `actor` may see, as a WHERE over the kind's model."""
    rule = _rules[kind]
    if rule.sees is not None:
        return rule.sees(actor)
    if rule.shared or actor.is_administrator:
        return sa.true()
    if actor.user_id is None:
        return sa.false()
    own = _own(rule, actor)
    followed = [
        column.in_(sa.select(_rules[parent].model.id).where(visible(parent, actor)))
        for parent, column in rule.follows
    ]
    if actor.role == "field" and rule.field_sees is not None:
        followed = [sa.and_(rule.field_sees(), term) for term in followed]
    if rule.also is not None:
        own.append(rule.also(actor))
    return sa.or_(sa.false(), *own, *followed)


def on_seen(kind: str, actor: Actor) -> sa.ColumnElement[bool]:
    """The rows of `kind` that `actor` sees among those of a record they follow and that the actor sees: all of them,
    but for what is narrowed for field staff. Costs a list less than to ask again whose the record is."""
    rule = _rules[kind]
    if actor.role == "field" and rule.field_sees is not None:
        return sa.or_(*_own(rule, actor), rule.field_sees())
    return sa.true()


def _own(rule: Rule, actor: Actor) -> list[sa.ColumnElement[bool]]:
    terms: list[sa.ColumnElement[bool]] = []
    here = rule.territory.in_(actor.territory_ids) if rule.territory is not None else sa.false()
    if rule.owner is not None and actor.role != "viewer":
        terms.append(rule.owner == actor.user_id)
    if actor.role in ("manager", "viewer") and rule.team is not None:
        terms.append(rule.team.in_(actor.team_ids))
    if actor.role == "manager" and rule.owner is not None and rule.territory is not None:
        terms.append(sa.and_(rule.owner.is_(None), here))
    if actor.role == "rep" and rule.kind == "lead":
        terms.append(sa.and_(rule.owner.is_(None), here))
    if actor.role == "rep" and rule.kind == "account":
        terms.append(
            rule.model.id.in_(
                sa.select(AccountAccess.account_id).where(AccountAccess.user_id == actor.user_id)
            )
        )
    if actor.role == "field" and rule.territory is not None:
        terms.append(here)
    return terms


def visible_event(actor: Actor) -> sa.ColumnElement[bool]:
    """The events that `actor` may see, as a WHERE over the event log.

    An event is seen by whoever its subject belonged to when it happened (owner, team and territory as
    the event keeps them), and by whoever may see the subject now. The first holds for what was erased
    since, too; the second reaches what follows another record, such as a colleague's call on an own
    account. Kinds that nobody declared are seen by their owner and by administrators alone.
    """
    if actor.is_administrator:
        return sa.true()
    if actor.user_id is None:
        return sa.false()
    terms: list[sa.ColumnElement[bool]] = [
        EventRow.kind.in_([kind for kind, rule in _rules.items() if rule.shared])
    ]
    if actor.role != "viewer":
        terms.append(EventRow.owner_id == actor.user_id)
    for kind, rule in _rules.items():
        if rule.shared or rule.also is not None:  # nothing happens to the trail itself
            continue
        # By primary key, one event at a time: the feed reads in order of position and stops at its limit.
        still_seen = sa.exists().where(rule.model.id == EventRow.subject_id, visible(kind, actor))
        mine = [*_kept(rule, actor), still_seen.correlate(EventRow)]
        terms.append(sa.and_(EventRow.kind == kind, sa.or_(*mine)))
    return sa.or_(*terms)


def _kept(rule: Rule, actor: Actor) -> list[sa.ColumnElement[bool]]:
    """What team and territory, as an event keeps them, open of one kind; the owner opens every kind."""
    terms: list[sa.ColumnElement[bool]] = []
    here = EventRow.territory_id.in_(actor.territory_ids)
    if actor.role in ("manager", "viewer"):
        terms.append(EventRow.team_id.in_(actor.team_ids))
    # Contacts and deals have no territory of their own: what is unowned there is not yet for everybody.
    if rule.territory is not None and (actor.role == "manager" or (actor.role, rule.kind) == ("rep", "lead")):
        terms.append(sa.and_(EventRow.owner_id.is_(None), here))
    # Field staff see open deals alone, and an event does not keep whether its deal was open.
    if actor.role == "field" and rule.field_sees is None:
        terms.append(here)
    return terms


def require_role(actor: Actor, *roles: str) -> None:
    """Raise NotAllowed unless the actor is an administrator or has one of `roles`."""
    if not actor.is_administrator and actor.role not in roles:
        raise NotAllowed(
            f"This needs the role {' or '.join(('administrator', *roles))}; yours is {actor.role}."
        )


def require_create(actor: Actor, kind: str) -> None:
    """Raise NotAllowed unless the actor's role may make records of this kind."""
    if actor.role == "viewer":
        raise NotAllowed("Viewers read; they cannot change anything.")
    if _rules[kind].config:
        require_role(actor)
    if actor.role == "field" and kind not in _MADE_BY_FIELD:
        raise NotAllowed(f"Field staff make visits, contacts and leads, not a new {kind}.")


def require_write(session: Session, actor: Actor, record: Any) -> None:
    """Raise NotAllowed unless the actor may change this record, which it was found to see already."""
    if actor.is_administrator:
        return
    kind = record.__kind__
    require_create(actor, kind)
    if not _may_change(session, actor, record, _rules[kind]):
        raise NotAllowed(f"This {kind} is not yours to change; ask its owner or your manager.")


def _may_change(session: Session, actor: Actor, record: Any, rule: Rule) -> bool:
    """Managers and field staff change what they see of the kinds they may make; reps their own, and what
    is nobody's yet: leads of their territory, contacts and deals of their accounts."""
    if rule.shared or rule.kind == "activity" or actor.role in ("manager", "field"):
        return True
    owner_id = getattr(record, "owner_id", None)
    if owner_id is not None:
        return bool(owner_id == actor.user_id)
    return rule.kind == "lead" or _on_own_account(session, actor, record)


def _on_own_account(session: Session, actor: Actor, record: Any) -> bool:
    account_id = getattr(record, "account_id", None)
    account = session.get(_rules["account"].model, account_id) if account_id else None
    return account is not None and account.owner_id == actor.user_id


def require_reassign(session: Session, actor: Actor, record: Any, owner_id: UUID | None) -> None:
    """Raise NotAllowed unless the actor may give the record to this owner (None: to nobody).

    Administrators give to anybody, managers within their teams; a rep takes what is nobody's.
    """
    if actor.is_administrator or owner_id == record.owner_id:
        return
    if actor.role == "manager":
        team_id = session.scalar(sa.select(User.team_id).where(User.id == owner_id)) if owner_id else None
        if owner_id in (None, actor.user_id) or team_id in actor.team_ids:
            return
        raise NotAllowed("Managers give records to people of their own teams.")
    if actor.role == "rep" and record.owner_id is None and owner_id == actor.user_id:
        return
    raise NotAllowed("Only an administrator or a manager gives a record to somebody else.")


def actor_of(session: Session, user: User, *, organisation_zone: str) -> Actor:
    """Load what visibility needs to know of a user: team and all teams below it, territories."""
    managed = (
        sa.or_(Team.manager_id == user.id, Team.id == user.team_id)
        if user.role == "manager"
        else (Team.id == user.team_id)
    )
    below = sa.select(Team.id).where(managed).cte("below", recursive=True)
    below = below.union(sa.select(Team.id).where(Team.parent_id == below.c.id))
    here = organisation.basics(session)
    return Actor(
        user_id=user.id,
        role=user.role,
        name=user.name,
        email=user.email,
        team_id=user.team_id,
        team_ids=tuple(session.scalars(sa.select(below.c.id))),
        territory_ids=tuple(
            session.scalars(
                sa.select(user_territories.c.territory_id).where(user_territories.c.user_id == user.id)
            )
        ),
        time_zone=user.time_zone or organisation_zone,
        currency=here.currency,
        locale=user.locale or here.locale,
        week_starts_on=user.week_starts_on or here.week_starts_on,
        distance_unit=user.distance_unit or here.distance_unit,
    )
