"""No account is below itself and nobody reports to themselves, whoever else is at work."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts import bulk
from crm_api.accounts import service as accounts
from crm_api.accounts.models import Account
from crm_api.accounts.schemas import AccountPatch
from crm_api.contacts import service as contacts
from crm_api.contacts.models import Contact
from crm_api.contacts.schemas import ContactPatch
from crm_api.core.database import Database
from crm_api.core.errors import Invalid
from tests.factories import make_account, make_actor, make_contact


def _put_below(session: Session, actor: Any, kind: str, one: UUID, other: UUID) -> None:
    if kind == "account":
        accounts.update(session, actor, account_id=one, data=AccountPatch(parent_id=other), if_match=None)
    else:
        contacts.update(session, actor, contact_id=one, data=ContactPatch(reports_to_id=other), if_match=None)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize(("kind", "make", "above"), [
    ("account", make_account, Account.parent_id), ("contact", make_contact, Contact.reports_to_id),
])  # fmt: skip
async def test_changes_at_the_same_time_make_no_loop_together(
    db: Database, kind: str, make: Any, above: Any, size: int
) -> None:
    def prepared(session: Session) -> tuple[Any, list[UUID]]:
        return make_actor(session), [make(session).id for _ in range(size)]

    actor, ids = await db.write(prepared)
    ring = zip(ids, [*ids[1:], ids[0]], strict=True)
    done = await asyncio.gather(
        *(db.write(_put_below, actor, kind, one, other) for one, other in ring), return_exceptions=True
    )

    refused = [each for each in done if each is not None]
    assert [type(each) for each in refused] == [Invalid]
    model = above.class_
    linked = sa.select(sa.func.count()).select_from(model).where(above.is_not(None))
    assert await db.read(lambda session: session.scalar(linked)) == size - 1


async def test_rows_of_a_file_make_no_loop_together(db: Database) -> None:
    one, other = await db.write(lambda session: [make_account(session).id for _ in range(2)])
    rows = [{"id": one, "parent_id": other}, {"id": other, "parent_id": one}]

    with pytest.raises(Invalid, match="below itself"):
        await db.write(bulk.update, rows)

    assert await db.write(bulk.update, rows[:1]) == 1
    assert await db.write(bulk.update, rows[:1]) == 0
