"""Records for tests: each function writes one with sensible values, and takes what the test is about.

All take a Session first, return the row, and go through no service, so that a test of one rule does not
depend on the others.
"""

from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, actor_of
from crm_api.accounts.models import Account
from crm_api.activities.models import Activity
from crm_api.contacts.models import Contact
from crm_api.core.text import fold
from crm_api.leads.models import Lead, LeadStats
from crm_api.opportunities.models import Opportunity, category_of
from crm_api.orders.models import Order
from crm_api.organisation.models import Organisation, Territory
from crm_api.organisation.service import profile
from crm_api.pipelines.models import Stage
from crm_api.pipelines.service import default_id, ensure_defaults, resolve
from crm_api.products.models import Product
from crm_api.segments.models import Segment, SegmentMember, SegmentStats
from crm_api.users.models import Team, User, user_territories
from crm_api.views.models import View

_numbers = count(1)


def _saved(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def make_organisation(session: Session, **values: Any) -> Organisation:
    """The organisation with these values."""
    organisation = profile(session)
    for name, value in values.items():
        setattr(organisation, name, value)
    session.info.pop("organisation", None)
    session.flush()
    return organisation


def make_territory(session: Session, name: str = "Ohio") -> Territory:
    """A territory."""
    return _saved(session, Territory(name=name))


def make_team(session: Session, name: str = "East", **values: Any) -> Team:
    """A team."""
    return _saved(session, Team(name=name, **values))


def make_view(session: Session, *, owner_id: UUID, kind: str = "lead", **values: Any) -> View:
    """A saved view of all records of a kind."""
    values = {"name": f"View {next(_numbers)}", "conditions": {"all": []}, "sort": [], "fields": [], **values}
    return _saved(session, View(kind=kind, owner_id=owner_id, **values))


def make_user(
    session: Session, role: str = "rep", *, territories: Sequence[Territory] = (), **values: Any
) -> User:
    """A user of a role; with `password`, one who can sign in."""
    n = next(_numbers)
    values.setdefault("name", f"{role.title()} {n}")
    values.setdefault("email", f"{role}{n}@example.com")
    user = _saved(session, User(role=role, email_key=fold(values["email"]) or None, **values))
    if territories:
        session.execute(
            sa.insert(user_territories), [{"user_id": user.id, "territory_id": t.id} for t in territories]
        )
    return user


def actor_for(session: Session, user: User) -> Actor:
    """The acting user as the access rules see them."""
    return actor_of(session, user, organisation_zone="UTC")


def make_actor(session: Session, role: str = "administrator", **values: Any) -> Actor:
    """A user of a role, as the acting user."""
    return actor_for(session, make_user(session, role, **values))


def make_account(session: Session, **values: Any) -> Account:
    """An account; its team is its owner's."""
    n = next(_numbers)
    values.setdefault("annual_revenue_base", values.get("annual_revenue"))
    return _saved(
        session, Account(**{"name": f"Account {n}", "number": f"ACC-TEST-{n:05d}", **_team(session, values)})
    )


def make_contact(session: Session, **values: Any) -> Contact:
    """A contact."""
    n = next(_numbers)
    return _saved(session, Contact(**{"first_name": "Dana", "last_name": f"Contact {n}", **values}))


def make_lead(session: Session, **values: Any) -> Lead:
    """A lead in the default pipeline, in the stage its status belongs to."""
    n = next(_numbers)
    ensure_defaults(session)
    status = values.get("status", "new")
    stage = resolve(
        session,
        "lead",
        pipeline_id=None,
        stage_id=None,
        kind={"contacted": "new", "callback": "new"}.get(status, status),
    )
    lead = _saved(
        session,
        Lead(
            **{
                "title": f"Lead {n}",
                "number": f"LEAD-TEST-{n:05d}",
                "pipeline_id": stage.pipeline_id,
                "stage_id": stage.id,
                **_team(session, values),
            }
        ),
    )
    _saved(session, LeadStats(lead_id=lead.id))
    return lead


def make_product(session: Session, **values: Any) -> Product:
    """A product."""
    values = {"name": f"Product {next(_numbers)}", "list_price": 10_000, **values}
    return _saved(session, Product(**{"list_price_base": values["list_price"], **values}))


def make_order(session: Session, **values: Any) -> Order:
    """An order of an account, made for it where none is given; `total` in minor units. Figures are left alone."""
    if "account_id" not in values:
        values["account_id"] = make_account(session).id
    values = {"number": f"SO-{next(_numbers)}", "order_date": date(2026, 11, 2), "total": 10_000, **values}
    return _saved(session, Order(**{"total_base": values["total"], **values}))


def make_segment(session: Session, *, accounts: Sequence[Account] = (), **values: Any) -> Segment:
    """A static segment with these accounts in it."""
    n = next(_numbers)
    segment = _saved(session, Segment(**{"name": f"Segment {n}", "code": f"S{n}", **values}))
    _saved(session, SegmentStats(segment_id=segment.id, customer_count=len(accounts)))
    for account in accounts:
        _saved(session, SegmentMember(segment_id=segment.id, account_id=account.id))
    return segment


def stage_of(session: Session, kind: str, applies_to: str = "opportunity") -> Stage:
    """The stage of a kind in the default pipeline."""
    ensure_defaults(session)
    return resolve(session, applies_to, pipeline_id=default_id(session, applies_to), stage_id=None, kind=kind)


def make_opportunity(session: Session, stage: str = "prospecting", **values: Any) -> Opportunity:
    """A deal in a stage of the default pipeline; `estimated_value` in minor units."""
    n = next(_numbers)
    row = stage_of(session, stage)
    values.setdefault("value_base", values.get("estimated_value"))
    values.setdefault("forecast_category", category_of(row.probability))
    closed = values.get("actual_close_date") if row.is_won or row.is_lost else None
    values.setdefault("closes_on", closed.date() if closed else values.get("expected_close_date"))
    return _saved(
        session,
        Opportunity(
            **{
                "name": f"Deal {n}",
                "number": f"OPP-TEST-{n:05d}",
                "pipeline_id": row.pipeline_id,
                "stage_id": row.id,
                "stage_kind": row.kind,
                "probability": row.probability,
                **_team(session, values),
            }
        ),
    )


def make_activity(session: Session, activity_type: str = "call", **values: Any) -> Activity:
    """An activity."""
    return _saved(
        session,
        Activity(
            **{
                "activity_type": activity_type,
                "subject": f"{activity_type} {next(_numbers)}",
                **_team(session, values),
            }
        ),
    )


def _team(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    if values.get("owner_id") and "team_id" not in values:
        values["team_id"] = session.scalar(sa.select(User.team_id).where(User.id == values["owner_id"]))
    return values
