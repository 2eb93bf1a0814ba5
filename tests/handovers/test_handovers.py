"""Handing over: what is shown, what moves to whom, what stops, and who may."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access.models import AccountAccess
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.events.models import EventRow
from crm_api.followups.models import Enrolment
from crm_api.handovers import flows, service
from crm_api.handovers.holdings import HOLDINGS
from crm_api.handovers.schemas import HandoverIn
from crm_api.leads.models import Lead
from crm_api.opportunities.models import Opportunity
from crm_api.organisation.models import Territory
from crm_api.users.models import Team, User
from crm_api.webhooks.models import Webhook
from tests.app.resources import problem
from tests.factories import (
    actor_for,
    make_account,
    make_activity,
    make_contact,
    make_lead,
    make_opportunity,
    make_team,
    make_territory,
    make_user,
    make_view,
)
from tests.followups.stage import furnish
from tests.support.api import Api

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
USERS = "/api/v1/users"
LIVE = {"account": 2, "contact": 2, "lead": 2, "opportunity": 2, "activity": 3}
ALL = {**LIVE, "view": 1}  # what others look at moves too, but keeps nobody from leaving


@dataclass
class Office:
    """Maria, who leaves, with records in Ohio and Texas; Ben and Cara of her team, and Dan of another."""

    team: Team
    ohio: Territory
    texas: Territory
    maria: User
    ben: User
    cara: User
    dan: User
    manager: User
    rows: dict[str, list[Any]] = field(default_factory=dict)

    def address(self, *more: str) -> str:
        return "/".join([USERS, str(self.maria.id), "handover", *more])


def furnished(session: Session) -> Office:
    east, west = make_team(session, "East"), make_team(session, "West")
    people = [make_user(session, "rep", team_id=team.id, name=name)
              for name, team in (("Maria", east), ("Ben", east), ("Cara", east), ("Dan", west))]  # fmt: skip
    manager = make_user(session, "manager", team_id=east.id)
    office = Office(east, make_territory(session, "Ohio"), make_territory(session, "Texas"), *people, manager)
    own: dict[str, Any] = {"owner_id": office.maria.id}
    ohio, texas = (
        make_account(session, territory_id=place.id, **own) for place in (office.ohio, office.texas)
    )
    office.rows = {
        "account": [ohio, texas],
        "contact": [make_contact(session, account_id=a.id, **own) for a in (ohio, texas)],
        "lead": [make_lead(session, territory_id=t.id, **own) for t in (office.ohio, office.texas)],
        "opportunity": [make_opportunity(session, account_id=a.id, **own) for a in (ohio, texas)],
        "activity": [
            make_activity(session, "task", status="scheduled", account_id=ohio.id, **own),
            make_activity(session, "visit", status="scheduled", account_id=texas.id, **own),
            make_activity(session, "call", status="in_progress", **own),
        ],
    }
    office.rows["view"] = [make_view(session, shared_with="all", **own)]
    make_view(session, **own)
    make_account(session, archived_at=NOON, **own)
    make_lead(session, status="lost", **own)
    make_opportunity(
        session, "closed_won", account_id=ohio.id, actual_close_date=NOON, estimated_value=100, **own
    )
    make_activity(session, "call", status="completed", **own)
    make_lead(session, owner_id=office.ben.id)
    return office


@pytest.fixture
async def office(api: Api) -> Office:
    return await api.db.write(furnished)


def owners(office: Office) -> Any:
    """Who owns what by now, by kind and in the order of the rows."""

    def read(session: Session) -> dict[str, list[UUID]]:
        return {
            h.kind: [
                session.scalars(sa.select(h.model.owner_id).where(h.model.id == row.id)).one()
                for row in office.rows[h.kind]
            ]
            for h in HOLDINGS
        }

    return read


async def done(client: httpx.AsyncClient, office: Office, **body: Any) -> dict[str, Any]:
    answer = await client.post(office.address(), json=body)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_the_preview_counts_what_is_live_by_kind_and_place(api: Api, office: Office) -> None:
    shown = (await (await api.client()).get(office.address())).json()
    counted = {item["kind"]: (item["count"], item["closed"]) for item in shown["records"]}

    assert (shown["user_name"], shown["total"]) == ("Maria", sum(ALL.values()))
    assert counted == {kind: (n, int(kind in ("lead", "opportunity"))) for kind, n in ALL.items()}
    activities = next(item for item in shown["records"] if item["kind"] == "activity")
    assert {p["territory_name"]: p["count"] for p in activities["by_territory"]} == {
        "Ohio": 1, "Texas": 1, None: 1,
    }  # fmt: skip


async def test_one_successor_gets_everything_live_and_what_is_over_stays(api: Api, office: Office) -> None:
    client = await api.client()
    told = await done(client, office, successor_id=str(office.ben.id))

    assert {item["kind"]: item["count"] for item in told["moved"]} == ALL
    assert await api.db.read(owners(office)) == {kind: [office.ben.id] * n for kind, n in ALL.items()}
    assert told["is_active"] is True
    again = (await client.get(office.address())).json()
    assert (again["total"], sum(item["closed"] for item in again["records"])) == (0, 2)
    assert (await done(client, office, successor_id=str(office.ben.id)))["total"] == 0


async def test_what_is_over_moves_where_it_is_asked_for(api: Api, office: Office) -> None:
    told = await done(await api.client(), office, successor_id=str(office.ben.id), include_closed=True)

    assert {item["kind"]: item["count"] for item in told["moved"]} == {**ALL, "lead": 3, "opportunity": 3}


async def test_parts_go_to_several_and_the_first_that_fits_counts(api: Api, office: Office) -> None:
    client = await api.client()
    ben, cara, dan = (str(user.id) for user in (office.ben, office.cara, office.dan))
    body = {
        "successor_id": ben,
        "parts": [
            {"kind": "lead", "territory_id": str(office.ohio.id), "successor_id": dan},
            {"territory_id": str(office.ohio.id), "successor_id": cara},
        ],
    }
    planned = (await client.post(office.address("plan"), json=body)).json()
    told = await done(client, office, **body)

    assert planned["left"] == {}
    assert sorted(map(str, planned["moved"])) == sorted(map(str, told["moved"]))
    found = await api.db.read(owners(office))
    ids = {office.ben.id: "ben", office.cara.id: "cara", office.dan.id: "dan"}
    assert {kind: [ids[owner] for owner in owned] for kind, owned in found.items()} == {
        "account": ["cara", "ben"], "contact": ["cara", "ben"], "lead": ["dan", "ben"],
        "opportunity": ["cara", "ben"], "activity": ["cara", "ben", "ben"],
        "view": ["ben"],
    }  # fmt: skip


async def test_records_go_into_their_new_owners_team_and_raise_their_versions_by_one(
    api: Api, office: Office
) -> None:
    await done(await api.client(), office, successor_id=str(office.dan.id))

    def read(session: Session) -> list[tuple[Any, ...]]:
        rows = [session.get_one(h.model, office.rows[h.kind][0].id) for h in HOLDINGS if h.has_team]
        return [(row.team_id, row.version) for row in rows]

    assert await api.db.read(read) == [(office.dan.team_id, 2)] * 4


async def test_a_hand_over_is_one_change_set_with_an_entry_and_a_quiet_event_a_record(
    api: Api, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SLICE", 1)
    told = await done(await api.client(), office, successor_id=str(office.ben.id))

    def read(session: Session) -> tuple[list[Any], list[Any], str]:
        entries = session.scalars(sa.select(AuditEntry).where(AuditEntry.record_id.in_(_ids(office)))).all()
        events = session.scalars(sa.select(EventRow).where(EventRow.type.like("%.assigned"))).all()
        assert {str(entry.change_set_id) for entry in entries if entry.action == "update"} == {
            told["change_set_id"]
        }
        label = session.get_one(ChangeSet, UUID(told["change_set_id"])).label
        return [e for e in entries if e.action == "update"], list(events), label

    entries, events, label = await api.db.read(read)
    assert (len(entries), len(events)) == (sum(ALL.values()), sum(LIVE.values()))
    assert {entry.before["owner_id"] for entry in entries} == {str(office.maria.id)}
    assert {event.data["quiet"] for event in events} == {True}
    assert {event.data["before"] for event in events} == {str(office.maria.id)}
    assert {event.owner_id for event in events} == {office.ben.id}
    assert label == "hand-over"


def _ids(office: Office) -> list[UUID]:
    return [row.id for rows in office.rows.values() for row in rows]


async def test_who_owns_the_open_deal_reaches_its_account_and_who_did_no_longer_does(
    api: Api, office: Office
) -> None:
    account = office.rows["account"][0]

    def share(session: Session) -> None:
        session.execute(
            sa.insert(AccountAccess).values(
                id=account.id, account_id=account.id, user_id=office.maria.id, reason="open_deal"
            )
        )

    await api.db.write(share)
    body = {"parts": [{"kind": "opportunity", "successor_id": str(office.dan.id)}]}
    await done(await api.client(), office, **body)
    reached = await api.db.read(
        lambda s: set(s.execute(sa.select(AccountAccess.account_id, AccountAccess.user_id)).all())
    )

    assert reached == {(row.id, office.dan.id) for row in office.rows["account"]}
    dan = await api.signed_in(office.dan)
    assert (await dan.get(f"/api/v1/crm/accounts/{account.id}")).status_code == 200


# ── Leaving ──────────────────────────────────────────────────────────────────────────────────────


async def test_nobody_is_deactivated_while_they_own_live_records(api: Api, office: Office) -> None:
    client, address = await api.client(), f"{USERS}/{office.maria.id}"
    refused = problem(await client.patch(address, json={"is_active": False}), 409)

    assert refused["owned"] == LIVE
    assert "2 accounts, 2 contacts, 2 leads, 2 opportunities and 3 activities" in refused["detail"]
    assert (await client.get(address)).json()["is_active"] is True
    kept = await client.patch(address, json={"is_active": False, "keep_records": True})
    assert kept.json()["is_active"] is False
    assert (await client.get(office.address())).json()["total"] == sum(ALL.values())


async def test_who_owns_nothing_live_leaves_without_more(api: Api) -> None:
    user = await api.db.write(make_user, "rep")
    answer = await (await api.client()).patch(f"{USERS}/{user.id}", json={"is_active": False})

    assert answer.json()["is_active"] is False


async def test_a_hand_over_with_deactivation_ends_everything_in_their_name(api: Api, office: Office) -> None:
    def more(session: Session) -> None:
        make_team(session, "Night", manager_id=office.maria.id)
        for user in (office.ben, office.cara):
            session.get_one(User, user.id).manager_id = office.maria.id
        session.get_one(User, office.maria.id).manager_id = office.manager.id
        session.get_one(User, office.maria.id).role = "manager"
        hook = Webhook(
            name="Orders", url="https://orders.example.com", event_types=["*"], exclude_origins=[],
            owner_id=office.maria.id, secret=b"sealed",
        )  # fmt: skip
        session.add(hook)

    await api.db.write(more)
    client, maria = await api.client(), await api.signed_in(office.maria)
    await maria.post("/api/v1/auth/api-keys", json={"name": "Sync", "scopes": ["*:read"]})
    before = (await client.get(office.address())).json()["others"]
    told = await done(client, office, successor_id=str(office.ben.id), deactivate=True)

    assert before == told["others"]
    assert before == {
        "sequences": 0, "visit_plans": 0, "webhooks": 1, "api_keys": 1, "teams_managed": 1, "reports": 2,
    }  # fmt: skip
    after = (await client.get(office.address())).json()
    assert (told["is_active"], after["total"], set(after["others"].values())) == (False, 0, {0})
    assert (await maria.get("/api/v1/auth/me")).status_code == 401
    above = await api.db.read(
        lambda s: {u.name: u.manager_id for u in s.scalars(sa.select(User)) if u.name in ("Ben", "Cara")}
    )
    assert above == {"Ben": office.manager.id, "Cara": office.ben.id}


async def test_a_deactivation_that_would_leave_something_moves_nothing(api: Api, office: Office) -> None:
    client = await api.client()
    body = {"deactivate": True, "parts": [{"kind": "lead", "successor_id": str(office.ben.id)}]}
    refused = problem(await client.post(office.address(), json=body), 409)

    assert refused["left"] == {kind: n for kind, n in LIVE.items() if kind != "lead"}
    assert (await client.get(office.address())).json()["total"] == sum(ALL.values())


async def test_what_others_look_at_stays_with_who_has_left_until_it_is_handed_over(
    api: Api, office: Office
) -> None:
    client, shared = await api.client(), str(office.rows["view"][0].id)
    parts = [{"kind": kind, "successor_id": str(office.ben.id)} for kind in LIVE]
    await done(client, office, parts=parts, deactivate=True)

    before = (await client.get(f"/api/v1/crm/views/{shared}")).json()
    told = await done(client, office, successor_id=str(office.cara.id))
    after = (await client.get(f"/api/v1/crm/views/{shared}")).json()

    assert [before["owner_id"], after["owner_id"]] == [str(office.maria.id), str(office.cara.id)]
    assert {item["kind"]: item["count"] for item in told["moved"]} == {"view": 1}


async def test_a_hand_over_is_undone_with_the_deactivation_it_ended_in(api: Api, office: Office) -> None:
    client = await api.client()
    told = await done(client, office, successor_id=str(office.ben.id), deactivate=True)
    answer = await client.post(f"/api/v1/changes/{told['change_set_id']}/revert")

    assert answer.status_code == 200, answer.text
    assert await api.db.read(owners(office)) == {kind: [office.maria.id] * n for kind, n in ALL.items()}
    assert (await client.get(f"{USERS}/{office.maria.id}")).json()["is_active"] is True


async def test_who_was_added_and_owns_live_records_by_now_is_not_taken_back(api: Api) -> None:
    client = await api.client()
    made = {"name": "Nora", "role": "rep", "email": "nora@example.com"}
    user = (await client.post(USERS, json=made)).json()
    addition = (await client.get("/api/v1/changes")).json()["items"][0]["id"]
    await client.post("/api/v1/crm/leads", json={"title": "Hers", "owner_id": user["id"]})

    assert problem(await client.post(f"/api/v1/changes/{addition}/revert"), 409)["owned"] == {"lead": 1}


async def test_the_last_administrator_hands_over_but_stays(api: Api, office: Office) -> None:
    client = await api.client()
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    body = {"successor_id": str(office.ben.id), "deactivate": True}

    problem(await client.post(f"{USERS}/{me}/handover", json=body), 409)


async def test_the_sequences_of_handed_over_leads_stop_and_none_begins(db: Any, tmp_path: Any) -> None:
    house = await furnish(db, tmp_path, steps=2)
    await house.tick()

    def people(session: Session) -> tuple[Any, UUID]:
        admin = make_user(session, "administrator")
        return actor_for(session, admin), make_user(session, "rep").id

    actor, ben = await db.write(people)
    told = await flows.hand_over(
        db,
        actor,
        user_id=house.owner.id,
        data=HandoverIn(successor_id=ben, deactivate=True),
        keep=lambda session, result: None,
    )
    await house.tick()

    assert told["others"]["sequences"] == 1
    (enrolment,) = await house.all(Enrolment)
    assert (enrolment.status, enrolment.stop_reason) == ("stopped", "owner")
    assert [m.status for m in await house.messages()].count("queued") == 0
    assert len(house.sent()) == 1


async def test_what_comes_in_while_the_rest_moves_is_moved_too(
    api: Api, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    move, slipped = service.move, []

    def move_and_slip(session: Session, *args: Any, **kwargs: Any) -> Any:
        # After the leads are done, another one comes in.
        if args[1].holding.kind == "activity" and not slipped:
            slipped.append(make_lead(session, owner_id=office.maria.id))
        return move(session, *args, **kwargs)

    monkeypatch.setattr(service, "move", move_and_slip)
    told = await done(await api.client(), office, successor_id=str(office.ben.id), deactivate=True)

    assert {item["kind"]: item["count"] for item in told["moved"]} == {**ALL, "lead": 3}
    assert told["is_active"] is False


# ── Who may ──────────────────────────────────────────────────────────────────────────────────────


async def test_managers_hand_over_within_their_teams_and_deactivate_nobody(api: Api, office: Office) -> None:
    manager = await api.signed_in(office.manager)
    ben, dan = str(office.ben.id), str(office.dan.id)

    problem(await manager.get(f"{USERS}/{office.dan.id}/handover"), 403)
    problem(await manager.post(office.address(), json={"successor_id": dan}), 403)
    problem(await manager.post(office.address(), json={"successor_id": ben, "deactivate": True}), 403)
    told = await done(manager, office, successor_id=ben)
    assert told["total"] == sum(ALL.values())


@pytest.mark.parametrize("role", ["rep", "field", "viewer"])
async def test_nobody_else_looks_or_hands_over(api: Api, office: Office, role: str) -> None:
    client = await api.client(role)
    body = {"successor_id": str(office.ben.id)}

    problem(await client.get(office.address()), 403)
    problem(await client.post(office.address("plan"), json=body), 403)
    problem(await client.post(office.address(), json=body), 403)


async def test_a_successor_is_somebody_else_who_is_active_and_may_own(api: Api, office: Office) -> None:
    client = await api.client()
    gone, viewer = [
        str((await api.db.write(make_user, role, **values)).id)
        for role, values in (("rep", {"is_active": False}), ("viewer", {}))
    ]
    for successor in (gone, viewer, str(office.maria.id), "0198c000-0000-7000-8000-000000000001"):
        problem(
            await client.post(office.address(), json={"successor_id": successor}), 422, field="successor_id"
        )
        part = {"parts": [{"successor_id": successor}]}
        fault = problem(await client.post(office.address(), json=part), 422)["errors"][0]["field"]
        assert fault == "parts.0.successor_id"
    problem(await client.post(office.address(), json={}), 422, field="successor_id")
    problem(await client.get(f"{USERS}/0198c000-0000-7000-8000-000000000001/handover"), 404)


async def test_a_large_hand_over_never_holds_the_database_for_long(api: Api, office: Office) -> None:
    def many(session: Session) -> None:
        for _ in range(230):
            make_lead(session, owner_id=office.maria.id)

    await api.db.write(many)
    told = await done(await api.client(), office, successor_id=str(office.ben.id), deactivate=True)

    assert told["total"] == sum(ALL.values()) + 230
    left = await api.db.read(
        lambda s: s.scalar(
            sa.select(sa.func.count()).where(Lead.owner_id == office.maria.id, Lead.status != "lost")
        )
    )
    closed = await api.db.read(
        lambda s: s.scalar(sa.select(sa.func.count()).where(Opportunity.owner_id == office.maria.id))
    )
    assert (left, closed) == (0, 1)


async def test_a_rehearsal_tells_everything_and_moves_nothing(
    api: Api, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, body = await api.client(), {"successor_id": str(office.ben.id), "deactivate": True}
    tried = await client.post(office.address(), params={"dry_run": "true"}, json=body)

    assert tried.status_code == 200, tried.text
    assert tried.json()["answer"]["total"] == sum(ALL.values())
    assert tried.json()["answer"]["is_active"] is False
    assert {event["type"] for event in tried.json()["events"]} >= {"lead.assigned", "user.deactivated"}
    shown = (await client.get(office.address())).json()
    assert shown["total"] == sum(ALL.values())
    monkeypatch.setattr(service, "MOST_AT_ONCE", 3)
    problem(await client.post(office.address(), params={"dry_run": "true"}, json=body), 409)


async def test_a_repeat_under_its_key_is_answered_again_and_not_done_again(api: Api, office: Office) -> None:
    client, body = await api.client(), {"successor_id": str(office.ben.id)}
    key = {"Idempotency-Key": "one hand-over"}
    first = await client.post(office.address(), json=body, headers=key)
    second = await client.post(office.address(), json=body, headers=key)

    assert first.status_code == 200, first.text
    assert first.json()["total"] == sum(ALL.values())
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
