"""Each import rule bites: a forbidden import put into a copy of the tree breaks exactly that rule."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT, tracked_files

PACKAGES = ("crm_api", "entrypoints", "integrations", "scheduler")

PARTS = "Entrypoints put the parts together"
BOOTSTRAP = "Only entrypoints/bootstrap.py names an adapter"
PORTS = "An adapter knows nothing of the core but its ports"
LAYERS = "Inside the core, downwards only"
ROUTES = "Only the application imports routes"
PAGES = "Pages and assistants hold no query"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project's Python files that a test may spoil."""
    for file in tracked_files():
        place = file.relative_to(ROOT)
        if place.name == "pyproject.toml" or (place.parts[0] in PACKAGES and place.suffix == ".py"):
            (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, tmp_path / place)
    return tmp_path


def broken_rules(tree: Path) -> list[str]:
    """The names of the rules that import-linter finds broken in a tree."""
    run = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", run, "--no-cache"],
        cwd=tree, env=os.environ | {"COLUMNS": "500"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return re.findall(r"^(.+?) BROKEN", done.stdout, re.MULTILINE)


def add(tree: Path, module: str, line: str) -> None:
    """Append a line to a module of the tree, which is made if it is not there."""
    file = tree / module
    file.parent.mkdir(parents=True, exist_ok=True)
    (file.parent / "__init__.py").touch()
    with file.open("a") as opened:
        opened.write(f"\n{line}\n")


def test_the_tree_keeps_its_own_rules(tree: Path) -> None:
    assert broken_rules(tree) == []


@pytest.mark.parametrize(
    ("module", "line", "rule"),
    [
        ("crm_api/leads/service.py", "import integrations.offline", PARTS),
        ("crm_api/leads/service.py", "import scheduler", PARTS),
        ("scheduler/send_messages.py", "import integrations.offline", PARTS),
        ("integrations/http.py", "import scheduler", PARTS),
        ("integrations/http.py", "import entrypoints", PARTS),
        ("entrypoints/worker.py", "import integrations.offline", BOOTSTRAP),
        ("integrations/http.py", "import crm_api.settings", PORTS),
        ("integrations/offline/anything.py", "from crm_api.core import clock", PORTS),
        ("crm_api/core/clock.py", "import crm_api.settings", LAYERS),
        ("crm_api/accounts/service.py", "import crm_api.leads.models", LAYERS),
        ("crm_api/products/service.py", "import crm_api.tags.models", LAYERS),
        ("crm_api/users/service.py", "import crm_api.dependencies", LAYERS),
        ("crm_api/newcomers/service.py", "import crm_api.core.clock", LAYERS),
        ("crm_api/leads/service.py", "import crm_api.leads.routes", ROUTES),
        ("crm_api/pages/views.py", "import sqlalchemy", PAGES),
        ("crm_api/pages/views.py", "import crm_api.leads.models", PAGES),
        ("crm_api/assistants/tools.py", "import crm_api.leads.queries", PAGES),
    ],
)
def test_a_forbidden_import_breaks_its_rule(tree: Path, module: str, line: str, rule: str) -> None:
    imported = line.split()[1].replace(".", "/")
    if imported.startswith("crm_api") and not (tree / imported).is_dir():
        add(tree, f"{imported}.py", "")

    add(tree, module, line)

    broken = broken_rules(tree)
    assert any(name.startswith(rule) for name in broken), broken


def test_bootstrap_may_name_ports_and_adapters(tree: Path) -> None:
    add(tree, "entrypoints/bootstrap.py", "import crm_api.ports\nimport integrations.offline")

    assert broken_rules(tree) == []


def test_routes_may_ask_for_the_database_whatever_the_place_of_their_domain(tree: Path) -> None:
    add(tree, "crm_api/users/routes.py", "import crm_api.dependencies")

    assert broken_rules(tree) == []
