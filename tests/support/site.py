"""The application on a real port, with a small business in it, for browsers to open."""

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy.orm import Session

from crm_api.app import create_app
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.dependencies import State
from crm_api.pipelines.service import ensure_defaults
from crm_api.settings import Settings
from crm_api.users.models import User
from crm_api.users.passwords import hash_password
from integrations.webhook_http import GuardedPoster
from tests.factories import make_activity, make_lead, make_opportunity, make_organisation, make_user
from tests.support.api import KEYS
from tests.support.mailbag import make_message
from tests.support.ports import offline_ports
from tests.visits.people import make_dealer, make_rep

EMAIL, PASSWORD = "fiona@example.com", "correct horse battery"
BOSS = "ada@example.com"
DEALERS = (
    "Finch Rentals",
    "Dublin Yard Works",
    "Thatcher Lawn & Snow",
    "Crandall Power Sports",
    "Farrow Garden Centre",
)
OPEN_ALWAYS = {str(day): [["00:00", "23:59"]] for day in range(1, 8)}


class Site:
    """The running application over a database file of its own; `address` is where it listens."""

    address: str
    db: Database

    def __init__(
        self, data_dir: Path, furnished: Callable[[Session], object] | None = None, **how: Any
    ) -> None:
        """`furnished` adds to the business what a test needs more; `how` are other settings."""
        self._data_dir, self._furnished = data_dir, furnished
        settings = Settings(_env_file=None, data_dir=data_dir, **how)  # type: ignore[call-arg]
        self._settings = settings
        config = uvicorn.Config(
            create_app(settings, self._opened), host="127.0.0.1", port=0, log_level="error"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="site")

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[State]:
        db = Database.open(f"sqlite:///{self._data_dir / 'rounds.db'}")
        try:
            await db.create_all()
            await db.write(furnish, hash_password(PASSWORD))
            if self._furnished:
                await db.write(self._furnished)
            self.db = db
            poster = GuardedPoster(allow=["127.0.0.0/8"])
            ports = replace(offline_ports(self._data_dir), webhook_poster=poster)
            yield State(self._settings, db, ports, KEYS)
        finally:
            await db.close()

    def start(self) -> None:
        """Serve from a thread; returns once the port answers."""
        # No event loop here: the thread that drives a browser has one running already.
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.02)
        assert self._server.started, "the application did not start"
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """Stop serving, and wait until everything is closed."""
        self._server.should_exit = True
        self._thread.join(timeout=30)


def furnish(session: Session, password_hash: str) -> User:
    """A field rep in Columbus with dealers around, leads, deals, tasks, and mail in several states."""
    ensure_defaults(session)
    make_organisation(session, name="Example Garden Machines", time_zone="America/New_York")
    make_user(session, "administrator", name="Ada Boss", email=BOSS, password_hash=password_hash)
    rep = make_rep(session, "rep", name="Fiona Castell", email=EMAIL, password_hash=password_hash)
    for n, name in enumerate(DEALERS):
        dealer = make_dealer(
            session, north=4 * n - 9, east=(n % 3) * 7 - 6, name=name, owner_id=rep.id, tier="gold",
            phone="+1 614 555 0100", billing_city="Columbus", opening_hours=OPEN_ALWAYS,
        )  # fmt: skip
        make_opportunity(
            session, "proposal", account_id=dealer.id, owner_id=rep.id, estimated_value=1_000_000 * (n + 1)
        )
    for source in ("website", "website", "referral", "trade_show"):
        make_lead(session, owner_id=rep.id, source=source)
    make_activity(
        session, "task", owner_id=rep.id, status="scheduled", due_at=clock.now() - timedelta(days=2)
    )
    now = clock.now()
    make_message(session, rep, "queued", recipient_name="Dana Whitfield")
    make_message(session, rep, "planned", recipient_name="Óscar Núñez", template="followup_second")
    make_message(session, rep, "sent", recipient_name="Lee Park", subject="Your quote", sent_at=now)
    make_message(
        session, rep, "unknown", recipient_name="Sam Okafor", subject="Spring stock", looks=1,
        reason="the worker went silent while sending",
    )  # fmt: skip
    make_message(
        session, rep, "held", recipient_name="Kim Vale", reason="the template needs lead.company_name"
    )
    return rep
