"""The prompts, kept as text files beside this one."""

from importlib import resources


def load(name: str) -> str:
    """The text of a prompt file; raises FileNotFoundError for a name that does not exist."""
    return resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
