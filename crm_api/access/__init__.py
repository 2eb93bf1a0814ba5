"""Who sees and may change what, decided once."""

from crm_api.access.service import (
    SYSTEM,
    Actor,
    actor_of,
    declare,
    on_seen,
    open_kinds,
    require_create,
    require_reassign,
    require_role,
    require_write,
    system,
    visible,
    visible_event,
)

__all__ = [
    "SYSTEM",
    "Actor",
    "actor_of",
    "declare",
    "on_seen",
    "open_kinds",
    "require_create",
    "require_reassign",
    "require_role",
    "require_write",
    "system",
    "visible",
    "visible_event",
]
