"""What goes wrong around the service is told in a sentence; what goes wrong in it is not hidden."""

from pathlib import Path

import pytest

from entrypoints import cli
from entrypoints.failures import sentence


def test_a_path_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError) as raised:
        Path("/nonexistent/x.csv").write_text("")

    assert "/nonexistent/x.csv" in str(sentence(raised.value))


def test_a_server_that_is_down_is_told() -> None:
    assert "cannot be reached" in str(sentence(ConnectionRefusedError(111, "Connection refused")))


def test_an_error_of_ours_is_seen_whole() -> None:
    assert sentence(KeyError("x")) is None


def test_the_console_script_ends_with_one_and_the_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", "x.csv")

    monkeypatch.delenv("LOG_LEVEL", raising=False)
    monkeypatch.setattr(cli, "app", fails)

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 1
