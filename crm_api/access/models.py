"""Which users reach an account besides its owner."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.database import Base


class AccountAccess(Base):
    """A user reaches an account for a reason (`open_deal`, `account_team`), as long as the reason holds."""

    __tablename__ = "account_access"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "user_id", "reason"),
        sa.Index("ix_account_access_user", "user_id", "account_id"),
    )

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    reason: Mapped[str]
