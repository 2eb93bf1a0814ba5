"""The pages in a real Chromium: what a person does, in both themes, on a desk and on a phone."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from crm_api.core import clock
from tests.support.site import DEALERS, EMAIL, PASSWORD, Site

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is missing: apt install chromium"),
]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
MONDAY_MORNING = datetime(2026, 11, 23, 15, tzinfo=UTC)
Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Its sandbox does not run as root."""
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One running application for all journeys; each journey touches records of its own."""
    running = Site(tmp_path_factory.mktemp("site"))
    with clock.frozen(MONDAY_MORNING):
        running.start()
        yield running
        running.stop()


@pytest.fixture
def opened(browser: Browser, site: Site) -> Iterator[Opener]:
    """Open a page in a context of its own. Whatever the console says, and any foreign host, fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(
        path: str = "/", *, signed_in: bool = True, size: dict[str, int] = DESK, **options: Any
    ) -> Page:
        phone = size is PHONE
        context = browser.new_context(
            base_url=site.address, viewport=size, has_touch=phone, is_mobile=phone, reduced_motion="reduce", **options
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda sent: sent.url.startswith((site.address, "data:")) or complaints.append(sent.url),
        )
        if signed_in:
            sign_in(page)
            if path == "/":
                return page
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def sign_in(page: Page) -> None:
    """Fill in the sign-in form as a person does."""
    page.goto("/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fiona")


def test_a_rep_signs_in_asks_and_reads_the_answer(opened: Opener) -> None:
    page = opened()

    page.get_by_label("Your question").fill("leads by source")
    page.keyboard.press("Enter")

    row = page.get_by_role("row", name=re.compile("website", re.IGNORECASE))
    expect(row).to_contain_text("2")
    expect(page.locator("#answer")).to_contain_text("Understood as")


def test_an_example_asks_itself_and_a_follow_up_leans_on_it(opened: Opener) -> None:
    page = opened()

    page.get_by_role("button", name="How many open opportunities do I have?").click()
    expect(page.locator(".figure")).to_have_text(str(len(DEALERS)))
    page.get_by_role("button", name="New question").click()

    expect(page.get_by_label("Your question")).to_be_focused()
    expect(page.locator("#answer")).to_be_empty()


def test_without_script_asking_works_by_plain_forms(opened: Opener) -> None:
    page = opened(java_script_enabled=False)

    page.get_by_label("Your question").fill("how many leads are there?")
    page.get_by_role("button", name="Ask", exact=True).click()

    expect(page.locator(".figure")).to_have_text("4")


def test_a_day_is_planned_accepted_and_ticked_off_on_a_phone(opened: Opener) -> None:
    page = opened(size=PHONE, color_scheme="dark")

    page.get_by_role("button", name="Plan my day").click()
    page.get_by_role("button", name="Accept day").click()
    first = page.locator(".stop.next")
    expect(first.get_by_role("link", name="Navigate")).to_be_visible()
    expect(first.get_by_role("link", name="Call")).to_have_attribute("href", "tel:+16145550100")
    name = first.locator(".stop-name").inner_text()
    first.get_by_role("button", name="Done").click()

    expect(page.locator(".stop.done .stop-name")).to_have_text(name)
    page.reload()
    expect(page.locator(".stop.done .stop-name")).to_have_text(name)


def test_an_uncertain_mail_is_settled_and_leaves_the_list(opened: Opener) -> None:
    page = opened()
    mail = page.locator(".mail", has_text="Spring stock")

    mail.get_by_role("button", name="It arrived").click()

    expect(page.locator(".mail.sent", has_text="Spring stock")).to_be_visible()
    expect(page.locator(".mail.unknown")).to_have_count(0)


def test_the_keyboard_reaches_the_question_the_help_and_the_colours(opened: Opener) -> None:
    page = opened(color_scheme="light")

    page.keyboard.press("/")
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("d?")  # while typing, keys are letters
    expect(page.get_by_label("Your question")).to_have_value("d?")
    page.get_by_label("Your question").blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("d")
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nobody_is_shut_out(opened: Opener, size: dict[str, int], scheme: str) -> None:
    page = opened("/sign-in", signed_in=False, size=size, color_scheme=scheme, bypass_csp=True)
    found = {"sign-in": violations(page)}
    sign_in(page)
    page.get_by_label("Your question").fill("leads by source")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").first).to_be_visible()

    found["today"] = violations(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.evaluate("document.getElementById('help').showModal()")
    found["help"] = violations(page)

    assert found == {"sign-in": [], "today": [], "help": []}
    assert wide <= size["width"]


def violations(page: Page) -> list[str]:
    """What axe finds wrong: the rule, and the first element at fault."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found]


def test_the_api_reference_shows_every_kind_of_record(opened: Opener) -> None:
    page = opened("/docs", signed_in=False)

    page.get_by_role("link", name="leads", exact=True).wait_for()

    assert page.get_by_role("link", name="opportunities", exact=True).is_visible()
