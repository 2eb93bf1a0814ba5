"""Draw the icons of the installed app out of static/favicon.svg: `python -m tools.app_icons`, with Chromium at hand.

The drawing stands in the middle of a full square, so that phones may cut it into whatever shape they like.
"""

import re
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parents[1] / "static"
SIZES, COLOUR, SHARE = (180, 192, 512), "#4b46d6", 0.72  # of the side is drawing; the rest may be cut off


def main() -> None:
    """Write icon-<size>.png for each size."""
    source = (STATIC / "favicon.svg").read_text()
    drawing = re.sub(r"<rect[^>]*/>", "", source)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for size in SIZES:
            page = browser.new_page(viewport={"width": size, "height": size})
            side = round(size * SHARE)
            page.set_content(
                f"<style>body{{margin:0;height:100vh;display:grid;place-items:center;background:{COLOUR}}}"
                f"svg{{width:{side}px;height:{side}px}}</style>{drawing}"
            )
            page.screenshot(path=STATIC / f"icon-{size}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
