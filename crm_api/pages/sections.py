"""The settings that are lists of things: what each is called, what one fills in, and the verbs behind its buttons.

What is allowed, and what a value must be, the services and their schemas say; here stands only what is shown.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from crm_api.access import Actor
from crm_api.conditions import filters, records
from crm_api.core.errors import Invalid, Problem
from crm_api.core.listing import MAX_PAGE_SIZE, Window
from crm_api.core.problems import from_validation
from crm_api.custom_fields import service as custom_fields
from crm_api.custom_fields.schemas import CustomFieldIn, CustomFieldPatch, Kind, TypeName
from crm_api.organisation.schemas import TerritoryIn, TerritoryPatch
from crm_api.pages.formats import phrase
from crm_api.pages.forms import Input
from crm_api.pipelines import service as pipelines
from crm_api.pipelines.schemas import NewStage, PipelineIn, PipelinePatch, StageKind, StagePatch
from crm_api.segments import service as segments
from crm_api.segments.schemas import SegmentIn, SegmentPatch
from crm_api.tags import service as tags
from crm_api.tags.schemas import TagIn, TagPatch
from crm_api.users import people
from crm_api.users.schemas import Role, TeamIn, TeamPatch, UserIn, UserPatch

Options = tuple[tuple[str, str], ...]
_SHADES = ("grey", "blue", "violet", "amber", "green", "red")
COLOURS: Options = tuple((colour, colour.capitalize()) for colour in _SHADES)
_FOR: Options = (("opportunity", "Opportunities"), ("lead", "Leads"))
EVERYBODY = ("administrator", "manager", "rep", "field", "viewer")
MANAGERS = ("administrator", "manager")
ADMINISTRATORS = ("administrator",)


@dataclass(frozen=True, slots=True)
class Ask:
    """One input. `of` is the kind of record to choose from, `when` restricts it to new things or to changed ones;
    `words` are values with commas between them."""

    name: str
    title: str
    widget: str = "text"
    options: Options = ()
    of: str | None = None
    required: bool = False
    hint: str = ""
    when: str = "both"


@dataclass(frozen=True, slots=True)
class Section:
    """One list of settings. `columns` are (field, heading); `seen` and `changed` the roles for whom the API does it."""

    key: str
    title: str
    one: str
    about: str
    icon: str
    kind: str
    columns: tuple[tuple[str, str], ...]
    asks: tuple[Ask, ...]
    creating: type[BaseModel]
    changing: type[BaseModel]
    make: Callable[..., Any]
    update: Callable[..., Any]
    remove: Callable[..., Any] | None = None
    removing: str = "Delete"
    seen: tuple[str, ...] = EVERYBODY
    changed: tuple[str, ...] = ADMINISTRATORS
    sort: str = "name"
    moves: bool = False

    @property
    def path(self) -> str:
        """Where its list is."""
        return f"/crm/settings/{self.key}"

    def asked(self, *, new: bool) -> tuple[Ask, ...]:
        """What is asked for a new thing, or for one that is changed."""
        return tuple(ask for ask in self.asks if ask.when in ("both", "new" if new else "change"))

    def named(self, record_id: Any) -> dict[str, Any]:
        """The keyword under which the verbs take its id."""
        return {f"{'field' if self.kind == 'custom_field' else self.kind}_id": record_id}


_NAME = Ask("name", "Name", required=True)
_COLOUR = Ask("color", "Colour", "select", COLOURS, required=True)
_STAGE = (
    _NAME,
    Ask("kind", "Kind", "select", tuple((kind, phrase(kind)) for kind in get_args(StageKind)), when="new",
        hint="What rules and reports go by; the name is yours. It never changes."),
    Ask("probability", "Probability (%)", "number"),
    _COLOUR,
    Ask("rotting_days", "Rots after (days)", "number", hint="A deal that stays longer is marked. Empty: never."),
)  # fmt: skip
SECTIONS = (
    Section(
        "pipelines", "Pipelines", "pipeline", "The stages leads and deals go through", "square-kanban", "pipeline",
        (("name", "Name"), ("applies_to", "For")),
        (_NAME,
         Ask("applies_to", "For", "select", _FOR, required=True, when="new"),
         Ask("stages", "Open stages", "textarea", when="new",
             hint="One a line, in order; a stage for won and one for lost are added.")),
        PipelineIn, PipelinePatch, pipelines.create, pipelines.update, pipelines.archive, moves=True,
    ),
    Section(
        "stages", "Stages", "stage", "The stages of a pipeline", "columns-3", "stage", (("name", "Name"),), _STAGE,
        NewStage, StagePatch, pipelines.create_stage, pipelines.update_stage, pipelines.delete_stage, moves=True,
        sort="position",
    ),
    Section(
        "users", "People", "person", "Who works here, and what each may do", "users", "user",
        (("name", "Name"), ("email", "E-mail"), ("role", "Role"), ("team_id", "Team"), ("is_active", "Active")),
        (_NAME, Ask("email", "E-mail", "email", hint="Without one they own records, but cannot sign in."),
         Ask("password", "Password", "password", hint="At least ten characters. Empty: left as it is."),
         Ask("role", "Role", "select", tuple((role, role.capitalize()) for role in get_args(Role)), required=True),
         Ask("team_id", "Team", "select", of="team"), Ask("time_zone", "Time zone", hint="Such as America/New_York."),
         Ask("is_active", "May sign in", "checkbox", when="change"),
         Ask("keep_records", "Switch off although they still own records", "checkbox", when="change")),
        UserIn, UserPatch, people.create_user, people.update_user,
    ),
    Section(
        "teams", "Teams", "team", "Who belongs together, and who leads", "users", "team",
        (("name", "Name"), ("parent_id", "Part of"), ("manager_id", "Led by")),
        (_NAME, Ask("parent_id", "Part of", "select", of="team"), Ask("manager_id", "Led by", "select", of="user")),
        TeamIn, TeamPatch, people.create_team, people.update_team,
    ),
    Section(
        "territories", "Territories", "territory", "Where people work", "map-pin", "territory",
        (("name", "Name"), ("parent_id", "Part of")),
        (_NAME, Ask("parent_id", "Part of", "select", of="territory")),
        TerritoryIn, TerritoryPatch, people.create_territory, people.update_territory,
    ),
    Section(
        "custom-fields", "Custom fields", "field", "What you want to know besides", "columns-3", "custom_field",
        (("label", "Label"), ("kind", "Of"), ("type", "Type"), ("key", "Name in the API"), ("required", "Required")),
        (Ask("kind", "Of", "select", tuple((k, phrase(k)) for k in get_args(Kind)), required=True, when="new"),
         Ask("label", "Label", required=True),
         Ask("key", "Name in the API", required=True, when="new", hint="Lower case, digits and underscores."),
         Ask("type", "Type", "select", tuple((t, phrase(t)) for t in get_args(TypeName) if t != "reference"),
             required=True, when="new"),
         Ask("choices", "Choices", "words", hint="Of a choice: words with commas between them."),
         Ask("help", "Help", hint="A sentence beside the field."), Ask("required", "Required", "checkbox"),
         Ask("searchable", "Found by search", "checkbox")),
        CustomFieldIn, CustomFieldPatch, custom_fields.create, custom_fields.update, custom_fields.archive,
        removing="Archive", sort="kind,position",
    ),
    Section(
        "tags", "Tags", "tag", "Words to mark records with", "tag", "tag",
        (("name", "Name"), ("color", "Colour")), (_NAME, _COLOUR), TagIn, TagPatch, tags.create, tags.update,
        tags.delete, changed=("administrator", "manager", "rep", "field"),
    ),
    Section(
        "segments", "Segments", "segment", "Customers to treat alike", "target", "segment",
        (("name", "Name"), ("code", "Code"), ("kind", "Kind"), ("customer_count", "Customers")),
        (_NAME, Ask("code", "Code", required=True), Ask("description", "Description", "textarea"),
         Ask("kind", "Kind", "select", (("static", "Static: put in by hand"), ("dynamic", "Dynamic: by criteria")),
             required=True),
         Ask("criteria", "Criteria", "json", hint="Of a dynamic one, a condition as the API takes it in a search.")),
        SegmentIn, SegmentPatch, segments.create, segments.update, segments.archive, changed=MANAGERS,
    ),
)  # fmt: skip
BY_KEY: Mapping[str, Section] = {section.key: section for section in SECTIONS}


def listed(session: Any, actor: Actor, kind: str, *, sort: str = "name") -> list[dict[str, Any]]:
    """All things of a kind that the actor sees."""
    query = filters.Query(sort=tuple(sort.split(",")), window=Window(page_size=MAX_PAGE_SIZE, count="none"))
    found: list[dict[str, Any]] = records.page(session, actor, kind, query)["items"]
    return found


def inputs(
    session: Any,
    actor: Actor,
    asks: Sequence[Ask],
    *,
    item: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    problem: Problem | None = None,
) -> list[Input]:
    """The inputs of a form: empty, with what there is, or with what was typed before a refusal."""
    made = []
    for ask in asks:
        options = ask.options
        if ask.of is not None:
            options = tuple((str(one["id"]), str(one["name"])) for one in listed(session, actor, ask.of))
        value = typed.get(ask.name, "") if typed is not None else _written(ask, (item or {}).get(ask.name))
        value = "" if ask.widget == "password" else value  # never sent back
        wrong = (
            tuple(e.message for e in problem.errors if e.field.split(".")[0] == ask.name) if problem else ()
        )
        widget = {"words": "text", "json": "textarea"}.get(ask.widget, ask.widget)
        made.append(
            Input(
                ask.name,
                ask.title,
                widget,
                value,
                options,
                required=ask.required,
                hint=ask.hint,
                errors=wrong,
            )
        )
    return made


def _written(ask: Ask, value: Any) -> str:
    if value is None or value is False:
        return ""
    if ask.widget == "json":
        return json.dumps(value, indent=2) if value else ""
    if isinstance(value, list):
        return ", ".join(str(one["label"] if isinstance(one, dict) else one) for one in value)
    return "true" if value is True else str(value)


def body(asks: Sequence[Ask], schema: type[BaseModel], typed: Mapping[str, str], **more: Any) -> BaseModel:
    """The body of the API for what was typed; raises Invalid naming each field at fault.

    What is empty is left out of a new thing, and empties a field of one that is changed, but for a password.
    """
    values: dict[str, Any] = dict(more)
    for ask in asks:
        text = typed.get(ask.name, "").strip()
        if ask.widget == "checkbox":
            values[ask.name] = text == "true"
        elif text:
            values[ask.name] = _read(ask, text)
        elif schema.__name__.endswith("Patch") and ask.widget not in ("password", "words", "json"):
            values[ask.name] = None
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise from_validation(error.errors()) from error


def _read(ask: Ask, text: str) -> Any:
    if ask.widget == "words":
        return [word.strip() for word in text.split(",") if word.strip()]
    if ask.widget == "json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise Invalid.field(ask.name, "not JSON") from error
    return text


def with_ends(data: dict[str, str]) -> list[dict[str, Any]]:
    """The stages of a new pipeline: the open ones as typed, a line each, then won and lost."""
    of_leads = data.get("applies_to") == "lead"
    kinds = ("new", "qualified", "proposal", "negotiation") if of_leads else (
        "prospecting", "qualification", "needs_analysis", "proposal", "negotiation")  # fmt: skip
    names = [line.strip() for line in data.get("stages", "").splitlines() if line.strip()] or ["Open"]
    stages: list[dict[str, Any]] = [
        {"name": name, "kind": kinds[min(place, len(kinds) - 1)], "color": _SHADES[place % 4],
         "probability": round(100 * (place + 1) / (len(names) + 2))}
        for place, name in enumerate(names)
    ]  # fmt: skip
    won, lost = ("converted", "lost") if of_leads else ("closed_won", "closed_lost")
    return [
        *stages,
        {"name": "Won", "kind": won, "color": "green"},
        {"name": "Lost", "kind": lost, "color": "grey"},
    ]


def may_see(section: Section, actor: Actor) -> bool:
    """Whether the list is worth a link."""
    return actor.role in section.seen


def may_change(section: Section, actor: Actor) -> bool:
    """Whether the API takes changes from this role."""
    return actor.role in section.changed


def moving_to(section: Section, options: Options) -> Ask:
    """The question where records of a thing go that is deleted."""
    ask = Ask("move_to", "Its records go to", "select", hint="Needed where there are any.")
    return replace(ask, options=options)
