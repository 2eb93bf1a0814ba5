"""The description of the API is complete, and what it says of signing in is so."""

import json
import warnings
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from crm_api.accounts.schemas import AccountIn
from crm_api.activities.schemas import ActivityIn
from crm_api.contacts.schemas import ContactIn
from crm_api.core.schemas import Body
from crm_api.leads.schemas import LeadIn
from crm_api.opportunities.schemas import OpportunityIn
from crm_api.organisation.schemas import TerritoryIn
from crm_api.pipelines.schemas import NewStage, PipelineIn
from crm_api.products.schemas import ProductIn
from crm_api.tags.schemas import TagIn
from crm_api.users.schemas import TeamIn, UserIn
from tests.app.resources import problem
from tests.support.api import Api
from tools.generate import openapi

CREATED = (
    AccountIn, ContactIn, LeadIn, OpportunityIn, ActivityIn, ProductIn, TagIn, PipelineIn, NewStage, UserIn, TeamIn,
    TerritoryIn,
)  # fmt: skip

# What answers without a token: signing in, the pages (which have sessions of their own), what machines ask.
OPEN = {"POST /api/v1/auth/token", "POST /api/v1/auth/refresh", "GET /health", "GET /ready"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        described: dict[str, Any] = json.loads(openapi())
        return described


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (m.upper(), path, op) for path, methods in described["paths"].items() for m, op in methods.items()
    ]


def test_every_operation_has_a_name_of_its_own_and_a_sentence(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]

    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)
    assert not [path for _, path, operation in operations(described) if not operation.get("description")]


def test_every_failure_is_described_as_the_problem_it_is(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], f"{method} {path} {status}"
    assert "HTTPValidationError" not in described["components"]["schemas"]


@pytest.mark.parametrize("body", CREATED, ids=lambda body: body.__name__)
def test_the_example_of_a_body_is_one_that_is_taken(body: type[Body]) -> None:
    (shown,) = body.model_json_schema()["examples"]
    try:
        body.model_validate(shown)
    except ValidationError as error:
        pytest.fail(str(error))


async def test_every_operation_but_a_listed_few_asks_for_a_token(api: Api, described: dict[str, Any]) -> None:
    client = api.anonymous()
    open_ = set()
    for method, path, _ in operations(described):
        address = path
        while "{" in address:
            start, end = address.index("{"), address.index("}")
            name = address[start + 1 : end]
            address = (
                address[:start] + ("leads" if name == "plural" else str(UUID(int=7))) + address[end + 1 :]
            )
        answer = await client.request(
            method, address, json={} if method in ("POST", "PUT", "PATCH") else None
        )
        if answer.status_code != 401:
            open_.add(f"{method} {path}")
        else:
            problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"

    assert open_ == OPEN


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\u00e9", "eyJhbGciOiJub25lIn0.e30.", "." * 9000])
async def test_a_token_that_is_not_ours_opens_nothing(api: Api, token: str) -> None:
    client = api.anonymous()
    header = {b"authorization": f"Bearer {token}".encode("latin-1")}

    problem(await client.get("/api/v1/auth/me", headers=header), 401)
