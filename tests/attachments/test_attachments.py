"""Files over the API: coming in, hanging on records, being read, going away."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.attachments import flows
from crm_api.attachments.models import Attachment
from crm_api.core import clock
from integrations.offline.files import DiskFileStore
from tests.app.resources import problem
from tests.support.api import Api, serving
from tests.support.documents import PDF, PROGRAM, office, overlapping

CRM = "/api/v1/crm"
FILES = f"{CRM}/attachments"
NOWHERE = "01930000-0000-7000-8000-000000000001"


async def sent(
    client: httpx.AsyncClient, content: bytes = PDF, name: str = "offer.pdf", **form: str
) -> httpx.Response:
    return await client.post(FILES, files={"file": (name, content, "application/x-whatever")}, data=form)


async def kept(client: httpx.AsyncClient, content: bytes = PDF, name: str = "offer.pdf", **form: str) -> Any:
    answer = await sent(client, content, name, **form)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def account(client: httpx.AsyncClient) -> str:
    return str((await client.post(f"{CRM}/accounts", json={"name": "Harbor"})).json()["id"])


def on_disk(folder: Path) -> set[str]:
    return {path.name for path in (folder / "attachments").glob("??/*")}


async def test_an_uploaded_file_is_told_by_its_content_and_read_back_byte_for_byte(
    api: Api, tmp_path: Path
) -> None:
    client = await api.client()
    file = await kept(client, office(), "../../letter.docx")
    read = await client.get(file["url"])

    assert file["file_id"] == file["id"]
    assert (file["name"], file["size"]) == ("letter.docx", len(office()))
    assert file["type"].endswith("wordprocessingml.document")
    assert file["sha256"] == hashlib.sha256(office()).hexdigest()
    assert read.content == office()
    assert read.headers["content-type"] == file["type"]
    assert read.headers["content-disposition"].startswith('attachment; filename="letter.docx"')
    assert read.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in read.headers["content-security-policy"]
    assert on_disk(tmp_path) == {file["sha256"]}


async def test_no_name_leads_out_of_the_folder(api: Api, tmp_path: Path) -> None:
    client = await api.client()
    before = {path for path in tmp_path.rglob("*") if "attachments" not in path.parts}
    for name in (
        "../../../evil.pdf",
        "/etc/evil.pdf",
        "..\\evil.pdf",
        "attachments/../../evil.pdf",
        "a\x00.pdf",
    ):
        file = await kept(client, name=name)
        assert "/" not in file["name"]
        assert "\\" not in file["name"]

    assert {path for path in tmp_path.rglob("*") if "attachments" not in path.parts} <= before | {
        path for path in tmp_path.rglob("rounds.db*")
    }
    for trick in ("..%2f..%2frounds.db", "../rounds.db", f"{NOWHERE}/../../x"):
        assert (await client.get(f"{FILES}/{trick}/content")).status_code in (404, 422)


async def test_the_same_content_is_kept_once(api: Api, tmp_path: Path) -> None:
    client = await api.client()
    one, other = await kept(client), await kept(client, name="again.pdf")

    assert one["id"] != other["id"]
    assert len(on_disk(tmp_path)) == 1
    assert (await client.delete(f"{FILES}/{one['id']}")).status_code == 204
    assert (await client.get(other["url"])).content == PDF
    assert (await client.delete(f"{FILES}/{other['id']}")).status_code == 204
    assert on_disk(tmp_path) == set()


@pytest.mark.parametrize(
    ("content", "name"),
    [(PROGRAM, "offer.pdf"), (PROGRAM, "offer.exe"), (overlapping(), "bomb.zip"), (b"", "a.txt"), (PDF, "")],
    ids=["disguised", "program", "bomb", "empty", "nameless"],
)
async def test_what_is_refused_leaves_nothing(api: Api, tmp_path: Path, content: bytes, name: str) -> None:
    client = await api.client()
    problem(await sent(client, content, name), 422)

    assert on_disk(tmp_path) == set()
    assert (await client.get(FILES)).json()["total"] == 0


async def test_a_file_over_the_limit_is_413(db: Any, tmp_path: Path) -> None:
    async with serving(db, tmp_path, attachment_max_mb=1) as api:
        client = await api.client()
        problem(await sent(client, PDF + b"\0" * 1_000_000), 413)
        problem(await sent(client, PDF + b"\0" * 3_000_000), 413)
        assert (await sent(client, PDF + b"\0" * 900_000)).status_code == 201


async def test_bad_forms_are_answered_by_name(api: Api) -> None:
    client = await api.client()
    problem(await client.post(FILES), 422, field="file")
    problem(await client.post(FILES, json={"file": "x"}), 422)
    problem(await client.post(FILES, data={"file": "no file"}), 422)
    problem(await sent(client, kind="account"), 422, field="record_id")
    problem(await sent(client, record_id=NOWHERE), 422, field="kind")
    problem(await sent(client, kind="account", record_id=NOWHERE), 422, field="record_id")
    problem(await sent(client, kind="planet", record_id=NOWHERE), 422)
    problem(await sent(client, kind="activity", record_id=NOWHERE), 422, field="kind")
    problem(await (await api.client("viewer")).post(FILES, files={"file": ("a.pdf", PDF)}), 403)
    problem(await api.anonymous().post(FILES, files={"file": ("a.pdf", PDF)}), 401)


async def test_the_files_of_a_record_are_listed(api: Api) -> None:
    client = await api.client()
    harbor = await account(client)
    file = await kept(client, kind="account", record_id=harbor)
    await kept(client)

    told = await client.get(FILES, params={"kind": "account", "record_id": harbor})
    assert [one["id"] for one in told.json()["items"]] == [file["id"]]
    assert (file["kind"], file["record_id"]) == ("account", harbor)
    assert (await client.get(f"{FILES}/{file['id']}")).json() == file


async def test_who_sees_the_record_sees_the_file_and_who_does_not_finds_nothing(api: Api) -> None:
    owner, other, boss = await api.client("rep"), await api.client("rep"), await api.client()
    harbor = await account(owner)
    attached = await kept(owner, kind="account", record_id=harbor)
    loose = await kept(owner)

    for client, seen in ((owner, {attached["id"], loose["id"]}), (other, set())):
        assert {one["id"] for one in (await client.get(FILES)).json()["items"]} == seen
    for file in (attached, loose):
        assert (await boss.get(file["url"])).status_code == 200
        problem(await other.get(file["url"]), 404)
        problem(await other.get(f"{FILES}/{file['id']}"), 404)
        problem(await other.delete(f"{FILES}/{file['id']}"), 404)
    problem(await sent(other, kind="account", record_id=harbor), 422, field="record_id")


async def test_a_communication_keeps_its_files_and_lets_go_of_what_is_taken_out(api: Api) -> None:
    client = await api.client()
    lead = (await client.post(f"{CRM}/leads", json={"name": "Vans"})).json()["id"]
    one, two = await kept(client), await kept(client, office(), "letter.docx")
    link = {"name": "Prices", "url": "https://files.example/prices"}
    body = {
        "type": "email",
        "lead_id": lead,
        "attachments": [{"file_id": one["id"]}, {"file_id": two["id"]}, link],
    }
    made = await client.post(f"{CRM}/communications", json=body)

    assert made.status_code == 201, made.text
    told = made.json()["attachments"]
    assert told[0] == {name: one[name] for name in ("name", "file_id", "url", "size", "type")}
    assert [item["name"] for item in told] == ["offer.pdf", "letter.docx", "Prices"]
    held = {"kind": "activity", "record_id": made.json()["id"]}
    assert (await client.get(FILES, params=held)).json()["total"] == 2
    problem(await client.delete(f"{FILES}/{one['id']}"), 409)

    changed = await client.put(
        f"{CRM}/communications/{made.json()['id']}", json={"attachments": [{"file_id": two["id"]}]}
    )
    assert [item["file_id"] for item in changed.json()["attachments"]] == [two["id"]]
    assert (await client.get(f"{FILES}/{one['id']}")).json()["record_id"] is None


async def test_a_file_of_another_record_is_attached_once_more_under_an_id_of_its_own(
    api: Api, tmp_path: Path
) -> None:
    client = await api.client()
    harbor = await account(client)
    file = await kept(client, kind="account", record_id=harbor)
    made = await client.post(
        f"{CRM}/notes", json={"content": "See", "attachments": [{"file_id": file["id"]}]}
    )

    (copy,) = made.json()["attachments"]
    assert copy["file_id"] != file["id"]
    assert (await client.get(copy["url"])).content == PDF
    assert (await client.get(f"{FILES}/{file['id']}")).json()["record_id"] == harbor
    assert len(on_disk(tmp_path)) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([{"file_id": NOWHERE}], "attachments.0.file_id"),
        ([{"url": "javascript:alert(1)"}], "attachments.0.url"),
        ([{"url": "file:///etc/passwd"}], "attachments.0.url"),
        ([{"name": "nothing"}], "attachments.0"),
        ([{"file_id": NOWHERE, "url": "https://x.example"}], "attachments.0"),
        ([{"url": f"https://x.example/{n}"} for n in range(51)], "attachments"),
        ([{"url": "https://x.example", "size": -1}], "attachments.0.size"),
        ("offer.pdf", "attachments"),
    ],
)
async def test_a_list_of_files_that_cannot_be_is_refused_naming_the_place(
    api: Api, given: Any, field: str
) -> None:
    client = await api.client()
    body = {"activity_type": "call", "subject": "Call", "attachments": given}

    problem(await client.post(f"{CRM}/activities", json=body), 422, field=field)
    assert (await client.get(f"{CRM}/activities")).json()["total"] == 0


async def test_nobody_attaches_a_file_they_do_not_see(api: Api) -> None:
    owner, other = await api.client("rep"), await api.client("rep")
    file = await kept(owner)
    body = {"content": "Mine now", "attachments": [{"file_id": file["id"]}]}

    problem(await other.post(f"{CRM}/notes", json=body), 422, field="attachments.0.file_id")


async def test_what_is_attached_to_nothing_goes_after_a_day(api: Api, tmp_path: Path) -> None:
    client = await api.client()
    harbor = await account(client)
    attached = await kept(client, kind="account", record_id=harbor)
    fresh = await kept(client, office(), "letter.docx")
    old = await kept(client, b"hello", "old.txt")
    long_ago = clock.now() - timedelta(days=1, minutes=1)

    def age(session: Session) -> None:
        ids = [attached["id"], old["id"]]
        session.execute(sa.update(Attachment).where(Attachment.id.in_(ids)).values(updated_at=long_ago))

    await api.db.write(age)
    store = DiskFileStore(tmp_path / "attachments")
    await flows.tidy(api.db, store)

    problem(await client.get(old["url"]), 404)
    assert on_disk(tmp_path) == {attached["sha256"], fresh["sha256"]}
    assert await flows.tidy(api.db, store) == 0


async def test_bytes_that_are_lost_are_a_404_and_no_fault(api: Api, tmp_path: Path) -> None:
    client = await api.client()
    file = await kept(client)
    next((tmp_path / "attachments").glob(f"??/{file['sha256']}")).unlink()

    problem(await client.get(file["url"]), 404)


async def test_a_deleted_activity_keeps_its_files_until_it_is_erased(api: Api, tmp_path: Path) -> None:
    client = await api.client()
    file = await kept(client)
    note = await client.post(
        f"{CRM}/notes", json={"content": "See", "attachments": [{"file_id": file["id"]}]}
    )
    address = f"{CRM}/activities/{note.json()['id']}"
    store = DiskFileStore(tmp_path / "attachments")

    await client.delete(address)
    await flows.tidy(api.db, store)
    assert on_disk(tmp_path) == {file["sha256"]}
    assert (await client.post(f"{address}/restore")).json()["attachments"][0]["file_id"] == file["id"]
    assert (await client.delete(address, params={"hard": "true"})).status_code == 204
    await flows.tidy(api.db, store)
    assert on_disk(tmp_path) == set()


async def test_a_file_taken_out_comes_back_with_the_revert_of_the_change(api: Api) -> None:
    client = await api.client()
    file = await kept(client)
    note = await client.post(
        f"{CRM}/notes", json={"content": "See", "attachments": [{"file_id": file["id"]}]}
    )
    address = f"{CRM}/notes/{note.json()['id']}"
    await client.put(address, json={"attachments": []})
    newest = (await client.get("/api/v1/changes")).json()["items"][0]["id"]

    reverted = await client.post(f"/api/v1/changes/{newest}/revert", json={})
    assert reverted.status_code in (200, 201), reverted.text
    assert (await client.get(address)).json()["attachments"][0]["file_id"] == file["id"]
    assert (await client.get(f"{FILES}/{file['id']}")).json()["record_id"] == note.json()["id"]
