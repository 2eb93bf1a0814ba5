"""Importing on the pages: a file, its columns, a try, and the import."""

import re
from html import unescape
from typing import Any

import pytest

from crm_api.pages.import_pages import guessed
from tests.factories import make_account
from tests.pages.test_lists import at_work, kept, names
from tests.pages.test_records import plain
from tests.support.api import Api
from tests.support.pages import OWN, Visit

FILE = "id,company,city,phone,notes\n1,Harbor Logistics,Lima,+1 614 555 0100,x\n2,Finch Rentals,Troy,,y\n"


async def chosen(visit: Visit, text: str = FILE, **fields: str) -> Any:
    """Somebody chooses a file; the answer with its columns."""
    await visit.get("/crm/imports/new")
    data = {"csrf_token": visit.token, "kind": "accounts", "system": "old", **fields}
    return visit._noted(
        await visit.client.post(
            "/crm/imports/new", data=data, files={"file": ("dealers.csv", text, "text/csv")}, headers=OWN
        )
    )


def form_of(page: str) -> tuple[str, dict[str, str]]:
    """Where the form of the columns goes, and what stands in it."""
    action = re.search(r'action="(/crm/imports/[0-9a-f-]+/check)"', page)
    assert action, page
    hidden = dict(re.findall(r'<input type="hidden"\s+name="(kind|system|name)"\s+value="([^"]*)"', page))
    picked = {}
    for name, options in re.findall(r'<select[^>]*name="(column:[^"]+)"[^>]*>(.*?)</select>', page, re.S):
        found = re.search(r'value="(\w+)"\s+selected', options)
        picked[unescape(name)] = found[1] if found else ""
    return action[1], hidden | picked


async def tried(visit: Visit, page: str, **changes: str) -> Any:
    """The columns are confirmed; the page of the run."""
    action, fields = form_of(page)
    answer = await visit.post(action, **(fields | changes))
    assert answer.status_code == 303, answer.text
    return await visit.get(answer.headers["location"])


async def test_a_file_is_tried_and_then_imported_and_undone(api: Api) -> None:
    _, visit = await at_work(api)
    page = await chosen(visit)

    run = await tried(visit, page.text)
    nothing = names((await visit.get("/crm/accounts")).text)
    go = re.search(r'action="(/crm/imports/[0-9a-f-]+/go)"', run.text)
    upload = re.search(r'name="upload"\s+value="([0-9a-f-]+)"', run.text)
    assert go
    assert upload
    done = await visit.post(go[1], upload=upload[1])
    after = (await visit.get(done.headers["location"])).text

    assert "Rows 2 Fine 2 Faulty 0" in plain(run.text)
    assert nothing == []
    assert "New 2" in plain(after)
    assert set(names((await visit.get("/crm/accounts")).text)) == {"Harbor Logistics", "Finch Rentals"}
    undo = re.search(r'action="(/undo/[0-9a-f-]+)"', after)
    assert undo
    await visit.post(undo[1])
    assert names((await visit.get("/crm/accounts")).text) == []


async def test_the_columns_are_guessed_by_their_names(api: Api) -> None:
    _, visit = await at_work(api)

    page = (await chosen(visit, FILE.replace("company", "name"))).text

    assert form_of(page)[1] | {} == {
        "kind": "accounts", "system": "old", "name": "dealers.csv", "column:id": "external_id", "column:name": "name",
        "column:city": "billing_city", "column:phone": "phone", "column:notes": "",
    }  # fmt: skip
    assert "Harbor Logistics" in page


def test_each_field_is_guessed_once() -> None:
    assert guessed("contacts", ["E-mail", "email", "First Name"]) == {
        "E-mail": "email",
        "First Name": "first_name",
    }


async def test_faulty_rows_are_told_and_can_be_left_out(api: Api) -> None:
    _, visit = await at_work(api)
    page = await chosen(visit, "id,name,employees\n1,Harbor,many\n2,Finch,12\n")

    run = await tried(visit, page.text)
    errors = re.search(r'href="(/crm/imports/[0-9a-f-]+/errors.csv)"', run.text)
    assert errors
    go = re.search(r'action="(/crm/imports/[0-9a-f-]+/go)"', run.text)
    upload = re.search(r'name="upload"\s+value="([0-9a-f-]+)"', run.text)
    assert go
    assert upload
    await visit.post(go[1], upload=upload[1], skip_errors="true")

    assert "many" in (await visit.get(errors[1])).text
    assert names((await visit.get("/crm/accounts")).text) == ["Finch"]


async def test_what_is_missing_is_said_and_the_columns_stay_as_chosen(api: Api) -> None:
    _, visit = await at_work(api)
    action, fields = form_of((await chosen(visit, FILE.replace("company", "name"))).text)

    answer = await visit.post(action, **(fields | {"column:name": ""}))

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert form_of(answer.text)[1]["column:city"] == "billing_city"


async def test_two_columns_for_one_field_are_refused(api: Api) -> None:
    _, visit = await at_work(api)
    action, fields = form_of((await chosen(visit, FILE.replace("company", "name"))).text)

    answer = await visit.post(action, **(fields | {"column:notes": "name"}))

    assert answer.status_code == 422
    assert "by two columns" in answer.text


@pytest.mark.parametrize("text", ["", "id,name\n", "\x00\x01"])
async def test_a_file_that_is_none_is_asked_for_again(api: Api, text: str) -> None:
    _, visit = await at_work(api)

    answer = await chosen(visit, text)

    assert answer.status_code == 422
    assert 'name="file"' in answer.text


@pytest.mark.parametrize("role", ["rep", "field", "manager", "viewer"])
async def test_only_administrators_import(api: Api, role: str) -> None:
    _, visit = await at_work(api, role)

    assert (await visit.get("/crm/imports/new")).status_code == 403
    assert (await visit.client.post(
        "/crm/imports/new", data={"csrf_token": visit.token, "kind": "accounts"},
        files={"file": ("a.csv", FILE, "text/csv")}, headers=OWN,
    )).status_code == 403  # fmt: skip
    assert "/crm/imports/new" not in (await visit.get("/crm/accounts")).text


async def test_an_import_that_is_not_there_is_not_found(api: Api) -> None:
    _, visit = await at_work(api)
    account = await kept(api, make_account)

    assert (await visit.get(f"/crm/imports/{account.id}")).status_code == 404
    assert (
        await visit.post(f"/crm/imports/{account.id}/check", kind="accounts", system="a", name="b")
    ).status_code == 404
