"""Writing many leads at once, for imports and the demo company."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.accounts.bulk import with_e164
from crm_api.core import numbering
from crm_api.core.ids import new_id
from crm_api.leads import scoring
from crm_api.leads.models import Lead, LeadStats
from crm_api.leads.moves import kind_of
from crm_api.organisation import rates
from crm_api.organisation.service import currency, today
from crm_api.pipelines import service as pipelines
from crm_api.tags.service import names_on

Row = dict[str, Any]
AMOUNTS = (("estimated_value", "value_base"), ("budget", "budget_base"))


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
    statement = sa.select(
        Lead.id, Lead.pipeline_id, Lead.currency, Lead.estimated_value, Lead.budget, Lead.score_is_manual,
        Lead.source, Lead.company_name, Lead.email,
    ).where(Lead.id.in_([row["id"] for row in rows]), Lead.status != "converted")  # fmt: skip
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
            follows["stage_id"] = stages[found.pipeline_id][kind_of(row["status"]) or "new"]
        for amount, base in AMOUNTS:
            if amount in row or "currency" in row:
                worth = row.get(amount, getattr(found, amount))
                follows[base] = rates.convert(session, worth, row.get("currency", found.currency))
        if row.get("score") is not None:
            follows["score_is_manual"] = True
        elif not found.score_is_manual and not scoring.INPUTS.isdisjoint(row):
            carried = names_on(session, "lead", [found.id]).get(found.id, [])
            follows |= _scored(session, {**found._mapping, **row}, carried)
        changed.append(with_e164(row, "phone") | follows)
    return audit.bulk_update(session, Lead, changed)


def _complete(session: Session, row: Row, pipeline_id: UUID, stages: dict[str, UUID]) -> Row:
    status = str(row.get("status") or "new")
    row = with_e164(row, "phone") | {"status": status, "pipeline_id": pipeline_id}
    row["stage_id"] = stages[kind_of(status) or status]
    person = " ".join(part for part in (row.get("first_name"), row.get("last_name")) if part)
    row["title"] = row.get("title") or row.get("company_name") or person
    row.setdefault("currency", currency(session))
    for amount, base in AMOUNTS:
        row[base] = rates.convert(session, row.get(amount), row["currency"], on=row.get("converted_at"))
    if row.get("score") is not None:
        return row | {"score_is_manual": True}
    return row | _scored(session, row, ())


def _scored(session: Session, row: Row, tags: Iterable[str]) -> Row:
    rules = session.info.get("rules") or {}
    reasons = scoring.reasons_for(
        source=row.get("source"),
        company_name=row.get("company_name"),
        email=row.get("email"),
        tags=tags,
        high_value_tags=rules.get("high_value_tags", scoring.HIGH_VALUE_TAGS),
        free_mail_domains=rules.get("free_mail_domains", ()),
    )
    return {"score": scoring.total(reasons), "score_reasons": reasons}
