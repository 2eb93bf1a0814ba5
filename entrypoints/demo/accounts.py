"""Accounts in real towns, and the people who work there."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crm_api.core.text import fold
from entrypoints.demo import words
from entrypoints.demo.draws import Draw, zone_of
from entrypoints.demo.people import AREAS, Area
from integrations.offline.places import Place, places

if TYPE_CHECKING:
    from entrypoints.demo.company import DemoCompany

CONTACTS = 500
NEW_ACCOUNTS = 105  # won within the two years, each out of a lead

_TYPES = {"dealer": 0.6, "customer": 0.23, "prospect": 0.09, "distributor": 0.06, "partner": 0.02}
_TIERS = {"bronze": 0.42, "silver": 0.33, "gold": 0.18, "platinum": 0.07}
VISIT_EVERY_DAYS = {"platinum": 14, "gold": 28, "silver": 56, "bronze": 90}
_EMPLOYEES = {"dealer": 12, "distributor": 60, "customer": 18, "prospect": 9, "partner": 40}

Hours = dict[str, list[list[str]]]


def add_accounts(company: "DemoCompany", draw: Draw) -> None:
    """Three hundred accounts, area by area, and five hundred contacts among them."""
    taken: set[str] = set()
    for area, territory in zip(AREAS, company.territories, strict=True):
        candidates = [p for p in places() if next(a for a in AREAS if a.contains(p)) is area]
        for number in range(area.accounts):
            # Every town once before any twice: a rep has accounts all over the area.
            place = (
                candidates[number] if number < len(candidates) and len(candidates) <= area.accounts else None
            )
            account = _account(company, draw, area, place or draw.one(candidates), taken)
            company.accounts.append({**account, "territory_id": territory["id"]})
    for account in draw.random.sample(company.accounts, NEW_ACCOUNTS):
        at = draw.working(draw.start + timedelta(days=40), draw.now - timedelta(days=4), "America/New_York")
        account["created_at"] = at
        account["id"] = draw.uid(at)
    company.accounts.sort(key=lambda account: account["created_at"])
    number_rows(company.accounts, "ACC")
    _add_contacts(company, draw)


def number_rows(rows: list[dict[str, Any]], prefix: str) -> None:
    """Give people-facing numbers in the order of creation, sequential per UTC day."""
    taken: dict[str, int] = {}
    for row in rows:
        day = row["created_at"].strftime("%Y%m%d")
        taken[day] = taken.get(day, 0) + 1
        row["number"] = f"{prefix}-{day}-{taken[day]:04d}"


def _kind_and_name(draw: Draw, place: Place, taken: set[str]) -> tuple[str, str]:
    """An account type and a company name that nobody has yet."""
    families = words.LAST_NAMES.get(place.country, words.LAST_NAMES["US"])
    kind = draw.weighted(_TYPES)
    while True:
        name = draw.one(words.COMPANY_PATTERNS[kind]).format(name=draw.one(families), town=place.name)
        if name not in taken:
            taken.add(name)
            return kind, name


def _account(company: "DemoCompany", draw: Draw, area: Area, place: Place, taken: set[str]) -> dict[str, Any]:
    kind, name = _kind_and_name(draw, place, taken)
    tier = draw.weighted(_TIERS) if kind != "prospect" else None
    created = draw.start - timedelta(
        days=draw.random.randrange(20, 1500), seconds=draw.random.randrange(86400)
    )
    latitude, longitude = draw.near(place, 3)
    domain = f"{slug(name)}.example"
    owner = next(user for user in company.users if user["email"] == f"{area.rep}@demo.example")
    return {
        "id": draw.uid(created), "created_at": created, "origin": "demo",
        "name": name, "account_type": kind, "industry": words.INDUSTRIES[kind], "tier": tier,
        "rating": draw.weighted({"cold": 0.25, "warm": 0.55, "hot": 0.2}),
        "website": f"https://www.{domain}", "email": f"office@{domain}", **phone(draw, place, "phone"),
        "employees": max(2, round(draw.lognormal(_EMPLOYEES[kind], 0.7))),
        "annual_revenue": round(draw.lognormal(_EMPLOYEES[kind] * 180_000, 0.6) / 10_000) * 1_000_000,
        "currency": "USD", "year_established": draw.random.randrange(1948, created.year),
        "owner_id": owner["id"], "team_id": owner["team_id"],
        "billing_street": _street(draw, place), "billing_city": place.name, "billing_state": place.region,
        "billing_country": place.country, "latitude": latitude, "longitude": longitude,
        "coordinates_source": "demo",
        "opening_hours": _opening_hours(draw, place) if kind in ("dealer", "prospect") else None,
        "visit_minutes": draw.weighted({30: 0.3, 45: 0.4, 60: 0.3}) if kind == "dealer" else 30,
        "visit_every_days": VISIT_EVERY_DAYS[tier] if tier and kind in ("dealer", "distributor") else None,
    }  # fmt: skip


def _street(draw: Draw, place: Place) -> str:
    if place.country == "DE":
        return f"{draw.one(words.STREETS_DE)} {draw.random.randrange(1, 180)}"
    return f"{draw.random.randrange(10, 4800)} {draw.one(words.STREETS)}"


def _opening_hours(draw: Draw, place: Place) -> Hours | None:
    """Keyed by ISO weekday, local time. A fifth say nothing, and the organisation's default holds."""
    if draw.chance(0.2):
        return None
    opens, closes = draw.one((("08:00", "17:00"), ("08:00", "17:30"), ("09:00", "18:00"), ("07:30", "17:00")))
    lunch = draw.chance(0.7 if place.country == "DE" else 0.1)
    weekday = [[opens, "12:00"], ["13:00", closes]] if lunch else [[opens, closes]]
    hours: Hours = {str(day): weekday for day in range(1, 6)}
    if draw.chance(0.12):  # some open on Saturday and rest on Monday
        del hours["1"]
    if draw.chance(0.75):
        hours["6"] = [draw.one((["09:00", "13:00"], ["09:00", "14:00"], ["08:00", "12:00"]))]
    return hours


def phone(draw: Draw, place: Place, column: str) -> dict[str, str | None]:
    """A number nobody has, as typed and in E.164, for `column`; India has no range for fiction."""
    digits = draw.random.randrange(100, 200)
    if place.country in ("US", "CA"):
        area = draw.one(words.AREA_CODES.get(place.region, ("800",)))
        return {column: f"({area}) 555-{digits:04d}", f"{column}_e164": f"+1{area}555{digits:04d}"}
    if place.country == "GB":
        return {column: f"020 7946 0{digits}", f"{column}_e164": f"+442079460{digits}"}
    if place.country == "DE":
        return {column: f"030 23125 {digits}", f"{column}_e164": f"+493023125{digits}"}
    return {column: None, f"{column}_e164": None}


def slug(name: str) -> str:
    """A host name made of a company's name."""
    return re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")


def person(draw: Draw, country: str) -> tuple[str, str]:
    """A first and a last name that fit the country."""
    first = words.FIRST_NAMES.get(country, words.FIRST_NAMES["US"])
    last = words.LAST_NAMES.get(country, words.LAST_NAMES["US"])
    return draw.one(first), draw.one(last)


def _add_contacts(company: "DemoCompany", draw: Draw) -> None:
    addresses: set[str] = set()
    # One each, the rest to the larger accounts more than to the small.
    weights = [account["employees"] ** 0.5 for account in company.accounts]
    more = draw.random.choices(company.accounts, weights, k=CONTACTS - len(company.accounts))
    for number, account in enumerate([*company.accounts, *more]):
        primary = number < len(company.accounts)
        created = account["created_at"] + timedelta(minutes=5)
        if not primary:
            created = draw.working(created, draw.now, "America/New_York")
        company.contacts.append(_contact(draw, account, created, addresses, primary=primary))
    company.contacts.sort(key=lambda contact: contact["created_at"])


def _contact(
    draw: Draw, account: dict[str, Any], created: datetime, addresses: set[str], *, primary: bool
) -> dict[str, Any]:
    place = place_of(account)
    domain = account["email"].partition("@")[2]
    while True:
        first, last = person(draw, place.country)
        email = f"{slug(first)}.{slug(last)}@{domain}"
        if email not in addresses:
            break
    addresses.add(email)
    title = draw.one(words.JOB_TITLES[:2] if primary else words.JOB_TITLES[2:])
    return {
        "id": draw.uid(created), "created_at": created, "origin": "demo",
        "first_name": first, "last_name": last, "email": email, **phone(draw, place, "mobile"),
        "job_title": title, "role": "decision_maker" if primary else draw.one(("influencer", "contact")),
        "account_id": account["id"], "owner_id": account["owner_id"], "is_primary": primary,
        "do_not_call": draw.chance(0.03), "email_opt_out": draw.chance(0.04),
        "time_zone": zone_of(place), "city": place.name, "state": place.region, "country": place.country,
    }  # fmt: skip


def place_of(account: dict[str, Any]) -> Place:
    """The town an account is in."""
    key = (account["billing_country"], account["billing_state"], account["billing_city"])
    return _BY_KEY[key]


_BY_KEY = {(place.country, place.region, place.name): place for place in places()}
