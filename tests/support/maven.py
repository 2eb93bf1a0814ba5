"""Loads the Maven CRM sales data straight into the tables, in seconds, for questions to be asked about."""

import csv
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts.models import Account
from crm_api.core.database import Base
from crm_api.opportunities.models import Opportunity, OpportunityLine
from crm_api.organisation.models import Territory
from crm_api.pipelines.models import Pipeline, Stage
from crm_api.products.models import Product
from crm_api.users.models import Team, User

TEST_DATA = Path(os.environ.get("CRM_TEST_DATA", "../shared"))
MAVEN = TEST_DATA / "data" / "maven-crm"
QUESTIONS = TEST_DATA / "data" / "questions"
MILLION_DOLLARS = 100_000_000
STAGES = {
    "Prospecting": "prospecting",
    "Engaging": "qualification",
    "Won": "closed_won",
    "Lost": "closed_lost",
}


def _rows(name: str) -> list[dict[str, str]]:
    with (MAVEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def load(session: Session) -> None:
    """Fill an empty database with 85 accounts, 7 products, 35 reps with 6 managers, and 8,800 opportunities."""
    users, teams = _people(session)
    accounts = _accounts(session)
    products = {}
    for row in _rows("products.csv"):
        price = int(row["sales_price"]) * 100
        product = Product(name=row["product"], family=row["series"], list_price=price, list_price_base=price)
        products[row["product"]] = product.id
        session.add(product)
    pipeline = Pipeline(name="Maven", applies_to="opportunity", is_default=True)
    session.add(pipeline)
    stages = {}
    for position, (name, kind) in enumerate(STAGES.items()):
        stage = Stage(pipeline_id=pipeline.id, name=name, kind=kind, position=position)
        stages[name] = stage.id
        session.add(stage)
    session.flush()
    deals, lines = [], []
    for n, row in enumerate(_rows("sales_pipeline.csv")):
        deal, line = _deal(n, row, accounts, users, teams, products)
        deals.append(deal | {"pipeline_id": pipeline.id, "stage_id": stages[row["deal_stage"]]})
        lines.append(line)
    session.execute(sa.insert(Opportunity), deals)
    session.execute(sa.insert(OpportunityLine), lines)


def _people(session: Session) -> tuple[dict[str, UUID], dict[str, UUID]]:
    rows = _rows("sales_teams.csv")
    users: dict[str, User] = {}
    teams: dict[str, Team] = {}
    for region in sorted({row["regional_office"] for row in rows}):
        teams[region] = Team(name=region, name_key=region.lower())
        session.add_all([teams[region], Territory(name=region, name_key=region.lower())])
    session.flush()
    for row in rows:
        if row["manager"] not in users:
            users[row["manager"]] = User(
                name=row["manager"],
                name_key=row["manager"].lower(),
                role="manager",
                team_id=teams[row["regional_office"]].id,
            )
    session.add_all(users.values())
    session.flush()
    for row in rows:
        users[row["sales_agent"]] = User(
            name=row["sales_agent"],
            name_key=row["sales_agent"].lower(),
            role="rep",
            team_id=teams[row["regional_office"]].id,
            manager_id=users[row["manager"]].id,
        )
    session.add_all(users.values())
    session.flush()
    return {name: user.id for name, user in users.items()}, {
        row["sales_agent"]: teams[row["regional_office"]].id for row in rows
    }


def _accounts(session: Session) -> dict[str, UUID]:
    rows = _rows("accounts.csv")
    accounts = {
        row["account"]: Account(
            number=f"ACC-{n}",
            name=row["account"],
            name_key=row["account"].lower(),
            account_type="customer",
            industry=row["sector"],
            year_established=int(row["year_established"]),
            employees=int(row["employees"]),
            annual_revenue=round(float(row["revenue"]) * MILLION_DOLLARS),
            annual_revenue_base=round(float(row["revenue"]) * MILLION_DOLLARS),
            billing_country=row["office_location"],
        )
        for n, row in enumerate(rows)
    }
    session.add_all(accounts.values())
    session.flush()
    for row in rows:
        if row["subsidiary_of"]:
            accounts[row["account"]].parent_id = accounts[row["subsidiary_of"]].id
    session.flush()
    return {name: account.id for name, account in accounts.items()}


def _deal(n, row, accounts, users, teams, products):  # type: ignore[no-untyped-def]
    deal = Opportunity(
        number=f"OPP-{n}",
        name=f"{row['account'] or 'New'} {row['product']}",
        external_id=row["opportunity_id"],
        external_system="maven",
        account_id=accounts[row["account"]] if row["account"] else None,
        owner_id=users[row["sales_agent"]],
        team_id=teams[row["sales_agent"]],
        stage_kind=STAGES[row["deal_stage"]],
        started_at=_day(row["engage_date"]),
        actual_close_date=_day(row["close_date"]),
        estimated_value=round(float(row["close_value"]) * 100) if row["close_value"] else None,
    )
    values = {
        c.key: getattr(deal, c.key)
        for c in sa.inspect(Opportunity).column_attrs
        if c.key != "expected_revenue"
    }
    values |= {"version": 1, "value_base": deal.estimated_value}
    product = products["GTX Pro" if row["product"] == "GTXPro" else row["product"]]
    return values, {
        "opportunity_id": deal.id,
        "product_id": product,
        "position": 0,
        "quantity": 1.0,
        "discount_percent": 0.0,
    }


def tables() -> sa.MetaData:
    """All tables of the service."""
    return Base.metadata
