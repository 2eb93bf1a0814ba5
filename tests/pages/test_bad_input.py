"""Whatever people do to forms, in a real browser: nothing typed is lost, nothing is made twice, nothing breaks out."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import PHONE, Opener
from tests.support.site import EMAIL, PASSWORD

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>{{7*7}}'\""
LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 12
RIGHT_TO_LEFT = "\u202eشركة النور للتجارة\u202c (مكتب)"
MADE = re.compile(r"/crm/leads/[0-9a-f-]{36}")


def made(page: Page, company: str) -> str:
    """Add a lead with its form; the address of its page."""
    page.goto("/crm/leads/new")
    page.get_by_label("Company name").fill(company)
    page.get_by_role("button", name="Add lead").click()
    page.wait_for_url(MADE)
    return page.url


def found(page: Page, text: str) -> int:
    """How many leads a search finds."""
    page.goto(f"/crm/leads?search={text}")
    return page.locator("tbody tr").count()


def test_two_quick_taps_add_one_lead(opened: Opener) -> None:
    page = opened("/crm/leads/new", size=PHONE)
    page.get_by_label("Company name").fill("Tapped twice")

    page.evaluate(
        "const form = document.querySelector('main form[data-draft]');"
        "for (const tap of [1, 2]) HTMLFormElement.prototype.submit.call(form)"
    )
    page.wait_for_url(MADE)

    assert found(page, "Tapped") == 1


def test_going_back_and_sending_again_makes_no_second_lead(opened: Opener) -> None:
    page = opened("/crm/tasks/new", forgive=["409"])
    page.get_by_label("Subject").fill("Sent again")
    page.get_by_role("button", name="Add task").click()
    page.wait_for_url(re.compile(r"[0-9a-f-]{36}"))
    first = page.url.partition("?")[0]
    page.go_back()
    page.get_by_label("Subject").fill("Sent again")
    page.get_by_role("button", name="Add task").click()
    page.wait_for_url(re.compile(r"[0-9a-f-]{36}"))
    assert page.url.partition("?")[0] == first

    page.go_back()
    page.get_by_label("Subject").fill("Sent again, but changed")
    page.get_by_role("button", name="Add task").click()

    expect(page.get_by_text("This form was taken already")).to_be_visible()
    expect(page.get_by_label("Subject")).to_have_value("Sent again, but changed")
    page.goto("/crm/tasks?search=Sent")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_stale_tab_is_told_what_was_changed_and_by_whom_and_keeps_what_was_typed(opened: Opener) -> None:
    page = opened(forgive=["412"])
    address = made(page, "Edited in two tabs")
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(address)
        tab.locator("[data-field=priority], [data-edit*=priority]").first.hover()
    editing = f"{address.partition('?')[0]}/fields/company_name"

    def edit(tab: Page, words: str) -> None:
        tab.evaluate(
            "address => htmx.ajax('GET', address, {target: 'main h1', swap: 'innerHTML'})", f"{editing}/edit"
        )
        tab.locator("form.inline-edit input[name=company_name]").fill(words)

    edit(page, "Mine")
    edit(other, "Theirs")
    other.get_by_role("button", name="Save").click()
    expect(other.locator("form.inline-edit")).to_have_count(0)
    page.get_by_role("button", name="Save").click()

    refusal = page.locator("form.inline-edit")
    expect(refusal).to_contain_text("Theirs")
    expect(refusal).to_contain_text("Fiona Castell")
    expect(refusal.locator("input[name=company_name]")).to_have_value("Mine")
    refusal.get_by_role("button", name="Use mine").click()
    expect(page.locator("form.inline-edit")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_session_that_ends_in_the_middle_of_a_form_loses_nothing(opened: Opener, script: bool) -> None:
    page = opened("/crm/leads", java_script_enabled=script, forgive=["401"])
    page.goto("/crm/leads/new")
    page.get_by_label("Company name").fill("Half typed")
    page.get_by_label("Description").fill("A long story\nin two lines")
    page.context.clear_cookies(name="rounds")
    page.get_by_role("button", name="Add lead").click()
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("New lead")
    if script:
        expect(page.get_by_label("Company name")).to_have_value("Half typed")
        expect(page.get_by_label("Description")).to_have_value("A long story\nin two lines")
        page.get_by_role("button", name="Add lead").click()
        page.wait_for_url(MADE)
        page.goto("/crm/leads/new")
        expect(page.get_by_label("Company name")).to_have_value("")


@pytest.mark.parametrize(
    "words", [HOSTILE, LONG[:500], RIGHT_TO_LEFT], ids=["hostile", "long", "right-to-left"]
)
def test_whatever_is_typed_is_shown_as_text_and_stays_within_the_screen(opened: Opener, words: str) -> None:
    page = opened("/crm/leads/new", size=PHONE, forgive=["422"])
    for label in (
        "Company name",
        "First name",
        "Last name",
        "Job title",
        "City",
        "Description",
        "Tags",
        "Title",
    ):
        field = page.get_by_label(label, exact=True)
        if field.count():
            field.first.fill(words[:100] if label == "Tags" else words)
    page.get_by_role("button", name="Add lead").click()
    page.locator(".record, .field-error").first.wait_for()
    refused = page.locator(".field-error")
    for fault in range(refused.count()):
        page.locator(".field:has(.field-error)").nth(fault).locator("input, textarea").fill("short")
    if refused.count():
        page.get_by_role("button", name="Add lead").click()
        page.wait_for_url(MADE)
    record = page.url.partition("?")[0]

    for path in (
        record,
        "/crm/leads",
        "/crm/leads?as=board",
        "/",
        "/search?q=short",
        f"{record}/convert",
        f"{record}/lost",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.title() != "broken"
        assert page.locator("main script, main img[onerror]").count() == 0
