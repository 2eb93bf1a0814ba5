"""Mail templates: `templates/email/<name>/{subject.txt,body.txt,body.html}`, filled from plain values.

A template sees dictionaries of text and numbers and nothing else: no rows, no functions. The sandbox of
Jinja2 stops reaching into objects but not `'a' * 50000000` or `2 ** 100000`, so that templates are read
node by node against a list of what a letter needs, and both source and result are limited in size.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, UndefinedError, nodes
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "email"
LONGEST_SOURCE = 64 * 1024  # characters
LONGEST_RESULT = 256 * 1024
NAME = re.compile(r"[a-z][a-z0-9_]*")

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Filter, nodes.Const,
    nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test,
    nodes.For,
)  # fmt: skip
_FILTERS = frozenset(
    {"default", "d", "title", "capitalize", "lower", "upper", "trim", "join", "first", "length"}
)


class MissingField(Exception):
    """A template needs a value that the record does not have; `field` is its name."""

    def __init__(self, field: str) -> None:
        super().__init__(f"the template needs {field}")
        self.field = field


class BadTemplate(Exception):
    """A template that does not exist, cannot be read, or wants more than a letter may."""


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """A letter, ready to be sent; the subject is one line."""

    subject: str
    text: str
    html: str | None


def _environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=html, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )


_TEXT, _HTML = _environment(html=False), _environment(html=True)


def email_templates(folder: Path = TEMPLATES) -> list[str]:
    """The names of the templates there are, in alphabetical order."""
    return sorted(path.parent.name for path in folder.glob("*/subject.txt"))


def render_email(name: str, values: Mapping[str, Any], *, folder: Path = TEMPLATES) -> RenderedEmail:
    """Fill the template `name` with nested dictionaries of plain values; None counts as missing.

    `{{ lead.first_name|default("there") }}` says what stands for a missing value. Raises MissingField
    where one is missing without that, BadTemplate where the template itself is at fault.
    """
    known = without_missing(values)
    subject = _fill(_TEXT, _source(folder, name, "subject.txt"), known)
    html = _source(folder, name, "body.html", optional=True)
    return RenderedEmail(
        subject=" ".join(subject.split()),
        text=_fill(_TEXT, _source(folder, name, "body.txt"), known).strip() + "\n",
        html=None if html is None else _fill(_HTML, html, known),
    )


def without_missing(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same dictionaries without what is None or blank: to a reader an empty name is no name."""
    return {
        key: without_missing(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None and not (isinstance(value, str) and not value.strip())
    }


def check(source: str) -> None:
    """Raise BadTemplate where a template cannot be read or uses more than names, filters, if and one loop."""
    if len(source) > LONGEST_SOURCE:
        raise BadTemplate(f"longer than {LONGEST_SOURCE} characters")
    try:
        tree = _TEXT.parse(source)
    except TemplateError as error:
        raise BadTemplate(str(error)) from error
    for node in tree.find_all(nodes.Node):
        _check_node(node)


def _check_node(node: nodes.Node) -> None:
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise BadTemplate(f"line {node.lineno}: the filter {node.name!r} is not for letters")
    if isinstance(node, nodes.For) and any(node.find_all(nodes.For)):
        raise BadTemplate(f"line {node.lineno}: one loop inside another")
    if not isinstance(node, _ALLOWED) and not isinstance(node, nodes.Keyword):
        raise BadTemplate(f"line {node.lineno}: {type(node).__name__} is not for letters")


def _source(folder: Path, name: str, part: str, *, optional: bool = False) -> Any:
    if not NAME.fullmatch(name):
        raise BadTemplate(f"{name!r} is not the name of a template")
    try:
        return FileSystemLoader(folder).get_source(_TEXT, f"{name}/{part}")[0]
    except TemplateNotFound as error:
        if optional:
            return None
        raise BadTemplate(f"there is no template {name}/{part}") from error


def _fill(environment: ImmutableSandboxedEnvironment, source: str, values: dict[str, Any]) -> str:
    check(source)
    try:
        pieces, length = [], 0
        for piece in environment.from_string(source).generate(values):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST_RESULT:
                raise BadTemplate(f"the result is longer than {LONGEST_RESULT} characters")
    except UndefinedError as error:
        raise MissingField(_missing_name(str(error))) from error
    except TemplateError as error:
        raise BadTemplate(str(error)) from error
    return "".join(pieces)


def _missing_name(message: str) -> str:
    """Jinja2 says "'x' is undefined" or "'dict object' has no attribute 'x'": the last quoted word."""
    quoted = re.findall(r"'([^']+)'", message)
    return quoted[-1] if quoted else message
