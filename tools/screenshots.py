"""Pictures of the pages, out of the running demo company, for the documentation.

    DEMO=1 PORT=8301 crm up                                        in one terminal
    python -m tools.screenshots http://127.0.0.1:8301              in another: docs/pictures/*.webp

`--only leads` takes those whose name contains a word, `--folder` and `--size` choose where and how large. What is
taken is bounded: the first screen of each page, scaled once, at most 40 kB a picture.
"""

import argparse
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SIZES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
THEMES = ("light", "dark")
MOST_BYTES = 40_000
# name: who looks, where, and what is done there first
PAGES: dict[str, tuple[str, str, str | None]] = {
    "today": ("rep", "/", None),
    "palette": ("rep", "/", "palette"),
    "leads": ("manager", "/crm/leads", None),
    "leads-board": ("manager", "/crm/leads?as=board", None),
    "opportunities": ("manager", "/crm/opportunities", None),
    "opportunities-board": ("manager", "/crm/opportunities?as=board", None),
    "accounts": ("manager", "/crm/accounts", None),
    "contacts": ("manager", "/crm/contacts", None),
    "activities": ("manager", "/crm/activities", None),
    "tasks": ("manager", "/crm/tasks", None),
    "account": ("manager", "/crm/accounts", "first"),
    "lead": ("manager", "/crm/leads", "first"),
    "opportunity": ("manager", "/crm/opportunities", "first"),
    "ask": ("manager", "/crm/ask", None),
    "visits": ("field", "/crm/visits", None),
    "coverage": ("manager", "/crm/visits/coverage", None),
    "dashboard": ("manager", "/crm/dashboard", None),
    "reports": ("manager", "/crm/reports/win_loss?period=last_12_months", None),
    "settings": ("manager", "/crm/settings", None),
    "pipelines": ("manager", "/crm/settings/pipelines", None),
    "outbox": ("manager", "/outbox", None),
    "notifications": ("rep", "/notifications", None),
    "new-lead": ("rep", "/crm/leads", "create"),
}


def main() -> None:
    """Take the pictures that were asked for."""
    parser = argparse.ArgumentParser(description="Pictures of the pages of a running demo company.")
    parser.add_argument("address")
    parser.add_argument("--folder", type=Path, default=Path("docs/pictures"))
    parser.add_argument("--only", default="", help="names that contain this word")
    parser.add_argument(
        "--size", choices=[*SIZES], action="append", help="desk or phone; both where not given"
    )
    parser.add_argument(
        "--theme", choices=THEMES, action="append", help="light or dark; both where not given"
    )
    parser.add_argument("--whole", action="store_true", help="the whole page, not just the first screen")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for size in asked.size or SIZES:
            for theme in asked.theme or THEMES:
                _round(chromium, asked, size, theme)
        chromium.close()


def _round(chromium: Browser, asked: argparse.Namespace, size: str, theme: str) -> None:
    chosen = {name: page for name, page in PAGES.items() if asked.only in name}
    for role in sorted({role for role, _, _ in chosen.values()}):
        with _signed_in(chromium, asked.address, role, size, theme) as context:
            for name, (who, path, first) in chosen.items():
                if who == role:
                    _take(context, path, first, asked, asked.folder / f"{name}-{size}-{theme}.webp")


@contextmanager
def _signed_in(chromium: Browser, address: str, role: str, size: str, theme: str) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        base_url=address, color_scheme=theme, reduced_motion="reduce", device_scale_factor=1, **SIZES[size]
    )
    page = context.new_page()
    page.goto("/sign-in")
    page.locator(f'button[value="{role}@demo.example"]').click()
    page.wait_for_load_state("networkidle")
    page.close()
    yield context
    context.close()


def _take(
    context: BrowserContext, path: str, first: str | None, asked: argparse.Namespace, file: Path
) -> None:
    page = context.new_page()
    page.goto(path)
    page.wait_for_load_state("networkidle")
    if first:
        _do(page, first)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=asked.whole))).convert("RGB")
    page.close()
    for quality in (80, 65, 50, 35):
        picture.save(file, "WEBP", quality=quality, method=6)
        if file.stat().st_size <= MOST_BYTES:
            break
    print(file, file.stat().st_size)


def _do(page: Page, what: str) -> None:
    if what == "palette":
        page.keyboard.press("Control+k")
        page.keyboard.type("ri")
    elif what == "first":
        page.locator("a.row-name").first.click()
    elif what == "create":
        page.locator("[data-create]").first.click()
    page.wait_for_timeout(500)
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
