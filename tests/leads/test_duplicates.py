"""Records that are probably the same: found by their keys, scored, explained, and never shown to who may not see."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.matching.duplicates import CERTAINTY, certainty
from crm_api.matching.names import company_key, domain_of, is_business_address, person_key
from tests.app.resources import ACCOUNT, CONTACT, CRM, LEAD, Resource, problem
from tests.support.api import Api


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harbor Logistics", "HARBOR  logistics, Inc."),
        ("The Harbor Co.", "Harbor"),
        ("Müller GmbH", "Muller G.m.b.H."),
        ("I.B.M.", "IBM Corporation"),
        ("Smith & Co", "Smith and Company Ltd."),
        ("Åre Skidor AB", "Are skidor"),
    ],
)
def test_one_company_written_differently_has_one_key(one: str, other: str) -> None:
    assert company_key(one) == company_key(other) is not None


@pytest.mark.parametrize(("one", "other"), [("Harbor East", "Harbor West"), ("Sa Ltd", "Ag")])
def test_different_companies_have_different_keys(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)


@given(st.text(max_size=40) | st.lists(st.sampled_from("the a co and ag & x Ltd".split())).map(" ".join))
def test_a_key_is_its_own_key(name: str) -> None:
    key = company_key(name)

    assert company_key(key) == key


@pytest.mark.parametrize(
    ("website", "email", "domain"),
    [
        ("https://www.Harbor.example/about?x=1", None, "harbor.example"),
        ("harbor.example", "ann@gmail.com", "harbor.example"),
        ("", "Ann@Harbor.example", "harbor.example"),
        (None, "ann@gmail.com", None),
        ("http://user@harbor.example:8080", None, "harbor.example"),
        ("not a site", None, None),
        (None, None, None),
    ],
)
def test_a_domain_stands_for_a_company_unless_anybody_can_have_an_address_there(
    website: str | None, email: str | None, domain: str | None
) -> None:
    assert domain_of(website, email) == domain


def test_a_persons_names_have_no_order_and_one_name_says_nothing() -> None:
    assert person_key("Ann", "Lee") == person_key("Lee", "ANN")
    assert person_key(None, "Lee") is None


def test_settings_may_name_more_free_providers() -> None:
    assert is_business_address("ann@harbor.example")
    assert not is_business_address("ann@harbor.example", ("harbor.example",))
    assert not is_business_address(None)


@given(st.sets(st.sampled_from(sorted(CERTAINTY)), min_size=1))
def test_more_equal_keys_are_never_less_certain(reasons: set[str]) -> None:
    assert max(CERTAINTY[reason] for reason in reasons) <= certainty(reasons) <= 100


async def made(client: Any, resource: Resource, **body: Any) -> dict[str, Any]:
    answer = await client.post(resource.path, json=body)
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


@pytest.mark.parametrize(
    ("first", "second", "reasons"),
    [
        ({"company_name": "Harbor Inc"}, {"company_name": "The Harbor"}, ["same company name"]),
        (
            {"title": "a", "phone": "+1 614 555 0100"},
            {"title": "b", "phone": "(614) 555-0100"},
            ["same phone number"],
        ),
        (
            {"title": "a", "phone": "+49 30 901820"},
            {"title": "b", "phone": "030 901820", "country": "DE"},
            ["same phone number"],
        ),
        (
            {"title": "a", "website": "https://www.harbor.example"},
            {"title": "b", "email": "ann@harbor.example"},
            ["same internet domain"],
        ),
        (
            {"company_name": "Harbor", "last_name": "Lee", "first_name": "Ann"},
            {"company_name": "Harbor", "contact_person": "Ann Lee"},
            ["same company name", "same person's name"],
        ),
    ],
)
async def test_a_lead_tells_which_leads_it_probably_is_and_why(
    api: Api, first: dict[str, Any], second: dict[str, Any], reasons: list[str]
) -> None:
    client = await api.client()
    there = await made(client, LEAD, **first)
    assert there["possible_duplicates"] == []

    (found,) = (await made(client, LEAD, **second))["possible_duplicates"]

    assert (found["kind"], found["id"], found["number"]) == ("lead", there["id"], there["number"])
    assert found["reasons"] == reasons
    assert 60 <= found["score"] <= 100


async def test_a_person_of_that_name_alone_is_no_likely_duplicate(api: Api) -> None:
    client = await api.client()
    await made(client, LEAD, first_name="Ann", last_name="Lee")

    assert (await made(client, LEAD, first_name="Ann", last_name="Lee"))["possible_duplicates"] == []


async def test_a_lead_that_is_a_customer_already_says_so(api: Api) -> None:
    client = await api.client()
    account = await made(client, ACCOUNT, name="Harbor Ltd", website="harbor.example")
    contact = await made(client, CONTACT, first_name="Ann", email="ann@harbor.example")

    found = (await made(client, LEAD, company_name="Harbor", email="ann@harbor.example"))[
        "possible_duplicates"
    ]

    assert {(one["kind"], one["id"]) for one in found} == {
        ("account", account["id"]),
        ("contact", contact["id"]),
    }
    assert found[0]["kind"] == "contact"


@pytest.mark.parametrize(
    ("resource", "body"),
    [
        pytest.param(LEAD, {"company_name": "Harbor"}, id="lead"),
        pytest.param(ACCOUNT, {"name": "Harbor"}, id="account"),
        pytest.param(CONTACT, {"first_name": "Ann", "email": "ann@harbor.example"}, id="contact"),
    ],
)
async def test_on_duplicate_refuse_makes_none(api: Api, resource: Resource, body: dict[str, Any]) -> None:
    client = await api.client()
    there = await made(client, resource, **body)

    refused = problem(await client.post(resource.path, json=body, params={"on_duplicate": "refuse"}), 409)

    assert [one["id"] for one in refused["possible_duplicates"]] == [there["id"]]
    assert (await client.get(resource.path)).json()["total"] == 1
    (found,) = (await made(client, resource, **body))["possible_duplicates"]
    assert found["id"] == there["id"]
    problem(await client.post(resource.path, json=body, params={"on_duplicate": "merge"}), 422)


@pytest.mark.parametrize("path", ["leads", "accounts"])
async def test_of_a_duplicate_one_may_not_see_only_whose_it_is_is_told(api: Api, path: str) -> None:
    client, rep = await api.client(), await api.client("rep")
    me = (await client.get("/api/v1/auth/me")).json()
    body = {"name": "Harbor"} if path == "accounts" else {"company_name": "Harbor"}
    await client.post(f"{CRM}/{path}", json={**body, "owner_id": me["id"]})

    (found,) = (await rep.post(f"{CRM}/{path}", json=body)).json()["possible_duplicates"]

    assert (found["id"], found["number"], found["label"]) == (None, None, None)
    assert (found["owner_id"], found["owner"]) == (me["id"], me["name"])


async def test_an_archived_record_is_nobodys_duplicate(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD, company_name="Harbor")
    await client.delete(f"{LEAD.path}/{lead['id']}")

    assert (await made(client, LEAD, company_name="Harbor"))["possible_duplicates"] == []


async def test_a_changed_company_is_found_under_its_new_name(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD, company_name="Harbor")
    await client.patch(f"{LEAD.path}/{lead['id']}", json={"company_name": "Quay"})

    assert (await made(client, LEAD, company_name="Harbor"))["possible_duplicates"] == []
    (found,) = (await made(client, LEAD, company_name="Quay AG"))["possible_duplicates"]
    assert found["id"] == lead["id"]
