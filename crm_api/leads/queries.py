"""Questions about leads that have a name of their own."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_api.access import Actor
from crm_api.conditions.filters import Query
from crm_api.conditions.tree import All, Comparison, Not
from crm_api.core import clock


def due_today(actor: Actor, query: Query) -> Query:
    """Of the leads asked for those to be followed up by the end of today in the actor's zone, overdue ones first.

    Converted and lost leads need no follow-up any more.
    """
    zone = ZoneInfo(actor.time_zone)
    tomorrow = clock.now().astimezone(zone).date() + timedelta(days=1)
    until = datetime.combine(tomorrow, time(), zone).astimezone(UTC)
    due = Comparison(field="next_follow_up_date", op="lt", value=until)
    done = Comparison(field="status", op="in", value=["converted", "lost"])
    return replace(
        query,
        tree=All(all=[query.tree, due, Not(**{"not": done})]),
        sort=query.sort or ("next_follow_up_date",),
    )
