"""What somebody owns, kind by kind: which of it is live, where it lies, and how a change of owner is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.accounts import service as accounts
from crm_api.accounts.models import Account
from crm_api.activities import service as activities
from crm_api.activities.models import Activity
from crm_api.contacts import service as contacts
from crm_api.contacts.models import Contact
from crm_api.events import Event
from crm_api.leads import moves as leads
from crm_api.leads.models import Lead
from crm_api.opportunities import bulk as opportunities
from crm_api.opportunities import moves
from crm_api.opportunities.models import Opportunity
from crm_api.organisation.models import Territory
from crm_api.pipelines.models import CLOSED_KINDS
from crm_api.views.models import View


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of record with an `owner_id`.

    `live` is what waits for somebody to act, `closed` what is over and counts for whoever closed it. `moved`
    brings along what follows from the owner besides the team. What does not `wait` may stay with somebody who
    has left; kinds without an `event` change hands untold.
    """

    kind: str
    model: Any
    live: Any
    territory: Any
    event: Callable[..., Event] | None
    closed: Any = None
    has_team: bool = True
    waits: bool = True
    moved: Callable[[Session, Sequence[Any], UUID], None] | None = None

    def which(self, *, closed: bool) -> Any:
        """The rows that are handed over."""
        return sa.or_(self.live, self.closed) if closed and self.closed is not None else self.live

    def tell(self, session: Session, record: Any, before: UUID) -> Event | None:
        """The event of a new owner. It is quiet: nothing is to be sent because of it."""
        if self.event is None:
            return None
        where = (session,) if self.kind == "contact" else ()
        return self.event(*where, f"{self.kind}.assigned", record, before=before, quiet=True)


def _of_account(column: Any) -> Any:
    return sa.select(Account.territory_id).where(Account.id == column).scalar_subquery()


def _pass_on_access(session: Session, deals: Sequence[Opportunity], before: UUID) -> None:
    opportunities.pass_on_access(session, deals, before=before)


_LEADS_OVER = Lead.status.in_(("converted", "lost"))
_DEALS_OVER = Opportunity.stage_kind.in_(CLOSED_KINDS)

# Accounts first: what follows an account is then seen by those who get it.
HOLDINGS = (
    Holding("account", Account, Account.archived_at.is_(None), Account.territory_id, accounts.event),
    Holding(
        "contact",
        Contact,
        Contact.archived_at.is_(None),
        _of_account(Contact.account_id),
        contacts.event,
        has_team=False,
    ),
    Holding(
        "lead",
        Lead,
        sa.and_(Lead.archived_at.is_(None), ~_LEADS_OVER),
        Lead.territory_id,
        leads.event,
        closed=sa.and_(Lead.archived_at.is_(None), _LEADS_OVER),
    ),
    Holding(
        "opportunity",
        Opportunity,
        sa.and_(Opportunity.archived_at.is_(None), ~_DEALS_OVER),
        _of_account(Opportunity.account_id),
        moves.event,
        closed=sa.and_(Opportunity.archived_at.is_(None), _DEALS_OVER),
        moved=_pass_on_access,
    ),
    Holding(
        "activity",
        Activity,
        sa.and_(Activity.archived_at.is_(None), Activity.status.in_(("scheduled", "in_progress"))),
        _of_account(Activity.account_id),
        activities.event,
    ),
    # What others look at goes on; a view of one's own is nobody else's business.
    Holding(
        "view",
        View,
        View.shared_with != "nobody",
        sa.cast(sa.null(), Territory.id.type),
        event=None,
        has_team=False,
        waits=False,
    ),
)
KINDS = tuple(holding.kind for holding in HOLDINGS)
