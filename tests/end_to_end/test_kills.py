"""The worker killed with -9 where it hurts, and started again: what arrives, and what the outbox says of it.

Three places: the message is claimed, `sending` not committed; `sending` committed, nothing handed over;
the transport has accepted, and that is not recorded. Never two mails. With SMTP the outcome of the second and
third cannot be known, and the message waits for a person; the Maildir tells, and it is exactly one at all three.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.letters import Letters, new_lead, switched_on
from tests.support.processes import Installation, until
from tests.support.smtp_server import smtp_server

pytestmark = pytest.mark.slow
ADDRESS = "nora@quist.rounds-loopback.org"
PLACES = ("outbox.claimed", "outbox.sending", "outbox.accepted")


@contextmanager
def sending_by(transport: str, data_dir: Path) -> Iterator[tuple[Installation, Callable[[], int]]]:
    """An installation with that transport, and how many mails have arrived."""
    if transport == "maildir":
        letters = Letters(data_dir / "mail" / "out")
        yield Installation(data_dir), lambda: len(letters.to(ADDRESS))
        return
    with smtp_server() as server:
        settings = {"MAIL_TRANSPORT": "smtp", "SMTP_URL": server.url}
        yield Installation(data_dir, settings), lambda: len(server.received)


def outbox(client: httpx.Client) -> list[Any]:
    return client.get("/api/v1/crm/followups/outbox").json()["items"]  # type: ignore[no-any-return]


def after_the_kill(here: Installation, client: httpx.Client, place: str) -> Any:
    """Kill the worker at `place`, start it again, and return the message once it has come to rest."""
    with here.process("work", ROUNDS_FAILPOINT=f"{place}=kill") as worker:
        switched_on(client)
        new_lead(client, email=ADDRESS)
        until("the kill", lambda: worker.poll() is not None)
        assert worker.returncode == -signal.SIGKILL

    def settled() -> Any:
        rows = outbox(client)
        return rows[0] if rows and (rows[0]["status"] == "sent" or rows[0]["is_uncertain"]) else None

    with here.process("work"):
        return until("the end of it", settled)


# Each place and transport also in one process: tests/outbox/test_kill.py. With real processes the two worst always
# run, where something is on its way and nothing is written of it, the others with --run-deep.
USUAL = (("maildir", "outbox.sending"), ("smtp", "outbox.accepted"))
ALL = [
    pytest.param(transport, place, marks=() if (transport, place) in USUAL else pytest.mark.deep)
    for transport in ("maildir", "smtp")
    for place in PLACES
]


@pytest.mark.parametrize(("transport", "place"), ALL)
def test_a_worker_killed_anywhere_never_sends_twice(transport: str, place: str, tmp_path: Path) -> None:
    with sending_by(transport, tmp_path) as (here, arrived):
        here.command("migrate")
        with here.process("serve"):
            until("the start", here.is_ready)
            with here.client() as client:
                message = after_the_kill(here, client, place)

                if transport == "maildir" or place == "outbox.claimed":
                    assert (message["status"], arrived()) == ("sent", 1)
                    return
                assert message["is_uncertain"]
                assert arrived() == (1 if place == "outbox.accepted" else 0)
                marked = client.post(
                    f"/api/v1/crm/followups/outbox/{message['id']}/mark-sent", json={"remark": "She has it."}
                )
                assert (marked.status_code, marked.json()["is_uncertain"]) == (200, False)
                assert arrived() <= 1


def test_a_follow_up_goes_out_through_a_real_smtp_server(tmp_path: Path) -> None:
    with sending_by("smtp", tmp_path) as (here, arrived):
        here.command("migrate")
        with here.process("serve"), here.process("work"):
            until("the start", here.is_ready)
            with here.client() as client:
                switched_on(client)
                lead = new_lead(client, email=ADDRESS)

                until("the mail", arrived)
                until("its record", lambda: outbox(client)[0]["status"] == "sent")
                contacted = client.get(f"/api/v1/crm/leads/{lead['id']}").json()["last_contact_date"]

    assert arrived() == 1
    assert contacted is not None
