"""The language model's plan: its schema is one that every server can enforce, and what does not fit is told."""

from typing import Any

import pytest

from crm_api.core.fields import CATALOGUES
from crm_api.questions.linking import Name, Names
from crm_api.questions.model_planner import instructions
from crm_api.questions.plan import Plan
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
    "share_of": [],
    "group_by": [],
    "counts_groups": False,
    "over_groups": "none",
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
    "winner": "none",
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


def test_the_figures_of_groups_are_folded_into_one() -> None:
    made = plan(fn="count", group_by=["owner"], over_groups="avg")
    assert made.over_groups == "avg"
    assert plan(fn="count", group_by=["owner"], counts_groups=True).counts_groups


def test_a_part_of_the_records_is_told_in_percent() -> None:
    urgent = [{"field": "priority", "op": "eq", "values": ["urgent"]}]
    (figure,) = plan(fn="count", share_of=urgent).figures
    assert (figure.fn, figure.unit) == ("ratio", "percent")
    assert figure.where == {"field": "priority", "op": "eq", "value": "urgent"}


def test_each_groups_share_of_the_total_is_no_comparison() -> None:
    assert plan(measure="won_value", group_by=["owner"], change="share").change == "share"
    assert plan(measure="won_value", group_by=["owner"], change="percent").change is None


def test_whatever_a_plan_can_say_the_model_is_told_of() -> None:
    """A field of the plan that the schema lacks is something only the offline planner could ask for."""
    ours = set(Plan.model_fields) - {
        "filters",
        "figures",
        "sides",
        "question",
        "options",
        "reason",
        "unused",
        "assumptions",
    }
    named = {"having": "having_op"}
    assert {named.get(name, name) for name in ours} <= set(WirePlan.model_fields)
    prompt = instructions(CATALOGUES)
    assert all(name in prompt for name in ("over_groups", "counts_groups", "share_of", "texts subject"))


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
        {"fn": "count", "over_groups": "avg"},
        {"counts_groups": True, "group_by": ["owner"]},
        {
            "fn": "avg",
            "fn_field": "estimated_value",
            "share_of": [{"field": "priority", "op": "eq", "values": ["low"]}],
        },
        {"action": "compare", "fn": "count", "compare": "names"},
    ],
)
def test_what_does_not_exist_is_told_to_the_model(changes: dict[str, Any]) -> None:
    with pytest.raises(Misfit):
        plan(**changes)


def test_a_refusal_keeps_the_models_words() -> None:
    assert plan(action="refuse", message="No.").reason == "No."
