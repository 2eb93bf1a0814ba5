"""Which parts of the installation are switched on.

Switching a part off hides it: its addresses answer 404, its menus are gone, its jobs rest. Nothing of it is dropped;
switched on again, everything is where it was. The core cannot be switched off.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from crm_api.core.errors import Conflict, NotFound
from crm_api.modules.manifest import MODULES, Menu, Module
from crm_api.organisation.basics import basics
from crm_api.organisation.service import profile

OFF = "modules_off"  # where the organisation's settings keep it
_BY_NAME: Mapping[str, Module] = {module.name: module for module in MODULES}
_BY_RESOURCE: Mapping[str, Module] = {name: module for module in MODULES for name in module.resources}


def listed(session: Session) -> list[dict[str, Any]]:
    """Every part with its menus, and whether it is switched on."""
    return [_shown(module, switched_off(session)) for module in MODULES]


def one(session: Session, name: str) -> dict[str, Any]:
    """One part; raises NotFound."""
    return _shown(_known(name), switched_off(session))


def switched_off(session: Session) -> frozenset[str]:
    """The names of the parts that are switched off."""
    return frozenset(basics(session).settings.get(OFF, ()))


def waiting_purposes(session: Session) -> list[str]:
    """Mails of these purposes wait until their part is switched on again."""
    off = switched_off(session)
    return [purpose for module in MODULES if module.name in off for purpose in module.purposes]


def menus(session: Session) -> list[Menu]:
    """The entries of the navigation, in their order."""
    off = switched_off(session)
    shown = [menu for module in MODULES if module.name not in off for menu in module.menus]
    return sorted(shown, key=lambda menu: menu.sequence)


def is_on(session: Session, name: str) -> bool:
    """Whether a part is switched on."""
    return name not in switched_off(session)


def is_optional(resource: str | None) -> bool:
    """Whether the addresses of a resource belong to a part that can be switched off."""
    return resource in _BY_RESOURCE


def require(session: Session, resource: str) -> None:
    """Raise NotFound where the resource belongs to a part that is switched off."""
    module = _BY_RESOURCE[resource]
    if module.name in switched_off(session):
        raise NotFound(
            f"{module.display_name} is switched off here; an administrator can switch it on: "
            f"POST /api/v1/modules/install/{module.name}."
        )


def install(session: Session, *, name: str) -> dict[str, Any]:
    """Switch a part on, with the parts it needs. Once more does nothing."""
    wanted = {name, *_known(name).depends}
    return _keep(session, switched_off(session) - wanted, name)


def uninstall(session: Session, *, name: str) -> dict[str, Any]:
    """Switch a part off; raises Conflict for the core, and for a part that another one needs."""
    module, off = _known(name), switched_off(session)
    if module.core:
        raise Conflict(f"{module.display_name} is the core of this service and cannot be switched off.")
    needing = [other.display_name for other in MODULES if name in other.depends and other.name not in off]
    if needing:
        raise Conflict(f"{module.display_name} is needed by {', '.join(needing)}; switch that off first.")
    return _keep(session, off | {name}, name)


def _keep(session: Session, off: frozenset[str], name: str) -> dict[str, Any]:
    if off != switched_off(session):
        organisation = profile(session)
        organisation.settings = {**organisation.settings, OFF: sorted(off)}
        session.flush()
    return one(session, name)


def _known(name: str) -> Module:
    if name not in _BY_NAME:
        raise NotFound(f"There is no module '{name[:100]}'; there are {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]


def _shown(module: Module, off: frozenset[str]) -> dict[str, Any]:
    told = asdict(module)
    for name in ("resources", "core", "purposes"):
        del told[name]
    return told | {"installed": module.name not in off}
