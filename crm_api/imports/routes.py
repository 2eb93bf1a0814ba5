"""/api/v1/crm/imports"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import File, Form, UploadFile
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from crm_api.core.errors import NotFound
from crm_api.core.ids import new_id
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, SettingsDep, json_answer
from crm_api.imports import flows, runs
from crm_api.imports.mapping import read_mapping
from crm_api.imports.models import ImportRun
from crm_api.imports.schemas import ImportOut

router = Router(prefix="/api/v1/crm/imports", tags=["imports"])


@router.post("", status_code=202, response_model=ImportOut, responses=documented(403, 413, 422))
async def upload(
    db: Db,
    actor: CurrentActor,
    settings: SettingsDep,
    file: Annotated[UploadFile, File(description="The CSV file.")],
    mapping: Annotated[str, Form(max_length=100_000, description="The mapping, as TOML; see examples/.")],
    dry_run: Annotated[bool, Form(description="Check everything and write nothing.")] = False,
    skip_errors: Annotated[bool, Form(description="Leave faulty rows out and write the others.")] = False,
) -> Response:
    """Import a CSV file. Answers at once; the import's own address tells how far it is."""
    parsed, run_id = read_mapping(mapping, name="mapping"), new_id()
    path = await flows.keep_upload(file.file, settings.data_dir / "imports" / f"{run_id}.csv")
    run = await db.write(
        runs.upload,
        actor,
        run_id=run_id,
        path=path,
        file_name=file.filename,
        mapping=parsed,
        dry_run=dry_run,
        skip_errors=skip_errors,
    )
    answer = json_answer(_shown(run), 202)
    answer.headers["Location"] = f"/api/v1/crm/imports/{run_id}"
    answer.background = BackgroundTask(flows.work, db, run_id, folder=path.parent)
    return answer


@router.get("", response_model=list[ImportOut], responses=documented(403))
async def list_imports(db: Db, actor: CurrentActor) -> Response:
    """The fifty newest imports."""
    return json_answer([_shown(run) for run in await db.read(runs.recent, actor)])


@router.get("/{import_id}", response_model=ImportOut, responses=documented(403, 404, 422))
async def read_import(import_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """One import: how far it is, and what it did."""
    return json_answer(_shown(await db.read(runs.one, actor, run_id=import_id)))


@router.get(
    "/{import_id}/errors", response_class=FileResponse, responses=documented(403, 404, 422),
    openapi_extra={"responses": {"200": {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
)  # fmt: skip
async def read_errors(import_id: UUID, db: Db, actor: CurrentActor, settings: SettingsDep) -> FileResponse:
    """Every fault of the file as CSV: file, row, column, value, message."""
    await db.read(runs.one, actor, run_id=import_id)
    path = settings.data_dir / "imports" / f"{import_id}-errors.csv"
    if not path.exists():
        raise NotFound("This import has no row errors.")
    return FileResponse(path, media_type="text/csv", filename="errors.csv")


@router.post(
    "/{import_id}/resume", status_code=202, response_model=ImportOut, responses=documented(403, 404, 409, 422)
)
async def resume(import_id: UUID, db: Db, actor: CurrentActor, settings: SettingsDep) -> Response:
    """Go on with an import that was cut off, at its first unwritten row. Happens by itself after a minute."""
    run = await db.read(runs.resumable, actor, run_id=import_id)
    answer = json_answer(_shown(run), 202)
    answer.background = BackgroundTask(flows.work, db, import_id, folder=settings.data_dir / "imports")
    return answer


def _shown(run: ImportRun) -> dict[str, Any]:
    return {name: getattr(run, name) for name in ImportOut.model_fields}
