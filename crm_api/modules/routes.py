"""/api/v1/modules"""

from typing import Any

from fastapi import Response
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, json_answer
from crm_api.modules import service
from crm_api.modules.schemas import ModuleOut
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/modules", tags=["modules"])


@router.get("", response_model=list[ModuleOut])
async def list_modules(db: Db, actor: CurrentActor) -> Response:
    """Every part of the installation with its menus, and whether it is switched on."""
    return json_answer(await db.read(service.listed))


@router.get("/{name}", response_model=ModuleOut, responses=documented(404, 422))
async def read_module(name: str, db: Db, actor: CurrentActor) -> Response:
    """One part."""
    return json_answer(await db.read(service.one, name))


@router.post("/install/{name}", response_model=ModuleOut, responses=documented(400, 403, 404, 409, 422))
async def install_module(name: str, write: Write) -> Response:
    """Switch a part on; everything in it is where it was."""
    return await write.answer(_install, name=name)


@router.post("/uninstall/{name}", response_model=ModuleOut, responses=documented(400, 403, 404, 409, 422))
async def uninstall_module(name: str, write: Write) -> Response:
    """Switch a part off: hidden, not dropped. Its jobs rest."""
    return await write.answer(_uninstall, name=name)


def _install(session: Session, actor: Actor, *, name: str) -> dict[str, Any]:
    require_role(actor)
    return service.install(session, name=name)


def _uninstall(session: Session, actor: Actor, *, name: str) -> dict[str, Any]:
    require_role(actor)
    return service.uninstall(session, name=name)
