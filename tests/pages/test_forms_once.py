"""Forms lose nothing and do their work once: sent twice, sent again after the back button, changed meanwhile, from a
session that ended, and with whatever people type."""

import asyncio
import re
from typing import Any

import pytest
import sqlalchemy as sa

from crm_api.accounts.models import Account
from crm_api.activities.models import Activity
from crm_api.contacts.models import Contact
from crm_api.leads.models import Lead
from crm_api.opportunities.models import Opportunity
from crm_api.tags.models import Tag
from crm_api.users.models import ApiKey
from crm_api.views.models import View
from tests.factories import make_lead, make_user
from tests.support.api import Api
from tests.support.pages import Visit, visiting

FORMS: dict[str, tuple[str, type, dict[str, str]]] = {
    "account": ("/crm/accounts/new", Account, {"name": "Finch Rentals"}),
    "contact": ("/crm/contacts/new", Contact, {"first_name": "Ana", "last_name": "Ruiz"}),
    "lead": ("/crm/leads/new", Lead, {"company_name": "Finch Rentals"}),
    "deal": ("/crm/opportunities/new", Opportunity, {"name": "Ten mowers"}),
    "task": ("/crm/tasks/new", Activity, {"subject": "Send the quote"}),
    "activity": ("/crm/activities/new", Activity, {"activity_type": "call", "subject": "Called Ana"}),
    "view": ("/crm/leads/views/new?status=new", View, {"name": "Mine", "shared_with": "nobody"}),
    "tag": ("/crm/settings/tags/new", Tag, {"name": "spring"}),
    "key": ("/crm/settings/api-keys/new", ApiKey, {"name": "Shop", "scopes": "leads:read"}),
}  # fmt: skip


async def at_work(api: Api) -> Visit:
    return await visiting(api, await api.db.write(make_user, "administrator"))


async def drawn(visit: Visit, path: str) -> tuple[str, str]:
    """The form at an address: where it goes, and its key."""
    page = (await visit.get(path)).text
    main = page.partition('id="main"')[2]
    form = next(one for one in re.findall(r"<form.*?</form>", main, re.DOTALL) if 'name="once"' in one)
    action, key = re.search(r'action="([^"]+)"', form), re.search(r'name="once"\s+value="([^"]+)"', form)
    assert action
    assert key
    return action[1].replace("&amp;", "&"), key[1]


async def count(api: Api, model: type) -> int:
    return int(await api.db.read(lambda s: s.scalar(sa.select(sa.func.count()).select_from(model))))


@pytest.mark.parametrize("name", FORMS)
async def test_two_taps_at_once_make_one_record(api: Api, name: str) -> None:
    path, model, fields = FORMS[name]
    visit = await at_work(api)
    action, key = await drawn(visit, path)
    before = await count(api, model)

    answers = await asyncio.gather(*(visit.post(action, once=key, **fields) for _ in range(2)))

    assert await count(api, model) == before + 1
    assert all(answer.status_code in (200, 303) for answer in answers), [a.text for a in answers]
    if name != "key":  # its first answer shows the token, once
        assert answers[0].headers["location"] == answers[1].headers["location"]


async def test_back_and_changed_is_asked_about_and_never_made_by_mistake(api: Api) -> None:
    visit = await at_work(api)
    action, key = await drawn(visit, "/crm/leads/new")
    await visit.post(action, once=key, company_name="Finch Rentals")

    again = await visit.post(action, once=key, company_name="Finch Rentals Ltd")

    assert again.status_code == 409
    assert "This form was taken already" in again.text
    assert 'value="Finch Rentals Ltd"' in again.text
    assert re.search(r'href="/crm/leads/[0-9a-f-]{36}[^"]*">See what it made', again.text)
    assert await count(api, Lead) == 1
    _, fresh = (
        re.search(r'action="(/crm/leads/new)"', again.text),
        re.findall(r'name="once"\s+value="([^"]+)"', again.text),
    )
    assert (
        await visit.post(action, once=fresh[-1], company_name="Finch Rentals Ltd", anyway="true")
    ).status_code == 303
    assert await count(api, Lead) == 2


async def test_what_was_refused_is_mended_and_sent_under_the_same_key(api: Api) -> None:
    visit = await at_work(api)
    action, key = await drawn(visit, "/crm/leads/new")

    refused = await visit.post(action, once=key, company_name="Finch", email="nobody")
    answers = [
        await visit.post(action, once=key, company_name="Finch", email="a@b.example") for _ in range(2)
    ]

    assert refused.status_code == 422
    assert [answer.status_code for answer in answers] == [303, 303]
    assert await count(api, Lead) == 1


async def test_a_call_is_logged_and_a_lead_converted_once(api: Api) -> None:
    visit = await at_work(api)
    lead = await api.db.write(make_lead, company_name="Finch Rentals")
    action, key = await drawn(visit, f"/crm/leads/{lead.id}")
    assert action.endswith("/log")
    for _ in range(2):
        assert (await visit.post(action, once=key, what="call", text="Spoke to Ana")).status_code == 303
    calls = sa.select(sa.func.count()).select_from(Activity).where(Activity.subject == "Spoke to Ana")
    assert await api.db.read(lambda s: s.scalar(calls)) == 1

    action, key = await drawn(visit, f"/crm/leads/{lead.id}/convert")
    fields = {"account": "new", "account_name": "Finch Rentals", "create_opportunity": "true"}
    answers = [await visit.post(action, once=key, **fields) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert (await count(api, Account), await count(api, Opportunity)) == (1, 1)


async def test_a_form_sent_after_the_session_ended_leads_back_to_where_its_draft_is(api: Api) -> None:
    client = api.anonymous()
    sent: dict[str, Any] = {"data": {"text": "Spoke to Ana"}}

    answers = [
        await client.post("/crm/leads/1/log", headers={"Referer": referer, "Host": "testserver"}, **sent)
        for referer in ("http://testserver/crm/leads/1?x=1", "http://elsewhere/crm/leads/1")
    ]

    assert [answer.headers["location"] for answer in answers] == ["/sign-in?next=/crm/leads/1", "/sign-in"]
