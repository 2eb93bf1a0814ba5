"""Writing many leads at once, for imports and the demo company."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.accounts.bulk import with_e164
from crm_api.core import numbering
from crm_api.core.ids import new_id
from crm_api.leads.models import Lead, LeadStats
from crm_api.leads.service import STAGE_OF_STATUS
from crm_api.organisation import rates
from crm_api.organisation.service import currency, today
from crm_api.pipelines import service as pipelines

Row = dict[str, Any]


def insert(session: Session, rows: Sequence[Row]) -> list[UUID]:
    """New leads from complete, valid rows; each stands in the default pipeline's stage of its status.

    Returns the ids in order.
    """
    if not rows:
        return []
    pipelines.ensure_defaults(session)
    default = pipelines.default_id(session, "lead")
    assert default is not None
    stages = {stage.kind: stage.id for stage in reversed(pipelines.stages_of(session, default))}
    complete = [_complete(session, row, default, stages) for row in rows]
    unnumbered = [row for row in complete if not row.get("number")]
    if unnumbered:
        for row, number in zip(
            unnumbered, numbering.take(session, "LEAD", today(session), len(unnumbered)), strict=True
        ):
            row["number"] = number
    ids = audit.bulk_insert(session, Lead, complete)
    session.execute(sa.insert(LeadStats), [{"id": new_id(), "lead_id": lead_id} for lead_id in ids])
    return ids


def update(session: Session, rows: Sequence[Row]) -> int:
    """Change leads: rows with `id` and what to set; a new status moves the card. Counts changed leads.

    A lead that was converted here is left as it is: it is read-only, whatever another system says of it.
    """
    statement = sa.select(Lead.id, Lead.pipeline_id, Lead.currency, Lead.estimated_value).where(
        Lead.id.in_([row["id"] for row in rows]), Lead.status != "converted"
    )
    present = {found.id: found for found in session.execute(statement)}
    stages = {
        pipeline_id: {stage.kind: stage.id for stage in reversed(pipelines.stages_of(session, pipeline_id))}
        for pipeline_id in {found.pipeline_id for found in present.values()}
    }
    changed = []
    for row in (row for row in rows if row["id"] in present):
        found = present[row["id"]]
        follows: Row = {}
        if row.get("status"):
            follows["stage_id"] = stages[found.pipeline_id][_stage_kind(row["status"])]
        if "estimated_value" in row or "currency" in row:
            amount = row.get("estimated_value", found.estimated_value)
            follows["value_base"] = rates.convert(session, amount, row.get("currency", found.currency))
        changed.append(with_e164(row, "phone") | follows)
    return audit.bulk_update(session, Lead, changed)


def _complete(session: Session, row: Row, pipeline_id: UUID, stages: dict[str, UUID]) -> Row:
    status = str(row.get("status") or "new")
    row = with_e164(row, "phone") | {"status": status, "pipeline_id": pipeline_id}
    row["stage_id"] = stages[_stage_kind(status)]
    person = " ".join(part for part in (row.get("first_name"), row.get("last_name")) if part)
    row["title"] = row.get("title") or row.get("company_name") or person
    row.setdefault("currency", currency(session))
    row["value_base"] = rates.convert(
        session, row.get("estimated_value"), row["currency"], on=row.get("converted_at")
    )
    return row


def _stage_kind(status: str) -> str:
    return STAGE_OF_STATUS.get(status, status)
