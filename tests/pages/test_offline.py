"""A day on the road without a signal, in a real Chromium that dies in the middle of it: nothing lost, nothing twice."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.field.models import CheckIn
from crm_api.users.models import User
from tests.pages.conftest import CHROMIUM, PHONE, sign_in, violations
from tests.support.site import BOSS, DEALERS, EMAIL, OPEN_ALWAYS, PASSWORD, Site
from tests.support.wire import Wire
from tests.visits.people import make_dealer

pytestmark = pytest.mark.browser
MORNING = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)  # half past eight in Columbus
STOPS = 10
ROAD = "/crm/visits/today"


def more_dealers(session: Session) -> None:
    """Five dealers close together, beside the five that every site has."""
    rep = session.scalars(sa.select(User).where(User.email == EMAIL)).one()
    for n in range(STOPS - len(DEALERS)):
        make_dealer(
            session, north=(n % 4) / 2, east=(n // 4) / 2, name=f"Stop {n + 1}", owner_id=rep.id, tier="platinum",
            phone="+1 614 555 0100", opening_hours=OPEN_ALWAYS, visit_minutes=10,
        )  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The application, on a Monday morning."""
    running = Site(tmp_path / "site", more_dealers)
    (tmp_path / "site").mkdir()
    with clock.frozen(MORNING):
        running.start()
        yield running
        running.stop()


@pytest.fixture
def wire(site: Site) -> Iterator[Wire]:
    """What the phone's requests go through."""
    line = Wire(site.address)
    yield line
    line.close()


class Phone:
    """A phone that keeps what browsers keep, and can run out of power."""

    def __init__(self, playwright: Playwright, keeps: Path, address: str) -> None:
        self._playwright, self._keeps, self._address = playwright, keeps, address
        self.context: BrowserContext | None = None
        self._groups: set[int] = set()

    def start(self, path: str = ROAD) -> Page:
        """Switch it on, with one page open."""
        self.context = self._playwright.chromium.launch_persistent_context(
            self._keeps, executable_path=str(CHROMIUM), args=["--no-sandbox"] if os.geteuid() == 0 else [],
            base_url=self._address, viewport=PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce",
        )  # fmt: skip
        page = self.context.pages[0]
        page.clock.set_fixed_time(MORNING)
        page.goto(path)
        if path == ROAD:
            expect(page.locator("[data-road][data-ready]")).to_be_visible()
        return page

    def stop(self) -> None:
        """Switch it off in peace."""
        if self.context:
            self.context.close()

    def die(self) -> None:
        """As a phone does whose battery is empty: no process of the browser does anything more."""
        while pids := self._processes():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        # Who killed them has not buried them yet, so Chromium would take the profile to be in use.
        for left in self._keeps.glob("Singleton*"):
            left.unlink()
        self.context = None

    def _processes(self) -> list[int]:
        """Those of the browser that live: what was started with its profile, and all of that group."""
        mine, living = f"--user-data-dir={self._keeps}".encode(), []
        for found in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                group = os.getpgid(int(found.name))
                if mine in (found / "cmdline").read_bytes():
                    self._groups.add(group)
                state = (found / "stat").read_text().rpartition(")")[2].split()[0]
                if group in self._groups and state != "Z":
                    living.append(int(found.name))
        return living


@pytest.fixture
def phone(tmp_path: Path, wire: Wire) -> Iterator[Phone]:
    """A phone of the rep's own."""
    with sync_playwright() as playwright:
        made = Phone(playwright, tmp_path / "phone", wire.address)
        yield made
        made.stop()


def day_begun(phone: Phone) -> Page:
    """The rep signs in and accepts a day of ten stops."""
    page = phone.start("/sign-in")
    sign_in(page)
    page.goto("/crm/visits")
    page.get_by_role("button", name="Plan my day").click()
    page.get_by_role("button", name="Accept day").click()
    page.goto(ROAD)
    ready(page)
    return page


def ready(page: Page) -> None:
    """The worker is there and has kept the day."""
    count = "async () => (await (await caches.open('road-day')).keys()).length"
    for _ in range(50):
        if page.evaluate(count) == 2:
            return
        page.wait_for_timeout(100)
    raise AssertionError("the day was not kept")


def visit(page: Page, n: int, at: datetime) -> str:
    """Check in at the stop on top at that time, and out a quarter of an hour later; its name."""
    name = page.locator(".at h2").inner_text()
    page.clock.set_fixed_time(at)
    page.get_by_role("button", name="Check in", exact=True).first.click()
    expect(page.locator(".road-state")).to_contain_text("Here since")
    expect(page.locator(".at h2")).to_have_text(name)
    page.get_by_label("What came of it").fill(f"Outcome {n}")
    page.get_by_label("Next step", exact=True).fill(f"Step {n}")
    page.clock.set_fixed_time(at + timedelta(minutes=15))
    page.get_by_role("button", name="Check out").click()
    expect(page.locator(".stop.done .stop-name", has_text=re.compile(f"^{name}$"))).to_be_visible()
    return name


def told(site: Site, read: Callable[[Session], Any]) -> Any:
    """What the server's database says."""
    engine = sa.create_engine(f"sqlite:///{site._data_dir / 'rounds.db'}")
    with Session(engine) as session:
        return read(session)


def test_ten_stops_without_a_signal_and_a_dead_phone_are_ten_visits_once_each(
    phone: Phone, wire: Wire, site: Site
) -> None:
    page = day_begun(phone)
    expect(page.locator("[data-ahead] .stop")).to_have_count(STOPS - 1)
    phone.stop()
    wire.cut()

    page = phone.start()
    expect(page.locator("[data-no-signal]")).to_be_visible()
    hours = [MORNING + timedelta(minutes=30 * n) for n in range(STOPS)]
    names = [visit(page, n, hours[n]) for n in range(5)]
    phone.die()
    page = phone.start()
    names += [visit(page, n, hours[n]) for n in range(5, STOPS)]
    expect(page.locator("[data-waiting-title]")).to_have_text(f"{2 * STOPS} wait to be sent")
    expect(page.get_by_role("heading", name="All visits are made")).to_be_visible()
    with clock.frozen(hours[-1] + timedelta(hours=1)):
        wire.mend()
        page.get_by_role("button", name="Send now").click()
        expect(page.locator("[data-waiting]")).to_be_hidden(timeout=30_000)

    made = told(
        site,
        lambda s: s.execute(
            sa.select(CheckIn.checked_in_at, CheckIn.checked_out_at, Activity.outcome, Activity.status)
            .join(Activity, Activity.id == CheckIn.activity_id)
            .order_by(CheckIn.checked_in_at)
        ).all(),
    )
    assert [tuple(one) for one in made] == [
        (at, at + timedelta(minutes=15), f"Outcome {n}", "completed") for n, at in enumerate(hours)
    ]
    steps = sa.select(Activity.subject).where(Activity.subject.like("Step%")).order_by(Activity.subject)
    assert told(site, lambda s: s.scalars(steps).all()) == [f"Step {n}" for n in range(STOPS)]
    assert len(set(names)) == STOPS


def check_ins(site: Site) -> list[CheckIn]:
    """All there are, on the server."""
    return list(told(site, lambda s: s.scalars(sa.select(CheckIn)).all()))


def check_in(page: Page) -> None:
    """One tap without a signal, and the phone knows that there is none."""
    page.get_by_role("button", name="Check in", exact=True).first.click()
    expect(page.locator(".road-state")).to_contain_text("Here since")
    expect(page.locator("[data-no-signal]")).to_be_visible()


def sent(page: Page) -> None:
    """With a signal again: at a tap, or by itself, whichever is first."""
    for _ in range(60):
        with suppress(PlaywrightError):
            page.get_by_role("button", name="Send now").click(timeout=500)
        if page.locator("[data-road]").count() and not page.locator("[data-waiting]").is_visible():
            return
    raise AssertionError("it still waits")


def is_here_for_the_server(page: Page) -> None:
    """The page as the server draws it shows the visit under way."""
    with suppress(PlaywrightError):  # the page may be on its way there by itself
        page.goto(ROAD)
    expect(page.locator("[data-at][data-here]")).to_be_visible()


def test_an_answer_lost_after_the_commit_counts_once(phone: Phone, wire: Wire, site: Site) -> None:
    page = day_begun(phone)
    wire.lose_answers("POST /crm/visits/check-in")

    check_in(page)
    assert wire.swallowed.wait(10)
    expect(page.locator("[data-waiting-title]")).to_have_text("1 waits to be sent")
    assert len(check_ins(site)) == 1
    wire.mend()
    sent(page)
    is_here_for_the_server(page)
    assert len(check_ins(site)) == 1


def test_photos_wait_and_go_along_with_their_visit(phone: Phone, wire: Wire, site: Site) -> None:
    page = day_begun(phone)
    wire.cut()
    check_in(page)

    page.locator("input[type=file]").set_input_files(
        [{"name": "door.png", "mimeType": "image/png", "buffer": drawn()}]
    )

    expect(page.get_by_role("img", name="Photo, waits to be sent")).to_be_visible()
    assert page.evaluate("document.querySelector('.photos img').naturalWidth") == 1600  # of 2400
    assert violations(page) == []
    wire.mend()
    sent(page)
    is_here_for_the_server(page)
    kept = told(
        site, lambda s: s.scalar(sa.select(Activity.attachments).where(Activity.attachments.is_not(None)))
    )
    assert [one["type"] for one in kept] == ["image/jpeg"]


def drawn() -> bytes:
    """A photo larger than anybody needs."""
    file = BytesIO()
    Image.new("RGB", (2400, 1800), "teal").save(file, "PNG")
    return file.getvalue()


def test_what_the_server_refuses_says_why_and_is_changed_or_thrown_away(
    phone: Phone, wire: Wire, site: Site
) -> None:
    page = day_begun(phone)
    wire.cut()
    name = visit(page, 1, MORNING)
    cancelled = sa.update(Activity).where(Activity.subject.contains(name)).values(status="cancelled")
    engine = sa.create_engine(f"sqlite:///{site._data_dir / 'rounds.db'}")
    with engine.begin() as connection:
        connection.execute(cancelled)
    wire.mend()
    with clock.frozen(MORNING + timedelta(hours=1)):
        page.get_by_role("button", name="Send now").click()
        refused = page.locator(".waiting-line.bad")
        expect(refused).to_contain_text("This visit is cancelled already")
        expect(page.locator("[data-waiting-title]")).to_contain_text("1 refused · 1 waits")
        expect(page.locator(".waiting-line").nth(1)).to_contain_text("Waits for the check-in before it.")
        assert violations(page) == []

        refused.get_by_role("button", name="Change").click()
        page.get_by_label("As a visit of its own").check()
        page.get_by_role("button", name="Save and send").click()
        expect(page.locator("[data-waiting]")).to_be_hidden()

    done = sa.select(Activity.outcome).where(Activity.status == "completed")
    assert told(site, lambda s: s.scalars(done).all()) == ["Outcome 1"]


def test_a_session_that_ended_keeps_what_waits_until_its_person_signs_in_again(
    phone: Phone, wire: Wire, site: Site
) -> None:
    page = day_begun(phone)
    wire.cut()
    check_in(page)
    phone.context.clear_cookies()  # type: ignore[union-attr]
    wire.mend()

    page.get_by_role("button", name="Send now").click()
    expect(page.locator("[data-waiting-title]")).to_have_text("Sign in to send 1")
    page.get_by_role("button", name="Sign in").click()
    fill_in(page, EMAIL)

    expect(page.locator("[data-waiting]")).to_be_hidden()
    for _ in range(50):
        if check_ins(site):
            break
        page.wait_for_timeout(100)
    assert len(check_ins(site)) == 1


def fill_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_whoever_signs_in_next_sees_and_sends_nothing_of_somebody_else(
    phone: Phone, wire: Wire, site: Site
) -> None:
    page = day_begun(phone)
    wire.cut()
    check_in(page)
    wire.mend()
    page.clock.set_fixed_time(MORNING)
    page.evaluate("document.querySelector('[action=\"/sign-out\"]').requestSubmit()")
    page.wait_for_url("**/sign-in")
    wire.cut()
    page.goto(ROAD)
    expect(page.get_by_role("heading", name="No signal")).to_be_visible()
    expect(page.get_by_text("Stop")).to_have_count(0)
    wire.mend()

    page.goto("/sign-in?next=/crm/visits/today")
    fill_in(page, BOSS)

    expect(page.get_by_role("heading", name="On the road")).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert check_ins(site) == []


def test_today_has_the_next_stop_within_reach_and_takes_the_day_along(phone: Phone, wire: Wire) -> None:
    page = day_begun(phone)
    page.evaluate("caches.delete('road-day')")

    page.goto("/")
    button = page.locator(".next-stop").get_by_role("button", name="Check in")
    box = button.bounding_box()
    assert box
    assert box["y"] + box["height"] < PHONE["height"] - 80  # above the tabs, without scrolling
    assert violations(page) == []
    ready(page)
    wire.cut()
    page.goto(ROAD)
    expect(page.locator("[data-no-signal]")).to_be_visible()
    wire.mend()
    page.goto("/")
    button.click()

    expect(page.locator("[data-at][data-here]")).to_be_visible()
