"""What is installed is pinned, hashed, and may be given to others under our licence."""

import importlib.metadata
import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT

FIRST = [
    "fastapi",
    "sqlalchemy",
    "msal",
    "httpx",
    "googlemaps",
    "openai",
    "apscheduler",
    "jinja2",
    "pytest",
    "respx",
]

ACCEPTED = (
    "MIT",
    "BSD",
    "APACHE",
    "PSF",
    "PYTHON SOFTWARE FOUNDATION",
    "ISC",
    "0BSD",
    "MPL-2.0",
    "MOZILLA PUBLIC LICENSE 2.0",
)

# What the metadata leaves open, read once in the package itself.
READ_BY_HAND = {
    "xstatic-leaflet": "BSD-2-Clause",  # "(same as Leaflet)"; Leaflet's own LICENSE
    "numpy": "BSD-3-Clause",  # and some bundled parts under Zlib and CC0-1.0, which ask for less
}


def pins(file: Path) -> list[tuple[str, str, str]]:
    """Every pin of a lock file as name, version, environment marker."""
    return re.findall(
        r"^([a-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\\n]+?))?\s*\\?$", file.read_text(), re.MULTILINE
    )


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-run.txt", "tools/uv.txt", "tools/build.txt"]
)
def test_every_pinned_package_has_hashes(name: str) -> None:
    for pin in re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text())[1:]:
        assert "--hash=sha256:" in pin, pin.splitlines()[0]


def test_the_packages_the_product_is_built_on_come_first_each_with_its_reason() -> None:
    text = (ROOT / "requirements.txt").read_text()

    assert [name for name, _, _ in pins(ROOT / "requirements.txt")][: len(FIRST)] == FIRST
    for name in FIRST:
        assert re.search(rf"^# .+\n{name}==", text, re.MULTILINE), f"{name} stands there without a reason"


def test_a_test_run_uses_the_very_versions_that_run_in_production() -> None:
    assert set(pins(ROOT / "requirements-run.txt")) <= set(pins(ROOT / "requirements.txt"))


def test_only_wheels_are_installed_but_for_the_one_package_that_has_none() -> None:
    lines = (ROOT / "requirements-run.txt").read_text().splitlines()

    assert lines[1:3] == ["--only-binary :all:", "--no-binary googlemaps"]


def licence_of(name: str) -> str:
    """What a package says of its licence, wherever it says it; the text itself may stand in the old field."""
    metadata = importlib.metadata.metadata(name)
    classifiers = [c for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    stated = (
        metadata.get("License-Expression") or " ".join(classifiers) or (metadata.get("License") or "")[:200]
    )
    return READ_BY_HAND.get(name, stated)


def test_every_package_we_ship_may_be_shipped() -> None:
    installed = {d.metadata["Name"].lower().replace("_", "-") for d in importlib.metadata.distributions()}
    shipped = {name for name, _, _ in pins(ROOT / "requirements-run.txt") if name in installed}

    refused = {name: licence_of(name) for name in shipped if not acceptable(licence_of(name))}

    assert len(shipped) > 60
    assert not refused


def acceptable(licence: str) -> bool:
    """Whether every part of an "… AND …" names an accepted licence, and none names the GPL family."""
    return all(
        any(word in part.upper() for word in ACCEPTED) and "GPL" not in part.upper()
        for part in re.split(r"\bAND\b", licence)
    )


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "MIT AND LGPL-2.1", "", "Proprietary"])
def test_a_licence_that_is_not_on_the_list_is_refused(licence: str) -> None:
    assert not acceptable(licence)
