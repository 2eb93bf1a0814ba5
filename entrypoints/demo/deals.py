"""Deals: six hundred over two years, with a funnel, a sales cycle and a season.

Half of all deals are decided within two months; about two in five of the decided are won. What is still
undecided today is open, in the stage its age has reached.
"""

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from entrypoints.demo import words
from entrypoints.demo.accounts import number_rows, place_of
from entrypoints.demo.draws import Draw, zone_of

if TYPE_CHECKING:
    from entrypoints.demo.company import DemoCompany

DEALS = 600
OPEN_KINDS = ("prospecting", "qualification", "needs_analysis", "proposal", "negotiation")

# How far into its cycle a deal enters each stage, and at which stage lost ones end.
_ENTERED = (0.0, 0.12, 0.3, 0.5, 0.75)
_LOST_AFTER = {1: 0.15, 2: 0.22, 3: 0.2, 4: 0.28, 5: 0.15}
_TIER_WEIGHT = {"platinum": 6.0, "gold": 4.0, "silver": 2.0, "bronze": 1.0, None: 0.6}
_TIER_WIN = {"platinum": 0.6, "gold": 0.52, "silver": 0.42, "bronze": 0.34, None: 0.22}
_SEASONAL_FAMILY = {"Mowing": (1, 2, 3, 4, 5, 6), "Snow": (8, 9, 10, 11, 12)}


def add_deals(company: "DemoCompany", draw: Draw) -> None:
    """One deal for each converted lead, the others with accounts that existed by then."""
    lead_of = {lead["email"]: lead for lead in company.leads if lead["status"] == "converted"}
    contacts: dict[Any, list[dict[str, Any]]] = {}
    for contact in company.contacts:
        contacts.setdefault(contact["account_id"], []).append(contact)
    starts: list[tuple[datetime, dict[str, Any], dict[str, Any] | None]] = []
    for account in company.accounts:
        lead = lead_of.get(contacts[account["id"]][0]["email"])
        if lead:
            starts.append((account["created_at"] + timedelta(minutes=10), account, lead))
    created = [account["created_at"] for account in company.accounts]
    weights = list(accumulate(_TIER_WEIGHT[account["tier"]] for account in company.accounts))
    while len(starts) < DEALS:
        # The newest are still undecided, so that there is a pipeline to look at whatever the season.
        since = draw.now - timedelta(days=45) if draw.chance(0.12) else draw.start
        at = draw.seasonal(since, draw.now - timedelta(hours=6))
        known = bisect_right(created, at - timedelta(days=1))  # accounts are sorted by creation
        account = draw.random.choices(company.accounts[:known], cum_weights=weights[:known])[0]
        starts.append((draw.working(at, at + timedelta(days=1), "America/New_York"), account, None))
    had_deal: set[Any] = set()
    for at, account, lead in sorted(starts, key=lambda start: start[0]):
        at = min(at, draw.now - timedelta(hours=1))
        people = [contact for contact in contacts[account["id"]] if contact["created_at"] <= at]
        deal = _deal(company, draw, at, account, people)
        deal |= {"lead_id": lead["id"] if lead else None, "opportunity_type": "new_business"}
        if account["id"] in had_deal:
            deal["opportunity_type"] = draw.weighted(
                {"existing_business": 0.6, "upsell": 0.16, "cross_sell": 0.14, "renewal": 0.1}
            )
        had_deal.add(account["id"])
        company.opportunities.append(deal)
    company.opportunities.sort(key=lambda deal: deal["created_at"])
    number_rows(company.opportunities, "OPP")


def _deal(
    company: "DemoCompany", draw: Draw, at: datetime, account: dict[str, Any], people: list[dict[str, Any]]
) -> dict[str, Any]:
    zone = zone_of(place_of(account))
    lines = _lines(company, draw, at, account)
    value = sum(
        round(line["quantity"] * line["unit_price"] * (1 - line["discount_percent"] / 100)) for line in lines
    )
    # Larger deals take longer and are won a little less often.
    cycle = timedelta(days=max(3.0, draw.lognormal(50, 0.6) * (value / 900_000) ** 0.15))
    is_won = draw.chance(_TIER_WIN[account["tier"]] - (0.08 if value > 4_000_000 else 0))
    stages = 5 if is_won else draw.weighted(_LOST_AFTER)
    end = draw.working(at + cycle * 0.9, at + cycle, zone)
    is_closed = end <= draw.now
    kind = (
        ("closed_won" if is_won else "closed_lost")
        if is_closed
        else OPEN_KINDS[_stage_at(draw.now, at, cycle)]
    )
    expected = end + timedelta(days=draw.random.gauss(0, 9))
    if not is_closed and draw.chance(0.85):
        expected = max(expected, draw.now + timedelta(days=draw.random.randrange(1, 20)))
    deal = {
        "id": draw.uid(at),
        "created_at": at,
        "origin": "demo",
        "name": f"{account['name']}: {_title(company, lines)}",
        "account_id": account["id"],
        "contact_id": draw.one(people)["id"],
        "owner_id": account["owner_id"],
        "team_id": account["team_id"],
        "stage_kind": kind,
        "priority": draw.weighted({"low": 0.15, "medium": 0.55, "high": 0.25, "urgent": 0.05}),
        "estimated_value": value,
        "value_base": value,
        "currency": "USD",
        "started_at": at,
        "expected_close_date": max(expected, at).date(),
        "actual_close_date": end if is_closed else None,
        "loss_reason": draw.one(words.LOSS_REASONS) if kind == "closed_lost" else None,
    }
    if not is_closed:
        deal["next_step"] = draw.one(words.TASKS)
        deal["next_step_date"] = draw.moment(draw.now + timedelta(days=draw.random.randrange(-3, 12)), zone)
    for line in lines:
        company.lines.append({**line, "opportunity_id": deal["id"]})
    _moves(company, draw, deal, cycle, stages)
    return deal


def _stage_at(now: datetime, started: datetime, cycle: timedelta) -> int:
    """The index of the open stage a deal of that cycle is in at `now`."""
    return bisect_right(_ENTERED, (now - started) / cycle) - 1


def _lines(company: "DemoCompany", draw: Draw, at: datetime, account: dict[str, Any]) -> list[dict[str, Any]]:
    """One to three products of the season, in quantities that make up a skewed order value."""
    budget = draw.lognormal(850_000 if account["account_type"] != "customer" else 420_000, 0.85)
    families = {name for name, months in _SEASONAL_FAMILY.items() if at.month not in months}
    choice = [product for product in company.products if product["family"] not in families]
    picked = draw.random.sample(choice, draw.weighted({1: 0.45, 2: 0.35, 3: 0.2}))
    return [
        {
            "id": draw.uid(at),
            "product_id": product["id"],
            "position": position,
            "quantity": max(1, round(budget / len(picked) / product["list_price"])),
            "unit_price": product["list_price"],
            "discount_percent": draw.weighted({0: 0.5, 5: 0.3, 8: 0.12, 12: 0.08}),
        }
        for position, product in enumerate(picked)
    ]


def _title(company: "DemoCompany", lines: list[dict[str, Any]]) -> str:
    name = next(product["name"] for product in company.products if product["id"] == lines[0]["product_id"])
    return f"{lines[0]['quantity']} x {name}" + (f" and {len(lines) - 1} more" if len(lines) > 1 else "")


def _moves(company: "DemoCompany", draw: Draw, deal: dict[str, Any], cycle: timedelta, stages: int) -> None:
    """Every entry into a stage, at its time, ending with the one the deal is in."""
    closed: datetime | None = deal["actual_close_date"]
    reached = stages if closed else OPEN_KINDS.index(deal["stage_kind"]) + 1
    steps = [(OPEN_KINDS[i], deal["created_at"] + cycle * 0.9 * _ENTERED[i]) for i in range(reached)]
    steps = [(kind, at) for kind, at in steps if at <= (closed or draw.now)]
    if closed:
        steps.append((deal["stage_kind"], closed))
    elif steps[-1][0] != deal["stage_kind"]:
        steps.append((deal["stage_kind"], draw.now - timedelta(hours=1)))
    previous = None
    for kind, at in steps:
        company.moves.append({"id": draw.uid(at), "kind": "opportunity", "record_id": deal["id"],
                              "from_kind": previous, "to_kind": kind, "at": at,
                              "actor_id": deal["owner_id"]})  # fmt: skip
        previous = kind
    deal["updated_at"] = steps[-1][1]
