"""Who changes what: the right column of the role table, over HTTP."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.app.resources import (
    ACCOUNT,
    ACTIVITY,
    CONTACT,
    LEAD,
    OPPORTUNITY,
    PRODUCT,
    RESOURCES,
    Resource,
    problem,
)
from tests.support.api import Api


def company(session: Session) -> dict[str, Any]:
    """A team with a rep, a colleague, a manager and a viewer, and a field rep of the same territory."""
    ohio = factories.make_territory(session)
    east, west = factories.make_team(session, "East"), factories.make_team(session, "West")
    people = {
        role: factories.make_user(session, role, team_id=east.id, territories=[ohio])
        for role in ("manager", "rep", "field", "viewer")
    }
    people["colleague"] = factories.make_user(session, "rep", team_id=east.id)
    people["stranger"] = factories.make_user(session, "rep", team_id=west.id)
    placed = {"territory_id": ohio.id}
    own = factories.make_account(session, owner_id=people["rep"].id, **placed)
    records = {
        "own account": own,
        "colleague's account": factories.make_account(session, owner_id=people["colleague"].id, **placed),
        "own lead": factories.make_lead(session, owner_id=people["rep"].id),
        "nobody's lead": factories.make_lead(session, **placed),
        "contact there": factories.make_contact(session, account_id=own.id),
        "colleague's deal there": factories.make_opportunity(
            session, account_id=own.id, owner_id=people["colleague"].id
        ),
        "activity there": factories.make_activity(
            session, account_id=own.id, owner_id=people["colleague"].id
        ),
    }
    return {"people": people, "records": records}


PATHS = {
    "account": ACCOUNT,
    "lead": LEAD,
    "contact": CONTACT,
    "opportunity": OPPORTUNITY,
    "activity": ACTIVITY,
}
TABLE = {
    #                         manager  rep  field  viewer
    "own account":            (200, 200, 403, 403),
    "colleague's account":    (200, 404, 403, 403),
    "own lead":               (200, 200, 404, 403),
    "nobody's lead":          (200, 200, 200, 404),
    "contact there":          (200, 200, 200, 403),
    "colleague's deal there": (200, 403, 403, 403),
    "activity there":         (200, 200, 200, 403),
}  # fmt: skip


async def test_each_role_changes_what_the_table_says(api: Api) -> None:
    made = await api.db.write(company)
    found: dict[str, tuple[int, ...]] = {name: () for name in TABLE}
    for role in ("manager", "rep", "field", "viewer"):
        client = await api.signed_in(made["people"][role])
        for name in TABLE:
            record = made["records"][name]
            answer = await client.patch(
                f"{PATHS[record.__kind__].path}/{record.id}", json={"description": role}
            )
            found[name] = (*found[name], answer.status_code)

    assert found == TABLE


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.kind)
async def test_a_viewer_makes_nothing(api: Api, resource: Resource) -> None:
    client = await api.client("viewer")

    problem(await client.post(resource.path, json=resource.body), 403)


async def test_field_staff_make_contacts_leads_and_activities_alone(api: Api) -> None:
    client = await api.client("field")
    bodies = [{k: v for k, v in r.body.items() if k != "tags"} for r in (CONTACT, LEAD, ACTIVITY)]
    for resource, body in zip((CONTACT, LEAD, ACTIVITY), bodies, strict=True):
        assert (await client.post(resource.path, json=body)).status_code == 201
    for resource in (ACCOUNT, OPPORTUNITY, PRODUCT):
        problem(await client.post(resource.path, json=resource.body), 403)


async def test_a_manager_gives_records_to_the_own_team_and_to_nobody_else(api: Api) -> None:
    made = await api.db.write(company)
    people, lead = made["people"], made["records"]["own lead"]
    manager = await api.signed_in(people["manager"])

    async def give(name: str) -> int:
        answer = await manager.patch(f"{LEAD.path}/{lead.id}", json={"owner_id": str(people[name].id)})
        return answer.status_code

    assert [await give(name) for name in ("colleague", "manager", "rep", "stranger")] == [200, 200, 200, 403]


async def test_field_staff_give_nothing_away(api: Api) -> None:
    made = await api.db.write(company)
    field = await api.signed_in(made["people"]["field"])
    contact = made["records"]["contact there"]

    answer = await field.patch(
        f"{CONTACT.path}/{contact.id}", json={"owner_id": str(made["people"]["field"].id)}
    )
    problem(answer, 403)


async def test_a_record_given_out_of_sight_is_still_answered_to_who_gave_it(api: Api) -> None:
    made = await api.db.write(company)
    rep = await api.signed_in(made["people"]["rep"])
    body = {"name": "For a colleague", "owner_id": str(made["people"]["stranger"].id)}
    answer = await rep.post(ACCOUNT.path, json=body)

    assert answer.status_code == 201
    problem(await rep.get(f"{ACCOUNT.path}/{answer.json()['id']}"), 404)
