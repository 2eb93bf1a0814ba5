"""The files that are made from the code: `.env.example`, `openapi.json` and `docs/references.md`.

python -m tools.generate           write them
python -m tools.generate --check   say which differ from the code, and fail if one does
"""

import argparse
import json
import sys
import textwrap
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from crm_api.app import create_app
from crm_api.dependencies import State
from crm_api.settings import Settings
from tools import references

ROOT = Path(__file__).resolve().parent.parent


def env_example() -> str:
    """Every setting with its meaning and its default, each line ready to be uncommented."""
    parts = ["# Settings of Rounds: copy this file to .env and uncomment what you change; all have defaults."]
    for name, field in Settings.model_fields.items():
        meaning = textwrap.fill(field.description or "", 108, initial_indent="# ", subsequent_indent="# ")
        parts.append(f"{meaning}\n#{name.upper()}={_written(field.default)}")
    return "\n\n".join(parts) + "\n"


def _written(default: object) -> str:
    """A default as it is written in an environment file."""
    match default:
        case None:
            return ""
        case _ if default is PydanticUndefined:
            return ""
        case bool():
            return str(int(default))
        case SecretStr():
            return default.get_secret_value()
        case _:
            return str(default)


def openapi() -> str:
    """The API's description as the running service gives it."""
    app = create_app(Settings(_env_file=None), _not_opened)  # type: ignore[call-arg]
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"


def _not_opened() -> AbstractAsyncContextManager[State]:
    raise RuntimeError("describing the API opens no database")


GENERATED: dict[str, Callable[[], str]] = {
    ".env.example": env_example,
    "openapi.json": openapi,
    "docs/references.md": references.page,
}


def stale() -> list[str]:
    """The names of generated files that are not what the code says now."""
    files = {name: ROOT / name for name in GENERATED}
    return [
        name for name, file in files.items() if not file.exists() or file.read_text() != GENERATED[name]()
    ]


def main() -> None:
    """Write the generated files, or only compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    if parser.parse_args().check:
        if names := stale():
            sys.exit(f"out of date: {', '.join(names)}; run `make generate` and look at the difference")
        return
    for name, content in GENERATED.items():
        (ROOT / name).write_text(content())


if __name__ == "__main__":
    main()
