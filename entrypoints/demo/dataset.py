"""`crm load-data`: a handful of named records from a JSON file, made through the same services as by hand.

The file is one object with any of these lists, made in this order:

    tags            name, color
    pipelines       name, applies_to, is_default, stages: [{name, kind, probability}]
    accounts        key, and the fields of POST /api/v1/crm/accounts
    contacts        key, account (a key), and the fields of POST …/contacts
    leads           key, pipeline (a name), and the fields of POST …/leads
    opportunities   key, account and contact (keys), pipeline (a name), and the fields of POST …/opportunities

A `key` names the record inside the file and is kept as its `external_id` (`external_system` load-data), so
that loading the file again makes only what is not there yet. Amounts are in major units.
"""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.accounts import service as accounts
from crm_api.accounts.models import Account
from crm_api.accounts.schemas import AccountIn
from crm_api.contacts import service as contacts
from crm_api.contacts.models import Contact
from crm_api.contacts.schemas import ContactIn
from crm_api.core.errors import FieldError, Invalid
from crm_api.core.text import fold
from crm_api.leads import service as leads
from crm_api.leads.models import Lead
from crm_api.leads.schemas import LeadIn
from crm_api.opportunities import service as opportunities
from crm_api.opportunities.models import Opportunity
from crm_api.opportunities.schemas import OpportunityIn
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.models import Pipeline
from crm_api.pipelines.schemas import PipelineIn
from crm_api.tags import service as tags
from crm_api.tags.models import Tag
from crm_api.tags.schemas import TagIn

DEFAULT = Path(__file__).parents[2] / "examples" / "demo.json"
SYSTEM_NAME = "load-data"

_KINDS: dict[str, tuple[Any, Any, Any]] = {
    "accounts": (Account, AccountIn, accounts.create),
    "contacts": (Contact, ContactIn, contacts.create),
    "leads": (Lead, LeadIn, leads.create),
    "opportunities": (Opportunity, OpportunityIn, opportunities.create),
}
_REFERS = {"account": "accounts", "contact": "contacts"}


class Dataset(BaseModel):
    """The file as read; the records themselves are checked by the schemas of their kinds."""

    model_config = ConfigDict(extra="forbid")

    tags: list[TagIn] = []
    pipelines: list[PipelineIn] = []
    accounts: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    leads: list[dict[str, Any]] = []
    opportunities: list[dict[str, Any]] = []


def read(path: Path) -> Dataset:
    """Read a file of records; raises Invalid naming the file and the place."""
    try:
        return Dataset.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise Invalid(f"{path}: {error.strerror or error}.") from error
    except ValidationError as error:
        raise _named(error, path.name) from error
    except ValueError as error:  # also a broken byte: UnicodeDecodeError is one
        raise Invalid(f"{path.name}: not JSON: {error}.") from error


def load(session: Session, data: Dataset) -> dict[str, int]:
    """Make what is not there yet, in one transaction; returns how many of each kind were made.

    Raises Invalid naming the record and the field; then nothing was made.
    """
    pipelines.ensure_defaults(session)
    made = {"tags": _tags(session, data.tags), "pipelines": _pipelines(session, data.pipelines)}
    known: dict[str, dict[str, UUID]] = {}
    for kind in _KINDS:
        made[kind] = _records(session, kind, getattr(data, kind), known)
    return made


def _tags(session: Session, wanted: list[TagIn]) -> int:
    present = set(session.scalars(sa.select(Tag.name_key)))
    missing = [tag for tag in wanted if fold(tag.name) not in present]
    for tag in missing:
        tags.create(session, SYSTEM, data=tag)
    return len(missing)


def _pipelines(session: Session, wanted: list[PipelineIn]) -> int:
    missing = [
        pipeline for pipeline in wanted if _pipeline_id(session, pipeline.name, pipeline.applies_to) is None
    ]
    for pipeline in missing:
        pipelines.create(session, SYSTEM, data=pipeline)
    session.flush()
    return len(missing)


def _pipeline_id(session: Session, name: str, applies_to: str) -> UUID | None:
    return session.scalar(
        sa.select(Pipeline.id).where(
            Pipeline.name_key == fold(name), Pipeline.applies_to == applies_to, Pipeline.archived_at.is_(None)
        )
    )


def _records(
    session: Session, kind: str, rows: list[dict[str, Any]], known: dict[str, dict[str, UUID]]
) -> int:
    model, schema, create = _KINDS[kind]
    statement = sa.select(model.external_id, model.id).where(model.external_system == SYSTEM_NAME)
    known[kind] = dict(session.execute(statement).all())
    count = 0
    for row in rows:
        key = str(row.get("key") or "")
        if not key:
            raise Invalid(f"{kind}: every record needs a key.")
        if key in known[kind]:
            continue
        values = _linked(session, f"{kind}.{key}", kind, row, known)
        try:
            data = schema.model_validate(values | {"external_system": SYSTEM_NAME, "external_id": key})
        except ValidationError as error:
            raise _named(error, f"{kind}.{key}") from error
        made = create(session, SYSTEM, data=data)
        session.flush()
        known[kind][key], count = made.id, count + 1
    return count


def _linked(
    session: Session, place: str, kind: str, row: dict[str, Any], known: dict[str, dict[str, UUID]]
) -> dict[str, Any]:
    """The row with ids in place of keys and names."""
    values = {name: value for name, value in row.items() if name not in ("key", "pipeline", *_REFERS)}
    for name, other in _REFERS.items():
        if name in row:
            if row[name] not in known.get(other, {}):
                raise Invalid(f"{place}: {name}: there is no '{row[name]}' among the {other}.")
            values[f"{name}_id"] = known[other][row[name]]
    if "pipeline" in row:
        values["pipeline_id"] = _pipeline_id(
            session, row["pipeline"], "lead" if kind == "leads" else "opportunity"
        )
        if values["pipeline_id"] is None:
            raise Invalid(f"{place}: pipeline: there is none called '{row['pipeline']}'.")
    return values


def _named(error: ValidationError, place: str) -> Invalid:
    faults = [FieldError(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()]
    return Invalid(
        f"{place}: " + "; ".join(f"{fault.field}: {fault.message}" for fault in faults[:5]), errors=faults
    )
