"""The checkout the tests run in, as files."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that belongs to the project: what git tracks or would track, less what was deleted."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return tuple(
        sorted({ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()})
    )


def text_of(file: Path) -> str | None:
    """The content of a text file; None for pictures and other bytes."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@cache
def described() -> dict[str, Any]:
    """The API's description as it is committed; `make check` holds it against the code."""
    description: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
    return description
