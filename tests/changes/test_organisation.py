"""Undoing what administrators and managers keep: calendars, exchange rates, targets, and amounts that follow."""

from typing import Any

import httpx

from crm_api.analytics.flows import revalue
from tests.changes.trail import CHANGES, last, undone
from tests.support.api import Api

ORGANISATION = "/api/v1/organisation"
CALENDARS, RATES = f"{ORGANISATION}/holiday-calendars", f"{ORGANISATION}/rates"
LEADS, TARGETS, DEALS = "/api/v1/crm/leads", "/api/v1/crm/targets", "/api/v1/crm/opportunities"
CHRISTMAS = {"day": "2026-12-25", "name": "Christmas Day"}
MAY_DAY = {"day": "2026-05-01", "name": "May Day"}


async def created(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def entries(client: httpx.AsyncClient, change_set_id: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = (await client.get(f"{CHANGES}/{change_set_id}")).json()["entries"]["items"]
    return told


async def test_a_calendar_comes_back_with_its_days_and_territories(api: Api) -> None:
    client = await api.client()
    ohio = await created(client, "/api/v1/territories", name="Ohio")
    body = {"name": "Ohio", "territory_ids": [ohio["id"]], "holidays": [CHRISTMAS]}
    made = await created(client, CALENDARS, **body)
    address = f"{CALENDARS}/{made['id']}"

    await client.patch(address, json={"holidays": [MAY_DAY], "territory_ids": []})
    await undone(client, await last(api.db))
    back = (await client.get(address)).json()
    assert (back["holidays"], back["territory_ids"]) == ([CHRISTMAS], [ohio["id"]])

    await client.delete(address)
    await undone(client, deletion := await last(api.db))
    again = (await client.get(address)).json()
    assert (again["name"], again["holidays"], again["territory_ids"]) == ("Ohio", [CHRISTMAS], [ohio["id"]])
    told = await entries(client, deletion)
    assert {change["field"] for entry in told for change in entry["changes"]} >= {"holidays", "territory_ids"}


async def test_a_calendar_that_was_made_goes_and_can_be_made_again(api: Api) -> None:
    client = await api.client()
    made = await created(client, CALENDARS, name="World", holidays=[CHRISTMAS])
    revert = await undone(client, await last(api.db))

    assert (await client.get(f"{CALENDARS}/{made['id']}")).status_code == 404
    await undone(client, revert["id"])
    assert (await client.get(f"{CALENDARS}/{made['id']}")).json()["holidays"] == [CHRISTMAS]


async def test_rates_go_back_and_amounts_follow_them(api: Api) -> None:
    client = await api.client()
    await client.put(f"{RATES}/EUR/2020-01-01", json={"rate": 1.1})
    await created(client, LEADS, title="Abroad", estimated_value=100, currency="EUR")

    async def worth() -> list[int]:
        await revalue(api.db)
        return [n for n in (110, 120) if (await counted(client, n)) == 1]

    await client.put(f"{RATES}/EUR/2020-01-01", json={"rate": 1.2})
    change = await last(api.db)
    assert await worth() == [120]
    await undone(client, change)
    assert await worth() == [110]

    await client.put(f"{RATES}/EUR/2021-01-01", json={"rate": 1.2})
    revert = await undone(client, await last(api.db))
    assert (await worth(), (await client.get(f"{RATES}/EUR/2021-01-01")).status_code) == ([110], 404)
    await undone(client, revert["id"])
    assert (await worth(), (await client.get(f"{RATES}/EUR/2021-01-01")).json()["rate"]) == ([120], 1.2)


async def counted(client: httpx.AsyncClient, value: int) -> int:
    total: int = (await client.get(LEADS, params={"estimated_value": str(value)})).json()["total"]
    return total


async def test_an_amount_that_goes_back_counts_for_what_it_is_then(api: Api) -> None:
    client = await api.client()
    await client.put(f"{RATES}/EUR/2020-01-01", json={"rate": 1.5})
    lead = await created(client, LEADS, title="Abroad", estimated_value=100, currency="EUR")
    await client.patch(f"{LEADS}/{lead['id']}", json={"estimated_value": 300})
    edit = await last(api.db)
    assert await counted(client, 450) == 1
    await undone(client, edit)

    assert (await counted(client, 450), await counted(client, 150)) == (0, 1)
    told = await entries(client, edit)
    assert [change["field"] for entry in told for change in entry["changes"]] == ["estimated_value"]


async def test_a_target_goes_back_and_is_told_in_the_units_of_its_currency(api: Api) -> None:
    client = await api.client()
    await client.patch(ORGANISATION, json={"currency": "KWD"})
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    body = {
        "user_id": me,
        "measure": "won_value",
        "period": "month",
        "starts_on": "2026-11-01",
        "amount": 1000.5,
    }
    target = await created(client, TARGETS, **body)
    address = f"{TARGETS}/{target['id']}"

    await client.patch(address, json={"amount": 2000})
    edit = await last(api.db)
    told = await entries(client, edit)
    await undone(client, edit)
    back = (await client.get(address)).json()
    assert told[0]["changes"] == [{"field": "amount", "before": 1000.5, "after": 2000}]
    assert (back["amount"], back["currency"]) == (1000.5, "KWD")

    await client.delete(address)
    await undone(client, await last(api.db))
    assert (await client.get(address)).json()["amount"] == 1000.5
