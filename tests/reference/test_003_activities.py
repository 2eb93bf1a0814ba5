"""References 003 and 004: activities, tasks, notes and what an account shows of them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from crm_api.core import clock
from tests.app.resources import problem
from tests.factories import make_user
from tests.support.api import Api

CRM = "/api/v1/crm"
ACTIVITIES = f"{CRM}/activities"
TYPES_003 = ["call", "meeting", "task", "email", "note"]
TYPES_004 = ["call", "email", "meeting", "task", "note", "visit"]
SOON = (clock.now() + timedelta(days=2)).replace(microsecond=0).isoformat().replace("+00:00", "Z")


@pytest.fixture
async def client(api: Api) -> httpx.AsyncClient:
    return await api.client()


async def posted(client: httpx.AsyncClient, path: str, expected: int = 201, /, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{CRM}/{path}", json=body)
    assert answer.status_code == expected, answer.text
    return answer.json()


async def ids(client: httpx.AsyncClient, path: str, **asked: Any) -> list[str]:
    answer = await client.get(f"{CRM}/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def linked(client: httpx.AsyncClient) -> dict[str, str]:
    account = (await posted(client, "accounts", name="Acme Corp"))["id"]
    return {
        "account_id": account,
        "contact_id": (await posted(client, "contacts", first_name="Dana", account_id=account))["id"],
        "lead_id": (await posted(client, "leads", name="Website redesign"))["id"],
        "opportunity_id": (await posted(client, "opportunities", name="Licences", account_id=account))["id"],
    }


# ── Activities ───────────────────────────────────────────────────────────────────────────────────


async def test_every_activity_field_reads_back_as_it_was_posted(client: httpx.AsyncClient) -> None:
    body = {
        "subject": "Discovery call",
        "activity_type": "call",
        "description": "Find out about budget and timeline",
        "due_date": "2026-01-10T09:00:00Z",
        "completed_at": "2026-01-10T09:40:00Z",
        "status": "completed",
        "priority": "high",
        **await linked(client),
    }
    made = await client.post(f"{ACTIVITIES}/", json=body)

    assert made.status_code == 201, made.text
    read = (await client.get(f"{ACTIVITIES}/{made.json()['id']}")).json()
    for answer in (made.json(), read):
        assert {name: answer[name] for name in body} == body
    assert read["due_at"] == body["due_date"]


async def test_the_fields_of_004_read_back_as_they_were_posted(client: httpx.AsyncClient) -> None:
    body = {
        "subject": "Dealer visit",
        "activity_type": "visit",
        "latitude": 39.96,
        "longitude": -83.0,
        "outcome": "Ordered twelve",
        "next_steps": "Send the contract",
    }
    made = await posted(client, "activities", **body)

    assert {name: made[name] for name in body} == body


@pytest.mark.parametrize("type_", sorted({*TYPES_003, *TYPES_004, "video_call", "chat", "sms", "other"}))
async def test_activity_types(client: httpx.AsyncClient, type_: str) -> None:
    made = await posted(client, "activities", activity_type=type_, subject="About the order")

    assert made["activity_type"] == type_
    assert await ids(client, "activities", activity_type=type_) == [made["id"]]
    assert await ids(client, "activities", activity_type__ne=type_) == []


async def test_phone_is_another_word_for_call(client: httpx.AsyncClient) -> None:
    made = await posted(client, "activities", activity_type="phone", subject="About the order")

    assert made["activity_type"] == "call"
    assert await ids(client, "activities", activity_type="phone") == [made["id"]]


@pytest.mark.parametrize("status", ["scheduled", "in_progress", "completed", "cancelled"])
async def test_activity_statuses(client: httpx.AsyncClient, status: str) -> None:
    made = await posted(client, "activities", activity_type="meeting", subject="Demo", status=status)

    assert made["status"] == status
    assert (made["completed_at"] is not None) == (status == "completed")
    assert await ids(client, "activities", status=status) == [made["id"]]


@pytest.mark.parametrize("priority", ["low", "medium", "high", "urgent"])
async def test_activity_priorities(client: httpx.AsyncClient, priority: str) -> None:
    made = await posted(client, "activities", activity_type="call", subject="Call", priority=priority)

    assert made["priority"] == priority
    assert await ids(client, "activities", priority=priority) == [made["id"]]


@pytest.mark.parametrize("missing", ["subject", "activity_type"])
async def test_subject_and_type_are_required(client: httpx.AsyncClient, missing: str) -> None:
    body = {"subject": "Call", "activity_type": "call"}
    del body[missing]

    problem(await client.post(ACTIVITIES, json=body), 422, field=missing)


@pytest.mark.parametrize("link", ["lead_id", "opportunity_id", "contact_id", "account_id"])
async def test_an_activity_links_to_each_record_and_an_unknown_one_is_named(
    client: httpx.AsyncClient, link: str
) -> None:
    links = await linked(client)
    made = await posted(client, "activities", activity_type="call", subject="Call", **{link: links[link]})

    assert made[link] == links[link]
    assert await ids(client, "activities", **{link: links[link]}) == [made["id"]]
    body = {"activity_type": "call", "subject": "Call", link: "01930000-0000-7000-8000-000000000001"}
    problem(await client.post(ACTIVITIES, json=body), 422, field=link)


async def test_an_activity_is_changed_and_deleted(client: httpx.AsyncClient) -> None:
    made = await posted(client, "activities", activity_type="call", subject="Call")
    address = f"{ACTIVITIES}/{made['id']}/"

    changed = await client.put(address, json={"subject": "Second call"})
    assert (changed.json()["subject"], changed.json()["activity_type"]) == ("Second call", "call")
    assert (await client.delete(address)).status_code == 204
    assert await ids(client, "activities/") == []


async def test_an_activity_is_completed_with_outcome_and_next_steps(client: httpx.AsyncClient) -> None:
    made = await posted(client, "activities", activity_type="meeting", subject="Demo", due_date=SOON)
    told = {"outcome": "Convinced", "next_steps": "Quote"}
    done = await posted(client, f"activities/{made['id']}/complete", 200, **told)

    assert (done["status"], done["outcome"], done["next_steps"]) == ("completed", "Convinced", "Quote")
    assert done["completed_at"]


async def test_the_activity_log_filters_by_type_status_and_date_range(client: httpx.AsyncClient) -> None:
    made = [
        await posted(
            client, "activities", activity_type="call", subject="Call", occurred_at=f"2026-0{n}-01T09:00:00Z"
        )
        for n in (1, 2, 3)
    ]
    asked = {"date_range_start": "2026-01-15", "date_range_end": "2026-02-15", "activity_type": "call"}

    assert await ids(client, "activities", **asked, status="completed") == [made[1]["id"]]
    assert await ids(client, "activities", sort="occurred_at") == [one["id"] for one in made]


async def test_a_call_may_turn_out_a_meeting_and_a_task_stays_a_task(client: httpx.AsyncClient) -> None:
    call = await posted(client, "activities", activity_type="call", subject="Call")
    task = await posted(client, "activities", activity_type="task", subject="Quote")

    changed = await client.put(f"{ACTIVITIES}/{call['id']}", json={"activity_type": "meeting"})
    assert changed.json()["activity_type"] == "meeting"
    for one, other in ((task, "call"), (call, "note")):
        answer = await client.put(f"{ACTIVITIES}/{one['id']}", json={"activity_type": other})
        problem(answer, 422, field="activity_type")


# ── Tasks ────────────────────────────────────────────────────────────────────────────────────────


async def test_every_task_field_reads_back_as_it_was_posted(client: httpx.AsyncClient) -> None:
    body = {
        "title": "Send the quote",
        "description": "With the discount",
        "task_type": "deadline",
        "priority": "urgent",
        "due_date": SOON,
        "remind_at": SOON,
        "assigned_to": (await client.get("/api/v1/auth/me")).json()["id"],
        **await linked(client),
    }
    made = await posted(client, "tasks", **body)
    read = (await client.get(f"{CRM}/tasks/{made['id']}")).json()

    for answer in (made, read):
        assert {name: answer[name] for name in body} == body
    assert (read["subject"], read["due_at"], read["owner_id"]) == (body["title"], SOON, body["assigned_to"])
    assert (read["status"], read["is_overdue"]) == ("scheduled", False)


@pytest.mark.parametrize("task_type", ["general", "follow_up", "reminder", "deadline"])
async def test_task_types(client: httpx.AsyncClient, task_type: str) -> None:
    made = await posted(client, "tasks", subject="Call back", task_type=task_type)

    assert made["task_type"] == task_type
    assert await ids(client, "tasks", task_type=task_type) == [made["id"]]


@pytest.mark.parametrize("priority", ["low", "medium", "high", "urgent"])
async def test_task_priorities(client: httpx.AsyncClient, priority: str) -> None:
    made = await posted(client, "tasks", subject="Call back", priority=priority)

    assert await ids(client, "tasks", priority=priority) == [made["id"]]


async def test_tasks_made_as_activities_are_tasks_and_activities_list_them(client: httpx.AsyncClient) -> None:
    task = await posted(client, "activities", activity_type="task", subject="Quote")
    other = await posted(client, "tasks", subject="Contract")
    await posted(client, "activities", activity_type="call", subject="Call")

    assert task["task_type"] == "general"
    assert set(await ids(client, "tasks")) == {task["id"], other["id"]}
    assert set(await ids(client, "activities", activity_type="task")) == {task["id"], other["id"]}


async def test_tasks_come_by_due_date_and_filter_by_assignee(client: httpx.AsyncClient, api: Api) -> None:
    user = await api.db.write(lambda session: make_user(session).id)
    late = await posted(client, "tasks", subject="B", due_at="2026-03-02T09:00:00Z", assignee_id=str(user))
    early = await posted(client, "tasks", subject="A", due_at="2026-03-01T09:00:00Z")

    assert await ids(client, "tasks") == [early["id"], late["id"]]
    assert await ids(client, "tasks", sort="-due_date") == [late["id"], early["id"]]
    assert await ids(client, "tasks", assigned_to=str(user)) == [late["id"]]
    assert early["is_overdue"]


async def test_a_task_is_completed_once_and_reopened(client: httpx.AsyncClient) -> None:
    made = await posted(client, "tasks", subject="Quote", due_at=SOON)
    address = f"{CRM}/tasks/{made['id']}"
    problem(await client.post(f"{address}/reopen"), 409)

    done = await client.post(f"{address}/complete")
    assert (done.json()["status"], done.json()["completed_at"] is None) == ("completed", False)
    problem(await client.post(f"{address}/complete", json={}), 409)
    again = await client.post(f"{address}/reopen")
    assert (again.json()["status"], again.json()["completed_at"]) == ("scheduled", None)
    told = await client.post(f"{address}/complete", json={"outcome": "Sent"})
    assert told.json()["outcome"] == "Sent"


async def test_a_task_is_changed_deleted_and_restored(client: httpx.AsyncClient) -> None:
    made = await posted(client, "tasks", subject="Quote")
    address = f"{CRM}/tasks/{made['id']}"

    assert (await client.put(address, json={"due_date": SOON})).json()["due_at"] == SOON
    assert (await client.delete(address)).status_code == 204
    assert await ids(client, "tasks") == []
    assert (await client.post(f"{address}/restore")).status_code == 200
    call = await posted(client, "activities", activity_type="call", subject="Call")
    for path in ("", "/restore", "/complete", "/reopen"):
        method = client.post if path else client.get
        problem(await method(f"{CRM}/tasks/{call['id']}{path}"), 404)


async def test_an_open_follow_up_task_is_the_next_follow_up_of_its_lead(client: httpx.AsyncClient) -> None:
    lead = (await posted(client, "leads", name="Vans"))["id"]

    async def next_follow_up() -> str | None:
        return (await client.get(f"{CRM}/leads/{lead}")).json()["next_follow_up_date"]

    task = await posted(client, "tasks", subject="Call", task_type="follow_up", due_at=SOON, lead_id=lead)
    assert await next_follow_up() == SOON
    assert await ids(client, "leads", next_follow_up_date__isnull="false") == [lead]
    await posted(client, f"tasks/{task['id']}/complete", 200)
    assert await next_follow_up() is None
    await client.post(f"{CRM}/tasks/{task['id']}/reopen")
    assert await next_follow_up() == SOON
    await client.delete(f"{CRM}/tasks/{task['id']}")
    assert await next_follow_up() is None


async def test_the_workload_of_each_person(client: httpx.AsyncClient, api: Api) -> None:
    user = str(await api.db.write(lambda session: make_user(session, name="Busy").id))
    mine = (await client.get("/api/v1/auth/me")).json()["id"]
    later = (clock.now() + timedelta(days=40)).isoformat()
    for due, priority in (("2026-01-01T09:00:00Z", "urgent"), (later, "low"), (None, "low")):
        await posted(client, "tasks", subject="Task", owner_id=user, due_at=due, priority=priority)
    own = await posted(client, "tasks", subject="Task")
    await posted(client, f"tasks/{own['id']}/complete", 200)

    told = (await client.get(f"{CRM}/tasks/workload")).json()["items"]
    figures = {one["owner_id"]: one for one in told}
    assert [one["owner_id"] for one in told] == [user, mine]
    assert figures[user] == {
        "owner_id": user, "owner_name": "Busy", "open": 3, "overdue": 1, "due_today": 0, "urgent": 1,
        "completed_last_7_days": 0,
    }  # fmt: skip
    assert (figures[mine]["open"], figures[mine]["completed_last_7_days"]) == (0, 1)
    rep = await api.client("rep")
    assert (await rep.get(f"{CRM}/tasks/workload")).json()["items"] == []
    problem(await client.get(f"{CRM}/tasks/workload", params={"owner": user}), 400)


# ── Notes ────────────────────────────────────────────────────────────────────────────────────────


async def test_every_note_field_reads_back_as_it_was_posted(client: httpx.AsyncClient) -> None:
    body = {"content": "Prefers mail.\nNever before ten.", **await linked(client)}
    made = await posted(client, "notes", **body)
    read = (await client.get(f"{CRM}/notes/{made['id']}")).json()

    assert {name: read[name] for name in body} == body
    assert read["subject"] == "Prefers mail."
    assert read["owner_id"] == read["author_id"]


async def test_a_note_is_changed_deleted_and_found_among_the_activities(client: httpx.AsyncClient) -> None:
    made = await posted(client, "notes", content="Prefers mail")
    address = f"{CRM}/notes/{made['id']}"

    assert (await client.patch(address, json={"content": "Prefers calls"})).json()[
        "content"
    ] == "Prefers calls"
    assert await ids(client, "activities", activity_type="note") == [made["id"]]
    assert await ids(client, "notes", search="prefers") == [made["id"]]
    assert (await client.get(f"{ACTIVITIES}/{made['id']}")).json()["status"] == "completed"
    assert (await client.delete(address)).status_code == 204
    assert await ids(client, "notes") == []
    problem(await client.post(f"{CRM}/notes", json={"content": ""}), 422, field="content")


async def test_a_note_is_no_contact(client: httpx.AsyncClient) -> None:
    links = await linked(client)
    await posted(client, "notes", content="Prefers mail", **links)

    read = (await client.get(f"{CRM}/leads/{links['lead_id']}")).json()
    assert read["last_contact_date"] is None


# ── The timeline ─────────────────────────────────────────────────────────────────────────────────


async def test_an_account_tells_what_happened_with_its_contacts_and_deals(client: httpx.AsyncClient) -> None:
    links = await linked(client)
    at = "2026-05-0{}T10:00:00Z"
    await posted(
        client,
        "communications",
        type="email",
        contact_id=links["contact_id"],
        communication_date=at.format(1),
    )
    await posted(client, "notes", content="Prefers mail", opportunity_id=links["opportunity_id"])
    await posted(client, "tasks", subject="Quote", account_id=links["account_id"], due_at=at.format(3))
    await posted(
        client,
        "activities",
        activity_type="visit",
        subject="Visit",
        account_id=links["account_id"],
        occurred_at=at.format(4),
    )
    await client.put(f"{CRM}/opportunities/{links['opportunity_id']}", json={"stage": "proposal"})

    async def told(**asked: Any) -> list[str]:
        answer = await client.get(f"{CRM}/accounts/{links['account_id']}/timeline", params=asked)
        assert answer.status_code == 200, answer.text
        return [line["type"] for line in answer.json()["items"]]

    assert await told() == ["stage_change", "note", "visit", "task", "email"]
    assert await told(type=["visit", "email"]) == ["visit", "email"]
    assert await told(since=at.format(3), until=at.format(4)) == ["task"]
    address = f"{CRM}/accounts/{links['account_id']}/timeline"
    problem(await client.get(address, params={"type": "pigeon"}), 422)
    problem(await client.get(address, params={"cursor": "nonsense"}), 400)
    problem(await client.get(address, params={"kind": "note"}), 400)


async def test_a_timeline_is_walked_to_its_end_with_a_cursor(client: httpx.AsyncClient) -> None:
    lead = (await posted(client, "leads", name="Vans"))["id"]
    for n in range(7):
        await posted(client, "notes", content=f"Note {n}", lead_id=lead)
    seen, cursor = [], None
    while True:
        asked = {"limit": 3, "type": "note", **({"cursor": cursor} if cursor else {})}
        page = (await client.get(f"{CRM}/leads/{lead}/timeline", params=asked)).json()
        seen += [line["summary"] for line in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break

    assert seen == [f"Note · Note {n}" for n in reversed(range(7))]


async def test_the_contacts_and_opportunities_of_an_account(client: httpx.AsyncClient) -> None:
    links = await linked(client)
    other = await linked(client)

    for plural, link in (("contacts", "contact_id"), ("opportunities", "opportunity_id")):
        assert await ids(client, f"accounts/{links['account_id']}/{plural}") == [links[link]]
        assert await ids(client, f"accounts/{other['account_id']}/{plural}", page_size=1) == [other[link]]
        nowhere = f"{CRM}/accounts/01930000-0000-7000-8000-000000000001/{plural}"
        problem(await client.get(nowhere), 404)
