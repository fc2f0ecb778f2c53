"""Logits -> probabilities, thresholds, bands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from policyframes.errors import TrainingError
from policyframes_training.calibration import apply_platt, calibrate, choose_threshold, find_band, fit_platt


def _draw(seed: int, n: int = 400, slope: float = 2.0, offset: float = -0.7):
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=n)
    return logits, generator.random(n) < expit(slope * logits + offset)


def test_platt_finds_the_minimum_that_a_general_optimiser_finds():
    logits, present = _draw(1)
    smoothed = np.where(present, (present.sum() + 1) / (present.sum() + 2), 1 / ((~present).sum() + 2))

    def loss(weights):
        p = np.clip(expit(weights[0] * logits + weights[1]), 1e-12, 1 - 1e-12)
        return -(smoothed * np.log(p) + (1 - smoothed) * np.log(1 - p)).sum()

    assert fit_platt(logits, present) == pytest.approx(minimize(loss, [1.0, 0.0], tol=1e-10).x, abs=1e-4)


def test_platt_recovers_slope_and_offset_of_many_passages():
    assert fit_platt(*_draw(2, n=50_000)) == pytest.approx((2.0, -0.7), abs=0.06)


def test_platt_stays_finite_where_the_classes_are_apart():
    slope, offset = fit_platt(np.array([-9.0, -8.0, 8.0, 9.0]), np.array([False, False, True, True]))

    assert np.isfinite([slope, offset]).all()
    assert 0 < apply_platt(np.array([9.0]), slope, offset)[0] < 1


def test_mean_probability_is_the_share_that_carries_the_framing():
    logits, present = _draw(3)
    probabilities = apply_platt(logits, *fit_platt(logits, present))

    assert probabilities.mean() == pytest.approx(present.mean(), abs=0.005)


def _f1(probabilities, present, threshold):
    decided = probabilities >= threshold
    return 2 * (decided & present).sum() / (decided.sum() + present.sum())


@given(seed=st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_f1_at_the_threshold_is_within_one_point_of_the_best(seed):
    logits, present = _draw(seed, n=80)
    if present.all() or not present.any():
        return
    probabilities = expit(logits)
    best = max(_f1(probabilities, present, value) for value in probabilities)

    assert _f1(probabilities, present, choose_threshold(probabilities, present)) >= best - 0.01 - 1e-9


def test_on_the_plateau_the_count_of_decisions_is_right():
    # 60 sure ones, then 100 of which two in five are present: F1 hardly moves from rank 60 to rank 160.
    probabilities = np.linspace(0.99, 0.01, 400)
    present = np.arange(400) < 60
    present[60:160] = np.arange(100) % 5 < 2
    best = max(probabilities, key=lambda value: _f1(probabilities, present, value))

    decided = int((probabilities >= choose_threshold(probabilities, present)).sum())

    assert int((probabilities >= best).sum()) > 150
    assert abs(decided - int(present.sum())) <= 2


@given(seed=st.integers(0, 10_000), promised=st.sampled_from([0.7, 0.8, 0.9, 0.95]))
@settings(max_examples=60, deadline=None)
def test_decisions_outside_the_band_are_as_right_as_promised(seed, promised):
    logits, present = _draw(seed, n=300)
    probabilities = expit(logits)
    threshold = choose_threshold(probabilities, present)
    start, end = find_band(probabilities, present, threshold, promised_precision=promised)
    above, below = probabilities >= end, probabilities < start

    assert start <= threshold <= end
    assert above.sum() == 0 or present[above].mean() >= promised
    assert below.sum() == 0 or (~present[below]).mean() >= promised


def test_band_is_the_smallest_one():
    probabilities = np.linspace(0.995, 0.005, 100)
    present = np.arange(100) < 50
    present[[45, 48]] = False
    start, end = find_band(probabilities, present, 0.5, promised_precision=0.9)

    assert (start, end) == (0.5, 0.5)


def test_band_reaches_to_one_where_the_promise_is_never_met():
    probabilities = np.linspace(0.9, 0.1, 100)
    present = np.arange(100) % 2 == 0

    assert find_band(probabilities, present, 0.5, promised_precision=0.9) == (0.0, 1.0)


def test_few_lucky_decisions_do_not_end_the_band():
    probabilities = np.linspace(0.99, 0.01, 100)
    present = np.arange(100) % 2 == 0
    present[:10] = True

    assert find_band(probabilities, present, 0.5, promised_precision=0.9)[1] == 1.0


def test_framing_that_is_never_present_is_refused_by_name():
    targets = np.zeros((10, 2), dtype=bool)
    targets[:5, 0] = True

    with pytest.raises(TrainingError, match="'governance' in the validation split: present in 0 of 10"):
        calibrate(np.linspace(-1, 1, 20).reshape(10, 2), targets, ("securitized", "governance"))
