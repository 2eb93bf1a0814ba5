"""The start page over the real services: what each person sees, and what the buttons do."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.outbox.models import OutboxMessage
from crm_api.pages.answers import EXAMPLES
from crm_api.users.models import Team, User
from crm_api.visits.models import VisitPlan
from tests.factories import make_lead, make_team, make_user
from tests.support.api import Api
from tests.support.mailbag import make_message
from tests.support.pages import FRAGMENT, Visit, visiting, weight
from tests.visits.people import rep_with_dealers


async def planned(api: Api, **rep: object) -> tuple[User, Visit]:
    """A rep with dealers around who has just had the day planned; every day is a working day here."""
    user, _ = await rep_with_dealers(api.db, 6, **rep)
    visit = await visiting(api, user)
    answer = await visit.post("/visits/plan")
    assert answer.status_code == 303, answer.text
    return user, visit


@pytest.fixture(autouse=True)
def _on_a_monday() -> Iterator[None]:
    """Dealers are closed on Sundays."""
    with clock.frozen(datetime(2026, 11, 23, 14, tzinfo=UTC)):
        yield


def plan_of(page: str) -> str:
    """The id of the plan on the page."""
    found = re.search(r"/visits/([0-9a-f-]{36})/accept", page)
    assert found, page
    return found[1]


async def test_the_page_greets_whoever_signed_in(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "rep", name="Ana Ruiz"))

    page = (await visit.get()).text

    assert re.search(r"<h1>\s*Good (morning|afternoon|evening), Ana\s*</h1>", page)


async def test_the_page_is_written_as_its_reader_likes_it(api: Api) -> None:
    _, visit = await planned(api, locale="en-US", distance_unit="mi")
    _, other = await planned(api)

    american, british = (await visit.get()).text, (await other.get()).text
    assert "Monday, November 23" in american
    assert re.search(r"\d mi\b", american)
    assert not re.search(r"\d km\b", american)
    assert "Monday 23 November" in british
    assert re.search(r"\d km\b", british)


async def test_the_theme_of_the_cookie_is_there_before_any_script(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "rep"))
    visit.client.cookies.set("theme", "dark")

    assert '<html lang="en" data-theme="dark">' in (await visit.get()).text


async def test_a_theme_that_does_not_exist_is_ignored(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "rep"))
    visit.client.cookies.set("theme", '"><script>')

    assert '<html lang="en">' in (await visit.get()).text


async def test_the_first_view_stays_below_sixty_kilobytes(api: Api) -> None:
    _, visit = await planned(api)

    page = await visit.get()
    assert page.headers["content-encoding"] == "gzip"
    assert weight(page) <= 60_000


# ── Ask ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_question_is_answered_in_place(api: Api) -> None:
    user = await api.db.write(make_user, "rep")
    await api.db.write(lambda session: [make_lead(session, owner_id=user.id) for _ in range(3)] and None)
    visit = await visiting(api, user)

    answer = await visit.post("/crm/ask", headers=FRAGMENT, question="how many leads are there?")

    assert re.search(r'<p class="figure">3</p>', answer.text)
    assert "<html" not in answer.text


async def test_without_script_the_answer_comes_with_the_whole_page(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "rep"))

    answer = await visit.post("/crm/ask", question="how many leads are there?")

    assert "<html" in answer.text
    assert 'class="answer' in answer.text


async def test_groups_come_with_a_bar_each(api: Api) -> None:
    user = await api.db.write(make_user, "rep")

    def leads(session: Session) -> None:
        for status in ("new", "new", "qualified"):
            make_lead(session, owner_id=user.id, status=status)

    await api.db.write(leads)
    visit = await visiting(api, user)

    answer = await visit.post("/crm/ask", headers=FRAGMENT, question="leads by status")

    assert re.findall(r'<rect width="([\d.]+)%"', answer.text) == ["100.0", "50.0"]


async def test_the_next_question_may_lean_on_the_one_before(api: Api) -> None:
    user = await api.db.write(make_user, "rep")

    def leads(session: Session) -> None:
        for status in ("new", "new", "qualified"):
            make_lead(session, owner_id=user.id, status=status)

    await api.db.write(leads)
    visit = await visiting(api, user)
    first = await visit.post("/crm/ask", headers=FRAGMENT, question="how many new leads are there?")
    talk = re.findall(r'name="conversation_id"\s+value="([^"]+)"', first.text)[0]

    second = await visit.post(
        "/crm/ask", headers=FRAGMENT, question="what about qualified?", conversation_id=talk
    )

    assert '<p class="figure">1</p>' in second.text


async def test_what_is_not_understood_is_said(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "rep"))

    answer = await visit.post("/crm/ask", headers=FRAGMENT, question="how blue is the frobnicator?")

    assert answer.status_code == 200
    assert "answered" not in re.findall(r'class="answer (\w+)"', answer.text)


@pytest.mark.parametrize("role", sorted(EXAMPLES))
async def test_every_example_is_understood(api: Api, role: str) -> None:
    visit = await visiting(api, await api.db.write(make_user, role))

    statuses = {
        example: re.findall(
            r'class="answer (\w+)"', (await visit.post("/crm/ask", headers=FRAGMENT, question=example)).text
        )
        for example in EXAMPLES[role]
    }

    assert statuses == {example: ["answered"] for example in EXAMPLES[role]}


# ── Visits ───────────────────────────────────────────────────────────────────────────────────────


async def test_somebody_without_a_plan_is_offered_one(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "field"))

    assert "Plan my day" in (await visit.get()).text


async def test_a_planned_day_shows_its_stops_before_it_is_accepted(api: Api) -> None:
    _, visit = await planned(api)

    page = (await visit.get()).text

    assert "A proposal" in page
    assert "Accept day" in page
    assert len(re.findall(r'<g class="spot', page)) == len(re.findall(r'class="stop-drive"', page)) > 0


async def test_lunch_stands_where_it_is_eaten(api: Api) -> None:
    _, visit = await planned(api)

    page = (await visit.get()).text
    rows = re.findall(r'class="stop-name">\s*([^<]+?)\s*<', page)
    times = re.findall(r'class="stop-time">\s*(\d\d:\d\d)', page)

    assert "Lunch" in rows
    assert times == sorted(times)


async def test_accepting_a_plan_makes_it_the_day(api: Api) -> None:
    _, visit = await planned(api)
    plan = plan_of((await visit.get()).text)

    answer = await visit.post(f"/visits/{plan}/accept", headers=FRAGMENT)

    assert "Accept day" not in answer.text
    assert "Navigate" in answer.text
    assert "google.com/maps/dir/?api=1" in answer.text


async def test_a_visit_is_ticked_off(api: Api) -> None:
    _, visit = await planned(api)
    plan = plan_of((await visit.get()).text)
    page = (await visit.post(f"/visits/{plan}/accept", headers=FRAGMENT)).text
    stop = re.search(rf"/visits/{plan}/stops/([0-9a-f-]+)/done", page)
    assert stop

    answer = await visit.post(stop[0], headers=FRAGMENT)

    assert answer.text.count("stop done") == 1
    assert stop[0] not in answer.text


async def test_the_change_is_known_to_have_come_from_the_pages(api: Api) -> None:
    await planned(api)

    assert await api.db.read(lambda session: session.query(VisitPlan.origin).scalar()) == "web"


async def test_a_manager_sees_who_is_on_the_road(api: Api) -> None:
    team: Team = await api.db.write(make_team)
    _, rep = await planned(api, name="Ana Ruiz", team_id=team.id)
    await rep.post(f"/visits/{plan_of((await rep.get()).text)}/accept")
    manager = await visiting(api, await api.db.write(make_user, "manager", team_id=team.id))

    page = (await manager.get()).text
    other = re.search(r'hx-get="(/visits\?plan=[0-9a-f-]+)"', page)
    assert other
    opened = await manager.get(other[1], **FRAGMENT)

    assert "On the road today" in page
    assert "Ana Ruiz’s visits" in opened.text
    assert "/done" not in opened.text


async def test_a_manager_plans_the_day_of_a_rep(api: Api) -> None:
    team: Team = await api.db.write(make_team)
    rep, _ = await rep_with_dealers(api.db, 4, name="Ana Ruiz", team_id=team.id)
    manager = await visiting(api, await api.db.write(make_user, "manager", team_id=team.id))

    answer = await manager.post("/visits/plan", headers=FRAGMENT, owner_id=str(rep.id))

    assert "Ana Ruiz’s visits" in answer.text
    assert "A proposal until Ana Ruiz accepts it." in answer.text
    assert "Accept day" not in answer.text


async def test_the_plan_of_somebody_else_is_not_there(api: Api) -> None:
    _, rep = await planned(api)
    plan = plan_of((await rep.get()).text)
    other = await visiting(api, await api.db.write(make_user, "rep"))

    assert (await other.get(f"/?plan={plan}")).status_code == 404
    assert (await other.post(f"/visits/{plan}/accept")).status_code == 404


# ── Outbox ───────────────────────────────────────────────────────────────────────────────────────


async def with_message(
    db: Database, api: Api, status: str, role: str = "rep", **values: object
) -> tuple[Visit, str]:
    """A user with one message in a state; returns their visit and its id."""

    def make(session: Session) -> tuple[User, str]:
        team = make_team(session)
        sender = make_user(session, "rep", team_id=team.id)
        message = make_message(session, sender, status, **values)
        return (sender if role == "rep" else make_user(session, role, team_id=team.id)), str(message.id)

    user, message_id = await db.write(make)
    return await visiting(api, user), message_id


async def test_a_waiting_mail_says_when_it_leaves_and_may_be_kept_back(db: Database, api: Api) -> None:
    visit, message = await with_message(db, api, "queued")

    page = await visit.get()
    answer = await visit.post(f"/outbox/{message}/discard", headers=FRAGMENT)

    assert "First follow-up" in page.text
    assert "1 leaving" in page.text
    assert "No mail is waiting" in answer.text


async def test_an_uncertain_mail_is_settled_by_hand(db: Database, api: Api) -> None:
    visit, message = await with_message(db, api, "unknown", looks=1)

    page = await visit.get()
    await visit.post(f"/outbox/{message}/mark-sent")

    assert "1 to look at" in page.text
    assert await db.read(lambda session: session.query(OutboxMessage.status).scalar()) == "sent"


async def test_a_mail_the_transport_is_still_asked_about_needs_nobody(db: Database, api: Api) -> None:
    visit, message = await with_message(db, api, "unknown", due_at=clock.now())

    page = (await visit.get()).text

    assert "being checked" in page
    assert "to look at" not in page
    assert f"/outbox/{message}" not in page


async def test_a_mail_sent_yesterday_is_not_among_those_of_today(db: Database, api: Api) -> None:
    visit, _ = await with_message(db, api, "sent", sent_at=clock.now() - timedelta(days=1))

    assert "No mail is waiting" in (await visit.get()).text


async def test_a_viewer_sees_the_outbox_without_buttons(db: Database, api: Api) -> None:
    visit, message = await with_message(db, api, "held", role="viewer", reason="missing company")

    page = await visit.get()
    answer = await visit.post(f"/outbox/{message}/resume")

    assert "missing company" in page.text
    assert f"/outbox/{message}" not in page.text
    assert answer.status_code == 403


async def test_an_action_that_is_too_late_says_so_and_leaves_the_card_alone(db: Database, api: Api) -> None:
    visit, message = await with_message(db, api, "sent", sent_at=clock.now())

    answer = await visit.post(f"/outbox/{message}/discard", headers=FRAGMENT)

    assert answer.status_code == 409
    assert answer.headers["hx-retarget"] == "#toasts"


@pytest.mark.parametrize("action", ["explode", "__class__"])
async def test_there_are_no_other_actions(db: Database, api: Api, action: str) -> None:
    visit, message = await with_message(db, api, "queued")

    assert (await visit.post(f"/outbox/{message}/{action}")).status_code == 404


async def test_the_message_of_somebody_else_is_not_there(db: Database, api: Api) -> None:
    _, message = await with_message(db, api, "queued")
    other = await visiting(api, await db.write(make_user, "rep"))

    assert (await other.post(f"/outbox/{message}/discard")).status_code == 404
    assert (await other.post(f"/outbox/{uuid4()}/discard")).status_code == 404
    assert await db.read(lambda session: session.query(Activity).count()) == 0
