"""One contract over every EmailSender: what the outbox relies on, whatever the transport."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from crm_api.ports import EmailSender, Mailbox, OutcomeUnknown, PermanentFailure, SendState
from integrations import http
from integrations.office365.graph import BASE_URL, Graph
from integrations.office365.mail import GraphSender
from integrations.offline.maildir import MaildirSender
from integrations.smtp import SmtpSender
from tests.support.graph import FakeGraph
from tests.support.mails import make_mail
from tests.support.smtp_server import smtp_server


@dataclass
class Bench:
    """A sender, and how many mails have really arrived."""

    sender: EmailSender
    arrived: Callable[[], int]
    can_find: bool = True


@asynccontextmanager
async def maildir(folder: Path) -> AsyncIterator[Bench]:
    yield Bench(MaildirSender(folder), lambda: len(list(folder.glob("out/*/new/*"))))


@asynccontextmanager
async def smtp(folder: Path) -> AsyncIterator[Bench]:
    with smtp_server() as server:
        yield Bench(SmtpSender(server.url), lambda: len(server.received), can_find=False)


@asynccontextmanager
async def office365(folder: Path) -> AsyncIterator[Bench]:
    fake = FakeGraph()

    async def token(claims: str | None) -> str:
        return "token"

    def answer(request: httpx.Request) -> httpx.Response:
        given = fake.answer(request.method, str(request.url), dict(request.headers), request.content)
        return httpx.Response(given.status, json=given.body, headers=given.headers)

    with respx.mock(base_url=BASE_URL, assert_all_called=False) as router:
        router.route().mock(side_effect=answer)
        graph = Graph(token, client=http.new_client())
        yield Bench(GraphSender(graph), lambda: len(fake.sent))
        await graph.close()


@pytest.fixture(params=[maildir, smtp, office365], ids=lambda param: param.__name__)
async def bench(request: Any, tmp_path: Path) -> AsyncIterator[Bench]:
    async with request.param(tmp_path) as opened:
        yield opened


async def test_preparing_sends_nothing(bench):
    await bench.sender.prepare(make_mail())
    assert bench.arrived() == 0


async def test_preparing_again_sends_nothing_either(bench):
    mail = make_mail()
    await bench.sender.prepare(mail)
    await bench.sender.submit(await bench.sender.prepare(mail), mail)
    assert bench.arrived() == 1


async def test_a_handle_is_text_that_can_be_stored(bench):
    handle = await bench.sender.prepare(make_mail())
    assert isinstance(handle, str)
    assert handle


async def test_a_submitted_mail_arrives_and_is_named(bench):
    mail = make_mail()
    sent = await bench.sender.submit(await bench.sender.prepare(mail), mail)
    assert bench.arrived() == 1
    assert sent.provider_id
    assert sent.message_id == mail.message_id


async def test_a_submitted_mail_is_found_or_not_known_but_never_called_unsent(bench):
    mail = make_mail()
    handle = await bench.sender.prepare(mail)
    await bench.sender.submit(handle, mail)
    assert await bench.sender.find(handle, mail) is (SendState.SENT if bench.can_find else SendState.UNKNOWN)


async def test_a_mail_that_was_only_prepared_is_never_called_sent(bench):
    mail = make_mail()
    handle = await bench.sender.prepare(mail)
    assert await bench.sender.find(handle, mail) is (
        SendState.NOT_SENT if bench.can_find else SendState.UNKNOWN
    )


async def test_two_mails_are_told_apart(bench):
    first, second = make_mail(), make_mail()
    handle = await bench.sender.prepare(first)
    other = await bench.sender.prepare(second)
    await bench.sender.submit(handle, first)
    assert await bench.sender.find(other, second) is not SendState.SENT


async def test_where_a_mail_can_be_found_submitting_it_twice_does_not_send_it_twice(bench):
    if not bench.can_find:
        return  # nothing protects a mail over SMTP but the outbox, which never submits it twice by itself
    mail = make_mail()
    handle = await bench.sender.prepare(mail)
    await bench.sender.submit(handle, mail)
    with suppress(OutcomeUnknown):
        await bench.sender.submit(handle, mail)
    assert bench.arrived() == 1


@pytest.mark.parametrize("mail", [{"recipient": Mailbox("nobody")}])
async def test_what_can_never_be_sent_is_said_before_anything_is_committed(bench, mail):
    if isinstance(bench.sender, GraphSender):
        return  # Graph itself judges addresses, when the draft is made
    with pytest.raises(PermanentFailure):
        await bench.sender.prepare(make_mail(**mail))


async def test_every_sender_says_its_name_and_how_long_a_lost_answer_settles(bench):
    assert bench.sender.name
    assert bench.sender.settle_seconds >= 0
