"""Who is meant by @name."""

from uuid import UUID

import pytest

from crm_api.notifications.mentions import Person, mentioned

DANA, DANA_L, ANN, JO = (UUID(int=n) for n in range(1, 5))
PEOPLE = [
    Person(DANA, "Dana Reyes", "d.reyes@example.com"),
    Person(DANA_L, "Dana Reyes-Lopez", "dana@example.com"),
    Person(ANN, "Ánn Lee", "ann@example.com"),
    Person(JO, "Jo", None),
]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@Dana Reyes, please", {DANA}),
        ("please ask @dana reyes-lopez.", {DANA_L}),
        ("@d.reyes has it", {DANA}),
        ("@ann and @ÁNN LEE and @Ann again", {ANN}),
        ("(@Jo)", {JO}),
        ("@Joanna", set()),
        ("write to ann@example.com", set()),
        ("@ Ann", set()),
        ("@Nobody", set()),
        ("Dana Reyes", set()),
        ("@Jo @ann", {JO, ANN}),
        ("", set()),
    ],
)
def test_the_name_behind_an_at_is_meant(text: str, meant: set[UUID]) -> None:
    assert mentioned(text, PEOPLE) == meant


def test_a_first_name_that_several_have_means_nobody() -> None:
    both = [Person(DANA, "Dana Reyes", None), Person(DANA_L, "Dana Lopez", None)]

    assert mentioned("@Dana", both) == set()
    assert mentioned("@Dana Lopez", both) == {DANA_L}
