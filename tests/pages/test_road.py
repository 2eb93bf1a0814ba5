"""What a phone on the road talks to: the day to take along, what it sends later, photos, and the app it installs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image

from crm_api.activities.models import Activity
from crm_api.attachments.models import Attachment
from crm_api.core import clock
from crm_api.core.ids import new_id
from crm_api.field.models import CheckIn
from tests.factories import make_user
from tests.pages.test_planner import accepted, value_of
from tests.support.api import Api
from tests.support.pages import OWN, Visit, visiting

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)  # in Columbus
SCRIPT = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


async def sent(visit: Visit, path: str, **fields: Any) -> httpx.Response:
    """A post as the queue on the phone makes it."""
    return await visit.post(path, headers=SCRIPT, **fields)


async def checked_in(visit: Visit) -> str:
    """At the first stop; the check-in's id."""
    page = (await visit.get("/crm/visits/today")).text
    given = {name: value_of(page, name) for name in ("id", "account_id", "activity_id", "once")}
    answer = await sent(visit, "/crm/visits/check-in", **given, at=NOON.isoformat())
    assert answer.status_code == 200, answer.text
    return given["id"]


def picture(colour: str = "green") -> bytes:
    """A small photo."""
    file = BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "JPEG")
    return file.getvalue()


async def photo(visit: Visit, check_in: str, body: bytes, name: str = "door.jpg") -> httpx.Response:
    return await visit.client.post(
        f"/crm/visits/check-ins/{check_in}/photos", files={"photo": (name, body)}, data={"once": str(new_id())},
        headers={**OWN, **SCRIPT, "X-CSRF-Token": visit.token},
    )  # fmt: skip


async def files_of_visits(api: Api) -> list[list[Any]]:
    lists = sa.select(Activity.attachments).where(Activity.attachments.is_not(None))
    return await api.db.read(lambda session: list(session.scalars(lists)))


async def test_the_day_to_take_along_has_every_open_stop_in_both_its_states(api: Api) -> None:
    _, visit = await accepted(api)

    page = (await visit.get("/crm/visits/today/stops")).text

    assert len(set(re.findall(r'data-stop="([^"]+)"', page))) == 6
    assert page.count('data-state="next"') == page.count('data-state="here"') == 6
    assert page.count("Navigate") == 6
    assert page.count("What came of it") == 7  # and one for wherever else somebody is


async def test_what_was_done_without_a_signal_has_the_phones_times(api: Api) -> None:
    _, visit = await accepted(api)
    check_in = await checked_in(visit)

    answer = await sent(
        visit, f"/crm/visits/check-ins/{check_in}/check-out", once=str(new_id()), outcome="Wants two",
        next_subject="Send the quote", next_in=3, at=(NOON - timedelta(minutes=1)).isoformat(),
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    with clock.frozen(NOON + timedelta(hours=13)):
        answer = await sent(
            visit, f"/crm/visits/check-ins/{check_in}/check-out", once=str(new_id()), outcome="Wants two",
            next_subject="Send the quote", next_in=3, at=(NOON + timedelta(minutes=20)).isoformat(),
        )  # fmt: skip
    assert answer.json()["address"] == "/crm/visits/today"

    made = await api.db.read(lambda session: session.scalars(sa.select(CheckIn)).one())
    step = await api.db.read(
        lambda s: s.scalars(sa.select(Activity).where(Activity.subject == "Send the quote")).one()
    )
    assert (made.checked_in_at, made.checked_out_at) == (NOON, NOON + timedelta(minutes=20))
    assert step.due_at == datetime(2026, 11, 26, 14, tzinfo=UTC)  # three days after the visit, at nine


async def test_an_end_that_is_known_already_is_taken_once_more_even_under_another_key(api: Api) -> None:
    _, visit = await accepted(api)
    check_in = await checked_in(visit)
    path, at = f"/crm/visits/check-ins/{check_in}/check-out", (NOON + timedelta(minutes=5)).isoformat()

    with clock.frozen(NOON + timedelta(hours=1)):
        answers = [
            (await sent(visit, path, once=str(new_id()), at=at, next_subject="Call")).status_code
            for _ in range(2)
        ]
        other = await sent(visit, path, once=str(new_id()), at=NOON.isoformat())

    assert (answers, other.status_code) == ([200, 200], 409)
    steps = sa.select(sa.func.count()).select_from(Activity).where(Activity.subject == "Call")
    assert await api.db.read(lambda session: session.scalar(steps)) == 1


async def test_a_photo_hangs_on_its_visit_once_however_often_it_is_sent(api: Api) -> None:
    _, visit = await accepted(api)
    check_in = await checked_in(visit)

    answers = [(await photo(visit, check_in, picture())).status_code for _ in range(2)]
    answers.append((await photo(visit, check_in, picture("red"), "shelf.jpg")).status_code)

    assert answers == [200, 200, 200]
    (files,) = await files_of_visits(api)
    assert [one["name"] for one in files] == ["door.jpg", "shelf.jpg"]
    count = sa.select(sa.func.count(Attachment.id))
    assert await api.db.read(lambda session: session.scalar(count)) == 2


async def test_a_photo_is_seen_on_the_page_by_who_sees_the_visit_alone(api: Api) -> None:
    _, visit = await accepted(api)
    check_in = await checked_in(visit)
    await photo(visit, check_in, picture())
    path = re.search(r'src="(/crm/files/[^"]+)"', (await visit.get("/crm/visits/today")).text)
    assert path
    stranger = await visiting(api, await api.db.write(make_user, "rep"))

    own, foreign = await visit.get(path[1]), await stranger.get(path[1])

    assert (own.status_code, own.content) == (200, picture())
    assert own.headers["content-type"] == "image/jpeg"
    assert "attachment" in own.headers["content-disposition"]
    assert foreign.status_code == 404


@pytest.mark.parametrize(
    ("name", "body"), [("virus.exe", b"MZ"), ("notes.pdf", b"%PDF-1.7"), ("x.jpg", b"<svg>")]
)
async def test_what_is_no_photo_is_refused_with_a_reason(api: Api, name: str, body: bytes) -> None:
    _, visit = await accepted(api)

    answer = await photo(visit, await checked_in(visit), body, name)

    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert await files_of_visits(api) == []


async def test_nobody_adds_photos_to_a_colleagues_visit(api: Api) -> None:
    _, visit = await accepted(api)
    check_in = await checked_in(visit)
    stranger = await visiting(api, await api.db.write(make_user, "rep"))

    assert (await photo(stranger, check_in, picture())).status_code == 404


async def test_without_script_a_photo_is_sent_by_its_form(api: Api) -> None:
    _, visit = await accepted(api)
    check_in = await checked_in(visit)

    answer = await visit.client.post(
        f"/crm/visits/check-ins/{check_in}/photos", files={"photo": ("door.jpg", picture())},
        data={"csrf_token": visit.token, "once": str(new_id())}, headers=OWN,
    )  # fmt: skip

    assert (answer.status_code, answer.headers["location"]) == (303, "/crm/visits/today")


async def test_a_phone_is_told_whose_session_it_has(api: Api) -> None:
    user, visit = await accepted(api)

    own = await visit.get("/crm/visits/today/me", **SCRIPT)
    nobody = await api.anonymous().get("/crm/visits/today/me", headers=SCRIPT)

    assert own.json() == {"user_id": str(user.id), "csrf_token": visit.token}
    assert nobody.status_code == 401
    assert nobody.headers["content-type"] == "application/problem+json"


async def test_pictures_of_the_phones_own_are_shown_on_the_road_and_nowhere_else(api: Api) -> None:
    visit = await visiting(api, await api.db.write(make_user, "field"))

    allowed = {
        path: "img-src blob:" in (await visit.get(path)).headers["Content-Security-Policy"]
        for path in ("/", "/crm/visits/today", "/crm/visits", "/crm/accounts")
    }

    assert allowed == {"/": False, "/crm/visits/today": True, "/crm/visits": False, "/crm/accounts": False}


async def test_the_app_begins_on_the_road_and_has_icons_of_the_sizes_it_says(api: Api) -> None:
    client = api.anonymous()

    told = (await client.get("/manifest.webmanifest")).json()

    assert (told["name"], told["start_url"], told["display"]) == ("Rounds", "/crm/visits/today", "standalone")
    for icon in told["icons"]:
        drawn = Image.open(BytesIO((await client.get(icon["src"])).content))
        assert f"{drawn.width}x{drawn.height}" == icon["sizes"]


async def test_the_worker_answers_for_the_road_and_keeps_files_that_are_there(api: Api) -> None:
    client = api.anonymous()

    worker = await client.get("/crm/visits/worker.js")

    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"
    kept = re.findall(r"/a/[0-9a-f]+/[a-z.-]+", worker.text)
    assert len(kept) == 9
    assert {(await client.get(path)).status_code for path in kept} == {200}


async def test_the_next_stop_stands_on_top_of_today_for_whoever_accepted_a_day(api: Api) -> None:
    _, visit = await accepted(api)
    stranger = await visiting(api, await api.db.write(make_user, "field"))

    own, foreign = await visit.get("/"), await stranger.get("/")

    top = own.text.partition('id="main"')[2].partition('id="ask"')[0]
    assert all(word in top for word in ("Next: ", "Navigate", "Check in"))
    assert "geolocation=(self)" in own.headers["Permissions-Policy"]
    assert "next-stop" not in foreign.text
    given = {name: value_of(top, name) for name in ("id", "account_id", "activity_id", "once")}
    answer = await visit.post("/crm/visits/check-in", **given)
    assert answer.headers["location"] == "/crm/visits/today"
    assert "Say what came of it" in (await visit.get("/")).text
