"""A walk over the application by its own description, as a stranger's tool takes it: Schemathesis in-process.

Schemathesis is synchronous and has an event loop of its own; the application, its database and its locks belong
to the loop of the test. `Bridge` carries each request from the one to the other.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_api.ports import WebhookReply
from tests.support.api import Api


class Bridge:
    """The application as another event loop may call it."""

    def __init__(self, application: ASGIApp, home: asyncio.AbstractEventLoop) -> None:
        self.application, self.home = application, home

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        served = asyncio.run_coroutine_threadsafe(self._served(scope, body), self.home)
        for message in await asyncio.wrap_future(served):
            await send(message)

    async def _served(self, scope: Scope, body: bytes) -> list[Message]:
        sent: list[Message] = []
        coming = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if not coming:
                await (
                    asyncio.Event().wait()
                )  # nobody hangs up: a streaming answer listens until it is cancelled
            return coming.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        await self.application(scope, receive, send)
        return sent


async def _lifespan(receive: Receive, send: Send) -> None:
    """Whoever made the bridge starts and stops the application behind it."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


class Postbox:
    """Takes every webhook message, and answers as most receivers do."""

    async def check(self, url: str) -> None:
        """Every address may be posted to."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> WebhookReply:
        """Nothing leaves."""
        return WebhookReply(204)


@dataclass
class Walk:
    """What a walk did and met. `failures` has one text for each failure, by operation and check.

    `unfinished` are operations whose bodies nest without end: Schemathesis gives up on them, not the API.
    """

    operations: set[str] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    cases: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    failures: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def __str__(self) -> str:
        met = ", ".join(f"{status}: {count}" for status, count in sorted(self.answers.items()))
        return (
            f"{len(self.operations)} operations, {self.cases} requests ({met}), {len(self.failures)} failures"
        )

    def note(self, event: events.ScenarioFinished) -> None:
        """Count a scenario, and keep how each failure of it is met again."""
        recorder = event.recorder
        self.cases += len(recorder.interactions)
        for case_id, node in recorder.cases.items():
            self.operations.add(node.value.operation.label)
            if (met := recorder.interactions.get(case_id)) and met.response:
                self.answers[met.response.status_code] += 1
        for case_id, checks in recorder.checks.items():
            label = recorder.cases[case_id].value.operation.label
            for check in checks:
                if check.status is Status.FAILURE and check.failure_info is not None:
                    failure = check.failure_info.failure
                    met = recorder.interactions.get(failure.case_id or case_id)
                    answer = met.response.text[:400] if met and met.response else ""
                    code = str(met.response.status_code) if met and met.response else ""
                    self.failures.setdefault(
                        (label, check.name, code),
                        f"{label}: {check.name}: {failure.title}: {failure.message[:700]}\n"
                        f"{check.failure_info.code_sample[:1500]}\n{answer}",
                    )


async def walk(api: Api, token: str, config: dict[str, Any]) -> Walk:
    """Walk over every operation that the description names, signed in by `token`."""
    bridge = Bridge(api.application, asyncio.get_running_loop())
    return await asyncio.to_thread(_walked, bridge, token, config)


def _walked(bridge: Bridge, token: str, config: dict[str, Any]) -> Walk:
    settings = SchemathesisConfig.from_dict({**config, "headers": {"Authorization": token}})
    schema = schemathesis.openapi.from_asgi("/openapi.json", bridge, config=settings)
    found = Walk()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            found.note(event)
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.NonFatalError) and isinstance(event.value, RecursionError):
            found.unfinished.add(event.label)
        elif isinstance(event, events.NonFatalError):
            found.failures.setdefault((event.label, "error", ""), f"{event.label}: {event.info.format()}")
    return found
