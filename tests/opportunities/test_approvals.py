"""Large deals are won with an approval only; quotes are marked and sent."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from crm_api.events.models import EventRow
from tests.app.resources import OPPORTUNITY, checked, problem
from tests.support.api import Api

CRM = "/api/v1/crm"
PATH = OPPORTUNITY.path


async def large(client: httpx.AsyncClient, value: float = 60_000, **more: Any) -> dict[str, Any]:
    harbor = (await client.post(f"{CRM}/accounts", json={"name": "Harbor"})).json()["id"]
    body = {"name": "Fleet", "estimated_value": value, "account_id": harbor, **more}
    return checked(OPPORTUNITY, await client.post(PATH, json=body), 201)


async def limited(api: Api) -> httpx.AsyncClient:
    client = await api.client()
    answer = await client.patch("/api/v1/organisation", json={"approval_threshold": 50_000})
    assert answer.json()["approval_threshold"] == 50_000
    return client


async def asked(client: httpx.AsyncClient, deal: dict[str, Any], verb: str, **body: Any) -> httpx.Response:
    return await client.post(f"{PATH}/{deal['id']}/{verb}", json=body)


async def test_without_a_threshold_nothing_needs_an_approval(api: Api) -> None:
    client = await api.client()

    assert (await asked(client, await large(client), "mark-won")).status_code == 200


async def test_a_deal_up_to_the_threshold_is_won_as_ever(api: Api) -> None:
    client = await limited(api)

    assert (await asked(client, await large(client, 50_000), "mark-won")).status_code == 200


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("mark-won", {}),
        ("close", {"stage": "closed_won"}),
        ("move-stage", {"stage": "closed_won"}),
    ],
)
async def test_above_it_every_way_of_winning_is_refused(api: Api, verb: str, body: dict[str, Any]) -> None:
    client = await limited(api)

    problem(await asked(client, await large(client), verb, **body), 409)


async def test_above_it_a_change_or_a_creation_wins_nothing_either(api: Api) -> None:
    client = await limited(api)
    deal = await large(client)

    problem(await client.patch(f"{PATH}/{deal['id']}", json={"stage": "closed_won"}), 409)
    made = {"name": "Won", "stage": "closed_won", "estimated_value": 60_000, "account_id": deal["account_id"]}
    problem(await client.post(PATH, json=made), 409)


async def test_losing_needs_no_approval(api: Api) -> None:
    client = await limited(api)

    assert (await asked(client, await large(client), "mark-lost", loss_reason="Price")).status_code == 200


async def test_asked_for_approved_and_won(api: Api) -> None:
    client = await limited(api)
    deal = await large(client)
    waiting = checked(OPPORTUNITY, await asked(client, deal, "request-approval", note="Please"))
    assert (waiting["approval_status"], waiting["approved_value"]) == ("requested", 60_000)
    problem(await asked(client, deal, "mark-won"), 409)
    problem(await asked(client, deal, "request-approval"), 409)

    given = checked(OPPORTUNITY, await asked(client, deal, "approve", note="Go"))
    assert (given["approval_status"], given["approval_note"]) == ("approved", "Go")
    assert given["approval_at"] is not None
    assert (await asked(client, deal, "mark-won")).status_code == 200


async def test_a_refusal_says_why_and_may_be_asked_again(api: Api) -> None:
    client = await limited(api)
    deal = await large(client)
    await asked(client, deal, "request-approval")
    problem(await asked(client, deal, "reject"), 422, field="note")

    refused = checked(OPPORTUNITY, await asked(client, deal, "reject", note="Too cheap"))
    assert (refused["approval_status"], refused["approval_note"]) == ("rejected", "Too cheap")
    problem(await asked(client, deal, "approve"), 409)
    problem(await asked(client, deal, "mark-won"), 409)
    assert (await asked(client, deal, "request-approval")).status_code == 200


async def test_a_deal_that_grew_since_is_asked_about_again(api: Api) -> None:
    client = await limited(api)
    deal = await large(client)
    await asked(client, deal, "request-approval")
    await asked(client, deal, "approve")
    await client.patch(f"{PATH}/{deal['id']}", json={"estimated_value": 60_001})
    problem(await asked(client, deal, "mark-won"), 409)

    await client.patch(f"{PATH}/{deal['id']}", json={"estimated_value": 59_000})
    assert (await asked(client, deal, "mark-won")).status_code == 200


async def test_another_currency_ends_an_approval(api: Api) -> None:
    client = await limited(api)
    deal = await large(client)
    await asked(client, deal, "request-approval")
    await asked(client, deal, "approve")
    changed = await client.patch(f"{PATH}/{deal['id']}", json={"currency": "EUR"})

    assert changed.json()["approval_status"] is None
    problem(await asked(client, deal, "mark-won"), 409)  # nobody knows what it is worth without a rate


async def test_reps_ask_and_managers_decide_but_not_what_they_asked_for_themselves(api: Api) -> None:
    admin = await limited(api)
    team = (await admin.post("/api/v1/teams", json={"name": "East"})).json()["id"]
    rep, manager = await api.client("rep"), await api.client("manager")
    me, boss = [(await c.get("/api/v1/auth/me")).json()["id"] for c in (rep, manager)]
    for user in (me, boss):
        assert (await admin.patch(f"/api/v1/users/{user}", json={"team_id": team})).status_code == 200
    deal, own = await large(admin, owner_id=me), await large(admin, owner_id=boss)

    await asked(rep, deal, "request-approval")
    problem(await asked(rep, deal, "approve"), 403)
    await asked(manager, own, "request-approval")
    problem(await asked(manager, own, "approve"), 403)
    assert (await asked(admin, own, "approve")).status_code == 200


@pytest.mark.parametrize("verb", ["request-approval", "approve"])
async def test_a_closed_deal_is_past_approval(api: Api, verb: str) -> None:
    client = await api.client()
    deal = await large(client, stage="closed_won")

    problem(await asked(client, deal, verb), 409)


async def test_a_deal_without_a_value_has_nothing_to_approve(api: Api) -> None:
    client = await api.client()
    deal = checked(OPPORTUNITY, await client.post(PATH, json={"name": "Fleet"}), 201)

    problem(await asked(client, deal, "request-approval"), 422, field="estimated_value")


# ── Quotes ───────────────────────────────────────────────────────────────────────────────────────

FILE = {"name": "offer.pdf", "url": "https://files.example.com/117", "type": "application/pdf", "size": 1200}


async def test_a_file_is_marked_as_a_quote_and_sent_once(api: Api) -> None:
    client = await api.client()
    deal = await large(client)
    made = await asked(client, deal, "quotes", name="Offer 117", attachment=FILE, valid_until="2026-12-31")
    assert made.status_code == 201, made.text
    quote = made.json()
    assert (quote["amount"], quote["attachment"], quote["sent_at"]) == (60_000, FILE, None)

    sent = await asked(client, deal, f"quotes/{quote['id']}/sent", sent_at="2026-11-20T10:00:00Z")
    assert sent.json()["sent_at"] == "2026-11-20T10:00:00Z"
    problem(await asked(client, deal, f"quotes/{quote['id']}/sent"), 409)
    listed = (await client.get(f"{PATH}/{deal['id']}/quotes")).json()["items"]
    assert [(one["name"], one["valid_until"]) for one in listed] == [("Offer 117", "2026-12-31")]
    assert (await client.get(f"{PATH}/{deal['id']}")).json()["version"] == deal["version"]


@pytest.mark.parametrize(
    "body", [{}, {"message_id": "0198c000-0000-7000-8000-000000000001", "attachment": FILE}]
)
async def test_a_quote_is_a_file_or_a_mail(api: Api, body: dict[str, Any]) -> None:
    client = await api.client()

    problem(await asked(client, await large(client), "quotes", name="Offer", **body), 422, field="attachment")


async def test_a_mail_that_is_not_there_is_no_quote(api: Api) -> None:
    client = await api.client()
    nowhere = {"message_id": "0198c000-0000-7000-8000-000000000001"}

    problem(await asked(client, await large(client), "quotes", name="O", **nowhere), 422, field="message_id")


async def test_a_quote_of_another_deal_is_not_there(api: Api) -> None:
    client = await api.client()
    deal, other = await large(client), await large(client)
    quote = (await asked(client, deal, "quotes", name="Offer", attachment=FILE)).json()

    problem(await asked(client, other, f"quotes/{quote['id']}/sent"), 404)


async def test_adding_and_sending_a_quote_are_events(api: Api) -> None:
    client = await api.client()
    deal = await large(client)
    made = await asked(
        client, deal, "quotes", name="Offer", attachment=FILE, sent_at="2026-11-20T10:00:00Z", amount=10
    )
    assert made.json()["amount"] == 10

    def types(session: Any) -> list[str]:
        rows = session.execute(sa.select(EventRow.type).where(EventRow.type.like("opportunity.quote%")))
        return sorted(rows.scalars())

    assert await api.db.read(types) == ["opportunity.quote_added", "opportunity.quote_sent"]


async def test_an_account_may_be_demanded_at_creation(api: Api) -> None:
    client = await api.client()
    api.db.rules = {"opportunity_requires_account": True}

    problem(await client.post(PATH, json={"name": "Fleet"}), 422, field="account_id")
    assert (await large(client))["account_id"] is not None
