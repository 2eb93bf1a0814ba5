"""Tokens from Microsoft Entra, by way of msal.

msal is synchronous and speaks `requests`, so that each call runs in a thread. A failure here says
nothing about the mail or meeting in hand: it is a fault of the settings or of the network, and always
temporary.
"""

import asyncio
import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msal

from crm_api.ports import Diagnosis, PermanentFailure, TemporaryFailure, TokenStore

APPLICATION_SCOPE = "https://graph.microsoft.com/.default"
# openid, profile and offline_access are added by msal itself, and refused when named.
USER_SCOPES = ("User.Read", "Mail.ReadWrite", "Mail.Send", "Calendars.ReadWrite")
AUTHORITY = "https://login.microsoftonline.com"
_CLAIMS = re.compile(r'claims="([^"]+)"')


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """Who signed in. Tenant and object id name a person for ever; address and name are only for show."""

    tenant_id: str
    object_id: str
    name: str
    address: str

    @property
    def cache_key(self) -> str:
        """Where the person's token cache is kept."""
        return f"office365/{self.tenant_id}/{self.object_id}"


class EntraTokens:
    """Access tokens of one app registration in one tenant.

    `http_client` is msal's own hook (an object with `get` and `post` like a `requests.Session`); `store`
    keeps the caches of people who signed in, encrypted.
    """

    def __init__(
        self,
        *,
        tenant_id: str,
        client_id: str,
        client_secret: str,
        store: TokenStore | None = None,
        authority: str = AUTHORITY,
        http_client: Any = None,
    ) -> None:
        self._tenant_id = tenant_id
        self._store = store
        self._options: dict[str, Any] = {
            "client_id": client_id,
            "client_credential": client_secret,
            "authority": f"{authority}/{tenant_id}",
            # Continuous access evaluation: tokens live long and are taken back by a 401 with claims.
            "client_capabilities": ["CP1"],
            "instance_discovery": authority == AUTHORITY,
            "timeout": 15,
            **({"http_client": http_client} if http_client is not None else {}),
        }
        self._application: Any = None
        self._one_at_a_time = asyncio.Lock()

    async def for_application(self, claims: str | None = None) -> str:
        """A token that acts for the installation itself (client credentials); msal keeps it until it ends.

        `claims` is a challenge from a 401. Raises TemporaryFailure.
        """
        async with self._one_at_a_time:
            if self._application is None:
                self._application = await self._thread(msal.ConfidentialClientApplication, **self._options)
            answer = await self._thread(
                self._application.acquire_token_for_client, [APPLICATION_SCOPE], claims_challenge=claims
            )
        return _token(answer)

    async def begin_sign_in(self, *, redirect_uri: str) -> dict[str, Any]:
        """Start the authorisation code flow with PKCE. The answer's `auth_uri` is where to send the person;
        the whole of it is to be kept on the server, for one use, under its `state`.

        The code comes back as a form (RFC 9700, section 4.3.1), so that it stands in no log; a POST from
        another site brings no SameSite=Lax cookie, and the state alone says whose it is.
        """
        application = await self._with_cache(msal.SerializableTokenCache())
        flow: dict[str, Any] = await self._thread(
            application.initiate_auth_code_flow, list(USER_SCOPES), redirect_uri=redirect_uri,
            response_mode="form_post",
        )  # fmt: skip
        return flow

    async def finish_sign_in(self, flow: dict[str, Any], answer: Mapping[str, str]) -> SignedInPerson:
        """Trade the code for tokens and keep them. Raises PermanentFailure where the answer does not belong
        to the flow, was used before, or comes from another tenant: sign in again."""
        cache = msal.SerializableTokenCache()
        application = await self._with_cache(cache)
        try:
            result = await self._thread(application.acquire_token_by_auth_code_flow, flow, dict(answer))
        except ValueError as error:  # a state that does not match: somebody else's answer, or an old one
            raise PermanentFailure("This sign-in does not belong to the one that was started.") from error
        if "error" in result:
            raise PermanentFailure(f"Microsoft refused the sign-in: {_words(result)}")
        claims = result.get("id_token_claims", {})
        if claims.get("tid") != self._tenant_id:
            raise PermanentFailure("This account belongs to another organisation.")
        person = SignedInPerson(
            claims["tid"], claims["oid"], claims.get("name", ""), claims.get("preferred_username", "")
        )
        await self._keep(person.cache_key, cache)
        return person

    async def for_person(self, cache_key: str, claims: str | None = None) -> str:
        """A token of somebody who signed in before. Raises PermanentFailure where they must sign in again."""
        stored = await self._store.load(cache_key) if self._store else None
        if stored is None:
            raise PermanentFailure("This person has not signed in to Office 365.")
        cache = msal.SerializableTokenCache()
        cache.deserialize(stored)
        application = await self._with_cache(cache)
        accounts = await self._thread(application.get_accounts)
        result = await self._thread(
            application.acquire_token_silent_with_error,
            list(USER_SCOPES),
            account=accounts[0] if accounts else None,
            claims_challenge=claims,
        )
        await self._keep(cache_key, cache)
        if not result or result.get("error") in ("invalid_grant", "interaction_required"):
            raise PermanentFailure("This person has to sign in to Office 365 again.")
        return _token(result)

    async def diagnose(self) -> list[Diagnosis]:
        """Whether the app registration works."""
        try:
            await self.for_application()
        except TemporaryFailure as failure:
            return [Diagnosis("Office 365", False, failure.reason)]
        return [Diagnosis("Office 365", True, "Microsoft Entra gives tokens.")]

    async def _with_cache(self, cache: Any) -> Any:
        return await self._thread(msal.ConfidentialClientApplication, **self._options, token_cache=cache)

    async def _keep(self, key: str, cache: Any) -> None:
        if cache.has_state_changed and self._store is not None:
            await self._store.save(key, cache.serialize())

    async def _thread(self, work: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return await asyncio.to_thread(work, *arguments, **options)
        except (OSError, RuntimeError) as error:  # every exception of requests is an OSError
            raise TemporaryFailure(f"Microsoft Entra cannot be reached: {type(error).__name__}.") from error


def claims_of(challenge: str) -> str | None:
    """The claims that a 401's WWW-Authenticate asks for, decoded; None where it asks for none."""
    found = _CLAIMS.search(challenge)
    if found is None or "insufficient_claims" not in challenge:
        return None
    padded = found.group(1) + "=" * (-len(found.group(1)) % 4)
    try:
        return base64.b64decode(padded).decode()
    except ValueError:
        return None


def _token(answer: Mapping[str, Any]) -> str:
    if "access_token" in answer:
        return str(answer["access_token"])
    raise TemporaryFailure(f"Microsoft Entra gives no token: {_words(answer)}")


def _words(answer: Mapping[str, Any]) -> str:
    first_line = str(answer.get("error_description", "")).splitlines()[:1]
    return " ".join([str(answer.get("error", "no reason")), *first_line])
