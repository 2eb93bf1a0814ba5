"""References 000 and 001: communications, run as they are written there."""

from typing import Any

import httpx
import pytest

from tests.app.resources import problem
from tests.support.api import Api

CRM = "/api/v1/crm"
COMMUNICATIONS = f"{CRM}/communications"
TYPES = ["phone", "email", "meeting", "video_call", "chat", "sms", "visit", "other"]


class Office:
    """Somebody signed in, with a customer, a lead and a deal to talk about."""

    def __init__(self, client: httpx.AsyncClient, user_id: str, customer: str, lead: str, deal: str) -> None:
        self.client, self.user_id, self.customer, self.lead, self.deal = client, user_id, customer, lead, deal

    async def logged(self, status: int = 201, **body: Any) -> dict[str, Any]:
        answer = await self.client.post(COMMUNICATIONS, json={"type": "phone", "subject": "Call", **body})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def listed(self, path: str = "", **asked: Any) -> list[str]:
        answer = await self.client.get(f"{COMMUNICATIONS}{path}", params=asked)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]


@pytest.fixture
async def office(api: Api) -> Office:
    client = await api.client()
    user = (await client.get("/api/v1/auth/me")).json()["id"]
    customer = (await client.post(f"{CRM}/accounts", json={"name": "Harbor"})).json()["id"]
    lead = (await client.post(f"{CRM}/leads", json={"company_name": "Tech"})).json()["id"]
    deal = (await client.post(f"{CRM}/opportunities", json={"name": "Q4", "customer_id": customer})).json()[
        "id"
    ]
    return Office(client, user, customer, lead, deal)


def example(office: Office) -> dict[str, Any]:
    return {
        "customer_id": office.customer,
        "our_representative_id": office.user_id,
        "type": "phone",
        "direction": "outbound",
        "subject": "Follow-up on bulk order inquiry",
        "content": (
            "Discussed winter collection requirements. Customer interested in 500 units. "
            "Needs detailed quotation."
        ),
        "contact_person": "John Doe",
        "duration_minutes": 15,
        "requires_follow_up": True,
        "follow_up_date": "2025-12-20T10:00:00Z",
    }


async def test_post_communications_answers_201_and_reads_back_every_value_posted(office: Office) -> None:
    posted = example(office)
    made = await office.client.post(COMMUNICATIONS, json=posted)

    assert made.status_code == 201, made.text
    assert made.headers["etag"] == '"1"'
    read = (await office.client.get(f"{COMMUNICATIONS}/{made.json()['id']}")).json()
    for answer in (made.json(), read):
        assert {name: answer[name] for name in posted} == posted
    assert read["account_id"] == office.customer
    assert read["representative_id"] == office.user_id
    assert read["follow_up_completed"] is False
    assert read["communication_date"] is not None


async def test_the_fields_of_the_model_of_000_are_taken_and_answered(office: Office) -> None:
    posted = {
        "lead_id": office.lead,
        "opportunity_id": office.deal,
        "type": "meeting",
        "direction": "inbound",
        "subject": "Fair",
        "content": "Met at the fair.",
        "contact_person": "John Doe",
        "communication_date": "2025-12-14T09:30:00Z",
        "duration_minutes": 45,
        "requires_follow_up": True,
        "follow_up_date": "2025-12-21T10:00:00Z",
        "follow_up_completed": False,
        "our_representative_id": office.user_id,
        "related_order_id": "SO-2025-0042",
        "attachments": [
            {
                "name": "Price list",
                "url": "https://files.example/prices.pdf",
                "size": 12,
                "type": "application/pdf",
            }
        ],
    }
    made = await office.logged(**posted)

    assert {name: made[name] for name in posted if name != "attachments"} == {
        name: value for name, value in posted.items() if name != "attachments"
    }
    assert made["attachments"] == [{**posted["attachments"][0], "file_id": None}]
    assert made["related_order"] == "SO-2025-0042"
    assert made["created_at"]
    assert made["updated_at"]


@pytest.mark.parametrize("type_", TYPES)
async def test_communication_types(office: Office, type_: str) -> None:
    made = await office.logged(type=type_, customer_id=office.customer)

    assert made["type"] == type_
    assert await office.listed(type=type_) == [made["id"]]
    other = TYPES[TYPES.index(type_) - 1]
    assert await office.listed(type=other) == []


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
async def test_communication_directions(office: Office, direction: str) -> None:
    made = await office.logged(direction=direction, customer_id=office.customer)

    assert made["direction"] == direction
    assert await office.listed(direction=direction) == [made["id"]]


async def test_words_that_are_no_type_or_direction_are_refused_by_name(office: Office) -> None:
    for field, value in (("type", "pigeon"), ("direction", "sideways"), ("type", "task")):
        body = {"type": "phone", "customer_id": office.customer, field: value}
        problem(await office.client.post(COMMUNICATIONS, json=body), 422, field=field)


async def test_at_least_one_of_customer_lead_or_opportunity_is_required(office: Office) -> None:
    problem(await office.client.post(COMMUNICATIONS, json={"type": "phone"}), 422, field="account_id")
    contact = (await office.client.post(f"{CRM}/contacts", json={"first_name": "Dana"})).json()["id"]
    for link in (
        {"customer_id": office.customer},
        {"lead_id": office.lead},
        {"opportunity_id": office.deal},
        {"contact_id": contact},
    ):
        await office.logged(**link)
    made = await office.logged(lead_id=office.lead)
    cut = await office.client.put(f"{COMMUNICATIONS}/{made['id']}", json={"lead_id": None})
    problem(cut, 422, field="account_id")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ("customer_id", "account_id"),
        ("lead_id", "lead_id"),
        ("opportunity_id", "opportunity_id"),
        ("contact_id", "contact_id"),
        ("our_representative_id", "representative_id"),
    ],
)
async def test_an_unknown_linked_id_is_refused_naming_the_field(
    office: Office, sent: str, field: str
) -> None:
    body = {"type": "phone", "customer_id": office.customer, sent: "01930000-0000-7000-8000-000000000001"}

    problem(await office.client.post(COMMUNICATIONS, json=body), 422, field=field)


async def test_get_customer_lead_and_opportunity_communication_history(office: Office) -> None:
    of_customer = await office.logged(customer_id=office.customer, communication_date="2025-12-01T09:00:00Z")
    of_lead = await office.logged(lead_id=office.lead)
    of_deal = await office.logged(opportunity_id=office.deal, communication_date="2025-12-03T09:00:00Z")

    async def pages(path: str) -> list[str]:
        return await office.listed(path, page=1, page_size=50)

    assert await pages(f"/lead/{office.lead}") == [of_lead["id"]]
    assert await pages(f"/opportunity/{office.deal}") == [of_deal["id"]]
    assert await pages(f"/customer/{office.customer}") == [of_deal["id"], of_customer["id"]], "newest first"
    for kind in ("customer", "lead", "opportunity"):
        problem(await office.client.get(f"{COMMUNICATIONS}/{kind}/01930000-0000-7000-8000-000000000001"), 404)


async def test_put_communications_changes_just_the_fields_sent(office: Office) -> None:
    made = await office.logged(**example(office))
    address = f"{COMMUNICATIONS}/{made['id']}"
    changed = await office.client.put(
        address, json={"content": "Wants 600.", "type": "meeting"}, headers={"If-Match": '"1"'}
    )

    assert changed.status_code == 200, changed.text
    assert changed.json()["content"] == "Wants 600."
    assert changed.json()["type"] == "meeting"
    assert changed.json()["subject"] == made["subject"]
    assert changed.headers["etag"] == '"2"'
    problem(await office.client.put(address, json={"content": "x"}, headers={"If-Match": '"1"'}), 412)


async def test_delete_communications_and_take_it_back(office: Office) -> None:
    made = await office.logged(lead_id=office.lead)
    address = f"{COMMUNICATIONS}/{made['id']}"

    assert (await office.client.delete(address)).status_code == 204
    assert await office.listed() == []
    assert (await office.client.post(f"{address}/restore")).json()["archived_at"] is None
    assert await office.listed() == [made["id"]]


async def test_a_follow_up_date_triggers_the_pending_follow_ups_of_a_representative(office: Office) -> None:
    mine = await office.logged(**example(office))
    earlier = await office.logged(**{**example(office), "follow_up_date": "2025-12-18T10:00:00Z"})
    await office.logged(customer_id=office.customer)
    await office.logged(**{**example(office), "follow_up_completed": True})
    pending = "/follow-ups/pending"

    assert await office.listed(pending, representative_id=office.user_id) == [earlier["id"], mine["id"]]
    assert await office.listed(pending, representative_id="01930000-0000-7000-8000-000000000001") == []
    assert len(await office.listed(pending)) == 2


async def test_mark_a_follow_up_complete(office: Office) -> None:
    made = await office.logged(**example(office))
    address = f"{COMMUNICATIONS}/{made['id']}/complete-follow-up"
    done = await office.client.post(address)

    assert done.status_code == 200, done.text
    assert done.json()["follow_up_completed"] is True
    assert await office.listed("/follow-ups/pending") == []
    problem(await office.client.post(address), 409)
    without = await office.logged(lead_id=office.lead)
    problem(await office.client.post(f"{COMMUNICATIONS}/{without['id']}/complete-follow-up"), 409)


async def test_a_follow_up_date_is_propagated_to_the_lead_and_bumps_no_version(office: Office) -> None:
    async def lead() -> tuple[str | None, int]:
        read = (await office.client.get(f"{CRM}/leads/{office.lead}")).json()
        return read["next_follow_up_date"], read["version"]

    later = {"lead_id": office.lead, "requires_follow_up": True, "follow_up_date": "2026-12-20T10:00:00Z"}
    first = await office.logged(**{**later, "follow_up_date": "2026-12-10T10:00:00Z"})
    await office.logged(**later)
    assert await lead() == ("2026-12-10T10:00:00Z", 1)

    await office.client.post(f"{COMMUNICATIONS}/{first['id']}/complete-follow-up")
    assert await lead() == ("2026-12-20T10:00:00Z", 1)

    own = {"next_follow_up_date": "2027-01-01T10:00:00Z"}
    await office.client.put(f"{CRM}/leads/{office.lead}", json=own)
    assert await lead() == ("2027-01-01T10:00:00Z", 2), "what a person set goes first"


@pytest.mark.parametrize("type_", TYPES)
async def test_logging_a_communication_sets_the_last_contact_of_lead_contact_and_account(
    office: Office, type_: str
) -> None:
    at = "2025-12-14T09:30:00Z"
    contact = (
        await office.client.post(
            f"{CRM}/contacts", json={"first_name": "Dana", "account_id": office.customer}
        )
    ).json()["id"]
    await office.logged(
        type=type_,
        communication_date=at,
        lead_id=office.lead,
        customer_id=office.customer,
        contact_id=contact,
    )

    for path, field in (
        (f"leads/{office.lead}", "last_contact_date"),
        (f"accounts/{office.customer}", "last_contact_at"),
        (f"contacts/{contact}", "last_contact_at"),
    ):
        read = (await office.client.get(f"{CRM}/{path}")).json()
        assert read[field] == at, path
        assert read["version"] == 1


async def test_the_duration_is_optional_and_never_negative(office: Office) -> None:
    assert (await office.logged(lead_id=office.lead))["duration_minutes"] is None
    body = {"type": "phone", "lead_id": office.lead, "duration_minutes": -1}
    problem(await office.client.post(COMMUNICATIONS, json=body), 422, field="duration_minutes")


async def test_a_communication_is_an_activity_and_a_task_is_none(office: Office) -> None:
    made = await office.logged(lead_id=office.lead)
    task = (await office.client.post(f"{CRM}/tasks", json={"subject": "Send the quote"})).json()["id"]

    activity = (await office.client.get(f"{CRM}/activities/{made['id']}")).json()
    assert (activity["activity_type"], activity["owner_id"]) == ("call", office.user_id)
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/complete-follow-up")):
        body = {"json": {}} if method == "PUT" else {}
        problem(await office.client.request(method, f"{COMMUNICATIONS}/{task}{path}", **body), 404)


async def test_lists_filter_sort_and_show_by_the_words_of_either_system(office: Office) -> None:
    old = await office.logged(**example(office), communication_date="2025-12-01T09:00:00Z")
    new = await office.logged(
        lead_id=office.lead, content="A quote", communication_date="2025-12-02T09:00:00Z"
    )

    assert await office.listed(sort="communication_date") == [old["id"], new["id"]]
    assert await office.listed(customer_id=office.customer) == [old["id"]]
    assert await office.listed(
        our_representative_id=office.user_id, communication_date__gt="2025-12-01T12:00:00Z"
    ) == [new["id"]]
    assert await office.listed(type__in="phone,email") == [new["id"], old["id"]]
    assert await office.listed(search="bulk") == [old["id"]]
    answer = await office.client.get(COMMUNICATIONS, params={"fields": "content,customer_id", "limit": 1})
    assert answer.json()["items"] == [{"id": new["id"], "content": "A quote", "customer_id": None}]
    problem(await office.client.get(COMMUNICATIONS, params={"kind": "phone"}), 400)
    problem(await office.client.get(COMMUNICATIONS, params={"fields": "voice"}), 400)


async def test_the_subject_is_the_beginning_of_the_content_where_none_is_given(office: Office) -> None:
    made = await office.client.post(
        COMMUNICATIONS, json={"type": "sms", "lead_id": office.lead, "content": "Running late.\nTen minutes."}
    )
    bare = await office.client.post(COMMUNICATIONS, json={"type": "sms", "lead_id": office.lead})

    assert made.json()["subject"] == "Running late."
    assert bare.json()["subject"] == "Sms"


async def test_a_search_takes_the_same_words_in_its_tree(office: Office) -> None:
    call = await office.logged(customer_id=office.customer, content="A quote")
    mail = await office.logged(type="email", lead_id=office.lead, content="A quote")

    async def found(where: Any, **more: Any) -> list[str]:
        answer = await office.client.post(f"{COMMUNICATIONS}/search", json={"where": where, **more})
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    is_call = {"field": "type", "op": "eq", "value": "phone"}
    quotes = {"field": "content", "op": "contains", "value": "quote"}
    assert await found({"all": [is_call, quotes]}) == [call["id"]]
    assert await found({"all": [{"not": is_call}, quotes]}) == [mail["id"]]
    assert await found({"any": [is_call, {"field": "lead_id", "value": office.lead}]}, sort=["created_at"]) == [
        call["id"], mail["id"],
    ]  # fmt: skip
    assert await found({"field": "type", "op": "in", "value": ["phone", "email"]}, sort=["-communication_date"]) == [
        mail["id"], call["id"],
    ]  # fmt: skip
    assert await found({"related": "account", "where": {"field": "name", "value": "Harbor"}}) == [call["id"]]


async def test_a_view_of_activities_narrows_a_list_of_communications(office: Office) -> None:
    call = await office.logged(customer_id=office.customer)
    await office.logged(type="email", lead_id=office.lead)
    where = {"field": "activity_type", "op": "eq", "value": "call"}
    view = await office.client.post(
        f"{CRM}/views", json={"name": "Calls", "kind": "activity", "where": where, "fields": ["subject"]}
    )

    answer = await office.client.get(COMMUNICATIONS, params={"view": view.json()["id"]})
    assert [(item["id"], item["type"]) for item in answer.json()["items"]] == [(call["id"], "phone")]
