"""How often accounts are meant to be visited: the database says what the planner does, and all figures count alike."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm_api.accounts.models import Account, AccountStats
from crm_api.accounts.rhythms import RHYTHM, VISITED
from crm_api.core import clock
from crm_api.visits.preferences import preferences
from tests.factories import make_account, make_organisation, make_territory

TYPES = ("dealer", "distributor", "customer", "prospect")


@pytest.mark.parametrize("seed", range(4))
async def test_the_database_and_the_planner_mean_the_same_days(db, seed):
    draw = random.Random(seed)

    def default(territories):
        own = {"account_type": draw.choice((None, *TYPES)), "territory_id": draw.choice((None, *territories))}
        days = draw.choice((None, 10, 20, 30, 40, 50))
        return {name: value for name, value in {**own, "visit_every_days": days}.items() if value}

    def make(session):
        territories = [make_territory(session, name).id for name in ("Ohio", "Iowa")]
        visits = {"defaults": [default(map(str, territories)) for _ in range(seed * 4)]}
        settings = {"visits": visits | ({"visit_every_days": 77} if seed % 2 else {})} if seed else {}
        make_organisation(session, settings=settings)
        for type_ in TYPES:
            for territory_id in (None, *territories):
                for own in (None, 5):
                    make_account(session, account_type=type_, territory_id=territory_id, visit_every_days=own)
        session.flush()
        return preferences(settings), session.execute(sa.select(Account, RHYTHM)).all()

    wishes, rows = await db.write(make)
    for account, days in rows:
        said = account.visit_every_days or wishes.default(
            account.account_type, account.territory_id, "visit_every_days"
        )
        assert days == (said or (wishes.visit_every_days if account.account_type in VISITED else None))


async def test_map_report_dashboard_and_list_count_the_same_accounts(api):
    client = await api.client()
    customers = {"account_type": "customer", "visit_every_days": 30}
    settings = {"visit_every_days": 60, "defaults": [customers]}
    assert (await client.patch("/api/v1/crm/visits/settings", json=settings)).status_code == 200

    def make(session):
        for type_, days in (
            ("dealer", 45),
            ("dealer", 75),
            ("dealer", None),
            ("customer", 45),
            ("prospect", 45),
        ):
            account = make_account(session, account_type=type_)
            last = clock.now() - timedelta(days=days) if days else None
            session.add(AccountStats(account_id=account.id, last_visit_at=last))

    await api.db.write(make)

    async def told(path, **asked):
        return (await client.get(f"/api/v1/crm{path}", params=asked)).json()

    total = (await told("/visits/coverage"))["total"]
    places = await told("/visits/coverage/places")
    report = (await told("/reports/coverage"))["rows"][0]
    lists = [
        (await told("/accounts", visit_standing=word))["total"]
        for word in ("visited_in_time", "visit_overdue", "never_visited")
    ]
    assert [total["in_time"], total["overdue"], total["never"]] == lists == [1, 2, 1]
    assert [report[name] for name in ("visited_in_time", "visit_overdue", "never_visited")] == lists
    assert places["total"] + places["without_place"] == total["accounts"] == report["accounts"] == 4
    listed = await client.get(report["list"])
    assert listed.json()["total"] == 4
