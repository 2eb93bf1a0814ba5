"""Reference 002, "CRM Backend Implementation Summary": filters, scoring, change tracking, deletion, bulk work."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.app.resources import CRM, problem
from tests.support.api import Api

LEADS = f"{CRM}/leads"
JOHN = {"first_name": "John", "last_name": "Doe", "email": "john@example.com", "phone": "+1234567890"}


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post(LEADS, json={**JOHN, **values})
    assert answer.status_code == 201, answer.text
    lead: dict[str, Any] = answer.json()
    return lead


async def titles(client: httpx.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(LEADS, params=params)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def texts(lead: dict[str, Any], *, automatic: bool = True) -> list[str]:
    return [line["text"] for line in lead["notes"] if line["automatic"] is automatic]


async def test_the_create_example_reads_back_every_value_posted(api: Api) -> None:
    lead = await made(await api.client())

    assert {name: lead[name] for name in JOHN} == JOHN


@pytest.mark.parametrize("source", ["website", "facebook", "instagram", "whatsapp", "referral", "other"])
async def test_every_source_is_taken(api: Api, source: str) -> None:
    client = await api.client()

    assert (await made(client, source=source))["source"] == source
    assert len(await titles(client, source=source)) == 1


@pytest.mark.parametrize(
    "status", ["new", "contacted", "qualified", "proposal", "negotiation", "won", "lost", "callback"]
)
async def test_every_status_is_reached(api: Api, status: str) -> None:
    client = await api.client()
    lead = await made(client)

    changed = await client.patch(f"{LEADS}/{lead['id']}", json={"status": status})

    assert changed.json()["status"] == {"won": "converted"}.get(status, status)
    assert len(await titles(client, status=status)) == 1


async def test_get_leads_filters_by_assigned_user(api: Api) -> None:
    client = await api.client()
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    await made(client, title="mine", assigned_to=me)
    await made(client, title="nobody's", email=None)

    assert await titles(client, assigned_to=me) == ["mine"]


async def test_get_leads_filters_by_date_range(api: Api) -> None:
    client, now = await api.client(), datetime.now(UTC)
    await made(client, title="today")

    assert await titles(client, date_range_start=(now - timedelta(days=1)).isoformat()) == ["today"]
    assert await titles(client, date_range_end=(now - timedelta(days=1)).isoformat()) == []


async def test_get_leads_filters_by_score_range_sorts_and_pages(api: Api) -> None:
    client = await api.client()
    for score in (40, 70, 95):
        await made(client, title=str(score), lead_score=score, email=None)

    assert await titles(client, lead_score_min=70, sort_by="lead_score", sort_order="desc") == ["95", "70"]
    assert await titles(client, lead_score_max=70, sort_by="lead_score", sort_order="asc") == ["40", "70"]
    assert await titles(client, skip=1, limit=1, sort_by="lead_score", sort_order="desc") == ["70"]


async def test_the_filter_example(api: Api) -> None:
    client = await api.client()
    await made(client, title="found", lead_score=80)
    params = {"status": "new", "lead_score_min": 70, "search": "john", "skip": 0, "limit": 50}

    assert await titles(client, **params, sort_by="lead_score", sort_order="desc") == ["found"]


@pytest.mark.parametrize("words", ["John", "john@example.com", "1234567890", "Harbor"])
async def test_search_looks_in_name_email_phone_and_company(api: Api, words: str) -> None:
    client = await api.client()
    await made(client, title="found", company_name="Harbor")

    assert await titles(client, search=words) == ["found"]


async def test_is_hot_leads_only(api: Api) -> None:
    client = await api.client()
    await made(client, title="scored", lead_score=80)
    await made(client, title="rated", lead_score=10, rating="hot", email=None)
    await made(client, title="cold", lead_score=79, email=None)

    assert set(await titles(client, is_hot_leads_only="true")) == {"scored", "rated"}
    assert len(await titles(client, is_hot_leads_only="false")) == 3
    problem(await client.get(LEADS, params={"is_hot_leads_only": "maybe"}), 422)


async def test_tags_match_any(api: Api) -> None:
    client = await api.client()
    await made(client, title="a", tags=["Fleet"])
    await made(client, title="b", tags=["Retail"], email=None)
    await made(client, title="c", email=None)

    assert set(await titles(client, tags="Fleet,Retail")) == {"a", "b"}


async def test_get_lead_by_id_is_for_those_who_may_see_it_and_administrators(api: Api) -> None:
    client, rep = await api.client(), await api.client("rep")
    own, other = await made(rep), await made(client, email=None)

    assert (await rep.get(f"{LEADS}/{own['id']}")).status_code == 200
    assert (await client.get(f"{LEADS}/{own['id']}")).status_code == 200
    problem(await rep.get(f"{LEADS}/{other['id']}"), 404)


@pytest.mark.parametrize(
    ("known", "score"),
    [
        ({}, 50),
        ({"source": "referral"}, 70),
        ({"source": "website"}, 65),
        ({"source": "facebook"}, 60),
        ({"source": "instagram"}, 60),
        ({"source": "whatsapp"}, 55),
        ({"source": "partner"}, 50),
        ({"company_name": "Harbor"}, 60),
        ({"email": "john@harbor.example"}, 60),
        ({"email": "john@gmail.com"}, 50),
        ({"tags": ["Enterprise"]}, 65),
        (
            {
                "source": "referral",
                "company_name": "H",
                "email": "j@h.example",
                "tags": ["vip", "Enterprise"],
            },
            100,
        ),
    ],
)
async def test_create_lead_scores_by_what_is_known(api: Api, known: dict[str, Any], score: int) -> None:
    client = await api.client()
    lead = (await client.post(LEADS, json={"last_name": "Doe", **known})).json()

    assert lead["lead_score"] == score
    assert min(100, sum(reason["points"] for reason in lead["score_reasons"])) == score
    assert lead["score_is_manual"] is False


async def test_a_score_given_stays_until_it_is_taken_back(api: Api) -> None:
    client = await api.client()
    lead = await made(client, lead_score=12)
    address = f"{LEADS}/{lead['id']}"

    kept = (await client.patch(address, json={"source": "referral"})).json()
    assert (kept["lead_score"], kept["score_is_manual"]) == (12, True)
    derived = (await client.patch(address, json={"score": None})).json()
    assert (derived["lead_score"], derived["score_is_manual"]) == (80, False)
    assert (await client.patch(address, json={"source": "website"})).json()["lead_score"] == 75


async def test_create_lead_notes_who_created_it(api: Api) -> None:
    client = await api.client()
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    (line,) = (await made(client))["notes"]

    assert (line["text"], line["author_id"], line["automatic"]) == ("Created", me, True)


async def test_update_lead_tracks_every_change_in_its_notes(api: Api) -> None:
    client = await api.client()
    lead = await made(client, lead_score=50)
    body = {"status": "contacted", "lead_score": 85}

    changed = (await client.put(f"{LEADS}/{lead['id']}", json=body)).json()

    assert changed["updated_at"] > lead["updated_at"]
    assert texts(changed)[-1] in (
        "Updated: status: new → contacted; lead_score: 50 → 85",
        "Updated: lead_score: 50 → 85; status: new → contacted",
    )


async def test_new_notes_are_appended_and_replace_none(api: Api) -> None:
    client = await api.client()
    lead = await made(client, notes="Met at the fair")
    changed = (await client.put(f"{LEADS}/{lead['id']}", json={"notes": "Wants a quote"})).json()

    assert texts(changed, automatic=False) == ["Met at the fair", "Wants a quote"]
    assert [line["author"] is not None for line in changed["notes"]] == [True] * len(changed["notes"])


async def test_delete_lead_archives_it_as_lost_with_a_tag_and_a_note(api: Api) -> None:
    client = await api.client()
    lead = await made(client, status="callback", tags=["Fleet"])
    address = f"{LEADS}/{lead['id']}"

    assert (await client.delete(address)).status_code == 204
    gone = (await client.get(address)).json()

    assert (gone["status"], gone["tags"]) == ("lost", ["archived", "Fleet"])
    assert "Archived" in texts(gone)
    assert (await client.get(LEADS)).json()["total"] == 0
    assert (await client.get(f"{LEADS}/statistics")).json()["by_status"] == {}


async def test_a_restored_lead_stands_where_it_stood(api: Api) -> None:
    client = await api.client()
    lead = await made(client, status="callback", tags=["Fleet"], probability=37)
    address = f"{LEADS}/{lead['id']}"
    await client.delete(address)

    back = (await client.post(f"{address}/restore")).json()

    same = ("status", "stage_id", "probability", "tags", "archived_at")
    assert {name: back[name] for name in same} == {name: lead[name] for name in same}


async def test_a_lead_tagged_archived_by_hand_keeps_its_tag(api: Api) -> None:
    client = await api.client()
    lead = await made(client, tags=["Archived"], status="lost")
    await client.delete(f"{LEADS}/{lead['id']}")

    back = (await client.post(f"{LEADS}/{lead['id']}/restore")).json()
    assert (back["tags"], back["status"]) == (["Archived"], "lost")


async def test_hard_delete_is_the_administrators(api: Api) -> None:
    client, rep = await api.client(), await api.client("rep")
    lead = await made(rep)

    problem(await rep.delete(f"{LEADS}/{lead['id']}", params={"hard": "true"}), 403)
    assert (await client.delete(f"{LEADS}/{lead['id']}", params={"hard": "true"})).status_code == 204
    problem(await client.get(f"{LEADS}/{lead['id']}"), 404)


async def test_bulk_update_status_changes_all_and_notes_it_on_each(api: Api) -> None:
    client = await api.client()
    ids = [(await made(client, email=None))["id"] for _ in range(4)]
    body = {"lead_ids": ids, "new_status": "contacted", "note": "Called at the fair"}

    told = (await client.post(f"{LEADS}/bulk/status", json=body)).json()

    assert told["updated"] == 4
    assert [(item["id"], item["status"]) for item in told["items"]] == [(i, "contacted") for i in ids]
    for lead_id in ids:
        lead = (await client.get(f"{LEADS}/{lead_id}")).json()
        assert texts(lead, automatic=False) == ["Called at the fair"]
        assert "Updated: status: new → contacted" in texts(lead)


async def test_bulk_update_status_is_all_or_none(api: Api) -> None:
    client, rep = await api.client(), await api.client("rep")
    own, other = await made(rep), await made(client, email=None)
    body = {"lead_ids": [own["id"], other["id"]], "new_status": "contacted"}

    assert problem(await rep.post(f"{LEADS}/bulk/status", json=body), 404)["lead_id"] == other["id"]
    assert (await rep.get(f"{LEADS}/{own['id']}")).json()["status"] == "new"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lead_ids": [], "new_status": "contacted"}, "lead_ids"),
        ({"lead_ids": ["x"], "new_status": "contacted"}, "lead_ids.0"),
        ({"lead_ids": ["01920000-0000-7000-8000-000000000000"], "new_status": "sold"}, "new_status"),
        ({"lead_ids": ["01920000-0000-7000-8000-000000000000"]}, "new_status"),
    ],
)
async def test_bulk_status_refuses_bad_input_by_name(api: Api, body: dict[str, Any], field: str) -> None:
    problem(await (await api.client()).post(f"{LEADS}/bulk/status", json=body), 422, field=field)


async def test_assign_leads_gives_all_to_one_agent_and_notes_it(api: Api) -> None:
    client, rep = await api.client(), await api.client("rep")
    agent = (await rep.get("/api/v1/auth/me")).json()
    ids = [(await made(client, email=None))["id"] for _ in range(3)]

    told = (
        await client.post(f"{LEADS}/bulk/assign", json={"lead_ids": ids, "agent_user_id": agent["id"]})
    ).json()

    assert {item["owner_id"] for item in told["items"]} == {agent["id"]}
    lead = (await client.get(f"{LEADS}/{ids[0]}")).json()
    assert f"Assigned: nobody → {agent['name']}" in texts(lead)


async def test_assign_leads_verifies_the_agent(api: Api) -> None:
    client = await api.client()
    lead = await made(client)
    body = {"lead_ids": [lead["id"]], "agent_user_id": "01920000-0000-7000-8000-000000000000"}

    problem(await client.post(f"{LEADS}/bulk/assign", json=body), 422)


async def test_statistics(api: Api) -> None:
    client = await api.client()
    await made(client, lead_score=90)
    lead = await made(client, lead_score=30, email=None, source="referral")
    await client.patch(f"{LEADS}/{lead['id']}", json={"status": "won"})

    told = (await client.get(f"{LEADS}/statistics")).json()

    assert told["total_leads"] == 2
    assert told["leads_by_status"] == {"new": 1, "converted": 1}
    assert told["leads_by_source"] == {"none": 1, "referral": 1}
    assert (told["average_lead_score"], told["hot_leads_count"], told["conversion_rate"]) == (60, 1, 50)


async def test_properties_days_since_created_and_last_contact_and_hot(api: Api) -> None:
    client = await api.client()
    lead = await made(client, lead_score=80)
    address = f"{LEADS}/{lead['id']}"

    assert (lead["days_since_created"], lead["days_since_last_contact"], lead["is_hot_lead"]) == (
        0,
        None,
        True,
    )
    at = (datetime.now(UTC) - timedelta(days=3, hours=1)).isoformat()
    await client.post(f"{address}/call-attempts", json={"reached": True, "occurred_at": at})
    assert (await client.get(address)).json()["days_since_last_contact"] == 3
    assert len(await titles(client, days_since_last_contact=3)) == 1
    assert len(await titles(client, days_since_last_contact__gt=3)) == 0
    assert len(await titles(client, days_since_created__lte=0)) == 1


async def test_call_attempts_are_counted_whether_answered_or_not(api: Api) -> None:
    client = await api.client()
    address = f"{LEADS}/{(await made(client))['id']}/call-attempts"

    missed = (await client.post(address)).json()
    assert (missed["call_attempts"], missed["last_contact_date"], missed["status"]) == (1, None, "new")
    reached = (await client.post(address, json={"reached": True, "outcome": "Likes it"})).json()
    assert (reached["call_attempts"], reached["status"]) == (2, "contacted")
    assert reached["last_contact_date"] is not None
    assert len(await titles(client, call_attempts__gte=2)) == 1


async def test_a_lead_that_asks_to_be_called_back_waits_for_it(api: Api) -> None:
    client = await api.client()
    address = f"{LEADS}/{(await made(client))['id']}/call-attempts"

    lead = (await client.post(address, json={"callback_at": "2030-01-02T09:00:00Z"})).json()

    assert (lead["status"], lead["next_follow_up_date"]) == ("callback", "2030-01-02T09:00:00Z")


@pytest.mark.parametrize("email", ["john", "john@", "@example.com", "john@example", "a b@example.com"])
async def test_an_email_is_validated(api: Api, email: str) -> None:
    problem(await (await api.client()).post(LEADS, json={**JOHN, "email": email}), 422, field="email")


@pytest.mark.parametrize("phone", ["123456", "1234567890123456", "call me maybe"])
async def test_a_phone_has_7_to_15_digits(api: Api, phone: str) -> None:
    problem(await (await api.client()).post(LEADS, json={**JOHN, "phone": phone}), 422, field="phone")


@pytest.mark.parametrize("score", [-1, 101])
async def test_a_score_is_from_0_to_100(api: Api, score: int) -> None:
    problem(
        await (await api.client()).post(LEADS, json={**JOHN, "lead_score": score}), 422, field="lead_score"
    )


async def test_a_probability_written_as_a_fraction_is_told_how_to_write_it(api: Api) -> None:
    answer = await (await api.client()).post(LEADS, json={**JOHN, "probability": 0.7})

    assert "write 70 for 0.7" in problem(answer, 422, field="probability")["detail"]
