"""One administrator at a desk: the application is started and signed in to once a module, every page opened there.

page   the open page; a word on the console, or a request to another host, fails the test that caused it
put    makes a record over the API: `put("leads", company_name="Harbor")` answers it
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.pages.conftest import DESK
from tests.pages.conftest import browser as browser
from tests.pages.conftest import site as site
from tests.support.site import BOSS, PASSWORD, Site

Put = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def desk(browser: Browser, site: Site) -> Iterator[tuple[Page, list[str]]]:
    """The page, and what was complained of so far."""
    context = browser.new_context(base_url=site.address, viewport=DESK, reduced_motion="reduce")
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{error}\n{error.stack}"))
    page.on("request", lambda sent: sent.url.startswith(site.address) or complaints.append(sent.url))
    page.set_default_timeout(15_000)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(BOSS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    yield page, complaints
    context.close()


@pytest.fixture
def page(desk: tuple[Page, list[str]]) -> Iterator[Page]:
    """The page of the desk, for one test."""
    open_page, complaints = desk
    complaints.clear()
    yield open_page
    assert complaints == []


@pytest.fixture(scope="module")
def put(site: Site) -> Iterator[Put]:
    """Makes records over the API, as the administrator."""
    with httpx.Client(base_url=f"{site.address}/api/v1", timeout=30) as client:
        token = client.post("/auth/token", data={"username": BOSS, "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"

        def made(path: str, **values: Any) -> dict[str, Any]:
            answer = client.post(f"/crm/{path}", json=values)
            assert answer.status_code in (200, 201), answer.text
            body: dict[str, Any] = answer.json()
            return body

        yield made
