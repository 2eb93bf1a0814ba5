"""The rules of an import: reading rows into records, and checking them against what is there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM, Actor, require_role
from crm_api.core.errors import FieldError, Invalid
from crm_api.core.text import fold
from crm_api.core.vocabulary import split
from crm_api.custom_fields.types import unique_key
from crm_api.imports import custom, references
from crm_api.imports.kinds import KINDS, Kind, Reading
from crm_api.imports.mapping import Mapping, PipelineSpec, Source
from crm_api.imports.reader import Fault, Row
from crm_api.matching.duplicates import are_there
from crm_api.organisation.service import zone
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import Pipeline, Stage


@dataclass(slots=True)
class Record:
    """One row as typed values (None where the file says nothing), the texts of its references, its faults."""

    row: int
    values: dict[str, Any] = field(default_factory=dict)
    refers: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def external_id(self) -> str:
        """The other system's id of the record."""
        return self.values["external_id"]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything besides the row that decides how it is read: looked up once a file."""

    kind: Kind
    mapping: Mapping
    reading: Reading
    stages: dict[str, str] = field(default_factory=dict)  # folded stage name -> its kind
    own_fields: custom.Fields = field(default_factory=dict)  # by their names in mappings

    def unique_key(self, name: str, value: Any) -> str:
        """Two values of a unique field with the same key are the same."""
        own = self.own_fields.get(name)
        return unique_key(own.type, value) if own else str(value).casefold()


def require_importer(actor: Actor) -> None:
    """Only administrators import: a file may touch every record and make people."""
    require_role(actor)


def terms(session: Session, mapping: Mapping) -> Terms:
    """Check a mapping against its kind and look up what reading needs.

    Raises Invalid where it fills a field that does not exist, or lacks one that must be filled.
    """
    mapping = _in_our_words(KINDS[mapping.kind], mapping)
    kind, own = custom.with_custom_fields(session, KINDS[mapping.kind], mapping)
    unknown = [name for name in mapping.fields if name not in kind.targets]
    missing = [
        name for name, target in kind.targets.items() if target.required and name not in mapping.fields
    ]
    uncreatable = [
        name
        for name, source in mapping.fields.items()
        if source.create
        and name in kind.targets
        and kind.targets[name].refers not in ("team", "territory", "user")
    ]
    if unknown or missing or uncreatable:
        faults = [FieldError(f"fields.{name}", f"{mapping.kind} have no such field") for name in unknown]
        faults += [FieldError(f"fields.{name}", "must be filled") for name in missing]
        faults += [FieldError(f"fields.{name}", "cannot be made by being named") for name in uncreatable]
        told = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
        raise Invalid(
            f"The mapping: {told}. {mapping.kind.capitalize()} have: {', '.join(kind.targets)}.",
            errors=faults,
        )
    stages = _stages(session, mapping.pipeline) if "stage" in kind.targets else {}
    return Terms(kind, mapping, Reading(zone(session), mapping.currency), stages, own)


def _in_our_words(kind: Kind, mapping: Mapping) -> Mapping:
    """The mapping with our names of its fields; raises Invalid where it fills one under two names."""
    fields: dict[str, Source] = {}
    for name, source in mapping.fields.items():
        ours = kind.target(name)
        if ours in fields:
            raise Invalid.field(f"fields.{name}", f"fills {ours}, which is filled already")
        fields[ours] = source
    return mapping.model_copy(update={"fields": fields})


def _stages(session: Session, spec: PipelineSpec | None) -> dict[str, str]:
    """Stage kinds by folded name: of the pipeline that is there, else of the one the mapping describes."""
    pipeline_id = pipeline_id_of(session, spec)
    if pipeline_id is not None:
        return {stage.name_key: stage.kind for stage in pipelines.stages_of(session, pipeline_id)}
    if spec is None or not spec.stages:
        named = f"pipeline '{spec.name}'" if spec else "default pipeline"
        raise Invalid(f"There is no {named}, and the mapping lists no stages to make it of.")
    return {fold(stage.name): stage.kind for stage in spec.stages}


def pipeline_id_of(session: Session, spec: PipelineSpec | None) -> UUID | None:
    """The live pipeline a mapping names, or the default one where it names none."""
    if spec is None:
        return pipelines.default_id(session, "opportunity")
    return session.scalar(
        sa.select(Pipeline.id).where(
            Pipeline.name_key == fold(spec.name),
            Pipeline.applies_to == "opportunity",
            Pipeline.archived_at.is_(None),
        )
    )


def ensure_pipeline(session: Session, spec: PipelineSpec) -> None:
    """Make the pipeline a mapping describes, unless one of its name is there."""
    if pipeline_id_of(session, spec) is None:
        pipeline = Pipeline(name=spec.name, applies_to="opportunity", origin="import")
        pipeline.stages = [Stage(position=i, **stage.model_dump()) for i, stage in enumerate(spec.stages)]
        session.add(pipeline)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


def read(terms: Terms, row: Row) -> Record:
    """One row as a record, with every fault of its own: values, missing fields, broken rules."""
    record = Record(row.number, faults=list(row.faults))
    if row.faults:
        return record
    for name, source in terms.mapping.fields.items():
        target, text = terms.kind.targets[name], source.text(row.values)
        column = next(iter(source.columns), name)
        if not text:
            record.values[name] = None
            if target.required:
                record.faults.append(Fault(column, "", f"empty, but {name} is needed"))
            continue
        try:
            record.values[name] = target.read(text, source, terms.reading)
        except ValueError as error:
            record.faults.append(Fault(column, text, f"this is {error}"))
            continue
        if target.refers:
            record.refers[name] = text
    _read_stage(terms, record)
    _read_joined(terms, record)
    if not record.faults:
        for name, message in terms.kind.check(record.values):
            record.faults.append(Fault(column_of(terms, name), "", f"{name} is {message}"))
    return record


def _read_stage(terms: Terms, record: Record) -> None:
    stage = record.values.get("stage")
    if stage is None:
        return
    record.values["stage_kind"] = terms.stages.get(fold(stage))
    if record.values["stage_kind"] is None:
        known = ", ".join(terms.stages)
        record.faults.append(
            Fault(column_of(terms, "stage"), stage, f"the pipeline has no such stage; it has {known}")
        )


def _read_joined(terms: Terms, record: Record) -> None:
    """Take names of two fields apart; what a file says of a part itself counts more."""
    for name, parts in terms.kind.vocabulary.joined.items():
        if name in record.values:
            halves = dict(zip(parts, split(record.values.pop(name)), strict=True))
            record.values = halves | {
                k: v for k, v in record.values.items() if v is not None or k not in parts
            }


def column_of(terms: Terms, name: str) -> str:
    """The file's column that fills a field, for messages; the field itself where a fixed value does."""
    source = terms.mapping.fields.get(name)
    return next(iter(source.columns), name) if source else name


# ── Checking against the database ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Checked:
    """What the database says of some records: faults by row, and references it cannot answer."""

    faults: list[tuple[int, Fault]]
    unanswered: list[tuple[int, str, str, str]]  # row, field, kind, text
    alike: list[int] = field(default_factory=list)  # rows that probably are here already


def check(session: Session, terms: Terms, records: Sequence[Record], *, duplicates: bool = False) -> Checked:
    """Look up every reference and every value that must be unique; if asked, also likely duplicates."""
    faults: list[tuple[int, Fault]] = []
    unanswered: list[tuple[int, str, str, str]] = []
    found = find(session, terms, records)
    for record in records:
        for name, text in record.refers.items():
            kind = terms.kind.targets[name].refers or ""
            if text in found[kind].ambiguous:
                told = f"several {kind} records are called so; give one of them an external id"
                faults.append((record.row, Fault(column_of(terms, name), text, told)))
            elif text not in found[kind].ids and not terms.mapping.fields[name].create:
                unanswered.append((record.row, name, kind, text))
    for name in terms.kind.unique:
        taken = _taken_custom if name in terms.own_fields else _taken
        faults += taken(session, terms, records, name)
    alike = list(_alike(session, terms, records)) if duplicates else []
    return Checked(faults, unanswered, alike)


def _alike(session: Session, terms: Terms, records: Sequence[Record]) -> Iterable[int]:
    """New records that probably are there already under another id: told, not refused."""
    kind = terms.kind
    if kind.alike is None or not records:
        return
    model = kind.model
    known = sa.select(model.external_id).where(
        model.external_system == terms.mapping.system,
        model.external_id.in_([record.external_id for record in records]),
    )
    there = set(session.scalars(known))
    new = [record for record in records if record.external_id not in there]
    keys = [kind.alike.keys_of(record.values) for record in new]
    for record, found in zip(new, are_there(session, kind.alike.place(SYSTEM), keys), strict=True):
        if found:
            yield record.row


def find(session: Session, terms: Terms, records: Iterable[Record]) -> dict[str, references.Found]:
    """What the references of some records stand for, by kind."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for record in records:
        for name, text in record.refers.items():
            wanted[terms.kind.targets[name].refers or ""].append(text)
    return {
        kind: references.find(session, kind, terms.mapping.system, texts) for kind, texts in wanted.items()
    }


def _taken(
    session: Session, terms: Terms, records: Sequence[Record], name: str
) -> Iterable[tuple[int, Fault]]:
    """Values of `name` that another live record has."""
    model = terms.kind.model
    column = getattr(model, f"{name}_key", None) or getattr(model, name)
    key = fold if hasattr(model, f"{name}_key") else str
    mine = {key(record.values[name]): record for record in records if record.values.get(name)}
    if not mine:
        return
    live = [model.archived_at.is_(None)] if hasattr(model, "archived_at") else []
    statement = sa.select(column, model.external_system, model.external_id).where(
        column.in_(list(mine)), *live
    )
    for value, system, external_id in session.execute(statement):
        record = mine[value]
        if (system, external_id) != (terms.mapping.system, record.external_id):
            told = f"another {terms.kind.kind} has this {name} already"
            yield record.row, Fault(column_of(terms, name), record.values[name], told)


def _taken_custom(
    session: Session, terms: Terms, records: Sequence[Record], name: str
) -> Iterable[tuple[int, Fault]]:
    """Values of a unique custom field that another live record has."""
    mine = {
        terms.unique_key(name, record.values[name]): record
        for record in records
        if record.values.get(name) is not None
    }
    found = custom.taken(session, terms.own_fields[name], terms.kind.model, list(mine)) if mine else ()
    for key, system, external_id in found:
        record = mine[key]
        if (system, external_id) != (terms.mapping.system, record.external_id):
            told = f"another {terms.kind.kind} has this {terms.own_fields[name].label} already"
            yield record.row, Fault(column_of(terms, name), str(record.values[name]), told)
