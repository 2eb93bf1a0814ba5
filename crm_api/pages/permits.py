"""What somebody may do with a record that they look at: where the service would refuse, no button is shown."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from crm_api.access import Actor, require_write
from crm_api.core.errors import NotAllowed


def may_change(session: Any, actor: Actor, kind: str, item: Mapping[str, Any]) -> bool:
    """Whether the service would take a change of this record, given as its answer, from this person."""
    if item.get("archived_at") is not None:
        return False
    if kind == "lead" and item.get("status") == "converted":
        return False
    told = {"__kind__": kind, "owner_id": item.get("owner_id"), "account_id": item.get("account_id")}
    try:
        require_write(session, actor, SimpleNamespace(**told))
    except NotAllowed:
        return False
    return True
