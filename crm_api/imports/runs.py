"""The life of an import run: opened, claimed, carried forward slice by slice, finished."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access import Actor
from crm_api.core import clock
from crm_api.core.errors import Conflict, NotFound
from crm_api.events import Event, record
from crm_api.imports import writing
from crm_api.imports.mapping import Mapping
from crm_api.imports.models import ImportRun
from crm_api.imports.service import Record, Terms, ensure_pipeline, require_importer, terms

LEASE = timedelta(seconds=60)


def open_run(session: Session, /, actor: Actor, *, resume: bool = True, **values: Any) -> ImportRun:
    """The run of a file: a new one, or the one of the same file and mapping that was cut off while writing.

    Raises Conflict where another process is at work on it.
    """
    require_importer(actor)
    if resume and not values.get("dry_run"):
        cut_off = session.scalars(
            sa.select(ImportRun)
            .where(ImportRun.digest == values["digest"], ImportRun.state.in_(("writing", "failed")))
            .order_by(ImportRun.created_at.desc())
            .with_for_update()
        ).first()
        if cut_off is not None:
            _lease(cut_off)
            return cut_off
    run = ImportRun(**values, actor_id=actor.user_id)
    session.add(run)
    return run


def upload(
    session: Session,
    actor: Actor,
    *,
    run_id: UUID,
    path: Path,
    file_name: str | None,
    mapping: Mapping,
    dry_run: bool,
    skip_errors: bool,
) -> ImportRun:
    """A waiting run for an uploaded file; raises Invalid where the mapping does not fit its kind."""
    require_importer(actor)
    terms(session, mapping)
    return open_run(
        session, actor, resume=False, id=run_id, kind=mapping.kind, system=mapping.system, path=str(path),
        file_name=(file_name or "upload.csv")[:200], mapping=mapping.model_dump_json(exclude_defaults=True),
        digest=str(run_id), dry_run=dry_run, skip_errors=skip_errors,
    )  # fmt: skip


def resumable(session: Session, actor: Actor, *, run_id: UUID) -> ImportRun:
    """A run that was cut off; raises Conflict where it is finished or somebody is at work on it."""
    run = one(session, actor, run_id=run_id)
    if run.state in ("done", "refused"):
        raise Conflict("This import is finished; upload the file again for another one.")
    if run.lease_until is not None and run.lease_until > clock.now():
        raise Conflict("This file is being imported right now.")
    return run


def claim(session: Session, actor: Actor, *, run_id: UUID) -> ImportRun:
    """Take a waiting or cut-off run to work on; raises NotFound, or Conflict if done or taken."""
    run = resumable(session, actor, run_id=run_id)
    now = clock.now()
    free = sa.or_(ImportRun.lease_until.is_(None), ImportRun.lease_until < now)
    taken = sa.update(ImportRun).where(ImportRun.id == run_id, free).values(lease_until=now + LEASE)
    if session.execute(taken).rowcount == 0:  # type: ignore[attr-defined]
        raise Conflict("This file is being imported right now.")
    return run


def abandoned(session: Session) -> list[UUID]:
    """Uploaded runs that nobody is at work on: not begun, or cut off."""
    free = sa.or_(ImportRun.lease_until.is_(None), ImportRun.lease_until < clock.now())
    states = ("waiting", "validating", "writing")
    return list(
        session.scalars(
            sa.select(ImportRun.id)
            .where(ImportRun.state.in_(states), ImportRun.path.is_not(None), free)
            .order_by(ImportRun.id)
        )
    )


def _lease(run: ImportRun) -> None:
    now = clock.now()
    if run.lease_until is not None and run.lease_until > now:
        raise Conflict("This file is being imported right now.")
    run.lease_until = now + LEASE


def one(session: Session, actor: Actor, *, run_id: UUID) -> ImportRun:
    """One run; raises NotFound."""
    require_importer(actor)
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFound(f"There is no import {run_id}.")
    return run


def recent(session: Session, actor: Actor, *, limit: int = 50) -> list[ImportRun]:
    """The newest runs first."""
    require_importer(actor)
    newest = sa.select(ImportRun).order_by(ImportRun.created_at.desc(), ImportRun.id.desc()).limit(limit)
    return list(session.scalars(newest))


def carry(session: Session, *, run_id: UUID, state: str, progress: int) -> None:
    """Note how far a run is; it stays the worker's for another minute."""
    values = {"state": state, "progress": progress, "lease_until": clock.now() + LEASE}
    session.execute(sa.update(ImportRun).where(ImportRun.id == run_id).values(values))


def begin_writing(session: Session, terms: Terms, *, run_id: UUID) -> UUID:
    """From here on rows are written, all under one change set; returns it. Makes the mapping's pipeline."""
    run = session.get_one(ImportRun, run_id)
    if run.change_set_id is None:
        run.change_set_id = audit.change_set(session)
    else:
        audit.continue_change_set(session, run.change_set_id)
    run.state, run.progress, run.lease_until = "writing", 0, clock.now() + LEASE
    if terms.mapping.pipeline is not None and "stage" in terms.kind.targets:
        ensure_pipeline(session, terms.mapping.pipeline)
    return run.change_set_id


def write_slice(
    session: Session,
    terms: Terms,
    records: Sequence[Record],
    *,
    run_id: UUID,
    after: int,
    through: int,
    progress: int,
    forward: set[tuple[str, str]],
) -> tuple[int, ...]:
    """Write the records of the rows after `after` up to `through`, and remember it in the same transaction.

    Returns the rows that probably were here already.

    Raises Conflict where another process went on in the meantime: nothing is then written twice.
    """
    run = session.scalars(sa.select(ImportRun).where(ImportRun.id == run_id).with_for_update()).one()
    if run.written_rows != after:
        raise Conflict("Another process goes on with this import.")
    assert run.change_set_id is not None
    audit.continue_change_set(session, run.change_set_id)
    written = writing.write(session, terms, records, forward=forward)
    run.written_rows, run.progress, run.lease_until = through, progress, clock.now() + LEASE
    run.created_records += written.created
    run.updated_records += written.updated
    run.unchanged_records += written.unchanged
    run.possible_duplicates += len(written.alike)
    return written.alike


def link_slice(session: Session, terms: Terms, records: Sequence[Record], *, change_set_id: UUID) -> None:
    """Set the references among rows of the file that were open when they were written."""
    audit.continue_change_set(session, change_set_id)
    writing.link(session, terms, records)


def let_go(session: Session, *, run_id: UUID, message: str) -> None:
    """Writing met what another try at once will not mend; the same import goes on from here later."""
    run = session.get_one(ImportRun, run_id)
    run.state, run.lease_until, run.message = "failed", None, message


def finish(session: Session, /, *, run_id: UUID, state: str, **values: Any) -> ImportRun:
    """The end, good or bad. A finished import is told as one event, not one a record."""
    run = session.get_one(ImportRun, run_id)
    for name, value in values.items():
        setattr(run, name, value)
    run.state, run.lease_until, run.finished_at = state, None, clock.now()
    if state == "done" and not run.dry_run:
        data = {
            "kind": run.kind,
            "created": run.created_records,
            "updated": run.updated_records,
            "change_set_id": run.change_set_id,
        }
        record(session, Event("import.finished", "import", run.id, data))
    return run
