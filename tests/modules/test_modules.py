"""Optional parts: switched off they are hidden, and everything in them is kept."""

import pytest

from tests.factories import make_user
from tests.support.api import Api
from tests.support.pages import visiting

MODULES = "/api/v1/modules"


async def test_every_part_tells_its_manifest(api: Api) -> None:
    listed = (await (await api.client("viewer")).get(MODULES)).json()
    crm = next(module for module in listed if module["name"] == "crm")
    told = {
        "name",
        "display_name",
        "version",
        "description",
        "category",
        "depends",
        "auto_install",
        "installable",
        "menus",
    }
    assert told <= crm.keys()
    assert {"name": "CRM", "icon": "users", "sequence": 10, "parent": None, "path": None} in crm["menus"]
    assert all(module["installed"] for module in listed)


async def test_what_is_switched_off_is_not_found_and_switched_on_it_is_as_it_was(api: Api) -> None:
    client = await api.client()
    team = (await client.post("/api/v1/teams", json={"name": "East"})).json()
    quarter = {"period": "quarter", "starts_on": "2026-10-01"}
    made = await client.post(
        "/api/v1/crm/targets", json={"team_id": team["id"], "measure": "won_count", "amount": 10, **quarter}
    )
    assert made.status_code == 201, made.text

    off = await client.post(f"{MODULES}/uninstall/targets")
    hidden = await client.get("/api/v1/crm/targets")
    on = await client.post(f"{MODULES}/install/targets")

    assert (off.json()["installed"], on.json()["installed"]) == (False, True)
    assert (hidden.status_code, "switched off" in hidden.json()["detail"]) == (404, True)
    assert (await client.get(f"/api/v1/crm/targets/{made.json()['id']}")).json() == made.json()


async def test_switching_off_twice_is_one_change(api: Api) -> None:
    client = await api.client()
    await client.post(f"{MODULES}/uninstall/visits")
    await client.post(f"{MODULES}/uninstall/visits")
    listed = (await client.get("/api/v1/changes")).json()["items"]
    assert [item["label"] for item in listed].count("Uninstall module") == 1


async def test_the_core_cannot_be_switched_off(api: Api) -> None:
    refused = await (await api.client()).post(f"{MODULES}/uninstall/crm")
    assert refused.status_code == 409


async def test_a_part_there_is_not_cannot_be_installed(api: Api) -> None:
    refused = await (await api.client()).post(f"{MODULES}/install/teleport")
    assert refused.status_code == 404
    assert "visits" in refused.json()["detail"]


@pytest.mark.parametrize("role", ["manager", "rep", "field", "viewer"])
async def test_only_administrators_switch(api: Api, role: str) -> None:
    assert (await (await api.client(role)).post(f"{MODULES}/uninstall/visits")).status_code == 403


async def test_the_pages_know_nothing_of_a_part_that_is_switched_off(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "rep"))
    before = (await visit.get()).text
    await (await api.client()).post(f"{MODULES}/uninstall/visits")
    after = (await visit.get()).text
    assert 'href="/crm/visits"' in before
    assert 'id="visits"' in before
    assert 'href="/crm/visits"' not in after
    assert 'id="visits"' not in after
    assert (await visit.get("/visits")).status_code == 404
    assert (await visit.get("/crm/visits")).status_code == 404
