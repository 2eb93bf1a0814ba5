"""Who is told of what, how often, and what people do with it."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.events import flows as relay
from crm_api.events import service as events
from crm_api.notifications import flows
from crm_api.notifications.models import TYPES, Notification
from crm_api.outbox.flows import send_due
from crm_api.outbox.models import OutboxMessage
from crm_api.users.models import User
from tests.app.resources import problem
from tests.factories import make_lead, make_user
from tests.support.api import Api
from tests.support.ports import offline_ports

CRM = "/api/v1/crm"
BOX = f"{CRM}/notifications"


class Stage:
    """An administrator who does things and a rep who is told of them."""

    def __init__(self, api: Api, boss: httpx.AsyncClient, rep: httpx.AsyncClient, user: User) -> None:
        self.api, self.boss, self.rep, self.user = api, boss, rep, user
        self.user_id = str(user.id)

    async def news(self, client: httpx.AsyncClient | None = None, **asked: Any) -> list[dict[str, Any]]:
        await relay.relay(self.api.db)
        answer = await (client or self.rep).get(BOX, params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def posted(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.boss.post(f"{CRM}/{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def prefers(self, **channels: str) -> None:
        assert (await self.rep.put(f"{BOX}/preferences", json=channels)).status_code == 200

    async def mailed(self) -> list[OutboxMessage]:
        await relay.relay(self.api.db)
        await flows.send_notices(self.api.db, sender="crm@example.com", address="https://crm.example")

        def all_(session: Session) -> list[OutboxMessage]:
            return list(session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.created_at)))

        return await self.api.db.read(all_)


@pytest.fixture
async def stage(api: Api) -> Stage:
    boss = await api.client(name="Ada Boss")
    user = await api.db.write(
        lambda session: make_user(session, "rep", name="Dana Reyes", email="dana@example.com")
    )
    return Stage(api, boss, await api.signed_in(user), user)


# ── Of what ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "body", "kind", "told"),
    [
        ("leads", {"name": "Vans"}, "lead", "Ada Boss gave you the lead “Vans”"),
        ("opportunities", {"name": "Fleet"}, "opportunity", "Ada Boss gave you the opportunity “Fleet”"),
        ("accounts", {"name": "Harbor"}, "account", "Ada Boss gave you the account “Harbor”"),
        ("tasks", {"subject": "Quote"}, "activity", "Ada Boss gave you the task “Quote”"),
    ],
)
@pytest.mark.parametrize("at_birth", [True, False])
async def test_who_gets_a_record_is_told(
    stage: Stage, path: str, body: dict[str, str], kind: str, told: str, at_birth: bool
) -> None:
    if at_birth:
        made = await stage.posted(path, **body, owner_id=stage.user_id)
    else:
        me = (await stage.boss.get("/api/v1/auth/me")).json()["id"]
        made = await stage.posted(path, **body, owner_id=me)
        answer = await stage.boss.patch(f"{CRM}/{path}/{made['id']}", json={"owner_id": stage.user_id})
        assert answer.status_code == 200, answer.text

    (news,) = await stage.news(type="assignment")
    assert (news["kind"], news["record_id"], news["summary"]) == (kind, made["id"], told)
    assert news["is_read"] is False
    assert await stage.news(stage.boss) == []


async def test_nobody_is_told_of_what_they_did_themselves(stage: Stage) -> None:
    lead = (await stage.rep.post(f"{CRM}/leads", json={"name": "Own"})).json()
    await stage.rep.patch(f"{CRM}/leads/{lead['id']}", json={"status": "qualified"})
    await stage.rep.post(f"{CRM}/notes", json={"content": "@Dana Reyes: remember", "lead_id": lead["id"]})

    assert await stage.news() == []


async def test_the_owner_is_told_where_somebody_else_moves_a_lead_or_a_deal(stage: Stage) -> None:
    lead = await stage.posted("leads", name="Vans", owner_id=stage.user_id)
    deal = await stage.posted("opportunities", name="Fleet", owner_id=stage.user_id)
    await stage.boss.patch(f"{CRM}/leads/{lead['id']}", json={"status": "qualified"})
    await stage.boss.patch(f"{CRM}/opportunities/{deal['id']}", json={"stage": "proposal"})

    told = {news["summary"] for news in await stage.news(type="stage_change")}
    assert told == {"Ada Boss moved “Vans” to Qualified", "Ada Boss moved “Fleet” to Proposal"}


async def test_a_mention_tells_those_who_may_read_the_note(stage: Stage) -> None:
    lead = await stage.posted("leads", name="Vans", owner_id=stage.user_id)
    other = await stage.api.client("rep", name="Sam Other")
    note = await stage.posted("notes", content="@Dana Reyes @Sam Other, look at this", lead_id=lead["id"])

    (news,) = await stage.news(type="mention")
    assert (news["kind"], news["record_id"]) == ("activity", note["id"])
    assert news["summary"].startswith("Ada Boss mentioned you: @Dana Reyes")
    assert await stage.news(other) == []
    await stage.boss.patch(f"{CRM}/notes/{note['id']}", json={"content": "@Dana Reyes, again"})
    assert len(await stage.news(type="mention")) == 1, "once a note"


async def test_reminders_and_follow_ups_are_told_once_when_they_are_due(stage: Stage) -> None:
    now = clock.now()
    past, future = (now - timedelta(hours=1)).isoformat(), (now + timedelta(hours=1)).isoformat()
    mine: dict[str, Any] = {"owner_id": stage.user_id}
    await stage.posted("tasks", subject="Quote", remind_at=past, **mine)
    await stage.posted("tasks", subject="Later", remind_at=future, **mine)
    await stage.posted("tasks", subject="Old", remind_at=(now - timedelta(days=8)).isoformat(), **mine)
    done = await stage.posted("tasks", subject="Done", remind_at=past, **mine)
    await stage.posted(f"tasks/{done['id']}/complete")
    lead = await stage.posted("leads", name="Vans", next_follow_up_date=past, **mine)
    asked = {"type": "phone", "lead_id": lead["id"], "requires_follow_up": True, "follow_up_date": past}
    await stage.posted("communications", subject="Order", **asked, representative_id=stage.user_id)

    for _ in range(2):
        await flows.remind(stage.api.db)
    told = [(n["type"], n["summary"]) for n in await stage.news(type__in="reminder,follow_up", sort="at")]
    assert sorted(told) == [
        ("follow_up", "Follow up with Vans"), ("follow_up", "Follow up: Order"), ("reminder", "Reminder: Quote"),
    ]  # fmt: skip


async def test_a_reminder_put_off_is_told_again(stage: Stage) -> None:
    now = clock.now()
    task = await stage.posted(
        "tasks", subject="Quote", remind_at=(now - timedelta(hours=2)).isoformat(), owner_id=stage.user_id
    )
    await flows.remind(stage.api.db)
    await stage.boss.patch(
        f"{CRM}/tasks/{task['id']}", json={"remind_at": (now - timedelta(hours=1)).isoformat()}
    )
    await flows.remind(stage.api.db)

    assert len(await stage.news(type="reminder")) == 2


async def test_more_than_a_slice_of_reminders_is_told_in_one_round(stage: Stage) -> None:
    at = clock.now() - timedelta(minutes=1)

    def many(session: Session) -> None:
        for _ in range(150):
            make_lead(session, owner_id=stage.user.id, next_follow_up_date=at)
        gone = make_user(session, is_active=False)
        for _ in range(120):
            make_lead(session, owner_id=gone.id, next_follow_up_date=at - timedelta(hours=1))

    await stage.api.db.write(many)
    assert await flows.remind(stage.api.db) == 150


async def test_a_revert_or_a_handover_is_no_news(stage: Stage) -> None:
    lead = await stage.posted("leads", name="Vans")
    await stage.boss.patch(f"{CRM}/leads/{lead['id']}", json={"owner_id": stage.user_id})
    newest = (await stage.boss.get("/api/v1/changes")).json()["items"][0]["id"]
    before = len(await stage.news())
    await stage.boss.post(f"/api/v1/changes/{newest}/revert", json={})

    assert len(await stage.news()) == before


# ── The list ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_list_is_everybodys_own_and_counts_what_is_unread(stage: Stage) -> None:
    for name in ("One", "Two", "Three"):
        await stage.posted("leads", name=name, owner_id=stage.user_id)
    news = await stage.news()

    assert [n["summary"][-7:] for n in news] == ["“Three”", "d “Two”", "d “One”"]
    count = (await stage.rep.get(f"{BOX}/unread")).json()
    assert count == {"unread": 3, "by_type": {**dict.fromkeys(TYPES, 0), "assignment": 3}}
    address = f"{BOX}/{news[0]['id']}"
    assert (await stage.rep.post(f"{address}/read")).json()["is_read"] is True
    assert (await stage.rep.get(address)).json()["read_at"] is not None
    assert len(await stage.news(is_read="false")) == 2
    assert (await stage.rep.post(f"{address}/unread")).json()["is_read"] is False
    for method, path in (("GET", address), ("POST", f"{address}/read")):
        problem(await stage.boss.request(method, path), 404)
    assert (await stage.boss.post(f"{BOX}/read-all", json={})).json() == {"marked": 0}
    one = {"record_id": news[1]["record_id"]}
    assert (await stage.rep.post(f"{BOX}/read-all", json=one)).json() == {"marked": 1}
    assert (await stage.rep.post(f"{BOX}/read-all", json={"type": "mention"})).json() == {"marked": 0}
    assert (await stage.rep.post(f"{BOX}/read-all", json={})).json() == {"marked": 2}
    assert (await stage.rep.get(f"{BOX}/unread")).json()["unread"] == 0


async def test_preferences_are_kept_for_each_type(stage: Stage) -> None:
    assert (await stage.rep.get(f"{BOX}/preferences")).json() == dict.fromkeys(TYPES, "in_app")
    answer = await stage.rep.patch(f"{BOX}/preferences", json={"mention": "email", "reminder": "off"})

    assert answer.json() == {**dict.fromkeys(TYPES, "in_app"), "mention": "email", "reminder": "off"}
    assert (await stage.boss.get(f"{BOX}/preferences")).json()["mention"] == "in_app"
    problem(await stage.rep.put(f"{BOX}/preferences", json={"mention": "pigeon"}), 422, field="mention")
    problem(await stage.rep.put(f"{BOX}/preferences", json={"weather": "email"}), 422, field="weather")


async def test_what_is_off_is_not_in_the_list(stage: Stage) -> None:
    await stage.prefers(assignment="off")
    await stage.posted("leads", name="Vans", owner_id=stage.user_id)

    assert await stage.news() == []
    assert (await stage.rep.get(f"{BOX}/unread")).json()["unread"] == 0


# ── By mail ──────────────────────────────────────────────────────────────────────────────────────


async def test_notices_gather_into_one_letter_in_a_quarter_of_an_hour(stage: Stage) -> None:
    await stage.prefers(assignment="email", stage_change="in_app")
    first = await stage.posted("leads", name="One", owner_id=stage.user_id)
    await stage.posted("leads", name="Two", owner_id=stage.user_id)
    await stage.boss.patch(f"{CRM}/leads/{first['id']}", json={"status": "qualified"})

    (letter,) = await stage.mailed()
    assert (letter.recipient_address, letter.sender_address) == ("dana@example.com", "crm@example.com")
    assert letter.subject == "2 notices from My company"
    assert letter.text is not None
    assert "- Ada Boss gave you the lead “One”\n- Ada Boss gave you the lead “Two”\n" in letter.text
    assert "https://crm.example" in letter.text
    await stage.posted("leads", name="Three", owner_id=stage.user_id)
    assert len(await stage.mailed()) == 1, "not yet"
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        _, second = await stage.mailed()
        assert second.subject == "Ada Boss gave you the lead “Three”"
        assert len(await stage.mailed()) == 2


async def test_what_was_read_already_is_not_mailed(stage: Stage) -> None:
    await stage.prefers(assignment="email")
    await stage.posted("leads", name="One", owner_id=stage.user_id)
    await stage.news()
    await stage.rep.post(f"{BOX}/read-all", json={})

    assert await stage.mailed() == []


async def test_a_notice_is_sent_and_stands_on_no_timeline(stage: Stage, tmp_path: Path) -> None:
    await stage.prefers(assignment="email")
    await stage.posted("leads", name="One", owner_id=stage.user_id)
    await stage.mailed()
    await send_due(stage.api.db, offline_ports(tmp_path), worker="w")

    (letter,) = await stage.mailed()
    assert letter.status == "sent"
    assert (await stage.boss.get(f"{CRM}/activities")).json()["total"] == 0


async def test_somebody_who_left_gets_no_letter(stage: Stage, tmp_path: Path) -> None:
    await stage.prefers(assignment="email")
    await stage.posted("leads", name="One", owner_id=stage.user_id)
    await stage.mailed()

    def leave(session: Session) -> None:
        session.get_one(User, stage.user.id).is_active = False

    await stage.api.db.write(leave)
    await send_due(stage.api.db, offline_ports(tmp_path), worker="w")
    (letter,) = await stage.mailed()
    assert (letter.status, letter.reason) == ("cancelled", "the person has left")


async def test_old_notifications_are_forgotten(stage: Stage) -> None:
    await stage.posted("leads", name="One", owner_id=stage.user_id)
    await stage.news()

    def age(session: Session) -> None:
        session.execute(sa.update(Notification).values(at=clock.now() - timedelta(days=91)))

    assert await flows.tidy(stage.api.db) == 0
    await stage.api.db.write(age)
    assert await flows.tidy(stage.api.db) == 1
    assert await stage.news() == []


# ── Several workers ──────────────────────────────────────────────────────────────────────────────


async def test_two_workers_at_once_tell_and_write_once(stage: Stage) -> None:
    await stage.prefers(reminder="email")
    at = (clock.now() - timedelta(minutes=1)).isoformat()
    for n in range(5):
        await stage.posted("tasks", subject=f"Task {n}", remind_at=at, owner_id=stage.user_id)
    db, letter = stage.api.db, {"sender": "crm@example.com", "address": "https://crm.example"}

    told = await asyncio.gather(*(flows.remind(db) for _ in range(3)))
    assert sum(told) == 5
    letters = await asyncio.gather(*(flows.send_notices(db, **letter) for _ in range(3)))
    assert sum(letters) == 1
    assert len(await stage.mailed()) == 1


async def test_the_relay_that_breaks_off_tells_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.posted("leads", name="Vans", owner_id=stage.user_id)
    monkeypatch.setattr(events, "deliver", _breaking_off(events.deliver))
    await relay.relay(stage.api.db)
    monkeypatch.undo()

    assert await stage.news() == []

    with clock.frozen(clock.now() + timedelta(hours=1)):
        await relay.relay(stage.api.db)
    assert [n["summary"] for n in await stage.news()] == ["Ada Boss gave you the lead “Vans”"]


def _breaking_off(deliver: Any) -> Any:
    def broken(session: Session, event_id: Any, name: str) -> None:
        deliver(session, event_id, name)
        raise RuntimeError("the power went")

    return broken
