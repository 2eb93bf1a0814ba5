"""What waits for each person today, and the outbox as a page."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.modules import service as modules
from tests.factories import make_activity, make_lead, make_opportunity, make_team, make_user
from tests.pages.test_lists import at_work, kept
from tests.pages.test_records import plain
from tests.support.api import Api
from tests.support.mailbag import make_message
from tests.support.pages import Visit, visiting

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_a_wednesday() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def section(page: str, name: str) -> str:
    """The words of one section of the start page; empty where there is none."""
    found = re.search(rf"<h2[^>]*>\s*{name}.*?</section>", page, re.S)
    return plain(found[0]) if found else ""


async def test_what_is_due_by_tonight_waits_for_its_owner_alone(api: Api) -> None:
    user, visit = await at_work(api, "rep")
    other, _ = await at_work(api, "rep")

    def furnish(session: Session) -> None:
        task = {"activity_type": "task", "status": "scheduled"}
        make_activity(session, **task, subject="Late", owner_id=user.id, due_at=NOON - timedelta(days=2))
        make_activity(session, **task, subject="Tonight", owner_id=user.id, due_at=NOON + timedelta(hours=8))
        make_activity(session, **task, subject="Next week", owner_id=user.id, due_at=NOON + timedelta(days=6))
        make_activity(session, **task, subject="Of others", owner_id=other.id, due_at=NOON)
        make_activity(session, "task", subject="Done", owner_id=user.id, due_at=NOON, status="completed")

    await api.db.write(furnish)

    words = section((await visit.get()).text, "Calls and tasks due")

    assert "Late" in words
    assert "Tonight" in words
    assert not any(word in words for word in ("Next week", "Of others", "Done "))


async def test_a_task_is_done_in_one_tap_and_undone_in_another(api: Api) -> None:
    user, visit = await at_work(api, "rep")
    task = await kept(
        api,
        make_activity,
        activity_type="task",
        subject="Call Dana",
        status="scheduled",
        owner_id=user.id,
        due_at=NOON,
    )
    await visit.get()

    answer = await visit.post(f"/crm/activities/{task.id}/complete", back="/")
    page = (await visit.get(answer.headers["location"])).text

    assert "Done: Call Dana" in page
    assert "Call Dana" not in section(page, "Calls and tasks due")
    undo = re.search(r'action="(/undo/[0-9a-f-]+)"', page)
    assert undo
    await visit.post(undo[1])
    assert "Call Dana" in section((await visit.get()).text, "Calls and tasks due")


async def test_deals_without_a_next_step_and_leads_to_follow_up_wait_too(api: Api) -> None:
    user, visit = await at_work(api, "rep")

    def furnish(session: Session) -> None:
        make_opportunity(session, "proposal", name="Stepless", owner_id=user.id, next_step=None)
        make_opportunity(session, "proposal", name="Planned", owner_id=user.id, next_step="Call")
        make_lead(
            session, title="Waiting lead", owner_id=user.id, next_follow_up_date=NOON, phone="+1 614 555 0100"
        )

    await api.db.write(furnish)
    page = (await visit.get()).text

    assert "Stepless" in section(page, "Deals without a next step")
    assert "Planned" not in section(page, "Deals without a next step")
    assert "Waiting lead" in section(page, "Leads to follow up")
    assert 'href="tel:+16145550100"' in page


async def test_whoever_leads_a_team_sees_what_changed_since_monday(api: Api) -> None:
    def furnish(session: Session) -> Any:
        team = make_team(session)
        rep = make_user(session, "rep", team_id=team.id)
        for days in (1, 2, 9):
            make_lead(session, owner_id=rep.id, team_id=team.id, created_at=NOON - timedelta(days=days))
        return make_user(session, "manager", team_id=team.id)

    visit = await visiting(api, await api.db.write(furnish))

    page = (await visit.get()).text

    figures = dict(re.findall(r'kpi-name">(.*?)</span>\s*<span class="kpi-value">(.*?)</span>', page, re.S))
    assert figures["New leads"] == "2"
    assert 'href="/crm/leads?created_at__gte=this_week"' in page


@pytest.mark.parametrize("role", ["rep", "field"])
async def test_who_leads_nobody_is_not_shown_figures_of_a_team(api: Api, role: str) -> None:
    _, visit = await at_work(api, role)

    assert "Since Monday" not in (await visit.get()).text


async def test_every_address_behind_a_section_is_a_list(api: Api) -> None:
    _, visit = await at_work(api, "administrator")
    page = (await visit.get()).text

    addresses = set(re.findall(r'class="kpi" href="([^"]+)"', page))
    answers = [await visit.get(address.replace("&amp;", "&")) for address in addresses]

    assert len(addresses) == 7
    assert not [a.text for a in answers if a.status_code != 200 or "Clear the filters" in a.text]


# ── The outbox ───────────────────────────────────────────────────────────────────────────────────


async def posting(api: Api, *statuses: str, **more: Any) -> Visit:
    """Somebody with mails in these states."""
    user, visit = await at_work(api, "rep")

    def furnish(session: Session) -> None:
        for n, status in enumerate(statuses):
            make_message(session, user, status, recipient_name=f"{status} {n}", subject="Hello", **more)

    await api.db.write(furnish)
    return visit


@pytest.mark.parametrize(
    ("show", "there"),
    [
        ("attention", {"held", "dead"}),
        ("leaving", {"queued", "planned"}),
        ("sent", {"sent"}),
        ("stopped", {"cancelled"}),
    ],
)
async def test_each_mail_stands_on_its_shelf(api: Api, show: str, there: set[str]) -> None:
    visit = await posting(api, "held", "dead", "queued", "planned", "sent", "cancelled")

    page = (await visit.get(f"/outbox?show={show}")).text

    found = {words.split()[0] for words in re.findall(r"<bdi>(\w+ \d)</bdi>", page)}
    assert found == there


async def test_what_needs_somebody_comes_first(api: Api) -> None:
    visit = await posting(api, "held", "queued", reason="the template needs lead.company_name")

    page = (await visit.get("/outbox")).text

    assert re.search(r'show=attention"\s+aria-current="page"', page)
    assert "the template needs lead.company_name" in page


async def test_mails_beyond_a_page_are_reached(api: Api) -> None:
    visit = await posting(api, *["sent"] * 33)

    first = (await visit.get("/outbox?show=sent")).text
    more = re.search(r'href="(/outbox\?show=sent&amp;cursor=[^"]+)"', first)
    assert more
    second = (await visit.get(more[1].replace("&amp;", "&"))).text

    assert (first.count('class="mail sent"'), second.count('class="mail sent"')) == (30, 3)


async def test_a_mail_is_stopped_and_one_is_back_on_its_shelf(api: Api) -> None:
    visit = await posting(api, "queued")
    page = (await visit.get("/outbox?show=leaving")).text
    found = re.search(r'action="(/outbox/[0-9a-f-]+/discard)"', page)
    assert found

    answer = await visit.post(found[1], back="/outbox?show=leaving")

    assert answer.headers["location"] == "/outbox?show=leaving"
    assert "queued 0" in (await visit.get("/outbox?show=stopped")).text


async def test_only_an_administrator_pauses_all_sending(api: Api) -> None:
    rep = await posting(api, "queued")
    _, boss = await at_work(api, "administrator")

    refused = await rep.post("/outbox/pause", paused="true")
    await boss.post("/outbox/pause", paused="true")

    assert refused.status_code == 403
    assert "Pause all sending" not in (await rep.get("/outbox")).text
    assert "All sending is paused" in (await rep.get("/outbox")).text


async def test_the_outbox_is_gone_while_follow_ups_are_switched_off(api: Api) -> None:
    await api.db.write(lambda session: modules.uninstall(session, name="followups") and None)
    _, visit = await at_work(api, "rep")

    assert (await visit.get("/outbox")).status_code == 404
