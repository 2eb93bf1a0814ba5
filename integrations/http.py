"""The one seam to other people's HTTP: time limits, careful retries, foreign errors translated.

An adapter calls `request` and sees either an answer it can use or one of the three port failures.
What decides between them is one question: may the other side have done it? A request that never
left, and one that was turned away (4xx, 429, 503 with Retry-After), were certainly not done. A
time-out after sending, a broken connection or a 5xx leave it open, and then only an idempotent
request may be tried again; for any other the outcome is unknown.
"""

import asyncio
import random
import re
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from crm_api.ports import OutcomeUnknown, PermanentFailure, PortFailure, TemporaryFailure

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
RETRIES = 2
LONGEST_WAIT = 5.0  # seconds; a longer Retry-After is the caller's business, not a reason to hold it here

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def new_client(*, base_url: str = "", headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    """A client with explicit time limits (seconds: 5 to connect, 15 for each read or write).

    Redirects are not followed: no API we speak to redirects, and following one would repeat secrets
    to another host.
    """
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT, follow_redirects=False)


async def request(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    idempotent: bool,
    accept: Collection[int] = (),
    retries: int = RETRIES,
    **options: Any,
) -> httpx.Response:
    """Send one request; return a 2xx answer, or one whose status is in `accept`.

    `idempotent` says whether sending it twice does no more than once. Only then is a failure that
    may pass tried again, `retries` times at most, waiting 0.5 s, 1 s, … with jitter or as
    Retry-After says (up to 5 s). `options` go to httpx (`json`, `params`, `headers`, `timeout`).

    Raises TemporaryFailure (not done, later may work), PermanentFailure (not done, never will) or
    OutcomeUnknown (may have been done; never for an idempotent request).
    """
    for attempt in range(retries + 1 if idempotent else 1):
        try:
            response = await client.request(method, url, **options)
        except httpx.HTTPError as error:
            failure = _from_exception(error, idempotent)
        except httpx.InvalidURL as error:
            raise PermanentFailure(f"Not a valid address: {error}.") from error
        else:
            if response.is_success or response.status_code in accept:
                return response
            failure = _from_status(response, idempotent)
        wait = _wait(failure, attempt)
        if not idempotent or attempt == retries or wait is None:
            raise failure
        await asyncio.sleep(wait)
    raise AssertionError("unreachable: the last attempt returns or raises")


def retry_after(response: httpx.Response) -> float | None:
    """The seconds to wait that `Retry-After` names, as a number or an HTTP date (RFC 9110 §10.2.3)."""
    value: str = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", value):  # Microsoft Graph gives fractions of a second
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _wait(failure: PortFailure, attempt: int) -> float | None:
    """Seconds before the next attempt, or None where there should not be one."""
    if not isinstance(failure, TemporaryFailure):
        return None
    if failure.retry_after is not None:
        return failure.retry_after if failure.retry_after <= LONGEST_WAIT else None
    return 0.5 * (1 << attempt) * random.uniform(0.5, 1.5)


def _from_exception(error: httpx.HTTPError, idempotent: bool) -> PortFailure:
    """What an exception of httpx means for whether the request was done."""
    host = _host(error)
    if isinstance(error, _NEVER_LEFT):
        return TemporaryFailure(f"{host} cannot be reached.")
    if isinstance(error, httpx.UnsupportedProtocol | httpx.TooManyRedirects):
        return PermanentFailure(f"{host} cannot be spoken to: {type(error).__name__}.")
    what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "broke the connection"
    return TemporaryFailure(f"{host} {what}.") if idempotent else OutcomeUnknown(f"{host} {what}.")


def _from_status(response: httpx.Response, idempotent: bool) -> PortFailure:
    """What a refusing status means for whether the request was done."""
    status, wait = response.status_code, retry_after(response)
    reason = f"{response.request.url.host} answered {status}{_message(response)}"
    if status == 429 or (status == 503 and wait is not None):
        return TemporaryFailure(reason, retry_after=wait)
    if status >= 500 or status == 408:
        return TemporaryFailure(reason, retry_after=wait) if idempotent else OutcomeUnknown(reason)
    return PermanentFailure(reason)


def _host(error: httpx.HTTPError) -> str:
    try:
        return error.request.url.host or "The server"
    except RuntimeError:  # httpx raises it where no request is attached
        return "The server"


def _message(response: httpx.Response) -> str:
    """The vendor's own sentence, where it answers `{"error": {"message"}}` as Google and Graph do.

    Google's streaming methods put the same object into a list of one.
    """
    try:
        body = response.json()
        message = (body[0] if isinstance(body, list) else body)["error"]["message"]
    except (ValueError, KeyError, TypeError, IndexError):
        return "."
    return f": {str(message)[:300]}"
