"""What a planned week costs, end to end: the planner, the budget of a day, the meter, and Google's own adapter."""

from dataclasses import replace

import httpx
import pytest
import respx
import sqlalchemy as sa
from pydantic import SecretStr

from crm_api.maps.meter import DatabaseSpendMeter
from crm_api.maps.models import MapCall
from integrations import http
from integrations.google_maps.routes import BASE_URL, ROUTE_PATH, GoogleRouteTimes
from tests.integrations.google_maps.routes_api import KEY, DrivesApi
from tests.support.api import serving
from tests.support.ports import offline_ports
from tests.visits.people import MONDAY, rep_with_dealers

WEEKS, SPEND = "/api/v1/crm/visits/weeks", "/api/v1/crm/maps/spend"
WEEK = {"first_day": MONDAY, "days": 5, "account_type": "dealer", "work_days_off": True}


async def planned(db, tmp_path, roads_api, *, limit=20.0, dealers=40):
    """A week planned with Google's roads behind it: the answer, what it cost in micros, and the calls."""
    rep, _ = await rep_with_dealers(db, dealers)
    with respx.mock(assert_all_called=False) as google:
        google.post(BASE_URL + ROUTE_PATH).mock(side_effect=roads_api)
        async with http.new_client() as client:
            roads = GoogleRouteTimes(SecretStr(KEY), client, DatabaseSpendMeter(db, limit=limit))
            ports = replace(offline_ports(tmp_path), road_times=roads)
            async with serving(db, tmp_path, ports, maps_monthly_usd=limit) as api:
                signed_in = await api.signed_in(rep)
                answer = await signed_in.post(WEEKS, json=WEEK)
                assert answer.status_code == 201, answer.text
    calls = await db.read(lambda s: list(s.scalars(sa.select(MapCall).where(MapCall.outcome != "refused"))))
    return answer.json(), sum(call.micros for call in calls), calls


async def test_a_week_costs_ten_cents_at_most_and_every_call_is_logged(db, tmp_path):
    week, micros, calls = await planned(db, tmp_path, DrivesApi())
    assert week["visits"] > 20
    assert 5 * 5_000 <= micros <= 100_000
    assert {call.service for call in calls} == {"Google Routes"}
    assert {call.outcome for call in calls} == {"paid"}


async def test_at_the_months_limit_the_week_is_planned_anyway_and_says_why_it_is_estimated(db, tmp_path):
    week, micros, _ = await planned(db, tmp_path, DrivesApi(), limit=0.012)
    assert micros <= 12_000
    assert week["visits"] > 20
    assert "The monthly limit of USD 0.012 for paid maps is reached" in " ".join(week["notes"])


@pytest.mark.parametrize("status", [403, 500])
async def test_when_google_fails_the_week_is_planned_on_estimates_and_says_so(
    db, tmp_path, status, monkeypatch
):
    async def at_once(seconds):
        return None

    monkeypatch.setattr(http.asyncio, "sleep", at_once)
    week, _, _ = await planned(db, tmp_path, lambda request: httpx.Response(status))
    assert week["visits"] > 20
    assert f"Travel times are estimated: routes.googleapis.com answered {status}" in " ".join(week["notes"])
    assert week["is_estimate"]
