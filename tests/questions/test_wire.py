"""The language model's plan: its schema is one that every server can enforce, and what does not fit is told."""

from typing import Any

import pytest

from crm_api.core.fields import CATALOGUES
from crm_api.questions.linking import Name, Names
from crm_api.questions.wire import Misfit, Reader, WirePlan

EMPTY: dict[str, Any] = {
    "action": "query",
    "entity": "opportunity",
    "where": [],
    "related": [],
    "names": [],
    "periods": [],
    "measure": "",
    "fn": "none",
    "fn_field": "",
    "group_by": [],
    "bucket_field": "",
    "bucket": "none",
    "having_op": "none",
    "having_value": 0,
    "sort_field": "",
    "sort": "none",
    "limit": 0,
    "columns": [],
    "compare": "none",
    "change": "none",
    "message": "",
}


def names() -> Names:
    known = Names()
    known.add(Name("user", "Ada Lovelace", id="a"))
    known.add(Name("user", "Grace Hopper", id="b"))
    return known


def plan(**changes: Any) -> Any:
    return Reader(WirePlan(**EMPTY | changes), CATALOGUES, names()).plan()


def schemas(node: Any) -> Any:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from schemas(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas(value)


def test_the_schema_is_clean_under_strict_mode() -> None:
    from openai.lib._pydantic import to_strict_json_schema

    schema = to_strict_json_schema(WirePlan)
    for node in schemas(schema):
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert set(node["required"]) == set(node["properties"])
        assert not {"oneOf", "allOf", "not", "prefixItems", "default"} & set(node)


def test_a_declared_measure_brings_its_own_condition() -> None:
    made = plan(measure="won_value", bucket_field="actual_close_date", bucket="quarter")
    assert made.figures[0].fn == "sum"
    assert made.filters[0].tree == {"field": "stage", "op": "in", "value": ["closed_won"]}
    assert made.group_by[0].bucket == "quarter"


def test_names_and_periods_are_resolved_here_and_not_by_the_model() -> None:
    made = plan(
        fn="count",
        names=[{"text": "ada lovelace", "path": "owner", "excluded": False}],
        periods=[{"field": "actual_close_date", "words": "last quarter"}],
    )
    assert made.filters[0].tree == {"field": "owner_id", "op": "in", "value": ["a"]}
    assert made.filters[1].tree["op"] == "during"


def test_two_names_can_be_put_side_by_side() -> None:
    both = [{"text": n, "path": "owner", "excluded": False} for n in ("Ada Lovelace", "Grace Hopper")]
    made = plan(action="compare", measure="win_rate", names=both, compare="names")
    assert [side.label for side in made.sides] == ["Ada Lovelace", "Grace Hopper"]


def test_amounts_are_read_as_people_write_them() -> None:
    made = plan(where=[{"field": "estimated_value", "op": "gt", "values": ["5 lakh"]}])
    assert made.filters[0].tree["value"] == "500000"


@pytest.mark.parametrize(
    "changes",
    [
        {"entity": "spaceship"},
        {"where": [{"field": "colour", "op": "eq", "values": ["red"]}]},
        {"where": [{"field": "priority", "op": "eq", "values": []}]},
        {"related": [{"path": "moons", "quantifier": "any", "where": []}]},
        {"names": [{"text": "Nobody Known", "path": "", "excluded": False}]},
        {"periods": [{"field": "actual_close_date", "words": "when pigs fly"}]},
        {"measure": "happiness"},
        {"fn": "sum", "fn_field": "nothing"},
        {"group_by": ["account.shoe_size"]},
        {"action": "compare", "fn": "count", "compare": "names"},
    ],
)
def test_what_does_not_exist_is_told_to_the_model(changes: dict[str, Any]) -> None:
    with pytest.raises(Misfit):
        plan(**changes)


def test_a_refusal_keeps_the_models_words() -> None:
    assert plan(action="refuse", message="No.").reason == "No."
