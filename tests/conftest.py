"""Fixtures for every test: a fresh database."""

import pytest

from crm_api.core.database import Database


@pytest.fixture
async def db(tmp_path):
    import crm_api.access.models
    import crm_api.accounts.models
    import crm_api.activities.models
    import crm_api.audit.models
    import crm_api.contacts.models
    import crm_api.followups.models
    import crm_api.leads.models
    import crm_api.mailboxes.models
    import crm_api.opportunities.models
    import crm_api.outbox.models
    import crm_api.products.models
    import crm_api.tags.models  # noqa: F401

    database = Database.open(f"sqlite:///{tmp_path}/test.db")
    await database.create_all()
    yield database
    await database.close()
