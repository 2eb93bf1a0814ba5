"""How a file's columns become fields: the mapping file and the plan, both TOML.

    kind = "opportunities"            # accounts, contacts, leads, opportunities, orders, products, users
    system = "maven"                  # whose ids `external_id` holds
    currency = "USD"

    [fields]                          # field here = where it comes from
    external_id = "opportunity_id"    # a column, as it is
    started_at = { column = "engaged", format = "%d/%m/%Y" }
    product = { column = "product", values = { GTXPro = "GTX Pro" } }
    loss_reason = { value = "not given", only_if = { deal_stage = "Lost" } }
    annual_revenue = { column = "revenue", scale = 1000000 }
    custom.bays = "service_bays"      # a custom field; several choices of one cell stand with ; between them

A plan lists several files in the order in which they build on each other:

    [[files]]
    file = "accounts.csv"
    map = "maven/accounts.toml"
"""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from crm_api.core.errors import FieldError, Invalid
from crm_api.core.fields import CUSTOM
from crm_api.core.schemas import Currency, Percent

KindName = Literal["accounts", "contacts", "leads", "opportunities", "orders", "products", "users"]
M = TypeVar("M", bound=BaseModel)
Short = Annotated[str, Field(min_length=1, max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """Where one field's text comes from: a column, several joined, or a fixed value; and what is done to it.

    In this order: the text is taken, looked up in `values` (the file's word = our word), casefolded, and
    multiplied by `scale`. `only_if` leaves the field empty unless a column holds one of the words.
    `create` makes the record a reference names where there is none (teams, territories, users).
    """

    column: str | None = None
    join: tuple[str, ...] | None = None
    separator: str = " "
    skip_empty: bool = False
    value: str | None = None
    values: dict[str, str] = {}
    casefold: bool = False
    scale: Decimal | None = Field(None, gt=0, le=10**12)
    format: str | None = Field(None, max_length=50)
    only_if: dict[str, str | tuple[str, ...]] = {}
    create: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum(origin is not None for origin in (self.column, self.join, self.value)) != 1:
            raise ValueError("give exactly one of column, join and value")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it reads."""
        own = (self.column,) if self.column is not None else self.join or ()
        return (*own, *self.only_if)

    def text(self, row: dict[str, str]) -> str:
        """What the row says for this field, "" for nothing. Surrounding space never counts."""
        for column, wanted in self.only_if.items():
            if row[column].strip() not in ((wanted,) if isinstance(wanted, str) else wanted):
                return ""
        if self.column is not None:
            found = row[self.column].strip()
        elif self.join is not None:
            parts = (row[column].strip() for column in self.join)
            found = self.separator.join(part for part in parts if part or not self.skip_empty)
        else:
            found = self.value or ""
        found = self.values.get(found, found)
        return found.casefold() if self.casefold else found


def _source(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _flat(fields: Any) -> Any:
    """`custom.bays = …` without quotation marks is a table within a table to TOML; here it is one name."""
    if isinstance(fields, dict) and isinstance(fields.get(CUSTOM), dict):
        own = {f"{CUSTOM}.{key}": source for key, source in fields[CUSTOM].items()}
        return {key: source for key, source in fields.items() if key != CUSTOM} | own
    return fields


class StageSpec(_Strict):
    """One stage of a pipeline the mapping describes."""

    name: Short
    kind: Literal[
        "prospecting",
        "qualification",
        "needs_analysis",
        "proposal",
        "negotiation",
        "closed_won",
        "closed_lost",
        "new",
        "qualified",
        "converted",
        "lost",
    ]
    probability: Percent = 0


class PipelineSpec(_Strict):
    """The pipeline the rows go into; made with these stages where there is none of that name."""

    name: Short
    stages: tuple[StageSpec, ...] = ()


class Mapping(_Strict):
    """One mapping file."""

    kind: KindName
    system: Short
    currency: Currency = "USD"
    delimiter: str = Field(",", min_length=1, max_length=1)
    encoding: Literal["utf-8", "cp1252", "latin-1", "utf-16"] = "utf-8"
    pipeline: PipelineSpec | None = None
    fields: Annotated[
        dict[str, Annotated[Source, BeforeValidator(_source)]],
        BeforeValidator(_flat),
        Field(min_length=1, max_length=200),
    ]

    @property
    def columns(self) -> list[str]:
        """Every column of the file that is read, each once."""
        return list(dict.fromkeys(column for source in self.fields.values() for column in source.columns))


class PlannedFile(_Strict):
    """One file of a plan; paths are relative to the data folder and to the plan."""

    file: str
    map: str


class Plan(_Strict):
    """Several files, in the order in which they build on each other."""

    files: tuple[PlannedFile, ...] = Field(min_length=1, max_length=50)


def read_mapping(text: str, *, name: str, kind: str | None = None) -> Mapping:
    """Parse a mapping; raises Invalid naming the file and the key. `kind`, where given, must agree."""
    mapping = _parse(Mapping, text, name)
    if kind is not None and kind != mapping.kind:
        raise Invalid(f"{name}: this mapping makes {mapping.kind}, not {kind}.")
    return mapping


def read_plan(path: Path) -> list[tuple[str, Mapping]]:
    """The files of a plan with their mappings, in order; raises Invalid naming the file and the key."""
    plan = _parse(Plan, _text(path), path.name)
    return [(step.file, load_mapping(path.parent / step.map)) for step in plan.files]


def load_mapping(path: Path, *, kind: str | None = None) -> Mapping:
    """Read a mapping file; raises Invalid naming the file and the key."""
    return read_mapping(_text(path), name=path.name, kind=kind)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Invalid(f"{path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{path.name}: byte {error.start + 1} is not UTF-8.") from error


def _parse(model: type[M], text: str, name: str) -> M:
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{name}: not TOML: {error}.") from error
    except ValidationError as error:
        faults = [
            FieldError(
                ".".join(str(part) for part in fault["loc"]), fault["msg"].removeprefix("Value error, ")
            )
            for fault in error.errors()
        ]
        told = "; ".join(f"{fault.field or 'the whole'}: {fault.message}" for fault in faults[:5])
        raise Invalid(f"{name}: {told}", errors=faults) from error
