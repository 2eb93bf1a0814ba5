"""A working day in a real Chromium: lists, records, boards and dialogues by mouse, by thumb and by keys alone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import DESK, PHONE, Opener, violations
from tests.support.site import EMAIL, PASSWORD

pytestmark = pytest.mark.browser
PAGES = (
    "/crm/leads", "/crm/opportunities", "/crm/accounts", "/crm/contacts", "/crm/activities", "/crm/tasks",
    "/crm/leads?as=board", "/crm/opportunities?as=board", "/notifications", "/search?q=fin", "/crm/leads/new",
    "/crm/leads/filter", "/crm/leads/columns", "/crm/leads/views/new?status=new",
)  # fmt: skip
LOOKS = [(size, theme) for size in (DESK, PHONE) for theme in ("light", "dark")]


def made(page: Page, kind: str, **fields: str) -> str:
    """Make a record with its form; the address of its page."""
    page.goto(f"/crm/{kind}/new")
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=False).first.fill(value)
    page.get_by_role("button", name=re.compile("^Add")).click()
    page.wait_for_url(re.compile(rf"/crm/{kind}/[0-9a-f-]{{36}}"))
    return page.url


def dealt(page: Page, name: str) -> Any:
    """A new deal on the board, as the element of its card."""
    made(page, "opportunities", Name=name, Value="1200")
    page.goto("/crm/opportunities?as=board")
    return page.get_by_role("listitem", name=name)


def column(page: Page, name: str) -> Any:
    """The column of a stage."""
    return page.locator(f'.column[data-name="{name}"]')


# ── By mouse ─────────────────────────────────────────────────────────────────────────────────────


def test_a_lead_is_made_in_the_dialogue_and_undone(opened: Opener) -> None:
    page = opened("/crm/leads")

    page.get_by_role("link", name="New lead").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Company name").fill("Harbor Logistics")
    dialog.get_by_label("Value").fill("12,500")
    dialog.get_by_role("button", name="Add lead").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbor Logistics")
    expect(page.locator(".toast")).to_contain_text("Added lead Harbor Logistics")
    page.locator(".toast").get_by_role("button", name="Undo").click()

    expect(page.locator(".toast")).to_contain_text("Undone")
    page.goto("/crm/leads?search=Harbor")
    expect(page.get_by_text("No leads match.")).to_be_visible()


def test_a_refused_form_stays_open_with_what_was_typed(opened: Opener) -> None:
    page = opened("/crm/leads", forgive=["422"])

    page.get_by_role("link", name="New lead").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Company name").fill("Harbor")
    dialog.get_by_label("E-mail").fill("nobody")
    dialog.get_by_role("button", name="Add lead").click()

    expect(dialog.locator(".field-error")).to_be_visible()
    expect(dialog.get_by_label("Company name")).to_have_value("Harbor")


def test_a_card_is_dragged_to_another_column_and_undone(opened: Opener) -> None:
    page = opened()
    card = dealt(page, "Dragged by mouse")
    target = column(page, "Proposal")
    before = int(target.locator(".tally").inner_text())

    drag(page, card, target)

    expect(target.get_by_role("listitem", name="Dragged by mouse")).to_be_visible()
    expect(target.locator(".tally")).to_have_text(str(before + 1))
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(column(page, "Prospecting").get_by_role("listitem", name="Dragged by mouse")).to_be_visible()


def drag(page: Page, card: Any, target: Any) -> None:
    """Carry a card by mouse."""
    card.scroll_into_view_if_needed()
    start, end = card.bounding_box(), target.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + 45)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 120, steps=12)
    page.mouse.up()


def test_a_card_moved_by_somebody_else_goes_where_they_put_it(opened: Opener) -> None:
    page = opened(forgive=["412"])
    card = dealt(page, "Wanted by two")
    other = page.context.new_page()
    other.goto("/crm/opportunities?as=board")
    drag(other, other.get_by_role("listitem", name="Wanted by two"), column(other, "Qualification"))
    expect(column(other, "Qualification").get_by_role("listitem", name="Wanted by two")).to_be_visible()

    drag(page, card, column(page, "Proposal"))

    expect(page.locator(".toast.bad")).to_be_visible()
    expect(column(page, "Qualification").get_by_role("listitem", name="Wanted by two")).to_be_visible()


def test_losing_a_card_asks_why_first(opened: Opener) -> None:
    page = opened(size={"width": 2300, "height": 900})
    card = dealt(page, "Lost on the board")

    drag(page, card, column(page, "Closed lost"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why?").fill("Price")
    dialog.get_by_role("button", name="Mark as lost").click()

    expect(column(page, "Closed lost").get_by_role("listitem", name="Lost on the board")).to_be_visible()


def test_a_value_is_changed_where_it_stands_in_a_list(opened: Opener) -> None:
    page = opened()
    made(page, "leads", Company_name="Edited in place")
    page.goto("/crm/leads?search=Edited&cols=title,priority")
    cell = page.locator("td[data-edit]").first

    cell.hover()
    cell.get_by_role("button").click()
    cell.locator("select").select_option("urgent")
    cell.get_by_role("button", name="Save").click()

    expect(cell.locator("form")).to_have_count(0)
    expect(cell).to_contain_text("Urgent")
    page.reload()
    expect(page.locator("td[data-edit]").first).to_contain_text("Urgent")


def test_several_leads_are_ticked_and_changed_together(opened: Opener) -> None:
    page = opened()
    for n in range(3):
        made(page, "leads", Company_name=f"Bulk {n}")
    page.goto("/crm/leads?search=Bulk")
    ticks = page.locator('.tick[name="ids"]')

    ticks.nth(0).click()
    ticks.nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-count]")).to_have_text("3")
    page.get_by_label("Change to").select_option("priority=urgent")
    page.get_by_role("button", name="Apply").click()

    expect(page.locator(".toast")).to_contain_text("Changed 3 leads")


def test_a_call_is_logged_and_stands_on_the_timeline(opened: Opener) -> None:
    page = opened()
    made(page, "leads", Company_name="Called today")

    page.locator("#composer").get_by_role("radio", name="Call").check()
    page.locator("#composer textarea").fill("Spoke to Ann\nWants a quote")
    page.locator("#composer").get_by_role("button", name="Log").click()

    expect(page.locator("#timeline")).to_contain_text("Wants a quote")
    page.locator("#timeline").get_by_role("link", name="Notes").click()
    expect(page.locator("#timeline")).to_contain_text("Nothing of that sort.")


def test_a_lead_is_converted_in_its_dialogue(opened: Opener) -> None:
    page = opened()
    made(page, "leads", Company_name="Converted Ltd", First_name="Ann")

    page.get_by_role("link", name="Convert").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("First order")
    page.get_by_role("dialog").get_by_role("button", name="Convert").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("First order")
    expect(page.get_by_label("Beside")).to_contain_text("Converted Ltd")


# ── By keys alone ────────────────────────────────────────────────────────────────────────────────


def test_the_palette_finds_a_record_and_opens_it(opened: Opener) -> None:
    page = opened()

    page.keyboard.press("Control+k")
    page.keyboard.type("finch")
    found = page.locator("#palette").get_by_role("link", name=re.compile("Finch Rentals")).first
    expect(found).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(found).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Finch Rentals")


def test_a_card_is_carried_by_keys_and_put_back_by_escape(opened: Opener) -> None:
    page = opened()
    dealt(page, "Carried by keys").focus()

    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(column(page, "Prospecting").get_by_role("listitem", name="Carried by keys")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")

    expect(column(page, "Qualification").get_by_role("listitem", name="Carried by keys")).to_be_focused()
    expect(page.locator(".toast")).to_contain_text("Moved Carried by keys to Qualification")


def test_rows_are_walked_ticked_and_opened_by_keys(opened: Opener) -> None:
    page = opened("/crm/accounts")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-count]")).to_have_text("1")
    name = page.locator("tr.chosen .row-name").inner_text()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_g_and_a_letter_lead_to_a_page_and_c_makes_a_record(opened: Opener) -> None:
    page = opened()

    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads")
    page.keyboard.press("c")

    expect(page.get_by_role("dialog").get_by_label("Company name")).to_be_focused()


# ── By thumb ─────────────────────────────────────────────────────────────────────────────────────


def test_a_card_is_lifted_by_a_hold_of_the_thumb(opened: Opener) -> None:
    page = opened(size=PHONE)
    card = dealt(page, "Held by a thumb")
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    touch = page.context.new_cdp_session(page)
    start = {"x": box["x"] + 120, "y": box["y"] + 45}

    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [start]})
    page.wait_for_timeout(400)
    for x in range(int(start["x"]), 375, 20):
        touch.send(
            "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": start["y"]}]}
        )
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(column(page, "Qualification").get_by_role("listitem", name="Held by a thumb")).to_be_attached()
    expect(page.locator(".toast")).to_contain_text("Moved Held by a thumb")


def test_a_card_is_moved_by_its_menu_on_a_phone(opened: Opener) -> None:
    page = opened(size=PHONE)
    card = dealt(page, "Moved by menu")

    card.get_by_role("link", name="Move Moved by menu").click()
    page.get_by_role("dialog").get_by_role("button", name="Negotiation").click()

    expect(page.locator(".toast")).to_contain_text("Moved Moved by menu to Negotiation")


def test_more_opens_the_whole_menu_on_a_phone(opened: Opener) -> None:
    page = opened(size=PHONE)

    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Contacts").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Contacts")


# ── What goes wrong ──────────────────────────────────────────────────────────────────────────────


def test_nothing_typed_is_lost_when_the_session_ends(opened: Opener) -> None:
    page = opened("/crm/leads", forgive=["401"])
    page.get_by_role("link", name="New lead").click()
    page.get_by_role("dialog").get_by_label("Company name").fill("Typed before")
    page.context.clear_cookies()

    page.get_by_role("dialog").get_by_role("button", name="Add lead").click()
    page.get_by_label("E-mail address").wait_for()
    sign_in_here(page)
    page.get_by_role("link", name="New lead").click()

    expect(page.get_by_role("dialog").get_by_label("Company name")).to_have_value("Typed before")
    page.get_by_role("dialog").get_by_role("button", name="Add lead").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Typed before")
    page.goto("/crm/leads/new")
    expect(page.get_by_label("Company name")).to_have_value("")


def sign_in_here(page: Page) -> None:
    """Fill in the sign-in form that is open."""
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/crm/leads"))


def test_without_a_connection_nothing_is_lost_and_it_says_so(opened: Opener) -> None:
    page = opened("/crm/leads", forgive=["ERR_INTERNET_DISCONNECTED", "htmx:afterRequest", "htmx:sendError"])
    page.get_by_role("link", name="New lead").click()
    page.get_by_role("dialog").get_by_label("Company name").fill("On the train")
    page.context.set_offline(True)

    page.get_by_role("dialog").get_by_role("button", name="Add lead").click()

    expect(page.locator(".toast.bad")).to_contain_text("No connection")
    expect(page.get_by_role("dialog").get_by_label("Company name")).to_have_value("On the train")


def test_sending_twice_makes_one(opened: Opener) -> None:
    page = opened("/crm/leads")
    page.get_by_role("link", name="New lead").click()
    page.get_by_role("dialog").get_by_label("Company name").fill("Sent twice")

    page.get_by_role("dialog").get_by_role("button", name="Add lead").dblclick()
    page.wait_for_url(re.compile("/crm/leads/[0-9a-f-]{36}"))
    page.go_back()
    page.goto("/crm/leads?search=Sent+twice")

    expect(page.locator("[data-row]")).to_have_count(1)


# ── Everybody ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", PAGES)
def test_no_page_shuts_anybody_out(opened: Opener, path: str) -> None:
    size, theme = LOOKS[PAGES.index(path) % len(LOOKS)]
    page = opened(path, size=size, color_scheme=theme, bypass_csp=True)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.deep
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]['width']}-{look[1]}")
@pytest.mark.parametrize("path", PAGES)
def test_no_page_shuts_anybody_out_in_any_look(opened: Opener, path: str, look: Any) -> None:
    size, theme = look
    page = opened(path, size=size, color_scheme=theme, bypass_csp=True)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize(
    ("kind", "look"), list(zip(("leads", "opportunities", "accounts", "contacts"), LOOKS, strict=True))
)
def test_no_record_and_no_dialogue_shuts_anybody_out(opened: Opener, kind: str, look: Any) -> None:
    size, theme = look
    page = opened(size=size, color_scheme=theme, bypass_csp=True)
    name = {"leads": "Company name", "contacts": "First name"}.get(kind, "Name")
    made(
        page, kind, **{name.replace(" ", "_"): "A name that is rather long for the room there is on a phone"}
    )
    found = {"record": violations(page)}
    wide = page.evaluate("document.documentElement.scrollWidth")
    opens = {"leads": "Convert", "opportunities": "Lost"}.get(kind)
    if opens:
        page.get_by_role("link", name=opens, exact=True).click()
        page.get_by_role("dialog").wait_for()
        found[opens] = violations(page)
        page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_role("link", name="Today").last.wait_for()
    found["palette"] = violations(page)

    assert not any(found.values()), found
    assert wide <= size["width"]


def test_the_map_needs_no_other_host(opened: Opener) -> None:
    page = opened("/crm/accounts?search=Finch")
    page.locator("a.row-name").first.click()

    page.locator("[data-map]").scroll_into_view_if_needed()

    expect(page.locator(".map .spot-mark")).to_be_attached()
