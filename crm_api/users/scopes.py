"""What an API key may do: `leads:read`, `leads:write`, `leads:export`, `*:read`.

Exporting is a right of its own: a key that shows a record here and there need not hand out all of them.
A scope only narrows what the key's user may do anyway. The resource is the first word of the path after
`/api/v1` or `/api/v1/crm`, so that every operation has one without being listed here.
"""

import re
from collections.abc import Iterable

# POSTs that change nothing: a condition tree or a question does not fit into a query string.
_ASKING = re.compile(r"/api/v1/(?:crm/)?(?:[^/]+/search|ask)")
_EXPORTING = re.compile(r"/api/v1/(?:crm/)?[^/]+/exports?")
_RESOURCE = re.compile(r"/api/v1/(?:crm/)?([^/{}]+)")
# Passwords, sessions and keys themselves: a key that could make keys could give itself every scope.
PERSONAL = "auth"
WHO_AM_I = "/api/v1/auth/me"


def resource_of(path: str) -> str | None:
    """The resource a path belongs to, or None for one outside the API."""
    found = _RESOURCE.match(path)
    return found[1] if found else None


def needed(method: str, path: str) -> str | None:
    """The scope a request needs: None where any key will do, `auth:…` where no key ever does."""
    resource = resource_of(path)
    looking = method in ("GET", "HEAD", "OPTIONS")
    if resource is None or (path == WHO_AM_I and looking):
        return None
    if _EXPORTING.fullmatch(path):
        return f"{resource}:export"
    reading = looking or (method == "POST" and _ASKING.fullmatch(path))
    return f"{resource}:{'read' if reading else 'write'}"


def permits(scopes: Iterable[str], wanted: str | None) -> bool:
    """Whether `scopes` open `wanted`. Reading, writing and exporting are three rights; none implies another."""
    if wanted is None:
        return True
    resource, _, right = wanted.partition(":")
    return resource != PERSONAL and not {wanted, f"*:{right}"}.isdisjoint(scopes)


def unknown(scopes: Iterable[str], paths: Iterable[str]) -> list[str]:
    """The scopes that name no resource among `paths`, the service's own."""
    resources = {resource_of(path) for path in paths} - {None, PERSONAL} | {"*"}
    return [scope for scope in scopes if scope.partition(":")[0] not in resources]
