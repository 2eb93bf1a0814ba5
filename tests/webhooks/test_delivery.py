"""From an event to the receiver: at least once, signed, within what the owner sees, for three days."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock, context, failpoints
from crm_api.core.database import Database
from crm_api.core.secrets import Keys
from crm_api.events import flows as relay
from crm_api.events.models import EventRow
from crm_api.users.models import User
from crm_api.webhooks import delivery, flows, schedule
from crm_api.webhooks.delivery import Outcome
from crm_api.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookStats
from tests.factories import make_lead
from tests.support.api import KEYS
from tests.support.receiver import Answer, verify
from tests.support.repository import ROOT
from tests.webhooks.stage import HOOKS, Stage, staged, tell


@pytest.fixture
async def stage(db: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(db, tmp_path) as opened:
        yield opened


async def in_time(stage: Stage, *, days: float) -> None:
    """Let the job run through so much time, a round whenever something comes due."""
    at, end = clock.now(), clock.now() + timedelta(days=days)
    while at < end:
        with clock.frozen(at):
            await stage.deliver()
        due = await stage.db.read(
            lambda s: s.scalar(
                sa.select(sa.func.min(WebhookDelivery.due_at)).where(WebhookDelivery.status == "pending")
            )
        )
        if due is None:
            return
        at = max(due, at)


# ── Arriving ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_change_arrives_signed_and_as_the_feed_shows_it(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.client.post("/api/v1/crm/accounts", json={"name": "Acme"})
    await relay.relay(stage.db)

    assert await stage.deliver() == 1

    (request,) = stage.receiver.received
    (event,) = (await stage.client.get("/api/v1/events", params={"types": "account.*"})).json()["items"]
    assert verify(hook["secret"], request.headers, request.body, now=time.time()) == event
    assert request.headers["content-type"] == "application/json"
    assert len(request.body) < 20_000


async def test_what_has_arrived_is_not_sent_again(stage: Stage) -> None:
    await stage.hook()
    await stage.happened("lead.created")
    await stage.deliver()

    assert await stage.deliver() == 0
    assert [(row.status, row.attempts) for row in await stage.rows()] == [("delivered", 1)]


async def test_an_event_fans_out_once_however_often_the_relay_comes_by(stage: Stage) -> None:
    await stage.hook()
    await stage.happened("lead.created")
    await relay.relay(stage.db)

    assert len(await stage.rows()) == 1


@pytest.mark.parametrize(
    ("wanted", "arrive"),
    [
        (["lead.*"], ["lead.created", "lead.updated"]),
        (["account.created", "lead.updated"], ["account.created", "lead.updated"]),
    ],
)
async def test_only_the_types_asked_for_arrive(stage: Stage, wanted: list[str], arrive: list[str]) -> None:
    await stage.hook(event_types=wanted)
    await stage.happened("lead.created", "account.created", "lead.updated")
    await stage.deliver()

    assert sorted(request.json["type"] for request in stage.receiver.received) == sorted(arrive)


async def test_a_subscriber_can_leave_out_what_its_own_key_did(stage: Stage) -> None:
    keys = "/api/v1/auth/api-keys"
    made = (await stage.client.post(keys, json={"name": "Sync", "scopes": ["*:read", "*:write"]})).json()
    program = stage.api.anonymous()
    program.headers["Authorization"] = f"Bearer {made['token']}"
    hook = await stage.hook(program, exclude_origins=["self"], event_types=["account.*"])

    await program.post("/api/v1/crm/accounts", json={"name": "Mine"})
    other = (await stage.client.post("/api/v1/crm/accounts", json={"name": "Theirs"})).json()
    await relay.relay(stage.db)
    await stage.deliver()

    assert hook["exclude_origins"] == [f"api_key:{made['id']}"]
    assert [request.json["subject_id"] for request in stage.receiver.received] == [other["id"]]


async def test_an_owner_is_told_of_what_they_may_see_and_of_nothing_else(stage: Stage) -> None:
    manager = await stage.api.client("manager")
    me = UUID((await manager.get("/api/v1/auth/me")).json()["id"])
    await stage.hook(manager)

    def two_leads(session: Session) -> UUID:
        mine = make_lead(session, owner_id=me)
        tell(session, "lead.created", subject_id=mine.id, owner_id=me)
        tell(session, "lead.created", subject_id=make_lead(session).id)
        return mine.id

    seen = await stage.db.write(two_leads)
    await relay.relay(stage.db)
    await stage.deliver()

    assert [request.json["subject_id"] for request in stage.receiver.received] == [str(seen)]
    assert len(await stage.rows()) == 1


async def test_what_an_owner_sees_is_asked_again_when_it_is_delivered(stage: Stage) -> None:
    manager = await stage.api.client("manager")
    me = UUID((await manager.get("/api/v1/auth/me")).json()["id"])
    await stage.hook(manager)
    await stage.happened("lead.created", owner_id=me)

    await stage.db.write(lambda s: s.execute(sa.update(EventRow).values(owner_id=None)))
    await stage.deliver()

    assert stage.receiver.received == []
    assert [row.status for row in await stage.rows()] == ["cancelled"]


@pytest.mark.parametrize("when", ["before the event", "after it"])
async def test_a_webhook_of_an_inactive_owner_is_switched_off_and_sends_nothing(
    stage: Stage, when: str
) -> None:
    manager = await stage.api.client("manager")
    me = UUID((await manager.get("/api/v1/auth/me")).json()["id"])
    hook = await stage.hook(manager)
    leave = lambda s: s.execute(sa.update(User).where(User.id == me).values(is_active=False))  # noqa: E731

    if when == "before the event":
        await stage.db.write(leave)
    await stage.happened("lead.created", owner_id=me)
    await stage.db.write(leave)
    await stage.deliver()

    assert stage.receiver.received == []
    assert "not active" in (await stage.shown(hook))["disabled_reason"]


async def test_an_event_too_large_to_send_arrives_without_its_data(stage: Stage) -> None:
    await stage.hook()
    await stage.happened("lead.updated", data={"fields": ["x" * 30_000]})
    await stage.deliver()

    (request,) = stage.receiver.received
    assert request.json["data"] == {"truncated": True}
    assert request.json["type"] == "lead.updated"


# ── Not arriving ─────────────────────────────────────────────────────────────────────────────────


async def test_a_retry_has_the_same_id_and_body_and_a_signature_of_its_own(stage: Stage) -> None:
    hook = await stage.hook()
    stage.receiver.answers = [Answer(500)]
    await stage.happened("lead.created")
    await stage.deliver()
    later = clock.now() + timedelta(minutes=10)

    with clock.frozen(later):
        await stage.deliver()

    first, second = stage.receiver.received
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert verify(hook["secret"], second.headers, second.body, now=later.timestamp())


@pytest.mark.parametrize(
    "answer",
    [Answer(500), Answer(404), Answer(302), Answer(429), Answer(hang_up=True)],
    ids=lambda a: str(a.status),
)
async def test_anything_but_a_2xx_is_tried_again_after_five_seconds(stage: Stage, answer: Answer) -> None:
    await stage.hook()
    stage.receiver.answers = [answer]
    await stage.happened("lead.created")
    now = clock.now()
    with clock.frozen(now):
        await stage.deliver()

    (row,) = await stage.rows()
    assert row.status == "pending"
    assert timedelta(seconds=5) <= row.due_at - now <= timedelta(seconds=6)


async def test_a_receiver_that_asks_for_more_time_is_given_it(stage: Stage) -> None:
    await stage.hook()
    stage.receiver.answers = [Answer(503, headers={"retry-after": "600"})]
    await stage.happened("lead.created")
    now = clock.now()
    with clock.frozen(now):
        await stage.deliver()

    (row,) = await stage.rows()
    assert row.due_at - now == timedelta(minutes=10)


async def test_every_attempt_stands_in_the_log(stage: Stage) -> None:
    hook = await stage.hook()
    stage.receiver.answers = [Answer(500, b"out of order"), Answer(hang_up=True), Answer(202, b"ok")]
    await stage.happened("lead.created")
    await in_time(stage, days=1)

    (row,) = (await stage.client.get(f"{HOOKS}/{hook['id']}/deliveries")).json()["items"]
    log = (await stage.client.get(f"{HOOKS}/{hook['id']}/deliveries/{row['id']}")).json()["attempt_log"]

    assert (row["status"], row["attempts"], row["response_status"]) == ("delivered", 3, 202)
    assert [attempt["response_status"] for attempt in log] == [500, None, 202]
    assert log[0]["response_excerpt"] == "out of order"
    assert "broke the connection" in log[1]["error"]
    assert all(attempt["latency_ms"] >= 0 for attempt in log)


async def test_a_message_is_given_up_after_ten_attempts_over_three_days(stage: Stage) -> None:
    await stage.hook()
    stage.receiver.usually = Answer(500)
    began = clock.now()
    await stage.happened("lead.created")
    await in_time(stage, days=10)

    (row,) = await stage.rows()
    last = await stage.db.read(lambda s: s.scalar(sa.select(sa.func.max(WebhookAttempt.at))))
    assert (row.status, row.attempts, len(stage.receiver.received)) == ("failed", 10, 10)
    assert timedelta(hours=75) < last - began < timedelta(days=4)


async def test_an_endpoint_that_fails_for_days_is_switched_off_with_a_notice(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    hook = await stage.hook()
    stage.receiver.usually = Answer(500)
    await stage.happened("lead.created")
    await in_time(stage, days=10)
    await relay.relay(stage.db)

    shown = await stage.shown(hook)
    told = (await stage.client.get("/api/v1/events", params={"types": "webhook.disabled"})).json()["items"]
    assert shown["is_active"] is False
    assert "Nothing has arrived since" in shown["disabled_reason"]
    assert "webhook switched off" in caplog.text
    assert [event["subject_id"] for event in told] == [hook["id"]]


async def test_one_message_that_never_arrives_does_not_switch_off_an_endpoint_that_works(
    stage: Stage,
) -> None:
    hook = await stage.hook()
    await stage.happened("lead.created")
    await stage.db.write(lambda s: s.execute(sa.update(WebhookDelivery).values(attempts=9)))
    stage.receiver.answers = [Answer(500)]
    await stage.deliver()

    assert (await stage.rows())[0].status == "failed"
    assert (await stage.shown(hook))["is_active"] is True


async def test_a_success_ends_the_time_of_failing(stage: Stage) -> None:
    hook = await stage.hook()
    stage.receiver.answers = [Answer(500)]
    await stage.happened("lead.created")
    await stage.deliver()
    assert (await stage.shown(hook))["failing_since"] is not None

    await in_time(stage, days=1)

    shown = await stage.shown(hook)
    assert shown["failing_since"] is None
    assert shown["last_success_at"] is not None


async def test_delivering_changes_no_version(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.happened("lead.created")
    await stage.deliver()

    assert (await stage.shown(hook))["version"] == hook["version"]


async def test_gone_switches_off_at_once_and_cancels_what_waits(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.happened(*["lead.created"] * 10)
    stage.receiver.usually = Answer(410)
    await stage.deliver()
    tried = len(stage.receiver.received)
    await in_time(stage, days=1)

    shown = await stage.shown(hook)
    assert (shown["is_active"], shown["disabled_reason"]) == (False, "The receiver answered 410 Gone.")
    assert len(stage.receiver.received) == tried <= flows.AT_ONCE
    assert {row.status for row in await stage.rows()} == {"failed", "cancelled"}


async def test_a_failing_endpoint_is_asked_with_one_message_at_a_time(stage: Stage) -> None:
    await stage.hook()
    await stage.happened(*["lead.created"] * 30)
    stage.receiver.usually = Answer(500)
    await stage.deliver()
    first = len(stage.receiver.received)
    await stage.deliver()

    assert first == flows.AT_ONCE
    assert len(stage.receiver.received) == first + 1


async def test_a_dead_endpoint_does_not_hold_up_another(stage: Stage) -> None:
    dead = await stage.hook(name="Dead")
    await stage.db.write(lambda s: s.execute(sa.text("UPDATE webhooks SET url = 'http://127.0.0.1:1/'")))
    await stage.hook(name="Alive")
    await stage.happened("lead.created", "lead.updated")
    await stage.deliver()

    assert len(stage.receiver.received) == 2
    assert (await stage.shown(dead))["failing_since"] is not None


async def test_an_address_that_came_to_be_private_is_given_up_and_not_posted_to(stage: Stage) -> None:
    await stage.hook()
    await stage.db.write(lambda s: s.execute(sa.text("UPDATE webhooks SET url = 'http://10.0.0.1/'")))
    await stage.happened("lead.created")
    await stage.deliver()

    (row,) = await stage.rows()
    assert row.status == "failed"
    assert "10.0.0.1" in (row.error or "")


async def test_a_secret_that_cannot_be_read_any_more_switches_off(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.happened("lead.created")
    await flows.deliver(stage.db, stage.ports, Keys("another secret, long enough to be one"))

    assert stage.receiver.received == []
    assert "SECRET_KEY" in (await stage.shown(hook))["disabled_reason"]


# ── Crashing, and two workers ────────────────────────────────────────────────────────────────────


async def test_two_workers_never_hold_the_same_delivery(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.happened(*["lead.created"] * 12)
    claims = [stage.db.write(delivery.claim, UUID(hook["id"]), keys=KEYS, limit=5) for _ in range(4)]

    held = [claimed.delivery_id for batch in await asyncio.gather(*claims) for claimed in batch]

    assert len(held) == len(set(held)) == 12


async def test_who_comes_back_after_the_lease_changes_nothing(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.happened("lead.created")
    (slow,) = await stage.db.write(delivery.claim, UUID(hook["id"]), keys=KEYS, limit=5)
    with clock.frozen(clock.now() + delivery.LEASE):
        (quick,) = await stage.db.write(delivery.claim, UUID(hook["id"]), keys=KEYS, limit=5)
        between = await stage.db.write(delivery.record, slow, outcome=Outcome(1, 500))
        in_hand = await stage.db.write(delivery.record, quick, outcome=Outcome(1, 200))
        afterwards = await stage.db.write(delivery.record, slow, outcome=Outcome(1, 500))

    assert (between, in_hand, afterwards) == (False, True, False)
    (row,) = await stage.rows()
    assert (row.status, row.attempts, row.token) == ("delivered", 2, 2)


CHILD = """
import asyncio, sys
from pathlib import Path
from crm_api import subscriptions
from crm_api.core.database import Database
from crm_api.core.secrets import Keys
from crm_api.webhooks import flows
from dataclasses import replace
from integrations.webhook_http import GuardedPoster
from tests.support.ports import offline_ports
from tests.support.api import KEYS

async def main():
    subscriptions.install()
    db = Database.open(sys.argv[1])
    poster = GuardedPoster(allow=["127.0.0.0/8"], allow_http=True)
    await flows.deliver(db, replace(offline_ports(Path(sys.argv[2])), webhook_poster=poster), KEYS)
    await db.close()

asyncio.run(main())
"""


async def test_a_worker_killed_after_the_post_costs_a_second_copy_under_the_same_id(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    await stage.hook()
    await stage.happened("lead.created")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, database_url, str(tmp_path), cwd=ROOT,
        env=os.environ | {failpoints.VARIABLE: "webhook.posted=kill", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert await child.wait() == -signal.SIGKILL
    assert await stage.deliver() == 0  # the lease of the dead one holds
    with clock.frozen(clock.now() + delivery.LEASE):
        assert await stage.deliver() == 1

    first, second = stage.receiver.received
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert [(row.status, row.attempts) for row in await stage.rows()] == [("delivered", 2)]


# ── Replays, rotation, tidying ───────────────────────────────────────────────────────────────────


async def test_while_a_secret_is_rotated_messages_carry_both_signatures(stage: Stage) -> None:
    hook = await stage.hook()
    new = (await stage.client.post(f"{HOOKS}/{hook['id']}/rotate-secret", json={"overlap_hours": 2})).json()
    await stage.happened("lead.created")
    await stage.deliver()
    over = clock.now() + timedelta(hours=3)
    with clock.frozen(over):
        await stage.happened("lead.updated")
        await stage.deliver()

    during, after = stage.receiver.received
    for secret in (hook["secret"], new["secret"]):
        assert verify(secret, during.headers, during.body, now=time.time())
    assert verify(new["secret"], after.headers, after.body, now=over.timestamp())
    assert " " not in after.headers["webhook-signature"]


async def test_a_delivery_is_replayed_under_its_id(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.happened("lead.created")
    await stage.deliver()
    (row,) = await stage.rows()

    answer = await stage.client.post(f"{HOOKS}/{hook['id']}/deliveries/{row.id}/replay")
    await stage.deliver()

    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert stage.receiver.ids == [str(row.id)] * 2
    assert (await stage.rows())[0].attempts == 1


async def test_a_stretch_of_time_is_replayed_with_what_was_never_delivered(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "SLICE", 2)
    start = clock.now().replace(microsecond=0) - timedelta(days=2)
    hook = await stage.hook(event_types=["lead.*"])
    for hour, type_ in enumerate(
        ["lead.created", "lead.updated", "account.created", "lead.assigned", "lead.archived"]
    ):
        with clock.frozen(start + timedelta(hours=hour)):
            await stage.happened(type_)
    await stage.deliver()
    await stage.db.write(lambda s: s.execute(sa.delete(WebhookDelivery)))
    span = {
        "since": (start + timedelta(hours=1)).isoformat(),
        "until": (start + timedelta(hours=4)).isoformat(),
    }

    answer = await stage.client.post(f"{HOOKS}/{hook['id']}/replay", json=span)
    stage.receiver.received.clear()
    await stage.deliver()

    assert (answer.status_code, answer.json()) == (202, {"queued": 2})
    assert sorted(r.json["type"] for r in stage.receiver.received) == ["lead.assigned", "lead.updated"]


async def test_a_test_message_asked_for_again_under_its_key_is_posted_once(stage: Stage) -> None:
    hook = await stage.hook()
    stage.receiver.answers = [Answer(200), Answer(500, b"a second time")]
    key = {"Idempotency-Key": "once"}

    first = await stage.client.post(f"{HOOKS}/{hook['id']}/test", headers=key)
    second = await stage.client.post(f"{HOOKS}/{hook['id']}/test", headers=key)

    assert second.json() == first.json()
    assert len(stage.receiver.received) == 1


async def test_a_test_message_is_posted_at_once_and_tried_once(stage: Stage) -> None:
    hook = await stage.hook()
    stage.receiver.answers = [Answer(500, b"not ready"), Answer(200)]

    failed = (await stage.client.post(f"{HOOKS}/{hook['id']}/test")).json()
    passed = (await stage.client.post(f"{HOOKS}/{hook['id']}/test")).json()
    await in_time(stage, days=1)

    assert (failed["status"], failed["response_status"], failed["response_excerpt"]) == (
        "failed",
        500,
        "not ready",
    )
    assert passed["status"] == "delivered"
    assert [request.json["type"] for request in stage.receiver.received] == ["webhook.ping"] * 2
    request = stage.receiver.received[0]
    assert verify(hook["secret"], request.headers, request.body, now=time.time())["subject_id"] == hook["id"]


async def test_the_log_is_kept_for_thirty_days(stage: Stage) -> None:
    await stage.hook()
    await stage.happened("lead.created")
    await stage.deliver()
    with clock.frozen(clock.now() + timedelta(days=29)):
        assert await flows.tidy(stage.db) == 0
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert await flows.tidy(stage.db) == 1

    left = await stage.db.read(lambda s: s.scalar(sa.select(sa.func.count()).select_from(WebhookAttempt)))
    assert left == 0


async def test_a_webhook_switched_on_again_begins_afresh(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.client.patch(f"{HOOKS}/{hook['id']}", json={"is_active": False})
    await stage.happened("lead.created")
    await stage.client.patch(f"{HOOKS}/{hook['id']}", json={"is_active": True})
    await stage.happened("lead.updated")
    await stage.deliver()

    assert [request.json["type"] for request in stage.receiver.received] == ["lead.updated"]


async def test_without_a_poster_nothing_is_claimed(stage: Stage) -> None:
    await stage.hook()
    await stage.happened("lead.created")

    assert await flows.deliver(stage.db, replace(stage.ports, webhook_poster=None), KEYS) == 0
    assert [row.status for row in await stage.rows()] == ["pending"]


async def test_what_a_job_switches_off_is_in_the_trail(stage: Stage) -> None:
    hook = await stage.hook()
    stage.receiver.usually = Answer(410)
    await stage.happened("lead.created")
    with context.working(origin="job", label="deliver_webhooks"):
        await stage.deliver()

    def trail(session: Session) -> Any:
        return session.execute(
            sa.text(
                "SELECT c.origin, c.label FROM change_sets c JOIN audit_entries a ON a.change_set_id = c.id "
                "WHERE a.kind = 'webhook' AND a.action = 'update'"
            )
        ).all()

    assert [tuple(row) for row in await stage.db.read(trail)] == [("job", "deliver_webhooks")]
    assert (await stage.webhook(hook["id"])).disabled_at is not None


def test_patience_is_shorter_than_the_schedule() -> None:
    assert sum(schedule.RETRIES, timedelta()) > schedule.PATIENCE


async def test_a_fault_of_the_poster_is_recorded_and_tried_again(stage: Stage) -> None:
    class Broken:
        async def check(self, url: str) -> None: ...

        async def post(self, url: str, headers: Any, body: bytes) -> Any:
            raise RuntimeError("a bug")

    await stage.hook()
    await stage.happened("lead.created")
    await flows.deliver(stage.db, replace(stage.ports, webhook_poster=Broken()), KEYS)

    (row,) = await stage.rows()
    assert (row.status, row.error) == ("pending", "RuntimeError('a bug')")
    stats = await stage.db.read(lambda s: s.scalars(sa.select(WebhookStats)).one())
    assert stats.failing_since is not None
