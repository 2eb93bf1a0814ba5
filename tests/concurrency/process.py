"""A web process's worth of writers, for a test that wants several: `python -m tests.concurrency.process JOB`.

Says `ready` when it could begin, begins when a line comes in, and ends with the writers' books as JSON.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from crm_api import subscriptions
from crm_api.core.database import Database
from tests.concurrency.office import Office, Writer, as_json, tasks_for
from tests.support.api import serving


async def main(job: dict[str, Any]) -> None:
    """Work through the job: `url`, `office`, `many` tasks, and a name, a token and a seed for each writer."""
    subscriptions.install()
    db = Database.open(job["url"])
    with tempfile.TemporaryDirectory() as directory:
        async with serving(db, Path(directory)) as api:
            writers = []
            for name, token, seed in job["writers"]:
                client = api.anonymous()
                client.headers["Authorization"] = token
                writers.append((Writer(client, name, Office(**job["office"]), seed), seed))
            print("ready", flush=True)  # noqa: T201
            await asyncio.to_thread(sys.stdin.readline)
            books = await asyncio.gather(*(w.work(tasks_for(seed, job["many"])) for w, seed in writers))
    await db.close()
    print(json.dumps([as_json(book) for book in books]), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
