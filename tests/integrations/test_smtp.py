import asyncio
import socket

import pytest

from crm_api.ports import Mailbox, OutcomeUnknown, PermanentFailure, SendState, TemporaryFailure
from integrations.smtp import SmtpSender
from tests.support.mails import make_mail
from tests.support.smtp_server import smtp_server


@pytest.fixture
def server():
    with smtp_server() as running:
        yield running


async def send(url: str, **overrides):
    sender, mail = SmtpSender(url, timeout=2), make_mail(**overrides)
    return await sender.submit(await sender.prepare(mail), mail)


async def test_a_mail_arrives_with_its_own_message_id(server):
    sent = await send(server.url, send_key="k1")
    assert (
        [mail["Message-ID"] for mail in server.received] == ["<k1@mail.rounds-crm.com>"] == [sent.message_id]
    )


@pytest.mark.parametrize("step", ["on_mail", "on_rcpt", "on_data"])
async def test_a_refusal_for_now_may_be_tried_again(server, step):
    setattr(server.faults, step, "451 come back later")
    with pytest.raises(TemporaryFailure, match="451"):
        await send(server.url)


@pytest.mark.parametrize("step", ["on_mail", "on_rcpt", "on_data"])
async def test_a_refusal_for_good_is_final(server, step):
    setattr(server.faults, step, "550 no such person")
    with pytest.raises(PermanentFailure, match="550"):
        await send(server.url)


async def test_silence_after_the_final_dot_is_unknown_because_the_mail_may_be_on_its_way(server):
    server.faults.on_data = "drop"
    with pytest.raises(OutcomeUnknown):
        await send(server.url)
    assert len(server.received) == 1


async def test_a_server_that_is_not_there_has_certainly_sent_nothing():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(TemporaryFailure):
        await send(f"smtp://127.0.0.1:{port}")


async def test_a_server_that_never_greets_has_certainly_sent_nothing():
    left = asyncio.Event()

    async def stay_silent(reader, writer):
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    silent = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    async with silent:
        sender = SmtpSender(f"smtp://127.0.0.1:{silent.sockets[0].getsockname()[1]}", timeout=0.2)
        with pytest.raises(TemporaryFailure):
            await sender.submit("", make_mail())
        await left.wait()


async def test_a_wrong_password_blames_the_settings_and_not_the_mail(server):
    with pytest.raises(TemporaryFailure):
        await send(server.url.replace("//", "//ada:wrong@"))


async def test_smtp_never_knows_later(server):
    assert await SmtpSender(server.url).find("", make_mail()) is SendState.UNKNOWN


@pytest.mark.parametrize(
    "domain", ["dealer.example", "example.com", "sub.example.org", "x.test", "localhost"]
)
async def test_a_reserved_name_is_never_written_to(server, domain):
    with pytest.raises(PermanentFailure, match="reserved"):
        await send(server.url, recipient=Mailbox(f"grace@{domain}"))
    assert server.received == []


async def test_the_doctor_says_whether_the_server_answers(server):
    (line,) = await SmtpSender(server.url).diagnose()
    assert line.ok


@pytest.mark.parametrize("url", ["http://x", "smtp://", "mail.x.com"])
def test_a_wrong_address_of_the_server_is_said_at_the_start(url):
    with pytest.raises(ValueError, match="SMTP_URL"):
        SmtpSender(url)
