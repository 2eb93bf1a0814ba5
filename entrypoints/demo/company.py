"""The demo company as plain rows, before any database: `generate(at, seed)`.

Rows are dictionaries named after the columns they go into, so that loading them is a handful of bulk
inserts. Money is in cents of US dollars, instants are aware UTC, everything carries origin `demo`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from entrypoints.demo.accounts import add_accounts
from entrypoints.demo.activities import add_activities
from entrypoints.demo.deals import add_deals
from entrypoints.demo.draws import Draw
from entrypoints.demo.leads import add_leads
from entrypoints.demo.orders import add_orders
from entrypoints.demo.people import add_people
from entrypoints.demo.sequences import add_sequences
from entrypoints.demo.words import PRODUCTS, TAGS

Row = dict[str, Any]

DEFAULT_SEED = 7


@dataclass(slots=True)
class DemoCompany:
    """All rows of the demo company, kind by kind, in an order in which foreign keys are satisfied.

    Two words stand for rows the database already has: `stage_kind` of leads, deals and moves names the
    stage of the default pipeline. `lines`, `moves` and `tagged` belong to deals and records.
    """

    at: date
    seed: int
    territories: list[Row] = field(default_factory=list)
    teams: list[Row] = field(default_factory=list)
    users: list[Row] = field(default_factory=list)
    user_territories: list[Row] = field(default_factory=list)
    products: list[Row] = field(default_factory=list)
    tags: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    leads: list[Row] = field(default_factory=list)
    opportunities: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    moves: list[Row] = field(default_factory=list)
    activities: list[Row] = field(default_factory=list)
    tagged: list[Row] = field(default_factory=list)
    sequences: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)

    def digest(self) -> str:
        """SHA-256 over every row: two companies are identical exactly when their digests are."""
        everything = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        text = json.dumps(everything, sort_keys=True, default=_plain, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def replaced(self, same: Mapping[Any, Any]) -> "DemoCompany":
        """The company with other ids in place of some, and without the rows those ids were of."""
        made = DemoCompany(self.at, self.seed)
        for entry in fields(self)[2:]:
            rows = getattr(self, entry.name)
            kept = [
                {
                    name: same.get(value, value) if isinstance(value, UUID) else value
                    for name, value in row.items()
                }
                for row in rows
                if row.get("id") not in same
            ]
            setattr(made, entry.name, kept)
        return made


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def newest_day(now: datetime) -> date:
    """The last day whose noon (UTC), when a company is drawn, has come: nothing it tells of lies ahead."""
    return (now - timedelta(hours=12)).date()


def generate(at: date, seed: int = DEFAULT_SEED) -> DemoCompany:
    """Make the whole company as it stands on the day `at`, with two years behind it.

    Pure: the same day and seed give the same rows, ids included.
    """
    company = DemoCompany(at, seed)
    draw = Draw(seed, at, "catalogue")
    company.products = [
        {"id": draw.uid(draw.start), "created_at": draw.start, "name": name, "code": code, "family": family,
         "list_price": price * 100, "currency": "USD", "origin": "demo"}
        for name, code, family, price in PRODUCTS
    ]  # fmt: skip
    company.tags = [
        {"id": draw.uid(draw.start), "created_at": draw.start, "name": name, "color": color, "origin": "demo"}
        for name, color in TAGS
    ]
    add_people(company, Draw(seed, at, "people"))
    add_accounts(company, Draw(seed, at, "accounts"))
    add_leads(company, Draw(seed, at, "leads"))
    add_deals(company, Draw(seed, at, "deals"))
    add_orders(company, Draw(seed, at, "orders"))
    add_activities(company, Draw(seed, at, "activities"))
    _tag(company, Draw(seed, at, "tags"))
    add_sequences(company, Draw(seed, at, "sequences"))
    return company


def _tag(company: DemoCompany, draw: Draw) -> None:
    """A tag or two on every third account and on some leads and deals."""
    for kind, rows, share in (("account", company.accounts, 0.34), ("lead", company.leads, 0.15),
                              ("opportunity", company.opportunities, 0.2)):  # fmt: skip
        for row in rows:
            if draw.chance(share):
                for tag in draw.random.sample(company.tags, draw.weighted({1: 0.8, 2: 0.2})):
                    company.tagged.append({"tag_id": tag["id"], "kind": kind, "record_id": row["id"]})
