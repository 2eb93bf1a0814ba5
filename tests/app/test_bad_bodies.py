"""Whatever is sent, the answer is a problem that names the place, and never a fault of ours."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.app.resources import ACCOUNT, ACTIVITY, LEAD, OPPORTUNITY, PRODUCT, RECORDS, Resource, problem
from tests.support.api import Api

pytestmark = pytest.mark.deep_on_postgresql  # refused before a statement, or by rules of one kind for both

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Field required"),
        (b"{", "not valid JSON at character 1"),
        (b'{"name": "a",}', "not valid JSON"),
        (b'{"name": "\xff\xfe"}', "not valid UTF-8 at byte 10"),
        (b"[]", "valid dictionary"),
        (b"7", "valid dictionary"),
        (b'"name"', "valid dictionary"),
        (b"null", "valid dictionary"),
        (b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"name": "a", "employees": 1' + b"0" * 5000 + b"}", "too many digits"),
        (b'{"name": "a\\u0000b"}', "control characters"),
        (b'{"name": "\\ud800"}', "name"),
        (b'{"\\ud800": 1, "name": "a"}', "unicode string"),
        (b'{"name": "\\udfff\\ud800", "\\udfff": "\\udfff"}', "unicode string"),
    ],
)
async def test_a_body_that_cannot_be_read_says_why(api: Api, body: bytes, said: str) -> None:
    client = await api.client()

    found = problem(await client.post(ACCOUNT.path, content=body, headers=JSON), 422)
    assert said in json.dumps(found), found


async def test_a_body_that_is_not_json_by_its_type_is_refused(api: Api) -> None:
    client = await api.client()

    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "nonsense",
    ):
        answer = await client.post(ACCOUNT.path, content=b'{"name": "a"}', headers={"Content-Type": kind})
        problem(answer, 422)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_three_megabytes_is_too_large_however_it_is_sent(api: Api, chunked: bool) -> None:
    client = await api.client()

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"name": "'
        for _ in range(30):
            yield b"x" * 100_000
        yield b'"}'

    content: Any = pieces() if chunked else b'{"name": "' + b"x" * 3_000_000 + b'"}'
    found = problem(await client.post(ACCOUNT.path, content=content, headers=JSON), 413)

    assert "2,000,000" in found["detail"]
    assert (await client.get(ACCOUNT.path)).json()["total"] == 0


@pytest.mark.parametrize("length", ["-1", "1e3", "²", "9" * 5000])
async def test_a_length_that_is_none_breaks_nothing(api: Api, length: str) -> None:
    client = await api.client()
    headers = {
        **{k.encode(): v.encode() for k, v in JSON.items()},
        b"content-length": length.encode("latin-1"),
    }
    answer = await client.post(ACCOUNT.path, content=b'{"name": "a"}', headers=headers)

    assert answer.status_code in (201, 413)


WRONG: list[tuple[Resource, str, Any]] = [
    (ACCOUNT, "email", "not an address"),
    (ACCOUNT, "email", "a@b"),
    (ACCOUNT, "email", "ü@example.com"),
    (ACCOUNT, "phone", "12"),
    (ACCOUNT, "phone", "call me at nine 0100"),
    (ACCOUNT, "latitude", 90.01),
    (ACCOUNT, "latitude", float("nan")),
    (ACCOUNT, "longitude", float("inf")),
    (ACCOUNT, "employees", -1),
    (ACCOUNT, "employees", 10**30),
    (ACCOUNT, "employees", 1.5),
    (ACCOUNT, "annual_revenue", -0.01),
    (ACCOUNT, "annual_revenue", 10.001),
    (ACCOUNT, "annual_revenue", float("nan")),
    (ACCOUNT, "annual_revenue", "1E-999999"),
    (ACCOUNT, "annual_revenue", 10**400),
    (ACCOUNT, "currency", "DOLLAR"),
    (ACCOUNT, "currency", "XQX"),
    (ACCOUNT, "account_type", "wizard"),
    (ACCOUNT, "owner_id", "me"),
    (ACCOUNT, "owner_id", "01920000-0000-7000-8000-000000000000"),
    (ACCOUNT, "territory_id", "01920000-0000-7000-8000-000000000000"),
    (ACCOUNT, "parent_id", "01920000-0000-7000-8000-000000000000"),
    (ACCOUNT, "opening_hours", {"8": [["08:00", "12:00"]]}),
    (ACCOUNT, "opening_hours", {"1": [["12:00", "08:00"]]}),
    (ACCOUNT, "opening_hours", {"1": [["08:00", "12:00"], ["11:00", "13:00"]]}),
    (ACCOUNT, "opening_hours", {"1": [["8", "12"]]}),
    (ACCOUNT, "tags", ["x" * 81]),
    (ACCOUNT, "tags", ["…"]),
    (ACCOUNT, "tags", ["x"] * 51),
    (ACCOUNT, "website", "x" * 501),
    (ACCOUNT, "description", "x" * 20_001),
    (LEAD, "score", 101),
    (LEAD, "probability", 0.7),
    (LEAD, "status", "won"),
    (LEAD, "source", "pigeon"),
    (LEAD, "next_follow_up_date", "31/02/2026"),
    (LEAD, "next_follow_up_date", 20261121),
    (LEAD, "next_follow_up_date", "20261121"),
    (LEAD, "next_follow_up_date", "0001-01-01T00:00:00Z"),
    (LEAD, "stage_id", "01920000-0000-7000-8000-000000000000"),
    (OPPORTUNITY, "expected_close_date", "2026-02-31"),
    (OPPORTUNITY, "expected_close_date", "1492-10-12"),
    (OPPORTUNITY, "expected_close_date", True),
    (OPPORTUNITY, "stage", "dreaming"),
    (OPPORTUNITY, "estimated_value", "a lot"),
    (OPPORTUNITY, "lines", [{"product_id": "01920000-0000-7000-8000-000000000000"}]),
    (OPPORTUNITY, "lines", [{"product_id": "x", "quantity": 0}]),
    (OPPORTUNITY, "contact_id", "01920000-0000-7000-8000-000000000000"),
    (OPPORTUNITY, "loss_reason", "too dear"),
    (OPPORTUNITY, "actual_close_date", "2026-01-01T00:00:00Z"),
    (ACTIVITY, "activity_type", "dance"),
    (ACTIVITY, "duration_minutes", -5),
    (ACTIVITY, "completed_at", "2199-01-01T00:00:00Z"),
    (ACTIVITY, "lead_id", "01920000-0000-7000-8000-000000000000"),
    (PRODUCT, "list_price", -5),
    (PRODUCT, "is_active", "perhaps"),
]


@pytest.mark.parametrize(("resource", "field", "value"), WRONG, ids=lambda v: repr(v)[:30])
async def test_a_value_that_does_not_fit_names_its_field_and_leaves_nothing_behind(
    api: Api, resource: Resource, field: str, value: Any
) -> None:
    client = await api.client()
    content = json.dumps({**resource.body, field: value})

    found = problem(await client.post(resource.path, content=content, headers=JSON), 422)
    assert found["errors"][0]["field"].split(".")[0] == field, found
    assert (await client.get(resource.path)).json()["total"] == 0


@pytest.mark.parametrize("resource", RECORDS, ids=lambda r: r.kind)
async def test_no_value_of_the_wrong_kind_is_a_fault_of_ours(api: Api, resource: Resource) -> None:
    client = await api.client()
    fields = (await client.get("/openapi.json")).json()["components"]["schemas"]
    body = fields[f"{resource.kind.title()}In"]["properties"]
    for field in body:
        for value in (
            None,
            True,
            0,
            -1,
            2**63,
            1e308,
            "",
            " ",
            "\x7f",
            "\ud800",
            "é" * 501,
            [],
            [None],
            {},
            {"a": []},
        ):
            content = json.dumps({**resource.body, field: value})
            answer = await client.post(resource.path, content=content, headers=JSON)
            if answer.status_code != 201:
                assert answer.status_code in (409, 422), (field, value, answer.text)
                problem(answer, answer.status_code)


async def test_an_address_that_is_not_there_and_a_method_not_taken_are_problems_too(api: Api) -> None:
    client = await api.client()

    problem(await client.get("/api/v1/nothing"), 404)
    problem(await client.delete(ACCOUNT.path), 405)
    assert (await client.get(f"{ACCOUNT.path}/")).status_code == 200


async def test_a_fault_of_ours_is_a_problem_with_a_request_id(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await api.client()
    monkeypatch.setattr("crm_api.accounts.routes.records.page", lambda *_: 1 // 0)

    found = problem(await client.get(ACCOUNT.path, headers={"X-Request-ID": "mine-0001"}), 500)
    assert found["request_id"] == "mine-0001"
