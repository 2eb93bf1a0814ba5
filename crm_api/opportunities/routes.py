"""/api/v1/crm/opportunities"""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.core.schemas import LINE
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.opportunities import approvals, board, history, quotes, service
from crm_api.opportunities.catalogue import CATALOGUE
from crm_api.opportunities.schemas import (
    ApprovalNote,
    Close,
    Kanban,
    MarkLost,
    MarkWon,
    MoveStage,
    OpportunityIn,
    OpportunityOut,
    OpportunityPatch,
    QuoteIn,
    QuoteOut,
    Quotes,
    QuoteSent,
    StageHistory,
)
from crm_api.pipelines.board import Asked, asking, described
from crm_api.writes import erasing
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.erasing import Hard
from crm_api.writes.resources import add_bulk

router = Router(prefix="/api/v1/crm/opportunities", tags=["opportunities"])
of_account_router = Router(prefix="/api/v1/crm/accounts/{account_id}", tags=["opportunities"])


@router.get(
    "", response_model=Page[OpportunityOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_opportunities(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("opportunity")]
) -> Response:
    """Opportunities that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "opportunity", query))


@router.post("/search", response_model=Page[OpportunityOut], responses=documented(400, 422))
async def search_opportunities(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Opportunities for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "opportunity", body.query()))


@router.post("", status_code=201, response_model=OpportunityOut, responses=documented(403, 409, 422))
async def create_opportunity(body: OpportunityIn, write: Write) -> Response:
    """Make an opportunity."""
    return await write.record(service.create, data=body, status=201)


@router.get(
    "/kanban",
    response_model=Kanban,
    openapi_extra=described(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def opportunity_kanban(
    db: Db, actor: CurrentActor, asked: Annotated[Asked, asking("opportunity")]
) -> Response:
    """A pipeline by stage: how many deals, what they are worth, and the first cards of each column."""
    return json_answer(await db.read(board.read, actor, asked))


@router.get(
    "/number/{number}",
    response_model=OpportunityOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_opportunity_by_number(
    number: Annotated[str, Path(max_length=LINE)],
    db: Db,
    actor: CurrentActor,
    wanted: Annotated[Wanted, showing("opportunity")],
) -> Response:
    """The opportunity of a number such as OPP-20261121-0001."""
    return record_answer(await db.read(records.by, actor, "opportunity", "number", number, wanted))


@router.get(
    "/{opportunity_id}",
    response_model=OpportunityOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_opportunity(
    opportunity_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("opportunity")]
) -> Response:
    """One opportunity."""
    return record_answer(await db.read(records.one, actor, "opportunity", opportunity_id, wanted))


@router.put(
    "/{opportunity_id}", response_model=OpportunityOut, responses=documented(400, 403, 404, 409, 412, 422)
)
@router.patch(
    "/{opportunity_id}", response_model=OpportunityOut, responses=documented(400, 403, 404, 409, 412, 422)
)
async def update_opportunity(
    opportunity_id: UUID, body: OpportunityPatch, write: Write, if_match: IfMatch
) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update, opportunity_id=opportunity_id, data=body, if_match=if_match)


@router.delete("/{opportunity_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_opportunity(
    opportunity_id: UUID, write: Write, if_match: IfMatch, hard: Hard = False
) -> Response:
    """Delete softly: it can be restored. What is deleted `hard` never comes back."""
    if hard:
        return await write.nothing(
            erasing.erase, kind="opportunity", record_id=opportunity_id, if_match=if_match
        )
    return await write.nothing(service.archive, opportunity_id=opportunity_id, if_match=if_match)


@router.post(
    "/{opportunity_id}/restore", response_model=OpportunityOut, responses=documented(403, 404, 409, 422)
)
async def restore_opportunity(opportunity_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, opportunity_id=opportunity_id)


@router.post(
    "/{opportunity_id}/close",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def close_opportunity(opportunity_id: UUID, body: Close, write: Write, if_match: IfMatch) -> Response:
    """Win or lose a deal; a loss needs its reason."""
    return await write.record(service.close, opportunity_id=opportunity_id, data=body, if_match=if_match)


@router.post(
    "/{opportunity_id}/mark-won",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def mark_opportunity_won(
    opportunity_id: UUID, write: Write, if_match: IfMatch, body: MarkWon | None = None
) -> Response:
    """Win a deal."""
    return await write.record(
        service.mark_won, opportunity_id=opportunity_id, data=body or MarkWon(), if_match=if_match
    )


@router.post(
    "/{opportunity_id}/mark-lost",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def mark_opportunity_lost(
    opportunity_id: UUID, body: MarkLost, write: Write, if_match: IfMatch
) -> Response:
    """Lose a deal, for a reason."""
    return await write.record(service.mark_lost, opportunity_id=opportunity_id, data=body, if_match=if_match)


@router.post(
    "/{opportunity_id}/move-stage",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def move_opportunity(
    opportunity_id: UUID, body: MoveStage, write: Write, if_match: IfMatch
) -> Response:
    """Put a deal into another stage; a won or lost one closes it."""
    return await write.record(service.move, opportunity_id=opportunity_id, data=body, if_match=if_match)


@router.get("/{opportunity_id}/stage-history", response_model=StageHistory, responses=documented(404, 422))
async def opportunity_stage_history(opportunity_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """The stages a deal has been in, oldest first, with the time in each."""
    return json_answer(await db.read(history.of, actor, "opportunity", opportunity_id))


@router.post(
    "/{opportunity_id}/request-approval",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def request_approval(
    opportunity_id: UUID, write: Write, if_match: IfMatch, body: ApprovalNote | None = None
) -> Response:
    """Ask for approval of the deal at its present value."""
    asked = body or ApprovalNote()
    return await write.record(approvals.request, opportunity_id=opportunity_id, data=asked, if_match=if_match)


@router.post(
    "/{opportunity_id}/approve",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def approve_opportunity(
    opportunity_id: UUID, write: Write, if_match: IfMatch, body: ApprovalNote | None = None
) -> Response:
    """Approve what was asked for; for managers and administrators."""
    said = body or ApprovalNote()
    return await write.record(approvals.approve, opportunity_id=opportunity_id, data=said, if_match=if_match)


@router.post(
    "/{opportunity_id}/reject",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def reject_opportunity(
    opportunity_id: UUID, body: ApprovalNote, write: Write, if_match: IfMatch
) -> Response:
    """Refuse what was asked for, and say why; for managers and administrators."""
    return await write.record(approvals.reject, opportunity_id=opportunity_id, data=body, if_match=if_match)


@router.get("/{opportunity_id}/quotes", response_model=Quotes, responses=documented(404, 422))
async def list_quotes(opportunity_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """The quotes of a deal, newest first."""
    return json_answer(await db.read(quotes.read, actor, opportunity_id))


@router.post(
    "/{opportunity_id}/quotes",
    status_code=201,
    response_model=QuoteOut,
    responses=documented(400, 403, 404, 409, 422),
)
async def add_quote(opportunity_id: UUID, body: QuoteIn, write: Write) -> Response:
    """Mark a mail or a file as a quote for the deal."""
    return await write.answer(quotes.create, opportunity_id=opportunity_id, data=body, status=201)


@router.post(
    "/{opportunity_id}/quotes/{quote_id}/sent",
    response_model=QuoteOut,
    responses=documented(400, 403, 404, 409, 422),
)
async def quote_sent(
    opportunity_id: UUID, quote_id: UUID, write: Write, body: QuoteSent | None = None
) -> Response:
    """Say that a quote went out."""
    said = body or QuoteSent()
    return await write.answer(quotes.mark_sent, opportunity_id=opportunity_id, quote_id=quote_id, data=said)


@router.post(
    "/{opportunity_id}/reopen",
    response_model=OpportunityOut,
    responses=documented(400, 403, 404, 409, 412, 422),
)
async def reopen_opportunity(opportunity_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Bring a closed deal back to the stage it was in."""
    return await write.record(service.reopen, opportunity_id=opportunity_id, if_match=if_match)


add_bulk(
    router,
    Verbs(
        "opportunity",
        OpportunityIn,
        OpportunityPatch,
        service.create,
        service.update,
        service.archive,
        number="OPP",
    ),
    OpportunityOut,
)


@of_account_router.get(
    "/opportunities",
    response_model=Page[OpportunityOut],
    openapi_extra=listed(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def list_opportunities_of_account(
    account_id: UUID, db: Db, actor: CurrentActor, query: Annotated[Query, listing("opportunity")]
) -> Response:
    """The opportunities of one account; takes what the list of opportunities takes."""
    return json_answer(await db.read(records.page_of, actor, "opportunity", query, "account", account_id))
