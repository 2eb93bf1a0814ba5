"""The questions that were asked, the words a house asks them with, and answers that are sent every week."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core import clock
from crm_api.core.database import Base


class AskedQuestion(Base):
    """One question with what became of it: which planner read it, its plan, and the outcome.

    `outcome` is answered, clarify, refused or not_understood; `unused` are the words that could not be used, which tell
    administrators what to add to the vocabulary. `tokens` is what the language model was told and may have said,
    counted as a quarter of the characters. `rating` is 1 or -1 where the asker said so.
    """

    __tablename__ = "asked_questions"
    __table_args__ = (
        sa.Index("ix_asked_questions_conversation", "conversation_id", "asked_at"),
        sa.Index("ix_asked_questions_spent", "asked_at", "tokens"),
    )

    asked_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    conversation_id: Mapped[UUID | None]
    question: Mapped[str]
    planner: Mapped[str]
    outcome: Mapped[str]
    plan: Mapped[dict[str, Any] | None]
    unused: Mapped[list[str] | None]
    tokens: Mapped[int] = mapped_column(default=0, server_default="0")
    rating: Mapped[int | None]
    elapsed_ms: Mapped[int] = mapped_column(default=0)


class HouseWord(Base):
    """What a house means by a word: "big deals" are "deals over 50k", "dist" is "dealer".

    `phrase` is kept as its stems, so that one entry serves singular and plural.
    """

    __tablename__ = "house_words"
    __table_args__ = (sa.UniqueConstraint("stems"),)

    phrase: Mapped[str]
    stems: Mapped[str]
    means: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    added_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))


class RememberedChoice(Base):
    """Which reading of an unclear question somebody chose: the next time it is not asked."""

    __tablename__ = "remembered_choices"
    __table_args__ = (sa.UniqueConstraint("user_id", "asked"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    asked: Mapped[str]
    label: Mapped[str]


class WeeklyAnswer(Base):
    """An answer that is sent to its owner every week, worked out anew under their rights.

    `weekday` is 1 for Monday (ISO 8601); `next_on` the day it goes out next, where the owner is.
    """

    __tablename__ = "weekly_answers"
    __table_args__ = (sa.CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),)

    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    question: Mapped[str]
    plan: Mapped[dict[str, Any]]
    weekday: Mapped[int]
    next_on: Mapped[date] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
