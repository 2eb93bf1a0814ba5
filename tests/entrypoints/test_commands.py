"""The `crm` command, as somebody types it: one data directory, one command after the other."""

import json
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from entrypoints.cli import app

Crm = Callable[..., Result]


@pytest.fixture
def crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    """Run a command in a data directory of its own; `code` is the exit code expected."""
    for name in ("DATABASE_URL", "DEMO", "CRM_ADMIN_PASSWORD", "MAIL_TRANSPORT", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    root, before = logging.getLogger(), logging.getLogger().handlers[:]

    def run(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == code, result.output
        return result

    yield run
    root.handlers[:] = before


def test_the_first_command_makes_the_administrator_and_tells_the_password_once(crm: Crm) -> None:
    first, second = crm("migrate"), crm("migrate")

    assert "Made the administrator admin@rounds.example with the password" in first.stderr
    assert "password" not in second.stderr


def test_everybody_who_signs_in_is_listed_with_their_role(crm: Crm) -> None:
    crm("users", "add", "Ann Lee", "ann@harbor.example", "--role", "manager")

    said = crm("users", "list").stdout.splitlines()

    assert [line.split()[:2] for line in said] == [
        ["admin@rounds.example", "administrator"], ["ann@harbor.example", "manager"]
    ]  # fmt: skip


def test_doctor_makes_nothing_and_says_what_does(crm: Crm) -> None:
    said = crm("doctor", code=1)

    assert "crm migrate" in said.stdout
    assert "Made" not in said.stderr


def test_doctor_says_that_the_database_is_down(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:nothing@127.0.0.1:1/none")

    assert "cannot be reached" in crm("doctor", code=1).stdout


def test_doctor_names_every_part_and_what_turns_it_on(crm: Crm) -> None:
    crm("migrate")
    said = crm("doctor").stdout

    assert "SQLite" in said
    assert "through maildir" in said
    for setting in ("OFFICE365_CLIENT_SECRET", "GOOGLE_MAPS_API_KEY", "OPENAI_API_KEY"):
        assert f"{setting}" in said


def test_migrate_says_which_schema_there_is(crm: Crm) -> None:
    assert "(was empty)" in crm("migrate").stderr
    assert "was" not in crm("migrate").stderr


def test_a_user_is_added_and_given_another_password(crm: Crm) -> None:
    password = crm("users", "add", "Ada Byron", "ada@dealer.example", "--role", "manager").stdout.strip()
    other = crm("users", "password", "ada@dealer.example").stdout.strip()

    assert len(password) >= 12
    assert other != password


def test_a_wrong_role_is_refused_before_anything_is_written(crm: Crm) -> None:
    said = crm("users", "add", "Ada Byron", "ada@dealer.example", "--role", "queen", code=2).stderr

    assert "role" in said


def test_a_taken_address_is_refused_with_its_holder(crm: Crm) -> None:
    crm("users", "add", "Ada Byron", "ada@dealer.example")

    said = crm("users", "add", "Ida Rhodes", "ada@dealer.example", code=1).stderr

    assert "Ada Byron" in said


def test_nobody_has_an_unknown_address(crm: Crm) -> None:
    assert "Nobody" in crm("users", "password", "nobody@dealer.example", code=1).stderr


def test_a_wrong_setting_is_named(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")

    assert "PORT" in crm("doctor", code=2).stderr


def test_a_question_is_answered_in_the_terminal(crm: Crm) -> None:
    assert "There are no accounts." in crm("ask", "how many accounts").stdout


def test_a_file_of_questions_is_answered_line_by_line(crm: Crm, tmp_path: Path) -> None:
    questions, answers = tmp_path / "questions.jsonl", tmp_path / "answers.jsonl"
    questions.write_text('{"id": "a", "category": "count", "question": "how many accounts"}\n')

    crm("ask-eval", str(questions), "--answers", str(answers))

    assert json.loads(answers.read_text()) == {"id": "a", "kind": "answer", "value": 0}


def test_a_day_is_planned_from_a_town_and_printed(crm: Crm) -> None:
    crm("users", "add", "Fay Doyle", "fay@dealer.example", "--role", "field")

    said = crm("plan", "2030-11-25", "--for", "fay@dealer.example", "--start", "Columbus, Ohio").stdout

    assert said.startswith("2030-11-25")


def test_a_week_is_planned_and_printed_day_by_day(crm: Crm) -> None:
    crm("users", "add", "Fay Doyle", "fay@dealer.example", "--role", "field")

    to = ("--for", "fay@dealer.example", "--start", "Columbus, Ohio", "--days", "5")
    said = crm("plan", "2030-11-25", *to).stdout

    assert said.startswith("2030-11-25 to 2030-11-29: 0 visits")
    assert "\n2030-11-27  0 visits" in said


def test_a_place_nobody_knows_is_refused(crm: Crm) -> None:
    crm("users", "add", "Fay Doyle", "fay@dealer.example", "--role", "field")

    said = crm("plan", "2026-11-23", "--for", "fay@dealer.example", "--start", "Nowhere", code=1).stderr

    assert "Nowhere" in said


def test_a_day_for_nobody_is_refused(crm: Crm) -> None:
    assert (
        "nobody@dealer.example" in crm("plan", "2026-11-23", "--for", "nobody@dealer.example", code=1).stderr
    )


def test_a_taken_port_is_said_before_anything_starts(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))

        said = crm("up", code=1).stderr

    assert "is taken" in said
