"""Forecast, bridge and hygiene: each figure is what its definition says."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.analytics.bridge import PARTS, Period, State, counted, parts
from crm_api.core import clock
from tests.app.resources import problem
from tests.support.api import Api
from tests.support.statements import counted as statements

CRM = "/api/v1/crm"
PATH = f"{CRM}/opportunities"
PERIOD = {"period_start": "2026-11-01", "period_end": "2026-12-31"}


async def made(client: httpx.AsyncClient, value: float, day: str | None, **more: Any) -> dict[str, Any]:
    body = {"name": "Deal", "estimated_value": value, "expected_close_date": day, **more}
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    deal: dict[str, Any] = answer.json()
    return deal


async def account(client: httpx.AsyncClient) -> str:
    return str((await client.post(f"{CRM}/accounts", json={"name": "Harbor"})).json()["id"])


async def read(client: httpx.AsyncClient, what: str, **asked: Any) -> dict[str, Any]:
    answer = await client.get(f"{PATH}/{what}", params=asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


# ── Forecast ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_stage_says_the_category_unless_a_person_does(api: Api) -> None:
    client = await api.client()
    told = [
        (await made(client, 1, None, stage=stage))["forecast_category"]
        for stage in ("prospecting", "proposal", "negotiation")
    ]
    assert told == ["pipeline", "best_case", "commit"]

    deal = await made(client, 1, None, stage="negotiation", forecast_category="omitted")
    assert deal["forecast_category"] == "omitted"
    moved = await client.post(f"{PATH}/{deal['id']}/move-stage", json={"stage": "proposal"})
    assert moved.json()["forecast_category"] == "best_case"


async def test_what_is_omitted_counts_nowhere_else(api: Api) -> None:
    client = await api.client()
    await made(client, 1000, "2026-11-10", stage="proposal")
    await made(client, 300, "2026-11-10", forecast_category="omitted")
    told = await read(client, "forecast", **PERIOD)

    assert (told["count"], told["total_value"], told["weighted_value"]) == (1, 1000, 500)
    assert (told["pipeline"], told["best_case"], told["commit"], told["omitted"]) == (0, 1000, 0, 300)


async def test_won_deals_stand_in_the_month_they_were_won_in_the_companys_zone(api: Api) -> None:
    client = await api.client()
    await client.patch("/api/v1/organisation", json={"time_zone": "America/New_York"})
    harbor = await account(client)
    await made(
        client, 500, "2026-01-01", account_id=harbor, stage="closed_won",
        actual_close_date="2026-12-01T03:00:00Z",
    )  # fmt: skip
    told = await read(client, "forecast", **PERIOD)

    assert [(b["key"], b["won_count"], b["won_value"]) for b in told["buckets"]] == [
        ("2026-11", 1, 500),
        ("2026-12", 0, 0),
    ]


@pytest.mark.parametrize("group", ["month", "owner", "stage"])
async def test_whatever_it_is_grouped_by_it_adds_up_and_costs_the_same(api: Api, group: str) -> None:
    client, rep = await api.client(), await api.client("rep")
    me = (await rep.get("/api/v1/auth/me")).json()["id"]
    for n, stage in enumerate(["prospecting", "proposal", "negotiation", "proposal"]):
        await made(client, 100 * n, "2026-12-10", stage=stage, owner_id=me if n % 2 else None)
    for asking in (client, rep):
        with statements() as sent:
            told = await read(asking, "forecast", group_by=group, **PERIOD)
        assert len(sent) <= 8, "\n".join(sent)
        for name in ("count", "total_value", "weighted_value", "commit", "best_case", "pipeline"):
            assert told[name] == sum(bucket[name] for bucket in told["buckets"]), name
    assert told["count"] == 2


async def test_targets_of_people_stand_beside_what_they_may_bring(api: Api) -> None:
    client = await api.client()
    rep = await api.client("rep")
    me = (await rep.get("/api/v1/auth/me")).json()["id"]
    target = {"user_id": me, "measure": "won_value", "period": "month", "amount": 5000}
    for month in ("2026-11-01", "2026-12-01"):
        assert (await client.post(f"{CRM}/targets", json={**target, "starts_on": month})).status_code == 201
    await made(client, 100, "2026-12-10", owner_id=me)

    by_month = await read(client, "forecast", **PERIOD)
    assert [bucket["target"] for bucket in by_month["buckets"]] == [5000, 5000]
    by_owner = await read(rep, "forecast", group_by="owner", **PERIOD)
    assert [(bucket["key"], bucket["target"]) for bucket in by_owner["buckets"]] == [(me, 10_000)]
    assert (await read(client, "forecast", group_by="stage", **PERIOD))["target"] is None


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"period_start": "2026-11-02"}, "period_start"),
        ({"period_start": "2026-11-01", "period_end": "2026-11-29"}, "period_end"),
        ({"period_start": "2026-11-01", "period_end": "2026-10-31"}, "period_end"),
        ({"period_start": "2000-01-01", "period_end": "2026-10-31"}, "period_end"),
    ],
)
async def test_a_forecast_is_by_whole_months(api: Api, asked: dict[str, str], field: str) -> None:
    problem(await (await api.client()).get(f"{PATH}/forecast", params=asked), 422, field=field)


# ── Bridge ───────────────────────────────────────────────────────────────────────────────────────

STATES = st.builds(
    State,
    kind=st.sampled_from([None, "proposal", "negotiation", "closed_won", "closed_lost"]),
    closes_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    value=st.integers(0, 10**6),
)
EDGES = st.none() | st.dates(date(2026, 3, 1), date(2026, 9, 30))


@given(then=STATES, now=STATES, start=EDGES, end=EDGES, existed=st.booleans())
def test_the_parts_of_a_deal_always_add_up(
    then: State, now: State, start: date | None, end: date | None, existed: bool
) -> None:
    period = Period(start, end)
    then = then if existed else State(None)
    told = parts(then, now, period, existed=existed)

    assert sum(told.values()) == counted(now, period) - counted(then, period)
    assert set(told) <= set(PARTS)


async def test_a_bridge_tells_what_became_of_each_deal(api: Api) -> None:
    client = await api.client()
    harbor = await account(client)
    yesterday = datetime.now(UTC) - timedelta(days=2)
    with clock.frozen(yesterday):
        old = [await made(client, 1000 * n, "2026-12-10", account_id=harbor) for n in range(1, 7)]
        outside = await made(client, 70, "2027-03-01", account_id=harbor)
    await client.patch(f"{PATH}/{old[0]['id']}", json={"estimated_value": 1500})
    await client.patch(f"{PATH}/{old[1]['id']}", json={"expected_close_date": "2027-02-01"})
    await client.post(f"{PATH}/{old[2]['id']}/mark-won", json={})
    await client.post(f"{PATH}/{old[3]['id']}/mark-lost", json={"loss_reason": "Price"})
    await client.delete(f"{PATH}/{old[4]['id']}")
    await client.patch(f"{PATH}/{outside['id']}", json={"expected_close_date": "2026-12-20"})
    await made(client, 40, "2026-12-01")

    since = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    told = await read(client, "forecast/bridge", since=since, **PERIOD)

    assert told["opening"] == 21_000
    assert {row["part"]: row["value"] for row in told["parts"] if row["value"]} == {
        "new": 40,
        "pulled_in": 70,
        "resized": 500,
        "pushed_out": -2000,
        "won": -3000,
        "lost": -4000,
        "deleted": -5000,
    }
    assert told["closing"] == told["opening"] + sum(row["value"] for row in told["parts"]) == 7610
    assert (told["largest"][0]["part"], told["largest"][0]["value"]) == ("deleted", -5000)


async def test_a_bridge_looks_back(api: Api) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()

    problem(
        await (await api.client()).get(f"{PATH}/forecast/bridge", params={"since": ahead}),
        422,
        field="since",
    )


# ── Hygiene ──────────────────────────────────────────────────────────────────────────────────────


async def test_every_issue_is_counted_and_its_filter_lists_it(api: Api) -> None:
    client = await api.client()
    harbor = await account(client)
    for name in ("Ann", "Lee"):
        await client.post(f"{CRM}/contacts", json={"first_name": name, "account_id": harbor})
    fine = {"account_id": harbor, "next_step": "Call"}
    healthy = await made(client, 10, "2999-01-01", **fine)
    await made(client, 20, "2999-01-01", account_id=harbor)
    await made(client, 30, "2020-01-01", **fine)
    await made(client, 40, None, **fine)
    await made(client, 50, "2999-01-01", next_step="Call")
    pushed = await made(client, 60, "2998-01-01", **fine)
    for day in ("2998-02-01", "2998-03-01"):
        await client.patch(f"{PATH}/{pushed['id']}", json={"expected_close_date": day})
    (stage,) = [
        one
        for one in (await client.get(f"{CRM}/stages", params={"pipeline_id": healthy["pipeline_id"]})).json()[
            "items"
        ]
        if one["kind"] == "proposal"
    ]
    await client.patch(f"{CRM}/stages/{stage['id']}", json={"rotting_days": 10})
    with clock.frozen(datetime.now(UTC) - timedelta(days=11)):
        rotting = await made(client, 70, "2999-01-01", stage="proposal", **fine)
    told = await read(client, "hygiene")

    assert (told["open_opportunities"], told["healthy"]) == (7, 1)
    assert {row["issue"]: (row["count"], row["value"]) for row in told["issues"]} == {
        "no_next_step": (1, 20),
        "close_date_passed": (1, 30),
        "no_close_date": (1, 40),
        "single_contact": (1, 50),
        "pushed": (1, 60),
        "rotting": (1, 70),
    }
    for row in told["issues"]:
        listed = (await client.get(f"{PATH}?{row['filter']}")).json()
        assert [item["estimated_value"] for item in listed["items"]] == [row["value"]], row
    shown = (await client.get(f"{PATH}/{rotting['id']}")).json()
    assert (shown["is_rotting"], shown["days_in_stage"]) == (True, 11)
    assert (await client.get(f"{PATH}/{pushed['id']}")).json()["push_count"] == 2
