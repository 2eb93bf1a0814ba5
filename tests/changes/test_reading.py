"""Reading the trail: what it tells, in which words, and to whom."""

from typing import Any, get_args

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crm_api.access import visible
from crm_api.audit.models import AuditEntry, ChangeSet, Erasure
from crm_api.changes.routes import Resource
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.errors import Conflict
from crm_api.core.fields import CATALOGUES
from tests import factories
from tests.access.world import KINDS, drawn, sees
from tests.app.resources import ACCOUNT, LEAD, OPPORTUNITY, PRODUCT, problem
from tests.changes.trail import CHANGES, changed, last, made
from tests.support.api import Api
from tests.support.repository import described


async def test_a_change_is_told_by_the_names_and_in_the_units_of_the_api(api: Api) -> None:
    client = await api.client()
    account = await made(client, ACCOUNT)
    await changed(client, ACCOUNT, account, annual_revenue=99.5, phone="+1 614 555 0111", tags=["New"])

    body = (await client.get(f"{CHANGES}/{await last(api.db)}")).json()

    told = {
        c["field"]: (c["before"], c["after"])
        for entry in body["entries"]["items"]
        if entry["kind"] == "account"
        for c in entry["changes"]
    }
    assert told == {
        "annual_revenue": (1_250_000.5, 99.5),
        "phone": ("+1 614 555 0100", "+1 614 555 0111"),
        "tags": (["Ford", "Key account"], ["New"]),
    }
    assert body["label"] == "Update account"
    assert {"kind": "account", "action": "update", "records": 1} in body["counts"]


async def test_lines_are_told_in_the_major_unit(api: Api) -> None:
    client = await api.client()
    product = await made(client, PRODUCT)
    deal = await made(client, OPPORTUNITY, currency="JPY", estimated_value=5)
    await changed(
        client, OPPORTUNITY, deal, lines=[{"product_id": product["id"], "quantity": 2, "unit_price": 100}]
    )

    body = (await client.get(f"/api/v1/crm/opportunities/{deal['id']}/history")).json()

    (lines,) = [c["after"] for c in body["items"][0]["changes"] if c["field"] == "lines"] or [
        c["after"] for c in body["items"][1]["changes"] if c["field"] == "lines"
    ]
    assert lines[0]["unit_price"] == 100


async def test_the_history_of_a_record_is_walked_newest_first(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD, tags=[])
    for score in range(10, 15):
        await changed(client, LEAD, lead, score=score)
    path, cursor, seen = f"/api/v1/crm/leads/{lead['id']}/history", None, []

    while True:
        page = (
            await client.get(path, params={"page_size": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    scores = [c["after"] for e in seen for c in e["changes"] if c["field"] == "score"]
    assert scores == [14, 13, 12, 11, 10, 60]
    assert {e["label"] for e in seen} == {"Create lead", "Update lead"}


async def test_changes_are_found_by_kind_record_actor_origin_label_and_time(api: Api) -> None:
    client = await api.client()
    lead, account = await made(client, LEAD, tags=[]), await made(client, ACCOUNT, tags=[])

    async def found(**filters: Any) -> list[str]:
        answer = await client.get(CHANGES, params=filters)
        assert answer.status_code == 200, answer.text
        return [item["label"] for item in answer.json()["items"]]

    assert await found(kind="lead") == ["Create lead"]
    assert await found(record_id=account["id"]) == ["Create account"]
    assert await found(kind="lead", record_id=account["id"]) == []
    assert await found(label__contains="account", origin="api") == ["Create account"]
    assert await found(since="2999-01-01T00:00:00Z") == []
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    assert await found(actor_id=me, sort="at") == ["Create lead", "Create account"]
    problem(await client.get(CHANGES, params={"record_id": "17"}), 422)
    assert lead["id"] != account["id"]


@pytest.mark.parametrize("seed", [3, 4])
async def test_everybody_sees_their_own_doing_and_what_happened_to_records_they_see(
    db: Database, seed: int
) -> None:
    def compare(session: Session) -> int:
        world = drawn(session, seed)
        session.flush()
        entries = session.scalars(sa.select(AuditEntry).where(AuditEntry.kind.in_(KINDS))).all()
        compared = 0
        for actor in world.actors:
            seen = set(session.scalars(sa.select(AuditEntry.id).where(visible("audit_entry", actor))))
            for entry in entries:
                row = world.row(entry.kind, entry.record_id)
                assert (entry.id in seen) == sees(world, actor, entry.kind, row), (actor, entry.kind)
                compared += 1
            sets = session.scalars(sa.select(ChangeSet.id).where(visible("change_set", actor))).all()
            assert bool(sets) == bool(seen)
        return compared

    assert await db.write(compare) > 1000


async def test_what_administrators_keep_is_read_in_the_trail_by_them_alone(api: Api) -> None:
    administrator, manager = await api.client(), await api.client("manager")
    await administrator.post("/api/v1/users", json={"name": "Ann", "role": "rep"})

    assert (await administrator.get(CHANGES, params={"kind": "user"})).json()["total"] > 0
    assert (await manager.get(CHANGES, params={"kind": "user", "label": "Create user"})).json()["total"] == 0


async def test_secrets_are_dots_in_the_trail(api: Api) -> None:
    client = await api.client()
    body = {"name": "Ann", "role": "rep", "email": "ann@example.com", "password": "a good long password"}
    assert (await client.post("/api/v1/users", json=body)).status_code == 201

    entries = (await client.get(f"{CHANGES}/{await last(api.db)}")).text

    assert "password_hash" not in entries or "•••" in entries
    assert "argon2" not in entries


async def test_the_history_of_what_one_may_not_see_is_not_there(api: Api) -> None:
    administrator, rep = await api.client(), await api.client("rep")
    lead = await made(administrator, LEAD, tags=[])

    problem(await rep.get(f"/api/v1/crm/leads/{lead['id']}/history"), 404)
    problem(await rep.get(f"{CHANGES}/{await last(api.db)}"), 404)
    problem(await administrator.get("/api/v1/crm/gadgets/17/history"), 422)


# ── Nobody edits it ──────────────────────────────────────────────────────────────────────────────


def test_nothing_in_the_api_edits_or_deletes_the_trail() -> None:
    paths = described()["paths"]
    writing = {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        if path.startswith("/api/v1/changes") or path.endswith("/history")
        for method in methods
        if method != "get"
    }

    assert writing == {"POST /api/v1/changes/{change_set_id}/revert"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET after = '{}'",
        "DELETE FROM audit_entries",
        "UPDATE change_sets SET actor_id = NULL",
        "DELETE FROM change_sets",
        "DELETE FROM erasures",
        "UPDATE erasures SET reason = 'none'",
    ],
)
async def test_the_database_itself_refuses_to_change_the_trail(db: Database, statement: str) -> None:
    def leave_a_trail(session: Session) -> None:
        factories.make_lead(session)
        at = clock.now()
        session.add(Erasure(at=at, finished_at=at, subject_kind="lead", reason="asked for"))

    await db.write(leave_a_trail)

    def tamper(session: Session) -> None:
        session.execute(sa.text(statement))

    with pytest.raises((DBAPIError, Conflict), match="the audit trail is never changed"):
        await db.write(tamper)


async def test_while_something_is_erased_the_trail_can_be_blanked_and_not_a_moment_longer(
    db: Database,
) -> None:
    await db.write(factories.make_lead)

    def erase(session: Session) -> None:
        open_ = Erasure(at=clock.now(), subject_kind="lead", reason="asked for")
        session.add(open_)
        session.flush()
        session.execute(sa.update(AuditEntry).values(after={}))
        open_.finished_at = clock.now()
        session.flush()
        with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
            session.execute(sa.update(AuditEntry).values(after={}))

    await db.write(erase)


def test_every_kind_the_history_route_names_is_one_there_is() -> None:
    plurals = {catalogue.plural for catalogue in CATALOGUES}
    assert set(get_args(Resource)) <= plurals
