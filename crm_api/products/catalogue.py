"""What may be asked about products."""

from typing import Any

import sqlalchemy as sa

from crm_api import access
from crm_api.core.fields import Catalogue, Field, FieldType
from crm_api.core.presenting import in_major, shown_by
from crm_api.products.models import Product
from crm_api.products.schemas import ProductOut

access.declare("product", Product, shared=True, config=True)

_SHOWN = sa.select(*shown_by(ProductOut, Product, custom_fields=Product.custom))


def _present(row: dict[str, Any]) -> dict[str, Any]:
    return in_major(row, "list_price")


CATALOGUE = Catalogue(
    kind="product",
    plural="products",
    model=Product,
    out=ProductOut,
    label="name",
    named=True,
    synonyms=("item", "article", "sku"),
    default_sort="name",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            Product.name,
            sortable=True,
            nullable=False,
            sort_column=Product.name_key,
            groupable=True,
        ),
        Field("code", FieldType.TEXT, Product.code, sortable=True),
        Field(
            "family",
            FieldType.TEXT,
            Product.family,
            synonyms=("series", "line", "product series", "product line", "product family"),
            groupable=True,
        ),
        Field(
            "list_price",
            FieldType.MONEY,
            Product.list_price_base,
            synonyms=(
                "price",
                "list price",
                "sell for",
                "selling for",
                "go for",
                "sales price",
                "sale price",
                "retail price",
                "unit price",
                "cost",
            ),
        ),
        Field("is_active", FieldType.BOOLEAN, Product.is_active, nullable=False),
        Field("external_id", FieldType.TEXT, Product.external_id),
        Field("created_at", FieldType.DATETIME, Product.created_at, sortable=True, nullable=False),
    ),
    size=("list_price",),
    listed=("family", "list_price"),
    live=lambda: Product.archived_at.is_(None),
    shown=lambda: _SHOWN,
    present=_present,
)
