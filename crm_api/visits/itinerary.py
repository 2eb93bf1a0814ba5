"""A planned day in words: what the terminal prints and a mail can carry."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo


def as_text(plan: Mapping[str, Any]) -> str:
    """The plan as the API answers it (one plan, with its stops), as lines of text in the rep's own time."""
    zone = ZoneInfo(plan["time_zone"])

    def at(instant: str | datetime) -> str:
        moment = instant if isinstance(instant, datetime) else datetime.fromisoformat(instant)
        return moment.astimezone(zone).strftime("%H:%M")

    visits = "1 visit" if plan["visits"] == 1 else f"{plan['visits']} visits"
    about = "about " if plan["is_estimate"] else ""
    lines = [
        f"{plan['day']}  {visits}, {about}{plan['driving_metres'] / 1000:.0f} km,"
        f" {duration(plan['driving_seconds'])} of driving ({plan['travel_source']})",
        f"{at(plan['leaves_at'])}        leave",
    ]
    for made, stop in enumerate(plan["stops"] or ()):
        lines += _lunch(plan, made, at)
        why = "; ".join(reason["text"] for reason in stop["reasons"])
        place = f", {stop['city']}" if stop["city"] else ""
        lines.append(
            f"{at(stop['starts_at'])}-{at(stop['ends_at'])}  {stop['account_name']}{place}"
            f"  ({stop['driving_metres'] / 1000:.0f} km, {duration(stop['driving_seconds'])})"
            f"{'  ' + why if why else ''}"
        )
    lines += _lunch(plan, len(plan["stops"] or ()), at)
    lines.append(f"{at(plan['returns_at'])}        back")
    lines += [f"  {note}" for note in plan["notes"]]
    left_out = plan["left_out"] or ()
    if left_out:
        lines += ["Not today:", *(f"  {item['account_name']}: {item['text']}" for item in left_out)]
    return "\n".join(lines)


def week_as_text(week: Mapping[str, Any], days: Sequence[Mapping[str, Any]]) -> str:
    """A week as the API answers it with the plans of its days: one after the other, then who is on none."""
    about = "about " if week["is_estimate"] else ""
    several = len({plan["owner_id"] for plan in days}) > 1
    names = {str(day["owner_id"]): day["owner_name"] for day in week["days"] or ()}
    lines = [
        f"{week['first_day']} to {week['last_day']}: {week['visits']} visits, {about}"
        f"{week['driving_metres'] / 1000:.0f} km, {duration(week['driving_seconds'])} of driving"
    ]
    lines += [f"  {note}" for note in week["notes"]]
    for plan in days:
        lines += ["", f"{names.get(str(plan['owner_id']), '')}" if several else "", as_text(plan)]
    left_out = week["left_out"] or ()
    if left_out:
        lines += ["", "On none of these days:"]
        lines += [f"  {item['account_name']}: {item['text']}" for item in left_out]
    return "\n".join(line for n, line in enumerate(lines) if line or (n and lines[n - 1]))


def duration(seconds: int) -> str:
    """Seconds in words, to the minute: "1 h 05 min", "25 min"."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _lunch(plan: Mapping[str, Any], made: int, at: Any) -> list[str]:
    if plan["lunch_leg"] != made or plan["lunch_starts_at"] is None:
        return []
    return [f"{at(plan['lunch_starts_at'])}-{at(plan['lunch_ends_at'])}  lunch"]
