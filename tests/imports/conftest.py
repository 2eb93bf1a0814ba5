"""What the tests of imports share: a folder of small files, and running them."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.audit.models import AuditEntry
from crm_api.core.database import Database
from crm_api.imports import flows
from crm_api.imports.mapping import read_mapping
from crm_api.pipelines.service import ensure_defaults

ACCOUNTS = """
kind = "accounts"
system = "test"
[fields]
external_id = "id"
name = "name"
account_type = "type"
annual_revenue = "revenue"
phone = "phone"
parent = "parent"
"""
ACCOUNTS_HEADER = "id,name,type,revenue,phone,parent\n"

DEALS = """
kind = "opportunities"
system = "test"
[pipeline]
name = "Short"
stages = [
    { name = "Open", kind = "prospecting", probability = 10 },
    { name = "Won", kind = "closed_won" },
    { name = "Lost", kind = "closed_lost" },
]
[fields]
external_id = "id"
name = "id"
account = "account"
product = "product"
stage = "stage"
started_at = "started"
actual_close_date = "closed"
estimated_value = "value"
loss_reason = { value = "not given", only_if = { stage = "Lost" } }
"""
DEALS_HEADER = "id,account,product,stage,started,closed,value\n"

PRODUCTS = """
kind = "products"
system = "test"
[fields]
external_id = "name"
name = "name"
list_price = "price"
"""

Import = Callable[..., Awaitable[list[flows.Report]]]


@pytest.fixture
def bring(db: Database, tmp_path: Path) -> Import:
    """`await bring((mapping, csv), …)` imports texts in order; bytes are written as they are."""

    async def run(*files: tuple[str, str | bytes], **options: Any) -> list[flows.Report]:
        await db.write(ensure_defaults)
        jobs = []
        for n, (mapping, content) in enumerate(files):
            path = tmp_path / f"file{n}.csv"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            jobs.append(flows.Job(path, read_mapping(mapping, name="map"), path.name))
        return await flows.run_files(db, SYSTEM, jobs, errors_folder=tmp_path / "errors", **options)

    return run


def count(session: Session, model: type[Any]) -> int:
    """How many rows a table has."""
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def audited(session: Session) -> list[tuple[str, str]]:
    """Kind and action of every audit entry, in order."""
    return list(session.execute(sa.select(AuditEntry.kind, AuditEntry.action).order_by(AuditEntry.id)))
