"""Stops carried by mouse, by thumb and by keys, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crm_api.core import clock
from tests.pages.conftest import MONDAY_MORNING, PHONE, Opener, violations
from tests.support.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An application for each test: whoever is on an accepted day is not planned again on another."""
    running = Site(tmp_path)
    with clock.frozen(MONDAY_MORNING):
        running.start()
        yield running
        running.stop()


def planned(page: Page, day: str) -> list[str]:
    """A day with nothing on it is planned; the names of its stops."""
    page.goto(f"/crm/visits?day={day}")
    page.get_by_role("button", name=re.compile("^Plan (my|this) day$")).click()
    expect(page.locator("[data-stop]").nth(2)).to_be_visible()
    return names(page)


def names(page: Page) -> list[str]:
    """The stops of the day that is open, in their order."""
    return page.locator("[data-stop] .stop-name").all_inner_texts()


def proposed_by_hand(page: Page, expected: list[str]) -> None:
    """Wait for the day to be there in its new order."""
    page.wait_for_url(re.compile("plan=.*#stop-"))
    assert names(page) == expected
    expect(page.locator(".difference")).to_contain_text("another order")


def test_a_stop_is_dragged_by_mouse_and_the_effect_seen_and_undone(opened: Opener) -> None:
    page = opened("/crm/visits")
    before = planned(page, "2026-11-24")
    first, last = page.locator(".grip").first, page.locator("[data-account]").last

    start, end = first.bounding_box(), last.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 8, end["y"] + end["height"] - 4, steps=8)
    page.mouse.up()

    proposed_by_hand(page, [*before[1:], before[0]])
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.goto("/crm/visits?day=2026-11-24")
    assert names(page) == before


def test_a_stop_is_carried_by_keys_alone_and_put_back_by_escape(opened: Opener) -> None:
    page = opened("/crm/visits")
    before = planned(page, "2026-12-08")
    page.locator(".grip").nth(1).focus()

    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#drag-said")).to_have_text(f"Place 1 of {len(before)}.")
    page.keyboard.press("Escape")
    expect(page.locator("#drag-said")).to_contain_text("is back where it was")
    assert names(page) == before
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")

    proposed_by_hand(page, [before[1], before[0], *before[2:]])
    expect(page.locator("[data-account] .grip").first).to_be_focused()
    page.get_by_role("button", name="Let the planner decide again").click()
    expect(page.get_by_role("button", name="Let the planner decide again")).to_have_count(0)


def two_days(page: Page, first: str, second: str) -> None:
    """Three of the five dealers are seen on one day, the others on the next one, which is open then."""
    page.goto(f"/crm/visits?day={first}")
    page.locator("summary", has_text="Wishes").click()
    page.get_by_label("At most").select_option("3")
    page.get_by_role("button", name=re.compile("^Plan this day$")).click()
    page.get_by_role("button", name="Accept day").click()
    expect(page.locator(".itinerary .badge")).to_have_text("Accepted")
    page.goto(f"/crm/visits?day={second}")
    page.get_by_role("button", name=re.compile("^Plan this day$")).click()
    expect(page.locator("[data-stop]")).to_have_count(2)


def test_a_stop_is_carried_to_another_day_by_thumb_and_back_by_its_menu(opened: Opener) -> None:
    page = opened("/crm/visits", size=PHONE, bypass_csp=True)
    two_days(page, "2027-01-11", "2027-01-12")
    page.goto("/crm/visits?day=2027-01-11")
    moved = names(page)[0]
    assert violations(page) == []

    box, day = page.locator(".grip").first.bounding_box(), page.locator("[data-day-plan]").bounding_box()
    assert box
    assert day
    touch = page.context.new_cdp_session(page)
    finger, to = (box["x"] + 20, box["y"] + 20), (day["x"] + 20, day["y"] + 20)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point(finger, to, 0)]})
    for part in range(1, 9):
        at = point(finger, to, part / 8)
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
    expect(page.locator("[data-day-plan].aimed")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(page.locator(".difference .more")).to_contain_text(moved)
    expect(page.locator(".week-strip [aria-current]")).to_contain_text("12")
    page.locator("[data-stop]", has_text=moved).get_by_role("link", name="Move").click()
    dialog = page.get_by_role("dialog")
    assert violations(page) == []
    dialog.get_by_label("Day").select_option(index=0)
    dialog.get_by_role("button", name="Move").click()

    expect(page.locator(".week-strip [aria-current]")).to_contain_text("11")
    expect(page.locator(".difference .more")).to_contain_text(moved)


def point(start: tuple[float, float], end: tuple[float, float], part: float) -> dict[str, float]:
    """A point on the way from one to the other."""
    return {name: a + (b - a) * part for name, a, b in zip(("x", "y"), start, end, strict=True)}


def test_what_cannot_be_says_why_and_changes_nothing(opened: Opener) -> None:
    page = opened("/crm/visits", forgive=["409"])
    two_days(page, "2027-02-01", "2027-02-02")
    before = names(page)

    page.locator("[data-stop]").first.hover()
    page.locator("[data-stop]").first.get_by_role("link", name="Move").click()
    page.get_by_role("dialog").get_by_label("Day").select_option(index=0)
    page.get_by_role("dialog").get_by_role("button", name="Move").click()

    expect(page.get_by_role("alert").first).to_contain_text("1 more than a day may have")
    expect(page.get_by_role("alert").first).to_contain_text("in place of")
    assert names(page) == before
