"""How often accounts are meant to be visited: one definition for coverage, reports and lists, and the planner's own.

An account's own frequency holds, else what the organisation's settings (`visits`) have for its territory and type, for
its territory, for its type, else what they have for everybody. That last one alone makes nobody but dealers and
distributors an account to be visited.
"""

import sqlalchemy as sa

from crm_api.accounts.models import Account
from crm_api.core.dialect import json_rows, same_id
from crm_api.organisation.models import Organisation

USUAL_DAYS = 90  # between two visits, where the organisation says nothing
VISITED = ("dealer", "distributor")


def _by_default() -> sa.ColumnElement[int]:
    """What is set for the account's territory and type, the narrowest first, in the order of the settings."""
    settings = sa.select(Organisation.settings).limit(1).scalar_subquery()
    default = json_rows(settings, "visits.defaults")
    days = default.c.value["visit_every_days"].as_integer()
    type_ = default.c.value["account_type"].as_string()
    territory = default.c.value["territory_id"].as_string()
    says = sa.select(days).where(days.is_not(None))
    narrowest = (
        says.where(
            sa.or_(type_.is_(None), type_ == Account.account_type),
            sa.or_(territory.is_(None), same_id(Account.territory_id, territory)),
        )
        .order_by(territory.is_(None), type_.is_(None), default.c.position)
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
    # Most organisations set none: whether they do is asked once, not for every account.
    return sa.case((says.exists().correlate(None), narrowest))


def _by_house() -> sa.ColumnElement[int]:
    said = Organisation.settings["visits"]["visit_every_days"].as_integer()
    return sa.func.coalesce(sa.select(said).limit(1).scalar_subquery(), USUAL_DAYS)


# Days that may lie between two visits; NULL for an account that nobody means to visit.
RHYTHM: sa.ColumnElement[int] = sa.func.coalesce(
    Account.visit_every_days, _by_default(), sa.case((Account.account_type.in_(VISITED), _by_house()))
)
