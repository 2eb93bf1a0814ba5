"""What can be exported, and reading what is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from crm_api.accounts.catalogue import CATALOGUE as ACCOUNTS
from crm_api.activities.catalogue import CATALOGUE as ACTIVITIES
from crm_api.conditions import filters
from crm_api.conditions.filters import Query
from crm_api.contacts.catalogue import CATALOGUE as CONTACTS
from crm_api.core.errors import BadRequest, Invalid
from crm_api.core.fields import Catalogue
from crm_api.exports.formats import FORMATS, Format
from crm_api.leads.catalogue import CATALOGUE as LEADS
from crm_api.opportunities.catalogue import CATALOGUE as OPPORTUNITIES
from crm_api.orders.catalogue import CATALOGUE as ORDERS
from crm_api.products.catalogue import CATALOGUE as PRODUCTS
from crm_api.segments.catalogue import SEGMENTS
from crm_api.tags.catalogue import CATALOGUE as TAGS

EXPORTED = (ACCOUNTS, CONTACTS, LEADS, OPPORTUNITIES, ORDERS, ACTIVITIES, PRODUCTS, SEGMENTS, TAGS)
_PAGING = ("page", "page_size", "skip", "limit", "cursor", "count")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, and how it is to be written."""

    kind: str
    query: Query
    format: Format = "csv"
    bom: bool = False


def exported(plural: str) -> Catalogue:
    """The kind of that plural; raises Invalid naming those that can be exported."""
    for catalogue in EXPORTED:
        if catalogue.plural == plural:
            return catalogue
    raise Invalid.field("kind", f"one of {', '.join(catalogue.plural for catalogue in EXPORTED)}")


def from_parameters(catalogue: Catalogue, parameters: Sequence[tuple[str, str]]) -> Order:
    """The Order of a query string; raises BadRequest for a parameter an export does not take."""
    own = {name: value for name, value in parameters if name in ("format", "bom")}
    if sum(name in own for name, _ in parameters) > len(own):
        raise BadRequest("'format' and 'bom' are given once.")
    if paging := [name for name, _ in parameters if name in _PAGING]:
        raise BadRequest(f"An export has no pages: leave '{paging[0]}' out; it holds every row that matches.")
    if any(name == "aliases" for name, _ in parameters):
        raise BadRequest("An export has each field once: name those you want in 'fields', by whichever name.")
    format, bom = own.get("format", "csv"), own.get("bom", "false").lower()
    if bom not in _BOOLEANS:
        raise Invalid.field("bom", "true or false")
    for known in FORMATS:
        if known == format:
            query = filters.from_parameters(catalogue, [each for each in parameters if each[0] not in own])
            return Order(catalogue.kind, query, known, _BOOLEANS[bom])
    raise Invalid.field("format", f"one of {', '.join(FORMATS)}")
