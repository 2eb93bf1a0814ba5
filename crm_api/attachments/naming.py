"""The names that people give their files: shown and sent back, and never the name of anything on our disk."""

import re
import unicodedata
from urllib.parse import quote

from crm_api.core.schemas import NAME

# Marks that turn the direction of writing make "gpj.exe" of "exe.jpg"; the others cannot be seen at all.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_ASCII = re.compile(r"[^A-Za-z0-9._ ()-]")


def plain(name: str | None) -> str:
    """The last part of a path, as text that shows what it is; "file" where nothing is left of it."""
    last = re.split(r"[/\\]", name or "")[-1]
    seen = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c) not in _UNSEEN)
    seen = " ".join(seen.split()).strip(". ")
    if len(seen) > NAME:
        stem, dot, ending = seen.rpartition(".")
        seen = f"{stem[: NAME - len(ending) - 1]}{dot}{ending}" if dot and len(ending) < 20 else seen[:NAME]
    return seen or "file"


def disposition(name: str) -> str:
    """The Content-Disposition that makes a browser save the file under its name (RFC 6266, RFC 8187)."""
    return f"attachment; filename=\"{_ASCII.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"


def headers(name: str, size: int) -> dict[str, str]:
    """What goes with a file on its way out: browsers save it, and never take it for a page of this service."""
    return {
        "Content-Disposition": disposition(name),
        "Content-Length": str(size),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
