"""Webhooks over HTTP, to the outside and nowhere else.

Whoever may make a webhook may make this service send a request to any address. So that this opens no
door to what only we can reach (databases, routers, the cloud's metadata), a name is resolved once, every
address it has must be a public one, and the connection goes to the very address that was looked at: a
name that answers differently the next time (DNS rebinding) changes nothing. The certificate is still
checked against the name. No redirect is followed, no proxy and no cookie is used.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping

import httpx

from crm_api.ports import OutcomeUnknown, PermanentFailure, TemporaryFailure, WebhookReply
from integrations.http import retry_after

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[list[str]]]

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
SECONDS = 15.0  # for everything together: a receiver that drips a byte at a time is no exception
LARGEST_ANSWER = 4_000  # bytes; who answers more is cut off
EXCERPT = 1_000
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+(%[a-z0-9]+)?", re.IGNORECASE)

# Not reachable from everywhere, and not all known to `is_global`: IANA's special-purpose registries, ranges
# that hide an IPv4 address inside an IPv6 one, and the metadata address of Azure, which looks public.
_CLOSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32", "::/96", "::ffff:0:0/96",
        "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


def is_public(address: Address) -> bool:
    """Whether an address is one of the open Internet."""
    return address.is_global and not any(address in network for network in _CLOSED)


async def system_resolver(host: str, port: int) -> list[str]:
    """Every address of a name, as the machine resolves it. Raises OSError where there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


class GuardedPoster:
    """Posts webhooks over HTTPS; over plain HTTP too with `allow_http`.

    `allow` are networks of one's own that receivers may live in after all. `resolve` and `tls` are the
    machine's own unless given.
    """

    def __init__(
        self,
        *,
        allow: Collection[str] = (),
        allow_http: bool = False,
        resolve: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow = [ipaddress.ip_network(text, strict=False) for text in allow]
        self._schemes = ("https", "http") if allow_http else ("https",)
        self._resolve = resolve
        self._tls = tls or ssl.create_default_context()

    async def check(self, url: str) -> None:
        """Whether `url` may be posted to, as far as can be told without sending anything."""
        await self._open_address(self._parsed(url))

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> WebhookReply:
        """Send once, to an address that was looked at."""
        target = self._parsed(url)
        try:
            async with asyncio.timeout(SECONDS):
                address = await self._open_address(target)
                return await self._send(target, address, headers, body)
        except TimeoutError as error:
            raise OutcomeUnknown(f"{target.host} did not answer within {SECONDS:.0f} seconds.") from error

    def _parsed(self, url: str) -> httpx.URL:
        try:
            target = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise PermanentFailure(f"Not a valid address: {error}.") from error
        if target.scheme not in self._schemes:
            raise PermanentFailure(f"The address must begin with {' or '.join(self._schemes)}://.")
        if not target.host:
            raise PermanentFailure("The address names no host.")
        if not _HOST.fullmatch(_name(target)) or not 0 < (target.port or 443) < 65_536:
            raise PermanentFailure("Not a valid address: look at the host and the port.")
        if target.userinfo:
            raise PermanentFailure("Leave name and password out of the address; the signature is the proof.")
        return target

    async def _open_address(self, target: httpx.URL) -> Address:
        """The address to connect to. Every address of the name must be open: one bad one refuses them all."""
        port = target.port or (443 if target.scheme == "https" else 80)
        try:
            texts = await self._resolve(_name(target), port)
        except (OSError, UnicodeError) as error:
            raise TemporaryFailure(f"The name {target.host} cannot be resolved.") from error
        addresses = [ipaddress.ip_address(text) for text in texts]
        if not addresses:
            raise TemporaryFailure(f"The name {target.host} has no address.")
        for address in addresses:
            if not self._is_open(address):
                raise PermanentFailure(
                    f"{target.host} leads to {address}, which is not on the open Internet."
                )
        return addresses[0]

    def _is_open(self, address: Address) -> bool:
        return is_public(address) or any(
            address in network for network in self._allow if network.version == address.version
        )

    async def _send(
        self, target: httpx.URL, address: Address, headers: Mapping[str, str], body: bytes
    ) -> WebhookReply:
        # A client of its own each time: a kept connection is found by address, and two names may share one
        # address, so that the second would ride on the first one's certificate.
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=TIMEOUT
        ) as client:
            request = client.build_request(
                "POST",
                target.copy_with(host=str(address)),
                headers={"accept-encoding": "identity", **headers, "host": target.netloc.decode()},
                content=body,
                extensions={"sni_hostname": _name(target)},
            )
            try:
                response = await client.send(request, stream=True)
                return await _reply(response)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise TemporaryFailure(f"{target.host} cannot be reached: {error}.") from error
            except httpx.TimeoutException as error:
                raise OutcomeUnknown(f"{target.host} did not answer in time.") from error
            except httpx.HTTPError as error:
                raise OutcomeUnknown(f"{target.host} broke the connection: {error}.") from error


def _name(target: httpx.URL) -> str:
    """The host as DNS and TLS know it, in ASCII."""
    return target.raw_host.decode("ascii")


async def _reply(response: httpx.Response) -> WebhookReply:
    """The answer, of which no more is read than is kept."""
    read = b""
    try:
        async for chunk in response.aiter_raw():
            read += chunk
            if len(read) >= LARGEST_ANSWER:
                break
    except httpx.HTTPError:
        pass  # the status is here, and it is the answer; the rest would only have been shown to people
    finally:
        await response.aclose()
    text = read.decode("utf-8", "replace").replace("\0", "�")
    return WebhookReply(response.status_code, text[:EXCERPT], retry_after(response))
