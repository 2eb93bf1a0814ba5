"""Products."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor, require_create
from crm_api.conditions import records
from crm_api.core import clock
from crm_api.core.errors import Conflict
from crm_api.core.money import recast, require_currency, to_minor
from crm_api.core.schemas import apply_patch, changes, refuse_null
from crm_api.custom_fields import values as custom_values
from crm_api.organisation import rates
from crm_api.organisation.service import currency
from crm_api.products.models import Product
from crm_api.products.schemas import ProductIn, ProductPatch


def create(session: Session, actor: Actor, *, data: ProductIn) -> Product:
    """A new product; raises Conflict where a live one has its code."""
    require_create(actor, "product")
    values = data.model_dump(exclude={"custom_fields"})
    values["custom"] = custom_values.fresh(session, actor, "product", data.custom_fields)
    values["currency"] = require_currency(data.currency or currency(session))
    values["list_price"] = to_minor(data.list_price, values["currency"], field="list_price")
    values["list_price_base"] = rates.convert(session, values["list_price"], values["currency"])
    _unique(session, data.code, None)
    product = Product(**values)
    session.add(product)
    return product


def update(
    session: Session, actor: Actor, *, product_id: UUID, data: ProductPatch, if_match: int | None
) -> Product:
    """Change just the fields sent."""
    product: Product = records.get(session, actor, Product, product_id, writing=True, if_match=if_match)
    values = changes(data, leave_out=("custom_fields",))
    values |= custom_values.edited(session, actor, product, data.custom_fields)
    refuse_null(values, "name", "currency", "is_active")
    if "currency" in values:
        values["currency"] = require_currency(values["currency"])
    before = product.currency
    after = values.get("currency", before)
    if "list_price" in values:
        values["list_price"] = to_minor(values["list_price"], after, field="list_price")
    elif after != before:
        values["list_price"] = recast(product.list_price, before, after, field="list_price")
    if "list_price" in values:
        values["list_price_base"] = rates.convert(session, values["list_price"], after)
    if values.get("code"):
        _unique(session, values["code"], product.id)
    apply_patch(product, values)
    return product


def archive(session: Session, actor: Actor, *, product_id: UUID, if_match: int | None) -> None:
    """Delete softly; lines that name the product keep it."""
    product = records.get(session, actor, Product, product_id, writing=True, if_match=if_match)
    product.archived_at = clock.now()


def restore(session: Session, actor: Actor, *, product_id: UUID) -> Product:
    """Take a soft deletion back."""
    product: Product = records.get(session, actor, Product, product_id, writing=True, archived=True)
    _unique(session, product.code, product.id)
    product.archived_at = None
    return product


def _unique(session: Session, code: str | None, own_id: UUID | None) -> None:
    if code is None:
        return
    other = session.scalar(sa.select(Product.id).where(Product.code == code, Product.archived_at.is_(None)))
    if other is not None and other != own_id:
        raise Conflict(f"There is a product with the code '{code}' already.")
