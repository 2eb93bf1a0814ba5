"""Moving leads and deals through their stages: the bar on their page, the cards of a board, and what winning, losing
and converting ask first.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query, Request, Response

from crm_api.conditions import records
from crm_api.core.errors import Conflict, Invalid, NotFound, Problem
from crm_api.core.routing import Router
from crm_api.dependencies import Db, Visitor
from crm_api.leads import conversion, progress
from crm_api.leads.schemas import Convert, Qualify
from crm_api.leads.schemas import MarkLost as LeadLost
from crm_api.leads.schemas import MoveStage as LeadMove
from crm_api.opportunities import service as opportunities
from crm_api.opportunities.schemas import MarkLost, MarkWon, MoveStage
from crm_api.pages import forms, frame, once
from crm_api.pages.editing import typed_in
from crm_api.pages.errors import PageRoute
from crm_api.pages.kinds import LEADS, OPPORTUNITIES, Kind, label_of
from crm_api.pages.session import Signed, Trusted, local_path

router = Router(include_in_schema=False, route_class=PageRoute)
Line = Annotated[str, Form(max_length=50_000)]
Back = Annotated[str, Form(max_length=4000)]
REASONS = ("Price", "Bought elsewhere", "No budget", "No need any more", "Bad timing", "No answer")


def staged(key: str) -> Kind:
    """The kind with stages that a path names; raises NotFound for any other word."""
    for kind in (LEADS, OPPORTUNITIES):
        if kind.key == key:
            return kind
    raise NotFound("There is no page at this address.")


async def _item(db: Db, visitor: Visitor, kind: Kind, record_id: UUID) -> dict[str, Any]:
    return await db.read(records.one, visitor.actor, kind.name, record_id)


def _after(request: Request, kind: Kind, record_id: UUID, back: str, done: frame.Done) -> Response:
    return frame.go_on(request, local_path(back) if back else kind.address(record_id), done)


async def move(
    db: Db, visitor: Visitor, kind: Kind, record_id: UUID, stage_id: UUID, version: int | None
) -> frame.Done:
    """Put a record into a stage. Raises Stale where somebody else was quicker, and what the services raise."""
    item = await _item(db, visitor, kind, record_id)
    stage = await db.read(records.one, visitor.actor, "stage", stage_id)
    label = f"Moved {label_of(kind.name, item)[:80]} to {stage['name']}"
    if kind is LEADS:
        return await frame.act(db, visitor, label, progress.move_stage, lead_id=record_id,
                               data=LeadMove(stage_id=stage_id), if_match=version)  # fmt: skip
    return await frame.act(db, visitor, label, opportunities.move, opportunity_id=record_id,
                           data=MoveStage(stage_id=stage_id), if_match=version)  # fmt: skip


@router.post("/crm/{key}/{record_id}/stage")
async def move_stage(
    request: Request,
    db: Db,
    visitor: Trusted,
    key: str,
    record_id: UUID,
    stage_id: Annotated[UUID, Form()],
    version: Annotated[int | None, Form()] = None,
    back: Back = "",
) -> Response:
    """Put a record into another stage."""
    kind = staged(key)
    done = await move(db, visitor, kind, record_id, stage_id, version)
    return _after(request, kind, record_id, back, done)


# ── Lost and won ─────────────────────────────────────────────────────────────────────────────────


@router.get("/crm/{key}/{record_id}/lost")
async def ask_why(
    request: Request, db: Db, visitor: Signed, key: str, record_id: UUID,
    back: Annotated[str, Query(max_length=4000)] = "",
) -> Response:  # fmt: skip
    """The form for the reason."""
    return await _lost_form(request, db, visitor, staged(key), record_id, back=back)


@router.post("/crm/{key}/{record_id}/lost")
async def mark_lost(
    request: Request, db: Db, visitor: Trusted, key: str, record_id: UUID,
    reason: Line = "", notes: Line = "", back: Back = "",
) -> Response:  # fmt: skip
    """Give a lead or deal up, for a reason."""
    kind = staged(key)
    try:
        item = await _item(db, visitor, kind, record_id)
        label = f"Lost {label_of(kind.name, item)[:80]}"
        if kind is LEADS:
            lost = frame.checked(LeadLost, lost_reason=reason.strip() or None, notes=notes.strip() or None)
            done = await frame.act(db, visitor, label, progress.mark_lost, lead_id=record_id, data=lost)
        else:
            data = frame.checked(MarkLost, loss_reason=reason.strip() or None, **_notes(notes))
            done = await frame.act(
                db, visitor, label, opportunities.mark_lost, opportunity_id=record_id, data=data
            )
    except Invalid as problem:
        return await _lost_form(
            request, db, visitor, kind, record_id, reason, notes, back=back, problem=problem
        )
    return _after(request, kind, record_id, back, done)


def _notes(text: str) -> dict[str, str]:
    return {"notes": text.strip()} if text.strip() else {}


async def _lost_form(
    request: Request, db: Db, visitor: Visitor, kind: Kind, record_id: UUID, reason: str = "", notes: str = "",
    *, back: str = "", problem: Problem | None = None,
) -> Response:  # fmt: skip
    item = await _item(db, visitor, kind, record_id)
    return await frame.sheet(
        request, db, visitor, "forms/lost.html", title=f"{label_of(kind.name, item)} is lost",
        status=problem.status if problem else 200, kind=kind, item=item, reason=reason, notes=notes, back=back,
        reasons=REASONS, problem=problem,
    )  # fmt: skip


@router.post("/crm/opportunities/{record_id}/won")
async def mark_won(request: Request, db: Db, visitor: Trusted, record_id: UUID, back: Back = "") -> Response:
    """Win a deal."""
    item = await _item(db, visitor, OPPORTUNITIES, record_id)
    done = await frame.act(db, visitor, f"Won {item['name'][:80]}", opportunities.mark_won, opportunity_id=record_id,
                           data=MarkWon())  # fmt: skip
    return _after(request, OPPORTUNITIES, record_id, back, done)


@router.post("/crm/opportunities/{record_id}/reopen")
async def reopen(request: Request, db: Db, visitor: Trusted, record_id: UUID, back: Back = "") -> Response:
    """Bring a closed deal back."""
    item = await _item(db, visitor, OPPORTUNITIES, record_id)
    done = await frame.act(
        db, visitor, f"Reopened {item['name'][:80]}", opportunities.reopen, opportunity_id=record_id
    )
    return _after(request, OPPORTUNITIES, record_id, back, done)


# ── Qualifying and converting a lead ─────────────────────────────────────────────────────────────


@router.get("/crm/leads/{record_id}/qualify")
async def ask_qualify(request: Request, db: Db, visitor: Signed, record_id: UUID) -> Response:
    """The form for what came of looking closer."""
    return await _qualify_form(request, db, visitor, record_id)


@router.post("/crm/leads/{record_id}/qualify")
async def qualify(request: Request, db: Db, visitor: Trusted, record_id: UUID) -> Response:
    """Note what came of looking closer."""
    typed = await typed_in(request)
    given = {name: text for name, text in typed.items() if name in Qualify.model_fields and text.strip()}
    try:
        data = frame.checked(Qualify, **given | {"is_qualified": True})
        item = await _item(db, visitor, LEADS, record_id)
        done = await frame.act(db, visitor, f"Qualified {item['title'][:80]}", progress.qualify, lead_id=record_id,
                               data=data)  # fmt: skip
    except Invalid as problem:
        return await _qualify_form(request, db, visitor, record_id, typed=typed, problem=problem)
    return _after(request, LEADS, record_id, "", done)


async def _qualify_form(
    request: Request, db: Db, visitor: Visitor, record_id: UUID, *,
    typed: dict[str, str] | None = None, problem: Problem | None = None,
) -> Response:  # fmt: skip
    item = await _item(db, visitor, LEADS, record_id)
    names = ("score", "budget", "authority", "need", "timeline")
    made = await db.read(forms.inputs, visitor.actor, LEADS, names, item=item, typed=typed, problem=problem)
    return await frame.sheet(
        request, db, visitor, "forms/qualify.html", title=f"Qualify {item['title']}",
        status=problem.status if problem else 200, item=item, inputs=made, problem=problem,
    )  # fmt: skip


@router.get("/crm/leads/{record_id}/convert")
async def ask_convert(request: Request, db: Db, visitor: Signed, record_id: UUID) -> Response:
    """The dialogue: which account, whether a deal begins."""
    item = await _item(db, visitor, LEADS, record_id)
    name = item["company_name"] or item["contact_name"] or item["title"]
    typed = {"account": "new", "account_name": name, "create_contact": "true", "create_opportunity": "true",
             "opportunity_name": item["title"]}  # fmt: skip
    return await _convert_form(request, db, visitor, item, typed)


@router.post("/crm/leads/{record_id}/convert")
async def convert(request: Request, db: Db, visitor: Trusted, record_id: UUID, back: Back = "") -> Response:
    """Make of the lead what it became."""
    typed, item = await typed_in(request), await _item(db, visitor, LEADS, record_id)

    async def work() -> str:
        data = await db.read(_conversion, visitor, typed)
        done = await frame.act(db, visitor, f"Converted {item['title'][:80]}", conversion.by_id, lead_id=record_id,
                               data=data)  # fmt: skip
        deal = done.result.converted_opportunity_id
        there = OPPORTUNITIES.address(deal) if deal else f"/crm/accounts/{done.result.converted_account_id}"
        return frame.after(local_path(back) if back else there, done)

    try:
        return await once.go_on_once(request, db, visitor, work)
    except (Invalid, Conflict) as problem:
        return await _convert_form(request, db, visitor, item, typed, problem)


def _conversion(session: Any, visitor: Visitor, typed: dict[str, str]) -> Convert:
    chosen = typed.get("account", "new")
    values: dict[str, Any] = {
        "create_contact": "create_contact" in typed, "create_opportunity": "create_opportunity" in typed,
        "allow_duplicate": "allow_duplicate" in typed,
    }  # fmt: skip
    if chosen == "new":
        values["account_name"] = typed.get("account_name", "").strip() or None
    elif chosen == "pick":
        try:
            values["account_id"] = forms.picked(
                session, visitor.actor, "account", typed.get("account_pick", "")
            )
        except ValueError as error:
            raise Invalid.field("account_pick", str(error)) from error
    else:
        values["account_id"] = chosen
    if "create_opportunity" in typed:
        values["opportunity_name"] = typed.get("opportunity_name", "").strip() or None
        if closes := typed.get("expected_close_date", "").strip():
            values["expected_close_date"] = closes
    return frame.checked(Convert, **values)


async def _convert_form(
    request: Request, db: Db, visitor: Visitor, item: dict[str, Any], typed: dict[str, str],
    problem: Problem | None = None,
) -> Response:  # fmt: skip
    return await frame.sheet(
        request, db, visitor, "forms/convert.html", title=f"Convert {item['title']}",
        status=problem.status if problem else 200, item=item, typed=typed, problem=problem,
        candidates=problem.extra.get("candidates", []) if problem else [],
    )  # fmt: skip
