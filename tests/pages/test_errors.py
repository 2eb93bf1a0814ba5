"""What a person sees when something is wrong, and what a program sees instead."""

import pytest

from crm_api.core.errors import Unavailable
from crm_api.pages import outbox
from crm_api.pages.headers import CONTENT_SECURITY_POLICY
from tests.factories import make_user
from tests.support.api import Api
from tests.support.pages import FRAGMENT, Visit, visiting

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


async def signed_in(api: Api, role: str = "rep") -> Visit:
    """A user with the start page open."""
    return await visiting(api, await api.db.write(make_user, role))


def test_the_policy_is_the_strict_one() -> None:
    assert CONTENT_SECURITY_POLICY == POLICY


@pytest.mark.parametrize("path", ["/sign-in", "/", "/no-such-page", "/visits", "/?plan=nonsense"])
async def test_every_page_carries_the_policy_and_is_kept_by_nobody(api: Api, path: str) -> None:
    visit = await signed_in(api)

    answer = await visit.get(path)

    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "no-store" in answer.headers["cache-control"]


async def test_an_unknown_address_is_a_page_to_a_person(api: Api) -> None:
    answer = await Visit(api.anonymous()).get("/no-such-page")

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-request-id"] in answer.text


async def test_an_unknown_address_under_the_api_is_a_problem_document_even_to_a_browser(api: Api) -> None:
    answer = await Visit(api.anonymous()).get("/api/v1/no-such-thing")

    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unknown_address_is_a_problem_document_to_a_program(api: Api) -> None:
    answer = await api.anonymous().get("/no-such-page")

    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_fault_of_ours_is_a_page_with_the_request_id(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await signed_in(api)

    async def broken(*_: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(outbox, "outbox", broken)
    answer = await visit.get("/")

    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert "the secret inside" not in answer.text


async def test_a_database_that_is_away_says_when_to_come_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await signed_in(api)

    async def away(*_: object) -> None:
        raise Unavailable("The database is away.", retry_after=7)

    monkeypatch.setattr(outbox, "outbox", away)
    answer = await visit.get("/")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


async def test_a_fragment_that_fails_is_a_fragment_and_leaves_the_card_alone(api: Api) -> None:
    visit = await signed_in(api)

    answer = await visit.post("/visits/plan", headers=FRAGMENT)

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert answer.headers["hx-retarget"] == "#toasts"


async def test_a_question_that_fails_is_told_where_the_answer_would_be(api: Api) -> None:
    visit = await signed_in(api)

    answer = await visit.post("/crm/ask", headers={**FRAGMENT, "HX-Target": "answer"}, question="   ")

    assert answer.status_code == 422
    assert "hx-retarget" not in answer.headers


async def test_what_a_person_typed_is_never_markup(api: Api) -> None:
    visit = await signed_in(api)

    answer = await visit.post("/crm/ask", headers=FRAGMENT, question="<img src=x onerror=alert(1)>")

    assert "<img" not in answer.text
    assert "&lt;img" in answer.text


async def test_an_over_long_question_is_refused_with_its_limit(api: Api) -> None:
    visit = await signed_in(api)

    answer = await visit.post("/crm/ask", headers=FRAGMENT, question="x" * 501)

    assert answer.status_code == 422
    assert "500" in answer.text
