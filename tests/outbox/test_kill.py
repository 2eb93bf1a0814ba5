"""Workers killed with -9 at the three named places, over every transport, as processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from crm_api.core import clock, failpoints
from crm_api.core.database import Database
from crm_api.outbox import service
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.service import NewMessage
from crm_api.outbox.state import Status
from crm_api.ports import Mailbox
from crm_api.settings import Settings
from tests.support.models import all_tables
from tests.support.smtp_server import smtp_server
from tests.support.stage import all_messages
from tests.support.waiting import until

PLACES = tuple(name for name in failpoints.NAMES if name.startswith("outbox."))


_deep = pytest.mark.deep
# A message that is only claimed goes out like any other once its time is over.
HARD = [pytest.param(p, marks=_deep) if p == "outbox.claimed" else p for p in PLACES]


@pytest.fixture
async def house(tmp_path):
    """A SQLite file with all tables and one due message."""
    database = Database.open(Settings(_env_file=None, data_dir=tmp_path).database)
    all_tables()
    await database.create_all()
    message = NewMessage(
        purpose="test", idem_key="k", sender=Mailbox("ada@dealer-house.com"), recipient=Mailbox("grace@customer.com"),
        due_at=clock.now(), template="any",
    )  # fmt: skip
    await database.write(service.enqueue, message)
    yield database
    await database.close()


@contextmanager
def worker(data_dir: Path, transport: str, failpoint: str = "") -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.support.sending_process", str(data_dir), transport]
    environment = {**os.environ, **({failpoints.VARIABLE: failpoint} if failpoint else {})}
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


async def killed_at(data_dir: Path, transport: str, place: str) -> None:
    with worker(data_dir, transport, f"{place}=kill") as process:
        assert await asyncio.to_thread(process.wait, 30) == -signal.SIGKILL


def is_sent(message: OutboxMessage) -> bool:
    return message.status == Status.SENT


async def settled(
    db: Database, data_dir: Path, transport: str, end: Callable[[OutboxMessage], bool]
) -> OutboxMessage:
    """The message after another worker has dealt with what the first one left."""
    with worker(data_dir, transport):
        async with asyncio.timeout(30):
            while True:
                (message,) = await all_messages(db)
                if end(message):
                    return message
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("place", HARD)
async def test_over_the_maildir_exactly_one_mail_arrives(house, tmp_path, place):
    await killed_at(tmp_path, "maildir", place)
    message = await settled(house, tmp_path, "maildir", is_sent)
    assert message.sent_at is not None
    assert len(list(tmp_path.glob("mail/out/*/new/*"))) == 1


@pytest.mark.parametrize(("place", "status", "arrived"), [
    ("outbox.claimed", Status.SENT, 1), ("outbox.sending", Status.UNKNOWN, 0), ("outbox.accepted", Status.UNKNOWN, 1),
])  # fmt: skip
async def test_over_smtp_none_arrives_twice_and_what_is_uncertain_is_listed(
    house, tmp_path, place, status, arrived
):
    with smtp_server() as server:
        await killed_at(tmp_path, server.url, place)
        await settled(house, tmp_path, server.url, lambda message: message.status == status)
        assert len(server.received) == arrived


@contextmanager
def graph_process(log: Path, faults: list[str]) -> Iterator[str]:
    log.touch()
    command = [sys.executable, "-m", "tests.support.graph_server", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        address = f"http://127.0.0.1:{int(process.stdout.readline())}"
        order = urllib.request.Request(f"{address}/faults", json.dumps(faults).encode(), method="PUT")
        urllib.request.urlopen(order, timeout=5).close()
        try:
            yield address
        finally:
            process.kill()


@pytest.mark.parametrize("place", HARD)
async def test_over_graph_exactly_one_mail_arrives(house, tmp_path, place):
    log = tmp_path / "sent.log"
    with graph_process(log, []) as address:
        await killed_at(tmp_path, address, place)
        await settled(house, tmp_path, address, is_sent)
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.parametrize("fault", [
    "504-late", "drop", *(pytest.param(fault, marks=_deep) for fault in ("429", "503", "504", "504-done")),
])  # fmt: skip
async def test_over_graph_exactly_one_mail_arrives_whatever_the_answer(house, tmp_path, fault):
    log = tmp_path / "sent.log"
    with graph_process(log, ["", fault]) as address:  # the draft is made, the sending meets the fault
        if fault == "429":  # certainly not sent; the wait it asked for is cut short here
            await settled(house, tmp_path, address, lambda message: message.attempts == 1)
            await house.write(_make_due)
        await settled(house, tmp_path, address, is_sent)
    assert len(log.read_text().splitlines()) == 1


def _make_due(session):
    session.execute(sa.update(OutboxMessage).values(due_at=clock.now()))


async def test_a_worker_may_be_made_to_wait_at_a_place(house, tmp_path):
    mark = tmp_path / "reached"
    with worker(tmp_path, "maildir", f"outbox.sending=wait:{mark}") as process:
        await until(lambda: mark.exists() and mark.read_text())
        assert int(mark.read_text()) == process.pid
        (message,) = await all_messages(house)
        assert message.status == Status.SENDING


async def test_a_wrong_order_is_said_and_not_passed_over(monkeypatch):
    for order in ("outbox.nowhere=kill", "outbox.claimed", "outbox.claimed=explode"):
        monkeypatch.setenv(failpoints.VARIABLE, order)
        with pytest.raises(ValueError, match=failpoints.VARIABLE):
            await failpoints.reach("outbox.claimed")


async def test_without_an_order_every_place_is_passed(monkeypatch):
    monkeypatch.delenv(failpoints.VARIABLE, raising=False)
    for place in PLACES:
        await failpoints.reach(place)
