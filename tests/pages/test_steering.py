"""Dashboard, reports and settings in a real Chromium, on a desk and on a phone, in both themes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import DESK, PHONE, Opener, violations
from tests.support.site import BOSS, DEALERS, PASSWORD

pytestmark = pytest.mark.browser
SETTINGS = "/crm/settings"
PAGES = (
    "/crm/dashboard", "/crm/dashboard?period=last_12_months", "/crm/reports", "/crm/reports/win_loss",
    "/crm/reports/activity", "/crm/reports/coverage?start_date=2026-01-01&end_date=2026-12-31", SETTINGS,
    *(f"{SETTINGS}/{key}" for key in (
        "pipelines", "pipelines/new", "users", "users/new", "teams", "territories", "custom-fields", "tags", "segments",
        "organisation", "roles", "api-keys", "api-keys/new", "webhooks", "webhooks/new", "integrations", "audit")),
)  # fmt: skip
LOOKS = [(size, theme) for size in (DESK, PHONE) for theme in ("light", "dark")]


def as_boss(opened: Opener, path: str, **how: object) -> Page:
    """A page as the administrator sees it."""
    page = opened("/sign-in", signed_in=False, **how)
    page.get_by_label("E-mail address").fill(BOSS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")
    page.goto(path)
    return page


def test_a_number_of_the_dashboard_opens_the_list_it_counts(opened: Opener) -> None:
    page = as_boss(opened, "/crm/dashboard")

    figure = page.locator("a.kpi", has_text="Open pipeline")
    expect(figure).to_contain_text(f"{len(DEALERS)} deals")
    figure.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Opportunities")
    expect(page.locator("tbody tr")).to_have_count(len(DEALERS))


def test_a_period_is_picked_and_stays_with_the_next_report(opened: Opener) -> None:
    page = as_boss(opened, "/crm/reports/funnel")

    page.locator("summary", has_text="Nov").click()
    page.get_by_label("From").fill("2026-11-01")
    page.get_by_label("To", exact=True).fill("2026-11-10")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("navigation", name="Reports").get_by_role("link", name="Sources").click()

    expect(page).to_have_url(re.compile(r"/sources\?start_date=2026-11-01&end_date=2026-11-10$"))


def test_a_report_is_taken_home_as_a_workbook(opened: Opener) -> None:
    page = as_boss(opened, "/crm/reports/sources?period=this_year")

    with page.expect_download() as taken:
        page.get_by_role("link", name="Excel").click()

    assert taken.value.suggested_filename == "sources-2026-01-01-2026-12-31.xlsx"


def test_a_stage_is_added_in_the_dialogue_moved_up_and_deleted(opened: Opener) -> None:
    page = as_boss(opened, f"{SETTINGS}/pipelines")
    pipeline = page.locator("section", has_text="Sales Pipeline")

    pipeline.get_by_role("link", name="Stage of Sales Pipeline").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Trial drive")
    dialog.get_by_label("Kind").select_option("proposal")
    dialog.get_by_label("Probability").fill("60")
    dialog.get_by_label("Colour").select_option("amber")
    dialog.get_by_role("button", name="Add stage").click()
    expect(page.locator(".toast")).to_contain_text("Added stage Trial drive")
    names = pipeline.locator(".stage-name a")
    before = names.all_inner_texts()
    pipeline.get_by_role("button", name="Move Trial drive up").click()

    expect(names.nth(before.index("Trial drive") - 1)).to_have_text("Trial drive")
    pipeline.get_by_role("link", name="Delete Trial drive").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(pipeline.get_by_text("Trial drive")).to_have_count(0)


def test_a_refused_form_of_settings_stays_open_with_what_was_typed(opened: Opener) -> None:
    page = as_boss(opened, f"{SETTINGS}/users", forgive=["422"])

    page.get_by_role("link", name="New person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Maria Cole")
    dialog.get_by_label("E-mail").fill("nowhere")
    dialog.get_by_role("button", name="Add person").click()

    expect(dialog.locator(".field-error")).to_be_visible()
    expect(dialog.get_by_label("Name")).to_have_value("Maria Cole")


def test_the_dashboard_is_walked_by_keys_alone(opened: Opener) -> None:
    page = as_boss(opened, "/crm/dashboard")

    page.locator(".segmented a").first.focus()
    for _ in range(8):
        page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_class(re.compile("kpi"))
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/crm/opportunities"))


@pytest.mark.parametrize("turn", range(4))
def test_nobody_is_shut_out_of_what_steers(opened: Opener, turn: int) -> None:
    """Each page once, with size and theme taking turns."""
    size, theme = LOOKS[turn]
    page = as_boss(opened, SETTINGS, size=size, color_scheme=theme, bypass_csp=True)
    found = {}
    for path in PAGES[turn::4]:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        found[path] = violations(page) + ([f"{wide} wide"] if wide > size["width"] else [])

    assert found == {path: [] for path in PAGES[turn::4]}
