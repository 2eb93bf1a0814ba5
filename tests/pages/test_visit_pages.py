"""Planning visits and driving them, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crm_api.core import clock
from tests.pages.conftest import DESK, MONDAY_MORNING, PHONE, Opener, violations
from tests.support.site import Site

pytestmark = pytest.mark.browser

AT_A_DEALER = {"latitude": 39.9312, "longitude": -83.0588}
TUESDAY, WEDNESDAY = "2026-11-24", "2026-11-25"
A_WEEK_ON = "2026-11-30"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An application for each journey: whoever is on an accepted day is not planned again on another."""
    running = Site(tmp_path)
    with clock.frozen(MONDAY_MORNING):
        running.start()
        yield running
        running.stop()


def plan_the_day(page: Page, day: str) -> None:
    page.goto(f"/crm/visits?day={day}")
    page.get_by_role("button", name=re.compile("^Plan (my|this) day$")).click()
    expect(page.get_by_role("heading", name="Your day")).to_be_visible()


def test_a_day_is_planned_accepted_and_driven_on_a_phone(opened: Opener) -> None:
    page = opened("/crm/visits", size=PHONE, geolocation=AT_A_DEALER, permissions=["geolocation"])
    page.get_by_role("button", name="Plan my day").click()
    expect(page.locator(".stop", has_text="Lunch")).to_be_visible()
    page.get_by_role("button", name="Accept day").click()
    page.clock.set_fixed_time(MONDAY_MORNING)
    page.get_by_role("link", name="On the road").click()

    expect(page.get_by_role("link", name="Navigate")).to_have_attribute("href", re.compile("google.com/maps"))
    expect(page.get_by_role("link", name="Call")).to_have_attribute("href", "tel:+16145550100")
    expect(page.locator(".brief li")).to_have_count(5)
    first = page.locator(".at h2").inner_text()
    assert violations(page) == []
    page.get_by_role("button", name="Check in", exact=True).first.click()
    expect(page.locator(".road-state")).to_contain_text("Here since")
    expect(page.locator(".at")).to_contain_text(re.compile("from this account’s pin|from the pin"))
    page.get_by_label("What came of it").fill("Wants ten mowers in spring")
    page.get_by_label("Next step", exact=True).fill("Send the quote")
    page.get_by_role("radio", name="In 3 days").check()
    assert violations(page) == []
    page.get_by_role("button", name="Check out").click()

    expect(page.locator(".stop.done .stop-name")).to_have_text(first)
    expect(page.locator(".at h2")).not_to_have_text(first)
    expect(page.locator("[data-next]")).to_be_visible()  # drawn by the server, which has it now
    page.goto("/crm/tasks")
    expect(page.get_by_text("Send the quote").first).to_be_visible()


def test_a_phone_that_tells_no_position_checks_in_all_the_same(opened: Opener) -> None:
    page = opened(size=PHONE)
    page.clock.set_fixed_time(MONDAY_MORNING)
    page.goto("/crm/visits/today")
    page.get_by_label("Account you are at").fill("Farrow Garden Centre")

    page.locator("form", has=page.get_by_label("Account you are at")).get_by_role("button").click()

    expect(page.locator(".at")).to_contain_text("without proof of position")
    page.get_by_label("Nobody was there").check()
    page.get_by_role("button", name="Check out").click()
    expect(page.locator(".road-state.here")).to_have_count(0)


def test_on_a_desk_a_stop_is_taken_out_and_the_effect_seen_before_it_counts(opened: Opener) -> None:
    page = opened("/crm/visits")
    plan_the_day(page, TUESDAY)
    page.get_by_role("button", name="Accept day").click()
    expect(page.locator(".itinerary .badge")).to_have_text("Accepted")
    expect(page.locator(".route-map .route-stop").first).to_be_visible()
    stop = page.locator("[data-stop='2']")
    name = stop.locator(".stop-name").inner_text()

    stop.hover()
    stop.get_by_role("button", name="Take out").click()

    expect(page.locator(".difference .less")).to_contain_text(name)
    expect(page.locator(".itinerary .badge")).to_have_text("Proposed")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(".itinerary .badge")).to_have_text("Accepted")
    expect(page.locator(".itinerary")).to_contain_text(name)


def test_a_week_is_planned_and_accepted_at_once(opened: Opener) -> None:
    page = opened(f"/crm/visits?view=week&day={A_WEEK_ON}")
    page.get_by_role("button", name="Plan my week").click()

    page.get_by_role("button", name=re.compile(r"Accept \d days?")).click()

    expect(page.locator(".badge.accent")).to_have_count(0)
    expect(page.locator(".badge.ok").first).to_be_visible()
    assert violations(page) == []


def test_without_script_a_day_is_planned_by_plain_forms(opened: Opener) -> None:
    page = opened("/crm/visits", java_script_enabled=False)

    plan_the_day(page, WEDNESDAY)

    expect(page.locator(".sketch")).to_be_visible()
    expect(page.locator("[data-stop='1']")).to_contain_text("open 00:00–23:59")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("heading", name="No visits planned")).to_be_visible()


@pytest.mark.parametrize(("size", "colours"), [(DESK, "light"), (PHONE, "dark")])
def test_axe_finds_nothing_on_the_planner(opened: Opener, size: dict[str, int], colours: str) -> None:
    page = opened("/crm/visits?day=2026-12-10", size=size, color_scheme=colours)
    assert violations(page) == []
    plan_the_day(page, "2026-12-10")
    if size is DESK:
        expect(page.locator(".route-map .route-stop").first).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Discard").click()
    page.goto("/crm/visits/free")
    assert violations(page) == []


def test_the_map_of_coverage_opens_an_account_and_is_cut_by_state(opened: Opener) -> None:
    page = opened("/crm/visits/coverage", bypass_csp=True)
    expect(page.locator(".leaflet-marker-icon.dot-never")).to_have_count(5)
    assert violations(page) == []

    page.get_by_role("link", name=re.compile("^Overdue")).click()
    expect(page.get_by_role("heading", name="Nobody to show here")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Never visited")).click()
    page.locator(".leaflet-marker-icon.dot-never").first.click()

    expect(page).to_have_url(re.compile("/crm/accounts/"))


def test_the_map_of_coverage_is_drawn_without_script_and_fits_a_phone(opened: Opener) -> None:
    page = opened("/crm/visits/coverage", java_script_enabled=False, size=PHONE)

    expect(page.locator("svg rect.never")).to_have_count(5)
    wide = page.locator("main").bounding_box()
    assert wide
    assert wide["width"] <= PHONE["width"]
