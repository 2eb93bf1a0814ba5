"""What a job is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crm_api.core.database import Database
from crm_api.ports import Ports
from crm_api.settings import Settings


@dataclass(frozen=True, slots=True)
class Turn:
    """Who runs a round. `alone` says that no other worker can be running, which spares it waiting for leases."""

    worker: str
    alone: bool


Work = Callable[[Database, Ports, Settings, Turn], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every `seconds`, in one worker at a time unless `everywhere`.

    `run` returns how much it did. It must be safe to run again at any time: a round may be lost or doubled. It rests
    while the optional part `module` is switched off.
    """

    name: str
    seconds: float
    run: Work
    everywhere: bool = False
    module: str | None = None
