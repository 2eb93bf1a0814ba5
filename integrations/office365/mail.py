"""Mail through Microsoft Graph: draft, send, find.

`sendMail` has no idempotency key and gives no id, so that a mail is made as a draft that carries our send
key, sent as a second step, and looked for by that key where no answer came. Once sent, the draft is moved,
and sending it again meets 404: that is what keeps a repeated send from arriving twice.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from crm_api.ports import (
    IncomingEmail,
    Mailbox,
    MailboxChanges,
    OutcomeUnknown,
    OutgoingEmail,
    PermanentFailure,
    SendState,
    SentEmail,
    TemporaryFailure,
)
from integrations.mime import is_automatic_by, mail_ids
from integrations.office365.graph import Graph
from integrations.reserved import is_reserved

SEND_KEY = "String {0d3c2c5e-6f1b-4c62-9d3a-5a0f7b1e8c41} Name CrmSendKey"
MESSAGE_CLASS = "String 0x001A"
FIRST_DAYS = 2  # how far back a mailbox is read that was never read before
PAGE = 50
_FIELDS = (
    "id", "internetMessageId", "conversationId", "subject", "from", "toRecipients", "ccRecipients",
    "receivedDateTime", "body", "internetMessageHeaders",
)  # fmt: skip


class GraphSender:
    """Sends from each user's own mailbox. The handle is the draft's ids as JSON."""

    name = "office365"
    settle_seconds = 900.0  # Exchange may deliver, and then move the draft, long after a 504

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def prepare(self, message: OutgoingEmail) -> str:
        """Make the draft. One that is lost on the way is an orphan without harm, so that this may be repeated."""
        if is_reserved(message.recipient.address):
            raise PermanentFailure(
                f"{message.recipient.address} is a reserved name for examples; only the Maildir takes it."
            )
        try:
            response = await self._graph.call(
                "POST", message.sender.address, "/messages", idempotent=False, json=_draft(message)
            )
        except OutcomeUnknown as unknown:
            raise TemporaryFailure(f"The draft may not have been made: {unknown.reason}") from unknown
        draft = response.json()
        return json.dumps(
            {
                "id": draft["id"],
                "message_id": draft.get("internetMessageId"),
                "conversation": draft.get("conversationId"),
            }
        )

    async def submit(self, handle: str, message: OutgoingEmail) -> SentEmail:
        """Send the draft. 404 means that it is not there any more: it may have been sent before."""
        draft = json.loads(handle)
        response = await self._graph.call(
            "POST", message.sender.address, f"/messages/{quote(draft['id'], safe='')}/send",
            idempotent=False, accept=(404,),
        )  # fmt: skip
        if response.status_code == 404:
            raise OutcomeUnknown("The draft is not there any more; it may have been sent already.")
        return SentEmail(draft["id"], draft["message_id"] or message.message_id, draft["conversation"])

    async def find(self, handle: str, message: OutgoingEmail) -> SendState:
        """Sent where a sent mail carries our key or the draft is no draft any more; not sent where the draft
        still lies there; else unknown, because a mail may be deleted by hand."""
        draft = json.loads(handle) if handle else {}
        if await self._is_in_sent_items(message, draft.get("message_id")):
            return SendState.SENT
        if not draft:
            return SendState.UNKNOWN
        response = await self._graph.call(
            "GET", message.sender.address, f"/messages/{quote(draft['id'], safe='')}",
            idempotent=True, accept=(404,), params={"$select": "id,isDraft"},
        )  # fmt: skip
        if response.status_code == 404:
            return SendState.UNKNOWN
        return SendState.NOT_SENT if response.json().get("isDraft") else SendState.SENT

    async def _is_in_sent_items(self, message: OutgoingEmail, message_id: str | None) -> bool:
        ours = f"ep/id eq '{SEND_KEY}' and ep/value eq '{_quoted(message.send_key)}'"
        filters = [f"singleValueExtendedProperties/Any(ep: {ours})"]
        if message_id:
            filters.append(f"internetMessageId eq '{_quoted(message_id)}'")
        for condition in filters:
            response = await self._graph.call(
                "GET", message.sender.address, "/mailFolders/sentitems/messages",
                idempotent=True, params={"$filter": condition, "$select": "id", "$top": "1"},
            )  # fmt: skip
            if response.json().get("value"):
                return True
        return False


class GraphMailboxReader:
    """Reads a user's inbox by delta. The cursor is the link Graph gave, followed as it stands."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def changes(self, mailbox: str, *, cursor: str | None) -> MailboxChanges:
        """What arrived since `cursor`; the last two days where there is none, or where Graph has forgotten it.

        The same mail may come again, as Graph allows itself; its id stays the same.
        """
        path, options = cursor or "/mailFolders/inbox/messages/delta", {}
        if cursor is None:
            since = (datetime.now(UTC) - timedelta(days=FIRST_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
            options["params"] = {"$select": ",".join(_FIELDS), "$filter": f"receivedDateTime ge {since}"}
        response = await self._graph.call(
            "GET", mailbox, path, idempotent=True, accept=(400, 404, 410),
            prefer=f'odata.maxpagesize={PAGE}, outlook.body-content-type="text"', **options,
        )  # fmt: skip
        if not response.is_success:
            if cursor is None:
                raise PermanentFailure(
                    f"The mailbox {mailbox} cannot be read: Graph answered {response.status_code}."
                )
            return await self.changes(mailbox, cursor=None)  # 410, SyncStateNotFound, SyncStateInvalid
        page = response.json()
        more = "@odata.nextLink" in page
        return MailboxChanges(
            messages=tuple(_incoming(item) for item in page["value"] if "@removed" not in item),
            cursor=page["@odata.nextLink"] if more else page["@odata.deltaLink"],
            more=more,
        )


def _draft(message: OutgoingEmail) -> dict[str, Any]:
    """The draft as Graph takes it. Only headers that begin with x- are allowed, and an empty list is refused."""
    html = message.html is not None
    body: dict[str, Any] = {
        "subject": message.subject,
        "body": {
            "contentType": "html" if html else "text",
            "content": message.html if html else message.text,
        },
        "toRecipients": [_recipient(message.recipient)],
        "internetMessageId": message.message_id,
        "singleValueExtendedProperties": [{"id": SEND_KEY, "value": message.send_key}],
    }
    if message.reply_to:
        body["replyTo"] = [_recipient(message.reply_to)]
    headers = [
        {"name": name, "value": value}
        for name, value in message.headers.items()
        if name.casefold().startswith("x-")
    ]
    if headers:
        body["internetMessageHeaders"] = headers[:5]
    return body


def _recipient(mailbox: Mailbox) -> dict[str, Any]:
    return {"emailAddress": {"address": mailbox.address, "name": mailbox.name or mailbox.address}}


def _quoted(value: str) -> str:
    """A value inside an OData string: an apostrophe is written twice."""
    return value.replace("'", "''")


def _incoming(item: dict[str, Any]) -> IncomingEmail:
    headers = {h["name"].casefold(): h["value"] for h in item.get("internetMessageHeaders") or ()}
    sender = _mailbox(item.get("from"))
    bounced = sender.address.casefold().startswith(("mailer-daemon@", "postmaster@", "microsoftexchange"))
    return IncomingEmail(
        provider_id=item["id"],
        message_id=item.get("internetMessageId") or f"<{item['id']}@no-message-id>",
        sender=sender,
        recipients=tuple(
            _mailbox(r) for r in [*(item.get("toRecipients") or ()), *(item.get("ccRecipients") or ())]
        ),
        subject=item.get("subject") or "",
        text=(item.get("body") or {}).get("content", ""),
        received_at=datetime.fromisoformat(item["receivedDateTime"]).astimezone(UTC),
        in_reply_to=next(iter(mail_ids(headers.get("in-reply-to", ""))), None),
        references=mail_ids(headers.get("references", "")),
        conversation_id=item.get("conversationId"),
        is_automatic=is_automatic_by(headers),
        is_bounce=bounced,
        bounce_status=None,
    )


def _mailbox(value: dict[str, Any] | None) -> Mailbox:
    address = (value or {}).get("emailAddress") or {}
    return Mailbox(address.get("address") or "", address.get("name") or "")
