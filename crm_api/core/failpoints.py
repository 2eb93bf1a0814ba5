"""Named places at which a test may stop the process, to prove what a crash there costs.

`ROUNDS_FAILPOINT=name=kill` ends the process with SIGKILL when it gets there; `name=wait:/a/file` writes
its process id into that file and stays there until somebody kills it. Without the variable, and it is no
setting, every place is passed without a look.

    outbox.claimed    a message is claimed, and `sending` is not committed
    outbox.sending    `sending` is committed, and nothing was handed to the transport
    outbox.accepted   the transport has accepted, and that is not recorded
    webhook.posted    a webhook was posted, and that is not recorded
"""

import asyncio
import os
import signal
from pathlib import Path

VARIABLE = "ROUNDS_FAILPOINT"
NAMES = ("outbox.claimed", "outbox.sending", "outbox.accepted", "webhook.posted")


async def reach(name: str) -> None:
    """Pass the place `name`, unless the environment says to stop there.

    Raises ValueError for a wrong order.
    """
    order = os.environ.get(VARIABLE)
    if not order:
        return
    place, _, action = order.partition("=")
    if place not in NAMES:
        raise ValueError(f"{VARIABLE}: there is no place {place!r}, only {', '.join(NAMES)}")
    if place != name:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if not action.startswith("wait:"):
        raise ValueError(f"{VARIABLE}: say {place}=kill or {place}=wait:/a/file")
    Path(action.removeprefix("wait:")).write_text(str(os.getpid()))  # noqa: ASYNC240  the process ends here
    await asyncio.Event().wait()
