"""The page of one record: what it shows, what happens on it, and what its dialogues do."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from crm_api.core import clock
from crm_api.pages.kinds import BY_KEY, KINDS, Kind
from tests.factories import (
    make_account,
    make_activity,
    make_contact,
    make_lead,
    make_opportunity,
    make_order,
    make_segment,
    stage_of,
)
from tests.pages.test_lists import at_work, kept
from tests.support.api import Api
from tests.support.pages import FRAGMENT

API = "/api/v1/crm"


async def shown(api: Api, user: Any, path: str) -> dict[str, Any]:
    """A record as the API shows it to somebody."""
    answer = await (await api.signed_in(user)).get(f"{API}{path}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def plain(page: str) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


# ── The page ─────────────────────────────────────────────────────────────────────────────────────

MAKERS = {
    "leads": make_lead, "opportunities": make_opportunity, "accounts": make_account, "contacts": make_contact,
    "activities": make_activity, "tasks": lambda session: make_activity(session, "task", status="scheduled"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=[kind.key for kind in KINDS])
async def test_every_record_has_a_page(api: Api, kind: Kind) -> None:
    _, visit = await at_work(api)
    record = await api.db.write(MAKERS[kind.key])

    page = await visit.get(kind.address(record.id))

    assert page.status_code == 200, page.text
    assert 'id="timeline"' in page.text


async def test_a_record_one_does_not_see_is_not_there(api: Api) -> None:
    lead = await kept(api, make_lead)
    _, visit = await at_work(api, "rep")

    assert (await visit.get(f"/crm/leads/{lead.id}")).status_code == 404


async def test_an_account_shows_what_belongs_to_it(api: Api) -> None:
    user, visit = await at_work(api)
    account = await kept(
        api, make_account, name="Harbor", latitude=40.0, longitude=-83.0, billing_city="Troy"
    )
    await kept(api, make_contact, first_name="Dana", last_name="Reyes", account_id=account.id)
    await kept(api, make_opportunity, name="Spring order", account_id=account.id, owner_id=user.id)
    await kept(api, make_order, account_id=account.id, number="SO-77")
    await kept(api, make_segment, name="Key accounts", accounts=[account])

    page = (await visit.get(f"/crm/accounts/{account.id}")).text

    for words in ("Dana Reyes", "Spring order", "SO-77", "Key accounts", "data-map"):
        assert words in page, words
    assert f"/crm/contacts/new?account_id={account.id}" in page


async def test_the_timeline_tells_what_was_done_and_by_whom(api: Api) -> None:
    user, visit = await at_work(api, name="Ana Ruiz")
    account = await kept(api, make_account)
    call = {"activity_type": "call", "subject": "Prices", "outcome": "Wants a quote", "duration_minutes": 12}
    await (await api.signed_in(user)).post(f"{API}/activities", json=call | {"account_id": str(account.id)})

    words = plain((await visit.get(f"/crm/accounts/{account.id}")).text)

    assert "Prices Call · 12 min · Ana Ruiz → Wants a quote" in words


async def test_the_timeline_shows_one_sort_alone(api: Api) -> None:
    user, visit = await at_work(api)
    lead = await kept(api, make_lead)
    client = await api.signed_in(user)
    for type_ in ("call", "note"):
        body = {"activity_type": type_, "subject": f"A {type_}", "lead_id": str(lead.id)}
        await client.post(f"{API}/activities", json=body)

    part = await visit.get(f"/crm/leads/{lead.id}?only=note", **FRAGMENT)

    assert "A note" in part.text
    assert "A call" not in part.text
    assert "<html" not in part.text


async def test_changes_are_told_field_by_field(api: Api) -> None:
    user, visit = await at_work(api, name="Ana Ruiz")
    lead = await kept(api, make_lead, priority="low")
    await (await api.signed_in(user)).patch(f"{API}/leads/{lead.id}", json={"priority": "urgent"})

    words = plain((await visit.get(f"/crm/leads/{lead.id}?only=changes")).text)

    assert "Priority low urgent" in words
    assert "Ana Ruiz" in words


async def test_a_part_of_a_timeline_that_there_is_not_is_not_found(api: Api) -> None:
    _, visit = await at_work(api)
    lead = await kept(api, make_lead)

    assert (await visit.get(f"/crm/leads/{lead.id}?only=gossip")).status_code == 404


# ── The composer ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["note", "call", "meeting", "email", "task"])
async def test_what_is_logged_stands_on_the_timeline_and_can_be_undone(api: Api, what: str) -> None:
    _, visit = await at_work(api)
    contact = await kept(api, make_contact)
    await visit.get(f"/crm/contacts/{contact.id}")

    answer = await visit.post(f"/crm/contacts/{contact.id}/log", what=what, text="Prices\nWants a discount")
    page = (await visit.get(answer.headers["location"])).text

    assert "Wants a discount" in page
    assert re.search(r'action="/undo/[0-9a-f-]{36}"', page)


async def test_a_task_is_due_when_it_was_said_in_ones_own_zone(api: Api) -> None:
    user, visit = await at_work(api, time_zone="America/Lima")
    lead = await kept(api, make_lead)
    await visit.get(f"/crm/leads/{lead.id}")

    await visit.post(f"/crm/leads/{lead.id}/log", what="task", text="Call back", due_at="2026-12-01T09:00")

    tasks = await shown(api, user, f"/tasks?lead_id={lead.id}")
    assert tasks["items"][0]["due_at"].startswith("2026-12-01T14:00:00")


async def test_nothing_is_logged_without_a_word(api: Api) -> None:
    _, visit = await at_work(api)
    lead = await kept(api, make_lead)
    await visit.get(f"/crm/leads/{lead.id}")

    assert (await visit.post(f"/crm/leads/{lead.id}/log", what="note", text=" \n ")).status_code == 422


async def test_a_long_first_line_is_cut_and_kept_whole_below(api: Api) -> None:
    user, visit = await at_work(api)
    lead = await kept(api, make_lead)
    await visit.get(f"/crm/leads/{lead.id}")

    await visit.post(f"/crm/leads/{lead.id}/log", what="note", text="word " * 100)

    activity = (await shown(api, user, f"/activities?lead_id={lead.id}"))["items"][0]
    assert len(activity["subject"]) <= 121
    assert activity["description"] == ("word " * 100).strip()


async def test_a_task_is_ticked_off_where_it_stands(api: Api) -> None:
    user, visit = await at_work(api)
    lead = await kept(api, make_lead)
    task = await kept(
        api, make_activity, activity_type="task", lead_id=lead.id, status="scheduled", owner_id=user.id
    )
    await visit.get(f"/crm/leads/{lead.id}")

    answer = await visit.post(f"/crm/activities/{task.id}/complete", back=f"/crm/leads/{lead.id}")

    assert answer.headers["location"].startswith(f"/crm/leads/{lead.id}?done=")
    assert (await shown(api, user, f"/activities/{task.id}"))["status"] == "completed"


# ── Making ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_new_record_leads_to_its_page(api: Api) -> None:
    _, visit = await at_work(api, "rep")
    await visit.get("/crm/leads/new")

    answer = await visit.post(
        "/crm/leads/new", company_name="Harbor", estimated_value="12,000", priority="high"
    )
    page = (await visit.get(answer.headers["location"])).text

    assert re.match(r"/crm/leads/[0-9a-f-]{36}\?done=", answer.headers["location"])
    assert "Added lead Harbor" in page


@pytest.mark.parametrize("key", ["opportunities", "accounts", "contacts", "activities", "tasks"])
async def test_every_kind_is_made_with_its_form(api: Api, key: str) -> None:
    kind = BY_KEY[key]
    _, visit = await at_work(api)
    await visit.get(f"{kind.path}/new")
    name = {"name": "Harbor", "first_name": "Harbor", "subject": "Harbor"}
    first = next(field for field in kind.form if field in name)

    answer = await visit.post(f"{kind.path}/new", **{first: "Harbor", "activity_type": "call"})

    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(f"{kind.path}/")


async def test_what_was_typed_stays_with_what_was_wrong_beside_it(api: Api) -> None:
    _, visit = await at_work(api, "rep")
    await visit.get("/crm/leads/new")

    answer = await visit.post(
        "/crm/leads/new", company_name="Harbor <b>", email="not an address", estimated_value="lots"
    )

    assert answer.status_code == 422
    assert 'value="Harbor &lt;b&gt;"' in answer.text
    assert 'value="lots"' in answer.text
    assert "a number, such as" in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_what_is_probably_there_already_is_shown_and_can_be_made_all_the_same(api: Api) -> None:
    _, visit = await at_work(api)
    there = await kept(api, make_account, name="Harbor Logistics")
    await visit.get("/crm/accounts/new")

    asked = await visit.post("/crm/accounts/new", name="Harbor Logistics")
    made = await visit.post("/crm/accounts/new", name="Harbor Logistics", anyway="true")

    assert asked.status_code == 409
    assert f'href="/crm/accounts/{there.id}"' in asked.text
    assert made.status_code == 303


async def test_a_form_from_a_record_knows_what_it_is_for(api: Api) -> None:
    _, visit = await at_work(api)
    account = await kept(api, make_account, name="Harbor", number="ACC-9")

    page = (await visit.get(f"/crm/contacts/new?account_id={account.id}")).text

    assert 'value="Harbor · ACC-9"' in page


async def test_a_viewer_makes_nothing(api: Api) -> None:
    _, visit = await at_work(api, "viewer")

    assert (await visit.post("/crm/leads/new", company_name="Harbor")).status_code == 403


# ── One field where it stands ────────────────────────────────────────────────────────────────────


async def test_a_value_is_changed_where_it_stands(api: Api) -> None:
    user, visit = await at_work(api)
    lead = await kept(api, make_lead, city="Lima")
    form = await visit.get(f"/crm/leads/{lead.id}/fields/city/edit", **FRAGMENT)
    version = re.search(r'name="version"\s+value="(\d+)"', form.text)
    assert version

    answer = await visit.post(f"/crm/leads/{lead.id}/fields/city", FRAGMENT, city="Cusco", version=version[1])

    assert "Cusco" in answer.text
    assert '"undo"' in answer.headers["hx-trigger"]
    assert (await shown(api, user, f"/leads/{lead.id}"))["city"] == "Cusco"


async def test_a_stale_tab_shows_both_values_and_keeps_what_was_typed(api: Api) -> None:
    user, visit = await at_work(api)
    lead = await kept(api, make_lead, city="Lima")
    await visit.get(f"/crm/leads/{lead.id}/fields/city/edit", **FRAGMENT)
    await (await api.signed_in(user)).patch(f"{API}/leads/{lead.id}", json={"city": "Arequipa"})

    answer = await visit.post(f"/crm/leads/{lead.id}/fields/city", FRAGMENT, city="Cusco", version="1")
    version = re.search(r'name="version"\s+value="(\d+)"', answer.text)
    assert version
    again = await visit.post(f"/crm/leads/{lead.id}/fields/city", FRAGMENT, city="Cusco", version=version[1])

    assert "Arequipa" in answer.text
    assert 'value="Cusco"' in answer.text
    assert "Use mine" in answer.text
    assert "Cusco" in again.text
    assert (await shown(api, user, f"/leads/{lead.id}"))["city"] == "Cusco"


async def test_a_value_that_cannot_be_comes_back_with_the_reason(api: Api) -> None:
    _, visit = await at_work(api)
    contact = await kept(api, make_contact)
    await visit.get("/crm/contacts")

    answer = await visit.post(f"/crm/contacts/{contact.id}/fields/email", FRAGMENT, email="nobody")

    assert 'role="alert"' in answer.text
    assert 'value="nobody"' in answer.text


@pytest.mark.parametrize("name", ["id", "score_reasons", "nonsense", "created_at"])
async def test_what_nobody_fills_in_has_no_form(api: Api, name: str) -> None:
    _, visit = await at_work(api)
    lead = await kept(api, make_lead)

    assert (await visit.get(f"/crm/leads/{lead.id}/fields/{name}/edit", **FRAGMENT)).status_code == 404


async def test_an_archived_record_can_be_had_back(api: Api) -> None:
    user, visit = await at_work(api)
    account = await kept(api, make_account, name="Harbor")
    await visit.get(f"/crm/accounts/{account.id}")

    gone = await visit.post(f"/crm/accounts/{account.id}/archive")
    page = (await visit.get(f"/crm/accounts/{account.id}")).text
    await visit.post(f"/crm/accounts/{account.id}/restore")

    assert gone.headers["location"].startswith("/crm/accounts?done=")
    assert "Archived" in page
    assert (await shown(api, user, f"/accounts/{account.id}"))["archived_at"] is None


# ── Stages ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_deal_moves_by_its_stage_bar(api: Api) -> None:
    user, visit = await at_work(api)
    deal = await kept(api, make_opportunity, stage="prospecting")
    stage = await api.db.read(lambda session: stage_of(session, "proposal").id)
    await visit.get(f"/crm/opportunities/{deal.id}")

    answer = await visit.post(f"/crm/opportunities/{deal.id}/stage", stage_id=str(stage), version="1")

    assert answer.status_code == 303
    assert (await shown(api, user, f"/opportunities/{deal.id}"))["stage"] == "proposal"


async def test_losing_a_deal_needs_its_reason(api: Api) -> None:
    user, visit = await at_work(api)
    deal = await kept(api, make_opportunity, stage="proposal")
    await visit.get(f"/crm/opportunities/{deal.id}/lost")

    refused = await visit.post(f"/crm/opportunities/{deal.id}/lost", reason=" ", notes="They were kind")
    lost = await visit.post(f"/crm/opportunities/{deal.id}/lost", reason="Price")

    assert refused.status_code == 422
    assert "They were kind" in refused.text
    assert lost.status_code == 303
    assert (await shown(api, user, f"/opportunities/{deal.id}"))["loss_reason"] == "Price"


async def test_a_deal_is_won_and_reopened(api: Api) -> None:
    user, visit = await at_work(api)
    account = await kept(api, make_account)
    deal = await kept(api, make_opportunity, stage="proposal", account_id=account.id)
    await visit.get(f"/crm/opportunities/{deal.id}")

    await visit.post(f"/crm/opportunities/{deal.id}/won")
    won = (await shown(api, user, f"/opportunities/{deal.id}"))["stage"]
    await visit.post(f"/crm/opportunities/{deal.id}/reopen")

    assert won == "closed_won"
    assert (await shown(api, user, f"/opportunities/{deal.id}"))["stage"] == "prospecting"


async def test_winning_without_an_account_says_what_is_missing(api: Api) -> None:
    _, visit = await at_work(api)
    deal = await kept(api, make_opportunity, stage="proposal", account_id=None)
    await visit.get(f"/crm/opportunities/{deal.id}")

    refused = await visit.post(f"/crm/opportunities/{deal.id}/won", FRAGMENT)

    assert refused.status_code == 409
    assert "Link the opportunity to an account" in refused.text


async def test_a_lead_is_qualified_with_what_is_known(api: Api) -> None:
    user, visit = await at_work(api)
    lead = await kept(api, make_lead)
    await visit.get(f"/crm/leads/{lead.id}/qualify")

    await visit.post(f"/crm/leads/{lead.id}/qualify", score="85", need="A mower", notes="")

    now = await shown(api, user, f"/leads/{lead.id}")
    assert (now["score"], now["need"], now["status"]) == (85, "A mower", "qualified")


async def test_a_lead_becomes_an_account_a_contact_and_a_deal(api: Api) -> None:
    user, visit = await at_work(api)
    lead = await kept(api, make_lead, company_name="Harbor", first_name="Ann", last_name="Lee")
    await visit.get(f"/crm/leads/{lead.id}/convert")

    answer = await visit.post(
        f"/crm/leads/{lead.id}/convert", account="new", account_name="Harbor", create_contact="true",
        create_opportunity="true", opportunity_name="First order", expected_close_date="2026-12-24",
    )  # fmt: skip
    page = (await visit.get(answer.headers["location"])).text

    assert answer.headers["location"].startswith("/crm/opportunities/")
    assert "First order" in page
    now = await shown(api, user, f"/leads/{lead.id}")
    assert now["converted_account_id"]
    assert now["converted_contact_id"]


async def test_a_twin_of_the_account_is_offered_instead(api: Api) -> None:
    user, visit = await at_work(api)
    there = await kept(api, make_account, name="Harbor Logistics")
    lead = await kept(api, make_lead, company_name="Harbor Logistics")
    await visit.get(f"/crm/leads/{lead.id}/convert")

    asked = await visit.post(f"/crm/leads/{lead.id}/convert", account="new", account_name="Harbor Logistics")
    joined = await visit.post(f"/crm/leads/{lead.id}/convert", account=str(there.id))

    assert asked.status_code == 409
    assert f'value="{there.id}"' in asked.text
    assert joined.status_code == 303
    assert (await shown(api, user, f"/leads/{lead.id}"))["converted_account_id"] == str(there.id)


async def test_a_lead_is_given_up_with_a_reason(api: Api) -> None:
    user, visit = await at_work(api)
    lead = await kept(api, make_lead)
    await visit.get(f"/crm/leads/{lead.id}/lost")

    await visit.post(f"/crm/leads/{lead.id}/lost", reason="No budget")

    now = await shown(api, user, f"/leads/{lead.id}")
    assert (now["status"], now["lost_reason"]) == ("lost", "No budget")


@pytest.mark.parametrize("path", ["/crm/accounts/{}/stage", "/crm/contacts/{}/move", "/crm/tasks/{}/lost"])
async def test_what_has_no_stages_is_not_moved(api: Api, path: str) -> None:
    _, visit = await at_work(api)
    account = await kept(api, make_account)

    answer = await visit.post(path.format(account.id), stage_id=str(account.id))

    assert answer.status_code in (404, 405)


# ── Boards ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_board_shows_each_stage_with_its_cards_and_sums(api: Api) -> None:
    user, visit = await at_work(api)
    account = await kept(api, make_account, name="Harbor")
    await kept(api, make_opportunity, stage="proposal", name="Harbor: 3 mowers", account_id=account.id,
               owner_id=user.id, estimated_value=1_250_000, currency="USD", next_step="Send the quote")  # fmt: skip

    words = plain((await visit.get("/crm/opportunities?as=board")).text)

    assert "Proposal 1 $12.5k Harbor $12.5k 3 mowers" in words
    assert "Send the quote" in words


async def test_a_card_too_long_in_its_stage_is_marked(api: Api) -> None:
    user, visit = await at_work(api)

    def old(session: Any) -> None:
        stage_of(session, "proposal").rotting_days = 5
        make_opportunity(
            session, "proposal", owner_id=user.id, stage_entered_at=clock.now() - timedelta(days=9)
        )

    await api.db.write(old)

    page = (await visit.get("/crm/opportunities?as=board")).text

    assert "tile rotting" in page


async def test_a_moved_card_comes_back_with_the_board_as_it_is(api: Api) -> None:
    user, visit = await at_work(api)
    deal = await kept(api, make_opportunity, stage="prospecting", name="Spring", owner_id=user.id)
    stage = await api.db.read(lambda session: stage_of(session, "proposal").id)
    await visit.get("/crm/opportunities?as=board")

    answer = await visit.post(
        f"/crm/opportunities/{deal.id}/move",
        FRAGMENT,
        stage_id=str(stage),
        version="1",
        back="/crm/opportunities?as=board",
    )

    assert re.search(rf'data-stage="{stage}".*?data-card="{deal.id}"', answer.text, re.S)
    assert '"Moved Spring to Proposal"' in answer.headers["hx-trigger"]


async def test_a_card_that_somebody_else_moved_meanwhile_is_not_moved(api: Api) -> None:
    user, visit = await at_work(api)
    deal = await kept(api, make_opportunity, stage="prospecting", owner_id=user.id)
    stage = await api.db.read(lambda session: stage_of(session, "proposal").id)
    await visit.get("/crm/opportunities?as=board")
    await (await api.signed_in(user)).patch(f"{API}/opportunities/{deal.id}", json={"stage": "negotiation"})

    answer = await visit.post(
        f"/crm/opportunities/{deal.id}/move", FRAGMENT, stage_id=str(stage), version="1"
    )

    assert answer.status_code == 412
    assert answer.headers["hx-retarget"] == "#toasts"
    assert (await shown(api, user, f"/opportunities/{deal.id}"))["stage"] == "negotiation"


async def test_the_board_of_leads_asks_before_converting_and_losing(api: Api) -> None:
    _, visit = await at_work(api)
    await kept(api, make_lead)

    page = (await visit.get("/crm/leads?as=board")).text

    assert page.count('data-opens="convert"') == 1
    assert page.count('data-opens="lost"') == 1


async def test_a_card_can_be_moved_without_script(api: Api) -> None:
    user, visit = await at_work(api)
    lead = await kept(api, make_lead, owner_id=user.id)
    form = (await visit.get(f"/crm/leads/{lead.id}/move?back=/crm/leads?as=board")).text
    stage = re.search(r'name="stage_id"\s+value="([0-9a-f-]+)"[^>]*>.*?Qualified', form, re.S)
    assert stage

    stage_id = await api.db.read(lambda session: stage_of(session, "qualified", "lead").id)
    answer = await visit.post(
        f"/crm/leads/{lead.id}/stage", stage_id=str(stage_id), version="1", back="/crm/leads?as=board"
    )

    assert answer.headers["location"].startswith("/crm/leads?as=board&done=")


async def test_a_filter_holds_on_the_board_too(api: Api) -> None:
    _, visit = await at_work(api)
    await kept(api, make_lead, title="Near", source="website")
    await kept(api, make_lead, title="Far", source="referral")

    page = (await visit.get("/crm/leads?as=board&source=website")).text

    assert "Near" in page
    assert "Far" not in page
