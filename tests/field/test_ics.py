"""iCalendar text: what RFC 5545 asks of every line, whatever people type."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm_api.field.ics import Entry, written

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def entry(**values):
    return Entry(**{
        "uid": "1@rounds", "starts_at": AT, "ends_at": AT + timedelta(minutes=30), "summary": "Visit",
        "changed_at": AT, "sequence": 2, **values,
    })  # fmt: skip


def unfolded(text):
    """The content lines as a reader sees them."""
    return text.decode().replace("\r\n ", "").split("\r\n")


def value_of(text, name):
    (line,) = [line for line in unfolded(text) if line.startswith(f"{name}:")]
    return line.removeprefix(f"{name}:")


def unescaped(value):
    out, escaped = [], False
    for character in value:
        if escaped:
            out.append("\n" if character in "nN" else character)
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            out.append(character)
    return "".join(out)


def test_an_event_says_when_where_and_in_which_version():
    text = written(
        "Ann", [entry(location="1 High St, Columbus", place=(39.96, -83.0), url="https://crm.example/x")]
    )
    assert value_of(text, "DTSTART") == "20261123T150000Z"
    assert value_of(text, "DTEND") == "20261123T153000Z"
    assert value_of(text, "SEQUENCE") == "2"
    assert value_of(text, "GEO") == "39.960000;-83.000000"
    assert value_of(text, "LOCATION") == "1 High St\\, Columbus"
    assert value_of(text, "URL") == "https://crm.example/x"
    assert "ATTENDEE" not in text.decode()


def test_an_empty_calendar_is_one():
    lines = unfolded(written("Ann", []))
    assert (lines[0], lines[1], lines[-2], lines[-1]) == (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "END:VCALENDAR",
        "",
    )


@given(st.text(max_size=300))
def test_whatever_people_type_comes_back_and_breaks_no_line(words):
    text = written(words, [entry(summary=words, description=words)])
    for line in text.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    plain = words.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in plain if c >= " " or c in "\t\n")
    assert unescaped(value_of(text, "SUMMARY")) == kept
    assert text.count(b"BEGIN:VEVENT\r\n") == 1
