"""What the documents tell people to type exists, and README leaves no setting out."""

import re

import typer.main

from crm_api.settings import Settings
from entrypoints.cli import app
from tests.support.repository import ROOT, tracked_files

DOCUMENTS = {
    file.relative_to(ROOT).as_posix(): file.read_text() for file in tracked_files() if file.suffix == ".md"
}

# In a code span or at the start of a line of a code block, after a prompt or an assignment: `DEMO=1 crm up`.
TYPED = r"(?:^|`)[ \t]*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?{command} ([a-z][a-z-]*)"


def typed(command: str) -> set[tuple[str, str]]:
    """The document and the first word after each mention of a command as something to type."""
    pattern = re.compile(TYPED.format(command=command), re.MULTILINE)
    return {(name, word) for name, text in DOCUMENTS.items() for word in pattern.findall(text)}


def test_every_make_target_in_the_documents_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {word for _, word in typed("make")} >= {"bench"}
    assert not {(name, word) for name, word in typed("make") if word not in targets}


def test_every_crm_command_in_the_documents_is_a_command() -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]

    assert "up" in commands
    assert not {(name, word) for name, word in typed("crm") if word not in commands}


def test_readme_names_every_setting() -> None:
    readme = DOCUMENTS.get("README.md")

    assert readme is None or not [name for name in Settings.model_fields if f"`{name.upper()}`" not in readme]


def test_links_between_documents_lead_somewhere() -> None:
    broken = {
        (name, target)
        for name, text in DOCUMENTS.items()
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
        if not ((ROOT / name).parent / target).exists()
    }

    assert not broken
