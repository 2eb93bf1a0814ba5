"""A day on the road without a signal, in a real Chromium that dies in the middle of it: nothing lost, nothing twice."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.core import clock
from crm_api.field.models import CheckIn
from crm_api.users.models import User
from tests.pages.conftest import CHROMIUM, PHONE, sign_in
from tests.support.site import DEALERS, EMAIL, OPEN_ALWAYS, Site
from tests.support.wire import Wire
from tests.visits.people import make_dealer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is missing: apt install chromium"),
]
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
