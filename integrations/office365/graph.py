"""Microsoft Graph over httpx: one way to call it.

Every request asks for immutable ids; ids taken without that cannot be found again once a mail moves.
Nothing is sent twice here: Microsoft's own clients repeat a POST after 503 and 504, and people got the
same mail four times.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx

from crm_api.ports import TemporaryFailure
from integrations import http
from integrations.office365.auth import claims_of

BASE_URL = "https://graph.microsoft.com/v1.0"
PER_MAILBOX = 4  # Exchange answers a fifth parallel request to one mailbox with MailboxConcurrency
IN_ALL = 16

Tokens = Callable[[str | None], Awaitable[str]]


class Graph:
    """Calls for one app registration. `tokens` gives an access token, taking the claims of a challenge."""

    def __init__(
        self, tokens: Tokens, *, client: httpx.AsyncClient | None = None, base_url: str = BASE_URL
    ) -> None:
        self._tokens = tokens
        self._client = client or http.new_client()
        self.base_url = base_url.rstrip("/")
        self._mailboxes: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(PER_MAILBOX))
        self._all = asyncio.Semaphore(IN_ALL)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def call(
        self,
        method: str,
        mailbox: str,
        path: str,
        *,
        idempotent: bool,
        accept: Collection[int] = (),
        prefer: str = "",
        **options: Any,
    ) -> httpx.Response:
        """One request about a mailbox (an address); `path` follows `/users/{mailbox}`, or is a link Graph gave.

        A 401 certainly did nothing, so that it is answered once with a fresh token. Raises the three port
        failures as `integrations.http.request` does.
        """
        url = path if path.startswith("https://") or path.startswith("http://") else self._url(mailbox, path)
        if not url.startswith(f"{self.base_url}/"):
            raise TemporaryFailure("Microsoft Graph pointed to another host; its link is not followed.")
        async with self._all, self._mailboxes[mailbox.casefold()]:
            response = await self._send(method, url, None, idempotent, accept, prefer, options)
            if response.status_code == 401:
                claims = claims_of(response.headers.get("WWW-Authenticate", ""))
                response = await self._send(method, url, claims, idempotent, accept, prefer, options)
        if response.status_code == 401:
            raise TemporaryFailure("Microsoft Graph does not accept our token; run `crm doctor`.")
        return response

    async def _send(
        self,
        method: str,
        url: str,
        claims: str | None,
        idempotent: bool,
        accept: Collection[int],
        prefer: str,
        options: Mapping[str, Any],
    ) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {await self._tokens(claims)}",
            "Prefer": ", ".join(filter(None, ('IdType="ImmutableId"', prefer))),
            "client-request-id": str(uuid4()),
        }
        return await http.request(
            self._client,
            method,
            url,
            idempotent=idempotent,
            accept=(401, *accept),
            headers=headers,
            **options,
        )

    def _url(self, mailbox: str, path: str) -> str:
        return f"{self.base_url}/users/{quote(mailbox, safe='@')}{path}"
