"""The API without a socket: the application over a test's own database, and signed-in clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from sqlalchemy.orm import Session

from crm_api.app import create_app
from crm_api.core.database import Database
from crm_api.core.secrets import Keys
from crm_api.dependencies import State
from crm_api.pipelines.service import ensure_defaults
from crm_api.ports import Ports
from crm_api.settings import Settings
from crm_api.users import sessions
from crm_api.users.flows import tokens
from crm_api.users.models import User
from tests.factories import make_user
from tests.support.ports import offline_ports


class Given(Settings):
    """Settings as a test gives them. What the environment says is not asked for, which would take 4 ms a test."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed."""
        return (init_settings,)


KEYS = Keys("a test's own secret, long enough to be one")


class Api:
    """The running application. `await api.client("rep")` is a client signed in as a user of that role."""

    def __init__(self, db: Database, application: Any) -> None:
        self.db, self.application = db, application
        self._clients: list[httpx.AsyncClient] = []

    def anonymous(self) -> httpx.AsyncClient:
        """A client that is not signed in."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application, raise_app_exceptions=False),
            base_url="http://testserver",
        )
        self._clients.append(client)
        return client

    async def client(self, role: str = "administrator", **values: Any) -> httpx.AsyncClient:
        """A client signed in as a new user of a role."""

        def make(session: Session) -> User:
            return make_user(session, role, **values)

        return await self.signed_in(await self.db.write(make))

    async def signed_in(self, user: User) -> httpx.AsyncClient:
        """A client signed in as this user."""
        opened = await self.db.write(sessions.open_session, user.email or "", user.id, channel="api")
        assert isinstance(opened, sessions.Opened)
        client = self.anonymous()
        client.headers["Authorization"] = f"Bearer {tokens(KEYS, opened).access_token}"
        return client

    async def close(self) -> None:
        """Close every client."""
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def serving(
    db: Database, data_dir: Path, ports: Ports | None = None, **settings: Any
) -> AsyncIterator[Api]:
    """The application over `db`."""
    chosen = Given(data_dir=data_dir, **{"rate_limit": 0, **settings})
    demo = chosen.demo_password
    here = State(
        chosen,
        db,
        ports or offline_ports(data_dir),
        KEYS,
        demo_password=demo.get_secret_value() if demo else None,
    )
    await db.write(ensure_defaults)
    served = _idle(chosen)
    served.here = here
    async with served.application.router.lifespan_context(served.application):
        api = Api(db, served.application)
        try:
            yield api
        finally:
            await api.close()
            served.here = None


class _Served:
    """One application, which serves one test after another: building its routes takes a third of a second."""

    def __init__(self, settings: Settings) -> None:
        self.here: State | None = None
        self.application = create_app(settings, self._opened)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[State]:
        assert self.here is not None, "an application serves a test"
        yield self.here


_built: dict[tuple[str, int, int], list[_Served]] = {}


def _idle(settings: Settings) -> _Served:
    """An application made of what `create_app` reads of these settings, that serves nobody just now."""
    read = (settings.cors_origins, settings.max_upload_mb, settings.attachment_max_mb)
    alike = _built.setdefault(read, [])
    for served in alike:
        if served.here is None:
            return served
    alike.append(_Served(settings))
    return alike[-1]
