"""The seam to other people's HTTP: which failure means what."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
import respx

from crm_api.ports import OutcomeUnknown, PermanentFailure, TemporaryFailure
from integrations import http

URL = "https://api.example.com/things"


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """The pauses between attempts, noted instead of slept."""
    noted: list[float] = []

    async def note(seconds):
        noted.append(seconds)

    monkeypatch.setattr(http.asyncio, "sleep", note)
    return noted


async def call(*, idempotent, **options):
    async with http.new_client() as client:
        return await http.request(client, "POST", URL, idempotent=idempotent, **options)


@respx.mock
async def test_a_success_is_returned_as_it_came():
    respx.post(URL).respond(201, json={"id": 1})
    response = await call(idempotent=False, json={"name": "x"})
    assert (response.status_code, response.json()) == (201, {"id": 1})


@respx.mock
async def test_a_status_the_caller_accepts_is_returned():
    respx.post(URL).respond(409)
    assert (await call(idempotent=False, accept={409})).status_code == 409


@respx.mock
@pytest.mark.parametrize("idempotent", [True, False])
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_a_request_that_never_left_was_certainly_not_done(error, idempotent):
    respx.post(URL).mock(side_effect=error("no"))
    with pytest.raises(TemporaryFailure, match=r"api\.example\.com cannot be reached"):
        await call(idempotent=idempotent)


@respx.mock
@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.RemoteProtocolError]
)
async def test_a_broken_exchange_leaves_the_outcome_unknown_and_is_not_repeated(error):
    route = respx.post(URL).mock(side_effect=error("no"))
    with pytest.raises(OutcomeUnknown):
        await call(idempotent=False)
    assert route.call_count == 1


@respx.mock
@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_a_server_fault_leaves_the_outcome_unknown(status):
    route = respx.post(URL).respond(status)
    with pytest.raises(OutcomeUnknown, match=str(status)):
        await call(idempotent=False)
    assert route.call_count == 1


@respx.mock
async def test_an_idempotent_request_is_tried_again_until_it_works():
    route = respx.post(URL).mock(
        side_effect=[httpx.ReadTimeout("no"), httpx.Response(502), httpx.Response(200)]
    )
    assert (await call(idempotent=True)).status_code == 200
    assert route.call_count == 3


@respx.mock
async def test_an_idempotent_request_gives_up_as_a_temporary_failure():
    route = respx.post(URL).respond(500)
    with pytest.raises(TemporaryFailure):
        await call(idempotent=True)
    assert route.call_count == 1 + http.RETRIES


@respx.mock
@pytest.mark.parametrize("status", [429, 503])
async def test_being_turned_away_with_a_time_to_come_back_was_not_done(status):
    respx.post(URL).respond(status, headers={"Retry-After": "120"})
    with pytest.raises(TemporaryFailure) as caught:
        await call(idempotent=False)
    assert caught.value.retry_after == 120


@respx.mock
async def test_a_long_time_to_come_back_is_handed_to_the_caller_instead_of_waited_for(waits):
    route = respx.post(URL).respond(429, headers={"Retry-After": "120"})
    with pytest.raises(TemporaryFailure):
        await call(idempotent=True)
    assert route.call_count == 1
    assert waits == []


@respx.mock
async def test_a_short_time_to_come_back_is_waited_for(waits):
    respx.post(URL).mock(side_effect=[httpx.Response(429, headers={"Retry-After": "2"}), httpx.Response(200)])
    await call(idempotent=True)
    assert waits == [2.0]


@respx.mock
@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 422])
async def test_a_refusal_is_permanent(status):
    respx.post(URL).respond(status)
    with pytest.raises(PermanentFailure):
        await call(idempotent=True)


@respx.mock
@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: [body]], ids=["object", "list of one"])
async def test_the_vendors_own_sentence_is_in_the_reason(wrap):
    respx.post(URL).respond(403, json=wrap({"error": {"code": 403, "message": "Enable billing."}}))
    with pytest.raises(PermanentFailure, match=r"answered 403: Enable billing\."):
        await call(idempotent=True)


async def test_no_exception_of_httpx_escapes():
    async def walk(cls):
        for sub in cls.__subclasses__():
            yield sub
            async for deeper in walk(sub):
                yield deeper

    async for error in walk(httpx.HTTPError):
        if error is httpx.HTTPStatusError:  # only raise_for_status makes one
            continue
        with respx.mock:
            respx.post(URL).mock(side_effect=error("no"))
            with pytest.raises((TemporaryFailure, PermanentFailure)):
                await call(idempotent=True, retries=0)


async def test_an_address_that_is_none_is_permanent():
    async with http.new_client() as client:
        with pytest.raises(PermanentFailure):
            await http.request(client, "GET", "http://host:port/", idempotent=True)


def test_retry_after_may_be_a_date():
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    seconds = http.retry_after(httpx.Response(503, headers={"Retry-After": in_a_minute}))
    assert seconds is not None
    assert 50 < seconds <= 60


@pytest.mark.parametrize("value", ["", "soon"])
def test_a_retry_after_nobody_understands_is_none(value):
    assert http.retry_after(httpx.Response(503, headers={"Retry-After": value})) is None
