"""A fresh SQLite database for each test: the copy of a file made once (1 ms, against 150 ms to make it)."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from crm_api.core.database import Database
from tests.support.furniture import furnish


class Template:
    """Database files with all tables: one without rows, one with the default pipelines; made when first asked for."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def copy_to(self, target: Path, *, furnished: bool = False) -> str:
        """Copy the template to `target`; returns its URL."""
        file = self._directory / ("furnished.db" if furnished else "empty.db")
        if not file.exists():
            with ThreadPoolExecutor(1) as pool:  # an async fixture that asks first has a loop running here
                pool.submit(lambda: asyncio.run(self._make(file, furnished))).result()
        shutil.copyfile(file, target)
        return f"sqlite:///{target}"

    async def _make(self, file: Path, furnished: bool) -> None:
        database = Database.open(f"sqlite:///{file}")
        try:
            await database.create_all()
            if furnished:
                await furnish(database)
        finally:
            await database.close()
