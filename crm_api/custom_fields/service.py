"""Definitions of custom fields: administrators make and change them, everybody reads them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_role
from crm_api.core import clock, money
from crm_api.core.errors import Conflict, Invalid, NotFound, Stale
from crm_api.core.fields import CATALOGUES
from crm_api.core.listing import PARAMETERS
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.core.text import fold
from crm_api.custom_fields import definitions, values
from crm_api.custom_fields.models import CustomField, field_values
from crm_api.custom_fields.schemas import Choice, CustomFieldIn, CustomFieldPatch
from crm_api.custom_fields.types import TYPES, Type
from crm_api.organisation.service import currency

MOST_LIVE = 100  # of one kind: a record is read, checked and described with all of them


def create(session: Session, actor: Actor, *, data: CustomFieldIn) -> CustomField:
    """A new definition; raises Invalid naming what does not go together, Conflict beyond 100 live ones a kind."""
    require_role(actor)
    told = TYPES[data.type]
    _require_free_key(session, data.kind, data.key)
    _require_room(session, data.kind)
    if (data.type == "reference") != (data.target is not None):
        raise Invalid.field("target", "goes with a reference, and a reference needs one")
    if data.currency is not None and data.type != "money":
        raise Invalid.field("currency", "goes with the type money")
    if data.unique and not told.can_be_unique:
        raise Invalid.field("unique", f"a {data.type} cannot be unique")
    given = data.model_dump(exclude={"unique", "choices", "synonyms"})
    made = CustomField(**given, is_unique=data.unique, synonyms=data.synonyms or [])
    if data.type == "money":
        made.currency = money.require_currency(data.currency or currency(session))
    made.choices = _choices(data.choices)
    _settle(made, told)
    session.add(made)
    session.flush()
    definitions.changing(session)
    return made


def update(
    session: Session, actor: Actor, *, field_id: UUID, data: CustomFieldPatch, if_match: int | None
) -> CustomField:
    """Change just the fields sent. A choice that records have cannot vanish: it can be retired."""
    each = _get(session, actor, field_id, if_match=if_match)
    if each.archived_at is not None:
        raise Conflict("This custom field is archived; restore it first.")
    given = changes(data, leave_out=("choices",))
    refuse_null(given, "label", "required", "searchable", "position", "synonyms")
    was_searchable = each.searchable
    apply_patch(each, given)
    if "choices" in data.model_fields_set:
        wanted = _choices(data.choices)
        _require_unused(session, each, wanted)
        apply_patch(each, {"choices": wanted})
    _settle(each, TYPES[each.type])
    if each.searchable != was_searchable:
        each.reindexing = True  # the job goes through the records that have a value
    session.flush()
    definitions.changing(session)
    return each


def archive(
    session: Session, actor: Actor, *, field_id: UUID, if_match: int | None, hard: bool = False
) -> None:
    """Take a field out of every body, answer and filter, keeping its values; `hard` removes them for good.

    They are removed in the background, in slices; until that is done the key stays taken.
    """
    each = _get(session, actor, field_id, if_match=if_match)
    if hard:
        each.erasing_at = clock.now()
    elif each.archived_at is not None:
        raise Conflict("This custom field is archived already.")
    each.archived_at = each.archived_at or clock.now()
    each.reindexing = each.reindexing or each.searchable  # search finds nothing by what nobody is shown
    session.flush()
    definitions.changing(session)


def restore(session: Session, actor: Actor, *, field_id: UUID) -> CustomField:
    """Bring an archived field back, with the values records had."""
    each = _get(session, actor, field_id)
    if each.archived_at is not None:
        _require_room(session, each.kind)
        each.archived_at = None
        each.reindexing = each.reindexing or each.searchable
        session.flush()
        definitions.changing(session)
    return each


def _get(session: Session, actor: Actor, field_id: UUID, *, if_match: int | None = None) -> CustomField:
    statement = sa.select(CustomField).where(CustomField.id == field_id, CustomField.erasing_at.is_(None))
    each = session.scalars(statement.with_for_update()).first()
    if each is None:
        raise NotFound(f"There is no custom field {field_id}.")
    require_role(actor)
    if if_match is not None and each.version != if_match:
        raise Stale(
            f"This custom field is at version {each.version} by now, not {if_match}; read it again.",
            current_version=each.version,
        )
    return each


def _require_free_key(session: Session, kind: str, key: str) -> None:
    """Raise Invalid where the key already means something else on this kind of record."""
    catalogue = CATALOGUES[kind]
    theirs = {relation.name for relation in catalogue.relations} | set(
        sa.inspect(catalogue.model).attrs.keys()
    )
    if catalogue.field(key) or key in {*PARAMETERS, *catalogue.filters, *theirs, values.NAME, "version"}:
        raise Invalid.field("key", f"'{key}' means something on every {kind} already; choose another key")
    other = sa.select(CustomField.archived_at, CustomField.erasing_at).where(
        CustomField.kind == kind, CustomField.key == key
    )
    if found := session.execute(other).first():
        state = "being erased" if found.erasing_at else "archived" if found.archived_at else "in use"
        raise Conflict(f"There is a custom field '{key}' of {catalogue.plural} already; it is {state}.")


def _require_room(session: Session, kind: str) -> None:
    live = sa.select(sa.func.count(CustomField.id)).where(
        CustomField.kind == kind, CustomField.archived_at.is_(None)
    )
    if (session.scalar(live) or 0) >= MOST_LIVE:
        plural = CATALOGUES[kind].plural
        raise Conflict(f"{MOST_LIVE} custom fields are the most that {plural} can have; archive one first.")


def _choices(given: list[Choice] | None) -> list[dict[str, Any]]:
    found = [
        {"value": choice.value, "label": choice.label or choice.value, "retired": choice.retired}
        for choice in given or []
    ]
    if len({fold(str(choice["value"])) for choice in found}) < len(found):
        raise Invalid.field("choices", "two of them differ in nothing but case and accents")
    return found


def _require_unused(session: Session, each: CustomField, wanted: list[dict[str, Any]]) -> None:
    gone = {choice["value"] for choice in each.choices} - {choice["value"] for choice in wanted}
    used = sa.select(field_values.c.text).where(
        field_values.c.definition_id == each.id, field_values.c.text.in_(sorted(gone))
    )
    if gone and (value := session.scalar(used.limit(1))) is not None:
        raise Conflict(f"Records have the choice '{value}'; retire it instead of leaving it out.")


def _settle(each: CustomField, told: Type) -> None:
    """Raise Invalid where what the definition now says does not go together; bring its default into kept form."""
    if (told.name in ("choice", "multi_choice")) != bool(each.choices):
        raise Invalid.field("choices", "go with a choice, and a choice needs at least one")
    if each.searchable and not told.can_be_searched:
        raise Invalid.field("searchable", f"search finds texts, not a {told.name}")
    bounds: Mapping[str, float | None] = {"minimum": each.minimum, "maximum": each.maximum}
    for name, bound in bounds.items():
        if bound is not None and told.bounds is None:
            raise Invalid.field(name, f"a {told.name} has none")
        if bound is not None and told.bounds == "length" and not 0 <= bound <= (told.longest or bound):
            raise Invalid.field(name, f"the length of a {told.name} is between 0 and {told.longest}")
    if each.minimum is not None and each.maximum is not None and each.minimum > each.maximum:
        raise Invalid.field("minimum", "is above the maximum")
    if each.default is None:
        return
    if each.is_unique or told.name == "reference":
        raise Invalid.field("default", "every record would have the same; leave it empty")
    try:
        each.default = values.checked(definitions.definition_of(each), each.default)
    except ValueError as error:
        raise Invalid.field("default", str(error)) from error
