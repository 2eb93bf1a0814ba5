"""What browsers load: pinned, compressed, kept for good."""

import gzip
import re
from pathlib import Path

import pytest

from crm_api.modules.manifest import MODULES
from crm_api.pages import assets, notices
from crm_api.pages.assets import ICONS, ForeignAsset, library, pinned, sprite
from crm_api.pages.kinds import KINDS
from tests.support.api import Api

TEMPLATES = Path(assets.__file__).resolve().parents[2] / "templates" / "web"


@pytest.mark.parametrize(
    "pin",
    [
        assets.HTMX,
        assets.LUCIDE,
        assets.LEAFLET,
        assets.LEAFLET_STYLE,
        assets.SWAGGER_SCRIPT,
        assets.SWAGGER_STYLE,
    ],
)
def test_every_pinned_file_is_the_one_that_was_reviewed(pin: tuple[str, str, str]) -> None:
    assert pinned(*pin)


def test_a_file_with_another_hash_is_not_served() -> None:
    package, path, sha256 = assets.HTMX

    with pytest.raises(ForeignAsset, match=sha256):
        pinned(package, path, sha256[:-1] + ("0" if sha256[-1] != "0" else "1"))


def test_every_icon_in_use_is_in_the_sprite() -> None:
    text = "".join(file.read_text() for file in TEMPLATES.rglob("*.html"))
    used = set(re.findall(r"""icon\(["']([a-z0-9-]+)""", text))
    menus = {menu.icon for module in MODULES for menu in module.menus}

    assert used | menus | {kind.icon for kind in KINDS} | set(notices.ICONS.values()) <= set(ICONS)


def test_the_sprite_holds_a_symbol_for_each_icon() -> None:
    drawn = sprite(pinned(*assets.LUCIDE), ("phone", "clock")).decode()

    assert re.findall(r'<symbol id="([a-z-]+)"', drawn) == ["phone", "clock"]
    assert "<svg" not in drawn[5:]


def test_an_address_changes_with_the_content() -> None:
    one, other = assets.Asset("a.css", "text/css", b"a"), assets.Asset("a.css", "text/css", b"b")

    assert one.path != other.path


async def test_an_asset_comes_compressed_and_may_be_kept_for_good(api: Api) -> None:
    asset = library()["app.css"]

    answer = await api.anonymous().get(asset.path)

    assert answer.content == asset.body
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_browser_without_gzip_gets_the_plain_file(api: Api) -> None:
    asset = library()["app.js"]

    answer = await api.anonymous().get(asset.path, headers={"Accept-Encoding": "identity"})

    assert "content-encoding" not in answer.headers
    assert answer.content == asset.body


@pytest.mark.parametrize("path", ["/a/0000000000000000/app.css", "/a/0000000000000000/../secret_key"])
async def test_any_other_address_is_not_there(api: Api, path: str) -> None:
    answer = await api.anonymous().get(path)

    assert answer.status_code == 404


def test_no_page_has_more_than_thirty_kilobytes_of_script_compressed() -> None:
    files = library()
    common, later = {"app.js", "htmx.js"}, {"leaflet.js"}  # the map comes where one scrolls to it
    own = {
        file.name: set(re.findall(r"asset\('([a-z]+\.js)'\)", file.read_text())) - later | common
        for file in TEMPLATES.rglob("*.html")
    }
    sizes = {name: sum(len(files[one].packed) for one in scripts) for name, scripts in own.items()}

    assert max(sizes.values()) > 20_000
    assert [name for name, size in sizes.items() if size > 30_000] == []


def test_what_is_packed_is_what_is_served() -> None:
    assert all(gzip.decompress(asset.packed) == asset.body for asset in library().values())


def test_no_template_needs_a_weaker_policy() -> None:
    text = "".join(file.read_text() for file in TEMPLATES.rglob("*.html"))

    assert not re.findall(r"\sstyle=|<style|javascript:|\son[a-z]+=|hx-on|hx-vals=['\"]js:", text)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", text)
    assert not re.findall(r'(?:src|href)="https?://', text)


async def test_the_api_reference_loads_nothing_from_elsewhere(api: Api) -> None:
    client = api.anonymous()
    page = (await client.get("/docs")).text

    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    answers = [(await client.get(address)).status_code for address in addresses]

    assert len(addresses) == 4
    assert all(address.startswith("/a/") for address in addresses)
    assert answers == [200] * 4
