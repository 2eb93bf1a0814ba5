"""Structured logs: one JSON object a line on stderr, each with the request it belongs to.

Our own lines and those of every library (uvicorn, APScheduler, SQLAlchemy) go through the same processors,
so that a log reader needs one parser. Who is behind a line (request id, user, channel) comes from
`core/context.py`; `bound()` adds more, for the length of a block.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from crm_api.core import context

# A word in one of these keys means that the value must not reach a log file.
_SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "api_key")

# Each says on every request or tick what the request log and the job lines already say.
_CHATTY = (
    "alembic",
    "uvicorn.access",
    "httpx",
    "httpx2",
    "httpcore",
    "apscheduler.executors.default",
    "multipart",
)


def add_context(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Add what the running request or job says of itself; what the line itself says goes first."""
    current = context.current()
    known = {"request_id": current.request_id, "actor_id": current.actor_id, "label": current.label or None}
    return {**{key: value for key, value in known.items() if value is not None}, **event}


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the value of every key that names a secret; keys of nested objects too."""
    return {key: _hidden(key, value) for key, value in event.items()}


def _hidden(key: str, value: Any) -> Any:
    if any(word in key.lower() for word in _SECRET_WORDS):
        return "[hidden]"
    if isinstance(value, dict):
        return {inner: _hidden(str(inner), content) for inner, content in value.items()}
    return value


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        add_context,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        # A traceback as text: structlog's structured one would copy local variables into the log.
        structlog.processors.format_exc_info,
        hide_secrets,
    ]


def configure(level: str = "info", *, stream: TextIO | None = None) -> None:
    """Send all logs of this process to `stream` (stderr by default) from `level` upwards.

    `level` is debug, info, warning or error. May be called again: the last call holds.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_shared()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # A cached logger would go on writing to the stream of an earlier `configure`.
        cache_logger_on_first_use=False,
    )


def logger(name: str) -> FilteringBoundLogger:
    """The logger of a module: `log = logger(__name__)`, then `log.info("mail sent", mailbox=…)`.

    Cheap and safe at import time: nothing is looked up before the first line is written.
    """
    made: FilteringBoundLogger = structlog.get_logger(name)
    return made


@contextmanager
def bound(**values: Any) -> Iterator[None]:
    """Add values to every line written inside the block; what was bound before is restored after it."""
    with structlog.contextvars.bound_contextvars(**values):
        yield
