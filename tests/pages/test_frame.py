"""What every page has around it: menu, palette, bell, toasts and undo."""

import re

import pytest

from crm_api.contacts import service as contacts
from crm_api.contacts.schemas import ContactIn
from crm_api.core import context
from crm_api.core.database import Database
from crm_api.modules import service as modules
from crm_api.notifications.service import News, tell
from crm_api.pages import frame, navigation
from crm_api.users.models import User
from tests.factories import actor_for, make_user
from tests.support.api import Api
from tests.support.pages import FRAGMENT, Visit, visiting


async def looking(api: Api, role: str = "rep", **values: object) -> tuple[User, Visit]:
    """Somebody of a role with the start page open."""
    user = await api.db.write(make_user, role, **values)
    return user, await visiting(api, user)


async def told(db: Database, user: User, summary: str) -> None:
    """Something is told to somebody about themselves."""
    news = News("mention", summary, "user", user.id, summary)
    await db.write(lambda session: tell(session, [user.id], news) and None)


# ── Menu ─────────────────────────────────────────────────────────────────────────────────────────


async def test_the_entry_of_the_page_one_looks_at_is_marked(api: Api) -> None:
    _, visit = await looking(api)

    page = (await visit.get("/")).text

    assert re.findall(r'class="nav-item"\s+href="([^"]+)"[^>]*aria-current="page"', page) == ["/"]


async def test_a_part_that_is_switched_off_is_in_no_menu(api: Api) -> None:
    await api.db.write(lambda session: modules.uninstall(session, name="visits") and None)
    _, visit = await looking(api)

    assert "Visits</a>" not in (await visit.get("/")).text


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/crm/leads", "/crm/leads"),
        ("/crm/leads/1", "/crm/leads"),
        ("/crm/leadsome", "/crm"),
        ("/somewhere", None),
        ("/", "/"),
    ],
)
def test_a_page_stands_under_the_longest_address_it_begins_with(path: str, current: str | None) -> None:
    assert navigation.current_path(["/", "/crm", "/crm/leads"], path) == current


def test_no_two_entries_share_a_letter() -> None:
    assert len(set(navigation.LETTERS.values())) == len(navigation.LETTERS)


# ── Palette ──────────────────────────────────────────────────────────────────────────────────────


async def test_the_palette_offers_pages_by_the_first_letters(api: Api) -> None:
    _, visit = await looking(api)

    found = (await visit.get("/search?q=tod", **FRAGMENT)).text

    assert 'href="/"' in found
    assert "Outbox" not in found


async def test_what_was_typed_can_be_asked(api: Api) -> None:
    _, visit = await looking(api)

    found = (await visit.get("/search?q=how+many+leads", **FRAGMENT)).text

    assert re.search(r'name="question"\s+value="how many leads"', found)


async def test_without_script_the_search_is_a_page(api: Api) -> None:
    _, visit = await looking(api)

    page = (await visit.get("/search?q=today")).text

    assert "<html" in page
    assert 'value="today"' in page


# ── Bell ─────────────────────────────────────────────────────────────────────────────────────────


async def test_the_bell_counts_what_was_not_read(api: Api) -> None:
    user, visit = await looking(api)
    await told(api.db, user, "Dana said your name")
    await told(api.db, user, "Dana said it again")

    assert '<span class="count">2<' in (await visit.get("/")).text


async def test_opening_a_notification_ticks_it_off(api: Api) -> None:
    user, visit = await looking(api)
    await told(api.db, user, "Dana said your name")
    listed = (await visit.get("/notifications")).text
    found = re.search(r"/notifications/[0-9a-f-]{36}/open", listed)
    assert found

    await visit.post(found[0])

    assert '<span class="count">' not in (await visit.get("/")).text
    assert "Dana said your name" in (await visit.get("/notifications")).text


async def test_all_are_ticked_off_at_once(api: Api) -> None:
    user, visit = await looking(api)
    await told(api.db, user, "One")
    await told(api.db, user, "Two")

    answer = await visit.post("/notifications/read", back="/")

    assert answer.headers["location"] == "/"
    assert '<span class="count">' not in (await visit.get("/")).text


async def test_nobody_reads_the_notifications_of_others(api: Api) -> None:
    user, _ = await looking(api)
    await told(api.db, user, "Dana said your name")
    _, other = await looking(api)

    assert "Dana" not in (await other.get("/notifications")).text


# ── Toasts and undo ──────────────────────────────────────────────────────────────────────────────


async def renamed(api: Api, user: User) -> tuple[str, str]:
    """A contact of somebody that they made just now; its id and that of the change set."""

    def make(session):  # type: ignore[no-untyped-def]
        actor = actor_for(session, user)
        made = contacts.create(session, actor, data=ContactIn(first_name="Dana"))
        session.flush()
        return str(made.id), str(session.info["change_set"])

    with context.working(actor_id=user.id, origin="web", label="Added Dana"):
        contact_id, change_set = await api.db.write(make)
    return contact_id, change_set


async def test_what_was_just_done_is_said_with_an_undo(api: Api) -> None:
    user, visit = await looking(api)
    _, change_set = await renamed(api, user)

    page = (await visit.get(f"/?done={change_set}")).text

    assert "Added Dana" in page
    assert f'action="/undo/{change_set}"' in page


async def test_undo_takes_it_back_and_says_so(api: Api) -> None:
    user, visit = await looking(api)
    contact_id, change_set = await renamed(api, user)

    answer = await visit.post(f"/undo/{change_set}", back="/notifications")
    page = (await visit.get(answer.headers["location"])).text

    assert answer.headers["location"].startswith("/notifications?done=")
    assert "Undone: Added Dana" in page
    assert (await (await api.signed_in(user)).get(f"/api/v1/crm/contacts/{contact_id}")).json()["archived_at"]


async def test_undoing_twice_is_refused_with_a_sentence(api: Api) -> None:
    user, visit = await looking(api)
    _, change_set = await renamed(api, user)
    await visit.post(f"/undo/{change_set}")

    again = await visit.post(f"/undo/{change_set}")

    assert again.status_code == 409
    assert "undone already" in again.text


async def test_the_doing_of_others_is_not_told_by_an_address(api: Api) -> None:
    user, _ = await looking(api)
    _, change_set = await renamed(api, user)
    _, other = await looking(api)

    assert "Added Dana" not in (await other.get(f"/?done={change_set}")).text


@pytest.mark.parametrize("done", ["", "nonsense", "01920000-0000-7000-8000-000000000000"])
async def test_an_address_with_something_else_in_it_says_nothing(api: Api, done: str) -> None:
    _, visit = await looking(api)

    page = await visit.get(f"/?done={done}")

    assert page.status_code == 200
    assert "data-toast" not in page.text


async def test_undo_never_leads_to_another_site(api: Api) -> None:
    user, visit = await looking(api)
    _, change_set = await renamed(api, user)

    answer = await visit.post(f"/undo/{change_set}", back="//evil.example")

    assert answer.headers["location"].startswith("/?done=")


async def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(api: Api) -> None:
    answer = await api.anonymous().post(
        "/notifications/read", headers={**FRAGMENT, "HX-Current-URL": "http://testserver/notifications?x=1"}
    )

    assert answer.headers["hx-redirect"] == "/sign-in?next=/notifications"


@pytest.mark.parametrize(
    ("role", "kind", "may"),
    [
        ("viewer", "lead", False),
        ("rep", "lead", True),
        ("field", "account", False),
        ("field", "contact", True),
    ],
)
async def test_who_may_make_nothing_is_offered_nothing(api: Api, role: str, kind: str, may: bool) -> None:
    actor = await api.db.write(lambda session: actor_for(session, make_user(session, role)))

    assert frame.may_make(actor, kind) is may
