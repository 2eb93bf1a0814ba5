"""/api/v1/crm/tasks"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.activities import faces, service, workload
from crm_api.activities.face_schemas import TaskIn, TaskOut, TaskPatch, Workloads
from crm_api.activities.faces import TASKS, FaceQuery
from crm_api.activities.schemas import Completion
from crm_api.conditions.dependencies import SearchBody, listed, showing, shown
from crm_api.conditions.filters import Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer, takes_only
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/tasks", tags=["tasks"])
Asked = Annotated[FaceQuery, faces.asking(TASKS)]


@router.get(
    "",
    response_model=Page[TaskOut],
    openapi_extra=listed(TASKS.catalogue),
    responses=documented(400, 422),
)
async def list_tasks(db: Db, actor: CurrentActor, asked: Asked) -> Response:
    """Tasks that match, the earliest due first."""
    return json_answer(await db.read(faces.page, actor, TASKS, asked))


@router.post("/search", response_model=Page[TaskOut], responses=documented(400, 422))
async def search_tasks(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Tasks for which a condition tree holds."""
    return json_answer(await db.read(faces.page, actor, TASKS, TASKS.search(body.query())))


@router.post("", status_code=201, response_model=TaskOut, responses=documented(403, 409, 422))
async def create_task(body: TaskIn, write: Write) -> Response:
    """Make a task."""
    return await faces.write(write, TASKS, TASKS.create, status=201, data=body)


@router.get("/workload", response_model=Workloads, responses=documented(422), dependencies=[takes_only()])
async def read_workload(db: Db, actor: CurrentActor) -> Response:
    """How many tasks each person has to do, of those you see."""
    return json_answer(await db.read(workload.by_person, actor))


@router.get(
    "/{task_id}",
    response_model=TaskOut,
    openapi_extra=shown(TASKS.catalogue),
    responses=documented(400, 404, 422),
)
async def read_task(
    task_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("activity")]
) -> Response:
    """One task."""
    return record_answer(await db.read(faces.one, actor, TASKS, task_id, wanted))


@router.put("/{task_id}", response_model=TaskOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{task_id}", response_model=TaskOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_task(task_id: UUID, body: TaskPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    return await faces.write(write, TASKS, TASKS.update, record_id=task_id, data=body, if_match=if_match)


@router.delete("/{task_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_task(task_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Delete softly: it can be restored."""
    return await write.nothing(TASKS.archive, record_id=task_id, if_match=if_match)


@router.post("/{task_id}/restore", response_model=TaskOut, responses=documented(403, 404, 409, 422))
async def restore_task(task_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await faces.write(write, TASKS, service.restore, activity_id=task_id)


@router.post(
    "/{task_id}/complete", response_model=TaskOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def complete_task(
    task_id: UUID, write: Write, if_match: IfMatch, body: Completion | None = None
) -> Response:
    """Mark as done, with how it went where there is something to tell."""
    return await faces.write(
        write, TASKS, service.complete, data=body or Completion(), activity_id=task_id, if_match=if_match
    )


@router.post("/{task_id}/reopen", response_model=TaskOut, responses=documented(400, 403, 404, 409, 412, 422))
async def reopen_task(task_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """It is to be done again."""
    return await faces.write(write, TASKS, service.reopen, activity_id=task_id, if_match=if_match)
