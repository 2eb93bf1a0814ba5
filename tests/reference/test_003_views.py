"""Reference 003, views: each page at its address, and each feature listed there, in a real browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.reference.conftest import Put

pytestmark = pytest.mark.browser
MENU = {
    "/crm/dashboard": "Dashboard", "/crm/leads": "Leads", "/crm/opportunities": "Opportunities",
    "/crm/contacts": "Contacts", "/crm/accounts": "Accounts", "/crm/activities": "Activities",
}  # fmt: skip
PIPELINES = "/crm/settings/pipelines"


def row(page: Page, name: str) -> Locator:
    """The row of a record in a list."""
    return page.locator("[data-row]", has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> list[str]:
    """What the rows of a list are called, in their order."""
    return page.locator(".row-name").all_inner_texts()


def headings(page: Page) -> list[str]:
    """The columns of a list."""
    return [text.strip() for text in page.locator(".list-table thead th").all_inner_texts()]


def filtered(page: Page, **chosen: str) -> list[str]:
    """Pick filters in the dialogue of the list that is open, by the words on the page; the chips that then stand."""
    page.get_by_role("link", name="Filter", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Show")).to_be_visible()
    for name, words in chosen.items():
        title = name.replace("_", " ")
        group = dialog.get_by_role("group", name=title, exact=True)
        if group.count():
            group.get_by_label(words, exact=True).check()
        else:
            field = dialog.get_by_label(title, exact=True).first
            field.select_option(label=words) if field.evaluate("e => e.tagName") == "SELECT" else field.fill(
                words
            )
    dialog.get_by_role("button", name="Show").click()
    expect(page.locator(".chip.filter")).to_have_count(len(chosen))
    return page.locator(".chip.filter").all_inner_texts()


def carry(page: Page, card: Locator, to: Locator) -> None:
    """Drag a card by mouse."""
    card.scroll_into_view_if_needed()
    start, end = card.bounding_box(), to.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 60, start["y"] + 45)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 120, steps=12)
    page.mouse.up()


def column(page: Page, name: str) -> Locator:
    """A column of the board."""
    return page.locator(f'.column[data-name="{name}"]')


def toast(page: Page, words: str) -> None:
    """Wait for what was just done to be said."""
    expect(page.locator(".toast").last).to_contain_text(words)


# ── The menu ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("path", "name"), MENU.items())
def test_each_menu_under_crm_leads_to_its_page_at_its_path(page: Page, path: str, name: str) -> None:
    page.goto("/")

    page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).click()

    expect(page).to_have_url(re.compile(f"{path}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_pipeline_settings_are_reached_from_the_menu_at_their_path(page: Page) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Settings").click()

    page.locator("main").get_by_role("link", name=re.compile("^Pipelines")).click()

    expect(page).to_have_url(re.compile(f"{PIPELINES}$"))


# ── Dashboard ────────────────────────────────────────────────────────────────────────────────────


def figure(page: Page, name: str) -> Locator:
    """A key figure by its name."""
    return page.locator(".kpi", has=page.locator(".kpi-name", has_text=re.compile(f"^{name}$")))


def test_the_dashboard_shows_the_count_of_active_leads(page: Page) -> None:
    page.goto("/crm/dashboard")

    assert int(figure(page, "Active leads").locator(".kpi-value").inner_text()) >= 4


def test_the_dashboard_shows_count_and_total_value_of_opportunities(page: Page) -> None:
    page.goto("/crm/dashboard")

    expect(page.get_by_role("link", name=re.compile(r"\d+ opportunities in all"))).to_be_visible()
    expect(figure(page, "Open pipeline")).to_contain_text(re.compile(r"\$\d.*\d+ deals", re.DOTALL))


def test_the_dashboard_shows_count_and_value_of_won_deals(page: Page, put: Put) -> None:
    account = put("accounts", name="Wins Ltd")
    deal = put("opportunities", name="Won for sure", account_id=account["id"], estimated_value=9000)
    put(f"opportunities/{deal['id']}/mark-won")

    page.goto("/crm/dashboard")

    expect(figure(page, "Won revenue")).to_contain_text("$9,000")
    expect(page.locator(".closed")).to_contain_text(re.compile("Closed won .* in 1 deal"))


def test_the_dashboard_shows_the_conversion_rate_of_leads_to_opportunities(page: Page, put: Put) -> None:
    lead = put("leads", company_name="Converted early")
    put(f"leads/{lead['id']}/convert", create_opportunity=True)

    page.goto("/crm/dashboard")

    expect(figure(page, "Leads with a deal").locator(".kpi-value")).to_have_text(re.compile(r"^[1-9].*%$"))


def test_the_dashboard_draws_the_pipeline_distribution_by_stage(page: Page) -> None:
    page.goto("/crm/dashboard")
    chart = page.locator("section", has=page.get_by_role("heading", name="Pipeline by stage"))

    expect(chart.locator(".bars-name", has_text="Proposal")).to_be_visible()
    assert chart.locator("svg.bar rect").last.bounding_box()


# ── Leads ────────────────────────────────────────────────────────────────────────────────────────


def test_the_table_of_leads_is_sorted_by_its_headings(page: Page, put: Put) -> None:
    put("leads", title="Sorted first", estimated_value=10)
    put("leads", title="Sorted last", estimated_value=20)
    page.goto("/crm/leads?search=Sorted")

    page.get_by_role("link", name="Value", exact=True).click()
    assert names(page) == ["Sorted last", "Sorted first"]
    page.get_by_role("link", name="Value", exact=True).click()

    expect(page.get_by_role("columnheader", name="Value")).to_have_attribute("aria-sort", "ascending")
    assert names(page) == ["Sorted first", "Sorted last"]


def test_leads_are_filtered_by_pipeline_stage_priority_rating_and_source(page: Page, put: Put) -> None:
    put("leads", title="The one", priority="urgent", rating="hot", source="trade_show")
    for other in ({"priority": "low"}, {"rating": "cold"}, {"source": "website"}):
        put(
            "leads",
            title="Another",
            **({"priority": "urgent", "rating": "hot", "source": "trade_show"} | other),
        )
    page.goto("/crm/leads")

    chips = filtered(
        page, Priority="Urgent", Rating="Hot", Source="Trade show", Pipeline="Leads", Stage="New"
    )

    assert names(page) == ["The one"]
    assert "Pipeline is Leads" in " ".join(chips)


def test_leads_stand_on_a_board_by_stage_and_are_dragged_there(page: Page, put: Put) -> None:
    put("leads", title="Dragged lead")
    page.goto("/crm/leads?as=board&search=Dragged")
    assert page.locator(".column").count() >= 4

    carry(page, page.get_by_role("listitem", name="Dragged lead"), column(page, "Qualified"))

    expect(column(page, "Qualified").get_by_role("listitem", name="Dragged lead")).to_be_visible()
    toast(page, "Moved Dragged lead to Qualified")


def test_a_lead_is_created_from_the_list(page: Page) -> None:
    page.goto("/crm/leads")

    page.get_by_role("link", name="New lead").click()
    page.get_by_role("dialog").get_by_label("Company name").fill("Created here")
    page.get_by_role("dialog").get_by_role("button", name="Add lead").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Created here")


def test_a_lead_is_edited_in_the_list(page: Page, put: Put) -> None:
    edit_in_the_list(page, put, "leads", "title", "Edited lead")


def edit_in_the_list(page: Page, put: Put, kind: str, named: str, name: str) -> None:
    """Make a record, change its priority where it stands in the list, and see it kept."""
    put(kind, **{named: name})
    page.goto(f"/crm/{kind}?search={name.replace(' ', '+')}&cols={named},priority")
    cell = page.locator("td[data-edit]").first

    cell.hover()
    cell.get_by_role("button").click()
    cell.locator("select").select_option("urgent")
    cell.get_by_role("button", name="Save").click()

    expect(cell).to_contain_text("Urgent")


def test_a_lead_is_converted_to_an_opportunity_from_the_list(page: Page, put: Put) -> None:
    put("leads", title="Ready to buy", company_name="Ready Ltd", first_name="Ann")
    page.goto("/crm/leads?search=Ready")

    row(page, "Ready to buy").hover()
    row(page, "Ready to buy").get_by_role("link", name="Convert").click()
    page.get_by_role("dialog").get_by_role("button", name="Convert").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Ready to buy")
    expect(page).to_have_url(re.compile("/crm/opportunities/"))


def test_a_lead_is_marked_as_lost_from_the_list(page: Page, put: Put) -> None:
    put("leads", title="Lost interest")
    page.goto("/crm/leads?search=Lost+interest")

    row(page, "Lost interest").hover()
    row(page, "Lost interest").get_by_role("link", name="Mark as lost").click()
    page.get_by_role("dialog").get_by_label("Why?").fill("No budget")
    page.get_by_role("dialog").get_by_role("button", name="Mark as lost").click()

    toast(page, "Lost Lost interest")
    expect(row(page, "Lost interest").locator(".badge.bad")).to_have_text("Lost")
    expect(page).to_have_url(re.compile(r"/crm/leads\?search="))


def test_several_leads_are_selected_and_updated_together(page: Page, put: Put) -> None:
    for n in range(3):
        put("leads", title=f"Batch {n}")
    page.goto("/crm/leads?search=Batch&cols=title,priority")

    page.get_by_label("Select all shown").check()
    page.get_by_label("Change to").select_option("priority=high")
    page.get_by_role("button", name="Apply").click()

    toast(page, "Changed 3 leads")
    expect(page.locator("[data-row]", has_text="High")).to_have_count(3)


# ── Opportunities ────────────────────────────────────────────────────────────────────────────────


def test_the_table_of_opportunities_has_values_and_probabilities(page: Page, put: Put) -> None:
    put("opportunities", name="Twelve thousand", estimated_value=12000, probability=35)
    page.goto("/crm/opportunities?search=Twelve")

    assert {"Value", "Probability"} <= set(headings(page))
    expect(row(page, "Twelve thousand")).to_contain_text("$12,000")
    expect(row(page, "Twelve thousand")).to_contain_text("35")


def test_opportunities_stand_on_a_board_of_their_pipeline_with_totals(page: Page, put: Put) -> None:
    put("opportunities", name="On the board", estimated_value=5000)
    page.goto("/crm/opportunities?as=board&search=board")

    expect(column(page, "Prospecting")).to_contain_text("$5,000")
    carry(page, page.get_by_role("listitem", name="On the board"), column(page, "Proposal"))

    expect(column(page, "Proposal").get_by_role("listitem", name="On the board")).to_be_visible()


def test_opportunities_are_filtered_by_pipeline_stage_account_and_priority(page: Page, put: Put) -> None:
    ours, theirs = put("accounts", name="Filtered Inc"), put("accounts", name="Unwanted Inc")
    put("opportunities", name="Wanted", account_id=ours["id"], priority="high")
    put("opportunities", name="Elsewhere", account_id=theirs["id"], priority="high")
    put("opportunities", name="Unimportant", account_id=ours["id"], priority="low")
    page.goto("/crm/opportunities")

    filtered(page, Account=f"Filtered Inc · {ours['number']}", Priority="High", Pipeline="Sales Pipeline")

    assert names(page) == ["Wanted"]
    page.goto(f"{page.url}&stage=proposal")
    assert names(page) == []


def test_an_opportunity_is_created_from_the_list(page: Page) -> None:
    page.goto("/crm/opportunities")

    page.get_by_role("link", name="New opportunity").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Begun today")
    page.get_by_role("dialog").get_by_role("button", name="Add opportunity").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Begun today")


def test_an_opportunity_is_edited_in_the_list(page: Page, put: Put) -> None:
    edit_in_the_list(page, put, "opportunities", "name", "Edited deal")


def test_an_opportunity_is_marked_as_won_from_the_list(page: Page, put: Put) -> None:
    account = put("accounts", name="Buyers Ltd")
    put("opportunities", name="Signed today", account_id=account["id"])
    page.goto("/crm/opportunities?search=Signed")

    row(page, "Signed today").hover()
    row(page, "Signed today").get_by_role("button", name="Mark as won").click()

    toast(page, "Won Signed today")
    expect(row(page, "Signed today")).to_contain_text("Closed won")


def test_an_opportunity_is_marked_as_lost_from_the_list(page: Page, put: Put) -> None:
    put("opportunities", name="Gone elsewhere")
    page.goto("/crm/opportunities?search=Gone")

    row(page, "Gone elsewhere").hover()
    row(page, "Gone elsewhere").get_by_role("link", name="Mark as lost").click()
    page.get_by_role("dialog").get_by_label("Why?").fill("Price")
    page.get_by_role("dialog").get_by_role("button", name="Mark as lost").click()

    expect(row(page, "Gone elsewhere")).to_contain_text("Closed lost")


def test_the_opportunities_view_forecasts_revenue_by_probability(page: Page, put: Put) -> None:
    put("opportunities", name="Half a chance", estimated_value=1000, probability=50)
    page.goto("/crm/opportunities?search=Half+a+chance")

    expect(page.locator(".forecast")).to_contain_text(re.compile(r"weighted by probability\s+\$"))


# ── Contacts ─────────────────────────────────────────────────────────────────────────────────────

DANA = {
    "first_name": "Dana",
    "last_name": "Whitfield",
    "email": "dana@whitfield.example",
    "phone": "+1 614 555 0177",
}


@pytest.fixture(scope="module")
def dana(put: Put) -> dict[str, Any]:
    """A contact of an account, and one who has left."""
    account = put("accounts", name="Whitfield Mowers")
    put("contacts", first_name="Lee", last_name="Gone", account_id=account["id"], is_active=False)
    return put("contacts", **DANA, account_id=account["id"]) | {"account": account}


def test_the_table_of_contacts_has_avatar_name_email_and_phone(page: Page, dana: dict[str, Any]) -> None:
    page.goto("/crm/contacts?search=Dana")
    line = row(page, "Dana Whitfield")

    expect(line.locator(".avatar")).to_have_text("DW")
    for words in (DANA["email"], DANA["phone"]):
        expect(line).to_contain_text(words)
    assert {"Name", "E-mail", "Phone"} <= set(headings(page))


@pytest.mark.parametrize("typed", ["Whitf", "dana@whitfield", "555 0177"])
def test_contacts_are_searched_by_name_email_and_phone(page: Page, dana: dict[str, Any], typed: str) -> None:
    page.goto("/crm/contacts")

    page.get_by_label("Search contacts").fill(typed)
    page.keyboard.press("Enter")

    expect(row(page, "Dana Whitfield")).to_be_visible()


def test_contacts_are_filtered_by_account_and_active_status(page: Page, dana: dict[str, Any]) -> None:
    page.goto("/crm/contacts")

    filtered(page, Account=f"Whitfield Mowers · {dana['account']['number']}", Still_there="Yes")

    assert names(page) == ["Dana Whitfield"]


def test_a_contact_is_called_mailed_and_opened_from_the_list(page: Page, dana: dict[str, Any]) -> None:
    page.goto("/crm/contacts?search=Dana")
    line = row(page, "Dana Whitfield")

    line.hover()
    expect(line.get_by_role("link", name="Call")).to_have_attribute("href", "tel:+16145550177")
    expect(line.get_by_role("link", name="E-mail")).to_have_attribute("href", f"mailto:{DANA['email']}")
    line.get_by_role("link", name="Dana Whitfield").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Dana Whitfield")


# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────


def test_the_table_of_accounts_has_type_industry_and_rating(page: Page, put: Put) -> None:
    put("accounts", name="Typed Ltd", account_type="dealer", industry="technology", rating="warm")
    page.goto("/crm/accounts?search=Typed")

    for words in ("Dealer", "Technology", "Warm"):
        expect(row(page, "Typed Ltd")).to_contain_text(words)


def test_the_table_of_accounts_counts_contacts_and_deals_and_sums_their_value(page: Page, put: Put) -> None:
    account = put("accounts", name="Counted Ltd")
    for n in range(3):
        put("contacts", first_name=f"Person {n}", account_id=account["id"])
    for value in (100, 250):
        put("opportunities", name=f"Deal {value}", account_id=account["id"], estimated_value=value)
    page.goto("/crm/accounts?search=Counted&cols=name,contact_count,opportunity_count,total_value")

    assert headings(page) == ["Name", "Contacts", "Deals", "Total value"]
    assert row(page, "Counted Ltd").locator("td").all_inner_texts() == ["3", "2", "$350"]


def test_accounts_are_filtered_by_type_industry_and_rating(page: Page, put: Put) -> None:
    wanted = {"account_type": "partner", "industry": "finance", "rating": "hot"}
    put("accounts", name="Fits", **wanted)
    for other in ({"account_type": "vendor"}, {"industry": "education"}, {"rating": "cold"}):
        put("accounts", name=f"Differs by {next(iter(other))}", **(wanted | other))
    page.goto("/crm/accounts")

    filtered(page, Type="Partner", Industry="Finance", Rating="Hot")

    assert names(page) == ["Fits"]


def test_an_account_shows_its_linked_contacts_and_opportunities(page: Page, put: Put) -> None:
    account = put("accounts", name="Linked Ltd")
    put("contacts", first_name="Ann", last_name="Linked", account_id=account["id"])
    put("opportunities", name="Linked deal", account_id=account["id"])
    page.goto(f"/crm/accounts/{account['id']}")

    page.get_by_label("Beside").get_by_role("link", name="Ann Linked").click()
    expect(page).to_have_url(re.compile("/crm/contacts/"))
    page.go_back()
    page.get_by_label("Beside").get_by_role("link", name="Linked deal").click()

    expect(page).to_have_url(re.compile("/crm/opportunities/"))


# ── Activities ───────────────────────────────────────────────────────────────────────────────────


def test_the_activity_log_is_in_the_order_of_time(page: Page, put: Put) -> None:
    for subject in ("Ordered one", "Ordered two", "Ordered three"):
        put("activities", activity_type="note", subject=subject)
    page.goto("/crm/activities?search=Ordered")

    assert names(page) == ["Ordered three", "Ordered two", "Ordered one"]


def test_activities_are_filtered_by_type_status_and_date_range(page: Page, put: Put) -> None:
    wanted = {"activity_type": "meeting", "status": "scheduled", "due_date": "2026-12-15T10:00:00Z"}
    put("activities", subject="In range", **wanted)
    for n, other in enumerate(
        ({"activity_type": "call"}, {"status": "cancelled"}, {"due_date": "2027-02-01T10:00:00Z"})
    ):
        put("activities", subject=f"Out of range {n}", **(wanted | other))
    page.goto("/crm/activities?due_at__gte=2026-12-01&due_at__lte=2026-12-31")

    page.get_by_role("link", name="Filter", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Due from")).to_have_value("2026-12-01")
    dialog.get_by_role("group", name="Type").get_by_label("Meeting").check()
    dialog.get_by_role("group", name="Status").get_by_label("Scheduled").check()
    dialog.get_by_role("button", name="Show").click()

    expect(page.locator(".chip.filter")).to_have_count(4)
    assert names(page) == ["In range"]


def test_an_activity_is_logged_quickly_above_the_list(page: Page, put: Put) -> None:
    account = put("accounts", name="Quick Ltd")
    page.goto("/crm/activities")
    form = page.get_by_role("form", name="Quick log")

    form.get_by_label("Type").select_option("call")
    form.get_by_label("What happened").fill("Asked about prices")
    form.get_by_label("Account").fill(f"Quick Ltd · {account['number']}")
    form.get_by_role("button", name="Log").click()

    expect(row(page, "Asked about prices")).to_contain_text("Quick Ltd")
    expect(page).to_have_url(re.compile("/crm/activities$"))


def test_an_activity_leads_to_its_lead_opportunity_contact_and_account(page: Page, put: Put) -> None:
    account = put("accounts", name="Related Ltd")
    about = {
        "account_id": account["id"],
        "lead_id": put("leads", title="Related lead")["id"],
        "opportunity_id": put("opportunities", name="Related deal", account_id=account["id"])["id"],
        "contact_id": put("contacts", first_name="Rel", last_name="Ated", account_id=account["id"])["id"],
    }
    activity = put("activities", activity_type="call", subject="Related call", **about)
    page.goto(f"/crm/activities/{activity['id']}")

    for field, name in (
        ("leads", "Related lead"),
        ("opportunities", "Related deal"),
        ("contacts", "Rel Ated"),
    ):
        link = page.get_by_label("Properties").get_by_role("link", name=name)
        expect(link).to_have_attribute("href", re.compile(f"/crm/{field}/"))


# ── Pipeline settings ────────────────────────────────────────────────────────────────────────────


def test_a_pipeline_is_created_edited_made_the_default_and_deleted(page: Page) -> None:
    page.goto(PIPELINES)
    page.get_by_role("link", name="New pipeline").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Enterprise Deals")
    dialog.get_by_label("For").select_option("opportunity")
    dialog.get_by_label("Stages").fill("Talk\nOffer")
    dialog.get_by_role("button", name="Add pipeline").click()
    page.get_by_role("link", name="Rename Enterprise Deals").click()
    dialog.get_by_label("Name").fill("Large Deals")
    dialog.get_by_role("button", name="Save").click()
    pipeline = page.locator("section.card", has=page.get_by_role("heading", name="Large Deals"))
    pipeline.get_by_role("button", name="Make default").click()
    expect(pipeline.get_by_text("Default", exact=True)).to_be_visible()

    other = page.locator("section.card", has_text="Opportunities ·").filter(has_not_text="Large Deals")
    other.get_by_role("button", name="Make default").click()
    page.get_by_role("link", name="Delete Large Deals").click()
    dialog.get_by_role("button", name=re.compile("^Delete")).click()

    expect(pipeline).to_have_count(0)


def test_a_stage_is_added_with_sequence_probability_and_color_and_edited(page: Page) -> None:
    page.goto(PIPELINES)
    page.get_by_role("link", name="Stage of Sales Pipeline").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Trial")
    dialog.get_by_label("Kind").select_option("proposal")
    dialog.get_by_label("Probability").fill("45")
    dialog.get_by_label("Colour").select_option("violet")
    dialog.get_by_role("button", name="Add stage").click()
    stage = page.locator(".stage-row", has_text="Trial")
    expect(stage).to_contain_text("45%")
    expect(stage.locator(".dot.violet")).to_be_visible()

    before = page.locator(".stage-row").all_inner_texts()
    stage.get_by_role("button", name="Move Trial up").click()
    page.locator(".stage-row").first.wait_for()
    after = page.locator(".stage-row").all_inner_texts()
    page.get_by_role("link", name="Trial", exact=True).click()
    dialog.get_by_label("Probability").fill("55")
    dialog.get_by_role("button", name="Save").click()

    assert before != after
    expect(page.locator(".stage-row", has_text="Trial")).to_contain_text("55%")


def test_stages_are_marked_as_won_or_lost(page: Page) -> None:
    page.goto(PIPELINES)

    assert page.locator(".stage-row .badge.ok", has_text="Won").count() == 2
    assert page.locator(".stage-row .badge.bad", has_text="Lost").count() == 2


# ── With the other parts ─────────────────────────────────────────────────────────────────────────


def test_every_action_on_a_record_is_logged_by_itself(page: Page, put: Put) -> None:
    lead = put("leads", title="Watched lead", priority="low")
    put(f"leads/{lead['id']}/mark-lost", reason="Price")

    page.goto(f"/crm/leads/{lead['id']}?only=changes")

    expect(page.locator("#timeline")).to_contain_text(
        re.compile(r"Status.*new.*lost", re.IGNORECASE | re.DOTALL)
    )


def test_notes_are_attached_to_a_record(page: Page, put: Put) -> None:
    lead = put("leads", title="Noted lead")
    page.goto(f"/crm/leads/{lead['id']}")

    page.locator("#composer textarea").fill("Prefers mornings")
    page.locator("#composer").get_by_role("button", name="Log").click()

    expect(page.locator("#timeline")).to_contain_text("Prefers mornings")


def test_a_field_of_ones_own_is_added_over_the_pages(page: Page, put: Put) -> None:
    page.goto("/crm/settings/custom-fields")
    page.get_by_role("link", name=re.compile("^New")).click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=kind]").select_option("lead")
    dialog.get_by_label("Label").fill("Shoe size")
    dialog.get_by_label("Name in the API").fill("shoe_size")
    dialog.get_by_label("Type").select_option("number")
    dialog.get_by_role("button", name=re.compile("^Add")).click()
    toast(page, "Shoe size")

    lead = put("leads", title="Measured lead")
    page.goto(f"/crm/leads/{lead['id']}")
    expect(page.get_by_label("Properties")).to_contain_text("Shoe size")


def test_tags_group_records_quickly(page: Page, put: Put) -> None:
    put("leads", title="Tagged lead")
    page.goto("/crm/leads?search=Tagged&cols=title,tags")

    page.get_by_label("Select all shown").check()
    page.get_by_label("Tag", exact=True).fill("Enterprise")
    page.get_by_role("button", name="Tag", exact=True).click()

    expect(row(page, "Tagged lead").locator(".tags")).to_have_text("Enterprise")
