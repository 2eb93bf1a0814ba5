"""The customer's descriptions of the system, which are no part of this repository."""

import os
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("CRM_TEST_DATA", Path(__file__).resolve().parents[3] / "shared")) / "reference"


@cache
def document(number: str) -> str:
    """The text of the reference with this number; skips the test where it is not there."""
    found = sorted(FOLDER.glob(f"{number}_*"))
    if not found:
        pytest.skip(f"the reference {number} is not at {FOLDER} (CRM_TEST_DATA)")
    return found[0].read_text()
