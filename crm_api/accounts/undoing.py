"""Accounts on their way back to what they were before a change set."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from crm_api import events
from crm_api.access import Actor
from crm_api.accounts.service import event, require_no_loop
from crm_api.audit.undoing import Back, Refusals
from crm_api.core.errors import Invalid
from crm_api.organisation import rates


def examine(session: Session, actor: Actor, backs: Sequence[Back]) -> Refusals:
    """The account that it was below may be below it by now; its revenue counts at the rate of today."""
    for back in backs:
        rates.follow_values(
            session, back.record, back.values, amount="annual_revenue", into="annual_revenue_base"
        )
        if back.values.get("parent_id") is not None:
            try:
                require_no_loop(session, back.record.id, back.values["parent_id"])
            except Invalid:
                yield back, "the account it was below is below it by now"


def settle(session: Session, actor: Actor, backs: Sequence[Back]) -> None:
    """Tell what happened, as the verbs of an account do."""
    events.record_many(
        session,
        [
            event(f"account.{back.move}d", back.record)
            if back.move
            else event("account.updated", back.record, fields=back.told)
            for back in backs
        ],
    )
