"""What can be imported: for each kind its fields, how each is read, and the rules a row must keep."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.accounts import bulk as accounts
from crm_api.accounts import duplicates as account_duplicates
from crm_api.accounts.models import ACCOUNT_TYPES, RATINGS, TIERS, Account
from crm_api.accounts.schemas import WORDS as ACCOUNT_WORDS
from crm_api.activities import order_lines as orders_told
from crm_api.contacts import bulk as contacts
from crm_api.contacts import duplicates as contact_duplicates
from crm_api.contacts.models import CONTACT_ROLES, Contact
from crm_api.contacts.schemas import WORDS as CONTACT_WORDS
from crm_api.core import hours, money
from crm_api.core.schemas import LINE, NAME, TEXT
from crm_api.core.text import a
from crm_api.core.vocabulary import NONE, Vocabulary
from crm_api.imports import values
from crm_api.imports.mapping import Source
from crm_api.leads import bulk as leads
from crm_api.leads import duplicates as lead_duplicates
from crm_api.leads.models import LEAD_SOURCES, LEAD_STATUSES, PRIORITIES, Lead
from crm_api.leads.schemas import WORDS as LEAD_WORDS
from crm_api.matching.duplicates import Place
from crm_api.opportunities import bulk as opportunities
from crm_api.opportunities.models import OPPORTUNITY_TYPES, Opportunity
from crm_api.opportunities.schemas import WORDS as OPPORTUNITY_WORDS
from crm_api.orders import bulk as orders
from crm_api.orders.models import ORDER_STATUSES, Order
from crm_api.orders.schemas import WORDS as ORDER_WORDS
from crm_api.products import bulk as products
from crm_api.products.models import Product
from crm_api.users import bulk as users
from crm_api.users.models import ROLES, User

Typed = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a value depends on besides its text."""

    zone: str
    currency: str

    @property
    def decimals(self) -> int:
        """The decimals of the mapping's currency."""
        return money.decimals(self.currency)


Reader = Callable[[str, Source, Reading], Any]


@dataclass(frozen=True, slots=True)
class Target:
    """One field that a file may fill. `refers` names the kind of record its text stands for."""

    read: Reader
    refers: str | None = None
    required: bool = False
    is_money: bool = False


@dataclass(frozen=True, slots=True)
class Alike:
    """How records of a kind are recognised that are probably the same."""

    place: Callable[[Actor], Place]
    keys_of: Callable[[Typed], Mapping[str, str | None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record that files may bring.

    `names` are the fields other rows may call it by. `unique` are fields whose value only one live record
    may have. `alike` says where duplicates are looked for, and by which keys. `check` returns (field, message)
    for every rule that a row of typed values breaks.
    """

    name: str
    kind: str
    model: Any
    targets: dict[str, Target]
    insert: Callable[[Session, Sequence[Typed]], list[UUID]]
    update: Callable[[Session, Sequence[Typed]], int]
    vocabulary: Vocabulary = NONE
    alike: Alike | None = None
    names: tuple[str, ...] = ("name",)
    unique: tuple[str, ...] = ()
    check: Callable[[Typed], Iterable[tuple[str, str]]] = field(default=lambda typed: ())

    def target(self, name: str) -> str:
        """The field here that a mapping means by a name: one of ours, or another word for it.

        References have no `_id` here: what a file says of them is a name as often as an id.
        """
        if name in self.targets:
            return name
        ours = self.vocabulary.ours(name)
        bare = ours.removesuffix("_id")
        return bare if ours not in self.targets and bare in self.targets else ours


def _text(most: int, *, required: bool = False) -> Target:
    check = values.text_of(most)
    return Target(lambda text, source, reading: check(text), required=required)


def _refers(kind: str) -> Target:
    check = values.text_of(NAME)
    return Target(lambda text, source, reading: check(text), refers=kind)


def _whole(least: int, most: int) -> Target:
    return Target(lambda text, source, reading: values.integer(text, least=least, most=most))


def _between(least: float, most: float) -> Target:
    return Target(lambda text, source, reading: values.decimal(text, least=least, most=most))


def _one_of(words: tuple[str, ...], others: Mapping[str, str] = MappingProxyType({})) -> Target:
    return Target(lambda text, source, reading: values.choice(text, words, others))


_MONEY = Target(
    lambda text, source, reading: values.minor_units(text, decimals=reading.decimals, scale=source.scale),
    is_money=True,
)
_DAY = Target(lambda text, source, reading: values.day(text, source.format))
_INSTANT = Target(lambda text, source, reading: values.instant(text, source.format, zone=reading.zone))
_YES_NO = Target(lambda text, source, reading: values.boolean(text))
_EMAIL = Target(lambda text, source, reading: values.email(text))
_PHONE = Target(lambda text, source, reading: values.phone(text))

_EXTERNAL_ID = _text(LINE, required=True)
_COORDINATES = {"latitude": _between(-90, 90), "longitude": _between(-180, 180)}


def _whole_coordinates(typed: Typed) -> Iterable[tuple[str, str]]:
    for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if typed.get(one) is not None and typed.get(other) is None:
            yield other, f"empty beside {a(one)}; a place needs both"


def _closable(typed: Typed) -> Iterable[tuple[str, str]]:
    kind = typed.get("stage_kind")
    if kind == "closed_won" and not typed.get("account"):
        yield "account", "empty, but a deal that is won needs its account"
    if kind == "closed_lost" and not typed.get("loss_reason"):
        yield "loss_reason", "empty, but a deal that is lost needs a reason"
    started, closed = typed.get("started_at"), typed.get("actual_close_date")
    if started and closed and closed < started:
        yield "actual_close_date", "earlier than the start of the deal"


def _somebody(typed: Typed) -> Iterable[tuple[str, str]]:
    if not any(typed.get(name) for name in ("title", "company_name", "first_name", "last_name")):
        yield "title", "empty, and so are company and person; a lead needs one of them"


_ADDRESS = {
    "street": _text(LINE),
    "city": _text(NAME),
    "state": _text(NAME),
    "zip": _text(40),
    "country": _text(NAME),
}
_ADDRESSES = {
    f"{of}_{name}": target for of in ("billing", "shipping", "visit") for name, target in _ADDRESS.items()
}


def _insert_orders(session: Session, rows: Sequence[Typed]) -> list[UUID]:
    """New orders, told on the timelines of their accounts."""
    ids = orders.insert(session, rows)
    orders_told.tell_many(session, orders.told(session, ids))
    return ids


def _update_orders(session: Session, rows: Sequence[Typed]) -> int:
    """Changed orders, told anew."""
    changed, ids = orders.update(session, rows), [row["id"] for row in rows]
    orders_told.forget_many(session, ids)
    orders_told.tell_many(session, orders.told(session, ids))
    return changed


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "accounts",
            "account",
            Account,
            {
                "external_id": _EXTERNAL_ID,
                "name": _text(NAME, required=True),
                "account_type": _one_of(ACCOUNT_TYPES, ACCOUNT_WORDS.values["account_type"]),
                "industry": _text(NAME),
                "tier": _one_of(TIERS),
                "rating": _one_of(RATINGS),
                "website": _text(LINE),
                "email": _EMAIL,
                "phone": _PHONE,
                "employees": _whole(0, 10**9),
                "annual_revenue": _MONEY,
                "year_established": _whole(1000, 2200),
                "description": _text(TEXT),
                "parent": _refers("account"),
                "owner": _refers("user"),
                "territory": _refers("territory"),
                **_ADDRESSES,
                **_COORDINATES,
                "visit_minutes": _whole(1, 720),
                "visit_every_days": _whole(1, 3650),
                "visit_days": Target(lambda text, source, reading: hours.weekdays(text)),
                "opening_hours": Target(lambda text, source, reading: hours.opening_hours(text)),
            },
            accounts.insert,
            accounts.update,
            ACCOUNT_WORDS,
            Alike(account_duplicates.place, account_duplicates.keys_of),
            check=_whole_coordinates,
        ),
        Kind(
            "contacts",
            "contact",
            Contact,
            {
                "external_id": _EXTERNAL_ID,
                "first_name": _text(NAME, required=True),
                "last_name": _text(NAME),
                "email": _EMAIL,
                "phone": _PHONE,
                "mobile": _PHONE,
                "job_title": _text(NAME),
                "department": _text(NAME),
                "role": _one_of(CONTACT_ROLES),
                "account": _refers("account"),
                "owner": _refers("user"),
                "do_not_call": _YES_NO,
                "email_opt_out": _YES_NO,
                "is_active": _YES_NO,
                **_ADDRESS,
                "description": _text(TEXT),
            },
            contacts.insert,
            contacts.update,
            CONTACT_WORDS,
            Alike(contact_duplicates.place, contact_duplicates.keys_of),
            names=("email",),
        ),
        Kind(
            "leads",
            "lead",
            Lead,
            {
                "external_id": _EXTERNAL_ID,
                "title": _text(NAME),
                "company_name": _text(NAME),
                "first_name": _text(NAME),
                "last_name": _text(NAME),
                "contact_name": _text(NAME),
                "job_title": _text(NAME),
                "email": _EMAIL,
                "phone": _PHONE,
                "website": _text(LINE),
                "industry": _text(NAME),
                "company_size": _text(NAME),
                **_ADDRESS,
                "status": _one_of(
                    tuple(s for s in LEAD_STATUSES if s != "converted"), LEAD_WORDS.values["status"]
                ),
                "source": _one_of(LEAD_SOURCES),
                "priority": _one_of(PRIORITIES),
                "rating": _one_of(RATINGS),
                "score": _whole(0, 100),
                "estimated_value": _MONEY,
                "requirements": _text(TEXT),
                "owner": _refers("user"),
                "territory": _refers("territory"),
                "email_opt_out": _YES_NO,
                "lost_reason": _text(LINE),
            },
            leads.insert,
            leads.update,
            LEAD_WORDS,
            Alike(lead_duplicates.place, lead_duplicates.keys_of),
            names=("email",),
            unique=("email",),
            check=_somebody,
        ),
        Kind(
            "opportunities",
            "opportunity",
            Opportunity,
            {
                "external_id": _EXTERNAL_ID,
                "name": _text(NAME, required=True),
                "description": _text(TEXT),
                "account": _refers("account"),
                "contact": _refers("contact"),
                "owner": _refers("user"),
                "stage": _text(NAME, required=True),
                "opportunity_type": _one_of(OPPORTUNITY_TYPES),
                "priority": _one_of(PRIORITIES),
                "estimated_value": _MONEY,
                "expected_close_date": _DAY,
                "started_at": _INSTANT,
                "actual_close_date": _INSTANT,
                "loss_reason": _text(LINE),
                "next_step": _text(LINE),
                "product": _refers("product"),
                "quantity": _between(0.001, 10**9),
                "unit_price": _MONEY,
            },
            opportunities.insert,
            opportunities.update,
            OPPORTUNITY_WORDS,
            check=_closable,
        ),
        Kind(
            "products",
            "product",
            Product,
            {
                "external_id": _EXTERNAL_ID,
                "name": _text(NAME, required=True),
                "code": _text(NAME),
                "family": _text(NAME),
                "description": _text(TEXT),
                "list_price": _MONEY,
                "is_active": _YES_NO,
            },
            products.insert,
            products.update,
            unique=("code",),
        ),
        Kind(
            "orders",
            "order",
            Order,
            {
                "external_id": _EXTERNAL_ID,
                "number": _text(NAME),
                "account": Target(_refers("account").read, refers="account", required=True),
                "contact": _refers("contact"),
                "opportunity": _refers("opportunity"),
                "status": _one_of(ORDER_STATUSES, ORDER_WORDS.values["status"]),
                "order_date": Target(_DAY.read, required=True),
                "total": _MONEY,
                "reference": _text(LINE),
                "description": _text(TEXT),
                "product": _refers("product"),
                "quantity": _between(0.001, 10**9),
                "unit_price": _MONEY,
            },
            _insert_orders,
            _update_orders,
            ORDER_WORDS,
            names=("number",),
        ),
        Kind(
            "users",
            "user",
            User,
            {
                "external_id": _EXTERNAL_ID,
                "name": _text(NAME, required=True),
                "email": _EMAIL,
                "phone": _PHONE,
                "role": _one_of(tuple(role for role in ROLES if role != "administrator")),
                "manager": _refers("user"),
                "team": _refers("team"),
                "territory": _refers("territory"),
            },
            users.insert,
            users.update,
            names=("name", "email"),
            unique=("email",),
        ),
    )
}
