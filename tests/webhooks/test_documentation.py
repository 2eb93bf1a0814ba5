"""What docs/api.md tells receivers to do works on what they are sent."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from crm_api.core.database import Database
from crm_api.events.schemas import EventOut
from crm_api.webhooks import schedule
from tests.support.repository import ROOT
from tests.webhooks.stage import Stage, staged

PAGE = (ROOT / "docs" / "api.md").read_text()


@pytest.fixture
async def stage(db: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(db, tmp_path) as opened:
        yield opened


def verified() -> Callable[[str, dict[str, str], bytes], Any]:
    """The function that the page tells to copy."""
    (code,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["verified"]  # type: ignore[no-any-return]


async def test_the_verification_to_copy_believes_a_real_message_and_no_forged_one(stage: Stage) -> None:
    hook = await stage.hook()
    await stage.client.post(f"/api/v1/webhooks/{hook['id']}/test")
    (request,) = stage.receiver.received

    assert verified()(hook["secret"], request.headers, request.body)["type"] == "webhook.ping"
    with pytest.raises(ValueError, match="not signed"):
        verified()(hook["secret"], request.headers, request.body + b" ")
    with pytest.raises(ValueError, match="too old"):
        verified()(hook["secret"], request.headers | {"webhook-timestamp": "1"}, request.body)


def test_the_envelope_shown_is_the_one_sent() -> None:
    (shown,) = re.findall(r"```json\n(.+?)```", PAGE, re.DOTALL)

    assert EventOut.model_validate_json(shown).type == "lead.status_changed"
    assert re.findall(r'^  "(\w+)":', shown, re.MULTILINE) == list(EventOut.model_fields)


def test_the_waits_told_are_those_of_the_schedule() -> None:
    told = re.sub(r"\s+", " ", PAGE)
    assert "after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours" in told
    seconds = [wait.total_seconds() for wait in schedule.RETRIES]
    assert seconds == [5, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24))]
