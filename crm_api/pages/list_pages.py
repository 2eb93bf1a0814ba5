"""The lists: /crm/leads and its like, with filters, columns, saved views and the export of what they show."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Request, Response
from fastapi.responses import StreamingResponse

from crm_api.access import Actor
from crm_api.conditions import expansion, filters
from crm_api.core.errors import Conflict, Invalid, Problem
from crm_api.core.routing import Router
from crm_api.custom_fields.fields import registry
from crm_api.dependencies import Db, Visitor
from crm_api.exports import flows as exports
from crm_api.exports.formats import MEDIA_TYPES
from crm_api.exports.orders import Order
from crm_api.pages import board_pages, fields, forms, frame, lists, once, permits
from crm_api.pages.addresses import NOT_FILTERS, Address
from crm_api.pages.errors import PageRoute
from crm_api.pages.fields import Shown
from crm_api.pages.headers import PAGE_HEADERS
from crm_api.pages.kinds import KINDS, OPPORTUNITIES, Kind
from crm_api.pages.session import Signed, Trusted
from crm_api.views import service as views
from crm_api.views.schemas import SharedWith, ViewIn

router = Router(include_in_schema=False, route_class=PageRoute)
Page = Callable[..., Awaitable[Response]]


def address_of(request: Request, kind: Kind) -> Address:
    """The list that a request, or one of its sheets, is about."""
    return Address.of(kind.path, request.query_params.multi_items())


# ── The list ─────────────────────────────────────────────────────────────────────────────────────


def _listing(kind: Kind) -> Page:
    async def show(request: Request, db: Db, visitor: Signed) -> Response:
        address = address_of(request, kind)
        if kind.board and address.get("as") == "board":
            return await board_pages.show(request, db, visitor, kind, address)
        table, may, bulk = await db.read(_read, visitor, kind, address)
        sums = None
        if kind is OPPORTUNITIES and table.problem is None:
            sums = await db.read(board_pages.forecast, visitor.actor, address)
        return await frame.page(
            request, db, visitor, "list.html", kind=kind, table=table, may_change=may, bulk=bulk, forecast=sums,
            value_of=fields.value_of, currency_of=fields.currency_of, tones=fields.TONES,
        )  # fmt: skip

    return show


def _read(
    session: Any, visitor: Visitor, kind: Kind, address: Address
) -> tuple[lists.Table, set[UUID], list[tuple[str, list[tuple[str, str]]]]]:
    actor = visitor.actor
    table = lists.read(session, actor, kind, address)
    may = {row["id"] for row in table.rows if permits.may_change(session, actor, kind.name, row)}
    return table, may, _changes(session, actor, kind) if may else []


def _changes(session: Any, actor: Actor, kind: Kind) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be set on many records at once: (heading, [(field=value, words)])."""
    known = fields.shown(session, kind)
    offered = []
    for name in kind.filters:
        field = known.get(name)
        settable = field and not field.fixed and (field.type == "choice" or field.target in ("user", "stage"))
        if field and settable:
            choices = fields.options(session, actor, kind, field)
            offered.append((field.title, [(f"{name}={value}", words) for value, words in choices]))
    return offered


# ── Filters and columns ──────────────────────────────────────────────────────────────────────────


def _filtering(kind: Kind) -> Page:
    async def show(request: Request, db: Db, visitor: Signed) -> Response:
        address = address_of(request, kind)
        if "apply" in request.query_params:
            chosen = await db.read(_chosen, visitor.actor, kind, request.query_params.multi_items())
            return frame.go_on(request, str(chosen))
        offered, others = await db.read(_offered, visitor.actor, kind, address)
        return await frame.sheet(
            request, db, visitor, "forms/filter.html", title=f"Filter {kind.title.lower()}", kind=kind,
            address=address, offered=offered, others=others, not_filters=NOT_FILTERS,
        )  # fmt: skip

    return show


def _offered(
    session: Any, actor: Actor, kind: Kind, address: Address
) -> tuple[list[tuple[Shown, list[tuple[str, str]], dict[str, str]]], list[Shown]]:
    """The fields offered first, each with its choices and what is chosen now; then all others."""
    known = fields.shown(session, kind)
    offered = []
    for name in kind.filters:
        if name not in known:
            continue
        field = known[name]
        now = {op: address.get(f"{name}{op}") for op in ("", "__in", "__gte", "__lte")}
        if field.target and not field.is_few and now[""]:
            now[""] = _called(session, actor, field, now[""])
        offered.append((field, fields.options(session, actor, kind, field), now))
    others = [
        f for f in known.values() if f.known and f.name not in kind.filters and f.name not in lists.UNSHOWN
    ]
    return offered, [field for field in others if not field.target or field.is_few]


def _called(session: Any, actor: Actor, field: Shown, record_id: str) -> str:
    query = filters.from_parameters(registry(session)[field.target or ""], [("id", record_id)])
    found = forms.found(session, actor, field.target or "", query)
    return found[0][0] if found else record_id


def _chosen(session: Any, actor: Actor, kind: Kind, given: list[tuple[str, str]]) -> Address:
    """The address that a filter form stands for: words of one field together, names turned into ids."""
    known, pairs = fields.shown(session, kind), dict[str, str]()
    other = {name: value for name, value in given if name.startswith("other")}
    for name, value in given:
        if not value or name == "apply" or name.startswith("other"):
            continue
        field = known.get(name.partition("__")[0])
        if field and field.target and not field.is_few:
            value = str(forms.read(session, actor, field, value))
        pairs[name] = f"{pairs[name]},{value}" if name in pairs else value
    if other.get("other_field") and other.get("other_value"):
        op = other.get("other_op") or "eq"
        pairs[other["other_field"] + ("" if op == "eq" else f"__{op}")] = other["other_value"]
    for name in [name for name in pairs if name.endswith("__in") and "," not in pairs[name]]:
        pairs[name.removesuffix("__in")] = pairs.pop(name)
    return Address.of(kind.path, pairs.items()).without()


def _choosing(kind: Kind) -> Page:
    async def show(request: Request, db: Db, visitor: Signed) -> Response:
        address = address_of(request, kind).without("col", "apply")
        if "apply" in request.query_params:
            columns = request.query_params.getlist("col")
            return frame.go_on(request, str(address.with_("cols", ",".join(columns)) if columns else address))
        table = await db.read(lists.read, visitor.actor, kind, address)
        now = [column.field for column in table.columns]
        return await frame.sheet(
            request, db, visitor, "forms/columns.html", title="Columns", kind=kind, address=address,
            now=now, others=[field for field in table.offered if field.name not in {f.name for f in now}],
        )  # fmt: skip

    return show


# ── Saved views ──────────────────────────────────────────────────────────────────────────────────


def _saving(kind: Kind) -> Page:
    async def show(request: Request, db: Db, visitor: Signed) -> Response:
        return await _view_form(request, db, visitor, kind, address_of(request, kind))

    return show


def _saved(kind: Kind) -> Page:
    async def save(
        request: Request,
        db: Db,
        visitor: Trusted,
        name: Annotated[str, Form(max_length=2000)] = "",
        shared_with: Annotated[SharedWith, Form()] = "nobody",
    ) -> Response:
        address = address_of(request, kind)

        async def work() -> str:
            data = await db.read(_view, visitor, kind, address, name.strip(), shared_with)
            done = await frame.act(db, visitor, f"Saved the view {name.strip()}", views.create, data=data)
            there = Address(kind.path, tuple(p for p in address.pairs if p[0] == "as"))
            return frame.after(str(there.with_("view", str(done.result.id))), done)

        try:
            return await once.go_on_once(request, db, visitor, work)
        except (Invalid, Conflict) as problem:
            return await _view_form(request, db, visitor, kind, address, name=name, problem=problem)

    return save


async def _view_form(
    request: Request,
    db: Db,
    visitor: Visitor,
    kind: Kind,
    address: Address,
    *,
    name: str = "",
    problem: Problem | None = None,
) -> Response:
    return await frame.sheet(
        request, db, visitor, "forms/view.html", title="Save this list", status=problem.status if problem else 200,
        kind=kind, action=str(address.at(f"{kind.path}/views")), name=name, problem=problem,
    )  # fmt: skip


def _view(
    session: Any, visitor: Visitor, kind: Kind, address: Address, name: str, shared_with: SharedWith
) -> ViewIn:
    catalogue = registry(session)[kind.name]
    query = filters.from_parameters(catalogue, [p for p in address.without("view").asked if p[0] != "cursor"])
    keys = {name: relation.column.key for name, relation in expansion.choices(catalogue).items()}
    columns = [keys.get(column, column) for column in address.get("cols").split(",") if column]
    return frame.checked(
        ViewIn, name=name, kind=kind.name, where=query.tree.model_dump(mode="json", by_alias=True),
        search=query.search, sort=list(query.sort), fields=columns, shared_with=shared_with,
    )  # fmt: skip


@router.post("/views/{view_id}/delete")
async def delete_view(
    request: Request, db: Db, visitor: Trusted, view_id: UUID, back: Annotated[str, Form()] = "/"
) -> Response:
    """Forget a saved view of one's own."""
    known = {kind.path for kind in KINDS}
    done = await frame.act(db, visitor, "Deleted a saved view", views.delete, view_id=view_id, if_match=None)
    return frame.go_on(request, back if back in known else "/", done)


# ── Export ───────────────────────────────────────────────────────────────────────────────────────


def _exporting(kind: Kind) -> Page:
    async def export(request: Request, db: Db, visitor: Signed) -> Response:
        query = await db.read(lambda session: lists.query_of(session, kind, address_of(request, kind)))
        made = await exports.begin(db, visitor.actor, Order(kind.name, query, "csv", bom=True))
        headers = {**PAGE_HEADERS, "Content-Disposition": f'attachment; filename="{made.file_name}"'}
        return StreamingResponse(exports.stream(db, made), media_type=MEDIA_TYPES["csv"], headers=headers)

    return export


for _kind in KINDS:
    for _path, _make, _method in (
        ("", _listing, "GET"), ("/filter", _filtering, "GET"), ("/columns", _choosing, "GET"),
        ("/views/new", _saving, "GET"), ("/views", _saved, "POST"), ("/export.csv", _exporting, "GET"),
    ):  # fmt: skip
        router.add_api_route(f"{_kind.path}{_path}", _make(_kind), methods=[_method])
