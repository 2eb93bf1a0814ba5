import io
import json
import logging as stdlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog

from crm_api.core import context, logging


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = stdlib.getLogger()
    handlers, level = root.handlers[:], root.level
    logging.configure("info", stream=stream)
    yield stream
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_that_says_when_where_and_how_grave(written: io.StringIO) -> None:
    logging.logger("crm_api.outbox").warning("mail refused", attempt=2)

    (line,) = lines(written)
    assert line["event"] == "mail refused"
    assert line["logger"] == "crm_api.outbox"
    assert line["level"] == "warning"
    assert line["attempt"] == 2
    assert line["at"].endswith("Z")


def test_lines_of_libraries_look_like_our_own(written: io.StringIO) -> None:
    stdlib.getLogger("uvicorn.error").info("Started server process [%d]", 7, extra={"port": 8000})

    (line,) = lines(written)
    assert line["event"] == "Started server process [7]"
    assert line["port"] == 8000


def test_a_line_names_the_request_and_the_user_behind_it(written: io.StringIO) -> None:
    ada = uuid4()
    with context.working(request_id="0123456789abcdef", actor_id=ada):
        logging.logger("crm_api").info("ours")
        stdlib.getLogger("library").info("theirs")

    assert [(line["request_id"], line["actor_id"]) for line in lines(written)] == [
        ("0123456789abcdef", str(ada))
    ] * 2


def test_lines_below_the_level_are_not_written(written: io.StringIO) -> None:
    logging.logger("crm_api").debug("detail")

    assert lines(written) == []


def test_what_is_bound_stands_in_every_line_of_the_block_and_in_none_after_it(written: io.StringIO) -> None:
    log = logging.logger("crm_api")
    with logging.bound(mailbox="ada@example.org"):
        log.info("inside")
    log.info("outside")

    inside, outside = lines(written)
    assert inside["mailbox"] == "ada@example.org"
    assert "mailbox" not in outside


@pytest.mark.parametrize("key", ["password", "smtp_password", "access_token", "Authorization", "secret_key"])
def test_secrets_never_reach_the_log(written: io.StringIO, key: str) -> None:
    logging.logger("crm_api").info("sign-in", **{key: "hunter2"}, headers={key: "hunter2"})

    assert "hunter2" not in written.getvalue()


def test_an_exception_is_written_as_text_without_the_values_of_variables(written: io.StringIO) -> None:
    def fail(hidden: str) -> None:
        raise ValueError("no such stage")

    try:
        fail("hunter" + "2")
    except ValueError:
        logging.logger("crm_api").exception("import failed")

    (line,) = lines(written)
    assert "ValueError: no such stage" in line["exception"]
    assert "hunter2" not in line["exception"]


def test_a_value_that_json_does_not_know_is_written_as_text(written: io.StringIO) -> None:
    logging.logger("crm_api").info("paths", tried={"a"})

    assert lines(written)[0]["tried"] == "{'a'}"
