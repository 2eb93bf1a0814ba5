"""Colleagues, teams, territories, and who may change them."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.models import AuditEntry
from crm_api.core.fields import CATALOGUES
from tests import factories
from tests.app.resources import problem
from tests.support.api import Api

USERS, TEAMS, TERRITORIES = "/api/v1/users", "/api/v1/teams", "/api/v1/territories"


async def test_only_administrators_change_people_teams_and_territories(api: Api) -> None:
    for role in ("manager", "rep", "field", "viewer"):
        client = await api.client(role)
        problem(await client.post(USERS, json={"name": "Eve"}), 403)
        problem(await client.post(TEAMS, json={"name": "East"}), 403)
        problem(await client.post(TERRITORIES, json={"name": "Ohio"}), 403)
        problem(await client.patch("/api/v1/organisation", json={"name": "Mine"}), 403)
        assert (await client.get(USERS)).status_code == 200


async def test_an_address_belongs_to_one_user_whatever_its_case(api: Api) -> None:
    client = await api.client()
    await client.post(USERS, json={"name": "Ann", "email": "ann@example.com"})

    assert (
        "Ann"
        in problem(await client.post(USERS, json={"name": "Bob", "email": "ANN@example.com"}), 409)["detail"]
    )


async def test_a_password_is_neither_answered_nor_written_into_the_audit_trail(api: Api) -> None:
    client = await api.client()
    made = await client.post(
        USERS, json={"name": "Ann", "email": "ann@example.com", "password": "a long password"}
    )
    trail = await api.db.read(lambda s: [str((e.before, e.after)) for e in s.scalars(sa.select(AuditEntry))])

    assert "password" not in made.text
    assert any("•••" in entry for entry in trail)
    assert not any("argon2" in entry for entry in trail)


async def test_the_territories_of_a_user_are_shown_and_their_change_is_a_change(api: Api) -> None:
    client = await api.client()
    ohio = (await client.post(TERRITORIES, json={"name": "Ohio"})).json()["id"]
    made = (await client.post(USERS, json={"name": "Ann", "territory_ids": [ohio]})).json()
    same = (await client.patch(f"{USERS}/{made['id']}", json={"territory_ids": [ohio]})).json()
    none = (await client.patch(f"{USERS}/{made['id']}", json={"territory_ids": []})).json()

    assert (made["territory_ids"], same["version"], none["version"]) == (
        [ohio],
        made["version"],
        made["version"] + 1,
    )
    problem(await client.patch(f"{USERS}/{made['id']}", json={"territory_ids": [str(uuid4())]}), 422)


@pytest.mark.parametrize("change", [{"role": "rep"}, {"is_active": False}])
async def test_the_last_administrator_stays_one(api: Api, change: dict[str, Any]) -> None:
    client = await api.client()
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    problem(await client.patch(f"{USERS}/{me}", json=change), 409)

    await client.post(USERS, json={"name": "Second", "role": "administrator"})
    assert (await client.patch(f"{USERS}/{me}", json=change)).status_code == 200


async def test_nobody_is_above_themselves(api: Api) -> None:
    client = await api.client()
    for path, above in ((USERS, "manager_id"), (TEAMS, "parent_id"), (TERRITORIES, "parent_id")):
        top = (await client.post(path, json={"name": "Top"})).json()["id"]
        low = (await client.post(path, json={"name": "Low", above: top})).json()["id"]
        for parent in (low, top, str(uuid4())):
            problem(await client.patch(f"{path}/{top}", json={above: parent}), 422, field=above)


async def test_records_follow_their_owner_to_another_team_without_becoming_newer(api: Api) -> None:
    def world(session: Session) -> tuple[Any, Any, dict[str, Any]]:
        east, west = factories.make_team(session, "East"), factories.make_team(session, "West")
        rep = factories.make_user(session, team_id=east.id)
        own = {"owner_id": rep.id}
        rows = {
            "account": factories.make_account(session, **own),
            "lead": factories.make_lead(session, **own),
            "opportunity": factories.make_opportunity(session, **own),
            "activity": factories.make_activity(session, **own),
        }
        return rep, west, rows

    rep, west, rows = await api.db.write(world)
    client, manager = await api.client(), await api.client("manager", team_id=west.id)
    for kind, row in rows.items():
        problem(await manager.get(f"/api/v1/crm/{CATALOGUES[kind].plural}/{row.id}"), 404)
    await client.patch(f"{USERS}/{rep.id}", json={"team_id": str(west.id)})

    for kind, row in rows.items():
        seen = (await manager.get(f"/api/v1/crm/{CATALOGUES[kind].plural}/{row.id}")).json()
        assert (seen["team_id"], seen["version"]) == (str(west.id), row.version)


async def test_the_currency_of_the_organisation_is_fixed_once_amounts_are_kept_in_it(api: Api) -> None:
    client = await api.client()
    assert (await client.patch("/api/v1/organisation", json={"currency": "eur"})).json()["currency"] == "EUR"
    await client.post("/api/v1/crm/leads", json={"title": "Vans", "estimated_value": 10})

    problem(await client.patch("/api/v1/organisation", json={"currency": "USD"}), 409)
    problem(
        await client.patch("/api/v1/organisation", json={"time_zone": "Mars/Olympus"}), 422, field="time_zone"
    )
    problem(await client.patch("/api/v1/organisation", json={}, headers={"If-Match": '"99"'}), 412)
