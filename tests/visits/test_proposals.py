"""A manager's plan is a proposal: the rep hears of it, and the manager of the answer."""

import pytest

from crm_api.events import flows as relay
from tests.factories import make_organisation, make_team
from tests.visits.people import MONDAY, NEW_YORK, make_dealer, make_rep

VISITS, TUESDAY = "/api/v1/crm/visits", "2026-11-24"


class House:
    """A manager, a rep of the team, and some dealers."""

    def __init__(self, api, boss, rep, rep_id):
        self.api, self.boss, self.rep, self.rep_id = api, boss, rep, rep_id

    async def news(self, client):
        await relay.relay(self.api.db)
        found = (await client.get("/api/v1/crm/notifications", params={"type": "visit_plan"})).json()
        return [item["summary"] for item in reversed(found["items"])]

    async def planned(self, client, **body):
        answer = await client.post(f"{VISITS}/plans", json={"day": MONDAY, "owner_id": self.rep_id, **body})
        assert answer.status_code == 201, answer.text
        return f"{VISITS}/plans/{answer.json()['id']}"


@pytest.fixture
async def house(api):
    def make(session):
        make_organisation(session, time_zone=NEW_YORK)
        team = make_team(session)
        boss = make_rep(session, "manager", team_id=team.id, name="Ada Boss")
        rep = make_rep(session, team_id=team.id, name="Dana Reyes")
        for n in range(3):
            make_dealer(session, 2 + n, owner_id=rep.id)
        return boss, rep

    boss, rep = await api.db.write(make)
    return House(api, await api.signed_in(boss), await api.signed_in(rep), str(rep.id))


async def test_a_rep_hears_of_a_proposed_day_and_the_manager_of_the_answer(house):
    first, second = await house.planned(house.boss), await house.planned(house.boss, day=TUESDAY)
    await house.rep.post(f"{first}/accept")
    await house.rep.post(f"{second}/decline")
    assert await house.news(house.rep) == []  # neither waits for an answer any more
    assert await house.news(house.boss) == [
        "Dana Reyes accepted the visits of Mon 23 Nov", "Dana Reyes declined the visits of Tue 24 Nov"
    ]  # fmt: skip


async def test_what_waits_for_an_answer_is_told_with_its_day_and_leads_to_it(house):
    plan = await house.planned(house.boss)
    assert await house.news(house.rep) == ["Ada Boss proposes your visits of Mon 23 Nov: 3 stops"]
    (told,) = (await house.rep.get("/api/v1/crm/notifications")).json()["items"]
    assert (told["kind"], plan) == ("visit_plan", f"{VISITS}/plans/{told['record_id']}")
    await house.boss.post(f"{plan}/replan", json={"shift_end": "16:00"})
    await house.boss.post(f"{plan}/decline")
    assert await house.news(house.rep) == [
        "Ada Boss proposes your visits of Mon 23 Nov: 3 stops",
        "Ada Boss proposes another plan for Mon 23 Nov: 3 stops",
    ]


async def test_a_week_is_told_once_and_so_is_its_acceptance(house):
    body = {"first_day": MONDAY, "owner_ids": [house.rep_id]}
    week = (await house.boss.post(f"{VISITS}/weeks", json=body)).json()
    assert await house.news(house.rep) == ["Ada Boss proposes your visits of 5 days from Mon 23 Nov: 3 stops"]
    await house.rep.post(f"{VISITS}/weeks/{week['id']}/accept")
    assert await house.news(house.boss) == ["Dana Reyes accepted all 5 days from Mon 23 Nov"]


async def test_a_proposal_that_is_taken_back_is_told_to_the_rep(house):
    await house.boss.post(f"{await house.planned(house.boss)}/decline")
    assert await house.news(house.rep) == ["Ada Boss took back the visits of Mon 23 Nov"]


async def test_ones_own_plans_are_no_news(house):
    await house.rep.post(f"{await house.planned(house.rep)}/accept")
    assert await house.news(house.rep) == await house.news(house.boss) == []
