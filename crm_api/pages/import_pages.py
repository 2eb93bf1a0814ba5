"""Importing a file in four steps: choose it, say which column is what, try it without writing, and import it.

The file is kept under the data folder from the first step to the last. Each run gets a copy of its own, because whoever
works on a run takes its file away at the end.
"""

import asyncio
import shutil
import time
from itertools import islice
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import File, Form, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from crm_api.access import require_role
from crm_api.core.errors import Invalid, NotFound, Problem
from crm_api.core.ids import new_id
from crm_api.core.routing import Router
from crm_api.dependencies import Db, SettingsDep, Visitor
from crm_api.imports import flows, runs
from crm_api.imports.kinds import KINDS
from crm_api.imports.mapping import Mapping
from crm_api.imports.reader import CsvFile
from crm_api.imports.schemas import ImportOut
from crm_api.pages import fields, frame, once
from crm_api.pages.editing import typed_in
from crm_api.pages.errors import PageRoute
from crm_api.pages.formats import phrase
from crm_api.pages.session import Signed, Trusted
from crm_api.pages.templating import is_fragment, render

router = Router(include_in_schema=False, route_class=PageRoute)
OFFERED = ("accounts", "contacts", "leads", "opportunities", "orders", "products")
SAMPLES, SHOWN = 3, 15
KEPT_SECONDS = 86_400  # how long a file waits to be imported
COLUMN = "column:"  # before the name of a file's column, in the mapping form
UNDERWAY = ("waiting", "validating", "writing")
# What files call a field, and the fields it may be: the first that the kind has.
SAME: dict[str, tuple[str, ...]] = {
    "company": ("company_name", "name"), "company_name": ("name",), "customer": ("account", "name"),
    "mail": ("email",), "e_mail": ("email",), "id": ("external_id",), "telephone": ("phone",),
    "city": ("billing_city",), "zip": ("billing_zip",), "state": ("billing_state",),
    "country": ("billing_country",), "street": ("billing_street",), "amount": ("estimated_value",),
    "value": ("estimated_value",), "title": ("name",),
}  # fmt: skip


# ── 1. The file ──────────────────────────────────────────────────────────────────────────────────


@router.get("/crm/imports/new")
async def choose_file(
    request: Request, db: Db, visitor: Signed, kind: Annotated[str, Query(max_length=20)] = "accounts"
) -> Response:
    """The form for the file, over the imports there were; raises NotAllowed as the import itself would."""
    return await _file_form(request, db, visitor, kind)


async def _file_form(
    request: Request, db: Db, visitor: Visitor, kind: str, problem: Problem | None = None
) -> Response:
    told = [_shown(run) for run in await db.read(runs.recent, visitor.actor, limit=SHOWN)]
    return await frame.page(
        request, db, visitor, "imports/file.html", kinds=OFFERED, kind=kind, recent=told, problem=problem,
        status=problem.status if problem else 200,
    )  # fmt: skip


@router.post("/crm/imports/new")
async def take_file(
    request: Request,
    db: Db,
    visitor: Trusted,
    settings: SettingsDep,
    file: Annotated[UploadFile, File()],
    kind: Annotated[str, Form(max_length=20)] = "accounts",
    system: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Keep the file, and go on to its columns."""
    require_role(visitor.actor)
    upload = new_id()
    folder = settings.data_dir / "imports"
    path = await flows.keep_upload(file.file, _kept(folder, upload))
    await asyncio.to_thread(_sweep, folder)
    try:
        if kind not in OFFERED:
            raise Invalid.field("kind", f"one of {', '.join(OFFERED)}")
        columns, _ = await asyncio.to_thread(peek, path)
    except Invalid as problem:
        path.unlink(missing_ok=True)
        return await _file_form(request, db, visitor, kind if kind in OFFERED else "accounts", problem)
    name = (file.filename or "upload.csv")[:200]
    return await _mapping_form(
        request, db, visitor, path, upload, kind, system.strip() or "import", name, guessed(kind, columns)
    )


def _kept(folder: Path, upload: UUID) -> Path:
    return folder / f"upload-{upload}.csv"


def _sweep(folder: Path) -> None:
    """Remove files that nobody came back for."""
    for path in folder.glob("upload-*.csv"):
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)


def peek(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The columns of a file and its first rows; raises Invalid where it cannot be read or holds none."""
    rows = [row.values for row in islice(CsvFile(path).rows([]), SAMPLES) if row.values]
    if not rows:
        raise Invalid.field("file", "a CSV file with a line of headings and at least one row")
    return list(rows[0]), rows


def guessed(kind: str, columns: list[str]) -> dict[str, str]:
    """Which field each column probably is, by its name; each field once."""
    targets, taken, made = KINDS[kind].targets, set[str](), dict[str, str]()
    for column in columns:
        plain = "_".join(column.lower().replace("-", " ").replace("_", " ").split())
        for name in (KINDS[kind].target(plain), *SAME.get(plain, ())):
            if name in targets and name not in taken:
                made[column] = name
                taken.add(name)
                break
    return made


# ── 2. The columns ───────────────────────────────────────────────────────────────────────────────


async def _mapping_form(
    request: Request, db: Db, visitor: Visitor, path: Path, upload: UUID, kind: str, system: str, name: str,
    chosen: dict[str, str], problem: Problem | None = None,
) -> Response:  # fmt: skip
    columns, samples = await asyncio.to_thread(peek, path)
    targets = KINDS[kind].targets
    offered = [(target, _title(target), targets[target].required) for target in targets]
    return await frame.page(
        request, db, visitor, "imports/columns.html", status=problem.status if problem else 200, upload=upload,
        kind=kind, system=system, name=name, columns=columns, samples=samples, offered=offered, chosen=chosen,
        problem=problem, prefix=COLUMN, needed=[_title(t) for t in targets if targets[t].required],
    )  # fmt: skip


def _title(name: str) -> str:
    return "Id in the other system" if name == "external_id" else fields.TITLES.get(name) or phrase(name)


@router.post("/crm/imports/{upload}/check")
async def check(
    request: Request, db: Db, visitor: Trusted, settings: SettingsDep, upload: UUID,
    kind: Annotated[str, Form(max_length=20)], system: Annotated[str, Form(max_length=100)],
    name: Annotated[str, Form(max_length=200)],
) -> Response:  # fmt: skip
    """Try the whole file with these columns, and write nothing."""
    path = _kept(settings.data_dir / "imports", upload)
    if not path.exists() or kind not in OFFERED:
        raise NotFound("This file is not here any more; choose it again.")
    typed = await typed_in(request)
    chosen = {
        key.removeprefix(COLUMN): field for key, field in typed.items() if key.startswith(COLUMN) and field
    }
    try:
        twice = {field for field in chosen.values() if list(chosen.values()).count(field) > 1}
        if twice:
            raise Invalid(f"{_title(min(twice))} is given by two columns; choose one of them.")
        mapping = frame.checked(
            Mapping, kind=kind, system=system, currency=visitor.actor.currency,
            fields={field: {"column": column} for column, field in chosen.items()},
        )  # fmt: skip
        return await _begin(request, db, visitor, path, upload, name, mapping, dry_run=True)
    except Invalid as problem:
        return await _mapping_form(request, db, visitor, path, upload, kind, system, name, chosen, problem)


async def _begin(
    request: Request, db: Db, visitor: Visitor, path: Path, upload: UUID, name: str, mapping: Mapping, *,
    dry_run: bool, skip_errors: bool = False,
) -> Response:  # fmt: skip
    run_id = new_id()
    own = path.parent / f"{run_id}.csv"

    async def work() -> str:
        await asyncio.to_thread(shutil.copyfile, path, own)
        try:
            await db.write(
                runs.upload, visitor.actor, run_id=run_id, path=own, file_name=name, mapping=mapping,
                dry_run=dry_run, skip_errors=skip_errors,
            )  # fmt: skip
        except Problem:
            own.unlink(missing_ok=True)
            raise
        return f"/crm/imports/{run_id}?upload={upload}"

    response = await once.go_on_once(request, db, visitor, work)
    if own.exists():
        response.background = BackgroundTask(flows.work, db, run_id, folder=path.parent)
    return response


# ── 3. and 4. Trying and importing ───────────────────────────────────────────────────────────────


@router.get("/crm/imports/{run_id}")
async def show_run(
    request: Request, db: Db, visitor: Signed, settings: SettingsDep, run_id: UUID, upload: UUID | None = None
) -> Response:
    """How far it is, and what it did; the page asks again until it is done."""
    run = _shown(await db.read(runs.one, visitor.actor, run_id=run_id))
    folder = settings.data_dir / "imports"
    values: dict[str, Any] = {
        "run": run, "upload": upload, "underway": run["state"] in UNDERWAY,
        "has_file": upload is not None and _kept(folder, upload).exists(),
        "has_errors": (folder / f"{run_id}-errors.csv").exists(),
    }  # fmt: skip
    if is_fragment(request):
        return render(request, "imports/progress.html", visitor=visitor, **values)
    return await frame.page(request, db, visitor, "imports/run.html", **values)


@router.post("/crm/imports/{run_id}/go")
async def import_it(
    request: Request, db: Db, visitor: Trusted, settings: SettingsDep, run_id: UUID,
    upload: Annotated[UUID, Form()], skip_errors: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Import what was tried, in earnest."""
    tried = await db.read(runs.one, visitor.actor, run_id=run_id)
    path = _kept(settings.data_dir / "imports", upload)
    if not path.exists():
        raise NotFound("This file is not here any more; choose it again.")
    mapping = Mapping.model_validate_json(tried.mapping)
    return await _begin(
        request, db, visitor, path, upload, tried.file_name, mapping, dry_run=False, skip_errors=skip_errors
    )


@router.get("/crm/imports/{run_id}/errors.csv")
async def read_errors(db: Db, visitor: Signed, settings: SettingsDep, run_id: UUID) -> Response:
    """Every fault of the file."""
    await db.read(runs.one, visitor.actor, run_id=run_id)
    path = settings.data_dir / "imports" / f"{run_id}-errors.csv"
    if not path.exists():
        raise NotFound("This import has no faulty rows.")
    return FileResponse(path, media_type="text/csv", filename="errors.csv")


def _shown(run: Any) -> dict[str, Any]:
    return {name: getattr(run, name) for name in ImportOut.model_fields}
