"""One table, several faces: communications, tasks and notes are activities of some types, said in other words.

A face reads and writes through the activities' own service and lists, so that whatever holds for activities
(visibility, timelines, last contacts, the trail) holds for all of them. It renames on the way in and on the way out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.activities import service
from crm_api.activities.catalogue import CATALOGUE
from crm_api.activities.face_schemas import CommunicationOut, NoteOut, TaskOut
from crm_api.activities.models import Activity
from crm_api.activities.schemas import ActivityIn, ActivityOut, ActivityPatch
from crm_api.conditions import records
from crm_api.conditions.filters import Query, Wanted, from_parameters
from crm_api.conditions.tree import All, Any_, Comparison, Not, Tree
from crm_api.core.errors import BadRequest, FieldError, Invalid, NotFound
from crm_api.core.fields import Catalogue
from crm_api.core.schemas import NAME, Shown, changes
from crm_api.writes.dependencies import Writing

_LINKS = ("account_id", "contact_id", "lead_id", "opportunity_id")
_PLAIN = Wanted(aliases=False)
Record = dict[str, Any]


@dataclass(frozen=True)
class Face:
    """Activities of `types`, in the words of `out`. `words` leads from its names to the activities', `values` the
    same for the words of a field. `needs_link` faces are about somebody: an account, contact, lead or deal."""

    name: str
    plural: str
    types: tuple[str, ...]
    out: type[Shown]
    words: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    sort: str
    needs_link: bool = False

    @cached_property
    def catalogue(self) -> Catalogue:
        """The activities' catalogue in this face's words, for the description of its lists."""
        names = {ours: theirs for theirs, ours in self.words.items()}
        fields = [replace(field, name=names.get(field.name, field.name)) for field in CATALOGUE.fields]
        shown = tuple(
            replace(field, choices=tuple(self.out_value(field.name, word) for word in field.choices))
            for field in fields
            if field.name in self.out.model_fields
        )
        return replace(CATALOGUE, plural=self.plural, fields=shown, out=self.out, default_sort=self.sort)

    @cached_property
    def of_type(self) -> Comparison:
        """The condition that an activity is one of this face's."""
        if len(self.types) == 1:
            return Comparison(field="activity_type", op="eq", value=self.types[0])
        return Comparison(field="activity_type", op="in", value=list(self.types))

    def ours(self, name: str) -> str:
        """The activities' name of a field."""
        name = self.out.vocabulary.ours(name)
        return self.words.get(name, name)

    def out_value(self, name: str, value: Any) -> Any:
        """A value of one of this face's fields as it shows it."""
        back = {ours: theirs for theirs, ours in self.values.get(name, {}).items()}
        return back.get(value, value) if isinstance(value, str) else value

    # ── In ───────────────────────────────────────────────────────────────────────────────────────

    def given(self, data: BaseModel) -> Record:
        """What was sent, in the activities' words."""
        return {
            self.words.get(name, name): _in_words(self.values.get(name, {}), value)
            for name, value in changes(data).items()
        }

    def query(self, parameters: Iterable[tuple[str, str]]) -> "FaceQuery":
        """Read the query string of a list; raises as `from_parameters` does."""
        return self._asked(from_parameters(CATALOGUE, [self._parameter(*one) for one in parameters]))

    def search(self, query: Query) -> "FaceQuery":
        """Read a search with a condition tree."""
        sort = tuple(self._sort(part) for part in query.sort)
        return self._asked(replace(query, sort=sort, tree=self._tree(query.tree)))

    def _asked(self, query: Query) -> "FaceQuery":
        self.require_fields(query.fields)
        kept = Wanted(query.fields, query.expand, query.aliases)
        if query.view:  # which may show fewer fields than this face is made of
            query = replace(query, fields=tuple(ActivityOut.model_fields))
        else:
            query = replace(query, fields=(), sort=query.sort or (self.sort,))
        return FaceQuery(replace(query, aliases=False), kept)

    def _parameter(self, name: str, value: str) -> tuple[str, str]:
        if name in ("sort", "sort_by"):
            return name, ",".join(self._sort(part.strip()) for part in value.split(","))
        base, mark, op = name.partition("__")
        words = self._words_of(base)
        told = ",".join(words.get(word, word) for word in value.split(",")) if words else value
        return f"{self.ours(base)}{mark}{op}", told

    def _sort(self, part: str) -> str:
        name = part.lstrip("-+")
        return f"{part[: len(part) - len(name)]}{self.ours(name)}"

    def _tree(self, tree: Tree) -> Tree:
        match tree:
            case All():
                return All(all=[self._tree(branch) for branch in tree.all])
            case Any_():
                return Any_(any=[self._tree(branch) for branch in tree.any])
            case Not():
                return Not(not_=self._tree(tree.not_))
            case Comparison():
                words = self._words_of(tree.field)
                return Comparison(field=self.ours(tree.field), op=tree.op, value=_in_words(words, tree.value))
            case _:
                return tree  # what is related speaks its own words

    def _words_of(self, name: str) -> Mapping[str, str]:
        return self.values.get(self.out.vocabulary.ours(name), {})

    def require_fields(self, names: Iterable[str]) -> None:
        """Raise BadRequest for a field that this face does not show."""
        unknown = [name for name in names if self.out.vocabulary.ours(name) not in self.out.model_fields]
        if unknown:
            known = ", ".join(self.out.model_fields)
            raise BadRequest(f"There is no field {', '.join(unknown)[:200]}; a {self.name} has {known}.")

    # ── Out ──────────────────────────────────────────────────────────────────────────────────────

    def present(self, activity: Record, wanted: Wanted) -> Record:
        """An activity's answer in this face's words, with just what is wanted of it."""
        shown = {
            name: self.out_value(name, activity[self.words.get(name, name)]) for name in self.out.model_fields
        }
        if wanted.fields:
            ours = {name: shown[self.out.vocabulary.ours(name)] for name in wanted.fields}
            shown = {"id": shown["id"], **ours}
        elif wanted.aliases:
            shown = self.out.vocabulary.beside(shown)
        return shown | {name: activity[name] for name in wanted.expand}

    # ── Verbs ────────────────────────────────────────────────────────────────────────────────────

    def create(self, session: Session, actor: Actor, *, data: BaseModel) -> Activity:
        """Make one; raises Invalid where a communication is about nobody."""
        values = self.given(data)
        values.setdefault("activity_type", self.types[0])
        if self.needs_link and not any(values.get(link) for link in _LINKS):
            told = f"a {self.name} is with somebody: give an account, contact, lead or opportunity"
            raise Invalid(f"{told[0].upper()}{told[1:]}.", errors=[FieldError("account_id", told)])
        values["subject"] = values.get("subject") or _beginning(values)
        return service.create(session, actor, data=ActivityIn(**values))

    def update(
        self, session: Session, actor: Actor, *, record_id: UUID, data: BaseModel, if_match: int | None
    ) -> Activity:
        """Change just the fields sent."""
        require(session, actor, self, record_id)
        values = self.given(data)
        changed = service.update(
            session, actor, activity_id=record_id, data=ActivityPatch(**values), if_match=if_match
        )
        if self.needs_link and not any(getattr(changed, link) for link in _LINKS):
            raise Invalid.field(
                "account_id", f"a {self.name} is with somebody; it cannot be cut off from all"
            )
        return changed

    def archive(self, session: Session, actor: Actor, *, record_id: UUID, if_match: int | None) -> None:
        """Delete softly."""
        require(session, actor, self, record_id)
        service.archive(session, actor, activity_id=record_id, if_match=if_match)


def _in_words(words: Mapping[str, str], value: Any) -> Any:
    if isinstance(value, list):
        return [_in_words(words, one) for one in value]
    return words.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class FaceQuery:
    """What a face's list is asked: the activities' query, and what of each answer is wanted."""

    query: Query
    wanted: Wanted

    def sorted_by(self, sort: str, *, instead_of: str) -> "FaceQuery":
        """The same in another order, where nobody asked for one."""
        if self.query.sort != (instead_of,):
            return self
        return replace(self, query=replace(self.query, sort=(sort,)))


COMMUNICATIONS = Face(
    "communication",
    "communications",
    ("call", "email", "meeting", "video_call", "chat", "sms", "visit", "other"),
    CommunicationOut,
    words={
        "type": "activity_type",
        "content": "description",
        "communication_date": "occurred_at",
        "representative_id": "owner_id",
    },
    values={"type": {"phone": "call"}},
    sort="-occurred_at",
    needs_link=True,
)
TASKS = Face("task", "tasks", ("task",), TaskOut, words={}, values={}, sort="due_at")
NOTES = Face(
    "note", "notes", ("note",), NoteOut, words={"content": "description"}, values={}, sort="-created_at"
)


PENDING = Comparison(field="follow_up_due", op="isnull", value=False)


def asking(face: Face) -> Any:
    """A dependency that reads the query string of a face's list."""

    async def read(request: Request) -> FaceQuery:
        return face.query(request.query_params.multi_items())

    return Depends(read)


def page(
    session: Session,
    actor: Actor,
    face: Face,
    asked: FaceQuery,
    also: Iterable[Tree] = (),
    of: tuple[str, UUID] | None = None,
) -> dict[str, Any]:
    """One page of a face's list; `also` are further conditions, in the activities' words. With `of`, a kind and an id,
    just what hangs on that record; raises NotFound where the actor may not see it."""
    query = replace(asked.query, tree=All(all=[face.of_type, *also, asked.query.tree]))
    if of is None:
        told = records.page(session, actor, "activity", query)
    else:
        told = records.page_of(session, actor, "activity", query, *of)
    return {**told, "items": [face.present(item, asked.wanted) for item in told["items"]]}


def one(session: Session, actor: Actor, face: Face, record_id: UUID, wanted: Wanted) -> Record:
    """One record of a face; raises NotFound for an activity of another type, too."""
    face.require_fields(wanted.fields)
    found = records.one(session, actor, "activity", record_id, replace(wanted, fields=(), aliases=False))
    if found["activity_type"] not in face.types:
        raise NotFound(f"There is no {face.name} {record_id}, or it is not yours to see.")
    return face.present(found, wanted)


# ── Verbs ────────────────────────────────────────────────────────────────────────────────────────


def require(session: Session, actor: Actor, face: Face, record_id: UUID) -> None:
    """Raise NotFound unless the record is there, the actor's to see, and of this face."""
    found: Activity = records.get(session, actor, Activity, record_id)
    if found.activity_type not in face.types:
        raise NotFound(f"There is no {face.name} {record_id}, or it is not yours to see.")


async def write(
    writing: Writing, face: Face, verb: Callable[..., Any], /, *, status: int = 200, **kwargs: Any
) -> Response:
    """Run a verb and answer with the record in the face's words, its version as the ETag.

    An `activity_id` has to be that of a record of this face.
    """

    def work(session: Session, actor: Actor) -> Record:
        if "activity_id" in kwargs:
            require(session, actor, face, kwargs["activity_id"])
        try:
            record = verb(session, actor, **kwargs)
        except Invalid as refusal:
            raise _in_their_words(face, refusal) from refusal
        return face.present(records.as_shown(session, actor, record, _PLAIN), writing.wanted)

    return await writing.answer(work, status=status)


def _in_their_words(face: Face, refusal: Invalid) -> Invalid:
    names = {ours: theirs for theirs, ours in face.words.items()}
    errors = [FieldError(names.get(e.field, e.field), e.message) for e in refusal.errors]
    detail = f"{errors[0].field}: {errors[0].message}" if len(errors) == 1 else refusal.detail
    return Invalid(detail, errors=errors, **refusal.extra)


def _beginning(values: Mapping[str, Any]) -> str:
    """What a record without a subject is called: the first line of its text, else its type."""
    line = next((part.strip() for part in (values.get("description") or "").splitlines() if part.strip()), "")
    if len(line) > NAME:
        line = line[: NAME - 1].rpartition(" ")[0] or line[: NAME - 1]
        line = f"{line[: NAME - 1]}…"
    return line or str(values["activity_type"]).replace("_", " ").capitalize()
