import asyncio
import threading
from collections.abc import Iterator

import pytest

from bench import load


@pytest.fixture
def server() -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers 200 (404 under /missing) and remembers the heads of what it was asked."""
    asked: list[bytes] = []
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                asked.append(head)
                if b"ontent-Length: " in head:
                    asked[-1] += await reader.readexactly(
                        int(head.split(b"ontent-Length: ")[1].split(b"\r\n")[0])
                    )
                status = b"404 Not Found" if b"/missing" in head else b"200 OK"
                writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\n{}")
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass
        finally:
            writer.close()

    listening = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield listening.sockets[0].getsockname()[1], asked
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    listening.close()
    for task in asyncio.all_tasks(loop):
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.run_until_complete(asyncio.sleep(0))  # a closed connection gives its socket back a turn later
    loop.close()


@pytest.fixture(params=["wrk", "python"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of making load, which must tell the same story."""
    if request.param == "python":
        monkeypatch.setattr(load.shutil, "which", lambda _: None)
    elif load.shutil.which("wrk") is None:
        pytest.skip("wrk is not installed")
    return str(request.param)


@pytest.mark.usefixtures("client")
def test_requests_are_sent_in_turn_with_token_and_body(server: tuple[int, list[bytes]]) -> None:
    port, asked = server
    requests = [load.Request("GET", "/one"), load.Request("POST", "/two", {"title": "Ada & Co"})]

    result = load.drive(port, requests, token="abc", seconds=1, connections=2)

    assert result.requests > 2
    assert result.failed == 0
    assert 0 < result.p50 <= result.p99
    gets, posts = ([a for a in asked if a.startswith(verb)] for verb in (b"GET /one ", b"POST /two "))
    assert abs(len(gets) - len(posts)) <= 2
    assert all(b"Bearer abc" in a for a in asked)
    assert all(a.endswith(b'{"title": "Ada & Co"}') for a in posts)


@pytest.mark.usefixtures("client")
def test_an_answer_that_is_an_error_counts_as_failed(server: tuple[int, list[bytes]]) -> None:
    result = load.drive(server[0], [load.Request("GET", "/missing")], token=None, seconds=1, connections=2)

    assert result.failed >= result.requests > 0
