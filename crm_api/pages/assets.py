"""What browsers load besides HTML: our own CSS and script, htmx, and a sprite of the icons in use.

Third-party files are read out of pinned wheels, never imported, and only served while they are the bytes
that were reviewed: the place of a file inside a wheel is nobody's promise. Every address carries the hash
of its content, so that browsers may keep it for good; bodies are compressed once, when the process starts.
"""

import gzip
import hashlib
import re
import zipfile
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "static"
FOREVER = "public, max-age=31536000, immutable"

HTMX = (
    "django-js-lib-htmx", "js_lib_htmx/static/htmx/htmx.min.js",
    "491955cd1810747d7d7b9ccb936400afb760e06d25d53e4572b64b6563b2784e",
)  # fmt: skip
LUCIDE = (
    "lucide", "lucide/lucide.zip",
    "522230c8b53f88517710e3e1693ffc03ffe68f2e839893909f1d9e0305a6eadf",
)  # fmt: skip
LEAFLET = (
    "XStatic-Leaflet", "xstatic/pkg/leaflet/data/leaflet.js",
    "5819285cec137b229c94e1ee5ad73e8b6b84345a4367d60f75fe477fe0fb7b03",
)  # fmt: skip
LEAFLET_STYLE = (
    "XStatic-Leaflet", "xstatic/pkg/leaflet/data/leaflet.css",
    "90b693d86392a4779c861b28cf307e7e59c3fb35328c4d8b95f58f814d38c722",
)  # fmt: skip
SWAGGER = "fastapi-offline"
SWAGGER_SCRIPT = (
    SWAGGER, "fastapi_offline/static/swagger-ui-bundle.js",
    "4b5a9b35a1adf37f00d39c0bae23cdb37007e2946240ef035137cc85b4d55349",
)  # fmt: skip
SWAGGER_STYLE = (
    SWAGGER, "fastapi_offline/static/swagger-ui.css",
    "ca238f7d7c2cf4480c1e77a9c3b9da915ab216e96ffd354e69076560c650c6de",
)  # fmt: skip
SCRIPT, STYLE, DRAWING = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"
PICTURE = "image/png"
MODULES = ("lists.js", "board.js", "map.js", "route.js", "road.js", "queue.js", "drag.js", "coverage.js")
PICTURES = ("icon-180.png", "icon-192.png", "icon-512.png")  # ours; `python -m tools.app_icons` draws them
ICONS = tuple(
    """
    archive arrow-down arrow-left-right arrow-right arrow-up arrow-up-down bell bookmark briefcase
    building-2 calendar calendar-clock camera chart-column check chevron-down chevron-left chevron-right
    circle-alert circle-check circle-dot circle-question-mark clock columns-3 contact copy download ellipsis
    external-link file-up flag flame grip-vertical history house inbox info layout-dashboard link
    list-checks list-filter log-out mail mail-check map-pin menu message-square moon navigation package
    pencil phone plus rotate-ccw route search settings smartphone sparkles square-kanban star sticky-note
    sun table-2 tag target thumbs-down thumbs-up trash-2 triangle-alert trophy undo-2 upload user-plus users
    utensils video x
""".split()
)


class ForeignAsset(Exception):
    """A file in a wheel is not the one that was reviewed."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served; `packed` is the same in gzip."""

    name: str
    media_type: str
    body: bytes
    digest: str = field(init=False)
    packed: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.body).hexdigest())
        object.__setattr__(self, "packed", gzip.compress(self.body, 9, mtime=0))

    @property
    def path(self) -> str:
        """The address; it changes with the content."""
        return f"/a/{self.digest[:16]}/{self.name}"


def pinned(package: str, path: str, sha256: str) -> bytes:
    """A file of an installed wheel; raises ForeignAsset where its SHA-256 is not the one given."""
    body = Path(str(distribution(package).locate_file(path))).read_bytes()
    if (found := hashlib.sha256(body).hexdigest()) != sha256:
        raise ForeignAsset(f"{path} of {package} has SHA-256 {found}, not {sha256}")
    return body


def sprite(archive: bytes, names: tuple[str, ...]) -> bytes:
    """The named icons of Lucide's archive as the symbols of one SVG."""
    with zipfile.ZipFile(BytesIO(archive)) as icons:
        symbols = "".join(_symbol(name, icons.read(f"{name}.svg").decode()) for name in names)
    # The notice is what the ISC licence asks for.
    notice = "<!-- Icons: Lucide, ISC Licence, Copyright (c) Lucide Contributors -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">{notice}{symbols}</svg>'.encode()


def _symbol(name: str, source: str) -> str:
    drawing = re.sub(r">\s+<", "><", source[source.index(">") + 1 : source.rindex("</svg>")].strip())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>'


@cache
def library() -> dict[str, Asset]:
    """Every asset of the pages by name; raises ForeignAsset where a pin does not hold."""
    common = Asset("app.js", SCRIPT, (STATIC / "app.js").read_bytes())
    mapping = Asset("mapping.js", SCRIPT, (STATIC / "mapping.js").read_bytes())
    return _by_name(
        Asset("app.css", STYLE, (STATIC / "app.css").read_bytes()),
        Asset("insight.css", STYLE, (STATIC / "insight.css").read_bytes()),
        Asset("visits.css", STYLE, (STATIC / "visits.css").read_bytes()),
        Asset("ask.css", STYLE, (STATIC / "ask.css").read_bytes()),
        common,
        mapping,
        *(_module(name, common, mapping) for name in MODULES),
        Asset("favicon.svg", DRAWING, (STATIC / "favicon.svg").read_bytes()),
        *(Asset(name, PICTURE, (STATIC / name).read_bytes()) for name in PICTURES),
        Asset("htmx.js", SCRIPT, pinned(*HTMX)),
        Asset("icons.svg", DRAWING, sprite(pinned(*LUCIDE), ICONS)),
    )


@cache
def maps() -> dict[str, Asset]:
    """What draws maps: loaded where one comes into sight, by nobody else. Leaflet, BSD-2-Clause, (c) its authors.

    Its own pictures (pins, layer switches) are not used, and not served.
    """
    return _by_name(
        Asset("leaflet.js", SCRIPT, pinned(*LEAFLET)),
        Asset("leaflet.css", STYLE, re.sub(rb"url\([^)]*\)", b"none", pinned(*LEAFLET_STYLE))),
    )


@cache
def reference() -> dict[str, Asset]:
    """What the API reference at /docs is made of. Apart, because nobody else should wait for 1.5 MB."""
    return _by_name(
        Asset("swagger.js", SCRIPT, pinned(*SWAGGER_SCRIPT)),
        Asset("swagger.css", STYLE, pinned(*SWAGGER_STYLE)),
        Asset("docs.js", SCRIPT, (STATIC / "docs.js").read_bytes()),
    )


def _module(name: str, *common: Asset) -> Asset:
    """A script of some pages alone; what it imports has an address that changes with its content."""
    body = (STATIC / name).read_bytes()
    for asset in common:
        body = body.replace(f'"./{asset.name}"'.encode(), f'"{asset.path}"'.encode())
    return Asset(name, SCRIPT, body)


def _by_name(*assets: Asset) -> dict[str, Asset]:
    return {asset.name: asset for asset in assets}
