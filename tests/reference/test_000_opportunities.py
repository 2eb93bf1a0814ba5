"""000, the B2B CRM: the nine opportunity endpoints, the model's fields, and what its own tests prove."""

import json
from typing import Any

import pytest

from tests.app.resources import problem
from tests.reference.test_001_opportunities import PATH, made
from tests.support.api import Api


async def test_get_by_id_and_get_by_number_are_the_same(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    answers = [
        await client.get(f"{PATH}/{deal['id']}"),
        await client.get(f"{PATH}/number/{deal['opportunity_number']}"),
    ]

    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["etag"] == answers[1].headers["etag"]


async def test_an_unknown_number_is_not_there(api: Api) -> None:
    problem(await (await api.client()).get(f"{PATH}/number/OPP-20200101-0001"), 404)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("products_interested", {"categories": ["Jackets"], "quantity": 500}),
        ("competitors", ["Contoso", "Fabrikam"]),
        ("competitors", [{"name": "Contoso", "strength": "price"}]),
        ("risks", "The budget is not signed"),
        ("risks", {"budget": "high", "timing": "low"}),
        ("requirements", {"delivery": "before March"}),
        ("tags", ["Fleet", "Winter"]),
        ("next_step", "Call the purchasing manager"),
        ("next_step_date", "2026-12-01T09:00:00Z"),
        ("description", "Bulk order"),
        ("forecast_category", "commit"),
    ],
)
async def test_flexible_fields_read_back_what_was_written(api: Api, field: str, value: Any) -> None:
    client = await api.client()
    deal = await made(client, **{field: value})

    assert (await client.get(f"{PATH}/{deal['id']}")).json()[field] == value
    emptied = await client.patch(f"{PATH}/{deal['id']}", json={field: [] if field == "tags" else None})
    assert emptied.status_code == (422 if field == "forecast_category" else 200), emptied.text


@pytest.mark.parametrize(
    "value", [{"a": "x" * 20_001}, {"a": "\x00"}, ["\x07"], [[["x" * 30_000]]], 5, True, {"a": 1e400}]
)
async def test_flexible_fields_refuse_what_no_database_keeps(api: Api, value: Any) -> None:
    client = await api.client()
    answer = await client.post(
        PATH,
        content=json.dumps({"name": "Deal", "competitors": value}),
        headers={"Content-Type": "application/json"},
    )

    problem(answer, 422)


async def test_deleting_takes_it_out_of_lists_and_statistics(api: Api) -> None:
    client = await api.client()
    deal = await made(client)
    assert (await client.delete(f"{PATH}/{deal['id']}")).status_code == 204

    assert (await client.get(PATH)).json()["total"] == 0
    assert (await client.get(f"{PATH}/pipeline/stats")).json()["total_opportunities"] == 0


async def test_the_pipeline_report_tells_by_owner_and_month(api: Api) -> None:
    client = await api.client()
    await made(client)
    await made(client, stage="closed_won", actual_close_date="2026-01-10T12:00:00Z")
    told = (await client.get(f"{PATH}/pipeline/report")).json()

    assert (told["total_opportunities"], told["win_rate"], told["average_deal_size"]) == (2, 100, 150000)
    assert [(row["month"], row["total_opportunities"]) for row in told["by_month"]] == [
        ("2025-12", 1),
        ("2026-01", 1),
    ]
    assert [row["total_value"] for row in told["by_owner"]] == [150000]


async def test_lists_are_paged_and_filtered(api: Api) -> None:
    client = await api.client()
    for _ in range(3):
        await made(client)
    page = (await client.get(PATH, params={"page": 2, "page_size": 2, "stage": "proposal"})).json()

    assert (len(page["items"]), page["total"], page["pages"]) == (1, 3, 2)


async def test_notes_are_appended_with_author_and_time(api: Api) -> None:
    client = await api.client()
    deal = await made(client, notes="First")
    await client.patch(f"{PATH}/{deal['id']}", json={"notes": "Second"})

    told = (await client.get(f"{PATH}/{deal['id']}")).json()
    assert [note["text"] for note in told["notes"]] == ["First", "Second"]
    assert {note["author_id"] for note in told["notes"]} == {deal["owner_id"]}
    assert told["version"] == deal["version"]  # what is said about a deal does not change it
    listed = await client.get(
        "/api/v1/crm/activities", params={"opportunity_id": deal["id"], "activity_type": "note"}
    )
    assert listed.json()["total"] == 2
