"""The worker process: the scheduler, until it is told to stop."""

import asyncio
import signal

from crm_api.core import logging
from crm_api.settings import Settings
from entrypoints.bootstrap import open_state
from scheduler.locks import AnotherWorker
from scheduler.runner import work

log = logging.logger(__name__)


async def main(settings: Settings) -> int:
    """Work until SIGTERM or Ctrl-C; returns the exit code, 3 where another worker holds the database."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_state(settings) as state:
        try:
            await work(state.db, state.ports, settings, stop)
        except AnotherWorker as refusal:
            log.error(str(refusal))
            return 3
    return 0
