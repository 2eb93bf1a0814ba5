"""A real SMTP server on loopback that misbehaves on demand."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


@dataclass
class Faults:
    """What the server answers instead of 250; None is good behaviour.

    `on_data` is a reply, or "drop" to take the mail and then hang up without a word.
    """

    on_mail: str | None = None
    on_rcpt: str | None = None
    on_data: str | None = None


@dataclass
class SmtpServer:
    """`url` to send to, `received` for what was accepted, `faults` to set."""

    url: str = ""
    received: list[Message] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.faults.on_mail:
            return self.faults.on_mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.faults.on_rcpt:
            return self.faults.on_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.faults.on_data and self.faults.on_data != "drop":
            return self.faults.on_data
        self.received.append(message_from_bytes(envelope.content))
        if self.faults.on_data == "drop":
            server.transport.abort()
        return "250 Accepted"


class _Controller(Controller):
    """Hangs up before it stops: a controller leaves the connections that are still open to the garbage collector."""

    def __init__(self, handler: SmtpServer, **how: Any) -> None:
        super().__init__(handler, **how)
        self._connections: list[SMTP] = []

    def factory(self) -> SMTP:
        """One more connection."""
        made: SMTP = super().factory()
        self._connections.append(made)
        return made

    def hang_up(self) -> None:
        """Close every connection, and wait until they are."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(timeout=10)

    async def _hang_up(self) -> None:
        for one in self._connections:
            if one.transport is not None:
                one.transport.abort()
        await asyncio.sleep(0.01)


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    """Run one on a free port of 127.0.0.1 for as long as the block runs."""
    handler = SmtpServer()
    with socket.socket() as probe:  # the controller cannot tell which free port it took
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = _Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    handler.url = f"smtp://127.0.0.1:{port}"
    try:
        yield handler
    finally:
        controller.hang_up()
        controller.stop()
