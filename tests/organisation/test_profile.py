"""The organisation's profile, and how each of its people wants things written."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crm_api.core import clock
from tests.app.resources import problem
from tests.support.api import Api

PROFILE, ME = "/api/v1/organisation", "/api/v1/auth/me"
WEEK = {str(day): [["09:00", "17:00"]] for day in range(1, 6)}


async def test_a_change_touches_just_the_fields_sent(api: Api) -> None:
    client = await api.client()
    before = (await client.get(PROFILE)).json()
    change = {"name": "Rounds Motors", "working_hours": WEEK, "distance_unit": "mi", "locale": "en-us"}
    answer = await client.patch(PROFILE, json=change)
    after = answer.json()

    assert {name for name in before if before[name] != after[name]} == {*change, "version", "updated_at"}
    assert (after["working_hours"], after["locale"]) == (WEEK, "en-US")
    assert answer.headers["etag"] == f'"{after["version"]}"'
    again = await client.patch(PROFILE, json={"working_hours": WEEK})
    assert again.json()["version"] == after["version"]


async def test_the_address_on_mails_is_made_of_its_parts_until_somebody_writes_it(api: Api) -> None:
    client = await api.client()
    parts = {"street": "1 Main Street", "city": "Columbus", "state": "OH", "zip": "43215", "country": "USA"}
    made = (await client.patch(PROFILE, json=parts)).json()["postal_address"]
    written = (await client.patch(PROFILE, json={"postal_address": "PO Box 7, Columbus"})).json()
    back = (await client.patch(PROFILE, json={"postal_address": None})).json()["postal_address"]

    assert made == back == "1 Main Street, Columbus OH 43215, USA"
    assert (written["postal_address"], written["street"]) == ("PO Box 7, Columbus", "1 Main Street")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("locale", "xx-YY"), ("locale", None), ("week_starts_on", 8), ("distance_unit", "furlong"),
        ("working_hours", {"8": [["09:00", "17:00"]]}), ("working_hours", {"1": [["17:00", "09:00"]]}),
        ("fiscal_year_start_month", 13), ("currency", "XYZ"), ("name", None),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused_by_name(api: Api, field: str, value: Any) -> None:
    client = await api.client()
    fault = problem(await client.patch(PROFILE, json={field: value}), 422)["errors"][0]["field"]

    assert fault.startswith(field)


async def test_everybody_has_the_organisations_formats_until_they_choose_their_own(api: Api) -> None:
    boss, rep = await api.client(), await api.client("rep")
    await boss.patch(PROFILE, json={"locale": "de-DE", "week_starts_on": 1, "distance_unit": "km"})
    formats = ("locale", "week_starts_on", "distance_unit", "currency")

    def of(me: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(me[name] for name in formats)

    assert of((await rep.get(ME)).json()) == ("de-DE", 1, "km", "USD")
    chosen = await rep.patch(ME, json={"locale": "en-US", "week_starts_on": 7, "distance_unit": "mi"})
    assert of(chosen.json()) == of((await rep.get(ME)).json()) == ("en-US", 7, "mi", "USD")
    await rep.patch(ME, json={"locale": None})
    assert of((await rep.get(ME)).json()) == ("de-DE", 7, "mi", "USD")
    problem(await rep.patch(ME, json={"locale": "klingon"}), 422, field="locale")
    problem(await rep.patch(ME, json={"role": "administrator"}), 422, field="role")


async def test_this_week_begins_on_the_day_whoever_looks_chose(api: Api) -> None:
    client = await api.client()
    with clock.frozen(datetime(2026, 11, 15, 12, tzinfo=UTC)):
        await client.post("/api/v1/crm/leads", json={"title": "On Sunday"})

    async def this_week() -> int:
        with clock.frozen(datetime(2026, 11, 18, 12, tzinfo=UTC)):
            asked = await client.get("/api/v1/crm/leads", params={"created_at__gte": "this_week"})
            total: int = asked.json()["total"]
            return total

    before = await this_week()
    await client.patch(ME, json={"week_starts_on": 7})
    assert (before, await this_week()) == (0, 1)


async def test_an_api_key_changes_nobodys_formats(api: Api) -> None:
    client = await api.client()
    made = await client.post("/api/v1/auth/api-keys", json={"name": "Sync", "scopes": ["*:read", "*:write"]})
    program = api.anonymous()
    program.headers["Authorization"] = f"Bearer {made.json()['token']}"

    assert (await program.get(ME)).status_code == 200
    problem(await program.patch(ME, json={"locale": "en-US"}), 403)
