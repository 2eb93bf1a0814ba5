"""Pipeline statistics and the lead summary."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from crm_api.analytics.schemas import LeadSummary, PipelineStats
from tests.factories import make_account, make_lead, make_opportunity, make_user
from tests.support.api import Api


async def test_open_value_is_weighted_by_probability_and_closed_deals_make_the_win_rate(api: Api) -> None:
    def world(session: Session) -> None:
        account = make_account(session)
        make_opportunity(session, "proposal", estimated_value=100_00, probability=50)
        make_opportunity(session, "negotiation", estimated_value=200_00, probability=75)
        make_opportunity(session, "negotiation")
        for _ in range(3):
            make_opportunity(session, "closed_won", estimated_value=10_00, account_id=account.id)
        make_opportunity(session, "closed_lost", estimated_value=999_00)

    await api.db.write(world)
    client = await api.client()

    answer = (await client.get("/api/v1/crm/opportunities/pipeline/stats")).json()

    PipelineStats.model_validate(answer, strict=True)
    assert (answer["total_opportunities"], answer["open_opportunities"]) == (7, 3)
    assert (answer["total_value"], answer["weighted_value"]) == (300.0, 200.0)
    assert (answer["win_rate"], answer["won_value"], answer["without_value"]) == (75.0, 30.0, 1)
    assert [row["stage"] for row in answer["by_stage"]] == [
        "proposal",
        "negotiation",
        "closed_won",
        "closed_lost",
    ]


async def test_statistics_of_an_empty_pipeline_have_no_rate(api: Api) -> None:
    answer = (await (await api.client()).get("/api/v1/crm/opportunities/pipeline/stats")).json()

    assert (answer["total_opportunities"], answer["win_rate"], answer["by_stage"]) == (0, None, [])


async def test_a_rep_counts_only_what_they_see(api: Api) -> None:
    def world(session: Session) -> object:
        rep = make_user(session)
        make_opportunity(session, "proposal", estimated_value=1_00, owner_id=rep.id)
        make_opportunity(session, "proposal", estimated_value=5_00)
        return rep

    client = await api.signed_in(await api.db.write(world))  # type: ignore[arg-type]

    answer = (await client.get("/api/v1/crm/opportunities/pipeline/stats")).json()

    assert (answer["total_opportunities"], answer["total_value"]) == (1, 1.0)


async def test_the_lead_summary_counts_by_status_source_and_priority(api: Api) -> None:
    made = datetime(2026, 3, 10, 12, tzinfo=UTC)

    def world(session: Session) -> None:
        make_lead(session, source="website", score=90, created_at=made)
        make_lead(session, source="referral", rating="hot", score=50, created_at=made)
        make_lead(
            session, status="converted", score=40, created_at=made, converted_at=made + timedelta(days=8)
        )
        make_lead(session, status="lost", score=20, created_at=made + timedelta(days=30))

    await api.db.write(world)
    client = await api.client()

    answer = (
        await client.get(
            "/api/v1/crm/leads/analytics/summary",
            params={"start_date": "2026-03-10", "end_date": "2026-03-10"},
        )
    ).json()

    LeadSummary.model_validate(answer)
    assert answer["by_status"] == {"new": 2, "converted": 1}
    assert answer["by_source"] == {"website": 1, "referral": 1, "none": 1}
    assert (answer["total_leads"], answer["hot_leads_count"], answer["average_lead_score"]) == (3, 2, 60.0)
    assert abs(answer["conversion_rate"] - 100 / 3) < 1e-9
    assert abs(answer["avg_days_to_convert"] - 8) < 1e-6


async def test_a_period_that_ends_before_it_begins_is_refused(api: Api) -> None:
    answer = await (await api.client()).get(
        "/api/v1/crm/leads/analytics/summary", params={"start_date": "2026-03-10", "end_date": "2026-03-01"}
    )

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "end_date")
