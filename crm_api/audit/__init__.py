"""Who changed what: change sets with before and after of each field."""

from crm_api.audit.service import (
    bulk_insert,
    bulk_update,
    change_set,
    continue_change_set,
    follow,
    install,
    on_bulk_insert,
)

__all__ = [
    "bulk_insert",
    "bulk_update",
    "change_set",
    "continue_change_set",
    "follow",
    "install",
    "on_bulk_insert",
]
