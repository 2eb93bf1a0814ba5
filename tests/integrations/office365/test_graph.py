import base64
import json
from datetime import UTC, datetime

import httpx
import pytest
import respx

from crm_api.ports import (
    CalendarEvent,
    Mailbox,
    OutcomeUnknown,
    PermanentFailure,
    SendState,
    TemporaryFailure,
)
from integrations import http
from integrations.office365.calendar import GraphCalendar
from integrations.office365.graph import BASE_URL, Graph
from integrations.office365.mail import GraphMailboxReader, GraphSender
from tests.support.graph import Dropped, FakeGraph
from tests.support.graph_contract import CONTRACT, contract
from tests.support.mails import make_mail

ADA = "ada@dealer-house.com"


@pytest.fixture
def fake():
    return FakeGraph()


@pytest.fixture
def tokens():
    asked: list[str | None] = []

    async def token(claims: str | None) -> str:
        asked.append(claims)
        return f"token-{len(asked)}"

    token.asked = asked
    return token


@pytest.fixture
async def graph(fake, tokens):
    def answer(request: httpx.Request) -> httpx.Response:
        try:
            given = fake.answer(request.method, str(request.url), dict(request.headers), request.content)
        except Dropped:
            raise httpx.RemoteProtocolError("Server disconnected", request=request) from None
        return httpx.Response(given.status, json=given.body, headers=given.headers)

    with respx.mock(base_url=BASE_URL, assert_all_called=False) as router:
        router.route().mock(side_effect=answer)
        opened = Graph(tokens, client=http.new_client())
        yield opened
        await opened.close()


@pytest.fixture
def sender(graph):
    return GraphSender(graph)


async def send(sender, mail):
    return await sender.submit(await sender.prepare(mail), mail)


@pytest.mark.skipif(not CONTRACT.is_file(), reason=f"Microsoft's description of Graph is not at {CONTRACT}")
def test_the_oracle_knows_a_wrong_request():
    oracle = contract()
    with pytest.raises(AssertionError, match="subjekt"):
        oracle.check("POST", f"{BASE_URL}/users/a/messages", b'{"subjekt": "x"}')
    with pytest.raises(AssertionError, match="filter"):
        oracle.check("GET", f"{BASE_URL}/users/a/messages?filter=x", b"")
    with pytest.raises(AssertionError, match="no /users/a/mesages"):
        oracle.check("GET", f"{BASE_URL}/users/a/mesages", b"")


async def test_a_mail_is_made_as_a_draft_that_carries_its_key_and_then_sent(sender, fake):
    mail = make_mail(send_key="k1")
    sent = await send(sender, mail)
    (draft,) = fake.drafts.values()
    assert (fake.sent, sent.provider_id, sent.message_id) == (["k1"], draft["id"], mail.message_id)


async def test_every_request_asks_for_ids_that_stay(sender, fake):
    mail = make_mail()
    handle = await sender.prepare(mail)
    await sender.submit(handle, mail)
    await sender.find(handle, mail)
    assert all('IdType="ImmutableId"' in headers["prefer"] for _, _, headers in fake.requests)
    assert len({headers["client-request-id"] for _, _, headers in fake.requests}) == len(fake.requests)


async def test_sending_a_draft_says_that_it_has_no_body(sender, fake):
    await send(sender, make_mail())
    _, url, headers = fake.requests[-1]
    assert url.endswith("/send")
    assert headers["content-length"] == "0"


async def test_only_headers_that_graph_takes_are_sent(sender, fake):
    await sender.prepare(make_mail(headers={"X-CRM-Message": "1", "List-Unsubscribe": "<https://x>"}))
    (draft,) = fake.drafts.values()
    assert draft["internetMessageHeaders"] == [{"name": "X-CRM-Message", "value": "1"}]


async def test_a_draft_whose_answer_is_lost_may_be_made_again_because_nothing_was_sent(sender, fake):
    fake.faults.append("drop")
    with pytest.raises(TemporaryFailure):
        await sender.prepare(make_mail())
    assert fake.sent == []


@pytest.mark.parametrize("fault", ["503", "504", "504-done", "504-late", "drop"])
async def test_an_answer_that_leaves_the_outcome_open_is_unknown_and_never_repeated(sender, fake, fault):
    mail = make_mail()
    handle = await sender.prepare(mail)
    fake.faults.append(fault)
    posts = len(fake.requests)
    with pytest.raises(OutcomeUnknown):
        await sender.submit(handle, mail)
    assert len(fake.requests) == posts + 1


async def test_a_throttled_mail_was_not_sent_and_says_when_to_come_back(sender, fake):
    mail = make_mail()
    handle = await sender.prepare(mail)
    fake.faults.append("429")
    with pytest.raises(TemporaryFailure) as caught:
        await sender.submit(handle, mail)
    assert caught.value.retry_after == pytest.approx(2.128)
    assert fake.sent == []


@pytest.mark.parametrize(("fault", "state"), [
    ("504", SendState.NOT_SENT), ("504-done", SendState.SENT), ("drop", SendState.SENT),
])  # fmt: skip
async def test_what_became_of_a_lost_mail_can_be_found(sender, fake, fault, state):
    mail = make_mail()
    handle = await sender.prepare(mail)
    fake.faults.append(fault)
    with pytest.raises(OutcomeUnknown):
        await sender.submit(handle, mail)
    assert await sender.find(handle, mail) is state


async def test_a_late_mail_is_found_once_it_has_settled(sender, fake):
    mail = make_mail()
    handle = await sender.prepare(mail)
    fake.faults.append("504-late")
    with pytest.raises(OutcomeUnknown):
        await sender.submit(handle, mail)
    fake.catch_up()
    assert await sender.find(handle, mail) is SendState.SENT


async def test_the_same_draft_cannot_arrive_twice(sender, fake):
    mail = make_mail()
    handle = await sender.prepare(mail)
    await sender.submit(handle, mail)
    with pytest.raises(OutcomeUnknown, match="already"):
        await sender.submit(handle, mail)
    assert len(fake.sent) == 1


async def test_a_sent_mail_is_found_by_its_key_even_when_its_id_has_changed(sender, fake):
    mail = make_mail()
    handle = await sender.prepare(mail)
    await sender.submit(handle, mail)
    (draft_id,) = fake.drafts
    fake.drafts["another id"] = fake.drafts.pop(draft_id)
    assert await sender.find(handle, mail) is SendState.SENT


async def test_a_draft_that_somebody_deleted_is_unknown(sender, fake):
    mail = make_mail()
    handle = await sender.prepare(mail)
    fake.drafts.clear()
    assert await sender.find(handle, mail) is SendState.UNKNOWN


async def test_a_reserved_name_is_never_written_to(sender, fake):
    with pytest.raises(PermanentFailure, match="reserved"):
        await sender.prepare(make_mail(recipient=Mailbox("x@dealer.example")))
    assert fake.requests == []


async def test_a_token_taken_back_is_replaced_once_with_the_claims_asked_for(sender, fake, tokens):
    fake.faults.append("401")
    await sender.prepare(make_mail())
    assert tokens.asked == [None, '{"access_token":{}}']


async def test_a_token_refused_twice_is_a_fault_of_the_settings_and_not_of_the_mail(sender, fake):
    fake.faults.extend(["401", "401"])
    with pytest.raises(TemporaryFailure, match="doctor"):
        await sender.prepare(make_mail())


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


def item(n: int, **overrides):
    return {
        "id": f"m{n}", "internetMessageId": f"<{n}@customer.com>", "subject": "Re: hi", "conversationId": "c",
        "from": {"emailAddress": {"address": "grace@customer.com", "name": "Grace"}},
        "toRecipients": [{"emailAddress": {"address": ADA}}], "ccRecipients": [],
        "receivedDateTime": "2026-11-20T09:00:00Z", "body": {"contentType": "text", "content": "Yes"},
        "internetMessageHeaders": [{"name": "In-Reply-To", "value": "<first@x>"}], **overrides,
    }  # fmt: skip


async def test_an_inbox_is_read_page_by_page_to_its_end(graph, fake):
    fake.inbox = [item(n) for n in range(5)]
    reader, cursor, more, seen = GraphMailboxReader(graph), None, True, []
    while more:
        changes = await reader.changes(ADA, cursor=cursor)
        cursor, more = changes.cursor, changes.more
        seen += [mail.provider_id for mail in changes.messages]
    assert seen == ["m0", "m1", "m2", "m3", "m4"]
    assert (await reader.changes(ADA, cursor=cursor)).messages == ()


async def test_a_reply_names_what_it_answers(graph, fake):
    fake.inbox = [
        item(1),
        item(2, internetMessageHeaders=[{"name": "Auto-Submitted", "value": "auto-replied"}]),
    ]
    first, second = (await GraphMailboxReader(graph).changes(ADA, cursor=None)).messages
    assert (first.in_reply_to, first.received_at) == ("<first@x>", datetime(2026, 11, 20, 9, tzinfo=UTC))
    assert second.is_automatic


async def test_a_cursor_that_graph_has_forgotten_starts_over(graph, fake):
    reader = GraphMailboxReader(graph)
    cursor = (await reader.changes(ADA, cursor=None)).cursor
    fake.inbox, fake.forget_cursor = [item(1)], True
    assert len((await reader.changes(ADA, cursor=cursor)).messages) == 1


async def test_a_link_to_another_host_is_not_followed_with_our_token(graph):
    with pytest.raises(TemporaryFailure, match="host"):
        await GraphMailboxReader(graph).changes(ADA, cursor="https://evil.example/users/ada/messages")


# ── Calendar ─────────────────────────────────────────────────────────────────────────────────────


def meeting() -> CalendarEvent:
    return CalendarEvent(
        transaction_id="t1", subject="Demo", starts_at=datetime(2026, 12, 1, 15, tzinfo=UTC),
        ends_at=datetime(2026, 12, 1, 16, tzinfo=UTC), time_zone="America/New_York", location="Columbus",
        attendees=(Mailbox("grace@customer.com", "Grace"),),
    )  # fmt: skip


async def test_a_meeting_is_written_in_its_own_time_zone(graph, fake):
    made = await GraphCalendar(graph).create_event(ADA, meeting())
    stored = fake.events["t1"]
    assert stored["start"] == {"dateTime": "2026-12-01T10:00:00", "timeZone": "America/New_York"}
    assert (made.provider_id, made.ical_uid) == (stored["id"], f"uid-{stored['id']}")


async def test_creating_the_same_meeting_again_makes_no_second_one(graph, fake):
    calendar = GraphCalendar(graph)
    fake.faults.append("drop")
    with pytest.raises(OutcomeUnknown):
        await calendar.create_event(ADA, meeting())
    await calendar.create_event(ADA, meeting())
    assert len(fake.events) == 1


def test_claims_travel_as_base64():
    from integrations.office365.auth import claims_of

    packed = base64.b64encode(json.dumps({"a": 1}).encode()).decode().rstrip("=")
    assert claims_of(f'Bearer error="insufficient_claims", claims="{packed}"') == '{"a": 1}'
    assert claims_of("Bearer") is None
