"""Reports of leads: how far they came, and where they came from."""

from typing import Any

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.analytics.lists import listed, rate, same, within
from crm_api.analytics.tables import Asked, Column, Table
from crm_api.analytics.told import said
from crm_api.core.money import to_major
from crm_api.core.rollups import Row
from crm_api.leads import rollups as leads
from crm_api.leads.models import Lead
from crm_api.organisation import service as organisation


def funnel(session: Session, actor: Actor, asked: Asked) -> Table:
    """How many of the leads made in the period were qualified, got a deal, became an account."""
    rows = _made(session, actor, "status", asked).values()
    days, total = within("created_at", asked.period), sum(row["leads"] for row in rows)
    steps: tuple[tuple[str, str, dict[str, str] | None], ...] = (
        ("leads", "Leads", {}),
        ("qualified", "Qualified", None),
        ("with_deal", "With a deal", {"has_deal": "true"}),
        ("converted", "Converted", {"status": "converted"}),
    )
    told, before = [], None
    for name, label, more in steps:
        count = sum(row[name] for row in rows)
        address = None if more is None else listed("leads", asked.owner_id, **days, **more)
        told.append(
            {"step": label, "leads": count, "of_all": rate(count, total), "list": address,
             "of_before": None if before is None else rate(count, before)}
        )  # fmt: skip
        before = count
    columns = (
        Column("step", "Step", "text"), Column("leads", "Leads"), Column("of_all", "Of all", "percent"),
        Column("of_before", "Of the step before", "percent"),
    )  # fmt: skip
    return Table(
        columns, told, "leads", "A converted lead counts as qualified, whether or not somebody ticked it."
    )


def sources(session: Session, actor: Actor, asked: Asked) -> Table:
    """The leads made in the period by where they came from, and what became of them."""
    currency, days = organisation.currency(session), within("created_at", asked.period)
    found = sorted(
        _made(session, actor, "source", asked).items(), key=lambda one: (-one[1]["leads"], str(one[0]))
    )
    rows = [
        {"source": said(word), "leads": row["leads"], "qualified": row["qualified"], "with_deal": row["with_deal"],
         "converted": row["converted"], "conversion_rate": rate(row["converted"], row["leads"]),
         "value": to_major(row["value"], currency),
         "list": listed("leads", asked.owner_id, **days, **same("source", word))}
        for word, row in found
    ]  # fmt: skip
    columns = (
        Column("source", "Source", "text"), Column("leads", "Leads"), Column("qualified", "Qualified"),
        Column("with_deal", "With a deal"), Column("converted", "Converted"),
        Column("conversion_rate", "Conversion", "percent"), Column("value", "Estimated value", "money"),
    )  # fmt: skip
    return Table(columns, rows, "leads")


def _made(session: Session, actor: Actor, axis: leads.Axis, asked: Asked) -> dict[str | None, Row]:
    which: list[Any] = [] if asked.owner_id is None else [Lead.owner_id == asked.owner_id]
    return leads.read(session, actor, axis, *which, since=asked.period.since, until=asked.period.until)
