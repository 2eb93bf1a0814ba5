"""Saved views, and whose default is which."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Timestamps, Versioned, derived, one_of
from crm_api.core.database import Base
from crm_api.core.text import fold

SHARED_WITH = ("nobody", "team", "all")


class View(Timestamps, Versioned, Base):
    """What a list is asked for, under a name. `kind` is the kind of its records.

    `conditions` is a condition tree as it was written, relative times and `me` included: the view means
    what it says to whoever looks. `team_id` is the team it is shared with.
    """

    __tablename__ = "views"
    __kind__ = "view"
    __audited__ = True
    __table_args__ = (
        one_of("shared_with", SHARED_WITH),
        sa.CheckConstraint("(shared_with = 'team') = (team_id IS NOT NULL)", name="team_where_shared"),
        sa.Index("ix_views_name", "name_key", "id"),
        sa.Index("ix_views_owner", "owner_id", "kind"),
    )

    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name))
    kind: Mapped[str]
    conditions: Mapped[dict[str, Any]]
    search: Mapped[str | None]
    sort: Mapped[list[str]]
    fields: Mapped[list[str]]
    shared_with: Mapped[str] = mapped_column(default="nobody")
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))


class ViewDefault(Base):
    """The view somebody's lists of a kind begin with; without a user, everybody's who has none of their own."""

    __tablename__ = "view_defaults"
    __kind__ = "view_default"
    __audited__ = True
    __table_args__ = (
        sa.UniqueConstraint("kind", "user_id"),
        sa.Index(
            "uq_view_defaults_organisation",
            "kind",
            unique=True,
            sqlite_where=sa.text("user_id IS NULL"),
            postgresql_where=sa.text("user_id IS NULL"),
        ),
    )

    kind: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    view_id: Mapped[UUID] = mapped_column(sa.ForeignKey("views.id", ondelete="CASCADE"), index=True)
