"""What stays of a question: turns that lean on it, thumbs, views, letters, words of the house, and a day's limits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.outbox.models import OutboxMessage
from crm_api.questions import flows
from crm_api.questions.answer import Answer
from crm_api.questions.budget import Caps
from crm_api.questions.models import AskedQuestion
from crm_api.users.models import User
from tests.factories import make_account, make_lead, make_opportunity, make_organisation
from tests.questions.test_asking import REVENUE, model, two_reps
from tests.support.api import Api
from tests.support.openai_server import openai_server

ASK = "/api/v1/crm/ask"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def some_deals(session: Session) -> None:
    make_organisation(session)
    account = make_account(session, name="Aardvark Ltd", industry="retail")
    make_account(session, name="Aardvark Inc", industry="finance")
    for stage, value in (("closed_won", 100_00), ("closed_won", 900_00), ("prospecting", 50_00)):
        make_opportunity(session, stage, account_id=account.id, value_base=value, estimated_value=value)
    for source in ("website", "website", "referral"):
        make_lead(session, source=source)


async def asked(client: httpx.AsyncClient, question: str, **more: Any) -> dict[str, Any]:
    response = await client.post(ASK, json={"question": question, **more})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture
async def client(api: Api) -> httpx.AsyncClient:
    await api.db.write(some_deals)
    return await api.client("administrator")


async def test_a_conversation_goes_on_under_its_id(client: httpx.AsyncClient) -> None:
    first = await asked(client, "how many won deals do we have")
    second = await asked(client, "and open?", conversation_id=first["conversation_id"])
    assert (first["value"], second["value"]) == (2, 1)
    assert second["conversation_id"] == first["conversation_id"]


async def test_a_piece_of_a_plan_is_changed_by_its_owner_alone(client: httpx.AsyncClient, api: Api) -> None:
    first = await asked(client, "how many won deals do we have")
    piece = next(chip for chip in first["chips"] if chip["words"] == "won")
    assert "open" in piece["suggestions"]

    address = f"{ASK}/{first['plan_id']}/edit"
    changed = (await client.post(address, json={"at": piece["at"], "value": "open"})).json()
    assert (changed["value"], changed["conversation_id"]) == (1, first["conversation_id"])
    leaning = await asked(client, "including won", conversation_id=first["conversation_id"])
    assert leaning["value"] == 3

    other = await api.client("manager")
    assert (await other.post(address, json={"at": piece["at"]})).status_code == 404
    assert len((await client.get(f"{ASK}/history")).json()) == 2, "what was changed by a tap was not asked"


async def test_a_figure_in_place_of_another_takes_its_own_condition_along(client: httpx.AsyncClient) -> None:
    first = await asked(client, "won revenue")
    told = await asked(client, "what about the win rate", conversation_id=first["conversation_id"])
    assert told["plan_in_words"] == "win rate"


async def test_somebody_elses_conversation_is_not_leaned_on(client: httpx.AsyncClient, api: Api) -> None:
    first = await asked(client, "how many won deals do we have")
    other = await api.client("manager")
    told = await asked(other, "by owner instead", conversation_id=first["conversation_id"])
    assert told["status"] != "answered"


async def test_an_answer_says_among_how_many_it_looked_and_how_it_is_drawn(client: httpx.AsyncClient) -> None:
    told = await asked(client, "leads by source")
    assert told["scope"] == "of the 3 leads you see"
    assert told["chart"] == {"kind": "bar", "label": 0, "value": 1}
    assert (await asked(client, "how many leads are there"))["chart"] is None


async def test_every_followup_that_is_offered_runs(client: httpx.AsyncClient) -> None:
    first = await asked(client, "how many won deals do we have")
    assert first["followups"]
    for question in first["followups"]:
        told = await asked(client, question, conversation_id=first["conversation_id"])
        assert told["status"] == "answered", question


async def test_a_question_not_understood_offers_near_ones_that_run(client: httpx.AsyncClient) -> None:
    told = await asked(client, "won revenue by shoe size")
    assert told["status"] == "not_understood"
    assert told["unused"]
    assert 1 <= len(told["followups"]) <= 3
    for question in told["followups"]:
        assert (await asked(client, question))["status"] == "answered", question


async def test_thumbs_are_kept_and_only_ones_own(client: httpx.AsyncClient, api: Api) -> None:
    told = await asked(client, "how many won deals do we have")
    assert (await client.post(f"{ASK}/{told['plan_id']}/rating", json={"rating": -1})).status_code == 204
    assert (await client.get(f"{ASK}/history")).json()[0]["rating"] == -1
    other = await api.client("manager")
    assert (await other.post(f"{ASK}/{told['plan_id']}/rating", json={"rating": 1})).status_code == 404
    assert (await other.get(f"{ASK}/history")).json() == []


async def test_an_answer_is_read_again_with_more_rows(client: httpx.AsyncClient) -> None:
    told = await asked(client, "list all deals")
    again = (await client.get(f"{ASK}/{told['plan_id']}", params={"rows": 2})).json()
    assert (len(again["rows"]), again["total_rows"], again["truncated"]) == (2, 3, True)


async def test_the_list_behind_an_answer_becomes_a_view(client: httpx.AsyncClient) -> None:
    told = await asked(client, "how many won deals do we have")
    saved = await client.post(f"{ASK}/{told['plan_id']}/view", json={"name": "Won"})
    assert saved.status_code == 201, saved.text
    listed = await client.get("/api/v1/crm/opportunities", params={"view": saved.json()["id"]})
    assert listed.json()["total"] == 2


async def test_a_moving_period_moves_on_in_the_view(client: httpx.AsyncClient) -> None:
    told = await asked(client, "deals won last month")
    where = str(told["view"]["where"])
    assert "this_month-1m" in where
    assert (await client.post(f"{ASK}/{told['plan_id']}/view", json={"name": "Last"})).status_code == 201


@pytest.mark.parametrize(
    ("question", "total"),
    [
        ("list all deals", 3),
        ("how many won deals do we have", 2),
        ("open deals", 1),
        ("deals that are not won", 1),
        ("my deals", 0),
        ("deals over 500", 1),
        ("deals won this year", 0),
        ("accounts in retail or finance", 2),
        ("accounts not in retail", 1),
        ("leads by source", 3),
        ("won revenue from retail accounts", 2),
    ],
)
async def test_the_page_behind_an_answer_shows_just_its_records(
    client: httpx.AsyncClient, question: str, total: int
) -> None:
    told = await asked(client, question)
    page, _, conditions = told["view_url"].partition("?")
    listed = await client.get(f"/api/v1{page}?{conditions}")
    assert listed.status_code == 200, listed.text
    assert listed.json()["total"] == total
    assert page in ("/crm/opportunities", "/crm/accounts", "/crm/leads")


async def test_what_no_list_can_show_has_no_page(client: httpx.AsyncClient) -> None:
    assert (await asked(client, "accounts without won deals"))["view_url"] is None


# ── Words and readings ───────────────────────────────────────────────────────────────────────────


async def test_a_word_of_the_house_is_read_as_what_it_means(client: httpx.AsyncClient) -> None:
    before = await asked(client, "how many big deals are there")
    assert before["status"] != "answered"
    added = await client.post(f"{ASK}/words", json={"phrase": "big deals", "means": "deals over 500"})
    assert added.status_code == 201, added.text
    told = await asked(client, "how many big deals are there")
    assert told["value"] == 1
    assert "“big deals” means deals over 500 here" in told["assumptions"]
    assert (await client.delete(f"{ASK}/words/{added.json()['id']}")).status_code == 204
    assert (await asked(client, "how many big deals are there"))["status"] != "answered"


async def test_a_word_that_would_explain_nothing_is_refused(client: httpx.AsyncClient, api: Api) -> None:
    told = await client.post(f"{ASK}/words", json={"phrase": "big", "means": "flurbs over zorbs"})
    assert told.status_code == 422
    rep = await api.client("rep")
    denied = await rep.post(f"{ASK}/words", json={"phrase": "big deals", "means": "deals over 500"})
    assert denied.status_code == 403


async def test_the_words_that_failed_are_told_to_administrators(client: httpx.AsyncClient, api: Api) -> None:
    await asked(client, "win rate by flurb")
    await asked(client, "won revenue by flurb")
    failed = (await client.get(f"{ASK}/words/failed")).json()
    assert failed[0]["word"] == "flurb"
    assert failed[0]["times"] == 2
    assert (await (await api.client("rep")).get(f"{ASK}/words/failed")).status_code == 403


async def test_a_reading_once_chosen_is_not_asked_again(client: httpx.AsyncClient, api: Api) -> None:
    back = await asked(client, "won revenue for Aardvark")
    assert back["status"] == "clarify"
    option = next(o for o in back["clarify"]["options"] if o["label"] == "Aardvark Ltd")
    chosen = await asked(client, option["question"], answers=back["plan_id"])
    assert chosen["value"] == 1000
    told = await asked(client, "won revenue for Aardvark")
    assert told["value"] == 1000
    assert any("as you chose before" in note for note in told["assumptions"])
    other = await api.client("administrator")
    assert (await asked(other, "won revenue for Aardvark"))["status"] == "clarify"


# ── Every week ───────────────────────────────────────────────────────────────────────────────────


def letters(session: Session) -> list[OutboxMessage]:
    return list(session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.created_at)))


async def test_an_answer_is_sent_every_week_under_its_owners_rights(api: Api) -> None:
    with clock.frozen(NOW):
        ada, _ = await api.db.write(two_reps)
        rep = await api.db.read(lambda s: s.get(User, ada.user_id))
        client = await api.signed_in(rep)
        told = await asked(client, "won revenue by account")
        kept = (await client.post(f"{ASK}/{told['plan_id']}/weekly", json={"weekday": 1})).json()
    assert kept["next_on"] == "2026-11-23"  # the Monday after
    assert await send(api.db) == 0
    with clock.frozen(NOW + timedelta(days=2)):
        assert await send(api.db) == 1
        assert await send(api.db) == 0
    (letter,) = await api.db.read(letters)
    assert letter.purpose == "report"
    assert "Aardvark Ltd" in (letter.text or "")
    assert "Badger" not in (letter.text or "")
    assert "won revenue by account" in (letter.subject or "")


async def test_a_weekly_answer_can_be_stopped_by_its_owner_alone(client: httpx.AsyncClient, api: Api) -> None:
    told = await asked(client, "leads by source")
    kept = (await client.post(f"{ASK}/{told['plan_id']}/weekly", json={"weekday": 5})).json()
    other = await api.client("administrator")
    assert (await other.delete(f"{ASK}/weekly/{kept['id']}")).status_code == 404
    assert (await client.get(f"{ASK}/weekly")).json() == [kept]
    assert (await client.delete(f"{ASK}/weekly/{kept['id']}")).status_code == 204
    assert (await client.get(f"{ASK}/weekly")).json() == []


async def send(db: Database) -> int:
    return await flows.send_weekly(db, sender="crm@rounds.example", address="http://crm")


# ── What a model may cost ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "caps", [Caps(user_questions=1), Caps(all_questions=1), Caps(user_tokens=1), Caps(all_tokens=1)]
)
async def test_past_a_days_limit_the_offline_planner_answers_and_says_so(db: Database, caps: Caps) -> None:
    _, bob = await db.write(two_reps)
    answers: list[Answer] = []
    async with openai_server(REVENUE) as server:
        asking = model(server)
        try:
            for _ in range(2):
                answers.append(await flows.ask(db, asking, actor=bob, turns=["total won revenue"], caps=caps))
        finally:
            await asking.aclose()
    assert [a.planner for a in answers] == ["test", "offline"]
    assert "limit for the language model" in answers[1].assumptions[-1]
    assert len(server.requests) == 1


async def test_what_a_question_cost_is_kept(db: Database) -> None:
    _, bob = await db.write(two_reps)
    async with openai_server(REVENUE) as server:
        asking = model(server)
        try:
            await flows.ask(db, asking, actor=bob, turns=["total won revenue"])
        finally:
            await asking.aclose()
    assert await db.read(lambda s: s.scalar(sa.select(AskedQuestion.tokens))) > 500
