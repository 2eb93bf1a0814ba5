"""Leads: four hundred people who asked, were met or were called; a quarter became accounts."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from entrypoints.demo import words
from entrypoints.demo.accounts import number_rows, person, phone, place_of, slug
from entrypoints.demo.draws import Draw, zone_of
from entrypoints.demo.people import AREAS, user_id
from integrations.offline.places import Place, places

if TYPE_CHECKING:
    from entrypoints.demo.company import DemoCompany

LEADS = 400

_SOURCES = {
    "website": 0.27,
    "trade_show": 0.19,
    "referral": 0.17,
    "partner": 0.1,
    "phone": 0.08,
    "email": 0.07,
    "cold_call": 0.06,
    "social_media": 0.03,
    "advertising": 0.02,
    "other": 0.01,
}
_SOURCE_POINTS = {"referral": 22, "partner": 18, "trade_show": 12, "website": 10, "phone": 8}
STAGE_OF_STATUS = {"new": "new", "contacted": "new", "callback": "new", "qualified": "qualified",
                   "proposal": "proposal", "negotiation": "negotiation", "converted": "converted",
                   "lost": "lost"}  # fmt: skip
_STATUS_POINTS = {"new": 0, "contacted": 6, "callback": 8, "qualified": 20, "proposal": 26, "negotiation": 32,
                  "converted": 38, "lost": -10}  # fmt: skip


def add_leads(company: "DemoCompany", draw: Draw) -> None:
    """Each account of the last two years was a lead first; the other leads are open or lost."""
    won = [account for account in company.accounts if account["created_at"] > draw.start]
    primary = {contact["account_id"]: contact for contact in company.contacts if contact["is_primary"]}
    leads = [_converted(draw, account, primary[account["id"]]) for account in won]
    addresses = {lead["email"] for lead in leads}
    weights = [area.accounts for area in AREAS]
    by_area = {
        area.name: [p for p in places() if next(a for a in AREAS if a.contains(p)) is area] for area in AREAS
    }
    territories = {row["name"]: row["id"] for row in company.territories}
    while len(leads) < LEADS:
        area = draw.random.choices(AREAS, weights)[0]
        lead = _unconverted(draw, draw.one(by_area[area.name]))
        if lead["email"] in addresses:
            continue
        addresses.add(lead["email"])
        owner = user_id(company, area.rep)
        # A few of the newest have not been given to anybody yet.
        waiting = lead["status"] == "new" and draw.chance(0.25)
        team = next(user["team_id"] for user in company.users if user["id"] == owner)
        lead |= {"owner_id": None if waiting else owner, "team_id": None if waiting else team}
        lead["territory_id"] = territories[area.name]
        leads.append(lead)
    company.leads = sorted(leads, key=lambda lead: lead["created_at"])
    number_rows(company.leads, "LEAD")
    for lead in company.leads:
        _history(company, draw, lead)


def _lead(draw: Draw, created: datetime, place: Place, name: str, status: str) -> dict[str, Any]:
    """What converted and other leads have in common."""
    source = draw.weighted(_SOURCES)
    value = round(draw.lognormal(9_000, 0.8) / 100) * 10_000
    points = 35 + _SOURCE_POINTS.get(source, 0) + _STATUS_POINTS[status] + draw.random.randrange(-8, 16)
    score = min(max(points, 5), 98)
    return {
        "id": draw.uid(created), "created_at": created, "origin": "demo",
        "title": f"{name}: {draw.one(words.LEAD_INTERESTS)}", "company_name": name,
        "status": status, "stage_kind": STAGE_OF_STATUS[status], "source": source,
        "priority": draw.weighted({"low": 0.2, "medium": 0.5, "high": 0.25, "urgent": 0.05}),
        "rating": "hot" if score >= 75 else "warm" if score >= 50 else "cold", "score": score,
        "is_qualified": status in ("qualified", "proposal", "negotiation", "converted"),
        "estimated_value": value, "value_base": value, "currency": "USD",
        "city": place.name, "state": place.region, "country": place.country,
        "company_size": draw.one(("1-10", "11-50", "51-200")),
    }  # fmt: skip


def _converted(draw: Draw, account: dict[str, Any], contact: dict[str, Any]) -> dict[str, Any]:
    converted: datetime = account["created_at"]
    place = place_of(account)
    created = converted - timedelta(days=min(draw.lognormal(21, 0.6), 38), minutes=draw.random.randrange(600))
    lead = _lead(draw, created, place, account["name"], "converted")
    return lead | {
        "first_name": contact["first_name"], "last_name": contact["last_name"], "email": contact["email"],
        "phone": contact["mobile"], "phone_e164": contact["mobile_e164"], "job_title": contact["job_title"],
        "industry": account["industry"], "owner_id": account["owner_id"], "team_id": account["team_id"],
        "territory_id": account["territory_id"], "converted_at": converted,
        "probability": 100,
    }  # fmt: skip


def _unconverted(draw: Draw, place: Place) -> dict[str, Any]:
    since = draw.now - timedelta(days=21) if draw.chance(0.12) else draw.start
    created = draw.seasonal(since, draw.now - timedelta(hours=4))
    status = _status_after(draw, (draw.now - created).days)
    first, last = person(draw, place.country)
    families = words.LAST_NAMES.get(place.country, words.LAST_NAMES["US"])
    kind = draw.weighted({"dealer": 0.6, "customer": 0.3, "prospect": 0.1})
    name = draw.one(words.COMPANY_PATTERNS[kind]).format(name=draw.one(families), town=place.name)
    lead = _lead(draw, created, place, name, status)
    lead |= {
        "first_name": first,
        "last_name": last,
        "email": f"{slug(first)}.{slug(last)}@{slug(name)}.example",
        **phone(draw, place, "phone"),
        "job_title": draw.one(words.JOB_TITLES),
        "industry": words.INDUSTRIES[kind],
        "email_opt_out": draw.chance(0.03),
        "do_not_call": draw.chance(0.02),
        "probability": {"qualified": 25, "proposal": 50, "negotiation": 75, "lost": 0}.get(status, 10),
    }
    if status == "lost":
        lead["lost_reason"] = draw.one(words.LOSS_REASONS)
    elif status not in ("new",) and draw.chance(0.7):
        zone = zone_of(place)
        lead["next_follow_up_date"] = draw.moment(
            draw.now + timedelta(days=draw.random.randrange(-4, 15)), zone
        )
    return lead


def _status_after(draw: Draw, days: int) -> str:
    """Fresh leads are new, old ones decided: most of what is not converted after two months is lost."""
    if days < 10:
        return draw.weighted({"new": 0.7, "contacted": 0.25, "callback": 0.05})
    if days < 60:
        return draw.weighted(
            {
                "new": 0.15,
                "contacted": 0.25,
                "callback": 0.1,
                "qualified": 0.25,
                "proposal": 0.1,
                "negotiation": 0.05,
                "lost": 0.1,
            }
        )
    return draw.weighted({"contacted": 0.06, "callback": 0.03, "qualified": 0.07, "proposal": 0.03,
                          "negotiation": 0.03, "lost": 0.78})  # fmt: skip


def _history(company: "DemoCompany", draw: Draw, lead: dict[str, Any]) -> None:
    """The stages a lead went through, with their times, from New to where it stands."""
    order = ["new", "qualified", "proposal", "negotiation"]
    kind = lead["stage_kind"]
    if kind in order:
        path = order[: order.index(kind) + 1]
    else:
        path = [*order[: draw.random.randrange(1, 4) if kind == "lost" else 4], kind]
    created: datetime = lead["created_at"]
    end: datetime = lead.get("converted_at") or min(
        created + timedelta(days=draw.lognormal(25, 0.5)), draw.now
    )
    previous = None
    for step, stage in enumerate(path):
        at = (
            end
            if step and step == len(path) - 1
            else created + (end - created) * step / max(len(path) - 1, 1)
        )
        company.moves.append(
            {
                "id": draw.uid(at),
                "kind": "lead",
                "record_id": lead["id"],
                "from_kind": previous,
                "to_kind": stage,
                "at": at,
                "actor_id": lead["owner_id"],
            }
        )
        previous = stage
    lead["updated_at"] = company.moves[-1]["at"]
    if lead["status"] == "lost":
        lead["_closed_at"] = end
