"""Pin every package with its hashes: `make lock` (an upgrade: `make lock UPGRADE=1`).

Each `.in` file says what is wanted and why; the `.txt` beside it is what gets installed, the same on every
machine. In `requirements.txt` the packages the product is built on stand first with their comments, the way
a person reads the file; everything they pull in follows.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# googlemaps 4.10.0 exists as an sdist alone. The order matters to pip: `:all:` forgets what stood before it.
WHEELS_ONLY = ("--only-binary :all:", "--no-binary googlemaps")

FIRST = (
    "fastapi", "sqlalchemy", "msal", "httpx", "googlemaps", "openai", "apscheduler", "jinja2",
    "pytest", "respx",
)  # fmt: skip

LOCKS = {
    "tools/uv.in": "tools/uv.txt",
    "tools/build.in": "tools/build.txt",
    "requirements-run.in": "requirements-run.txt",
    "requirements.in": "requirements.txt",
}


def compile_lock(source: str, target: str, *, upgrade: bool) -> str:
    """Resolve one `.in` file for every platform and Python >= 3.11; returns the pins, sorted by name.

    Pins already in `target` are kept unless `upgrade`: a lock changes when someone means it to.
    Raises CalledProcessError, with uv's explanation on stderr, when the wishes contradict each other.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", source, "--output-file", target]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet"]
    command += ["--only-binary", ":all:", "--no-binary", "googlemaps", "--annotation-style", "line"]
    command += ["--upgrade"] if upgrade else []
    subprocess.run(command, cwd=ROOT, check=True)
    return (ROOT / target).read_text()


def blocks(lock: str) -> list[str]:
    """The pins of a lock file, each with its hashes and its "via" lines."""
    parts = (part.strip() for part in re.split(r"\n(?=[a-z0-9])", lock))
    return [part for part in parts if re.match(r"[a-z0-9]", part)]


def name_of(block: str) -> str:
    """The distribution a pin is for: `sqlalchemy[asyncio]==2.1.9 \\ …` is `sqlalchemy`."""
    matched = re.match(r"[a-z0-9._-]+", block)
    assert matched, f"not a pin: {block[:60]}"
    return matched.group()


def reasons(source: str) -> dict[str, str]:
    """The comment beside each wish in an `.in` file and the files it includes, by name."""
    found: dict[str, str] = {}
    for line in (ROOT / source).read_text().splitlines():
        if included := re.match(r"-r (\S+)", line):
            found |= reasons(included.group(1))
        elif wish := re.match(r"([A-Za-z0-9._-]+)[^#]*#\s*(.+)", line):
            found[wish.group(1).lower()] = wish.group(2)
    return found


def arrange(source: str, lock: str) -> str:
    """The lock file as it is committed: how it came to be, the wheel rule, then the pins in reading order."""
    why = reasons(source)
    rank = {name: place for place, name in enumerate(FIRST)}
    pins = sorted(blocks(lock), key=lambda pin: (rank.get(name_of(pin), len(rank)), name_of(pin)))
    told = [f"# {why[name_of(pin)]}\n{pin}" if name_of(pin) in why else pin for pin in pins]
    head = [f"# Made by `make lock` from {source}; change that file, then run it again.", *WHEELS_ONLY]
    return "\n".join([*head, "", "\n\n".join(told), ""])


def main() -> None:
    """Write all lock files, the smaller ones first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take newer versions where allowed")
    upgrade = parser.parse_args().upgrade
    for source, target in LOCKS.items():
        (ROOT / target).write_text(arrange(source, compile_lock(source, target, upgrade=upgrade)))
        print(f"{target}: {len(blocks((ROOT / target).read_text()))} packages")


if __name__ == "__main__":
    main()
