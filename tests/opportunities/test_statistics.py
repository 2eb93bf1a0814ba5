import pytest
from sqlalchemy.orm import Session

from tests.factories import make_opportunity, make_user
from tests.support.api import Api

PATH = "/api/v1/crm/opportunities/pipeline/stats"


async def test_values_count_open_deals_only_and_the_win_rate_closed_ones(api: Api) -> None:
    def deals(session: Session) -> None:
        make_opportunity(session, "proposal", estimated_value=100_000, probability=50)
        make_opportunity(session, "negotiation", estimated_value=200_000, probability=75)
        make_opportunity(session, "closed_won", estimated_value=900_000)
        make_opportunity(session, "closed_won", estimated_value=100_000)
        make_opportunity(session, "closed_lost", estimated_value=500_000)

    await api.db.write(deals)
    figures = (await (await api.client()).get(PATH)).json()

    assert (figures["total_opportunities"], figures["total_value"], figures["weighted_value"]) == (
        5,
        3000,
        2000,
    )
    assert figures["win_rate"] == pytest.approx(200 / 3)
    assert [(stage["stage"], stage["count"], stage["value"]) for stage in figures["by_stage"]] == [
        ("proposal", 1, 1000),
        ("negotiation", 1, 2000),
        ("closed_won", 2, 10_000),
        ("closed_lost", 1, 5000),
    ]


async def test_without_a_closed_deal_there_is_no_win_rate(api: Api) -> None:
    figures = (await (await api.client()).get(PATH)).json()

    assert (figures["total_opportunities"], figures["total_value"], figures["win_rate"]) == (0, 0, None)


async def test_a_rep_sees_the_figures_of_their_own_deals(api: Api) -> None:
    rep = await api.db.write(lambda session: make_user(session, "rep"))

    def deals(session: Session) -> None:
        make_opportunity(session, estimated_value=100_000, owner_id=rep.id)
        make_opportunity(session, estimated_value=700_000)

    await api.db.write(deals)

    assert (await (await api.signed_in(rep)).get(PATH)).json()["total_value"] == 1000


async def test_the_figures_of_one_owner_can_be_asked_for(api: Api) -> None:
    rep = await api.db.write(lambda session: make_user(session, "rep"))
    await api.db.write(lambda session: make_opportunity(session, estimated_value=100_000, owner_id=rep.id))
    await api.db.write(lambda session: make_opportunity(session, estimated_value=700_000))

    assert (await (await api.client()).get(PATH, params={"owner_id": str(rep.id)})).json()[
        "total_value"
    ] == 1000
