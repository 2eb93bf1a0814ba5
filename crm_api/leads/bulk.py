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
    complete = [_complete(row, default, stages, currency(session)) for row in rows]
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
    statement = sa.select(Lead.id, Lead.pipeline_id).where(
        Lead.id.in_([row["id"] for row in rows]), Lead.status != "converted"
    )
    pipeline_of = dict(session.execute(statement).all())
    stages = {
        pipeline_id: {stage.kind: stage.id for stage in reversed(pipelines.stages_of(session, pipeline_id))}
        for pipeline_id in set(pipeline_of.values())
    }
    changed = []
    for row in (row for row in rows if row["id"] in pipeline_of):
        moved = {}
        if row.get("status"):
            kind = _stage_kind(row["status"])
            moved = {"stage_id": stages[pipeline_of[row["id"]]][kind]}
        changed.append(with_e164(row, "phone") | moved)
    return audit.bulk_update(session, Lead, changed)


def _complete(row: Row, pipeline_id: UUID, stages: dict[str, UUID], base: str) -> Row:
    status = str(row.get("status") or "new")
    row = with_e164(row, "phone") | {"status": status, "pipeline_id": pipeline_id}
    row["stage_id"] = stages[_stage_kind(status)]
    person = " ".join(part for part in (row.get("first_name"), row.get("last_name")) if part)
    row["title"] = row.get("title") or row.get("company_name") or person
    if row.get("value_base") is None and row.get("currency", base) == base:
        row["value_base"] = row.get("estimated_value")
    return row


def _stage_kind(status: str) -> str:
    return STAGE_OF_STATUS.get(status, status)
