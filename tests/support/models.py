"""Every table of the service, whatever the test at hand imports."""

import importlib
import pkgutil
from functools import cache

import sqlalchemy as sa

import crm_api
from crm_api.core.database import Base


@cache
def all_tables() -> sa.MetaData:
    """The metadata with the models of every domain loaded."""
    for package in pkgutil.iter_modules(crm_api.__path__):
        if package.ispkg and importlib.util.find_spec(f"crm_api.{package.name}.models"):
            importlib.import_module(f"crm_api.{package.name}.models")
    return Base.metadata
