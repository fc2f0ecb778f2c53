"""Changes between groups: the test, its interval, and the adjustment for their number."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.profiles.change import (
    FEWEST_DOCUMENTS,
    Change,
    adjust_changes,
    describe_group,
    find_p_value,
    measure_changes,
    measure_surprise,
)
from policyframes.profiles.errors import ErrorTable, KindErrors
from policyframes.profiles.profile import build_profile
from policyframes.profiles.shares import Sample, bound_share, estimate_shares
from tests.inference.profiles.test_shares import ERRORS, TABLE
from tests.inference.scored import make_collection

p_values = st.lists(st.floats(0, 1) | st.none(), max_size=20)


def compare_letters(before: str, after: str, table: ErrorTable | None = TABLE):
    collection = make_collection({"old": before, "new": after})
    profiles = [build_profile(collection, group=name, documents=[name]) for name in ("old", "new")]
    # The tiny bundle states no errors of its own.
    before, after = (
        replace(profile, shares=estimate_shares(profile.passages, profile.framings, table)) for profile in profiles
    )
    return {change.kind: change for change in measure_changes(before, after, table)}


def make_change(p_value: float | None) -> Change:
    return Change(None, "none", "1", "2", 0.1, 0.0, 0.2, p_value, None, is_significant=False)


def test_a_change_is_of_each_framing_and_none():
    changes = compare_letters("s" * 30, "g" * 30)

    assert list(changes) == ["securitized", "governance", "partnership", "none"]
    assert (changes["governance"].before, changes["governance"].after) == ("old", "new")
    assert changes["securitized"].difference == pytest.approx(-changes["governance"].difference)


def test_the_difference_is_that_of_the_shares():
    change = compare_letters("s" * 10 + "-" * 20, "s" * 20 + "-" * 10)["securitized"]

    # A third of the passages more score 0.9 and not 0.1.
    assert change.difference == pytest.approx(0.8 / 3 / ERRORS.slope)
    assert change.low < change.difference < change.high


@pytest.mark.parametrize("table", [TABLE, None])
def test_equal_groups_have_no_change(table):
    change = compare_letters("ssg-" * 10, "ssg-" * 10, table)["securitized"]

    assert change.difference == 0
    assert change.low < 0 < change.high
    assert change.p_value == pytest.approx(1.0)


@pytest.mark.parametrize("table", [TABLE, None])
@pytest.mark.parametrize("more", range(11, 30))
def test_the_interval_leaves_zero_out_exactly_where_the_test_says_so(table, more):
    change = compare_letters("s" * 10 + "-" * 20, "s" * more + "-" * (30 - more), table)["securitized"]

    assert (change.p_value < 0.05) == (change.low > 0)


def test_documents_of_all_lengths_leave_interval_and_p_value_of_one_mind():
    # The further off a difference is assumed, the more the long documents make of it: all of the scale is no surprise.
    before, after = ["ssss", "ss-s", "ss", "ss-ss-ss", "ss"], ["--gg", "gggg", "g", "gggg", "g--g"]
    collection = make_collection(
        {f"{side}{i}": kinds for side in (0, 1) for i, kinds in enumerate((before, after)[side])}
    )
    profiles = [
        build_profile(collection, group=str(side), documents=[f"{side}{i}" for i in range(5)]) for side in (0, 1)
    ]
    profiles = [replace(item, shares=estimate_shares(item.passages, item.framings, TABLE)) for item in profiles]
    change = measure_changes(*profiles, TABLE)[0]

    assert change.p_value < 0.05
    assert change.low <= change.difference <= change.high < 0


def test_too_few_passages_have_no_change():
    change = compare_letters("s" * 5, "g" * 30)["securitized"]

    assert (change.difference, change.low, change.high, change.p_value) == (None, None, None, None)


def test_what_both_groups_share_cancels():
    doubtful = replace(ERRORS, score_variance=0.2)
    groups = [describe_group(value, Sample(value, 50, 0.1), sizes=[50], sums=[0.0]) for value in (0.2, 0.6)]

    assert find_p_value(*groups, doubtful) == find_p_value(*groups, ERRORS)


def test_documents_that_differ_make_a_change_less_sure():
    sizes = [10] * FEWEST_DOCUMENTS
    alike = [describe_group(value, Sample(value, 50, 0.18), sizes=sizes, sums=[0.0] * 5) for value in (0.2, 0.6)]
    unlike = [
        describe_group(value, Sample(value, 50, 0.18), sizes=sizes, sums=[4.0, -4.0, 3.0, -3.0, 0.0])
        for value in (0.2, 0.6)
    ]

    assert find_p_value(*unlike, ERRORS) > find_p_value(*alike, ERRORS)


def test_few_documents_are_compared_as_they_are():
    assert describe_group(0.3, Sample(0.3, 40, 0.2), sizes=[10] * 4, sums=[0.0] * 4).document_variance is None


def test_without_error_the_test_is_that_of_two_proportions():
    flawless = KindErrors(0.5, 0.5, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    groups = [
        describe_group(bound_share(sample, flawless)[0], sample, sizes=[sample.passages], sums=[0.0])
        for sample in (Sample(0.3, 60, 0.0), Sample(0.5, 40, 0.0))
    ]
    pooled = (18 + 20) / 100
    z = 0.2 / (pooled * (1 - pooled) * (1 / 60 + 1 / 40)) ** 0.5

    assert measure_surprise(*groups, flawless) == pytest.approx(z)
    assert find_p_value(*groups, flawless) == pytest.approx(2 * NormalDist().cdf(-z))


def test_holm_multiplies_by_what_is_left_and_never_falls():
    adjusted = adjust_changes([make_change(p) for p in (0.01, 0.04, 0.03, None)])

    assert [change.adjusted_p_value for change in adjusted] == pytest.approx([0.03, 0.06, 0.06, None])
    assert [change.is_significant for change in adjusted] == [True, False, False, False]


@given(p_values)
def test_adjusted_p_values_keep_the_order_and_are_no_smaller(values):
    adjusted = adjust_changes([make_change(value) for value in values])
    pairs = sorted((c.p_value, c.adjusted_p_value) for c in adjusted if c.p_value is not None)

    assert all(after >= before for before, after in pairs)
    assert [after for _, after in pairs] == sorted(after for _, after in pairs)
    assert all(after <= 1 for _, after in pairs)
