"""Reference 001, "B2B CRM Quick Reference Guide": its lead examples, sent as they are written there."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.app.resources import ACCOUNT, CRM, LEAD, problem
from tests.support.api import Api

LEADS = f"{CRM}/leads"
TECH_SOLUTIONS: dict[str, Any] = {
    "company_name": "Tech Solutions Ltd",
    "industry": "Technology",
    "company_size": "50-100",
    "website": "https://techsolutions.com",
    "contact_person": "John Doe",
    "title_position": "Purchasing Manager",
    "email": "john@techsolutions.com",
    "phone": "+911234567890",
    "city": "Mumbai",
    "state": "Maharashtra",
    "country": "India",
    "source": "website",
    "priority": "high",
    "estimated_deal_value": 50000.00,
    "requirements": "Looking for bulk garments for corporate uniforms",
}


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(LEADS, json={**TECH_SOLUTIONS, **values})
    assert answer.status_code == 201, answer.text
    lead: dict[str, Any] = answer.json()
    return lead


async def test_a_lead_is_created_and_reads_back_every_value_posted(api: Api) -> None:
    client = await api.client()
    lead = await made(client)

    assert {name: lead[name] for name in TECH_SOLUTIONS} == TECH_SOLUTIONS
    assert re.fullmatch(r"LEAD-\d{8}-\d{4}", lead["lead_number"])
    read = (await client.get(f"{LEADS}/{lead['id']}")).json()
    assert {name: read[name] for name in TECH_SOLUTIONS} == TECH_SOLUTIONS


async def test_lead_numbers_are_sequential_per_day(api: Api) -> None:
    client = await api.client()
    one, two = await made(client, email=None), await made(client, email=None)

    assert one["lead_number"].endswith("-0001")
    assert two["lead_number"] == one["lead_number"].removesuffix("1") + "2"


async def test_leads_are_listed_by_page_status_search_and_assigned_user(api: Api) -> None:
    client = await api.client()
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    lead = await made(client, assigned_to_id=me)
    await made(client, email=None, company_name="Other", contact_person="Jane Roe", website=None)
    params = {"page": 1, "page_size": 50, "status": "new", "search": "Tech", "assigned_to_id": me}

    page = (await client.get(LEADS, params=params)).json()

    assert [item["id"] for item in page["items"]] == [lead["id"]]
    assert (page["page"], page["page_size"], page["total"]) == (1, 50, 1)


@pytest.mark.parametrize("status", ["new", "contacted", "qualified", "converted", "lost"])
async def test_every_status_filters(api: Api, status: str) -> None:
    client = await api.client()
    lead = await made(client)
    if status != "new":
        await client.patch(f"{LEADS}/{lead['id']}", json={"status": status})

    assert (await client.get(LEADS, params={"status": status})).json()["total"] == 1


@pytest.mark.parametrize(
    "source",
    "website referral phone email trade_show social_media advertising partner cold_call other".split(),
)
async def test_every_source_filters(api: Api, source: str) -> None:
    client = await api.client()
    await made(client, source=source)

    assert (await client.get(LEADS, params={"source": source})).json()["total"] == 1


@pytest.mark.parametrize("priority", ["low", "medium", "high", "urgent"])
async def test_every_priority_filters(api: Api, priority: str) -> None:
    client = await api.client()
    await made(client, priority=priority)

    assert (await client.get(LEADS, params={"priority": priority})).json()["total"] == 1


async def test_is_qualified_filters(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    await client.post(f"{LEADS}/{lead['id']}/qualify", json={"qualification_score": 85})
    await made(client, email=None)

    for wanted in ("true", "false"):
        (item,) = (await client.get(LEADS, params={"is_qualified": wanted})).json()["items"]
        assert item["is_qualified"] is (wanted == "true")


@pytest.mark.parametrize("words", ["Tech Sol", "John Doe", "john@techsolutions.com", "LEAD-"])
async def test_search_looks_in_company_person_email_and_number(api: Api, words: str) -> None:
    client = await api.client()
    await made(client)

    assert (await client.get(LEADS, params={"search": words})).json()["total"] == 1


async def test_filters_and_search_go_together(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    await client.post(f"{LEADS}/{lead['id']}/qualify", json={"qualification_score": 85, "is_qualified": True})
    params = {"search": "tech", "status": "qualified", "priority": "high", "page": 1, "page_size": 20}

    assert (await client.get(LEADS, params=params)).json()["total"] == 1


async def test_a_lead_is_qualified_with_a_score_and_notes(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    body = {"qualification_score": 85, "is_qualified": True, "notes": "Strong prospect - budget confirmed"}

    answer = await client.post(f"{LEADS}/{lead['id']}/qualify", json=body)

    qualified = answer.json()
    assert answer.status_code == 200
    assert (qualified["qualification_score"], qualified["is_qualified"]) == (85, True)
    assert qualified["status"] == "qualified"
    assert body["notes"] in [line["text"] for line in qualified["notes"]]


@pytest.mark.parametrize("score", [-1, 101, 8.5, True, "high"])
async def test_a_qualification_score_is_from_0_to_100(api: Api, score: Any) -> None:
    client = await api.client()
    lead = await made(client)

    answer = await client.post(f"{LEADS}/{lead['id']}/qualify", json={"qualification_score": score})
    problem(answer, 422, field="qualification_score")


async def test_a_lead_is_converted_to_a_customer(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    customer = (await client.post(ACCOUNT.path, json={"name": "Tech Solutions"})).json()
    body = {"customer_id": customer["id"], "notes": "First order placed - 500 units"}

    answer = await client.post(f"{LEADS}/{lead['id']}/convert", json=body)

    converted = answer.json()
    assert answer.status_code == 200, answer.text
    assert (converted["status"], converted["converted_to_customer"]) == ("converted", customer["id"])
    assert converted["converted_at"] is not None
    assert body["notes"] in [line["text"] for line in converted["notes"]]


async def test_todays_follow_ups_are_those_due_by_the_end_of_today_overdue_first(api: Api) -> None:
    client, now = await api.client(), datetime.now(UTC)
    due = {
        name: (await made(client, email=None, next_follow_up_date=at.isoformat()))["id"]
        for name, at in {
            "today": now,
            "overdue": now - timedelta(days=9),
            "later": now + timedelta(days=2),
            "lost": now,
        }.items()
    }
    await client.patch(f"{LEADS}/{due['lost']}", json={"status": "lost"})

    page = (await client.get(f"{LEADS}/follow-ups/today")).json()

    assert [item["id"] for item in page["items"]] == [due["overdue"], due["today"]]


async def test_lead_analytics_cover_a_period(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    await made(client, email=None, source="referral")
    await client.post(f"{LEADS}/{lead['id']}/convert")
    year = datetime.now(UTC).year
    params = {"start_date": f"{year}-01-01", "end_date": f"{year}-12-31"}

    for path in ("analytics/summary", "statistics"):
        told = (await client.get(f"{LEADS}/{path}", params=params)).json()
        assert told["total_leads"] == 2
        assert told["by_status"] == {"converted": 1, "new": 1}
        assert told["by_source"] == {"website": 1, "referral": 1}
        assert told["conversion_rate"] == 50
        assert 0 <= told["avg_days_to_convert"] < 1
    past = {"start_date": "2025-01-01", "end_date": "2025-12-31"}
    assert (await client.get(f"{LEADS}/analytics/summary", params=past)).json()["total_leads"] == 0


async def test_an_email_is_unique_across_all_leads(api: Api) -> None:
    client = await api.client()
    await made(client)

    problem(await client.post(LEADS, json={**TECH_SOLUTIONS, "email": "JOHN@techsolutions.com"}), 409)


async def test_the_lead_to_customer_journey(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    address = f"{LEADS}/{lead['id']}"
    talk = {"lead_id": lead["id"], "activity_type": "phone", "subject": "First talk", "status": "completed"}
    assert (await client.post(f"{CRM}/activities", json=talk)).status_code == 201
    assert (await client.post(f"{address}/qualify", json={"qualification_score": 85})).status_code == 200
    customer = (await client.post(ACCOUNT.path, json={"name": "Tech Solutions"})).json()
    deal = {"name": "Uniforms", "customer_id": customer["id"], "lead_id": lead["id"], "amount": 50000}
    made_deal = (await client.post(f"{CRM}/opportunities", json=deal)).json()
    await client.put(f"{CRM}/opportunities/{made_deal['id']}", json={"stage": "negotiation"})
    won = await client.post(f"{CRM}/opportunities/{made_deal['id']}/close", json={"stage": "closed_won"})
    assert won.json()["stage"] == "closed_won"

    converted = await client.post(f"{address}/convert", json={"customer_id": customer["id"]})

    assert converted.json()["status"] == "converted"
    timeline = (await client.get(f"{CRM}/accounts/{customer['id']}/timeline")).json()
    lines = timeline if isinstance(timeline, list) else timeline["items"]
    assert any("First talk" in line["summary"] for line in lines)


async def test_leads_answer_401_without_a_token(api: Api) -> None:
    assert (await api.anonymous().get(LEADS)).status_code == 401
    assert LEAD.path == LEADS
