"""Webhooks over HTTP: who may make them, what is shown, what is refused."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crm_api.audit.models import AuditEntry
from crm_api.core.database import Database
from crm_api.users.models import User
from crm_api.webhooks.models import Webhook
from tests.support.receiver import Answer
from tests.webhooks.stage import HOOKS, Stage, staged

NOBODY = "0198c5a0-0000-7000-8000-000000000000"


@pytest.fixture
async def stage(db: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(db, tmp_path) as opened:
        yield opened


# ── Making ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("role", "status"),
    [("administrator", 201), ("manager", 201), ("rep", 403), ("field", 403), ("viewer", 403)],
)
async def test_managers_and_administrators_make_webhooks(stage: Stage, role: str, status: int) -> None:
    client = await stage.api.client(role)

    answer = await client.post(HOOKS, json={"name": "x", "url": stage.receiver.url})

    assert answer.status_code == status


async def test_the_secret_is_shown_when_made_and_never_again(stage: Stage) -> None:
    hook = await stage.hook()

    shown = await stage.client.get(f"{HOOKS}/{hook['id']}")
    listed = await stage.client.get(HOOKS)

    assert hook["secret"].startswith("whsec_")
    assert "secret" not in shown.json()
    assert hook["secret"] not in listed.text


async def test_the_secret_lies_encrypted_in_the_database_and_hidden_in_the_trail(stage: Stage) -> None:
    hook = await stage.hook()

    row = await stage.webhook(hook["id"])
    trail = await stage.db.read(
        lambda s: s.scalars(sa.select(AuditEntry).where(AuditEntry.kind == "webhook")).one()
    )

    assert hook["secret"].encode() not in row.secret
    assert trail.after["secret"] == "•••"


async def test_a_webhook_wants_everything_unless_it_says_otherwise(stage: Stage) -> None:
    hook = await stage.hook()

    assert (hook["event_types"], hook["exclude_origins"], hook["is_active"]) == (["*"], [], True)


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[fd00:ec2::254]/",
        "ftp://example.com/",
        "https://",
        "nonsense",
        "https://user:word@example.com/",
        "https://no-such-name.invalid/",
    ],
)
async def test_an_address_that_may_not_be_posted_to_is_refused_and_nothing_made(
    stage: Stage, url: str
) -> None:
    answer = await stage.client.post(HOOKS, json={"name": "x", "url": url})

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == ["url"]
    assert await stage.db.read(lambda s: s.scalars(sa.select(Webhook)).all()) == []


async def test_the_attempt_to_reach_a_private_address_leaves_its_trace(stage: Stage) -> None:
    await stage.client.post(HOOKS, json={"name": "x", "url": "https://169.254.169.254/"})

    (entry,) = await stage.db.read(
        lambda s: s.scalars(sa.select(AuditEntry).where(AuditEntry.action == "refused")).all()
    )
    assert entry.after["url"] == "https://169.254.169.254/"


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"event_types": []},
        {"event_types": ["Lead Created"]},
        {"event_types": ["lead.*; DROP TABLE"]},
        {"event_types": ["lead.banana"]},
        {"event_types": ["banana.*"]},
        {"exclude_origins": ["API KEY"]},
        {"exclude_origins": ["self"]},  # for API keys alone: a person has no origin of their own
        {"owner_id": NOBODY},
        {"secret": "whsec_mine"},
        {"is_active": "maybe"},
    ],
)
async def test_a_webhook_that_makes_no_sense_is_refused(stage: Stage, body: dict[str, Any]) -> None:
    answer = await stage.client.post(HOOKS, json={"name": "x", "url": stage.receiver.url, **body})

    assert answer.status_code == 422, answer.text
    assert await stage.db.read(lambda s: s.scalars(sa.select(Webhook)).all()) == []


# ── Seeing and changing ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test"),
        ("POST", "/rotate-secret"), ("POST", "/replay"), ("POST", f"/deliveries/{NOBODY}/replay"),
        ("GET", f"/deliveries/{NOBODY}"),
    ],
)  # fmt: skip
async def test_the_webhook_of_a_colleague_is_not_there(stage: Stage, method: str, path: str) -> None:
    hook = await stage.hook()
    other = await stage.api.client("manager")
    body = {"name": "mine", "since": "2026-01-01T00:00:00Z"} if path == "/replay" else {}
    json = (
        None if method in ("GET", "DELETE") else {"since": "2026-01-01T00:00:00Z"} if "since" in body else {}
    )

    answer = await other.request(method, f"{HOOKS}/{hook['id']}{path}", json=json)

    assert answer.status_code == 404, answer.text
    assert (await other.get(HOOKS)).json()["items"] == []


async def test_an_administrator_sees_and_changes_everybodys(stage: Stage) -> None:
    hook = await stage.hook(await stage.api.client("manager"))

    changed = await stage.client.patch(f"{HOOKS}/{hook['id']}", json={"name": "Seen"})

    assert changed.json()["name"] == "Seen"
    assert changed.json()["owner_id"] == hook["owner_id"]


async def test_a_change_touches_just_the_fields_sent(stage: Stage) -> None:
    hook = await stage.hook(event_types=["lead.*"])

    changed = (await stage.client.patch(f"{HOOKS}/{hook['id']}", json={"name": "New"})).json()

    assert (changed["name"], changed["event_types"], changed["url"]) == ("New", ["lead.*"], hook["url"])


async def test_a_stale_change_is_refused(stage: Stage) -> None:
    hook = await stage.hook()
    url = f"{HOOKS}/{hook['id']}"
    await stage.client.patch(url, json={"name": "First"})

    answer = await stage.client.patch(
        url, json={"name": "Second"}, headers={"If-Match": f'"{hook["version"]}"'}
    )

    assert answer.status_code == 412


async def test_a_new_address_is_looked_at_like_a_first_one(stage: Stage) -> None:
    hook = await stage.hook()

    answer = await stage.client.patch(f"{HOOKS}/{hook['id']}", json={"url": "https://127.0.0.1.nip.invalid/"})

    assert answer.status_code == 422
    assert (await stage.webhook(hook["id"])).url == hook["url"]


@pytest.mark.parametrize("field", ["name", "url", "event_types", "exclude_origins", "is_active"])
async def test_no_field_can_be_emptied(stage: Stage, field: str) -> None:
    hook = await stage.hook()

    assert (await stage.client.patch(f"{HOOKS}/{hook['id']}", json={field: None})).status_code == 422


async def test_a_manager_who_is_none_any_more_can_only_look_and_remove(stage: Stage) -> None:
    manager = await stage.api.client("manager")
    hook = await stage.hook(manager)
    await stage.db.write(
        lambda s: s.execute(sa.update(User).where(User.role == "manager").values(role="rep"))
    )
    stage.api.application.state.rounds.actors.clear()
    url = f"{HOOKS}/{hook['id']}"

    assert (await manager.get(url)).status_code == 200
    assert (await manager.patch(url, json={"name": "x"})).status_code == 403
    assert (await manager.post(f"{url}/test")).status_code == 403
    assert (await manager.post(f"{url}/rotate-secret", json={})).status_code == 403


async def test_a_removed_webhook_takes_its_log_along(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.happened("lead.created")
    await stage.deliver()

    assert (await stage.client.delete(f"{HOOKS}/{hook['id']}")).status_code == 204

    assert (await stage.client.get(f"{HOOKS}/{hook['id']}")).status_code == 404
    assert await stage.rows() == []


# ── Deliveries ───────────────────────────────────────────────────────────────────────────────────


async def test_the_log_is_filtered_by_status(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.happened("lead.created", "lead.updated")
    stage.receiver.answers = [Answer(500)]
    await stage.deliver()
    deliveries = f"{HOOKS}/{hook['id']}/deliveries"

    failing = (await stage.client.get(deliveries, params={"status": "pending"})).json()
    arrived = (await stage.client.get(deliveries, params={"status": "delivered"})).json()

    assert (failing["total"], arrived["total"]) == (1, 1)
    assert failing["items"][0]["response_status"] == 500


async def test_a_delivery_of_another_webhook_is_not_there(stage: Stage) -> None:
    mine, other = await stage.hook(event_types=["lead.*"]), await stage.hook(event_types=["account.*"])
    await stage.happened("lead.created")
    (row,) = await stage.rows()

    assert (await stage.client.get(f"{HOOKS}/{mine['id']}/deliveries/{row.id}")).status_code == 200
    assert (await stage.client.get(f"{HOOKS}/{other['id']}/deliveries/{row.id}")).status_code == 404
    assert (await stage.client.post(f"{HOOKS}/{other['id']}/deliveries/{row.id}/replay")).status_code == 404
    assert (await stage.client.get(f"{HOOKS}/{other['id']}/deliveries")).json()["items"] == []


async def test_nothing_is_replayed_to_a_webhook_that_is_off(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.client.patch(f"{HOOKS}/{hook['id']}", json={"is_active": False})

    answer = await stage.client.post(f"{HOOKS}/{hook['id']}/replay", json={"since": "2026-01-01T00:00:00Z"})

    assert answer.status_code == 409
    assert "is_active" in answer.json()["detail"]


async def test_a_test_message_is_not_replayed(stage: Stage) -> None:
    hook = await stage.hook()
    ping = (await stage.client.post(f"{HOOKS}/{hook['id']}/test")).json()

    answer = await stage.client.post(f"{HOOKS}/{hook['id']}/deliveries/{ping['id']}/replay")

    assert answer.status_code == 409


@pytest.mark.parametrize(
    "body",
    [{}, {"since": "yesterday"}, {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}],
)
async def test_a_stretch_of_time_that_is_none_is_refused(stage: Stage, body: dict[str, str]) -> None:
    hook = await stage.hook()

    assert (await stage.client.post(f"{HOOKS}/{hook['id']}/replay", json=body)).status_code == 422


@pytest.mark.parametrize("hours", [-1, 169, "x"])
async def test_a_rotation_overlaps_for_a_week_at_most(stage: Stage, hours: Any) -> None:
    hook = await stage.hook()

    answer = await stage.client.post(f"{HOOKS}/{hook['id']}/rotate-secret", json={"overlap_hours": hours})

    assert answer.status_code == 422


async def test_without_overlap_the_old_secret_is_worth_nothing_at_once(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.client.post(f"{HOOKS}/{hook['id']}/rotate-secret", json={"overlap_hours": 0})
    await stage.happened("lead.created")
    await stage.deliver()

    assert " " not in stage.receiver.received[0].headers["webhook-signature"]
    assert (await stage.webhook(hook["id"])).previous_secret is None
