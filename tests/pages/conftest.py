"""A real Chromium over a running application, for every test of pages that wants one.

opened      opens a page in a context of its own; a word on the console or a foreign request fails the test
violations  what axe finds wrong with a page
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from crm_api.core import clock
from tests.support.site import EMAIL, PASSWORD, Site

# The shell draws the same pages without the windows around them, for two thirds of the processor's time.
SHELL, CHROMIUM = Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")
if SHELL.exists():
    CHROMIUM = SHELL
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
MONDAY_MORNING = datetime(2026, 11, 23, 15, tzinfo=UTC)
Opener = Callable[..., Page]
expect.set_options(timeout=20_000)  # a machine with more to do answers late, which is no fault of a page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Its sandbox does not run as root."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt install chromium, or chromium-headless-shell")
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


@pytest.fixture(scope="module")
def kept_cookies() -> dict[str, Any]:
    """What the browser held after the last sign-in at a site, by its address: signing in costs a second."""
    return {}


@pytest.fixture
def opened(browser: Browser, site: Site, kept_cookies: dict[str, Any]) -> Iterator[Opener]:
    """Open a page in a context of its own. Whatever the console says, and any foreign host, fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(
        path: str = "/",
        *,
        signed_in: bool = True,
        size: dict[str, int] = DESK,
        forgive: str = "",
        **options: Any,
    ) -> Page:
        phone = size is PHONE
        if signed_in and site.address in kept_cookies:
            options["storage_state"] = kept_cookies[site.address]
        context = browser.new_context(
            base_url=site.address, viewport=size, has_touch=phone, is_mobile=phone, reduced_motion="reduce", **options
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        # The console repeats every refusal; a test that provokes one says which it forgives.
        page.on(
            "console",
            lambda said: (
                any(one in said.text for one in forgive) or complaints.append(f"{said.type}: {said.text}")
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda sent: sent.url.startswith((site.address, "data:")) or complaints.append(sent.url),
        )
        page.goto(path)
        if signed_in and urlsplit(page.url).path == "/sign-in":  # the first one, or one before has signed out
            sign_in(page)
            kept_cookies[site.address] = {"cookies": page.context.cookies()}
            if path != "/":
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


def violations(page: Page) -> list[str]:
    """What axe finds wrong: the rule, and the first element at fault."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found]
