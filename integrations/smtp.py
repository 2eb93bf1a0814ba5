"""Outgoing mail through any SMTP server.

SMTP answers each step with a code, so a refusal is certain. Only after the message was handed over and
before the answer came is the outcome open, and SMTP gives no way to ask later: `find` never knows, and
such a message waits for a person.
"""

import ssl
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
from aiosmtplib import (
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from crm_api.ports import (
    Diagnosis,
    OutcomeUnknown,
    OutgoingEmail,
    PermanentFailure,
    SendState,
    SentEmail,
    TemporaryFailure,
)
from integrations import mime
from integrations.reserved import is_reserved

TIMEOUT = 20.0  # seconds, for each step of the conversation
_LOCAL = ("127.0.0.1", "::1", "localhost")


class SmtpSender:
    """Sends through the server of `url` (`smtp(s)://user:password@host:port`).

    With a password the connection must be encrypted unless the server is this machine; otherwise
    STARTTLS is used where offered. Raises ValueError for another scheme or a missing host.
    """

    name = "smtp"
    settle_seconds = 0.0  # waiting brings nothing: SMTP cannot be asked later

    def __init__(self, url: str, *, timeout: float = TIMEOUT, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must look like smtp://host:25 or smtps://user:password@host:465")
        self._server, self._timeout, self._tls = parts, timeout, tls

    async def prepare(self, message: OutgoingEmail) -> str:
        """Check that the mail can be written and may leave this machine; the handle is its Message-ID."""
        if is_reserved(message.recipient.address):
            raise PermanentFailure(
                f"{message.recipient.address} is a reserved name for examples; only the Maildir takes it."
            )
        mime.compose(message)
        return message.message_id

    async def submit(self, handle: str, message: OutgoingEmail) -> SentEmail:
        """Hand the mail over. A refusal before or in answer to the final dot is certain; silence is not."""
        smtp = _client(self._server, self._timeout, self._tls)
        try:
            await self._open(smtp)
            await self._envelope(smtp, message)
            answer = await self._deliver(smtp, message)
        finally:
            await _leave(smtp)
        return SentEmail(provider_id=answer, message_id=message.message_id)

    async def find(self, handle: str, message: OutgoingEmail) -> SendState:
        """Always unknown: SMTP keeps no record that a sender could ask for."""
        return SendState.UNKNOWN

    async def diagnose(self) -> list[Diagnosis]:
        """Whether the server answers and accepts the credentials."""
        part, smtp = "SMTP", _client(self._server, self._timeout, self._tls)
        try:
            await self._open(smtp)
        except TemporaryFailure as failure:
            return [Diagnosis(part, False, failure.reason)]
        finally:
            await _leave(smtp)
        return [Diagnosis(part, True, f"{self._server.hostname} answers.")]

    async def _open(self, smtp: aiosmtplib.SMTP) -> None:
        try:
            await smtp.connect()
        except (SMTPException, OSError) as error:
            # A wrong password is a fault of the settings, not of this mail: it must not kill the queue.
            raise TemporaryFailure(f"{self._server.hostname} cannot be used: {_words(error)}") from error

    async def _envelope(self, smtp: aiosmtplib.SMTP, message: OutgoingEmail) -> None:
        people = (message.sender.address, message.recipient.address)
        options = [] if all(address.isascii() for address in people) else ["SMTPUTF8"]
        try:
            await smtp.mail(people[0], options=options, encoding="utf-8" if options else "ascii")
            await smtp.rcpt(people[1], encoding="utf-8" if options else "ascii")
        except (SMTPSenderRefused, SMTPRecipientRefused) as error:
            raise _refusal(error) from error
        except SMTPNotSupported as error:
            raise PermanentFailure(f"The server cannot write to this address: {_words(error)}") from error
        except (SMTPException, OSError) as error:
            raise TemporaryFailure(f"The connection was lost before the mail: {_words(error)}") from error

    async def _deliver(self, smtp: aiosmtplib.SMTP, message: OutgoingEmail) -> str:
        """The body and the final dot leave in one call that does not tell how far it came, so that every
        failure in it but a written refusal counts as unknown."""
        try:
            return (await smtp.data(mime.compose(message))).message
        except SMTPResponseException as error:
            if not 400 <= error.code < 600:
                raise OutcomeUnknown(f"The server's answer makes no sense: {_words(error)}") from error
            raise _refusal(error) from error
        except (SMTPException, OSError) as error:
            raise OutcomeUnknown(f"The server did not confirm the mail: {_words(error)}") from error


def _client(server: SplitResult, timeout: float, tls: ssl.SSLContext | None) -> aiosmtplib.SMTP:
    implicit = server.scheme == "smtps"
    must_encrypt = bool(server.username) and not implicit and server.hostname not in _LOCAL
    return aiosmtplib.SMTP(
        hostname=server.hostname,
        port=server.port or (465 if implicit else 25),
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=implicit,
        start_tls=False if implicit else (True if must_encrypt else None),
        tls_context=tls,
        timeout=timeout,
    )


async def _leave(smtp: aiosmtplib.SMTP) -> None:
    """Say goodbye where someone listens; the mail's fate is settled by now, so faults do not matter."""
    with suppress(SMTPException, OSError):
        if smtp.is_connected:
            await smtp.quit(timeout=2)
    smtp.close()


def _refusal(error: SMTPResponseException) -> TemporaryFailure | PermanentFailure:
    """RFC 5321 §4.2.1: 4yz may work later, 5yz will not."""
    reason = f"The server refused the mail: {_words(error)}"
    return TemporaryFailure(reason) if error.code < 500 else PermanentFailure(reason)


def _words(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}".strip()
    return str(error) or type(error).__name__
