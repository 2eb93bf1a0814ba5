"""Where one can go: the entries of the sidebar, the keys that lead there, and what the palette offers.

A new page adds a `Menu` to the manifest of its module (`modules/manifest.py`), and a letter here if it deserves one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crm_api.dependencies import Visitor
from crm_api.modules.manifest import Menu

# After `g`; the help sheet lists them.
LETTERS = {
    "/": "t", "/crm/dashboard": "d", "/crm/leads": "l", "/crm/opportunities": "p", "/crm/accounts": "a",
    "/crm/contacts": "c", "/crm/activities": "h", "/crm/tasks": "k", "/outbox": "o", "/crm/visits": "v",
    "/crm/ask": "q", "/crm/reports": "r", "/crm/settings": "s",
}  # fmt: skip
# The five of the tab bar on a phone; the middle one is drawn larger, the last opens the whole menu.
TABS = ("/", "/crm/opportunities", "/crm/ask", "/crm/visits")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation. `letter` follows `g` on the keyboard."""

    menu: Menu
    is_current: bool
    letter: str | None

    @property
    def path(self) -> str:
        """Where it leads."""
        return self.menu.path or "/"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its entries; the last one of a sidebar has none."""

    name: str
    entries: list[Entry]


def sections(visitor: Visitor, path: str) -> list[Section]:
    """The sidebar of somebody who looks at `path`: each heading that has pages, then what stands under none."""
    current = current_path((menu.path for menu in visitor.menus), path)
    made = []
    for heading in [menu.name for menu in visitor.menus if menu.path is None] + [""]:
        under = [menu for menu in visitor.menus if menu.path and (menu.parent or "") == heading]
        entries = [Entry(menu, menu.path == current, LETTERS.get(menu.path or "")) for menu in under]
        if entries:
            made.append(Section(heading, entries))
    return made


def entries(visitor: Visitor, path: str) -> list[Entry]:
    """The same without headings."""
    return [entry for section in sections(visitor, path) for entry in section.entries]


def tabs(visitor: Visitor, path: str) -> list[Entry]:
    """The entries of the tab bar that this installation has, in its order."""
    by_path = {entry.path.replace("/#", "/crm/"): entry for entry in entries(visitor, path)}
    return [by_path[tab] for tab in TABS if tab in by_path]


def current_path(paths: Iterable[str | None], path: str) -> str | None:
    """The entry a page stands under: the longest whose address it is, or begins with."""
    fitting = [p for p in paths if p and (p == path or (p != "/" and path.startswith(f"{p}/")))]
    return max(fitting, key=len, default=None)


def found(entries: Sequence[Entry], typed: str) -> list[Entry]:
    """The entries with a word that begins with what was typed; all for nothing."""
    wanted = typed.casefold()
    return [e for e in entries if any(word.startswith(wanted) for word in e.menu.name.casefold().split())]
