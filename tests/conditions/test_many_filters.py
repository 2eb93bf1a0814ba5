"""A query string of more filters than a list takes."""

from tests.support.api import Api


async def test_more_filters_than_a_list_takes_are_refused_with_the_limit(api: Api) -> None:
    client = await api.client()

    answer = await client.get("/api/v1/crm/leads", params=[("score__gte", str(n)) for n in range(51)])

    assert answer.status_code == 400
    assert "at most 50" in answer.json()["detail"]
