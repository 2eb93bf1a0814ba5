"""Every address that the references write out is one of ours, with the same method.

The documents are read where they are; what an address does is for the tests beside this one.
"""

import re

import pytest

from tests.support.reference import document
from tests.support.repository import described

_WRITTEN = re.compile(r"^\|?\s*(GET|POST|PUT|PATCH|DELETE)\s*\|?\s+`?(/[A-Za-z0-9_/{}<>.-]*)", re.MULTILINE)
_PARAMETER = re.compile(r"\{[^}]*\}")


def addresses(name: str) -> set[str]:
    """Method and path as our description writes them, parameters without their names."""
    found = set()
    for method, path in _WRITTEN.findall(document(name)):
        whole = path.rstrip("/.") or "/"
        if whole.startswith("/crm"):
            whole = f"/api/v1{whole}"
        elif not whole.startswith("/api/"):
            section = re.search(
                r"^All CRM endpoints are prefixed with `(\S+)/`", document(name), re.MULTILINE
            )
            whole = (section[1] if section else "/api/v1/crm") + whole
        found.add(f"{method} {_PARAMETER.sub('{}', whole)}")
    return found


def ours() -> set[str]:
    """The same of this service."""
    paths = described()["paths"]
    return {
        f"{method.upper()} {_PARAMETER.sub('{}', path)}"
        for path, methods in paths.items()
        for method in methods
    }


@pytest.mark.parametrize(("name", "number"), [("000", 35), ("001", 18), ("003", 44)])
def test_every_path_of_a_reference_is_ours(name: str, number: int) -> None:
    written = addresses(name)
    # `install/crm` is the example of a name.
    written = {path.replace("install/crm", "install/{}") for path in written}
    assert written <= ours(), sorted(written - ours())
    assert len(written) >= number, len(written)
