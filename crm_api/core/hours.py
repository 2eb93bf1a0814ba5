"""Weekdays and opening hours as people and maps write them: `Mo-Fr 08:00-12:00,13:00-18:00; Sa 09:00-14:00`.

Read is what OpenStreetMap writes under `opening_hours`, as far as it says the same every week (the names of days may
be longer, and times may be American), and JSON as an export here has it. Every function raises ValueError with a
message that completes "this is …".
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

Windows = dict[str, list[list[str]]]
SAID = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EXAMPLE = "write Mo-Fr 08:00-12:00,13:00-18:00; Sa 09:00-14:00"
_NAMES = (
    "mo(?:n(?:day)?)?", "tu(?:e(?:s(?:day)?)?)?", "we(?:d(?:nesday)?)?", "th(?:u(?:r(?:s(?:day)?)?)?)?",
    "fr(?:i(?:day)?)?", "sa(?:t(?:urday)?)?", "su(?:n(?:day)?)?",
)  # fmt: skip
_DAY = rf"(?:(?:{'|'.join(_NAMES)})\b\.?)"
_DAYS = rf"{_DAY}(?:\s*[-–]\s*{_DAY})?"
_TIME = r"(?:\d{1,2}(?::\d{2})?\s*(?:[ap]\.?m\b\.?)?)"
_SPAN = rf"{_TIME}\s*[-–]\s*{_TIME}"
_RULE = re.compile(
    rf"(?P<days>{_DAYS}(?:\s*[,&]\s*{_DAYS})*)?\s*:?\s*"
    rf"(?P<times>closed|off|{_SPAN}(?:\s*[,&/]\s*{_SPAN})*)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s;,|]*")


def weekdays(text: str) -> list[int]:
    """ISO weekdays, 1 is Monday, of `Tue, Thu`, `Mo-Fr`, `2;4` or `[2, 4]`."""
    found: set[int] = set()
    for part in re.split(r"[,;&\s]+", re.sub(r"\s*[-–]\s*", "-", text.strip(" []"))):
        first, dash, last = part.partition("-")
        found.update(_range(_weekday(first), _weekday(last if dash else first)))
    return sorted(found)


def opening_hours(text: str) -> Windows:
    """Windows by ISO weekday, those of a day in their order; a day that is not named is closed.

    Of two rules for a day the later one holds, so that `Mo-Su 08:00-18:00; We 08:00-12:00` is short on Wednesdays.
    """
    text = text.strip()
    if text.startswith("{"):
        return _from_json(text)
    if text == "24/7":
        text = "00:00-24:00"
    found: Windows = {}
    end = 0
    for rule in _RULE.finditer(text):
        if not _BETWEEN.fullmatch(text, end, rule.start()):
            break
        end = rule.end()
        windows = _windows(rule["times"])
        for day in weekdays(rule["days"]) if rule["days"] else range(1, 8):
            found[str(day)] = windows
    if end == 0 or not _BETWEEN.fullmatch(text, end):
        raise ValueError(f"not read from {text[end:].strip()!r} on; {_EXAMPLE}")
    return {day: found[day] for day in sorted(found) if found[day]}


def said_days(days: Iterable[int]) -> str:
    """Weekdays as `weekdays` reads them: `Mon-Wed, Fri`."""
    runs: list[list[int]] = []
    for day in sorted(set(days)):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(SAID[run[0] - 1] + (f"-{SAID[run[-1] - 1]}" if len(run) > 1 else "") for run in runs)


def said_hours(hours: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Opening hours as `opening_hours` reads them, days that are alike together; never open is `closed`."""
    alike: dict[str, list[int]] = {}
    for day in sorted(hours):
        if hours[day]:
            alike.setdefault(", ".join("-".join(window) for window in hours[day]), []).append(int(day))
    return "; ".join(f"{said_days(days)} {times}" for times, days in alike.items()) or "closed"


def _from_json(text: str) -> Windows:
    try:
        said = json.loads(text)
        spans = {day: [(opens, closes) for opens, closes in windows] for day, windows in said.items()}
        return {
            str(*_range(_weekday(day), _weekday(day))): _apart([[_clock(one) for one in span] for span in of_day])
            for day, of_day in sorted(spans.items())
        }  # fmt: skip
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f'not JSON such as {{"1": [["08:00", "18:00"]]}}; {_EXAMPLE}') from error


def _windows(times: str) -> list[list[str]]:
    if times.casefold() in ("closed", "off"):
        return []
    spans = [re.split(r"\s*[-–]\s*", span) for span in re.split(r"\s*[,&/]\s*", times)]
    return _apart([[_clock(opens), _clock(closes, ends=True)] for opens, closes in spans])


def _apart(windows: Iterable[list[str]]) -> list[list[str]]:
    """In their order; raises ValueError where one ends before it begins, or before another has ended."""
    ordered = sorted(windows)
    for opens, closes in ordered:
        if closes <= opens:
            raise ValueError(
                f"open from {opens} to {closes}, which is no time; after midnight is the next day's"
            )
    for before, after in pairwise(ordered):
        if after[0] < before[1]:
            raise ValueError(f"open twice from {after[0]} on")
    return ordered


def _clock(time: str, *, ends: bool = False) -> str:
    """`8`, `8:30`, `08:30`, `8:30 am` as 24 hours; midnight `ends` a day as 24:00."""
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?\s*(?:([ap])\.?m\.?)?", time.strip().casefold())
    if not found:
        raise ValueError(f"not a time of day at {time!r}; {_EXAMPLE}")
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half and not 1 <= hour <= 12:
        raise ValueError(f"not a time of day at {time!r}; {_EXAMPLE}")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if ends and hour == minute == 0:
        hour = 24
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise ValueError(f"not a time of day at {time!r}; {_EXAMPLE}")
    return f"{hour:02}:{minute:02}"


def _weekday(name: str) -> int:
    word = name.strip(" .\"'").casefold()
    if word.isascii() and word.isdigit() and 1 <= int(word) <= 7:
        return int(word)
    for number, pattern in enumerate(_NAMES, start=1):
        if re.fullmatch(pattern, word):
            return number
    raise ValueError(f"not a weekday at {name!r}; write Mon, Wed-Fri, or 1 for Monday")


def _range(first: int, last: int) -> list[int]:
    """The days from one to another, over the weekend where that is the way."""
    return [(first - 1 + n) % 7 + 1 for n in range((last - first) % 7 + 1)]
