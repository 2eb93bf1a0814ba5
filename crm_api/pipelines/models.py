"""Pipelines and stages."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_api.core.columns import Archivable, Timestamps, Versioned, derived, one_of
from crm_api.core.database import Base
from crm_api.core.text import fold

OPPORTUNITY_KINDS = (
    "prospecting",
    "qualification",
    "needs_analysis",
    "proposal",
    "negotiation",
    "closed_won",
    "closed_lost",
)
CLOSED_KINDS = ("closed_won", "closed_lost")
LEAD_KINDS = ("new", "qualified", "proposal", "negotiation", "converted", "lost")


class Pipeline(Timestamps, Versioned, Archivable, Base):
    """An ordered way from first contact to won or lost, for leads or for opportunities."""

    __tablename__ = "pipelines"
    __kind__ = "pipeline"
    __audited__ = True
    __table_args__ = (
        one_of("applies_to", ("lead", "opportunity")),
        sa.Index(
            "uq_pipelines_default",
            "applies_to",
            unique=True,
            sqlite_where=sa.text("is_default"),
            postgresql_where=sa.text("is_default"),
        ),
    )

    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name))
    applies_to: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    origin: Mapped[str] = mapped_column(default="api")

    stages: Mapped[list["Stage"]] = relationship(
        lazy="raise", order_by="Stage.position", back_populates="pipeline", cascade="all, delete-orphan"
    )


class Stage(Timestamps, Versioned, Base):
    """One column of a pipeline. Its name is free; its `kind` is what rules and filters use."""

    __tablename__ = "stages"
    __kind__ = "stage"
    __audited__ = True
    __table_args__ = (
        one_of("kind", tuple(dict.fromkeys(OPPORTUNITY_KINDS + LEAD_KINDS))),
        sa.CheckConstraint("probability BETWEEN 0 AND 100", name="probability_range"),
    )

    pipeline_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pipelines.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name))
    kind: Mapped[str]
    position: Mapped[int]
    probability: Mapped[int] = mapped_column(default=0)
    color: Mapped[str] = mapped_column(default="grey")
    rotting_days: Mapped[int | None]

    pipeline: Mapped[Pipeline] = relationship(lazy="raise", back_populates="stages")

    @property
    def is_won(self) -> bool:
        """Entering it wins the deal or converts the lead."""
        return self.kind in ("closed_won", "converted")

    @property
    def is_lost(self) -> bool:
        """Entering it loses the deal or the lead."""
        return self.kind in ("closed_lost", "lost")
