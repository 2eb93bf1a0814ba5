"""Reference 004, views: the pages of its dashboard, and what people do on them, in a real browser."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.pages.conftest import PHONE
from tests.reference.conftest import Put

pytestmark = pytest.mark.browser
PAGES = {
    "Overview": "/crm/dashboard", "Accounts": "/crm/accounts", "Leads": "/crm/leads",
    "Opportunities": "/crm/opportunities", "Activities": "/crm/activities", "Reports": "/crm/reports",
}  # fmt: skip


def figure(page: Page, name: str) -> Locator:
    """A key figure of the dashboard by its name."""
    return page.locator(".kpi", has=page.locator(".kpi-name", has_text=re.compile(f"^{name}$")))


def properties(page: Page) -> Locator:
    """The properties of the record that is open, all groups unfolded."""
    page.locator("details.property-group").evaluate_all("all => all.forEach(group => (group.open = true))")
    return page.get_by_label("Properties")


def answered(page: Page, question: str) -> Locator:
    """Ask a question; the answer."""
    page.goto("/crm/ask")
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    answer = page.locator("#answer")
    expect(answer).not_to_be_empty()
    return answer


# ── The pages of the dashboard ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "path"), PAGES.items())
def test_each_page_of_the_dashboard_is_one_step_away_and_opens_in_two_seconds(
    page: Page, name: str, path: str
) -> None:
    page.goto("/")

    page.get_by_role("navigation", name="Main").locator(f'a[href="{path}"]').click()
    page.wait_for_url(re.compile(f"{path}$"))

    timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    assert timing["loadEventEnd"] - timing["startTime"] < 2000, name


@pytest.mark.parametrize("path", PAGES.values())
def test_each_page_is_as_wide_as_a_phone(page: Page, path: str) -> None:
    wide = page.viewport_size
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(wide)  # type: ignore[arg-type]


def test_the_overview_counts_accounts_as_they_are_now(page: Page, put: Put) -> None:
    page.goto("/crm/dashboard")
    before = int(figure(page, "Accounts").locator(".kpi-value").inner_text())

    put("accounts", name="One more")
    page.reload()

    expect(figure(page, "Accounts").locator(".kpi-value")).to_have_text(str(before + 1))


def test_the_overview_shows_lead_conversion_and_pipeline_value(page: Page) -> None:
    page.goto("/crm/dashboard")

    expect(figure(page, "Leads converted").locator(".kpi-value")).to_have_text(re.compile(r"%|–"))
    expect(figure(page, "Open pipeline").locator(".kpi-value")).to_have_text(re.compile(r"^\$\d"))


def test_a_chart_leads_to_the_records_behind_a_bar(page: Page) -> None:
    page.goto("/crm/dashboard")

    page.locator("section", has=page.get_by_role("heading", name="New leads by source")).get_by_role(
        "link", name=re.compile("Website")
    ).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Leads")
    expect(page.locator("[data-row]")).to_have_count(2)


def test_the_overview_is_filtered_by_period_and_person(page: Page) -> None:
    page.goto("/crm/dashboard")

    page.get_by_role("link", name="Last month").click()
    expect(page.locator(".topbar-title")).to_contain_text("1 Oct")
    page.goto("/crm/dashboard?period=this_year")
    person = page.get_by_label("Owner").or_(page.get_by_label("Person")).or_(page.get_by_label("Whose")).first

    expect(person.locator("option", has_text="Fiona Castell")).to_be_attached()


def test_every_kind_of_record_has_its_quick_actions(page: Page, put: Put) -> None:
    account = put("accounts", name="Acted on", phone="+1 614 555 0101", email="office@acted.example")
    put("leads", title="Acted on lead")
    put("opportunities", name="Acted on deal", account_id=account["id"])
    put("tasks", subject="Acted on task", due_date="2026-12-01T10:00:00Z")

    for path, role, name in (
        ("accounts", "link", "Call"), ("accounts", "link", "E-mail"), ("leads", "link", "Convert"),
        ("opportunities", "button", "Mark as won"), ("tasks", "button", "Done: Acted on task"),
    ):  # fmt: skip
        page.goto(f"/crm/{path}?search=Acted+on")
        page.locator("[data-row]").first.hover()
        expect(page.locator("[data-row]").first.get_by_role(role, name=name)).to_be_visible()  # type: ignore[arg-type]


# ── Accounts and contacts ────────────────────────────────────────────────────────────────────────


def test_accounts_stand_in_a_hierarchy(page: Page, put: Put) -> None:
    parent = put("accounts", name="Mother Holding")
    child = put("accounts", name="Daughter Ltd", parent_id=parent["id"])
    page.goto(f"/crm/accounts/{child['id']}")

    properties(page).get_by_role("link", name="Mother Holding").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Mother Holding")
    expect(page.get_by_label("Beside").get_by_role("link", name="Daughter Ltd")).to_be_visible()


def test_an_account_shows_its_territory_manager_revenue_and_employees(page: Page, put: Put) -> None:
    account = put("accounts", name="Sized Ltd", annual_revenue=2_500_000, employees=42)
    page.goto("/crm/settings/territories/new")
    page.get_by_label("Name").fill("Ohio Valley")
    page.get_by_role("button", name=re.compile("^Add")).click()
    expect(page.locator(".toast")).to_contain_text("Ohio Valley")
    page.goto(f"/crm/accounts/{account['id']}")

    shown = properties(page)
    for name, choice in (("Territory", "Ohio Valley"), ("Owner", "Fiona Castell")):
        shown.get_by_role("button", name=f"Change {name}").click()
        shown.locator("form select").select_option(label=choice)
        shown.get_by_role("button", name="Save").click()
        expect(shown.locator("form")).to_have_count(0)

    for words in ("$2,500,000", "42", "Ohio Valley", "Fiona Castell"):
        expect(shown).to_contain_text(words)


def test_an_account_keeps_its_full_history_of_interactions(page: Page, put: Put) -> None:
    account = put("accounts", name="Talked to")
    for kind in ("call", "email", "meeting", "visit", "note"):
        put("activities", activity_type=kind, subject=f"A {kind} of ours", account_id=account["id"])
    page.goto(f"/crm/accounts/{account['id']}")

    for kind in ("call", "email", "meeting", "visit", "note"):
        expect(page.locator("#timeline")).to_contain_text(f"A {kind} of ours")


def test_a_contact_has_a_role_a_superior_and_is_primary(page: Page, put: Put) -> None:
    account = put("accounts", name="Staffed Ltd")
    boss = put("contacts", first_name="Grace", last_name="Head", account_id=account["id"])
    contact = put("contacts", first_name="Ed", last_name="Hand", account_id=account["id"],
                  role="decision_maker", reports_to_id=boss["id"], is_primary=True)  # fmt: skip
    page.goto(f"/crm/contacts/{contact['id']}")

    shown = properties(page)

    expect(shown).to_contain_text("Decision maker")
    expect(shown.get_by_role("link", name="Grace Head")).to_be_visible()
    primary = shown.locator("dl > div", has=page.locator("dt", has_text="Primary contact"))
    expect(primary.locator("dd")).to_contain_text("Yes")


# ── Leads ────────────────────────────────────────────────────────────────────────────────────────


def test_a_lead_is_qualified_by_budget_authority_need_and_timeline(page: Page, put: Put) -> None:
    lead = put("leads", title="Looked at closely")
    page.goto(f"/crm/leads/{lead['id']}")
    page.get_by_role("link", name="Qualify").click()
    dialog = page.get_by_role("dialog")

    for name, words in (("Authority", "The owner"), ("Need", "Ten mowers"), ("Timeline", "Before spring")):
        dialog.get_by_label(name).fill(words)
    dialog.get_by_label("Budget").fill("50000")
    dialog.get_by_role("button", name="Qualified").click()

    expect(page.locator(".toast")).to_contain_text("Qualified")
    shown = properties(page)
    for words in ("The owner", "Ten mowers", "Before spring"):
        expect(shown).to_contain_text(words)


def test_a_lead_has_a_score_that_says_why(page: Page, put: Put) -> None:
    lead = put(
        "leads", title="Scored lead", source="referral", company_name="Scored Ltd", phone="+16145550188"
    )
    page.goto(f"/crm/leads/{lead['id']}")

    page.get_by_text("why?").click()

    expect(page.locator(".why-box")).to_contain_text(
        re.compile(r"\+\d+ .*referral", re.IGNORECASE | re.DOTALL)
    )


def test_a_converted_lead_leads_to_what_it_became(page: Page, put: Put) -> None:
    lead = put("leads", title="Became a deal", company_name="Became Ltd", first_name="Ann")
    put(f"leads/{lead['id']}/convert", create_opportunity=True)
    page.goto(f"/crm/leads/{lead['id']}")

    expect(page.locator(".record-note")).to_contain_text("Converted")
    expect(page.get_by_label("Beside").get_by_role("link", name="Became Ltd").first).to_be_visible()


def test_a_lead_is_followed_up_by_a_task_of_its_own(page: Page, put: Put) -> None:
    lead = put("leads", title="Called back")
    page.goto(f"/crm/leads/{lead['id']}")

    page.locator("#composer").get_by_role("radio", name="Task").check()
    page.locator("#composer textarea").fill("Ring her on Friday")
    page.locator("#composer").get_by_label("Due").fill("2026-11-27T09:00")
    page.locator("#composer").get_by_role("button", name="Add").click()

    expect(page.get_by_label("Beside")).to_contain_text("Ring her on Friday")


# ── Opportunities ────────────────────────────────────────────────────────────────────────────────


def test_an_opportunity_moves_on_by_its_stages(page: Page, put: Put) -> None:
    deal = put("opportunities", name="Moves on")
    page.goto(f"/crm/opportunities/{deal['id']}")

    page.get_by_label("Stages").get_by_role("button", name="Negotiation").click()

    expect(page.get_by_label("Stages").locator("[aria-current]")).to_have_text("Negotiation")


def test_an_opportunity_shows_its_weighted_value_competition_and_requirements(page: Page, put: Put) -> None:
    deal = put("opportunities", name="Contested", estimated_value=8000, probability=25, competitors="Greenfield Co",
               requirements="Electric only")  # fmt: skip
    page.goto(f"/crm/opportunities/{deal['id']}")

    expect(page.locator(".facts")).to_contain_text(re.compile(r"Weighted\s*\$2,000"))
    expect(properties(page)).to_contain_text("Greenfield Co")
    expect(properties(page)).to_contain_text("Electric only")


# ── Activities and tasks ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("channel", ["Call", "E-mail", "Meeting", "Note"])
def test_each_channel_of_communication_is_logged_on_a_record(page: Page, put: Put, channel: str) -> None:
    account = put("accounts", name=f"Spoken to by {channel}")
    page.goto(f"/crm/accounts/{account['id']}")

    page.locator("#composer").get_by_role("radio", name=channel).check()
    page.locator("#composer textarea").fill(f"By {channel.lower()}")
    page.locator("#composer").get_by_role("button", name="Log").click()

    expect(page.locator("#timeline")).to_contain_text(f"By {channel.lower()}")


def test_an_activity_records_its_outcome_and_next_steps(page: Page, put: Put) -> None:
    visit = put("activities", activity_type="visit", subject="At the yard", outcome="Two tractors", latitude=39.96,
                longitude=-83.0, next_steps="Send the quote")  # fmt: skip
    page.goto(f"/crm/activities/{visit['id']}")

    expect(properties(page)).to_contain_text("Two tractors")
    expect(properties(page)).to_contain_text("Send the quote")


def test_a_task_has_priority_due_date_and_person_and_is_completed(page: Page, put: Put) -> None:
    put("tasks", subject="Prepare the offer", due_date="2026-12-01T10:00:00Z", priority="urgent")
    page.goto("/crm/tasks?search=Prepare")
    line = page.locator("[data-row]").first

    for words in ("Urgent", "1 Dec", "Ada Boss"):
        expect(line).to_contain_text(words)
    line.get_by_role("button", name="Done: Prepare the offer").click()

    expect(page.locator("[data-row]").first).to_contain_text("Completed")


@pytest.mark.parametrize(("report", "heading"), [("activity", "Activity"), ("workload", "Workload")])
def test_activity_performance_and_workload_are_reports_by_person(
    page: Page, report: str, heading: str
) -> None:
    page.goto(f"/crm/reports/{report}")

    expect(page.get_by_role("navigation", name="Reports").locator("[aria-current]")).to_contain_text(heading)
    expect(page.get_by_role("rowheader", name="Fiona Castell").or_(page.get_by_role("rowheader", name="Ada Boss"))
           .first).to_be_visible()  # fmt: skip


# ── Questions in plain language ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("opportunities closing this month", "opportunit"),
        ("pending tasks for Fiona Castell", "task"),
        ("leads by source", "Website"),
        ("tell me about Finch Rentals", "Finch Rentals"),
        ("pipeline value by stage", "Proposal"),
        ("activities last week", "activities"),
    ],
)
def test_each_type_of_question_is_answered_in_words(page: Page, question: str, told: str) -> None:
    expect(answered(page, question)).to_contain_text(re.compile(told, re.IGNORECASE))


def test_while_a_question_is_typed_each_word_says_how_it_is_understood(page: Page) -> None:
    page.goto("/crm/ask")

    page.get_by_role("textbox", name="Your question").press_sequentially("leads by source")

    expect(page.locator("#reading .read").first).to_have_text("leads")


def test_what_is_typed_into_a_form_finds_the_records_it_may_mean(page: Page) -> None:
    page.goto("/crm/contacts")
    page.get_by_role("link", name="New contact").first.click()

    page.get_by_role("dialog").get_by_label("Account").press_sequentially("Finch")

    expect(page.get_by_role("dialog").locator("datalist option[value^='Finch Rentals']")).to_be_attached()


# ── Visits ───────────────────────────────────────────────────────────────────────────────────────


def test_visits_are_put_in_the_best_order_on_a_map(page: Page) -> None:
    page.goto("/crm/visits?day=2026-11-24")
    page.get_by_label("Whose visits").select_option(label="Fiona Castell")
    page.get_by_role("button", name="Plan Fiona’s day").click()

    expect(page.locator("[data-stop]").first).to_be_visible()
    expect(page.locator(".route-map .route-stop").first).to_be_visible()
