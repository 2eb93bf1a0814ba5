"""What stands beside a record: the records that belong to it, and what is to be done next."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from crm_api.access import Actor
from crm_api.conditions import filters, records
from crm_api.conditions.tree import All, Comparison, Tree
from crm_api.core.listing import Window
from crm_api.pages.kinds import BY_NAME, Kind, address_of, label_of

SHOWN = 5
OPEN = Comparison(field="status", op="in", value=["scheduled", "in_progress"])


@dataclass(frozen=True, slots=True)
class Line:
    """A related record: its name, a word about it, an amount, and its page if it has one."""

    label: str
    about: str
    address: str | None
    value: float | None = None
    currency: str = ""
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Related records of one kind; `all` leads to the list of them, `new` to the form for another."""

    name: str
    icon: str
    lines: list[Line]
    total: int | None = None
    all: str | None = None
    new: str | None = None
    kind: str = ""


def beside(session: Any, actor: Actor, kind: Kind, item: dict[str, Any]) -> list[Group]:
    """The related records of a record, by kind."""
    here = f"{kind.name}_id"
    made: list[Group] = []
    if kind.name == "account":
        made += [
            _of(session, actor, "contact", here, item["id"]), _of(session, actor, "opportunity", here, item["id"]),
            _of(session, actor, "order", here, item["id"]), _parts(session, actor, item["id"]),
            _segments(session, actor, item["id"]),
        ]  # fmt: skip
    elif kind.name == "contact":
        made += [_linked(session, actor, "account", item["account_id"]),
                 _of(session, actor, "opportunity", here, item["id"])]  # fmt: skip
    elif kind.name == "opportunity":
        made += [_linked(session, actor, "account", item["account_id"]),
                 _linked(session, actor, "contact", item["contact_id"]),
                 _linked(session, actor, "lead", item["lead_id"])]  # fmt: skip
    elif kind.name == "lead":
        made += [_linked(session, actor, name, item[f"converted_{name}_id"])
                 for name in ("account", "contact", "opportunity")]  # fmt: skip
    else:
        made += [_linked(session, actor, name, item[f"{name}_id"])
                 for name in ("account", "contact", "lead", "opportunity")]  # fmt: skip
    return [group for group in made if group.lines or group.new]


def _of(session: Any, actor: Actor, name: str, field: str, record_id: UUID) -> Group:
    tree = All(all=[Comparison(field=field, value=str(record_id))])
    sort = ("-created_at",) if name == "opportunity" else ()
    query = filters.Query(tree=tree, sort=sort, window=Window(page_size=SHOWN))
    page = records.page(session, actor, name, query)
    lines = [_line(name, one) for one in page["items"]]
    if name not in BY_NAME:
        return Group("Orders", "package", lines, page["total"], kind=name)
    kind = BY_NAME[name]
    return Group(kind.title, kind.icon, lines, page["total"], f"{kind.path}?{field}={record_id}",
                 f"{kind.path}/new?{field}={record_id}", name)  # fmt: skip


def _parts(session: Any, actor: Actor, account_id: UUID) -> Group:
    """The accounts that belong to an account; nothing is shown of one without any."""
    made = _of(session, actor, "account", "parent_id", account_id)
    return replace(made, name="Parts", new=None)


def _linked(session: Any, actor: Actor, name: str, record_id: UUID | None) -> Group:
    kind = BY_NAME[name]
    if record_id is None:
        return Group(kind.one.capitalize(), kind.icon, [])
    found = records.page(
        session, actor, name, filters.Query(tree=All(all=[Comparison(field="id", value=str(record_id))]))
    )
    return Group(kind.one.capitalize(), kind.icon, [_line(name, one) for one in found["items"]])


def _segments(session: Any, actor: Actor, account_id: UUID) -> Group:
    query = filters.Query(window=Window(page_size=20, count="none"), expand=("segment",))
    page = records.page_of(session, actor, "segment_member", query, "account", account_id)
    lines = [Line(one["segment"]["label"], "", None) for one in page["items"] if one.get("segment")]
    return Group("Segments", "tag", lines, kind="segment")


def _line(name: str, one: dict[str, Any]) -> Line:
    if name == "order":
        return Line(one["number"], f"{one['order_date']:%d %b %Y} · {one['status'].replace('_', ' ')}", None,
                    one["total"], one["currency"])  # fmt: skip
    if name == "opportunity":
        return Line(one["name"], "", address_of(name, one["id"]), one["estimated_value"], one["currency"],
                    one["stage_name"])  # fmt: skip
    told = {
        "contact": (one.get("job_title"), one.get("phone") or one.get("email")),
        "account": (one.get("industry"), one.get("billing_city")),
        "lead": (one.get("number"), one.get("status")),
    }[name]
    return Line(label_of(name, one), " · ".join(part for part in told if part), address_of(name, one["id"]))


def to_do(session: Any, actor: Actor, kind: Kind, record_id: UUID) -> list[dict[str, Any]]:
    """What is open for a record, the earliest due first."""
    conditions: list[Tree] = [Comparison(field=f"{kind.name}_id", value=str(record_id)), OPEN]
    query = filters.Query(
        tree=All(all=conditions), sort=("due_at",), window=Window(page_size=SHOWN, count="none")
    )
    return list(records.page(session, actor, "activity", query)["items"])


def stages(session: Any, actor: Actor, item: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages of a record's pipeline, in order, each with how it stands to the record's own."""
    pipeline = records.one(session, actor, "pipeline", item["pipeline_id"])
    now = next((s["position"] for s in pipeline["stages"] if s["id"] == item["stage_id"]), 0)
    return [
        dict(stage) | {"is_past": stage["position"] < now, "is_now": stage["id"] == item["stage_id"]}
        for stage in pipeline["stages"]
    ]
