"""Saved views: kept, shared, used by lists and searches, and never a way around what may be seen."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.ids import new_id
from crm_api.users.models import User
from crm_api.views.models import View
from tests.app.resources import problem
from tests.factories import make_lead, make_team, make_user
from tests.support.api import Api

VIEWS, LEADS = "/api/v1/crm/views", "/api/v1/crm/leads"
HOT = {"field": "score", "op": "gte", "value": 80}


async def save(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(VIEWS, json={"name": "Hot", "kind": "lead", "where": HOT, **values})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def titles(client: httpx.AsyncClient, **parameters: Any) -> list[str]:
    answer = await client.get(LEADS, params=parameters)
    assert answer.status_code == 200, answer.text
    return [lead["title"] for lead in answer.json()["items"]]


async def leads(api: Api, **scores: int) -> None:
    def make(session: Session) -> None:
        for title, score in scores.items():
            make_lead(session, title=title, score=score)

    await api.db.write(make)


async def test_a_list_takes_a_view_and_narrows_it(api: Api) -> None:
    await leads(api, warm=50, hot=85, hotter=95)
    client = await api.client()
    view = await save(client, sort=["score"], fields=["title"])

    assert await titles(client, view=view["id"]) == ["hot", "hotter"]
    assert await titles(client, view=view["id"], sort="-score") == ["hotter", "hot"]
    assert await titles(client, view=view["id"], score__lt=90) == ["hot"]
    assert await titles(client, view=view["id"], search="hotter") == ["hotter"]
    (first, _) = (await client.get(LEADS, params={"view": view["id"]})).json()["items"]
    assert set(first) == {"id", "title"}
    shaped = (await client.get(LEADS, params={"view": view["id"], "fields": "score"})).json()["items"]
    assert set(shaped[0]) == {"id", "score"}


async def test_a_search_takes_a_view_and_narrows_it(api: Api) -> None:
    await leads(api, warm=50, hot=85, hotter=95)
    client = await api.client()
    view = await save(client, search="hot")

    body = {"view": view["id"], "where": {"field": "title", "value": "hotter"}}
    found = (await client.post(f"{LEADS}/search", json=body)).json()["items"]
    assert [lead["title"] for lead in found] == ["hotter"]


async def test_my_leads_are_those_of_whoever_looks(api: Api) -> None:
    def two(session: Session) -> tuple[User, User]:
        ada, bela = make_user(session, name="Ada"), make_user(session, name="Bela")
        make_lead(session, title="Ada's", owner_id=ada.id)
        make_lead(session, title="Bela's", owner_id=bela.id)
        return ada, bela

    ada, bela = [await api.signed_in(user) for user in await api.db.write(two)]
    mine = {"field": "owner_id", "value": "me"}
    view = await save(ada, where=mine, shared_with="all")

    assert await titles(ada, view=view["id"]) == ["Ada's"]
    assert await titles(bela, view=view["id"]) == ["Bela's"]


async def test_this_month_moves_along(api: Api) -> None:
    def make(session: Session) -> None:
        for month in (3, 4, 5):
            make_lead(session, title=f"Month {month}", created_at=datetime(2026, month, 2, tzinfo=UTC))

    await api.db.write(make)
    client = await api.client()
    last_month = [
        {"field": "created_at", "op": "gte", "value": "this_month-1m"},
        {"field": "created_at", "op": "lt", "value": "this_month"},
    ]
    view = await save(client, where={"all": last_month})

    for now, seen in (
        (datetime(2026, 4, 9, tzinfo=UTC), "Month 3"),
        (datetime(2026, 6, 30, tzinfo=UTC), "Month 5"),
    ):
        with clock.frozen(now):
            assert await titles(client, view=view["id"]) == [seen]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "dragon"}, "kind"),
        ({"kind": "opportunity_line"}, "kind"),
        ({"where": {"field": "wings", "value": 2}}, "wings"),
        ({"where": {"field": "created_at", "op": "gte", "value": "some day"}}, "created_at"),
        ({"where": {"related": "dragons"}}, "dragons"),
        ({"where": {}}, "where"),
        ({"sort": ["wings"]}, "sort"),
        ({"sort": ["tags"]}, "sort"),
        ({"fields": ["title", "wings"]}, "fields"),
        ({"shared_with": "team"}, "team_id"),
        ({"shared_with": "team", "team_id": str(new_id())}, "team_id"),
        ({"owner_id": str(new_id())}, "owner_id"),
        ({"search": ""}, "search"),
    ],
)
async def test_what_no_list_would_take_is_not_saved(api: Api, values: dict[str, Any], field: str) -> None:
    client = await api.client("rep")

    answer = await client.post(VIEWS, json={"name": "Bad", "kind": "lead", **values})

    found = problem(answer, 422)
    assert found["errors"][0]["field"].split(".")[0] == field, found
    assert (await client.get(VIEWS)).json()["total"] == 0


async def test_a_view_that_fits_no_longer_says_so_and_names_the_field(api: Api) -> None:
    client = await api.client()
    view = await save(client)

    def spoil(session: Session) -> None:
        kept = session.get_one(View, UUID(view["id"]))
        kept.conditions = {"field": "wings", "op": "eq", "value": 2}

    await api.db.write(spoil)

    found = problem(await client.get(LEADS, params={"view": view["id"]}), 422, field="wings")
    assert "'Hot'" in found["detail"]
    assert (await client.get(f"{VIEWS}/{view['id']}")).status_code == 200


async def test_a_view_of_another_kind_or_of_nobody_is_refused(api: Api) -> None:
    client = await api.client()
    view = await save(client)

    for wanted in (view["id"], str(new_id()), "mine"):
        path = "/api/v1/crm/accounts" if wanted == view["id"] else LEADS
        problem(await client.get(path, params={"view": wanted}), 422, field="view")


async def test_sharing_shows_the_view_and_no_record_more(api: Api) -> None:
    def team(session: Session) -> tuple[User, User, User]:
        east = make_team(session, "East")
        below = make_team(session, "East 1", parent_id=east.id)
        people = [
            make_user(session, "manager", team_id=east.id),
            make_user(session, team_id=below.id),
            make_user(session),
        ]
        make_lead(session, title="secret", score=90, owner_id=people[0].id)
        return people[0], people[1], people[2]

    boss, colleague, stranger = [await api.signed_in(user) for user in await api.db.write(team)]
    view = await save(boss)
    address = f"{VIEWS}/{view['id']}"

    for who in (colleague, stranger):
        assert (await who.get(address)).status_code == 404
    assert (await boss.patch(address, json={"shared_with": "team"})).json()["team_id"]
    assert (await colleague.get(address)).status_code == 200
    assert (await stranger.get(address)).status_code == 404
    assert (await boss.patch(address, json={"shared_with": "all"})).json()["team_id"] is None
    assert (await stranger.get(address)).status_code == 200
    for who in (colleague, stranger):
        assert await titles(who, view=view["id"]) == []
        assert (await who.patch(address, json={"name": "Mine"})).status_code == 403
        assert (await who.delete(address)).status_code == 403


async def test_a_viewer_uses_views_and_saves_none(api: Api) -> None:
    viewer, field = await api.client("viewer"), await api.client("field")

    assert (await viewer.post(VIEWS, json={"name": "Hot", "kind": "lead"})).status_code == 403
    assert (await save(field))["shared_with"] == "nobody"


async def test_who_has_left_leaves_what_was_shared(api: Api) -> None:
    client = await api.client()
    user = await api.db.write(lambda session: make_user(session))
    theirs = await api.signed_in(user)
    shared, private = await save(theirs, name="Shared", shared_with="all"), await save(theirs, name="Private")
    assert (await client.get(VIEWS)).json()["total"] == 2

    def leave(session: Session) -> None:
        session.get_one(User, user.id).is_active = False

    await api.db.write(leave)

    assert [view["id"] for view in (await client.get(VIEWS)).json()["items"]] == [shared["id"]]
    problem(await client.get(LEADS, params={"view": private["id"]}), 422, field="view")
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    taken = await client.patch(f"{VIEWS}/{shared['id']}", json={"owner_id": me})
    assert taken.json()["owner_id"] == me


async def test_only_an_administrator_hands_a_view_over(api: Api) -> None:
    client, other = await api.client("rep"), await api.db.write(lambda session: make_user(session))
    view = await save(client)

    answer = await client.patch(f"{VIEWS}/{view['id']}", json={"owner_id": str(other.id)})
    assert answer.status_code == 403


# ── Defaults ─────────────────────────────────────────────────────────────────────────────────────


async def test_ones_own_default_goes_before_the_organisations(api: Api) -> None:
    await leads(api, warm=50, hot=85)
    administrator, manager = await api.client(), await api.client()
    hot = await save(administrator, shared_with="all")
    warm = await save(manager, where={"field": "score", "op": "lt", "value": 80})
    default = f"{VIEWS}/defaults/lead"

    assert await titles(manager, view="default", sort="score") == ["warm", "hot"]
    answer = await administrator.put(default, json={"view_id": hot["id"], "of": "organisation"})
    assert answer.json() == [{"kind": "lead", "view_id": hot["id"], "of": "organisation"}]
    assert await titles(manager, view="default") == ["hot"]
    await manager.put(default, json={"view_id": warm["id"]})
    assert await titles(manager, view="default") == ["warm"]
    assert await titles(administrator, view="default") == ["hot"]
    told = (await manager.get(f"{VIEWS}/defaults")).json()
    assert [(row["view_id"], row["of"]) for row in told] == [(warm["id"], "me"), (hot["id"], "organisation")]
    await manager.put(default, json={"view_id": None})
    assert await titles(manager, view="default") == ["hot"]
    assert await titles(manager, sort="score") == ["warm", "hot"]


async def test_everybodys_default_is_shared_with_all_and_chosen_by_administrators(api: Api) -> None:
    administrator, rep = await api.client(), await api.client("rep")
    view, default = await save(administrator), f"{VIEWS}/defaults/lead"
    everybodys = {"view_id": view["id"], "of": "organisation"}

    problem(await administrator.put(default, json=everybodys), 422, field="view_id")
    await administrator.patch(f"{VIEWS}/{view['id']}", json={"shared_with": "all"})
    problem(await rep.put(default, json=everybodys), 403)
    assert (await administrator.put(default, json=everybodys)).status_code == 200
    problem(await administrator.patch(f"{VIEWS}/{view['id']}", json={"shared_with": "nobody"}), 409)
    problem(await rep.put(f"{VIEWS}/defaults/dragon", json={"view_id": None}), 422, field="kind")
    problem(await rep.put(f"{VIEWS}/defaults/account", json={"view_id": view["id"]}), 422, field="view_id")


async def test_a_deleted_view_is_nobodys_default_and_leaves_its_trace(api: Api) -> None:
    client = await api.client()
    view = await save(client)
    await client.put(f"{VIEWS}/defaults/lead", json={"view_id": view["id"]})

    assert (await client.delete(f"{VIEWS}/{view['id']}")).status_code == 204

    assert (await client.get(f"{VIEWS}/defaults")).json() == []
    gone = sa.text("SELECT count(*) FROM audit_entries WHERE kind = 'view' AND action = 'delete'")
    assert await api.db.read(lambda session: session.scalar(gone)) == 1
