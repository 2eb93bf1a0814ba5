"""The boards of leads and deals: a pipeline in columns, each with its count and sum, and cards to drag."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from fastapi import Form, Query, Request, Response

from crm_api.access import Actor
from crm_api.conditions import filters, records
from crm_api.conditions.tree import All, Comparison
from crm_api.core import clock
from crm_api.core.listing import Window
from crm_api.core.routing import Router
from crm_api.custom_fields.fields import registry
from crm_api.dependencies import Db, Visitor
from crm_api.leads import board as leads
from crm_api.opportunities import board as opportunities
from crm_api.pages import frame, lists, permits
from crm_api.pages.addresses import Address
from crm_api.pages.errors import PageRoute
from crm_api.pages.kinds import LEADS, OPPORTUNITIES, Kind, label_of
from crm_api.pages.session import Signed, Trusted
from crm_api.pages.stage_pages import move, staged
from crm_api.pages.templating import is_fragment, render
from crm_api.pipelines.board import Asked

router = Router(include_in_schema=False, route_class=PageRoute)
CARDS, MORE, MOST = 20, 40, 200
COLD_AFTER = 14  # days without a word from which a lead counts as forgotten
_OF_BOARDS = ("pipeline_id", "sort", "view", "cards")


@dataclass(frozen=True, slots=True)
class Card:
    """One card. `next` is the step ahead, `late` whether its day has passed, `rotting` too long in its stage."""

    item: dict[str, Any]
    label: str
    about: str
    owner: str | None
    days: int
    rotting: bool
    may_move: bool
    next: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One stage. `opens` is the dialogue that entering it needs: lost, convert."""

    stage: dict[str, Any]
    count: int
    value: float
    weighted: float
    cards: list[Card]
    more: str | None
    opens: str | None


@dataclass(frozen=True, slots=True)
class Board:
    """A pipeline as its page shows it."""

    kind: Kind
    address: Address
    pipeline_id: UUID
    name: str
    currency: str
    count: int
    columns: list[Column]
    pipelines: list[dict[str, Any]]
    chips: list[lists.Chip]
    tabs: list[lists.Tab]


async def show(request: Request, db: Db, visitor: Visitor, kind: Kind, address: Address) -> Response:
    """The board of a kind, or the board alone for the script that moved a card."""
    board = await db.read(read, visitor.actor, kind, address)
    if is_fragment(request):
        return render(request, "partials/board.html", visitor=visitor, board=board, kind=kind)
    sums = await db.read(forecast, visitor.actor, address) if kind is OPPORTUNITIES else None
    return await frame.page(request, db, visitor, "board.html", board=board, kind=kind, forecast=sums)


def read(session: Any, actor: Actor, kind: Kind, address: Address) -> Board:
    """The board that an address asks for; raises NotFound for a pipeline that is not there."""
    asked = _asked(session, kind, address)
    told = (leads if kind is LEADS else opportunities).read(session, actor, asked)
    shell = lists.around(session, actor, kind, address)
    return Board(
        kind, address, told["pipeline_id"], told["pipeline_name"], told["currency"], told["count"],
        [_column(session, actor, kind, address, column) for column in told["columns"]],
        pipelines(session, actor, kind), *shell,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the open deals of a pipeline come to, and what of it is to be expected at their probabilities."""

    name: str
    currency: str
    open: float
    weighted: float
    won: float


def forecast(session: Any, actor: Actor, address: Address) -> Forecast:
    """The sums of the deals that an address filters, without their cards."""
    told = opportunities.read(session, actor, replace(_asked(session, OPPORTUNITIES, address), cards=0))
    sums = [(column["stage"], column["value"], column["weighted_value"]) for column in told["columns"]]
    running = [
        (value, weighted) for stage, value, weighted in sums if not (stage["is_won"] or stage["is_lost"])
    ]
    won = sum(value for stage, value, _ in sums if stage["is_won"])
    return Forecast(told["pipeline_name"], told["currency"], sum(value for value, _ in running),
                    sum(weighted for _, weighted in running), won)  # fmt: skip


def _asked(session: Any, kind: Kind, address: Address) -> Asked:
    expanded = ("owner",) if kind is LEADS else ("account", "owner")
    pairs = [pair for pair in address.asked if pair[0] not in (*_OF_BOARDS, "page", "cursor")]
    query = replace(filters.from_parameters(registry(session)[kind.name], pairs), expand=expanded)
    many = address.get("cards")
    return Asked(
        query, _id(address.get("pipeline_id")), None, min(int(many), MOST) if many.isdecimal() else CARDS
    )


def pipelines(session: Any, actor: Actor, kind: Kind) -> list[dict[str, Any]]:
    """The pipelines that a kind of record may stand in."""
    tree = All(all=[Comparison(field="applies_to", value=kind.name)])
    query = filters.Query(tree=tree, window=Window(page_size=50, count="none"))
    return list(records.page(session, actor, "pipeline", query)["items"])


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _column(session: Any, actor: Actor, kind: Kind, address: Address, told: dict[str, Any]) -> Column:
    stage = told["stage"]
    cards = [_card(session, actor, kind, item, stage) for item in told["cards"]]
    more = str(address.with_("cards", str(min(len(cards) + MORE, MOST)))) if told["next_cursor"] else None
    opens = "lost" if stage["is_lost"] else "convert" if stage["is_won"] and kind is LEADS else None
    return Column(stage, told["count"], told["value"], told["weighted_value"], cards, more, opens)


def _card(session: Any, actor: Actor, kind: Kind, item: dict[str, Any], stage: dict[str, Any]) -> Card:
    closed = stage["is_won"] or stage["is_lost"]
    owner = (item.get("owner") or {}).get("label")
    may = permits.may_change(session, actor, kind.name, item) and not (closed and kind is not LEADS)
    if kind is LEADS:
        quiet = item["days_since_last_contact"]
        age = item["days_since_created"] if quiet is None else quiet
        return Card(
            item, label_of("lead", item), item["contact_name"] or item["city"] or item["number"], owner, age,
            not closed and age >= COLD_AFTER, may, _follow_up(item, closed),
            not closed and item["next_follow_up_date"] is not None and item["next_follow_up_date"] < clock.now(),
        )  # fmt: skip
    account: str = (item.get("account") or {}).get("label") or ""
    late = item["next_step_date"] is not None and item["next_step_date"] < clock.now()
    # Many deals are called "Account: what it is about": the card says each once.
    apart = account != "" and item["name"].startswith(f"{account}: ")
    label, about = (account, item["name"].removeprefix(f"{account}: ")) if apart else (item["name"], account)
    return Card(
        item, label, about or item["number"], owner, item["days_in_stage"], item["is_rotting"], may,
        "" if closed else item["next_step"] or "", late and not closed,
    )  # fmt: skip


def _follow_up(item: dict[str, Any], closed: bool) -> str:
    at = item["next_follow_up_date"]
    if closed or at is None:
        return ""
    return (
        "Follow-up due"
        if at < clock.now() + timedelta(days=1)
        else f"Follow up {at:%d %b}".replace(" 0", " ")
    )


@router.post("/crm/{key}/{record_id}/move")
async def move_card(
    request: Request,
    db: Db,
    visitor: Trusted,
    key: str,
    record_id: UUID,
    stage_id: Annotated[UUID, Form()],
    version: Annotated[int | None, Form()] = None,
    back: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Move a card, and answer with the board as it now is."""
    kind = staged(key)
    done = await move(db, visitor, kind, record_id, stage_id, version)
    address = Address.of(kind.path, back_pairs(back))
    if not is_fragment(request):
        return frame.go_on(request, str(address), done)
    board = await db.read(read, visitor.actor, kind, address)
    return frame.with_toast(
        render(request, "partials/board.html", visitor=visitor, board=board, kind=kind), done.toast
    )


@router.get("/crm/{key}/{record_id}/move")
async def ask_where(
    request: Request, db: Db, visitor: Signed, key: str, record_id: UUID,
    back: Annotated[str, Query(max_length=4000)] = "",
) -> Response:  # fmt: skip
    """The stages a card can be moved to, as buttons: for thumbs, and without script."""
    kind = staged(key)
    item = await db.read(records.one, visitor.actor, kind.name, record_id)
    pipeline = await db.read(records.one, visitor.actor, "pipeline", item["pipeline_id"])
    return await frame.sheet(
        request, db, visitor, "forms/move.html", title=f"Move {label_of(kind.name, item)}", kind=kind, item=item,
        stages=pipeline["stages"], back=back, is_lead=kind is LEADS,
    )  # fmt: skip


def back_pairs(back: str) -> list[tuple[str, str]]:
    """The parameters of the board that a card was moved on."""
    return [*parse_qsl(urlsplit(back).query), *([] if "as=board" in back else [("as", "board")])]
