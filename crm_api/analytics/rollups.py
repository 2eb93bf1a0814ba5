"""All sums that are kept beside records."""

from sqlalchemy.orm import Session

from crm_api.activities import rollups as activities
from crm_api.core import rollups
from crm_api.leads import rollups as leads
from crm_api.opportunities import rollups as deals

ALL = (deals.KEPT, leads.KEPT, activities.KEPT)


def differences(session: Session) -> list[str]:
    """Where any of them is not what a full count says; empty where all is right."""
    return [line for kept in ALL for line in rollups.differences(session, kept)]


def rebuild(session: Session) -> None:
    """Write all of them anew out of full counts."""
    for kept in ALL:
        rollups.rebuild(session, kept)
