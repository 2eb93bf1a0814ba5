"""Who looks at a page: an opaque cookie over a session kept on the server, and proof against forged posts.

A post is believed when the browser says that it comes from this site (`Sec-Fetch-Site`, or `Origin` where
that is missing) and it carries the session's own token, as the field `csrf_token` or the header
`X-CSRF-Token`. Cookies are read here and nowhere else: the API does not know them.
"""

import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from crm_api.core import context
from crm_api.core.errors import NotAllowed, NotFound, NotSignedIn
from crm_api.dependencies import State, Visitor, live_visitor, state
from crm_api.users.sessions import WEB_LIFETIME

PLAIN_COOKIE, SECURE_COOKIE = "rounds", "__Host-rounds"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def is_https(request: Request) -> bool:
    """Whether the browser came by HTTPS, as the settings or a trusted proxy say."""
    return state(request).settings.public_url.startswith("https://") or request.url.scheme == "https"


def give_cookie(request: Request, response: Response, token: str) -> None:
    """Let the browser keep the session, as long as the session lives at most."""
    secure = is_https(request)
    response.set_cookie(
        SECURE_COOKIE if secure else PLAIN_COOKIE, token, max_age=int(WEB_LIFETIME.total_seconds()), path="/",
        secure=secure, httponly=True, samesite="lax",
    )  # fmt: skip


def take_cookie(request: Request, response: Response) -> None:
    """Let the browser forget the session."""
    secure = is_https(request)
    response.delete_cookie(
        SECURE_COOKIE if secure else PLAIN_COOKIE, path="/", secure=secure, httponly=True, samesite="lax"
    )


async def maybe_visitor(request: Request) -> Visitor | None:
    """Whoever is signed in, or None."""
    token = request.cookies.get(SECURE_COOKIE if is_https(request) else PLAIN_COOKIE)
    found = await live_visitor(state(request), token) if token else None
    context.enter(actor_id=found.actor.user_id if found else None, origin="web")
    return found


async def visitor(request: Request, found: Annotated[Visitor | None, Depends(maybe_visitor)]) -> Visitor:
    """Whoever is signed in; raises NotSignedIn, and NotFound for a page of a part that is switched off."""
    if found is None:
        raise NotSignedIn("Sign in to see this page.")
    if any(part in found.off for part in request.url.path.split("/")[1:3]):
        raise NotFound("This part is switched off here; an administrator can switch it on.")
    return found


async def same_site(request: Request) -> None:
    """Raise NotAllowed unless the browser says that the request comes from a page of ours."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "null")
    # Browsers leave Sec-Fetch-Site out on plain HTTP to other machines; Origin goes with every post.
    ours = site == "same-origin" if site else _key(origin) in _own(request)
    if not ours:
        raise NotAllowed("This form was not sent from a page of ours. Open the page again and retry.")


async def trusted(
    request: Request,
    who: Annotated[Visitor, Depends(visitor)],
    _: Annotated[None, Depends(same_site)],
) -> Visitor:
    """Whoever is signed in and sent this on purpose; raises NotSignedIn or NotAllowed."""
    given = request.headers.get("x-csrf-token") or (await request.form()).get("csrf_token")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), who.csrf_token.encode()):
        raise NotAllowed("This page is from an earlier sign-in. Open it again and retry.")
    return who


MaybeSigned = Annotated[Visitor | None, Depends(maybe_visitor)]
Signed = Annotated[Visitor, Depends(visitor)]
Trusted = Annotated[Visitor, Depends(trusted)]
SameSite = Depends(same_site)


def _own(request: Request) -> set[tuple[str, str]]:
    """The origins that are ours: where the request arrived, and PUBLIC_URL."""
    own = {(request.url.scheme, request.headers.get("host", ""))}
    if public := state(request).settings.public_url:
        own.add(_key(public))
    return {_key(f"{scheme}://{host}") for scheme, host in own}


def _key(address: str) -> tuple[str, str]:
    """(scheme, host and port) of an address, without the port that goes without saying."""
    parts = urlsplit(address.lower())
    usual = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts.scheme, parts.netloc.removesuffix(usual) if usual else parts.netloc


def demo_password(request: Request) -> str | None:
    """The password of the demo users where they may be offered: in demo mode, on this very machine."""
    here: State = state(request)
    client = request.client.host if request.client else ""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    local = here.settings.is_local and client in LOOPBACK and host in LOOPBACK
    return here.demo_password if here.settings.demo and local else None


def local_path(path: str) -> str:
    """A path of this site to go on to; the start page for anything that could lead elsewhere."""
    fine = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    return path if fine and not path.startswith("/sign-") else "/"
