"""One list page for every kind: filters as chips, saved views as tabs, columns of one's choice, and a way on.

What matches, in which order and who sees it is the lists' own business (`conditions.records`); here stands how it
is shown.
"""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from crm_api.access import Actor
from crm_api.conditions import expansion, filters, records
from crm_api.conditions.tree import All, Comparison
from crm_api.core.errors import BadRequest, Invalid
from crm_api.core.fields import CATALOGUES
from crm_api.core.listing import EXACT_TO, Window
from crm_api.custom_fields.fields import registry
from crm_api.pages import fields
from crm_api.pages.addresses import NOT_FILTERS, Address
from crm_api.pages.fields import Shown
from crm_api.pages.formats import phrase
from crm_api.pages.kinds import Kind, label_of
from crm_api.pages.presets import PRESETS

ROWS = 50
MOST_TABS = 12
WORDS_OF_OPS = {
    "": "is", "in": "is one of", "ne": "is not", "gte": "from", "gt": "above", "lte": "up to", "lt": "below",
    "contains": "contains", "isnull": "is empty", "between": "between",
}  # fmt: skip
UNSHOWN = {"id", "version", "custom_fields", "score_reasons", "opening_hours", "notes", "lines", "attachments",
           "source_updated_at", "base_currency", "archived_at"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tab:
    """A view one tap away: one of ours, or a saved one (`view_id`), of which `own` ones can be changed."""

    name: str
    address: str
    is_current: bool
    view_id: UUID | None = None
    own: bool = False
    shared: bool = False
    version: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its field, where its heading leads, and whether the list is sorted by it (1 up, -1 down)."""

    field: Shown
    sort: str | None
    sorted: int = 0


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that holds, in words, and the address without it."""

    words: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Table:
    """Everything a list page shows. `problem` is why there are no rows: a filter that cannot be."""

    kind: Kind
    address: Address
    columns: list[Column]
    rows: list[dict[str, Any]]
    tabs: list[Tab]
    chips: list[Chip]
    offered: list[Shown]
    total: int | None = None
    total_exact: bool = True
    more: str | None = None
    problem: str | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether rows may be missing because of what was asked."""
        return bool(self.chips or self.address.get("search") or self.address.get("view"))


def read(session: Any, actor: Actor, kind: Kind, address: Address) -> Table:
    """The page of a list that an address asks for."""
    known = fields.shown(session, kind)
    views = _views(session, actor, kind)
    view = next((v for v in views if str(v["id"]) == address.get("view")), None)
    columns = _columns(kind, known, address, view)
    shell = Table(
        kind, address, columns, [], _tabs(actor, kind, address, views), _chips(session, actor, kind, known, address),
        [field for field in known.values() if field.name not in UNSHOWN and field.type != "related"],
    )  # fmt: skip
    try:
        page = records.page(session, actor, kind.name, _query(session, kind, address, columns, view))
    except (BadRequest, Invalid) as problem:
        return replace(shell, problem=problem.detail)
    cursor, number = page["next_cursor"], page["page"]
    further = address.with_("cursor", cursor) if cursor else None
    if further is None and number and page["pages"] and number < page["pages"]:
        further = address.with_("page", str(number + 1))
    return replace(
        shell, rows=page["items"], total=page["total"], total_exact=page["total_exact"],
        more=str(further) if further else None, columns=_sortable(columns, kind, address, view, page["total"]),
    )  # fmt: skip


def around(session: Any, actor: Actor, kind: Kind, address: Address) -> tuple[list[Chip], list[Tab]]:
    """What stands above a board as above the list: the chips and the tabs."""
    views = _views(session, actor, kind)
    chips = _chips(session, actor, kind, fields.shown(session, kind), address)
    return [c for c in chips if not c.words.startswith("Pipeline")], _tabs(actor, kind, address, views)


def _query(
    session: Any, kind: Kind, address: Address, columns: list[Column], view: dict[str, Any] | None
) -> filters.Query:
    catalogue = registry(session)[kind.name]
    query = filters.from_parameters(catalogue, address.asked)
    fixed = [Comparison(field=name, value=value) for name, value in kind.fixed]
    wanted = [column.field.relation for column in columns if column.field.relation]
    able = expansion.choices(catalogue)
    beside = tuple(dict.fromkeys(name for name in wanted if name in able))[: expansion.MOST]
    usual = () if view and view["sort"] else tuple(filter(None, [kind.sort]))
    return replace(
        query, tree=All(all=[*fixed, query.tree]), expand=beside, sort=query.sort or usual,
        fields=catalogue.columns(), window=replace(query.window, page_size=ROWS),
    )  # fmt: skip


def query_of(session: Any, kind: Kind, address: Address) -> filters.Query:
    """The same records, all of them and in the same order, for an export; the columns as they stand in the table."""
    known = fields.shown(session, kind)
    names = [column.field.name for column in _columns(kind, known, address, None)]
    catalogue = registry(session)[kind.name]
    query = _query(session, kind, address.without("cols"), [], None)
    told = catalogue.columns()
    return replace(query, fields=tuple(n for n in names if n in told), expand=tuple(
        name for name in names if name in expansion.choices(catalogue)), window=Window())  # fmt: skip


# ── Columns ──────────────────────────────────────────────────────────────────────────────────────


def _columns(
    kind: Kind, known: dict[str, Shown], address: Address, view: dict[str, Any] | None
) -> list[Column]:
    names = [name for name in address.get("cols").split(",") if name in known]
    if not names and view:
        beside = {field.name: field.relation for field in known.values() if field.relation}
        names = [beside.get(name) or name for name in view["fields"] if name in known]
        names = [name if name in known else name + "_id" for name in names]
    label = kind.columns[0]
    chosen = names or list(kind.columns)
    if label not in chosen:
        chosen.insert(0, label)
    return [Column(known[name], None) for name in dict.fromkeys(chosen) if name in known]


def _sortable(
    columns: list[Column], kind: Kind, address: Address, view: dict[str, Any] | None, total: int | None
) -> list[Column]:
    """Headings that sort: those with an index, and all where so few match that any order is cheap."""
    usual = (
        (view["sort"][0] if view and view["sort"] else "") or kind.sort or CATALOGUES[kind.name].default_sort
    )
    now = address.get("sort") or usual
    made = []
    for column in columns:
        field = column.field
        able = field.known and field.type != "tags" and (field.sortable or (total or 0) < EXACT_TO)
        state = (-1 if now.startswith("-") else 1) if now.lstrip("-") == field.name else 0
        down_first = field.is_number or field.type in ("date", "datetime")
        target = f"-{field.name}" if (state == 1 or (state == 0 and down_first)) else field.name
        made.append(replace(column, sort=str(address.with_("sort", target)) if able else None, sorted=state))
    return made


# ── Tabs and chips ───────────────────────────────────────────────────────────────────────────────


def _views(session: Any, actor: Actor, kind: Kind) -> list[dict[str, Any]]:
    query = filters.Query(
        tree=All(all=[Comparison(field="kind", value=kind.name)]), sort=("name",),
        window=Window(page_size=MOST_TABS * 2, count="none"),
    )  # fmt: skip
    return list(records.page(session, actor, "view", query)["items"])


def _tabs(actor: Actor, kind: Kind, address: Address, views: list[dict[str, Any]]) -> list[Tab]:
    plain = Address(kind.path, tuple(p for p in address.pairs if p[0] == "as"))
    now, view = sorted(address.filters), address.get("view")
    searched = bool(address.get("search"))
    made = []
    for name, pairs in PRESETS[kind.key]:
        there = Address(kind.path, (*plain.pairs, *pairs))
        made.append(Tab(name, str(there), now == sorted(pairs) and not view and not searched))
    for one in views[:MOST_TABS]:
        there = plain.with_("view", str(one["id"]))
        mine = one["owner_id"] == actor.user_id or actor.is_administrator
        made.append(Tab(one["name"], str(there), str(one["id"]) == view, one["id"], mine,
                        one["shared_with"] != "nobody", one["version"]))  # fmt: skip
    return made


def _chips(session: Any, actor: Actor, kind: Kind, known: dict[str, Shown], address: Address) -> list[Chip]:
    made = []
    for name, value in address.pairs:
        if name in NOT_FILTERS:
            continue
        base, _, op = name.partition("__")
        field = known.get(base)
        title = field.title if field else phrase(base.replace(".", " "))
        words, told = WORDS_OF_OPS.get(op, op), _told(session, actor, kind, field, value)
        if op == "isnull":
            words, told = ("is empty" if value in ("true", "1") else "is there"), ""
        said = CATALOGUES[kind.name].field(base)
        if said is not None and said.told is not None and not op:
            words, title, told = "", phrase(said.told(value)), ""
        rest = tuple(pair for pair in address.without().pairs if pair != (name, value))
        made.append(Chip(f"{title} {words}".rstrip(), told, str(Address(kind.path, rest))))
    return made


def _told(session: Any, actor: Actor, kind: Kind, field: Shown | None, value: str) -> str:
    if value == "me":
        return "me"
    if field is None or not field.target:
        plain = field is not None and field.type in ("choice", "boolean", "text", "tags")
        return " or ".join(phrase(word) for word in value.split(",")) if plain else value
    if field.is_few:
        names = dict(fields.options(session, actor, kind, field))
        return " or ".join(names.get(one, "somebody else") for one in value.split(","))
    query = filters.Query(tree=All(all=[Comparison(field="id", op="in", value=value)]))
    try:
        found = records.page(session, actor, field.target, query)["items"]
    except Invalid:
        return value
    return " or ".join(label_of(field.target, item) for item in found) or "one you do not see"
