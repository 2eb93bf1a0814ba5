import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from entrypoints.processes import Child, Supervisor, answers_ready


def child(directory: Path, name: str, code: str) -> Child:
    """A Python program that first writes its process id as a line into `<name>.pids`."""
    script = directory / f"{name}.py"
    told = (
        f"with open({str(directory / name)!r} + '.pids', 'a') as file:\n    print(os.getpid(), file=file)\n"
    )
    script.write_text("import os, signal, sys, time\n" + told + textwrap.dedent(code))
    return Child(name, [sys.executable, str(script)])


def pids(directory: Path, name: str) -> list[int]:
    file = directory / f"{name}.pids"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  other processes are watched: there is no event
            await asyncio.sleep(0.01)


def supervisor(*children: Child, ready: bool = True, grace: float = 10) -> Supervisor:
    async def answer() -> bool:
        return ready

    return Supervisor(children, ready=answer, on_ready=lambda: None, grace=grace, first_pause=0.01)


WAITS = "time.sleep(60)"
IGNORES_SIGTERM = f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen('deaf', 'w').close()\n{WAITS}"


async def test_all_children_are_gone_after_a_stop(tmp_path: Path) -> None:
    watching = supervisor(child(tmp_path, "web", WAITS), child(tmp_path, "worker", WAITS))
    running = asyncio.create_task(watching.run())
    await until(lambda: bool(pids(tmp_path, "web") and pids(tmp_path, "worker")))

    watching.stop()

    assert await running == 0
    assert not [pid for name in ("web", "worker") for pid in pids(tmp_path, name) if alive(pid)]


async def test_a_killed_child_is_started_again_and_the_other_left_alone(tmp_path: Path) -> None:
    watching = supervisor(child(tmp_path, "web", WAITS), child(tmp_path, "worker", WAITS))
    running = asyncio.create_task(watching.run())
    await until(lambda: bool(pids(tmp_path, "web") and pids(tmp_path, "worker")))

    os.kill(pids(tmp_path, "worker")[0], signal.SIGKILL)
    await until(lambda: len(pids(tmp_path, "worker")) == 2)

    watching.stop()
    assert await running == 0
    assert len(pids(tmp_path, "web")) == 1


async def test_a_child_that_keeps_dying_is_started_after_ever_longer_pauses(tmp_path: Path) -> None:
    watching = supervisor(child(tmp_path, "worker", "time.sleep(0.2); sys.exit(1)"))
    with capture_logs() as lines:
        running = asyncio.create_task(watching.run())
        await until(lambda: len(pids(tmp_path, "worker")) == 4)
        watching.stop()
        await running

    pauses = [line["in_seconds"] for line in lines if line["event"].startswith("died")]
    assert pauses[:3] == [0.01, 0.02, 0.04]


async def test_a_stop_that_comes_while_a_child_is_starting_ends_that_child_too(tmp_path: Path) -> None:
    watching = supervisor(child(tmp_path, "worker", WAITS))
    running = asyncio.create_task(watching.run())
    await asyncio.sleep(0)

    watching.stop()

    assert await running == 0


async def test_a_child_that_cannot_start_ends_everything_with_its_exit_code(tmp_path: Path) -> None:
    watching = supervisor(
        child(tmp_path, "web", "sys.exit(3)"), child(tmp_path, "worker", WAITS), ready=False
    )

    assert await watching.run() == 3
    assert not [pid for pid in pids(tmp_path, "worker") if alive(pid)]


async def test_a_child_that_will_not_stop_is_killed_when_its_grace_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    watching = supervisor(child(tmp_path, "worker", IGNORES_SIGTERM), grace=0.2)
    running = asyncio.create_task(watching.run())
    await until((tmp_path / "deaf").exists)

    watching.stop()

    assert await running == 1
    assert not alive(pids(tmp_path, "worker")[0])


async def test_readiness_is_announced_once(tmp_path: Path) -> None:
    answers = iter([False, False, True])
    announced: list[str] = []

    async def ready() -> bool:
        return next(answers)

    watching = Supervisor(
        [child(tmp_path, "web", WAITS)], ready=ready, on_ready=lambda: announced.append("now")
    )
    running = asyncio.create_task(watching.run())
    await until(lambda: bool(announced))
    watching.stop()
    await running

    assert announced == ["now"]


def start_driver(directory: Path) -> subprocess.Popen[str]:
    """The supervisor as a process of its own, over one waiting child; it prints `ready`."""
    waiting = child(directory, "worker", WAITS)
    driver = directory / "driver.py"
    driver.write_text(
        textwrap.dedent(f"""
        import asyncio, sys
        from entrypoints.processes import Child, Supervisor

        async def ready():
            return True

        async def main():
            return await Supervisor(
                [Child("worker", {list(waiting.command)!r})],
                ready=ready,
                on_ready=lambda: print("ready", flush=True),
            ).run()

        sys.exit(asyncio.run(main()))
        """)
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, str(driver)], stdout=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_stop_signal_stops_the_children_and_the_exit_is_clean(
    tmp_path: Path, number: signal.Signals
) -> None:
    with start_driver(tmp_path) as driver:
        assert driver.stdout
        await asyncio.to_thread(driver.stdout.readline)
        await until(lambda: bool(pids(tmp_path, "worker")))

        driver.send_signal(number)

        assert await asyncio.to_thread(driver.wait, 20) == 0
    assert not alive(pids(tmp_path, "worker")[0])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
async def test_no_child_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    with start_driver(tmp_path) as driver:
        await until(lambda: bool(pids(tmp_path, "worker")))
        driver.kill()
        driver.wait(20)

    await until(lambda: not alive(pids(tmp_path, "worker")[0]))


@pytest.mark.parametrize(("status", "expected"), [("200 OK", True), ("503 Service Unavailable", False)])
async def test_ready_means_that_the_ready_page_answers_200(status: str, *, expected: bool) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert asked.startswith(b"GET /ready ")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        assert await answers_ready("0.0.0.0", server.sockets[0].getsockname()[1]) is expected


async def test_an_address_where_nobody_listens_is_not_ready() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert not await answers_ready("127.0.0.1", taken.getsockname()[1])
