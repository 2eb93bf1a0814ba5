"""Posting webhooks: to the outside, to nothing behind our own walls, and never twice by itself."""

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crm_api.ports import OutcomeUnknown, PermanentFailure, TemporaryFailure
from integrations import webhook_http
from integrations.webhook_http import GuardedPoster, is_public
from tests.support.receiver import Answer, Receiver, receiving

LOOPBACK = ["127.0.0.0/8"]
NAME = "hooks.example.test"

PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192",
    "168.63.129.16", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "192.0.2.1", "198.51.100.7", "203.0.113.9", "192.88.99.1",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "fe80::1", "fe80::1%2", "fc00::1", "fd00:ec2::254",
    "fec0::1", "ff02::1", "2001:db8::1", "100::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1",
          "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450:4001:82b::200e"]  # fmt: skip


def leading_to(*addresses: str) -> webhook_http.Resolver:
    """A resolver for which every name has these addresses."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


def trusting(**options: object) -> GuardedPoster:
    """A poster that may reach this machine, over plain HTTP."""
    return GuardedPoster(allow=LOOPBACK, allow_http=True, **options)  # type: ignore[arg-type]


# ── What may be posted to ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("address", PRIVATE)
async def test_an_address_behind_the_walls_is_refused(address: str) -> None:
    poster = GuardedPoster(resolve=leading_to(address))

    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(PermanentFailure, match="not on the open Internet"):
        await poster.check(f"https://{NAME}/hook")


@pytest.mark.parametrize("address", PUBLIC)
async def test_an_address_of_the_open_internet_is_not(address: str) -> None:
    await GuardedPoster(resolve=leading_to(address)).check(f"https://{NAME}/hook")


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
     "[::ffff:7f00:1]", "0"],
)  # fmt: skip
async def test_every_spelling_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(PermanentFailure):
        await GuardedPoster().check(f"https://{host}/")


async def test_one_private_address_among_public_ones_refuses_them_all() -> None:
    with pytest.raises(PermanentFailure, match=r"10\.0\.0\.1"):
        await GuardedPoster(resolve=leading_to("8.8.8.8", "10.0.0.1")).check(f"https://{NAME}/")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/", "https://"),
        ("ftp://example.com/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("gopher://example.com/", "https://"),
        ("example.com/hook", "https://"),
        ("https://", "no host"),
        ("https:///hook", "no host"),
        ("https://user:secret@example.com/", "name and password"),
        ("https://exa mple.com/", "address"),
        ("https://example.com:99999/", "address"),
        ("", "https://"),
    ],
)
async def test_an_address_that_is_none_is_refused(url: str, reason: str) -> None:
    with pytest.raises(PermanentFailure, match=reason):
        await GuardedPoster(resolve=leading_to("8.8.8.8")).check(url)


async def test_networks_of_ones_own_can_be_opened_one_by_one() -> None:
    poster = GuardedPoster(allow=["10.20.0.0/16"], resolve=leading_to("10.20.1.1"))
    await poster.check(f"https://{NAME}/")

    with pytest.raises(PermanentFailure):
        await GuardedPoster(allow=["10.20.0.0/16"], resolve=leading_to("10.21.1.1")).check(f"https://{NAME}/")


async def test_a_name_without_an_address_may_have_one_tomorrow() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("unknown")

    for resolver in (nowhere, leading_to()):
        with pytest.raises(TemporaryFailure):
            await GuardedPoster(resolve=resolver).check(f"https://{NAME}/")


# ── Posting ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_arrives_as_it_was_given(receiver: Receiver) -> None:
    reply = await trusting().post(receiver.url + "?a=1", {"webhook-id": "m1"}, b'{"a": 1}')

    (request,) = receiver.received
    assert (reply.status, reply.excerpt) == (200, "thanks")
    assert request.line == "POST /hooks?a=1 HTTP/1.1"
    assert (request.headers["webhook-id"], request.body) == ("m1", b'{"a": 1}')


async def test_a_refused_address_is_sent_nothing(receiver: Receiver) -> None:
    with pytest.raises(PermanentFailure):
        await GuardedPoster(allow_http=True).post(receiver.url, {}, b"{}")

    assert receiver.received == []


async def test_a_name_is_resolved_once_and_the_connection_goes_where_was_looked(receiver: Receiver) -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    await trusting(resolve=rebinding).post(f"http://{NAME}:{receiver.port}/hooks", {}, b"{}")

    assert asked == [NAME]
    assert receiver.received[0].headers["host"] == f"{NAME}:{receiver.port}"


async def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [Answer(302, headers={"location": receiver.url + "/inside"})]

    reply = await trusting().post(receiver.url, {}, b"{}")

    assert (reply.status, len(receiver.received)) == (302, 1)


async def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert (await trusting().post(receiver.url, {}, b"{}")).status == 200


@pytest.mark.parametrize("status", [201, 204, 400, 404, 410, 429, 500, 503])
async def test_every_status_is_an_answer(receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status, b"")]

    assert (await trusting().post(receiver.url, {}, b"{}")).status == status


async def test_the_wait_that_a_receiver_asks_for_is_told(receiver: Receiver) -> None:
    receiver.answers = [Answer(429, headers={"retry-after": "120"})]

    assert (await trusting().post(receiver.url, {}, b"{}")).retry_after == 120


async def test_no_more_of_an_answer_is_read_than_is_kept(receiver: Receiver) -> None:
    receiver.answers = [Answer(200, b"x" * 5_000_000)]

    reply = await trusting().post(receiver.url, {}, b"{}")

    assert reply.excerpt == "x" * 1_000


async def test_an_answer_that_is_no_text_is_shown_as_far_as_it_can_be(receiver: Receiver) -> None:
    receiver.answers = [Answer(200, b"ok\x00\xff\xfe")]

    excerpt = (await trusting().post(receiver.url, {}, b"{}")).excerpt

    assert excerpt.startswith("ok")
    assert "\0" not in excerpt


async def test_an_answer_that_breaks_off_after_its_status_counts(receiver: Receiver) -> None:
    receiver.answers = [Answer(200, b"half", headers={"content-length": "400"})]

    assert (await trusting().post(receiver.url, {}, b"{}")).status == 200


async def test_a_connection_that_breaks_leaves_the_outcome_unknown(receiver: Receiver) -> None:
    receiver.answers = [Answer(hang_up=True)]

    with pytest.raises(OutcomeUnknown):
        await trusting().post(receiver.url, {}, b"{}")


async def test_a_receiver_that_never_answers_is_given_up(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_http, "SECONDS", 0.2)
    receiver.answers = [Answer(silent=True)]

    with pytest.raises(OutcomeUnknown, match="did not answer"):
        await trusting().post(receiver.url, {}, b"{}")


async def test_where_nobody_listens_nothing_was_done() -> None:
    async with receiving() as gone:
        url = gone.url

    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        await trusting().post(url, {}, b"{}")


async def test_no_cookie_is_given_back(receiver: Receiver) -> None:
    poster = trusting()
    receiver.answers = [Answer(200, headers={"set-cookie": "a=1"})]
    await poster.post(receiver.url, {}, b"{}")
    await poster.post(receiver.url, {}, b"{}")

    assert "cookie" not in receiver.received[1].headers


# ── Over TLS ─────────────────────────────────────────────────────────────────────────────────────


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for a name, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.mark.parametrize(("called", "arrives"), [(NAME, True), ("other.example.test", False)])
async def test_the_certificate_is_checked_against_the_name_though_the_address_is_pinned(
    tmp_path: Path, called: str, arrives: bool
) -> None:
    file = certificate(tmp_path, NAME)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    poster = GuardedPoster(
        allow=LOOPBACK, resolve=leading_to("127.0.0.1"), tls=ssl.create_default_context(cafile=file)
    )

    async with receiving(server) as receiver:
        url = f"https://{called}:{receiver.port}/hooks"
        if arrives:
            assert (await poster.post(url, {}, b"{}")).status == 200
        else:
            with pytest.raises(TemporaryFailure, match="cannot be reached"):
                await poster.post(url, {}, b"{}")
            assert receiver.received == []
