"""A worker as a process that a test may kill: `python -m tests.support.sending_process DATA_DIR TRANSPORT`.

TRANSPORT is `maildir`, an SMTP URL, or the HTTP address of the stand-in for Graph. It sends what the
database in DATA_DIR holds, and goes on until it is killed. Messages of the purpose "test" need no author
but this one.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from crm_api import subscriptions
from crm_api.core.database import Database
from crm_api.outbox import authors
from crm_api.ports import EmailSender
from crm_api.settings import Settings
from integrations import http
from integrations.office365.graph import Graph
from integrations.office365.mail import GraphSender
from integrations.offline.maildir import MaildirSender
from integrations.smtp import SmtpSender
from scheduler import locks, reconcile_sends, send_messages
from scheduler.runner import Runner
from tests.support.stage import PlainAuthor, ports_with

SETTLE_SECONDS = 1.0  # longer than the stand-in's late deliveries take


def sender_for(transport: str, data_dir: Path) -> EmailSender:
    """The real adapter for a transport."""
    if transport == "maildir":
        return MaildirSender(data_dir / "mail")
    if transport.startswith("smtp"):
        return SmtpSender(transport, timeout=5)

    async def token(claims: str | None) -> str:
        return "token"

    sender = GraphSender(Graph(token, client=http.new_client(), base_url=f"{transport}/v1.0"))
    sender.settle_seconds = SETTLE_SECONDS
    return sender


async def main(data_dir: Path, transport: str) -> None:
    """Send for ever."""
    subscriptions.install()
    authors.declare("test", PlainAuthor())
    settings = Settings(_env_file=None, data_dir=data_dir)  # type: ignore[call-arg]
    db = Database.open(settings.database)
    jobs = [replace(job, seconds=0.1) for job in (reconcile_sends.JOB, send_messages.JOB)]
    async with locks.only_sender(data_dir):
        runner = Runner(db, ports_with(sender_for(transport, data_dir)), settings, jobs=jobs, alone=True)
        await runner.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
