import base64
import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from crm_api.ports import PermanentFailure, TemporaryFailure
from integrations.office365.auth import EntraTokens

TENANT, CLIENT = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
AUTHORITY = "https://login.stand-in.com"
REDIRECT = "https://crm.dealer-house.com/office365/callback"


class Response:
    def __init__(self, status: int, body: dict) -> None:
        self.status_code, self.text, self.headers = status, json.dumps(body), {}

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise requests.HTTPError(self.text)


def unsigned(claims: dict) -> str:
    """A JWT as msal reads it after the code flow: over TLS from the token endpoint it needs no signature."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=")
        for p in ({"alg": "none"}, claims)
    ]
    return ".".join([*parts, "x"])


class Entra:
    """The two endpoints msal speaks to, through msal's own http_client hook."""

    def __init__(self) -> None:
        self.posts: list[dict] = []
        self.refuse: dict | None = None
        self.is_away = False
        self.tenant = TENANT
        self.nonce = ""

    def get(self, url: str, **options) -> Response:
        if self.is_away:
            raise requests.ConnectionError("no route")
        base = f"{AUTHORITY}/{TENANT}"
        return Response(200, {
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize", "token_endpoint": f"{base}/oauth2/v2.0/token",
            "issuer": f"{base}/v2.0",
        })  # fmt: skip

    def post(self, url: str, *, data=None, **options) -> Response:
        if self.is_away:
            raise requests.ConnectionError("no route")
        self.posts.append(dict(data))
        if self.refuse:
            return Response(400, self.refuse)
        body = {"token_type": "Bearer", "expires_in": 3600, "access_token": f"access-{len(self.posts)}"}
        if data["grant_type"] != "client_credentials":
            now = int(time.time())
            claims = {"iss": f"{AUTHORITY}/{TENANT}/v2.0", "aud": CLIENT, "exp": now + 3600, "iat": now, "sub": "s",
                      "tid": self.tenant, "oid": "o1", "name": "Ada", "preferred_username": "ada@dealer-house.com",
                      "nonce": self.nonce}  # fmt: skip
            uid = (
                base64.urlsafe_b64encode(json.dumps({"uid": "o1", "utid": TENANT}).encode())
                .decode()
                .rstrip("=")
            )
            body |= {"id_token": unsigned(claims), "refresh_token": "r1", "client_info": uid,
                     "scope": data.get("scope", "User.Read Mail.Send Mail.ReadWrite Calendars.ReadWrite")}  # fmt: skip
        return Response(200, body)

    def close(self) -> None:
        """Nothing is open."""


class Memory:
    """A TokenStore."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def load(self, key: str) -> str | None:
        return self.kept.get(key)

    async def save(self, key: str, value: str) -> None:
        self.kept[key] = value


@pytest.fixture
def entra():
    return Entra()


@pytest.fixture
def store():
    return Memory()


@pytest.fixture
def tokens(entra, store):
    return EntraTokens(tenant_id=TENANT, client_id=CLIENT, client_secret="s", store=store, authority=AUTHORITY,
                       http_client=entra)  # fmt: skip


async def test_the_installation_gets_a_token_of_its_own_and_keeps_it(tokens, entra):
    assert await tokens.for_application() == await tokens.for_application() == "access-1"
    (post,) = entra.posts
    assert (post["grant_type"], post["scope"]) == (
        "client_credentials",
        "https://graph.microsoft.com/.default",
    )


async def test_a_challenge_gets_a_fresh_token(tokens, entra):
    await tokens.for_application()
    assert await tokens.for_application('{"access_token":{"nbf":{"value":"1"}}}') == "access-2"
    assert "nbf" in entra.posts[-1]["claims"]


async def test_a_wrong_secret_is_told_in_microsofts_words_and_is_temporary(tokens, entra):
    entra.refuse = {
        "error": "invalid_client",
        "error_description": "AADSTS7000215: wrong secret.\r\nTrace ID: x",
    }
    with pytest.raises(TemporaryFailure, match="AADSTS7000215: wrong secret"):
        await tokens.for_application()
    (line,) = await tokens.diagnose()
    assert not line.ok


async def test_an_entra_that_cannot_be_reached_is_temporary(tokens, entra):
    entra.is_away = True
    with pytest.raises(TemporaryFailure, match="reached"):
        await tokens.for_application()


async def sign_in(tokens, entra):
    flow = await tokens.begin_sign_in(redirect_uri=REDIRECT)
    asked = {key: values[0] for key, values in parse_qs(urlsplit(flow["auth_uri"]).query).items()}
    entra.nonce = asked["nonce"]
    return flow, asked, {"code": "c1", "state": asked["state"]}


async def test_signing_in_uses_pkce_and_asks_for_no_more_than_is_needed(tokens, entra):
    _, asked, _ = await sign_in(tokens, entra)
    assert asked["code_challenge_method"] == "S256"
    assert set(asked["scope"].split()) == {
        "openid", "profile", "offline_access", "User.Read", "Mail.ReadWrite", "Mail.Send", "Calendars.ReadWrite",
    }  # fmt: skip


async def test_somebody_who_signed_in_is_known_by_tenant_and_object_id(tokens, entra, store):
    flow, _, answer = await sign_in(tokens, entra)
    person = await tokens.finish_sign_in(flow, answer)
    assert (person.tenant_id, person.object_id, person.address) == (TENANT, "o1", "ada@dealer-house.com")
    assert list(store.kept) == [person.cache_key]


async def test_their_token_is_there_later_without_asking_again(tokens, entra):
    flow, _, answer = await sign_in(tokens, entra)
    person = await tokens.finish_sign_in(flow, answer)
    assert await tokens.for_person(person.cache_key) == "access-1"


async def test_an_answer_with_another_state_is_refused(tokens, entra):
    flow, _, answer = await sign_in(tokens, entra)
    with pytest.raises(PermanentFailure, match="belong"):
        await tokens.finish_sign_in(flow, {**answer, "state": "forged"})


async def test_an_account_of_another_organisation_is_refused(tokens, entra, store):
    flow, _, answer = await sign_in(tokens, entra)
    entra.tenant = "33333333-3333-3333-3333-333333333333"
    with pytest.raises(PermanentFailure, match="another organisation"):
        await tokens.finish_sign_in(flow, answer)
    assert store.kept == {}


async def test_a_refused_sign_in_is_told(tokens, entra):
    flow, _, answer = await sign_in(tokens, entra)
    entra.refuse = {"error": "invalid_grant", "error_description": "AADSTS54005: code used before"}
    with pytest.raises(PermanentFailure, match="used before"):
        await tokens.finish_sign_in(flow, answer)


async def test_somebody_who_never_signed_in_has_no_token(tokens):
    with pytest.raises(PermanentFailure, match="not signed in"):
        await tokens.for_person("office365/x/y")


async def test_somebody_whose_consent_was_taken_back_has_to_sign_in_again(tokens, entra):
    flow, _, answer = await sign_in(tokens, entra)
    person = await tokens.finish_sign_in(flow, answer)
    entra.refuse = {"error": "invalid_grant", "error_description": "AADSTS50173: revoked"}
    with pytest.raises(PermanentFailure, match="again"):
        await tokens.for_person(person.cache_key, '{"access_token":{}}')
