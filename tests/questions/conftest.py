"""The Maven data, loaded once for every test that asks about it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import dialect
from tests.support import maven
from tests.support.models import all_tables


@pytest.fixture(scope="session")
def sales() -> Iterator[Session]:
    """A read-only session over the whole data set."""
    if not maven.MAVEN.is_dir():
        pytest.skip(f"no Maven data at {maven.MAVEN}; set CRM_TEST_DATA")
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    sa.event.listen(
        engine, "connect", lambda connection, _: dialect.prepare_sqlite(connection, reading=False)
    )
    all_tables().create_all(engine)
    with Session(engine) as session:
        maven.load(session)
        session.commit()
        yield session
    engine.dispose()
