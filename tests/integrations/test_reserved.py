import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.reserved import is_reserved


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com", "ADA@Example.ORG", "ada@mail.example.net", "ada@dealer.example",
        "ada@a.b.test", "ada@localhost", "ada@nowhere.invalid.", "example.com", '"a@b"@example.com',
    ],
)  # fmt: skip
def test_reserved_names_are_recognised(address: str) -> None:
    assert is_reserved(address)


@pytest.mark.parametrize(
    "address", ["ada@example.de", "ada@myexample.com", "ada@example.com.au", "test@rounds.io", "", "ada@"]
)
def test_names_that_merely_look_like_them_are_not(address: str) -> None:
    assert not is_reserved(address)


@given(st.from_regex(r"[a-z]{1,10}(\.[a-z]{1,8}){0,3}", fullmatch=True))
def test_whatever_stands_before_the_reserved_domain_does_not_matter(prefix: str) -> None:
    assert is_reserved(f"{prefix}@{prefix}.example.com")
