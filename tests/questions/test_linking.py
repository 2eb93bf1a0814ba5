"""Names as people write them: found where one record fits, asked about where several do."""

import pytest

from crm_api.questions.linking import Name, Names

LABELS = (
    "Acme Corporation",
    "Green-Plus",
    "Gekko & Co",
    "The New York Inquirer",
    "Rantouch",
    "Rangreen",
    "Kan-code",
    "Umbrella Corporation",
    "GTX Plus Basic",
    "GTX Plus Pro",
    "Corliss Cosme",
    "Markita Hansen",
    "Cara Losch",
    "Carl Lin",
    "Carol Thompson",
)


@pytest.fixture
def names() -> Names:
    known = Names()
    for number, label in enumerate(LABELS):
        known.add(Name("account", label, id=number))
    return known


def found(names: Names, text: str) -> list[str]:
    tokens = text.lower().replace("&", "and").replace("-", " ").split()
    exact = names.exact_at(tokens, 0)
    linked = exact[1] if exact and exact[0] == len(tokens) else names.near(tokens)
    return sorted(name.label for name in linked)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("acme corporation", "Acme Corporation"),
        ("acme corp", "Acme Corporation"),
        ("acme", "Acme Corporation"),
        ("green plus", "Green-Plus"),
        ("greenplus", "Green-Plus"),
        ("gekko and co", "Gekko & Co"),
        ("gekko", "Gekko & Co"),
        ("new york inquirer", "The New York Inquirer"),
        ("corlis cosme", "Corliss Cosme"),
        ("markita hanson", "Markita Hansen"),
        ("rantoch", "Rantouch"),
        ("umbrela corp", "Umbrella Corporation"),
        ("losch", "Cara Losch"),
        ("carl", "Carl Lin"),
    ],
)
def test_a_name_is_found(names: Names, text: str, label: str) -> None:
    assert found(names, text) == [label]


def test_the_start_of_two_names_means_both(names: Names) -> None:
    assert found(names, "gtx plus") == ["GTX Plus Basic", "GTX Plus Pro"]


@pytest.mark.parametrize("text", ["zorb", "plan", "corporate holiday", "xy", "12345"])
def test_what_is_near_to_nothing_is_not_found(names: Names, text: str) -> None:
    assert found(names, text) == []
