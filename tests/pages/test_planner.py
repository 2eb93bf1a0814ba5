"""The planner and the road view without a browser: what a form does once, and what is shown to whom."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.core.ids import new_id
from crm_api.field.models import CheckIn
from crm_api.users.models import User
from crm_api.visits.models import VisitPlan
from tests.factories import make_user
from tests.support.api import Api
from tests.support.pages import Visit, visiting
from tests.visits.people import rep_with_dealers


@pytest.fixture(autouse=True)
def _on_a_monday() -> Iterator[None]:
    """Dealers are closed on Sundays."""
    with clock.frozen(datetime(2026, 11, 23, 14, tzinfo=UTC)):
        yield


def value_of(page: str, name: str) -> str:
    """What a hidden field holds, in the first form that has it."""
    found = re.search(rf'name="{name}"\s+value="([^"]+)"', page)
    assert found, page
    return found[1]


async def accepted(api: Api) -> tuple[User, Visit]:
    """A rep with an accepted day of six dealers."""
    user, _ = await rep_with_dealers(api.db, 6)
    visit = await visiting(api, user)
    made = await visit.post("/crm/visits/plan", day="2026-11-23", once=str(new_id()))
    assert made.status_code == 303, made.text
    plan = made.headers["location"].partition("plan=")[2]
    assert (await visit.post(f"/crm/visits/plans/{plan}/accept")).status_code == 303
    return user, visit


async def test_a_form_sent_twice_plans_once(api: Api) -> None:
    user, _ = await rep_with_dealers(api.db, 4)
    visit = await visiting(api, user)
    key = str(new_id())

    answers = [await visit.post("/crm/visits/plan", day="2026-11-23", once=key) for _ in range(2)]

    assert answers[0].headers["location"] == answers[1].headers["location"]
    count = sa.select(sa.func.count(VisitPlan.id))
    assert await api.db.read(lambda session: session.scalar(count)) == 1


async def test_checking_out_twice_is_one_visit_and_one_next_step(api: Api) -> None:
    _, visit = await accepted(api)
    page = (await visit.get("/crm/visits/today")).text
    given = {name: value_of(page, name) for name in ("id", "account_id", "activity_id", "once")}
    for _ in range(2):
        assert (await visit.post("/crm/visits/check-in", **given)).status_code == 303
    page = (await visit.get("/crm/visits/today")).text
    path, key = f"/crm/visits/check-ins/{given['id']}/check-out", value_of(page, "once")

    for _ in range(2):
        answer = await visit.post(path, once=key, outcome="Wants two", next_subject="Send the quote")
        assert answer.status_code == 303, answer.text

    def counted(session: Session) -> tuple[int | None, int | None]:
        steps = sa.select(sa.func.count(Activity.id)).where(Activity.subject == "Send the quote")
        return session.scalar(sa.select(sa.func.count(CheckIn.id))), session.scalar(steps)

    assert await api.db.read(counted) == (1, 1)


async def test_a_refused_outcome_comes_back_with_what_was_typed(api: Api) -> None:
    _, visit = await accepted(api)
    page = (await visit.get("/crm/visits/today")).text
    given = {name: value_of(page, name) for name in ("id", "account_id", "activity_id")}
    await visit.post("/crm/visits/check-in", **given)

    answer = await visit.post(
        f"/crm/visits/check-ins/{given['id']}/check-out",
        outcome="<b>Typed & kept</b>",
        next_subject="x" * 500,
    )

    assert answer.status_code == 422
    assert "&lt;b&gt;Typed &amp; kept&lt;/b&gt;" in answer.text
    assert 'role="alert"' in answer.text


async def test_the_position_may_be_asked_for_on_the_road_and_nowhere_else(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "field"))

    allowed = {
        path: "geolocation=(self)" in (await visit.get(path)).headers["Permissions-Policy"]
        for path in ("/", "/crm/visits/today", "/crm/accounts")
    }

    assert allowed == {"/": False, "/crm/visits/today": True, "/crm/accounts": False}


async def test_a_managers_proposal_says_so_and_waits_for_the_rep(api: Api) -> None:
    user, _ = await rep_with_dealers(api.db, 4, name="Ana Ruiz")
    boss = await api.db.write(make_user, "administrator", name="Ada Boss")
    manager = await visiting(api, boss)
    made = await manager.post("/crm/visits/plan", day="2026-11-23", owner_id=str(user.id))
    path = made.headers["location"]

    theirs, own = (await manager.get(path)).text, (await (await visiting(api, user)).get(path)).text

    assert "Accept day" not in theirs
    assert "You proposed this; Ana Ruiz decides." in theirs
    assert "Proposed by Ada Boss" in own
    assert "Accept day" in own


async def test_a_viewer_sees_no_button_that_would_be_refused(api: Api) -> None:
    await accepted(api)
    visit = await visiting(api, await api.db.write(make_user, "viewer"))

    for path in ("/crm/visits", "/crm/visits?view=week", "/crm/visits/today"):
        page = (await visit.get(path)).text.partition('id="main"')[2].partition("</main>")[0]
        assert not re.search(r'<form[^>]+action="/crm/visits/(plan|check-in|weeks)', page), path


async def test_running_late_and_another_account_are_proposed_beside_the_day_in_force(api: Api) -> None:
    user, visit = await accepted(api)
    plan = await api.db.read(lambda session: session.scalar(sa.select(VisitPlan.id)))

    late = await visit.post(f"/crm/visits/plans/{plan}/change", late=60)
    page = (await visit.get(late.headers["location"])).text

    assert "What changes" in page
    assert "Other plans of this day" in page
    states = sa.select(VisitPlan.status).where(VisitPlan.owner_id == user.id).order_by(VisitPlan.created_at)
    assert await api.db.read(lambda session: session.scalars(states).all()) == ["accepted", "proposed"]


async def test_an_unknown_account_to_add_is_said_and_nothing_changes(api: Api) -> None:
    _, visit = await accepted(api)
    plan = await api.db.read(lambda session: session.scalar(sa.select(VisitPlan.id)))

    answer = await visit.post(f"/crm/visits/plans/{plan}/change", named="Nobody at all")

    assert answer.status_code == 422
    assert "There is no account called so" in answer.text


async def test_a_day_that_cannot_be_planned_says_why_on_the_planner(api: Api) -> None:
    user, _ = await rep_with_dealers(api.db, 2)
    visit = await visiting(api, user)

    with clock.frozen(datetime(2026, 11, 24, 3, tzinfo=UTC)):  # ten at night in Columbus
        answer = await visit.post("/crm/visits/plan", day="2026-11-23", once=str(new_id()))

    assert answer.status_code == 422
    assert "The working day ended at 17:30" in answer.text
    assert 'action="/crm/visits/plan"' in answer.text


async def test_time_to_spare_names_who_is_near(api: Api) -> None:
    user, _ = await rep_with_dealers(api.db, 6)
    visit = await visiting(api, user)

    nowhere = await visit.post("/crm/visits/free", minutes=60)
    here = await visit.post("/crm/visits/free", minutes=60, latitude="39.96", longitude="-82.99")

    assert nowhere.status_code == 422
    assert "Nobody knows where you are" in nowhere.text
    assert 'class="outside spare"' in here.text


async def test_a_foreign_plan_is_not_found(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "rep"))

    assert (await visit.get(f"/crm/visits?plan={new_id()}")).status_code == 404
    assert (await visit.get("/crm/visits?day=yesterday")).status_code == 422
    assert (await visit.get("/crm/visits?rep=me")).status_code == 422
