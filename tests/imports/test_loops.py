"""A file cannot put an account below itself, by what is in it or by what is there already."""

import pytest
import sqlalchemy as sa

from crm_api.accounts.models import Account
from crm_api.core.database import Database
from crm_api.core.errors import Invalid
from tests.imports.conftest import ACCOUNTS, ACCOUNTS_HEADER, Import


async def test_a_row_that_closes_a_loop_with_what_is_there_is_refused(db: Database, bring: Import) -> None:
    await bring((ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,,,\nb,Baker,customer,,,a\n"))

    with pytest.raises(Invalid, match="cannot be below itself"):
        await bring((ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,,,b\n"))

    parents = sa.select(sa.func.count()).where(Account.parent_id.is_not(None))
    assert await db.read(lambda session: session.scalar(parents)) == 1


async def test_a_file_may_turn_a_group_round(db: Database, bring: Import) -> None:
    await bring((ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,,,\nb,Baker,customer,,,a\n"))

    await bring((ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,,,b\nb,Baker,customer,,,\n"))

    below = sa.select(Account.external_id).where(Account.parent_id.is_not(None))
    assert await db.read(lambda session: list(session.scalars(below))) == ["a"]
