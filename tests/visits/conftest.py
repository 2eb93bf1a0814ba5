"""Days are planned ahead: for these tests it is the Saturday before them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crm_api.core import clock


@pytest.fixture(autouse=True)
def _on_a_saturday() -> Iterator[None]:
    with clock.frozen(datetime(2026, 11, 21, 12, tzinfo=UTC)):
        yield
