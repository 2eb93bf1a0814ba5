"""Making and changing records: the form for a new one, the one field changed where it stands, many at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Request, Response

from crm_api.access import Actor
from crm_api.conditions import expansion, filters, records
from crm_api.conditions.tree import All, Comparison
from crm_api.core.errors import BadRequest, Conflict, Invalid, NotFound, Problem, Stale
from crm_api.core.fields import CATALOGUES
from crm_api.core.listing import Window
from crm_api.core.routing import Router
from crm_api.dependencies import Db, Visitor
from crm_api.pages import fields, forms, frame, once, timelines
from crm_api.pages.errors import PageRoute
from crm_api.pages.kinds import BY_NAME, KINDS, Kind, label_of
from crm_api.pages.session import Signed, Trusted, local_path
from crm_api.pages.templating import render

router = Router(include_in_schema=False, route_class=PageRoute)
Page = Callable[..., Awaitable[Response]]
AT_ONCE, LONGEST_NAME = 200, 200


async def typed_in(request: Request) -> dict[str, str]:
    """What stands in the fields of a form that was sent; several values of one name with commas between them."""
    given: dict[str, str] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, str) and name not in ("csrf_token", once.FIELD):
            given[name] = f"{given[name]},{value}" if given.get(name) else value
    return given


# ── New ──────────────────────────────────────────────────────────────────────────────────────────


def _asking(kind: Kind) -> Page:
    async def show(request: Request, db: Db, visitor: Signed) -> Response:
        given = {
            name: value for name, value in request.query_params.items() if name in kind.creating.model_fields
        }
        return await new_form(request, db, visitor, kind, given=given)

    return show


def _making(kind: Kind) -> Page:
    async def make(request: Request, db: Db, visitor: Trusted) -> Response:
        typed = await typed_in(request)

        async def work() -> str:
            data = await db.read(forms.body, visitor.actor, kind, typed)
            anyway = {"on_duplicate": "report" if "anyway" in typed else "refuse"} if kind.finds_alike else {}
            done = await frame.act(db, visitor, f"Added {named(kind, typed)}", kind.make, data=data, **anyway)
            made, back = done.result, typed.get("back", "")
            record_id = made["id"] if isinstance(made, dict) else made.id
            return frame.after(local_path(back) if back else kind.address(record_id), done)

        try:
            return await once.go_on_once(request, db, visitor, work)
        except (Invalid, Conflict) as problem:
            return await new_form(request, db, visitor, kind, typed=typed, problem=problem)

    return make


def named(kind: Kind, typed: dict[str, str]) -> str:
    """What a record just typed in is called, for the toast."""
    person = " ".join(typed[part] for part in ("first_name", "last_name") if typed.get(part))
    name = (
        typed.get("name") or typed.get("title") or typed.get("subject") or typed.get("company_name") or person
    )
    return f"{kind.one} {name[:80]}" if name else f"a new {kind.one}"


async def new_form(
    request: Request,
    db: Db,
    visitor: Visitor,
    kind: Kind,
    *,
    typed: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    """The form for a new record: empty but for what is `given`, or as it was `typed` with what was wrong."""

    def read(session: Any, actor: Actor) -> list[forms.Input]:
        names = list(kind.form) + [n for n in (given or {}) if n not in kind.form]
        names += [n for n in (typed or {}) if n not in names]
        values = typed if typed is not None else _given(session, actor, kind, given or {})
        return forms.inputs(session, actor, kind, names, typed=values, problem=problem)

    return await frame.sheet(
        request, db, visitor, "forms/new.html", title=f"New {kind.one}", status=problem.status if problem else 200,
        kind=kind, inputs=await db.read(read, visitor.actor), problem=problem, back=(typed or {}).get("back", ""),
        alike=problem.extra.get("possible_duplicates", []) if problem else [], by_name=BY_NAME,
    )  # fmt: skip


def _given(session: Any, actor: Actor, kind: Kind, given: dict[str, str]) -> dict[str, str]:
    """What a link to the form fills in, ids turned into names; and whose a new record is."""
    known = fields.shown(session, kind)
    values = {"owner_id": str(actor.user_id)} if actor.role in ("rep", "manager", "field") else {}
    if kind.name == "activity":
        values["activity_type"] = "call"
    for name, value in given.items():
        field = known.get(name)
        if field and field.target and not field.is_few:
            tree = All(all=[Comparison(field="id", value=value)])
            found = forms.found(session, actor, field.target, filters.Query(tree=tree))
            value = found[0][0] if found else ""
        values[name] = value
    return values


@router.get("/pick/{kind}")
async def pick(request: Request, db: Db, visitor: Signed, kind: str) -> Response:
    """Records that what was typed so far may mean, as the options of its input; the input sends its own name."""
    if kind not in BY_NAME:
        raise NotFound("There is nothing to pick here.")
    typed = next(iter(request.query_params.values()), "").strip()[:LONGEST_NAME]
    found = await db.read(forms.candidates, visitor.actor, kind, typed) if typed else []
    return render(request, "partials/options.html", visitor=visitor, found=found)


# ── One field where it stands ────────────────────────────────────────────────────────────────────


def _field(kind: Kind, name: str, known: dict[str, fields.Shown]) -> fields.Shown:
    field = known.get(name)
    if field is None or field.fixed:
        raise NotFound("This field is not filled in by hand.")
    return field


def beside(kind: Kind, field: fields.Shown) -> filters.Wanted:
    """What to read of a record to show one of its fields."""
    able = expansion.choices(CATALOGUES[kind.name])
    return filters.Wanted(expand=(field.relation,) if field.relation in able else (), aliases=False)


def _reading(kind: Kind, *, editing: bool) -> Page:
    async def show(request: Request, db: Db, visitor: Signed, record_id: UUID, name: str) -> Response:
        return await _shown(request, db, visitor, kind, record_id, name, editing=editing)

    return show


async def _shown(
    request: Request,
    db: Db,
    visitor: Visitor,
    kind: Kind,
    record_id: UUID,
    name: str,
    *,
    editing: bool,
    typed: str | None = None,
    problem: Problem | None = None,
) -> Response:
    def read(session: Any, actor: Actor) -> tuple[fields.Shown, dict[str, Any], list[forms.Input]]:
        field = _field(kind, name, fields.shown(session, kind))
        item = records.one(session, actor, kind.name, record_id, beside(kind, field))
        values = {name: typed} if typed is not None else None
        made = (
            forms.inputs(session, actor, kind, [name], item=item, typed=values, problem=problem)
            if editing
            else []
        )
        return field, item, made

    field, item, made = await db.read(read, visitor.actor)
    theirs = forms.written(visitor.actor, field, item) if isinstance(problem, Stale) else None
    who = await db.read(timelines.last_hand, visitor.actor, kind, record_id) if theirs is not None else None
    return render(
        request, "partials/field.html", visitor=visitor, status=200, kind=kind, field=field, item=item,
        input=made[0] if made else None, problem=problem, theirs=theirs, who=who, may=True,
        value_of=fields.value_of, currency_of=fields.currency_of, tones=fields.TONES,
    )  # fmt: skip


def _changing(kind: Kind) -> Page:
    async def change(request: Request, db: Db, visitor: Trusted, record_id: UUID, name: str) -> Response:
        given = await typed_in(request)
        typed, version = given.get(name, ""), given.get("version", "")
        try:
            data = await db.read(forms.body, visitor.actor, kind, {name: typed}, changing=True)
            done = await frame.act(
                db, visitor, f"Changed {fields.TITLES.get(name, name).lower().replace('_', ' ')}", kind.update,
                **kind.named(record_id), data=data, if_match=int(version) if version.isdecimal() else None,
            )  # fmt: skip
        except (Invalid, Conflict, Stale) as problem:
            return await _shown(
                request, db, visitor, kind, record_id, name, editing=True, typed=typed, problem=problem
            )
        response = await _shown(request, db, visitor, kind, record_id, name, editing=False)
        return frame.with_toast(response, done.toast) if done.toast.undo else response

    return change


# ── Many at once ─────────────────────────────────────────────────────────────────────────────────


def _bulk(kind: Kind) -> Page:
    async def run(
        request: Request,
        db: Db,
        visitor: Trusted,
        ids: Annotated[list[UUID], Form()] = [],  # noqa: B006 - FastAPI copies it
        change: Annotated[str, Form(max_length=300)] = "",
        tag: Annotated[str, Form(max_length=200)] = "",
        action: Annotated[str, Form(max_length=20)] = "",
        back: Annotated[str, Form(max_length=4000)] = "",
    ) -> Response:
        if not ids:
            raise Invalid("Tick the records first.")
        if len(ids) > AT_ONCE:
            raise Invalid(f"At most {AT_ONCE} at once; {len(ids)} are ticked.")
        many = f"{len(ids)} {kind.one if len(ids) == 1 else kind.title.lower()}"
        labels = {"change": f"Changed {many}", "tag": f"Tagged {many}", "archive": f"Archived {many}"}
        if action not in labels:
            raise BadRequest("There is no such action.")
        done = await frame.act(
            db,
            visitor,
            labels[action],
            change_many,
            kind=kind,
            ids=ids,
            action=action,
            change=change,
            tag=tag,
        )
        return frame.go_on(request, local_path(back or kind.path), done)

    return run


def change_many(
    session: Any, actor: Actor, *, kind: Kind, ids: Sequence[UUID], action: str, change: str, tag: str
) -> int:
    """Do one thing to many records, all or none; returns to how many. Raises what the verb raises for any of them,
    with the record's name before it."""
    tree = All(all=[Comparison(field="id", op="in", value=[str(i) for i in ids])])
    query = filters.Query(tree=tree, window=Window(page_size=AT_ONCE, count="none"))
    items = records.page(session, actor, kind.name, query)["items"]
    name, _, value = change.partition("=")
    if action == "change" and not value:
        raise Invalid("Choose what to change.")
    if action == "tag" and not tag.strip():
        raise Invalid("Type the tag.")
    for item in items:
        given = (
            {name: value} if action == "change" else {"tags": ", ".join([*item.get("tags", []), tag.strip()])}
        )
        try:
            if action == "archive":
                kind.archive(session, actor, **kind.named(item["id"]), if_match=None)
            else:
                data = forms.body(session, actor, kind, given, changing=True)
                kind.update(session, actor, **kind.named(item["id"]), data=data, if_match=None)
        except Problem as problem:
            problem.detail = f"{label_of(kind.name, item)}: {problem.detail} Nothing was changed."
            raise
    return len(items)


def _archiving(kind: Kind, *, back: bool) -> Page:
    async def archive(request: Request, db: Db, visitor: Trusted, record_id: UUID) -> Response:
        item = await db.read(records.one, visitor.actor, kind.name, record_id)
        label = f"{'Restored' if back else 'Archived'} {label_of(kind.name, item)}"
        if back:
            done = await frame.act(db, visitor, label, kind.restore, **kind.named(record_id))
            return frame.go_on(request, kind.address(record_id), done)
        done = await frame.act(db, visitor, label, kind.archive, **kind.named(record_id), if_match=None)
        return frame.go_on(request, kind.path, done)

    return archive


for _kind in KINDS:
    _one = f"{_kind.path}/{{record_id}}"
    router.add_api_route(f"{_kind.path}/new", _asking(_kind), methods=["GET"])
    router.add_api_route(f"{_kind.path}/new", _making(_kind), methods=["POST"])
    router.add_api_route(f"{_kind.path}/bulk", _bulk(_kind), methods=["POST"])
    router.add_api_route(f"{_one}/fields/{{name}}", _reading(_kind, editing=False), methods=["GET"])
    router.add_api_route(f"{_one}/fields/{{name}}/edit", _reading(_kind, editing=True), methods=["GET"])
    router.add_api_route(f"{_one}/fields/{{name}}", _changing(_kind), methods=["POST"])
    router.add_api_route(f"{_one}/archive", _archiving(_kind, back=False), methods=["POST"])
    router.add_api_route(f"{_one}/restore", _archiving(_kind, back=True), methods=["POST"])
