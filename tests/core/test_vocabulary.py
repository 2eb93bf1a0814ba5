"""Other words for our fields: each is taken in place of ours, two that differ are refused by name."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crm_api.core.errors import Invalid
from crm_api.core.schemas import Body, Name, Percent, Shown
from crm_api.core.vocabulary import Vocabulary, split

WORDS = Vocabulary(
    names={"lead_score": "score", "grade": "score", "contact_person": "contact_name"},
    values={"status": {"inquiry": "new"}},
    joined={"contact_name": ("first_name", "last_name")},
)


class Person(Body):
    vocabulary = WORDS

    first_name: Name | None = None
    last_name: Name | None = None
    score: Percent | None = None
    status: str | None = None


class PersonOut(Shown):
    vocabulary = WORDS

    score: int
    contact_name: str | None


def sent(**body: Any) -> dict[str, Any]:
    return Person.model_validate(body).model_dump(exclude_unset=True)


def test_another_name_sets_our_field() -> None:
    assert sent(lead_score=7) == {"score": 7}


def test_another_word_sets_our_value() -> None:
    assert sent(status="inquiry") == {"status": "new"}


def test_both_names_with_one_value_are_one() -> None:
    assert sent(lead_score=7, grade=7, score=7) == {"score": 7}


@pytest.mark.parametrize(
    "body", [{"lead_score": 7, "score": 8}, {"grade": 7, "lead_score": 8}, {"score": None, "grade": 1}]
)
def test_two_names_with_different_values_are_refused_naming_both(body: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        sent(**body)

    assert {fault.field for fault in refused.value.errors} == set(body)


def test_a_fault_is_told_of_the_name_that_was_sent() -> None:
    with pytest.raises(ValidationError) as refused:
        sent(lead_score=700, first_name=7)

    assert {fault["loc"] for fault in refused.value.errors()} == {("lead_score",), ("first_name",)}


def test_a_name_of_both_is_split_at_its_last_space_and_one_word_is_the_last_name() -> None:
    assert sent(contact_name="Mary Ann  Lee") == {"first_name": "Mary Ann", "last_name": "Lee"}
    assert sent(contact_person="Cher") == {"first_name": None, "last_name": "Cher"}
    assert sent(contact_person=None) == {"first_name": None, "last_name": None}


def test_a_name_beside_its_parts_says_the_same_or_is_refused() -> None:
    assert sent(first_name="Ann", last_name="Lee", contact_person="Ann Lee") == {
        "first_name": "Ann",
        "last_name": "Lee",
    }
    with pytest.raises(Invalid) as refused:
        sent(first_name="Ann", contact_person="Bob Lee")
    assert [fault.field for fault in refused.value.errors] == ["contact_person", "first_name"]


@pytest.mark.parametrize("value", [7, ["Ann"], {"a": 1}, True])
def test_a_name_that_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(Invalid):
        sent(contact_name=value)


@given(st.text(alphabet="ab \t", max_size=12))
def test_splitting_a_name_loses_no_word(name: str) -> None:
    first, last = split(name)

    assert " ".join(part for part in (first, last) if part).split() == name.split()


def test_what_goes_out_stands_there_under_every_name() -> None:
    told = WORDS.beside({"score": 7, "contact_name": "Ann Lee", "status": "new"})

    assert told["lead_score"] == told["grade"] == 7
    assert told["contact_person"] == "Ann Lee"


def test_the_description_has_the_other_names_as_deprecated() -> None:
    incoming, outgoing = Person.model_json_schema(), PersonOut.model_json_schema()

    for schema in (incoming, outgoing):
        assert schema["properties"]["lead_score"]["deprecated"] is True
        assert "contact_person" in schema["properties"]
    assert outgoing["required"] == ["score", "contact_name"]
