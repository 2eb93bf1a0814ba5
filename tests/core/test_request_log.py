import httpx
import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from crm_api.core import logging
from crm_api.core.request_log import RequestLog


async def echo_id(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the request id that code inside the request sees."""
    if scope["path"] == "/broken":
        raise RuntimeError("boom")
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": (logging.request_id() or "").encode()})


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(RequestLog(echo_id)), base_url="http://rounds.example"
    )


async def test_the_id_seen_inside_is_the_one_the_client_gets() -> None:
    async with client() as http:
        answer = await http.get("/")

    assert answer.headers["x-request-id"] == answer.text
    assert len(answer.text) == 16


async def test_two_requests_have_two_ids() -> None:
    async with client() as http:
        assert (await http.get("/")).text != (await http.get("/")).text


async def test_an_id_given_by_a_proxy_is_kept() -> None:
    async with client() as http:
        answer = await http.get("/", headers={"X-Request-ID": "edge-7f3a.0001"})

    assert answer.text == "edge-7f3a.0001"


@pytest.mark.parametrize("forged", ["short", "a" * 65, 'quoted"value', "two words here"])
def test_an_id_that_could_spoil_the_log_is_replaced(forged: str) -> None:
    from crm_api.core.request_log import _given_id

    assert _given_id({"headers": [(b"x-request-id", forged.encode())]}) is None


async def test_one_line_tells_what_was_asked_and_how_it_ended() -> None:
    with capture_logs() as lines:
        async with client() as http:
            await http.get("/api/v1/crm/leads?search=secret")

    (line,) = lines
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/crm/leads", 201)
    assert line["ms"] >= 0


async def test_a_request_that_breaks_is_logged_as_500() -> None:
    with capture_logs() as lines:
        async with client() as http:
            with pytest.raises(RuntimeError):
                await http.get("/broken")

    assert lines[0]["status"] == 500


async def test_health_checks_stay_out_of_the_log() -> None:
    with capture_logs() as lines:
        async with client() as http:
            await http.get("/ready")

    assert [line["log_level"] for line in lines] == ["debug"]
