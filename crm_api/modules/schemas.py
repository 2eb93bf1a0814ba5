"""What goes out of modules."""

from pydantic import BaseModel


class MenuOut(BaseModel):
    """An entry of the navigation; `parent` names the menu it stands under."""

    name: str
    icon: str
    sequence: int
    parent: str | None
    path: str | None


class ModuleOut(BaseModel):
    """A part of the installation. One that is not installed is hidden, with all its records kept."""

    name: str
    display_name: str
    description: str
    category: str
    menus: list[MenuOut]
    depends: list[str]
    auto_install: bool
    installable: bool
    version: str
    installed: bool
