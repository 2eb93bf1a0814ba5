"""Uploading a file, watching it, and reading its errors."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.core.database import Database
from crm_api.imports import flows
from crm_api.imports.models import ImportRun
from tests.imports.conftest import ACCOUNTS, ACCOUNTS_HEADER, count
from tests.support.api import Api, serving

IMPORTS = "/api/v1/crm/imports"


@pytest.fixture
async def api(db: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(db, tmp_path, max_upload_mb=1) as running:
        yield running


async def upload(
    client: httpx.AsyncClient, content: str | bytes, mapping: str = ACCOUNTS, **form: Any
) -> httpx.Response:
    return await client.post(
        IMPORTS, files={"file": ("dealers.csv", content)}, data={"mapping": mapping, **form}
    )


async def test_an_uploaded_file_is_imported_and_its_address_tells_what_it_did(db: Database, api: Api) -> None:
    client = await api.client()
    accepted = await upload(client, ACCOUNTS_HEADER + "a,A,dealer,,,\nb,B,dealer,,,a\n")
    assert accepted.status_code == 202
    assert accepted.json()["state"] == "waiting"
    told = (await client.get(accepted.headers["Location"])).json()
    assert (told["state"], told["progress"], told["created_records"]) == ("done", 100, 2)
    assert (told["file_name"], told["total_rows"], told["error_rows"]) == ("dealers.csv", 2, 0)
    assert [run["id"] for run in (await client.get(IMPORTS)).json()] == [told["id"]]
    assert await db.read(count, Account) == 2


async def test_a_faulty_file_is_refused_with_every_fault_as_csv(db: Database, api: Api) -> None:
    client = await api.client()
    run = (await upload(client, ACCOUNTS_HEADER + "a,A,spaceship,-1,,\nb,B,dealer,,,\n")).json()
    told = (await client.get(f"{IMPORTS}/{run['id']}")).json()
    assert (told["state"], told["error_rows"]) == ("refused", 1)
    assert told["message"].startswith("1 row is wrong; the first: row 2, column 'type'")
    errors = await client.get(f"{IMPORTS}/{run['id']}/errors")
    assert errors.headers["content-type"].startswith("text/csv")
    assert [line.split(",")[1:3] for line in errors.text.splitlines()[1:]] == [
        ["2", "type"],
        ["2", "revenue"],
    ]
    assert await db.read(count, Account) == 0


async def test_a_dry_run_and_skipping_errors_are_asked_for_in_the_form(db: Database, api: Api) -> None:
    client, content = await api.client(), ACCOUNTS_HEADER + "a,A,spaceship,,,\nb,B,dealer,,,\n"
    dry = (await upload(client, ACCOUNTS_HEADER + "b,B,dealer,,,\n", dry_run="true")).json()
    assert (await client.get(f"{IMPORTS}/{dry['id']}")).json()["state"] == "done"
    assert await db.read(count, Account) == 0
    skipped = (await upload(client, content, skip_errors="true")).json()
    told = (await client.get(f"{IMPORTS}/{skipped['id']}")).json()
    assert (told["state"], told["created_records"], told["error_rows"]) == ("done", 1, 1)


async def test_a_file_without_the_columns_is_refused_with_the_reason(api: Api) -> None:
    client = await api.client()
    run = (await upload(client, "name\nSaw\n")).json()
    told = (await client.get(f"{IMPORTS}/{run['id']}")).json()
    assert told["state"] == "refused"
    assert "dealers.csv, row 1: column 'id'" in told["message"]
    assert (await client.get(f"{IMPORTS}/{run['id']}/errors")).status_code == 404


async def test_a_mapping_that_is_wrong_is_422_naming_the_key(api: Api) -> None:
    answer = await upload(
        await api.client(), "a\n", mapping='kind = "accounts"\nsystem = "t"\n[fields]\nname = 3\n'
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("fields.name")


async def test_an_upload_over_the_limit_is_413_and_leaves_nothing(db: Database, api: Api) -> None:
    answer = await upload(await api.client(), b"x" * 1_100_000)
    assert answer.status_code == 413
    assert await db.read(count, ImportRun) == 0


@pytest.mark.parametrize("role", ["manager", "rep", "field", "viewer"])
async def test_only_administrators_upload_and_look(api: Api, role: str) -> None:
    client = await api.client(role)
    assert (await upload(client, "a\n")).status_code == 403
    assert (await client.get(IMPORTS)).status_code == 403


async def test_an_upload_that_was_cut_off_is_taken_up_by_the_background_process(
    db: Database, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*args: object, **kwargs: object) -> None:
        """The web process ends before it begins."""

    monkeypatch.setattr(flows, "work", dies)
    client = await api.client()
    run = (await upload(client, ACCOUNTS_HEADER + "a,A,dealer,,,\n")).json()
    monkeypatch.undo()
    assert await flows.work_off(db, folder=tmp_path / "imports") == 1
    assert (await client.get(f"{IMPORTS}/{run['id']}")).json()["state"] == "done"
    assert await flows.work_off(db, folder=tmp_path / "imports") == 0
    assert not list((tmp_path / "imports").glob("*.csv"))


async def test_a_run_somebody_is_at_work_on_is_left_to_them(db: Database, api: Api, tmp_path: Path) -> None:
    client = await api.client()
    run = (await upload(client, ACCOUNTS_HEADER + "a,A,dealer,,,\n")).json()

    def pretend(session: Session) -> None:
        row = session.scalars(sa.select(ImportRun)).one()
        row.state, row.lease_until = "writing", datetime(2100, 1, 1, tzinfo=UTC)

    await db.write(pretend)
    assert await flows.work_off(db, folder=tmp_path / "imports") == 0
    assert (await client.post(f"{IMPORTS}/{run['id']}/resume")).status_code == 409


async def test_a_finished_import_is_not_resumed_and_a_missing_one_not_found(api: Api) -> None:
    client = await api.client()
    run = (await upload(client, ACCOUNTS_HEADER + "a,A,dealer,,,\n")).json()
    assert (await client.post(f"{IMPORTS}/{run['id']}/resume")).status_code == 409
    assert (await client.get(f"{IMPORTS}/00000000-0000-7000-8000-000000000000")).status_code == 404
