"""An account in five lines, to whoever may see what they say."""

from datetime import UTC, date, datetime

import pytest

from crm_api.accounts.service import stats_of
from crm_api.core import clock
from tests.factories import make_contact, make_opportunity, make_order, make_territory, make_user
from tests.visits.people import make_dealer, rep_with_dealers

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CODES = ["last_order", "open_promise", "open_deals", "who_to_ask_for", "last_words"]


@pytest.fixture(autouse=True)
def _now():
    with clock.frozen(NOW):
        yield


async def lines(client, dealer):
    answer = await client.get(f"/api/v1/crm/visits/brief/{dealer.id}")
    assert answer.status_code == 200, answer.text
    found = answer.json()["lines"]
    assert [line["code"] for line in found] == CODES
    return {line["code"]: line["text"] for line in found}


async def test_of_an_account_nobody_knows_it_says_so_in_five_lines(api):
    rep, (dealer,) = await rep_with_dealers(api.db, 1)
    assert await lines(await api.signed_in(rep), dealer) == {
        "last_order": "No order yet.",
        "open_promise": "Nothing is promised.",
        "open_deals": "No open deal.",
        "who_to_ask_for": "Nobody is known there yet.",
        "last_words": "Nothing was noted yet.",
    }


async def test_it_says_what_matters_at_the_door(api):
    rep, (dealer,) = await rep_with_dealers(api.db, 1)

    def make(session):
        make_order(session, account_id=dealer.id, number="SO-1", order_date=date(2026, 9, 1), total=100_000)
        make_order(
            session, account_id=dealer.id, number="SO-2", order_date=date(2026, 10, 1), total=1_234_500
        )
        make_order(
            session,
            account_id=dealer.id,
            number="SO-3",
            order_date=date(2026, 11, 1),
            total=9,
            status="cancelled",
        )
        deal = {"account_id": dealer.id, "owner_id": rep.id}
        make_opportunity(session, "negotiation", name="Spring order", estimated_value=4_000_000, **deal)
        make_opportunity(session, "proposal", name="Trial", estimated_value=100_000, **deal)
        make_opportunity(session, "closed_won", estimated_value=9_000_000, **deal)
        make_contact(
            session,
            account_id=dealer.id,
            first_name="Ann",
            last_name="Lee",
            role="decision_maker",
            mobile="+1 614 555 0100",
            job_title="Owner",
        )
        make_contact(session, account_id=dealer.id, first_name="Abe", last_name="Ash")

    await api.db.write(make)
    client = await api.signed_in(rep)
    for body in (
        {
            "activity_type": "call",
            "subject": "Old",
            "outcome": "Old words",
            "occurred_at": "2026-11-01T10:00:00Z",
        },
        {
            "activity_type": "call",
            "subject": "New",
            "outcome": "Wants\n  a quote",
            "occurred_at": "2026-11-20T10:00:00Z",
        },
        {"activity_type": "task", "subject": "Send samples", "due_at": "2026-11-30T10:00:00Z"},
        {"activity_type": "task", "subject": "Send the quote", "due_at": "2026-11-25T10:00:00Z"},
    ):
        await client.post("/api/v1/crm/activities", json=body | {"account_id": str(dealer.id)})
    assert await lines(client, dealer) == {
        "last_order": "Last order 1 Oct 2026 over USD 12,345 (SO-2).",
        "open_promise": "Promised: Send the quote, by 25 Nov 2026.",
        "open_deals": "2 open deals over USD 41,000; largest Spring order (negotiation).",
        "who_to_ask_for": "Ask for Ann Lee, Owner, +1 614 555 0100.",
        "last_words": "Call on 20 Nov 2026: Wants a quote",
    }


async def test_long_words_are_cut_to_a_line(api):
    rep, (dealer,) = await rep_with_dealers(api.db, 1)
    client = await api.signed_in(rep)
    body = {"activity_type": "call", "subject": "x", "outcome": "word " * 200, "account_id": str(dealer.id)}
    await client.post("/api/v1/crm/activities", json=body)
    said = (await lines(client, dealer))["last_words"]
    assert said.endswith("…")
    assert len(said) < 200


async def test_field_staff_hear_of_open_deals_in_their_territory(api):
    def make(session):
        ohio = make_territory(session)
        user, owner = make_user(session, "field", territories=[ohio]), make_user(session, "rep")
        dealer = make_dealer(session, territory_id=ohio.id, owner_id=owner.id)
        make_opportunity(session, "proposal", name="Fleet", account_id=dealer.id, owner_id=owner.id)
        return user, dealer

    user, dealer = await api.db.write(make)
    told = await lines(await api.signed_in(user), dealer)
    assert told["open_deals"].startswith("1 open deal")
    assert "Fleet" in told["open_deals"]


async def test_a_strangers_account_is_not_there(api):
    _, (dealer,) = await rep_with_dealers(api.db, 1)
    assert (await (await api.client("rep")).get(f"/api/v1/crm/visits/brief/{dealer.id}")).status_code == 404


async def test_a_late_order_is_a_reason_to_ask(api):
    rep, (dealer,) = await rep_with_dealers(api.db, 1)

    def make(session):
        make_order(session, account_id=dealer.id, number="SO-1", order_date=date(2026, 9, 1))
        stats_of(session, [dealer.id])[0].order_overdue_days = 7

    await api.db.write(make)
    told = await lines(await api.signed_in(rep), dealer)
    assert told["last_order"] == "Last order 1 Sep 2026 over USD 100 (SO-1); the next one is 7 days late."
