"""What goes wrong around the service rather than in it, in one sentence for whoever typed the command."""

import sqlite3

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from crm_api.core.errors import Problem


def sentence(error: BaseException) -> str | None:
    """The sentence, or None for an error that is ours: that one is to be seen whole."""
    match error:
        case Problem():
            return f"{error.title}: {error.detail}"
        case ValidationError():
            return "; ".join(
                f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
            )
        case DBAPIError():
            return f"The database cannot be used: {str(error.orig).strip()}. DATABASE_URL and DATA_DIR say which it is."
        case sqlite3.DatabaseError():
            return f"The database cannot be used: {error}. DATABASE_URL and DATA_DIR say which it is."
        case (
            FileNotFoundError()
            | IsADirectoryError()
            | NotADirectoryError()
            | PermissionError()
            | FileExistsError()
        ):
            return f"{error.strerror}: {error.filename}"
        case OSError():
            return f"The database or another server cannot be reached: {error.strerror or error}."
        case ValueError():
            return str(error)
        case _:
            return None
