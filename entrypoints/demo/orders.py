"""Orders: one for each deal that was won, and what dealers order again by themselves between deals."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from entrypoints.demo.accounts import number_rows
from entrypoints.demo.draws import Draw

if TYPE_CHECKING:
    from entrypoints.demo.company import DemoCompany

# Days between two orders of a dealer who orders by himself, by tier.
_RHYTHM = {"platinum": 38, "gold": 55, "silver": 85, "bronze": 130}
# How far an order has come after so many days.
_COME = ((2, "confirmed"), (6, "shipped"), (20, "delivered"))


def add_orders(company: "DemoCompany", draw: Draw) -> None:
    """What was ordered, oldest first; a deal won today is ordered by tomorrow, so not yet."""
    lines: dict[Any, list[dict[str, Any]]] = {}
    for line in company.lines:
        lines.setdefault(line["opportunity_id"], []).append(line)
    won = [deal for deal in company.opportunities if deal["stage_kind"] == "closed_won"]
    for deal in won:
        at = deal["actual_close_date"] + timedelta(hours=draw.random.randrange(3, 60))
        if at <= draw.now:
            own = [_line(line, line["quantity"], line["discount_percent"]) for line in lines[deal["id"]]]
            links = {"opportunity_id": deal["id"], "contact_id": deal["contact_id"]}
            company.orders.append(_order(draw, at, deal["account_id"], own) | links)
    first: dict[Any, datetime] = {}
    for deal in won:
        first.setdefault(deal["account_id"], deal["actual_close_date"])
    for account in company.accounts:
        if account["id"] in first and account["tier"]:
            _again(company, draw, account, first[account["id"]])
    company.orders.sort(key=lambda order: order["created_at"])
    number_rows(company.orders, "ORD")


def _again(company: "DemoCompany", draw: Draw, account: dict[str, Any], at: datetime) -> None:
    """Small orders in the rhythm of a tier, until a dealer stops or today is reached."""
    while draw.chance(0.93):
        at += timedelta(days=max(7.0, draw.random.gauss(_RHYTHM[account["tier"]], 12)))
        if at > draw.now:
            return
        products = draw.random.sample(company.products, draw.weighted({1: 0.6, 2: 0.3, 3: 0.1}))
        own = [
            _line({"product_id": p["id"], "unit_price": p["list_price"]}, draw.random.randrange(1, 4), 0)
            for p in products
        ]
        company.orders.append(_order(draw, at, account["id"], own))


def _order(draw: Draw, at: datetime, account_id: Any, lines: list[dict[str, Any]]) -> dict[str, Any]:
    age = (draw.now - at).days
    come = next((status for days, status in _COME if age < days), "invoiced")
    status = draw.weighted({come: 0.96, "cancelled": 0.03, "returned": 0.01}) if age > 6 else come
    return {
        "id": draw.uid(at),
        "created_at": at,
        "origin": "demo",
        "account_id": account_id,
        "status": status,
        "order_date": at.date(),
        "currency": "USD",
        "reference": f"PO-{draw.random.randrange(10_000, 99_999)}",
        "lines": lines,
    }


def _line(of: dict[str, Any], quantity: int, discount: int) -> dict[str, Any]:
    return {
        "product_id": of["product_id"],
        "quantity": quantity,
        "unit_price": of["unit_price"],
        "discount_percent": discount,
    }
