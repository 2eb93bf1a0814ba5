"""What a visit is worth: the rules, their bounds, and the sentences."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.core.errors import Invalid
from crm_api.visits.preferences import Preferences, VisitWeights, preferences
from crm_api.visits.value import TIER_SHARE, Standing, worth

TODAY = date(2026, 11, 23)


def valued(currency="USD", **standing):
    usual = {"tier": None, "visit_every_days": 30, "last_visit": TODAY, "open_deals": 0, "open_value": 0}
    return worth(Standing(**{**usual, **standing}), today=TODAY, weights=VisitWeights(), currency=currency)


def ago(days):
    return TODAY - timedelta(days=days)


def test_somebody_just_visited_with_nothing_open_is_worth_one_point_and_no_reason():
    assert (valued().points, valued().reasons) == (1, ())


@pytest.mark.parametrize(
    ("days", "points", "text"),
    [
        (15, 1, None),
        (29, 13, "due in 1 day"),
        (30, 14, "due today"),
        (31, 15, "overdue 1 day"),
        (51, 33, "overdue 21 days"),
        (60, 41, "overdue 30 days"),
        (900, 41, "overdue 870 days"),
    ],
)
def test_a_visit_gains_from_half_its_interval_to_twice_its_interval(days, points, text):
    made = valued(last_visit=ago(days))
    assert made.points == points
    assert [reason["text"] for reason in made.reasons] == ([text] if text else [])


def test_somebody_never_visited_is_as_overdue_as_can_be():
    assert valued(last_visit=None).points == 41
    assert valued(last_visit=None).reasons[0]["text"] == "never visited"


@pytest.mark.parametrize(
    ("minor", "points", "text"),
    [
        (0, 1, "2 open deals"),
        (100_000, 4, "2 open deals, USD 1,000"),
        (100_000_000, 26, "2 open deals, USD 1,000,000"),
        (10**12, 26, "2 open deals, USD 10,000,000,000"),
    ],
)
def test_open_deals_count_by_their_magnitude(minor, points, text):
    made = valued(open_deals=2, open_value=minor)
    assert (made.points, made.reasons[0]["text"]) == (points, text)


def test_money_is_shown_with_the_currencys_own_decimals():
    assert valued("JPY", open_deals=1, open_value=5_000).reasons[0]["text"] == "1 open deal, JPY 5,000"


def test_a_gold_account_is_worth_more_than_a_bronze_one():
    assert valued(tier="gold").points > valued(tier="bronze").points


def test_the_most_telling_reason_comes_first():
    made = valued(last_visit=ago(40), open_deals=1, open_value=10**10, tier="gold")
    assert [reason["code"] for reason in made.reasons] == ["pipeline", "overdue", "tier"]


@given(
    st.one_of(st.none(), st.integers(0, 5000)),
    st.integers(1, 3650),
    st.integers(0, 50),
    st.integers(0, 10**15),
    st.sampled_from([None, *TIER_SHARE]),
    st.tuples(st.integers(0, 29), st.integers(0, 30), st.integers(0, 30)),
)
def test_a_visit_is_always_worth_from_1_to_90(days, every, deals, minor, tier, weights):
    standing = Standing(tier, every, None if days is None else ago(days), deals, minor)
    overdue, pipeline, tiers = weights
    given_weights = VisitWeights(overdue=overdue, pipeline=pipeline, tier=tiers)
    assert 1 <= worth(standing, today=TODAY, weights=given_weights, currency="USD").points <= 90


def test_weights_that_leave_the_scale_are_refused():
    with pytest.raises(Invalid, match="not valid") as caught:
        preferences({"visits": {"weights": {"overdue": 50, "pipeline": 30, "tier": 19}}})
    assert caught.value.errors[0].field == "settings.visits.weights"


def test_a_setting_that_does_not_exist_is_refused():
    with pytest.raises(Invalid) as caught:
        preferences({"visits": {"lunch": 45}})
    assert caught.value.errors[0].field == "settings.visits.lunch"


def test_without_settings_there_are_defaults():
    assert preferences({}) == Preferences()


@pytest.mark.parametrize(
    ("account_type", "own", "opens"),
    [
        ("dealer", None, ["08:00", "18:00"]),
        ("customer", None, ["09:00", "17:00"]),
        ("dealer", {"1": [["10:00", "11:00"]]}, ["10:00", "11:00"]),
    ],
)
def test_hours_are_the_accounts_own_or_those_of_its_type(account_type, own, opens):
    assert Preferences().hours_of(account_type, own)["1"] == [opens]


def test_the_settings_give_hours_by_type_and_for_all_others():
    chosen = preferences(
        {"visits": {"opening_hours": {"dealer": {"1": [["07:00", "12:00"]]}, "default": {"2": []}}}}
    )
    assert chosen.hours_of("dealer", None) == {"1": [["07:00", "12:00"]]}
    assert chosen.hours_of("partner", None) == {"2": []}
