"""The questions that were asked."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.database import Base


class AskedQuestion(Base):
    """One question with what became of it: which planner read it, its plan, and the outcome.

    `outcome` is answered, clarify, refused or not_understood; the words of the last two tell administrators
    what to add to the vocabulary.
    """

    __tablename__ = "asked_questions"

    asked_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    question: Mapped[str]
    planner: Mapped[str]
    outcome: Mapped[str]
    plan: Mapped[dict[str, Any] | None]
    elapsed_ms: Mapped[int] = mapped_column(default=0)
