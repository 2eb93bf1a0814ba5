"""RFC 5322 messages: ours written, other people's read. Shared by every adapter that speaks MIME."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import format_datetime, getaddresses
from html.parser import HTMLParser

from crm_api.ports import IncomingEmail, Mailbox, OutgoingEmail, PermanentFailure

_ID = re.compile(r"<[^<>\s]+>")
_TELLING = ("auto-submitted", "precedence", "x-autoreply", "x-autorespond")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def compose(message: OutgoingEmail) -> bytes:
    """The message as bytes with CRLF lines, text first, HTML as its alternative.

    Raises PermanentFailure where an address or a header cannot be written (a line break in a subject,
    an address without a domain): no later attempt would mend that.
    """
    mail = EmailMessage(policy=policy.SMTP if _is_ascii(message) else policy.SMTPUTF8)
    try:
        mail["From"] = _address(message.sender)
        mail["To"] = _address(message.recipient)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = message.message_id
        if message.reply_to:
            mail["Reply-To"] = _address(message.reply_to)
        if message.in_reply_to:
            mail["In-Reply-To"] = mail["References"] = message.in_reply_to
        for name, value in message.headers.items():
            mail[name] = value
        mail.set_content(message.text, cte="quoted-printable")
        if message.html is not None:
            mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
        return mail.as_bytes()
    except (ValueError, UnicodeError, IndexError) as error:
        raise PermanentFailure(f"The message cannot be written as a mail: {error}") from error


def read(raw: bytes, *, provider_id: str, received_at: datetime) -> IncomingEmail:
    """One received mail. Never raises: what cannot be parsed is given with what could be read.

    A broken mail that raised here would stop its mailbox for ever, because the cursor stands before it.
    """
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    sender = next(iter(_mailboxes(mail, "From")), Mailbox(""))
    status = _bounce_status(mail)
    references = _ids(mail, "References")
    if status is not None:
        references += _ids_of_returned(mail)
    return IncomingEmail(
        provider_id=provider_id,
        message_id=next(iter(_ids(mail, "Message-ID")), f"<{provider_id}@no-message-id>"),
        sender=sender,
        recipients=tuple(_mailboxes(mail, "To", "Cc")),
        subject=_header(mail, "Subject"),
        text=_text(mail),
        received_at=received_at,
        in_reply_to=next(iter(_ids(mail, "In-Reply-To")), None),
        references=references,
        is_automatic=is_automatic_by({name: _header(mail, name) for name in _TELLING}),
        is_bounce=status is not None,
        bounce_status=status,
    )


def _is_ascii(message: OutgoingEmail) -> bool:
    people = (message.sender, message.recipient, message.reply_to)
    return all(person.address.isascii() for person in people if person)


def _address(mailbox: Mailbox) -> Address:
    username, _, domain = mailbox.address.rpartition("@")
    if not (username and domain):
        raise ValueError(f"{mailbox.address!r} is not an address")
    return Address(mailbox.name, username, domain)


def _header(mail: Message, name: str) -> str:
    try:
        return str(mail.get(name, "")).strip()
    except Exception:  # the parser of the standard library raises many kinds on hostile headers
        return ""


def _mailboxes(mail: Message, *names: str) -> Iterable[Mailbox]:
    for name, address in getaddresses([_header(mail, header) for header in names]):
        if address:
            yield Mailbox(address, name)


def _ids(mail: Message, name: str) -> tuple[str, ...]:
    return mail_ids(_header(mail, name))


def is_automatic_by(headers: Mapping[str, str]) -> bool:
    """Whether a mail with these headers (names in lower case) was written by a machine (RFC 3834).

    X-Auto-Response-Suppress asks for silence and says nothing about its own mail.
    """
    if headers.get("auto-submitted", "").strip().casefold() not in ("", "no"):
        return True
    if headers.get("precedence", "").strip().casefold() in ("auto_reply", "bulk", "junk"):
        return True
    return bool(headers.get("x-autoreply") or headers.get("x-autorespond"))


def mail_ids(header: str) -> tuple[str, ...]:
    """The RFC 5322 ids in a header, with their angle brackets."""
    return tuple(_ID.findall(header))


def _bounce_status(mail: Message) -> str | None:
    """The RFC 3464 status ("5.1.1") of a delivery report, "5.0.0" where it gives none, None for other mail."""
    is_report = mail.get_content_type() == "multipart/report"
    from_daemon = _header(mail, "From").casefold().find("mailer-daemon@") >= 0
    if not (is_report or from_daemon or _header(mail, "Return-Path") == "<>"):
        return None
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            found = _STATUS.search(_raw_text(part))
            return found.group() if found else "5.0.0"
    # A daemon that sends no machine-readable report still says its status in words, or nothing at all.
    if not from_daemon:
        return None
    found = _STATUS.search(_text(mail))
    return found.group() if found else "5.0.0"


def _ids_of_returned(mail: Message) -> tuple[str, ...]:
    """The Message-ID of the mail that came back, from the copy or the headers enclosed."""
    for part in mail.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            found = re.search(r"(?im)^Message-ID:\s*(<[^<>\s]+>)", _raw_text(part))
            if found:
                return (found.group(1),)
    return ()


def _raw_text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload.decode("utf-8", "replace")
    return "\n".join(str(inner) for inner in part.get_payload()) if part.is_multipart() else ""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _text(mail: EmailMessage | Message) -> str:
    """The plain text, or the words of the HTML where a mail has nothing else."""
    for wanted in ("text/plain", "text/html"):
        for part in mail.walk():
            if part.get_content_type() != wanted or part.get_filename():
                continue
            payload = part.get_payload(decode=True)
            if not isinstance(payload, bytes):
                continue
            text = _decode(payload, part.get_content_charset())
            if wanted == "text/html":
                words = _Words()
                words.feed(text)
                text = "".join(words.parts)
            return text.replace("\r\n", "\n").strip()
    return ""


def _decode(payload: bytes, charset: str | None) -> str:
    try:
        return payload.decode(charset or "utf-8", "replace")
    except LookupError:  # a charset nobody has heard of
        return payload.decode("utf-8", "replace")
