"""/api/v1/crm/accounts"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.accounts import hierarchy, service
from crm_api.accounts.catalogue import CATALOGUE
from crm_api.accounts.schemas import AccountIn, AccountMade, AccountOut, AccountPatch, Hierarchy
from crm_api.conditions import records
from crm_api.conditions.dependencies import SearchBody, listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.writes import erasing
from crm_api.writes.bulk import Verbs
from crm_api.writes.dependencies import Write
from crm_api.writes.duplicates import OnDuplicate
from crm_api.writes.erasing import Hard
from crm_api.writes.resources import add_bulk

router = Router(prefix="/api/v1/crm/accounts", tags=["accounts"])


@router.get(
    "", response_model=Page[AccountOut], openapi_extra=listed(CATALOGUE), responses=documented(400, 422)
)
async def list_accounts(db: Db, actor: CurrentActor, query: Annotated[Query, listing("account")]) -> Response:
    """Accounts that match, a page at a time."""
    return json_answer(await db.read(records.page, actor, "account", query))


@router.post("/search", response_model=Page[AccountOut], responses=documented(400, 422))
async def search_accounts(body: SearchBody, db: Db, actor: CurrentActor) -> Response:
    """Accounts for which a condition tree holds."""
    return json_answer(await db.read(records.page, actor, "account", body.query()))


@router.post("", status_code=201, response_model=AccountMade, responses=documented(403, 409, 422))
async def create_account(body: AccountIn, write: Write, on_duplicate: OnDuplicate = "report") -> Response:
    """Make an account; the answer tells which records it probably is already."""
    made = {"data": body, "on_duplicate": on_duplicate, "wanted": write.wanted}
    return await write.answer(service.make, status=201, **made)


@router.get(
    "/{account_id}",
    response_model=AccountOut,
    openapi_extra=shown(CATALOGUE),
    responses=documented(400, 404, 422),
)
async def read_account(
    account_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("account")]
) -> Response:
    """One account."""
    return record_answer(await db.read(records.one, actor, "account", account_id, wanted))


@router.get("/{account_id}/hierarchy", response_model=Hierarchy, responses=documented(404, 422))
async def read_hierarchy(account_id: UUID, db: Db, actor: CurrentActor) -> Response:
    """The group an account belongs to, as far as you see it: each account with its own figures and the group's."""
    return json_answer(await db.read(hierarchy.read, actor, account_id=account_id))


@router.put("/{account_id}", response_model=AccountOut, responses=documented(400, 403, 404, 409, 412, 422))
@router.patch("/{account_id}", response_model=AccountOut, responses=documented(400, 403, 404, 409, 412, 422))
async def update_account(account_id: UUID, body: AccountPatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent."""
    return await write.record(service.update, account_id=account_id, data=body, if_match=if_match)


@router.delete("/{account_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422))
async def delete_account(account_id: UUID, write: Write, if_match: IfMatch, hard: Hard = False) -> Response:
    """Delete softly: it can be restored. What is deleted `hard` never comes back.

    An account with contacts, deals, orders or accounts below it is not deleted hard (409): move or delete these first.
    """
    if hard:
        return await write.nothing(erasing.erase, kind="account", record_id=account_id, if_match=if_match)
    return await write.nothing(service.archive, account_id=account_id, if_match=if_match)


@router.post("/{account_id}/restore", response_model=AccountOut, responses=documented(403, 404, 409, 422))
async def restore_account(account_id: UUID, write: Write) -> Response:
    """Take a deletion back."""
    return await write.record(service.restore, account_id=account_id)


add_bulk(
    router,
    Verbs("account", AccountIn, AccountPatch, service.create, service.update, service.archive, number="ACC"),
    AccountOut,
)
