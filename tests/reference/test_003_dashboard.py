"""Reference 003, dashboard and pipeline settings: key figures, pipeline distribution, pipelines and stages as pages."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from crm_api.core import clock
from tests.factories import make_lead, make_opportunity, make_user
from tests.support.api import Api
from tests.support.pages import Visit, visiting


@pytest.fixture
async def client(api: Api) -> httpx.AsyncClient:
    """Signed in as the administrator, over a small pipeline."""

    def world(session: Session) -> None:
        for stage, value in (("prospecting", 100_00), ("proposal", 200_00), ("closed_won", 300_00)):
            closed = clock.now() if stage == "closed_won" else None
            make_opportunity(session, stage, estimated_value=value, actual_close_date=closed)
        lead = make_lead(session)
        make_lead(session, status="lost")
        make_lead(session, status="converted", converted_at=clock.now() - timedelta(hours=1))
        make_opportunity(session, "prospecting", lead_id=lead.id, estimated_value=None)

    await api.db.write(world)
    return await api.client()


@pytest.fixture
async def visit(api: Api) -> Visit:
    """An administrator with the pages open."""
    return await visiting(api, await api.db.write(lambda session: make_user(session, "administrator")))


async def figure(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    told = (await client.get("/api/v1/crm/dashboard")).json()["figures"]
    (found,) = [one for one in told if one["name"] == name]
    return found


async def test_total_leads_counts_active_leads(client: httpx.AsyncClient) -> None:
    assert (await figure(client, "active_leads"))["value"] == 1


async def test_total_opportunities_has_count_and_total_value(client: httpx.AsyncClient) -> None:
    assert (await figure(client, "total_opportunities"))["count"] == 4
    assert (await figure(client, "open_pipeline"))["value"] == 300


async def test_won_deals_has_count_and_value(client: httpx.AsyncClient) -> None:
    won = await figure(client, "won_revenue")

    assert (won["count"], won["value"]) == (1, 300)


async def test_conversion_rate_is_of_leads_to_opportunities_in_percent(client: httpx.AsyncClient) -> None:
    assert round((await figure(client, "opportunity_rate"))["value"], 3) == 33.333


async def test_pipeline_distribution_is_a_chart_of_opportunities_by_stage(
    client: httpx.AsyncClient, visit: Visit
) -> None:
    told = (await client.get("/api/v1/crm/dashboard")).json()["breakdowns"]
    (stages,) = [one["rows"] for one in told if one["name"] == "pipeline"]

    assert [(row["key"], row["count"]) for row in stages] == [
        ("prospecting", 2), ("proposal", 1), ("closed_won", 1),
    ]  # fmt: skip
    assert "Pipeline by stage" in (await visit.get("/crm/dashboard")).text


async def test_the_dashboard_is_at_crm_dashboard_and_in_the_menu(visit: Visit) -> None:
    page = (await visit.get("/crm/dashboard")).text

    assert re.search(r'href="/crm/dashboard"[^>]*aria-current="page"', page)


async def test_pipelines_are_created_edited_and_deleted_at_crm_settings_pipelines(visit: Visit) -> None:
    settings = "/crm/settings/pipelines"
    await visit.post(
        f"{settings}/new", name="Enterprise Deals", applies_to="opportunity", stages="Talk\nOffer"
    )
    made = re.search(rf'href="({settings}/[0-9a-f-]{{36}})/remove"', (await visit.get(settings)).text)
    assert made
    await visit.post(made[1], name="Large Deals")
    assert "Large Deals" in (await visit.get(settings)).text
    await visit.post(f"{made[1]}/remove")

    assert "Large Deals" not in (await visit.get(settings)).text.partition("<main")[2]


async def test_stages_have_sequence_probability_and_color_on_that_page(visit: Visit) -> None:
    settings = "/crm/settings/pipelines"
    page = (await visit.get(settings)).text
    pipeline = re.search(r"stages/new\?pipeline_id=([0-9a-f-]{36})", page)
    assert pipeline
    await visit.post("/crm/settings/stages/new", pipeline_id=pipeline[1], name="Trial", kind="proposal",
                     probability="45", color="violet")  # fmt: skip

    page = (await visit.get(settings)).text

    assert re.search(r'class="dot violet".*?>Trial<.*?45%', page, re.DOTALL)
    assert 'name="position"' in page


async def test_stages_are_marked_as_won_or_lost_for_reporting(visit: Visit) -> None:
    page = (await visit.get("/crm/settings/pipelines")).text

    assert page.count('<span class="badge ok">Won</span>') == 2
    assert page.count('<span class="badge bad">Lost</span>') == 2


async def test_the_default_pipeline_for_new_records_is_set_there(visit: Visit) -> None:
    settings = "/crm/settings/pipelines"
    await visit.post(f"{settings}/new", name="Enterprise Deals", applies_to="opportunity", stages="Talk")
    other = re.search(rf'action="({settings}/[0-9a-f-]{{36}}/default)"', (await visit.get(settings)).text)
    assert other

    await visit.post(other[1])

    page = (await visit.get(settings)).text
    assert re.search(r"Enterprise Deals</h2>.*?Default", page, re.DOTALL)
    assert other[1] not in page
