"""What a first view loads over the wire, in a real Chromium."""

import pytest
from playwright.sync_api import Page

from tests.pages.conftest import Opener

pytestmark = pytest.mark.browser
MOST_BYTES, MOST_SCRIPT = 60_000, 30_000  # compressed, before the map
MAP = ("leaflet", "map.js", "route.js")


def sizes(page: Page) -> dict[str, int]:
    """The bytes over the wire of all that a page loaded, by address."""
    listed = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map((one) => [one.name, one.transferSize || one.encodedBodySize])"
    )
    return {name: int(size) for name, size in listed if not any(word in name for word in MAP)}


@pytest.mark.parametrize(
    "path", ["/", "/crm/leads", "/crm/opportunities?as=board", "/crm/dashboard", "/crm/ask"]
)
def test_a_first_view_is_light(opened: Opener, path: str) -> None:
    page = opened(path)
    page.wait_for_load_state("networkidle")
    loaded = sizes(page)
    script = sum(size for name, size in loaded.items() if name.endswith(".js"))

    assert sum(loaded.values()) <= MOST_BYTES, loaded
    assert script <= MOST_SCRIPT, loaded
