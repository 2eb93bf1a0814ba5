"""Pictures behind maps: none unless a server is set, then of that one host, and on pages with a map alone."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pydantic import ValidationError

from crm_api.core import clock
from crm_api.pages import tiles
from crm_api.settings import Settings
from tests.pages.conftest import DESK, MONDAY_MORNING, sign_in
from tests.support.site import Site

PICTURE = (Path(__file__).resolve().parents[2] / "static" / "icon-180.png").read_bytes()


class TileServer(BaseHTTPRequestHandler):
    """Answers every tile with the same picture, and remembers which were asked for."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        """One tile."""
        self.asked.append((self.path, self.headers.get("Referer", "")))
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(PICTURE)

    def log_message(self, *_: object) -> None:
        """Say nothing on the console."""


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A tile server on loopback: its origin, and what it was asked for."""
    asked: list[tuple[str, str]] = []
    handler = type("Handler", (TileServer,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()
        thread.join()


def settings(**values: str) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize(
    "address", ["on", "ftp://a/{z}", "https://a b/{z}/{x}/{y}", "https://a;script-src *;/{z}"]
)
def test_what_is_no_address_of_tiles_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="map_tiles"):
        settings(map_tiles=address)


def test_without_the_setting_maps_ask_nobody() -> None:
    assert tiles.of(settings()) is None


def test_the_policy_names_the_host_and_no_more_of_the_address() -> None:
    found = tiles.of(settings(map_tiles="https://tiles.example.com:8443/v1/{z}/{x}/{y}.png?key=secret"))
    assert found is not None
    assert found.origin == "https://tiles.example.com:8443"


@pytest.mark.browser
def test_tiles_are_loaded_on_pages_with_a_map_and_allowed_on_no_other(
    browser: Browser, tmp_path: Path, server: tuple[str, list[tuple[str, str]]]
) -> None:
    origin, asked = server
    site = Site(tmp_path, map_tiles=origin + "/{z}/{x}/{y}.png", map_tiles_attribution="© <b>Someone</b>")
    with clock.frozen(MONDAY_MORNING):
        site.start()
        context = browser.new_context(base_url=site.address, viewport=DESK)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        sign_in(page)
        policy = page.goto("/crm/leads").headers["content-security-policy"]  # type: ignore[union-attr]
        with_map = page.goto("/crm/visits/coverage").headers["content-security-policy"]  # type: ignore[union-attr]
        expect(page.locator(".leaflet-tile-loaded").first).to_be_visible()
        expect(page.locator(".leaflet-control-attribution")).to_have_text("© <b>Someone</b>")
        context.close()
        site.stop()

    assert origin not in policy
    assert f"img-src 'self' {origin} data:" in with_map
    assert complaints == []
    assert {referer for _, referer in asked} == {f"{site.address}/"}
