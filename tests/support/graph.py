"""A stand-in for Microsoft Graph's mail and calendar, which fails in the ways Graph was seen to fail.

429           refused, with Retry-After
503           refused without a word on when to come back: nobody can tell whether it was done
504           not done, but answered as if it might be
504-done      done, and answered 504
504-late      done only after `catch_up()`, and answered 504
drop          done, and the connection broken
401           the token is not accepted, once, with claims to present
"""

import json
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.graph_contract import contract


class Dropped(Exception):
    """The connection is broken before an answer."""


@dataclass
class Answer:
    """What goes back."""

    status: int
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeGraph:
    """`faults` are met by the next POSTs in turn, "" being none; `sent` lists send keys as they are delivered."""

    faults: deque[str] = field(default_factory=deque)
    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    inbox: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    forget_cursor: bool = False

    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one request; raises Dropped. Checks it against Microsoft's description where that is here."""
        self.requests.append((method, url, headers))
        if (oracle := contract()) is not None:
            oracle.check(method, url, body)
        parts = urlsplit(url)
        path = re.sub(r"^.*?/v1\.0/users/[^/]+", "", parts.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if method == "GET":
            return self._read(path, query)
        return self._write(path, json.loads(body) if body else None)

    def catch_up(self) -> None:
        """Let what was answered 504-late take effect."""
        for draft_id in self.late:
            self._deliver(draft_id)
        self.late.clear()

    def _write(self, path: str, body: dict[str, Any] | None) -> Answer:
        fault = self.faults.popleft() if self.faults else ""
        if fault == "401":
            claims = 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
            return Answer(401, _error("InvalidAuthenticationToken"), {"WWW-Authenticate": claims})
        if fault == "429":
            return Answer(429, _error("ApplicationThrottled"), {"Retry-After": "2.128"})
        if fault in ("503", "504"):
            return Answer(int(fault), _error("ServiceUnavailable"))
        send = re.fullmatch(r"/messages/([^/]+)/send", path)
        if fault == "504-late" and send:
            self.late.append(unquote(send.group(1)))
            return Answer(504, _error("GatewayTimeout"))
        done = self._send(unquote(send.group(1))) if send else self._create(path, body or {})
        if fault == "504-done":
            return Answer(504, _error("GatewayTimeout"))
        if fault == "drop":
            raise Dropped
        return done

    def _create(self, path: str, body: dict[str, Any]) -> Answer:
        if path == "/events":
            made = self.events.setdefault(body["transactionId"], {**body, "id": f"event-{len(self.events)}"})
            return Answer(
                201, {**made, "iCalUId": f"uid-{made['id']}", "webLink": "https://outlook.office.com/x"}
            )
        draft_id = f"AAMk/{len(self.drafts)}=="
        key = body["singleValueExtendedProperties"][0]["value"]
        self.drafts[draft_id] = {**body, "id": draft_id, "isDraft": True, "key": key, "folder": "drafts"}
        return Answer(
            201, {"id": draft_id, "internetMessageId": body["internetMessageId"], "conversationId": "c"}
        )

    def _send(self, draft_id: str) -> Answer:
        draft = self.drafts.get(draft_id)
        if draft is None or not draft["isDraft"]:
            return Answer(404, _error("ErrorItemNotFound"))
        self._deliver(draft_id)
        return Answer(202)

    def _deliver(self, draft_id: str) -> None:
        draft = self.drafts[draft_id]
        if draft["isDraft"]:
            draft["isDraft"], draft["folder"] = False, "sentitems"
            self.sent.append(draft["key"])

    def _read(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/mailFolders/sentitems/messages":
            wanted = re.findall(r"(?:ep/value|internetMessageId) eq '([^']+)'", query["$filter"])
            found = [
                {"id": d["id"]}
                for d in self.drafts.values()
                if d["folder"] == "sentitems" and {d["key"], d["internetMessageId"]} & set(wanted)
            ]
            return Answer(200, {"value": found[:1]})
        if path == "/mailFolders/inbox/messages/delta":
            return self._delta(query)
        draft = self.drafts.get(unquote(path.removeprefix("/messages/")))
        if draft is None:
            return Answer(404, _error("ErrorItemNotFound"))
        return Answer(200, {"id": draft["id"], "isDraft": draft["isDraft"]})

    def _delta(self, query: dict[str, str]) -> Answer:
        if self.forget_cursor and "$deltatoken" in query:
            self.forget_cursor = False
            return Answer(410, _error("SyncStateNotFound"))
        start = int(query.get("$deltatoken") or query.get("$skiptoken") or 0)
        page = self.inbox[start : start + 2]
        end, link = (
            start + len(page),
            "https://graph.microsoft.com/v1.0/users/ada/mailFolders/inbox/messages/delta",
        )
        if end < len(self.inbox):
            return Answer(200, {"value": page, "@odata.nextLink": f"{link}?$skiptoken={end}"})
        return Answer(200, {"value": page, "@odata.deltaLink": f"{link}?$deltatoken={end}"})


def _error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": f"{code}: try something else"}}
