"""Products."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm_api.core.columns import Archivable, Customised, Timestamps, Versioned, derived, figure, sort_index
from crm_api.core.database import Base
from crm_api.core.text import fold


class Product(Customised, Timestamps, Versioned, Archivable, Base):
    """Something that is sold; `list_price` is in minor units of `currency`."""

    __tablename__ = "products"
    __kind__ = "product"
    __audited__ = True
    __follows__ = ("list_price_base",)
    __money__ = ("list_price",)
    __search__ = ("name", "code", "family")
    __table_args__ = (
        sa.CheckConstraint("list_price >= 0", name="list_price_sign"),
        sort_index("ix_products_live_created", "created_at"),
        sort_index("ix_products_live_code", "code", nullable=True),
        sa.Index(
            "uq_products_code",
            "code",
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index(
            "uq_products_external",
            "external_system",
            "external_id",
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
    )

    name: Mapped[str]
    name_key: Mapped[str] = derived(lambda row: fold(row.name), index=True)
    code: Mapped[str | None]
    family: Mapped[str | None]
    description: Mapped[str | None]
    list_price: Mapped[int | None]
    list_price_base: Mapped[int | None] = figure()
    currency: Mapped[str] = mapped_column(default="USD")
    is_active: Mapped[bool] = mapped_column(default=True)
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    origin: Mapped[str] = mapped_column(default="api")
