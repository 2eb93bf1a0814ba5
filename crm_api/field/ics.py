"""A calendar as iCalendar text (RFC 5545): CRLF, lines of 75 octets, and nothing that needs a library."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

MOST_OCTETS = 75


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `sequence` rises with every change, so that a reader takes the newer one."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    changed_at: datetime
    sequence: int
    description: str = ""
    location: str = ""
    place: tuple[float, float] | None = None
    url: str | None = None
    is_tentative: bool = False


def written(name: str, entries: Iterable[Entry]) -> bytes:
    """The calendar called `name`."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Rounds//Rounds CRM//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
        *(line for entry in entries for line in _event(entry)),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _event(entry: Entry) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}"
    yield f"DTSTAMP:{_utc(entry.changed_at)}"
    yield f"LAST-MODIFIED:{_utc(entry.changed_at)}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"DTSTART:{_utc(entry.starts_at)}"
    yield f"DTEND:{_utc(entry.ends_at)}"
    yield f"SUMMARY:{_text(entry.summary)}"
    yield f"STATUS:{'TENTATIVE' if entry.is_tentative else 'CONFIRMED'}"
    if entry.description:
        yield f"DESCRIPTION:{_text(entry.description)}"
    if entry.location:
        yield f"LOCATION:{_text(entry.location)}"
    if entry.place:
        yield f"GEO:{entry.place[0]:.6f};{entry.place[1]:.6f}"
    if entry.url:
        yield f"URL:{entry.url}"
    yield "END:VEVENT"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """RFC 5545, 3.3.11: backslash, semicolon, comma and line ends are escaped; other control characters have no
    place in a text."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    escaped = escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")
    return "".join(c for c in escaped if c >= " " or c == "\t")


def _folded(line: str) -> bytes:
    """RFC 5545, 3.1: no line is longer than 75 octets, and no character is cut in two."""
    pieces, room = [bytearray()], MOST_OCTETS
    for character in line:
        octets = character.encode()
        if len(pieces[-1]) + len(octets) > room:
            pieces.append(bytearray())
            room = MOST_OCTETS - 1  # the space that begins a folded line counts
        pieces[-1] += octets
    return b"\r\n ".join(bytes(piece) for piece in pieces)
