"""What is looked up for an account, and which answers are taken as they are."""

from types import SimpleNamespace

import pytest

from crm_api.maps.addresses import Address, address_of, judge
from crm_api.ports import Coordinates, GeocodedPlace


def account(**values):
    parts = {
        f"{kind}_{part}": None
        for kind in ("visit", "billing")
        for part in ("street", "city", "state", "zip", "country")
    }
    return SimpleNamespace(**parts | values)


def place(north=0.0, precision="exact", is_partial=False):
    return GeocodedPlace(Coordinates(40 + north, -83.0), "x", precision, "google", is_partial=is_partial)


@pytest.mark.parametrize(
    ("values", "address"),
    [
        (
            {"billing_street": "1 High St", "billing_city": "Columbus", "billing_state": "OH", "billing_zip": "43215",
             "billing_country": "us"},
            Address("1 High St, Columbus, OH 43215", "US"),
        ),
        ({"billing_city": "Graz", "billing_country": "Austria"}, Address("Graz, Austria", None)),
        ({"billing_city": "Graz", "visit_city": "Wien"}, Address("Wien", None)),
        ({"billing_country": "US"}, None),
        ({}, None),
    ],
    ids=["whole", "country by name", "visit address first", "a country is no address", "none"],
)  # fmt: skip
def test_the_visit_address_is_looked_up_or_the_billing_address_where_it_is_empty(values, address):
    assert address_of(account(**values)) == address


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([place()], "placed"),
        ([place(), place(0.001)], "placed"),
        ([place(), place(1, precision="street")], "placed"),
        ([place(precision="town", is_partial=True)], "placed"),
        ([], "nothing"),
        ([place(is_partial=True)], "review"),
        ([place(precision="region")], "review"),
        ([place(), place(0.1)], "review"),
    ],
    ids=["sure", "two doors", "a worse one", "a town", "none", "partial", "a region", "two towns"],
)
def test_a_doubtful_answer_waits_for_a_person(found, status):
    assert judge(found).status == status
