"""docs/references.md: what the references say, each with the test that runs it, and where we differ on purpose."""

import ast
from pathlib import Path

from tests.reference.differences import DIFFERENCES

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "reference"
_HEAD = """# The references, executed

Every path, field, value and rule of the descriptions this service was built after is a test in `tests/reference`, named
after what the description says. `make test` runs them on SQLite and PostgreSQL. This page is generated from them.

## Where this service differs, and why

| reference | says | here | why |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD + "".join(f"| {' | '.join(each)} |\n" for each in DIFFERENCES)]
    for path in sorted(FOLDER.glob("test_*.py")):
        tree = ast.parse(path.read_text())
        tests = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        said = [(_sentence(test.name), test.name) for test in tests if test.name.startswith("test_")]
        title = (ast.get_docstring(tree) or path.stem).splitlines()[0].rstrip(".")
        rows = "".join(f"| {sentence} | `{name}` |\n" for sentence, name in said)
        parts.append(f"## {title}\n\n`tests/reference/{path.name}`\n\n| rule | test |\n|---|---|\n{rows}")
    return "\n".join(parts)


def _sentence(name: str) -> str:
    words = name.removeprefix("test_").replace("_", " ")
    return words[0].upper() + words[1:]
