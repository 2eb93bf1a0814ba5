"""The lists: what an address shows, what its links lead to, and what is offered to whom."""

import csv
import io
import re
from html import unescape
from typing import Any

import pytest

from crm_api.access import Actor
from crm_api.core.errors import Invalid
from crm_api.pages import forms
from crm_api.pages.addresses import Address
from crm_api.pages.kinds import CONTACTS, KINDS, LEADS, Kind
from tests.factories import (
    actor_for,
    make_account,
    make_activity,
    make_contact,
    make_lead,
    make_opportunity,
    make_team,
    make_user,
    make_view,
)
from tests.support.api import Api
from tests.support.pages import FRAGMENT, Visit, visiting, weight

HOSTILE = "<img src=x onerror=alert(1)>\"'</script>"


async def at_work(api: Api, role: str = "administrator", **values: Any) -> tuple[Any, Visit]:
    """Somebody of a role with the start page open."""
    user = await api.db.write(make_user, role, **values)
    return user, await visiting(api, user)


async def kept(api: Api, make: Any, **values: Any) -> Any:
    """A record made by a factory."""
    return await api.db.write(lambda session: make(session, **values))


def names(page: str) -> list[str]:
    """What the rows of a list are called."""
    return [unescape(n) for n in re.findall(r'class="row-name"[^>]*><bdi>(.*?)</bdi>', page, re.S)]


# ── Rows ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS, ids=[kind.key for kind in KINDS])
async def test_every_kind_has_its_list_and_says_so_where_it_is_empty(api: Api, kind: Kind) -> None:
    _, visit = await at_work(api)

    page = await visit.get(kind.path)

    assert page.status_code == 200, page.text
    assert f"No {kind.title.lower()} yet." in page.text


async def test_a_list_shows_each_record_with_its_page(api: Api) -> None:
    _, visit = await at_work(api)
    lead = await kept(api, make_lead, title="Harbor Logistics")

    page = (await visit.get("/crm/leads")).text

    assert f'href="/crm/leads/{lead.id}"' in page
    assert names(page) == ["Harbor Logistics"]


async def test_a_filter_in_the_address_holds_and_stands_there_as_a_chip(api: Api) -> None:
    _, visit = await at_work(api)
    await kept(api, make_lead, title="Near", source="website")
    await kept(api, make_lead, title="Far", source="referral")

    page = (await visit.get("/crm/leads?source=website&sort=title")).text

    assert names(page) == ["Near"]
    assert re.search(r"Source is <strong><bdi>Website</bdi></strong>", page)
    assert 'href="/crm/leads?sort=title"' in page  # the chip without it


async def test_a_filter_that_cannot_be_is_a_sentence_and_a_way_out(api: Api) -> None:
    _, visit = await at_work(api)

    page = await visit.get("/crm/leads?colour=blue")

    assert page.status_code == 200
    assert "There is no parameter" in page.text
    assert "Clear the filters" in page.text


async def test_a_sort_stands_in_the_address_and_turns_round_at_its_heading(api: Api) -> None:
    _, visit = await at_work(api)
    for title in ("Beta", "Alpha", "Gamma"):
        await kept(api, make_lead, title=title)

    page = (await visit.get("/crm/leads?sort=title")).text

    assert names(page) == ["Alpha", "Beta", "Gamma"]
    assert 'aria-sort="ascending"' in page
    assert 'href="/crm/leads?sort=-title"' in page


async def test_more_rows_than_one_page_go_on_by_a_cursor(api: Api) -> None:
    _, visit = await at_work(api)

    def many(session: Any) -> None:
        for n in range(61):
            make_account(session, name=f"Account {n:03}")

    await api.db.write(many)

    first = (await visit.get("/crm/accounts")).text
    more = re.search(r'hx-get="(/crm/accounts\?cursor=[^"]+)"', first)
    assert more
    second = (await visit.get(unescape(more[1]))).text

    assert (len(names(first)), len(names(second))) == (50, 11)
    assert not set(names(first)) & set(names(second))


async def test_columns_are_chosen_in_the_address(api: Api) -> None:
    _, visit = await at_work(api)
    await kept(api, make_lead, title="Harbor", city="Lima")

    page = (await visit.get("/crm/leads?cols=title,city")).text

    headings = re.findall(r"<th scope=\"col\".*?</th>", page, re.S)
    assert [re.sub(r"<[^>]*>|\s", "", heading) for heading in headings] == ["Title", "City"]
    assert "Lima" in page


async def test_tasks_are_activities_of_that_type_alone(api: Api) -> None:
    _, visit = await at_work(api)
    await kept(api, make_activity, activity_type="task", subject="Call Dana")
    await kept(api, make_activity, activity_type="call", subject="Called Dana")

    assert names((await visit.get("/crm/tasks")).text) == ["Call Dana"]
    assert set(names((await visit.get("/crm/activities")).text)) == {"Call Dana", "Called Dana"}


async def test_nobody_sees_the_leads_of_others(api: Api) -> None:
    other, _ = await at_work(api, "rep")
    _, visit = await at_work(api, "rep")
    await kept(api, make_lead, title="Not yours", owner_id=other.id)

    assert names((await visit.get("/crm/leads")).text) == []


@pytest.mark.parametrize("name", [HOSTILE, "x" * 200, "שלום עולם"])
async def test_a_name_is_shown_as_it_is_and_never_as_markup(api: Api, name: str) -> None:
    _, visit = await at_work(api)
    account = await kept(api, make_account, name=name)
    await kept(api, make_contact, first_name=name, last_name=None, account_id=account.id)

    for path in ("/crm/accounts", "/crm/contacts", f"/crm/accounts/{account.id}"):
        page = (await visit.get(path)).text
        assert "<img src=x" not in page
        assert name in unescape(page)


@pytest.mark.parametrize("path", ["/crm/leads", "/crm/leads?as=board"])
async def test_the_first_view_of_a_full_list_stays_below_sixty_kilobytes(api: Api, path: str) -> None:
    _, visit = await at_work(api)

    def many(session: Any) -> None:
        for n in range(80):
            make_lead(
                session, title=f"{n} Harbor Logistics {n * 7919}", first_name="Ann", last_name=f"Lee {n}"
            )

    await api.db.write(many)

    assert weight(await visit.get(path)) <= 60_000


# ── Views ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_list_is_saved_as_a_view_and_is_a_tab_from_then_on(api: Api) -> None:
    _, visit = await at_work(api)
    await kept(api, make_lead, title="Near", source="website")
    await kept(api, make_lead, title="Far", source="referral")
    await visit.get("/crm/leads/views/new?source=website&cols=title,owner")

    answer = await visit.post("/crm/leads/views?source=website&cols=title,owner", name="From the web")
    page = (await visit.get(answer.headers["location"])).text

    assert names(page) == ["Near"]
    assert re.search(r'aria-current="page">From the web', page)
    assert "Saved the view From the web" in page
    assert ">Source<" not in page


async def test_a_view_without_a_name_is_asked_for_again(api: Api) -> None:
    _, visit = await at_work(api)

    answer = await visit.post("/crm/leads/views?source=website", name="  ")

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


async def test_a_view_of_ones_own_can_be_deleted_and_had_back(api: Api) -> None:
    user, visit = await at_work(api)
    view = await kept(api, make_view, owner_id=user.id, kind="lead", name="Old")

    answer = await visit.post(f"/views/{view.id}/delete", back="/crm/leads")

    assert answer.headers["location"].startswith("/crm/leads")
    assert ">Old<" not in (await visit.get("/crm/leads")).text


# ── Filters and columns as forms ─────────────────────────────────────────────────────────────────


async def test_a_filter_form_leads_to_the_address_that_says_the_same(api: Api) -> None:
    _, visit = await at_work(api)

    answer = await visit.get(
        "/crm/leads/filter?apply=1&status__in=new&status__in=lost&source__in=website&score__gte=50&score__lte=&tags="
    )

    assert answer.headers["location"] == "/crm/leads?status__in=new%2Clost&score__gte=50&source=website"


async def test_an_account_is_named_in_a_filter_and_stands_there_by_its_id(api: Api) -> None:
    _, visit = await at_work(api)
    account = await kept(api, make_account, name="Harbor Logistics")

    answer = await visit.get("/crm/contacts/filter?apply=1&account_id=harbor+logistics")

    assert answer.headers["location"] == f"/crm/contacts?account_id={account.id}"


async def test_any_other_field_can_be_filtered_too(api: Api) -> None:
    _, visit = await at_work(api)

    answer = await visit.get("/crm/leads/filter?apply=1&other_field=city&other_op=contains&other_value=Lim")

    assert answer.headers["location"] == "/crm/leads?city__contains=Lim"


async def test_the_column_form_leads_to_the_columns_in_their_order(api: Api) -> None:
    _, visit = await at_work(api)

    answer = await visit.get("/crm/leads/columns?apply=1&status=new&col=title&col=city")

    assert answer.headers["location"] == "/crm/leads?status=new&cols=title%2Ccity"


def test_an_address_loses_its_place_when_what_it_asks_changes() -> None:
    address = Address.of("/crm/leads", [("status", "new"), ("cursor", "abc"), ("empty", "")])

    assert str(address.with_("sort", "title")) == "/crm/leads?status=new&sort=title"


# ── Export ───────────────────────────────────────────────────────────────────────────────────────


async def test_the_export_holds_every_row_and_the_columns_of_the_list(api: Api) -> None:
    _, visit = await at_work(api)
    await kept(api, make_lead, title="Near", source="website")
    await kept(api, make_lead, title="Far", source="referral")

    answer = await visit.get("/crm/leads/export.csv?source=website&cols=title,source")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert answer.headers["content-type"].startswith("text/csv")
    assert [(row["title"], row["source"]) for row in rows] == [("Near", "website")]


# ── Many at once ─────────────────────────────────────────────────────────────────────────────────


async def test_ticked_records_are_changed_together_and_undone_together(api: Api) -> None:
    user, visit = await at_work(api)
    leads = [await kept(api, make_lead, priority="low") for _ in range(2)]
    await visit.get("/crm/leads")

    answer = await visit.post(
        "/crm/leads/bulk",
        ids=[str(lead.id) for lead in leads],
        action="change",
        change="priority=urgent",
        back="/crm/leads",
    )
    done = re.search(r"done=([0-9a-f-]+)", answer.headers["location"])
    assert done
    client = await api.signed_in(user)
    changed = [(await client.get(f"/api/v1/crm/leads/{lead.id}")).json()["priority"] for lead in leads]
    await visit.post(f"/undo/{done[1]}")
    undone = [(await client.get(f"/api/v1/crm/leads/{lead.id}")).json()["priority"] for lead in leads]

    assert (changed, undone) == (["urgent"] * 2, ["low"] * 2)


async def test_where_one_cannot_be_changed_none_is(api: Api) -> None:
    user, visit = await at_work(api, "rep")
    mine = await kept(api, make_lead, owner_id=user.id, title="Mine", priority="low")
    lost = await kept(api, make_lead, owner_id=user.id, title="Gone", priority="low", status="converted")
    await visit.get("/crm/leads")

    answer = await visit.post(
        "/crm/leads/bulk", ids=[str(mine.id), str(lost.id)], action="change", change="priority=urgent"
    )
    shown = (await (await api.signed_in(user)).get(f"/api/v1/crm/leads/{mine.id}")).json()

    assert answer.status_code == 409
    assert "Gone" in answer.text
    assert shown["priority"] == "low"


async def test_a_tag_is_added_to_those_that_are_there(api: Api) -> None:
    user, visit = await at_work(api)
    account = await kept(api, make_account)
    client = await api.signed_in(user)
    await client.patch(f"/api/v1/crm/accounts/{account.id}", json={"tags": ["Old"]})
    await visit.get("/crm/accounts")

    await visit.post("/crm/accounts/bulk", ids=str(account.id), action="tag", tag="New")

    shown = (await client.get(f"/api/v1/crm/accounts/{account.id}")).json()
    assert set(shown["tags"]) == {"Old", "New"}


@pytest.mark.parametrize("form", [{}, {"ids": "x"}, {"action": "burn"}])
async def test_a_bulk_form_that_makes_no_sense_is_a_sentence(api: Api, form: dict[str, str]) -> None:
    _, visit = await at_work(api)
    lead = await kept(api, make_lead)
    await visit.get("/crm/leads")

    answer = await visit.post(
        "/crm/leads/bulk", **({"ids": str(lead.id)} if "action" in form else {}), **form
    )

    assert answer.status_code in (400, 422)


# ── Buttons ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS, ids=[kind.key for kind in KINDS])
async def test_a_viewer_is_offered_nothing_that_would_be_refused(api: Api, kind: Kind) -> None:
    def made(session: Any) -> Any:
        team = make_team(session)
        owner = make_user(session, "rep", team_id=team.id)
        account = make_account(session, owner_id=owner.id, team_id=team.id)
        one = {
            "leads": lambda: make_lead(session, owner_id=owner.id, team_id=team.id),
            "opportunities": lambda: make_opportunity(
                session, account_id=account.id, owner_id=owner.id, team_id=team.id
            ),
            "accounts": lambda: account,
            "contacts": lambda: make_contact(session, account_id=account.id),
            "activities": lambda: make_activity(session, account_id=account.id, owner_id=owner.id),
            "tasks": lambda: make_activity(
                session, "task", account_id=account.id, owner_id=owner.id, status="scheduled"
            ),
        }[kind.key]()
        return make_user(session, "viewer", team_id=team.id), one

    viewer, one = await api.db.write(made)
    visit = await visiting(api, viewer)

    pages = [(await visit.get(kind.path)).text, (await visit.get(kind.address(one.id))).text]
    if kind.board:
        pages.append((await visit.get(f"{kind.path}?as=board")).text)

    assert len(names(pages[0])) == 1
    for page in pages:
        assert 'action="/undo' not in page.replace('<form method="post">', "")
        posts = set(re.findall(r'action="([^"]+)"\s+method="post"', page))
        assert posts <= {"/sign-out"}
        assert "data-edit=" not in page
        assert f'href="{kind.path}/new"' not in page
        assert "data-movable" not in page


# ── What was typed ───────────────────────────────────────────────────────────────────────────────


async def reading(api: Api, kind: Kind, typed: dict[str, str], **how: Any) -> Any:
    """The body that a form stands for, as an administrator in Lima sends it."""

    def read(session: Any) -> Any:
        actor: Actor = actor_for(session, make_user(session, "administrator", time_zone="America/Lima"))
        return forms.body(session, actor, kind, typed, **how)

    return await api.db.write(read)


async def test_amounts_are_read_as_people_write_them(api: Api) -> None:
    body = await reading(api, LEADS, {"company_name": "A", "estimated_value": "12,500.50"})

    assert float(body.estimated_value) == 12500.5


async def test_a_time_is_that_of_whoever_typed_it(api: Api) -> None:
    body = await reading(api, LEADS, {"next_follow_up_date": "2026-12-01T09:00"}, changing=True)

    assert body.next_follow_up_date.isoformat() == "2026-12-01T14:00:00+00:00"


async def test_what_is_left_empty_is_left_out_of_a_new_record_and_emptied_in_a_changed_one(api: Api) -> None:
    new = await reading(api, LEADS, {"company_name": "A", "phone": ""})
    changed = await reading(api, LEADS, {"phone": ""}, changing=True)

    assert "phone" not in new.model_fields_set
    assert changed.model_dump(exclude_unset=True) == {"phone": None}


async def test_every_field_at_fault_is_named(api: Api) -> None:
    with pytest.raises(Invalid) as refused:
        await reading(api, LEADS, {"estimated_value": "many", "next_follow_up_date": "soon"})

    assert {error.field for error in refused.value.errors} == {"estimated_value", "next_follow_up_date"}


async def test_of_namesakes_one_is_picked_by_its_number(api: Api) -> None:
    one = await kept(api, make_account, name="Harbor", number="ACC-1")
    await kept(api, make_account, name="Harbor", number="ACC-2")

    body = await reading(api, CONTACTS, {"first_name": "Ann", "account_id": "Harbor · ACC-1"})
    with pytest.raises(Invalid, match="several are called so"):
        await reading(api, CONTACTS, {"first_name": "Ann", "account_id": "Harbor"})

    assert body.account_id == one.id


async def test_nobody_picks_what_they_do_not_see(api: Api) -> None:
    await kept(api, make_account, name="Hidden")
    _, visit = await at_work(api, "rep")

    assert "Hidden" not in (await visit.get("/pick/account?q=hid", **FRAGMENT)).text
