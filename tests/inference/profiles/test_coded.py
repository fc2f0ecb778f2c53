"""Shares that a hand-coded sample corrects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.profiles.coded import MIN_CODED, CodedSample, correct_share, estimate_from_sample
from policyframes.profiles.shares import bound_proportion
from tests.inference.scored import FRAMINGS, make_collection

sizes = st.integers(2, 60)


def take(letters: str, codes: str) -> dict:
    """Return the shares of a document whose first passages are coded; a letter a framing, - for none."""
    passages = make_collection({"a": letters}).documents[0].passages
    known = {name[0]: frozenset([name]) for name in FRAMINGS}
    coded = {("a", number): known.get(code, frozenset()) for number, code in enumerate(codes, 1)}
    return dict(estimate_from_sample(passages, FRAMINGS, CodedSample(coded)))


def test_a_model_that_is_right_keeps_its_share():
    share = take("sg" * 60, "sg" * 10)["securitized"]

    assert share.value == pytest.approx(0.5)
    assert share.method == "coded"
    assert (share.count, share.passages) == (60, 120)


def test_a_model_that_sees_a_framing_everywhere_is_corrected():
    share = take("s" * 120, "sggg" * 5)["securitized"]

    assert share.count == 120
    assert share.value == pytest.approx(0.25)
    assert share.high < 0.6


def test_a_model_that_helps_makes_the_interval_narrower():
    helped, alone = take("sg" * 60, "sg" * 10)["securitized"], take("s" * 120, "sg" * 10)["securitized"]

    assert helped.high - helped.low < 0.5 * (alone.high - alone.low)


def test_none_is_corrected_too_and_uncertain_is_not():
    shares = take("-" * 40, "-s" * 10)

    assert list(shares) == [*FRAMINGS, "none"]
    assert shares["none"].value == pytest.approx(0.5)


def test_too_few_coded_passages_correct_nothing():
    assert take("s" * 40, "s" * (MIN_CODED - 1)) == {}
    assert take("s" * 40, "s" * MIN_CODED)


def test_codes_of_other_passages_are_not_used():
    passages = make_collection({"a": "s" * 40}).documents[0].passages
    sample = CodedSample({("b", number): frozenset() for number in range(1, 41)})

    assert estimate_from_sample(passages, FRAMINGS, sample) == {}


def test_passages_that_are_all_coded_have_the_share_of_the_codes():
    value, low, high = correct_share(np.repeat([1.0, 0.0], [10, 30]), np.linspace(0, 1, 40), np.empty(0))
    wilson = bound_proportion(10, 40)

    assert value == 0.25
    assert (low, high) == pytest.approx(wilson, abs=0.01)
    assert low < wilson[0] < wilson[1] < high


@given(sizes, sizes, st.integers(0, 1_000))
def test_an_interval_holds_its_estimate_and_stays_on_the_scale(coded, others, seed):
    generator = np.random.default_rng(seed)
    codes = (generator.random(coded + 1) < generator.random()).astype(float)
    value, low, high = correct_share(codes, generator.random(coded + 1), generator.random(others))

    assert 0 <= low <= value <= high <= 1
    assert high > low


@pytest.mark.parametrize("code", [0.0, 1.0])
def test_codes_that_are_all_alike_leave_room_for_others(code):
    value, low, high = correct_share(np.full(20, code), np.linspace(0, 1, 20), np.linspace(0, 1, 200))

    assert value == code
    assert high - low > 0.1
