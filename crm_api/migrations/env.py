"""What Alembic runs. The connection comes from `runner.py`; `alembic revision` on the command line makes one."""

import importlib
import pkgutil
from typing import Any

import sqlalchemy as sa
from alembic import context

import crm_api
from crm_api.core import dialect
from crm_api.core.columns import GUID, ExactDecimal, UTCDateTime
from crm_api.core.database import Base

for package in pkgutil.iter_modules(crm_api.__path__):
    if package.ispkg and importlib.util.find_spec(f"crm_api.{package.name}.models"):
        importlib.import_module(f"crm_api.{package.name}.models")


def _written(kind: str, item: Any, autogen: Any) -> Any:
    """Our own types by their names, so that a revision says the same on both engines."""
    if kind != "type":
        return False
    for name, ours in (("Json", dialect.Json), ("SortText", dialect.SortText)):
        if item is ours or (isinstance(item, type(ours)) and item._variant_mapping == ours._variant_mapping):
            return f"dialect.{name}" if item._variant_mapping else False
    if isinstance(item, GUID | UTCDateTime | ExactDecimal):
        return f"columns.{type(item).__name__}()"
    return False


def _run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_object=dialect.comparable(connection, Base.metadata),
        compare_type=True,
        render_item=_written,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    _run(given)
else:
    url = context.get_x_argument(as_dictionary=True).get("url", "sqlite:///data/revision.db")
    with sa.create_engine(url).connect() as opened:
        _run(opened)
