"""The start page in a real Chromium: what a person does, in both themes, on a desk and on a phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import DESK, PHONE, Opener, sign_in, violations
from tests.support.site import DEALERS

pytestmark = pytest.mark.browser


def test_a_rep_signs_in_asks_and_reads_the_answer(opened: Opener) -> None:
    page = opened()

    page.get_by_label("Your question").fill("leads by source")
    page.keyboard.press("Enter")

    row = page.get_by_role("row", name=re.compile("website", re.IGNORECASE))
    expect(row).to_contain_text("2")
    expect(page.get_by_label("How it was understood")).to_contain_text("by source")


def test_an_example_asks_itself_and_a_follow_up_leans_on_it(opened: Opener) -> None:
    page = opened()

    page.get_by_role("button", name="How many open opportunities do I have?").click()
    expect(page.locator(".figure")).to_have_text(str(len(DEALERS)))
    page.get_by_role("button", name="New question").click()

    expect(page.get_by_label("Your question")).to_be_focused()
    expect(page.locator("#answer")).to_be_empty()


def test_a_piece_of_the_plan_is_taken_off_and_another_changed(opened: Opener) -> None:
    page = opened()
    page.get_by_label("Your question").fill("new leads by source")
    page.keyboard.press("Enter")

    plan = page.get_by_label("How it was understood")
    plan.get_by_text("by source").click()
    assert violations(page) == []
    plan.get_by_label("Instead of by source").fill("status")
    page.keyboard.press("Enter")
    expect(plan).to_contain_text("by status")
    plan.get_by_role("button", name=re.compile("Without .*new")).click()

    expect(plan).not_to_contain_text("new")
    expect(plan).to_contain_text("by status")


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


def test_the_api_reference_shows_every_kind_of_record(opened: Opener) -> None:
    page = opened("/docs", signed_in=False)

    page.get_by_role("link", name="leads", exact=True).wait_for(timeout=90_000)

    assert page.get_by_role("link", name="opportunities", exact=True).is_visible()
