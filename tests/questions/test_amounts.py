"""Amounts as people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.questions.amounts import read


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("50k", 50_000, None),
        ("$1.2m", 1_200_000, "USD"),
        ("5 lakh", 500_000, None),
        ("₹5 lakhs", 500_000, "INR"),
        ("2 cr", 20_000_000, None),
        ("1.5 crore", 15_000_000, None),
        ("1,00,000", 100_000, None),
        ("€10", 10, "EUR"),
        ("1,234.5 usd", Decimal("1234.5"), "USD"),
        ("ten", 10, None),
        ("3 million", 3_000_000, None),
        ("rs. 500", 500, "INR"),
        ("£2bn", 2_000_000_000, "GBP"),
    ],
)
def test_an_amount_is_read_whole(text: str, value: int, currency: str | None) -> None:
    found = read(text)
    assert found
    assert (found[0].value, found[0].currency, found[1]) == (value, currency, len(text))


def test_a_percentage_is_marked() -> None:
    found = read("65%")
    assert found
    assert found[0].percent
    assert not found[0].is_count


def test_the_word_after_a_number_is_not_its_scale() -> None:
    found = read("3 months")
    assert found
    assert found[1] == 1


@pytest.mark.parametrize("text", ["4v0s4ba3", "oneida", "mg", "", "k"])
def test_a_word_with_digits_in_it_is_no_amount(text: str) -> None:
    assert read(text) is None


@given(st.integers(0, 10**12))
def test_grouping_changes_nothing(number: int) -> None:
    plain, grouped = read(str(number)), read(f"{number:,}")
    assert plain
    assert grouped
    assert plain[0].value == grouped[0].value == number
