"""When a message that did not arrive is tried again: ten attempts over a good three days."""

from datetime import timedelta

# The schedule that Standard Webhooks recommends.
RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.2  # up to so much later, so that what failed together does not come back together
LONGEST_REQUESTED = timedelta(hours=24)
# An endpoint that has answered nothing with a 2xx for so long when a message is given up is switched off. A
# message takes at least 75 hours to be given up, so that one bad endpoint is not cut off by its first message.
PATIENCE = timedelta(days=3)


def next_wait(attempts: int, chance: float, *, retry_after: float | None = None) -> timedelta | None:
    """How long to wait after the failed attempt number `attempts` (from 1); None where it was the last.

    `chance` is in [0, 1) and spreads the attempts. `retry_after` is what the receiver asked for, in seconds;
    it lengthens the wait, by a day at most, and never shortens it.
    """
    if attempts > len(RETRIES):
        return None
    wait = RETRIES[attempts - 1] * (1 + JITTER * chance)
    if retry_after is not None:
        wait = max(wait, min(timedelta(seconds=min(retry_after, 1e6)), LONGEST_REQUESTED))
    return wait
