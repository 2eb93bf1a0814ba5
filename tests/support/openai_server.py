"""A real server on loopback that speaks the OpenAI wire format, and misbehaves on demand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class OpenAIServer:
    """`answers` are given in turn, the last again and again; `requests` are what came in.

    An answer is a dict (what the model says), or a fault: "slow", "truncated", "refusing", "off-schema",
    "fenced", "429", "500", "401".
    """

    url: str = ""
    answers: list[dict[str, Any] | str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    closing: asyncio.Event = field(default_factory=asyncio.Event)
    all_gone: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def next(self) -> dict[str, Any] | str:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        self.all_gone.clear()
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                length = next(
                    (
                        int(v)
                        for k, _, v in (x.partition(": ") for x in lines)
                        if k.lower() == "content-length"
                    ),
                    0,
                )
                body = json.loads(await reader.readexactly(length) or b"{}")
                path = lines[0].split()[1]
                self.requests.append({"path": path, "body": body})
                status, answer = await self.answered(path)
                data = json.dumps(answer).encode()
                writer.write(
                    f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nretry-after: 0\r\n"
                    f"content-length: {len(data)}\r\n\r\n".encode()
                    + data
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()
            if not self.writers:
                self.all_gone.set()

    async def answered(self, path: str) -> tuple[int, dict[str, Any]]:
        said = self.next()
        if said == "slow":
            await self.closing.wait()
        if said in ("429", "500", "401"):
            return int(str(said)), {"error": {"message": "no", "type": "x", "code": "x"}}
        text = (
            json.dumps(said)
            if isinstance(said, dict)
            else {
                "truncated": '{"action": "que',
                "off-schema": '{"weather": "fine"}',
                "fenced": "```json\n{}\n```",
            }.get(str(said), "{}")
        )
        return 200, (responses if path.endswith("/responses") else chat)(text, str(said))


def responses(text: str, said: str) -> dict[str, Any]:
    """A body of `POST /responses`."""
    content = (
        {"type": "refusal", "refusal": "I will not."}
        if said == "refusing"
        else {"type": "output_text", "text": text, "annotations": []}
    )
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "test",
        "status": "completed",
        "tools": [],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "output": [
            {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [content]}
        ],
    }


def chat(text: str, said: str) -> dict[str, Any]:
    """A body of `POST /chat/completions`."""
    message = (
        {"role": "assistant", "content": None, "refusal": "I will not."}
        if said == "refusing"
        else {"role": "assistant", "content": text, "refusal": None}
    )
    finish = "length" if said == "truncated" else "stop"
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "test",
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
    }


@asynccontextmanager
async def openai_server(*answers: dict[str, Any] | str) -> AsyncIterator[OpenAIServer]:
    """Run one on a free port of 127.0.0.1 for as long as the block runs."""
    here = OpenAIServer(answers=list(answers))
    here.all_gone.set()
    server = await asyncio.start_server(here.serve, "127.0.0.1", 0)
    here.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield here
    finally:
        server.close()
        here.closing.set()
        for writer in list(here.writers):
            writer.close()
        await here.all_gone.wait()  # each connection's task ends before the test does
        await server.wait_closed()
