"""Files on our own disk: whole or not at all, once for each content, and never from under somebody."""

import hashlib
import io
from pathlib import Path

import pytest

from crm_api.ports import KeptFile, PermanentFailure
from integrations.offline.files import DiskFileStore

CONTENT = b"hello" * 200_000
NAME = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> DiskFileStore:
    return DiskFileStore(tmp_path / "files")


async def read(store: DiskFileStore, name: str) -> bytes:
    return b"".join([piece async for piece in await store.read(name)])


async def test_what_is_kept_is_read_back(store: DiskFileStore) -> None:
    await store.keep(NAME, io.BytesIO(CONTENT))
    await store.keep(NAME, io.BytesIO(CONTENT))

    assert await read(store, NAME) == CONTENT
    assert [file.sha256 for file in await store.kept()] == [NAME]


async def test_bytes_of_another_name_are_refused_and_leave_nothing(
    store: DiskFileStore, tmp_path: Path
) -> None:
    with pytest.raises(PermanentFailure):
        await store.keep(NAME, io.BytesIO(b"other"))

    assert await store.kept() == []
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"] == []


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "A" * 64, NAME[:-1], f"{NAME}/x", f"{NAME}\n"]
)
async def test_only_a_digest_is_a_name(store: DiskFileStore, name: str) -> None:
    with pytest.raises(PermanentFailure):
        await store.keep(name, io.BytesIO(CONTENT))
    with pytest.raises(PermanentFailure):
        await store.read(name)


async def test_what_is_not_kept_cannot_be_read(store: DiskFileStore) -> None:
    with pytest.raises(PermanentFailure):
        await store.read(NAME)


async def test_a_file_kept_again_since_it_was_listed_is_not_forgotten(store: DiskFileStore) -> None:
    await store.keep(NAME, io.BytesIO(CONTENT))
    (listed,) = await store.kept()
    await store.keep(NAME, io.BytesIO(CONTENT))

    assert not await store.forget(listed)
    assert await read(store, NAME) == CONTENT
    (listed,) = await store.kept()
    assert await store.forget(listed)
    assert await store.forget(KeptFile(NAME, 0))
    assert await store.kept() == []


async def test_the_doctor_says_where_files_are_kept_or_that_they_cannot_be(tmp_path: Path) -> None:
    (fine,) = await DiskFileStore(tmp_path / "files").diagnose()
    (tmp_path / "taken").write_text("a file, no folder")
    (broken,) = await DiskFileStore(tmp_path / "taken").diagnose()

    assert fine.ok
    assert not broken.ok
