"""A stop put somewhere by hand: what happens is timed exactly, what cannot be says why, and nothing else changes."""

from tests.factories import make_user
from tests.visits.people import MONDAY, make_dealer, make_rep, rep_with_dealers

WEEKS, PLANS = "/api/v1/crm/visits/weeks", "/api/v1/crm/visits/plans"


async def week_of(api, count=10):
    """A week of at most four visits a day: a full day, one with room, and the others."""
    rep, dealers = await rep_with_dealers(api.db, count)
    client = await api.signed_in(rep)
    week = (await client.post(WEEKS, json={"first_day": MONDAY, "max_visits": 4})).json()
    days = [(await client.get(f"{PLANS}/{day['plan_id']}")).json() for day in week["days"]]
    planned = [day for day in days if day["stops"]]
    (room, *_) = [day for day in planned if len(day["stops"]) < 4] or [planned[1]]
    full = next(day for day in planned if day is not room)
    others = [day for day in days if day not in (room, full)]
    return client, week, [full, room, *others], dealers


async def moved(client, plan, **body):
    response = await client.post(f"{PLANS}/{plan['id']}/move", json=body)
    assert response.status_code == 201, response.text
    return response.json()


async def read(client, plan):
    return (await client.get(f"{PLANS}/{plan['id']}")).json()


def accounts(plan):
    return [stop["account_id"] for stop in plan["stops"]]


async def test_the_last_stop_is_put_first_and_the_day_timed_anew(api):
    client, _, (full, *_), _ = await week_of(api)
    *others, last = accounts(full)

    answer = await moved(client, full, account_id=last, position=1)

    plan = answer["plan"]
    assert accounts(plan) == [last, *others]
    assert (plan["status"], plan["replans_id"], plan["engine"]) == ("proposed", full["id"], "by_hand")
    assert answer["from_plan"] is None
    assert plan["stops"][0]["starts_at"] < plan["stops"][1]["leaves_at"]
    assert plan["driving_seconds"] >= full["driving_seconds"]
    assert (await read(client, full))["status"] == "replaced"


async def test_a_stop_goes_to_another_day_and_only_those_two_change(api):
    client, week, (full, room, *others), _ = await week_of(api)
    gone = accounts(full)[0]

    answer = await moved(client, full, account_id=gone, to_plan_id=room["id"], position=2)

    assert accounts(answer["plan"]) == [accounts(room)[0], gone, *accounts(room)[1:]]
    assert accounts(answer["from_plan"]) == accounts(full)[1:]
    assert {answer["plan"]["week_id"], answer["from_plan"]["week_id"]} == {week["id"]}
    for day in others:
        assert await read(client, day) == day


async def test_without_a_position_it_goes_where_it_costs_least(api):
    client, _, (full, room, *_), _ = await week_of(api)
    gone = accounts(full)[0]
    ends = []
    for position in range(1, len(room["stops"]) + 2):
        body = {"account_id": gone, "to_plan_id": room["id"], "position": position}
        answer = await client.post(f"{PLANS}/{full['id']}/move", json=body)
        if answer.status_code == 201:
            ends.append(answer.json()["plan"]["over_at"])
            await client.post(f"/api/v1/changes/{answer.json()['change_set_id']}/revert")

    answer = await moved(client, full, account_id=gone, to_plan_id=room["id"])

    assert answer["plan"]["over_at"] == min(ends)


async def test_undoing_brings_both_days_back(api):
    client, _, (full, room, *_), _ = await week_of(api)
    answer = await moved(client, full, account_id=accounts(full)[0], to_plan_id=room["id"])

    undone = await client.post(f"/api/v1/changes/{answer['change_set_id']}/revert")

    assert undone.status_code in (200, 201), undone.text
    for day in (full, room):
        now = await read(client, day)
        assert (now["status"], accounts(now)) == ("proposed", accounts(day))
    assert (await read(client, answer["plan"]))["status"] == "replaced"


async def test_an_accepted_day_stays_until_the_new_one_is_accepted(api):
    client, _, (full, *_), _ = await week_of(api)
    await client.post(f"{PLANS}/{full['id']}/accept")
    last = accounts(full)[-1]

    proposal = (await moved(client, full, account_id=last, position=1))["plan"]
    assert (await read(client, full))["status"] == "accepted"
    plan = (await moved(client, full, account_id=last, position=1, accept=True))["plan"]

    assert proposal["status"] == "proposed"
    assert plan["status"] == "accepted"
    assert (await read(client, full))["status"] == "replaced"


async def test_both_days_are_accepted_at_once_and_the_visit_is_on_the_new_one(api):
    client, _, (full, room, *_), _ = await week_of(api)
    for day in (full, room):
        await client.post(f"{PLANS}/{day['id']}/accept")
    gone = accounts(full)[0]

    answer = await moved(client, full, account_id=gone, to_plan_id=room["id"], accept=True)

    assert answer["from_plan"]["status"] == "accepted"
    (stop,) = [stop for stop in answer["plan"]["stops"] if stop["account_id"] == gone]
    visit = (await client.get(f"/api/v1/crm/activities/{stop['activity_id']}")).json()
    assert (visit["status"], visit["due_at"][:10]) == ("scheduled", room["day"])


async def test_where_it_is_closed_by_then_says_so_and_where_it_would_fit(api):
    def world(session):
        rep = make_rep(session)
        early = {"opening_hours": {"1": [["08:00", "10:00"]]}}
        names = ("Early Bird", "Noon Tools", "Late Mowers")
        for n, name in enumerate(names):
            make_dealer(session, north=3 * n + 2, owner_id=rep.id, name=name, **(early if n == 0 else {}))
        return rep

    rep = await api.db.write(world)
    client = await api.signed_in(rep)
    plan = (await client.post(PLANS, json={"day": MONDAY, "shift_start": "08:00"})).json()
    first = next(stop for stop in plan["stops"] if stop["account_name"] == "Early Bird")

    refused = await client.post(
        f"{PLANS}/{plan['id']}/move", json={"account_id": first["account_id"], "position": 3}
    )

    body = refused.json()
    assert refused.status_code == 409
    assert [one["rule"] for one in body["broken"]] == ["closed"]
    assert 1 in body["fits"]
    assert 3 not in body["fits"]
    assert "Early Bird would be reached" in body["detail"]
    assert "it would fit" in body["detail"]
    assert (await read(client, plan))["status"] == "proposed"


async def test_a_full_day_names_what_would_have_to_go(api):
    client, _, (full, room, *_), _ = await week_of(api, 20)
    assert len(room["stops"]) == 4

    refused = await client.post(
        f"{PLANS}/{full['id']}/move",
        json={"account_id": accounts(full)[0], "to_plan_id": room["id"], "position": 1},
    )

    names = [stop["account_name"] for stop in room["stops"]]
    assert refused.status_code == 409
    assert refused.json()["broken"][0]["rule"] == "too_many"
    assert any(f"in place of {name}" in refused.json()["detail"] for name in names), refused.json()


async def test_who_was_out_for_a_reason_still_is(api):
    rep, _ = await rep_with_dealers(api.db, 3)
    client = await api.signed_in(rep)
    plan = (await client.post(PLANS, json={"day": MONDAY, "max_visits": 1})).json()
    outside = {item["account_id"] for item in plan["left_out"]}

    now = (await moved(client, plan, account_id=accounts(plan)[0], position=1))["plan"]

    assert {item["account_id"] for item in now["left_out"]} == outside


async def test_the_planner_decides_again_with_what_it_was_asked_first(api):
    rep, _ = await rep_with_dealers(api.db, 6)
    client = await api.signed_in(rep)
    plan = (await client.post(PLANS, json={"day": MONDAY})).json()
    by_hand = (await moved(client, plan, account_id=accounts(plan)[-1], position=1))["plan"]

    again = (await client.post(f"{PLANS}/{by_hand['id']}/replan", json={})).json()

    assert again["engine"] != "by_hand"
    assert again["driving_seconds"] <= by_hand["driving_seconds"]
    assert set(accounts(again)) >= set(accounts(plan))


async def test_what_is_no_stop_ahead_is_not_moved(api):
    client, _, (full, room, *_), _ = await week_of(api)
    stranger = accounts(room)[0]
    body = {"account_id": stranger, "position": 1}

    refused = await client.post(f"{PLANS}/{full['id']}/move", json=body)
    twice = await client.post(
        f"{PLANS}/{full['id']}/move",
        json={"account_id": accounts(full)[0], "to_plan_id": full["id"], "position": 0},
    )

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "account_id"
    assert twice.status_code == 422


async def test_nobody_moves_the_stops_of_a_colleague(api):
    _, _, (full, *_), _ = await week_of(api)
    colleague = await api.db.write(lambda session: make_user(session, "rep"))
    client = await api.signed_in(colleague)

    answer = await client.post(
        f"{PLANS}/{full['id']}/move", json={"account_id": accounts(full)[0], "position": 1}
    )

    assert answer.status_code == 404
