"""What the core needs from the outside world: Protocols and the values they speak in.

A port states our need, never a vendor's API. Each has an adapter that works without a network
(`integrations/offline`), so that everything runs on a fresh machine.

Every adapter fails in one of three ways, and the difference is what makes sending safe:

- `TemporaryFailure`: it certainly did not happen; trying again later is right.
- `PermanentFailure`: it certainly did not happen, and trying again will not help.
- `OutcomeUnknown`: it may have happened. Never retried; only looked up (`EmailSender.find`).
"""

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol, TypeVar

from pydantic import BaseModel

Schema = TypeVar("Schema", bound=BaseModel)


class PortFailure(Exception):
    """What every adapter raises, and nothing else. `reason` is a sentence a person can act on."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TemporaryFailure(PortFailure):
    """Certainly not done; may be tried again, after `retry_after` seconds where the vendor said so."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class PermanentFailure(PortFailure):
    """Certainly not done, and trying again will not help."""


class OutcomeUnknown(PortFailure):
    """It may have happened. Never retry: reconcile."""


# ── E-mail ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address, `Ada Lovelace <ada@example.org>`."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """One mail to one recipient, rendered and final.

    `send_key` identifies the message for ever: whatever an adapter creates outside carries it, so
    that the message can be found again. `message_id` is an RFC 5322 Message-ID with its angle
    brackets, derived from `send_key`.
    """

    send_key: str
    message_id: str
    sender: Mailbox
    recipient: Mailbox
    subject: str
    text: str
    html: str | None = None
    reply_to: Mailbox | None = None
    in_reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class SendState(StrEnum):
    """What became of a submitted message, as far as the transport can tell."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SentEmail:
    """The transport's own names for a message it accepted."""

    provider_id: str
    message_id: str
    conversation_id: str | None = None


class EmailSender(Protocol):
    """Sends in two steps, so that a crash between them never sends twice.

    The caller commits the handle of `prepare` before it calls `submit`. `settle_seconds` is how long
    after a lost answer the truth may still change: `find` is asked no earlier.
    """

    name: str
    settle_seconds: float

    async def prepare(self, message: OutgoingEmail) -> str:
        """Make everything ready without sending, and return a handle. Safe to repeat.

        Raises TemporaryFailure or PermanentFailure only: nothing can have been sent.
        """
        ...

    async def submit(self, handle: str, message: OutgoingEmail) -> SentEmail:
        """Send the prepared message.

        Called again for a handle only where the last call certainly failed (TemporaryFailure) or
        `find` said not sent.
        """
        ...

    async def find(self, handle: str, message: OutgoingEmail) -> SendState:
        """Look up what became of a message whose `submit` never answered."""
        ...


@dataclass(frozen=True, slots=True)
class IncomingEmail:
    """One mail found in a mailbox. `received_at` is aware UTC; ids keep their angle brackets.

    A bounce names the mail that came back in `references` and its RFC 3464 status ("5.1.1") in
    `bounce_status`.
    """

    provider_id: str
    message_id: str
    sender: Mailbox
    recipients: tuple[Mailbox, ...]
    subject: str
    text: str
    received_at: datetime
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    conversation_id: str | None = None
    is_automatic: bool = False
    is_bounce: bool = False
    bounce_status: str | None = None


@dataclass(frozen=True, slots=True)
class MailboxChanges:
    """What is new since a cursor; `cursor` is to be committed together with what was made of it."""

    messages: tuple[IncomingEmail, ...]
    cursor: str
    more: bool = False


class MailboxReader(Protocol):
    """Reads what arrived in one mailbox."""

    async def changes(self, mailbox: str, *, cursor: str | None) -> MailboxChanges:
        """Mails that arrived in `mailbox` (an address) after `cursor`; None reads from the start."""
        ...


class KeptMail(Protocol):
    """Where mails lie as files in our own house, and not in the mailboxes of a provider."""

    async def forget(self, address: str) -> int:
        """Remove every mail to or from a person; returns how many. Safe to repeat."""
        ...


# ── Calendar ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """A meeting to be put into a calendar. `transaction_id` makes creating it twice harmless."""

    transaction_id: str
    subject: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str = "UTC"
    body: str = ""
    location: str = ""
    attendees: tuple[Mailbox, ...] = ()


@dataclass(frozen=True, slots=True)
class CreatedEvent:
    """The calendar's own names for an event."""

    provider_id: str
    ical_uid: str
    web_link: str | None = None


@dataclass(frozen=True, slots=True)
class BusyTime:
    """A time at which somebody is not free. `transaction_id` is that of an event we put there ourselves."""

    starts_at: datetime
    ends_at: datetime
    transaction_id: str | None = None


class Calendar(Protocol):
    """Writes to the calendar of one mailbox, and asks when its person is not free."""

    async def busy(self, mailbox: str, *, since: datetime, until: datetime) -> list[BusyTime]:
        """The times between two instants at which this person is not free, by their beginning."""
        ...

    async def create_event(self, mailbox: str, event: CalendarEvent) -> CreatedEvent:
        """Put an event in; the same `transaction_id` again is the event there is."""
        ...

    async def update_event(self, mailbox: str, provider_id: str, event: CalendarEvent) -> None:
        """Make an event what it is now. Raises PermanentFailure where somebody has deleted it."""
        ...

    async def delete_event(self, mailbox: str, provider_id: str) -> None:
        """Take an event out; one that is not there any more is out already."""
        ...


# ── Maps ─────────────────────────────────────────────────────────────────────────────────────────


METRES_A_DEGREE = 111_195  # of latitude, on a sphere of 6,371 km


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A point on WGS 84, in degrees."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError(f"no such place: {self.latitude}, {self.longitude}")

    def metres_to(self, other: "Coordinates") -> float:
        """Metres along the great circle: the haversine formula (R. W. Sinnott, Sky and Telescope 68,
        1984) on a sphere of the mean radius of WGS 84, within 0.6 % of the ellipsoid."""
        here, there = math.radians(self.latitude), math.radians(other.latitude)
        half_lat = math.sin((there - here) / 2)
        half_lon = math.sin(math.radians(other.longitude - self.longitude) / 2)
        h = half_lat**2 + math.cos(here) * math.cos(there) * half_lon**2
        return 2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, h)))


@dataclass(frozen=True, slots=True)
class GeocodedPlace:
    """Where an address is, and how sure the geocoder is. `precision` runs from exact to region."""

    coordinates: Coordinates
    label: str
    precision: str
    source: str
    place_id: str | None = None
    is_partial: bool = False


class Geocoder(Protocol):
    """Turns an address into coordinates."""

    name: str

    async def geocode(self, address: str, *, country: str | None = None) -> list[GeocodedPlace]:
        """Best first; empty where nothing matches. `country` is an ISO 3166-1 alpha-2 code."""
        ...

    def price(self, look_ups: int) -> int:
        """What so many look-ups cost at list price, in millionths of a US dollar; 0 where they are free."""
        ...


@dataclass(frozen=True, slots=True)
class TravelMatrix:
    """`seconds[i][j]` and `metres[i][j]` from origin i to destination j; None where no road leads.

    `is_estimate` is true where straight lines were used; `source` is what to show beside the figures, and `note`
    a sentence for people where the figures are not those that were meant to be had.
    """

    seconds: list[list[int | None]]
    metres: list[list[int | None]]
    source: str
    is_estimate: bool
    note: str = ""


class TravelTimes(Protocol):
    """How long it takes to drive between places, each with each."""

    async def matrix(
        self,
        origins: Sequence[Coordinates],
        destinations: Sequence[Coordinates],
        *,
        departure: datetime | None = None,
    ) -> TravelMatrix: ...


@dataclass(frozen=True, slots=True)
class Leg:
    """The drive from one place to the next, in seconds and metres; None where no road leads."""

    seconds: int | None
    metres: int | None


@dataclass(frozen=True, slots=True)
class Drive:
    """The legs of one drive in their order: one fewer than its places. `source` is what to show beside them."""

    legs: tuple[Leg, ...]
    source: str


class RoadTimes(Protocol):
    """How long one drive through places in a given order takes, by roads that are paid for by the drive."""

    async def drive(self, places: Sequence[Coordinates], *, departure: datetime | None = None) -> Drive:
        """The legs of the drive; one that no road leads along is a Leg of None, and fails nothing."""
        ...

    def price(self, places: int) -> int:
        """What a drive through so many places costs at list price, in millionths of a US dollar."""
        ...


@dataclass(frozen=True, slots=True)
class PaidCall:
    """A call somebody is about to pay for: `units` of `service`, for `micros` millionths of a US dollar in all."""

    service: str
    units: int
    micros: int


class SpendMeter(Protocol):
    """Counts what paid calls cost, and stops them where a month's limit is reached."""

    def paying(self, call: PaidCall) -> AbstractAsyncContextManager[None]:
        """Make the call inside: its price is set aside before, and given back where it certainly was not made.

        Raises PermanentFailure, before the call, where it would go past the limit.
        """
        ...


# ── Language model ───────────────────────────────────────────────────────────────────────────────


class TextModel(Protocol):
    """A language model that answers in a schema, or fails."""

    name: str

    async def parse(self, instructions: str, input: str, schema: type[Schema]) -> Schema:
        """Raises TemporaryFailure or PermanentFailure; never returns an answer off the schema."""
        ...


# ── Webhooks ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """What a receiver answered: any status, the first 1,000 characters, the seconds of `Retry-After`."""

    status: int
    excerpt: str = ""
    retry_after: float | None = None


class WebhookPoster(Protocol):
    """Hands a message to an address that somebody typed in, and to nothing behind our own walls."""

    async def check(self, url: str) -> None:
        """Whether `url` may be posted to: raises PermanentFailure where it never may (no such scheme, a
        private address), TemporaryFailure where its name cannot be resolved now."""
        ...

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> WebhookReply:
        """Send once; no redirect is followed, and every status is an answer.

        Raises PermanentFailure where `url` may not be posted to, TemporaryFailure where nobody could be
        reached, OutcomeUnknown where the message may have arrived and no answer came.
        """
        ...


# ── Keeping things ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that is kept: its name is the SHA-256 of its bytes, in hexadecimal. `mark` changes whenever somebody
    keeps the same bytes again, so that what was seen unused a moment ago is not removed from under them."""

    sha256: str
    mark: int


class FileStore(Protocol):
    """Keeps the bytes of files, each content once, under a name that follows from the content alone."""

    async def keep(self, sha256: str, source: BinaryIO) -> None:
        """Keep the bytes of `source`, from its beginning; durable when it returns. Safe to repeat.

        Raises PermanentFailure where they are not the bytes of that name, TemporaryFailure without room.
        """
        ...

    async def read(self, sha256: str) -> AsyncIterator[bytes]:
        """The bytes, piece by piece. Raises PermanentFailure, before the first, where nothing of that name is kept."""
        ...

    async def kept(self) -> list[KeptFile]:
        """Everything that is kept."""
        ...

    async def forget(self, file: KeptFile) -> bool:
        """Remove a file, unless it was kept again since `file` was listed; whether it is gone."""
        ...


class TokenStore(Protocol):
    """Where an adapter keeps its token cache, encrypted, between calls and processes."""

    async def load(self, key: str) -> str | None: ...

    async def save(self, key: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line of `crm doctor`: whether a part is on, and what to do where it is not."""

    part: str
    ok: bool
    message: str


class Diagnostics(Protocol):
    """What `crm doctor` asks of an adapter."""

    async def diagnose(self) -> list[Diagnosis]: ...


# ── All of them ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Ports:
    """What `entrypoints/bootstrap.py` hands to the core. None means: not switched on."""

    email_sender: EmailSender
    mailbox_reader: MailboxReader | None
    geocoder: Geocoder
    travel_times: TravelTimes
    road_times: RoadTimes | None = None  # exact and paid for: asked only for the drives of a chosen day
    calendar: Calendar | None = None
    text_model: TextModel | None = None
    webhook_poster: WebhookPoster | None = None
    kept_mail: KeptMail | None = None
    file_store: FileStore | None = None
    diagnostics: tuple[Diagnostics, ...] = ()
