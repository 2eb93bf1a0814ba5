"""What may be asked about check-ins, and who sees them: a person's position is not everybody's business, so they
follow no account."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crm_api import access
from crm_api.accounts.models import Account
from crm_api.core.fields import Catalogue, Field, FieldType, Relation
from crm_api.core.presenting import in_order, shown_by
from crm_api.field.models import VERDICTS, CheckIn
from crm_api.field.schemas import CheckInOut

access.declare("check_in", CheckIn, owner=CheckIn.owner_id, team=CheckIn.team_id)

LATE = timedelta(minutes=10)
_SHOWN = sa.select(*shown_by(CheckInOut, CheckIn, account_name=Account.name)).join(
    Account, Account.id == CheckIn.account_id
)


def _present(row: dict[str, Any]) -> dict[str, Any]:
    row["is_late"] = row["received_at"] - row["checked_in_at"] > LATE
    return in_order(CheckInOut, row)


CATALOGUE = Catalogue(
    kind="check_in",
    plural="check-ins",
    model=CheckIn,
    out=CheckInOut,
    label="checked_in_at",
    synonyms=("check-in",),
    asked=False,
    default_sort="-checked_in_at",
    time_field="checked_in_at",
    fields=(
        Field("checked_in_at", FieldType.DATETIME, CheckIn.checked_in_at, sortable=True, nullable=False),
        Field("checked_out_at", FieldType.DATETIME, CheckIn.checked_out_at),
        Field("received_at", FieldType.DATETIME, CheckIn.received_at, nullable=False),
        Field("account_id", FieldType.REFERENCE, CheckIn.account_id, nullable=False),
        Field("activity_id", FieldType.REFERENCE, CheckIn.activity_id, nullable=False),
        Field("owner_id", FieldType.REFERENCE, CheckIn.owner_id, aliases=("rep_id",), nullable=False),
        Field("verdict", FieldType.CHOICE, CheckIn.verdict, choices=VERDICTS, nullable=False),
        Field("distance_metres", FieldType.INTEGER, CheckIn.distance_metres, unit="metres"),
        Field("created_at", FieldType.DATETIME, CheckIn.created_at, nullable=False),
    ),
    relations=(
        Relation("account", "account", CheckIn.account_id, "check_ins"),
        Relation("owner", "user", CheckIn.owner_id, "check_ins", synonyms=("rep",)),
    ),
    shown=lambda: _SHOWN,
    present=_present,
)
