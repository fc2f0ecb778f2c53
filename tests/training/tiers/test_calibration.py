"""Logits -> probabilities, thresholds, bands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from policyframes.errors import TrainingError
from policyframes_training.corpus.held_out import FoldedLogits, HeldOut
from policyframes_training.tiers.calibration import (
    align_folds,
    apply_platt,
    calibrate,
    choose_threshold,
    find_band,
    fit_platt,
    fit_shared_platt,
)


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


def _band(probabilities, present, threshold, promised):
    return find_band(probabilities, present, threshold, promised_precision=promised)


@given(seed=st.integers(0, 10_000), promised=st.sampled_from([0.7, 0.8, 0.9, 0.95]))
@settings(max_examples=60, deadline=None)
def test_decisions_outside_the_band_keep_the_promise_with_one_more_mistake(seed, promised):
    logits, present = _draw(seed, n=600)
    probabilities = expit(logits)
    threshold = choose_threshold(probabilities, present)
    start, end = _band(probabilities, present, threshold, promised)
    above, below = probabilities >= end, probabilities < start

    assert start <= threshold <= end
    for right in (present[above], ~present[below]):
        assert len(right) == 0 or ((~right).sum() + 1) / len(right) <= 1 - promised + 1e-9


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_no_end_nearer_to_the_threshold_would_keep_it(seed):
    logits, present = _draw(seed, n=300)
    probabilities = expit(logits)
    _, end = _band(probabilities, present, 0.5, 0.9)

    for nearer in probabilities[(probabilities >= 0.5) & (probabilities < end)]:
        right = present[probabilities >= nearer]
        assert ((~right).sum() + 1) / len(right) > 0.1 + 1e-12


def test_promise_is_kept_on_average_over_new_documents():
    # A coder's doubt that is shared by the passages of a document: half of the noise is the document's.
    def draw(generator, documents):
        shared = np.repeat(generator.normal(size=documents), 10)
        logits = generator.normal(size=documents * 10) * 2
        return expit(logits), expit(logits + shared) > generator.random(documents * 10)

    generator = np.random.default_rng(0)
    new, truth = draw(generator, 20_000)
    ends = [_band(*draw(generator, 100), 0.5, 0.85)[1] for _ in range(200)]
    reached = [truth[new >= end].mean() for end in ends if end < 1]

    assert len(reached) > 150
    assert 0.845 <= np.mean(reached) <= 0.88


def test_there_is_no_band_where_all_decisions_are_right_enough():
    probabilities = np.linspace(0.995, 0.005, 200)
    present = np.arange(200) < 100
    present[[95, 98]] = False

    assert _band(probabilities, present, 0.5, 0.9) == (0.5, 0.5)


def test_band_reaches_to_one_where_the_promise_is_never_met():
    probabilities = np.linspace(0.9, 0.1, 100)
    present = np.arange(100) % 2 == 0

    assert _band(probabilities, present, 0.5, 0.9) == (0.0, 1.0)


def test_few_lucky_decisions_do_not_end_the_band():
    probabilities = np.linspace(0.99, 0.01, 100)
    present = np.arange(100) % 2 == 0
    present[:9] = True

    assert _band(probabilities, present, 0.5, 0.9)[1] == 1.0


def test_band_that_covers_every_present_decision_is_said_to():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(400, 1))
    held_out = HeldOut(logits, generator.random((400, 1)) < 0.5, tuple(str(i) for i in range(400)))
    made = calibrate(held_out, held_out, ("securitized",), promised_precision=0.99)

    assert made.outside == {"securitized": (0.0, 0.0)}
    assert (made.settings["securitized"].uncertain_from, made.settings["securitized"].uncertain_to) == (0.0, 1.0)


def test_slopes_follow_both_and_the_level_validation():
    logits, present = _draw(4, n=6_000)
    validation = HeldOut(logits[:3000, None], present[:3000, None], tuple(f"v{i}" for i in range(3000)))
    train = HeldOut(logits[3000:, None] - 0.8, present[3000:, None], tuple(f"t{i}" for i in range(3000)))
    (slope, offset), shift = fit_shared_platt(
        (validation.logits[:, 0], validation.targets[:, 0]), (train.logits[:, 0], train.targets[:, 0])
    )
    found = calibrate(validation, train, ("securitized",), promised_precision=0.8)

    assert shift == pytest.approx(0.8, abs=0.1)
    assert (slope, offset) == pytest.approx(fit_platt(logits, present), abs=0.1)
    one = found.settings["securitized"]
    assert (one.slope, one.offset) == (slope, offset)
    assert (found.passages, found.documents) == (6_000, 6_000)


@pytest.mark.parametrize("level", [-1.5, 1.5])
def test_bands_keep_the_promise_at_the_level_of_validation_and_at_that_of_all(level):
    chance = np.random.default_rng(3)
    logits = chance.normal(0, 2, size=(80_000, 1))
    present = chance.random(logits.shape) < 1 / (1 + np.exp(-logits - np.repeat([0.0, level], 40_000)[:, None]))
    names = tuple(map(str, range(80_000)))
    validation, train = (
        HeldOut(logits[part], present[part], names[part]) for part in (slice(40_000), slice(40_000, None))
    )
    settings = calibrate(validation, train, ("securitized",), promised_precision=0.9).settings["securitized"]

    # Set on both, what is promised is that of both; on validation alone it was 0.84 before its level was asked as well.
    for part, least in ((slice(None), 0.895), (slice(40_000), 0.875)):
        read, coded = apply_platt(logits[part, 0], settings.slope, settings.offset), present[part, 0]
        assert coded[read >= settings.uncertain_to].mean() >= least
        assert 1 - coded[read < settings.uncertain_from].mean() >= least


def test_without_train_validation_sets_everything():
    logits, present = _draw(4, n=300)
    validation = HeldOut(logits[:, None], present[:, None], ("v",) * 300)
    one = calibrate(validation, HeldOut.empty(1), ("securitized",), promised_precision=0.8).settings["securitized"]

    assert (one.slope, one.offset) == fit_platt(logits, present)
    assert one.threshold == choose_threshold(apply_platt(logits, one.slope, one.offset), present)


def test_logits_of_folds_are_put_on_the_scale_of_the_model():
    logits, present = _draw(5, n=2_000)
    own = HeldOut(logits[:1000, None], present[:1000, None], ("v",) * 1000)
    scales = ((3.0, 0.7), (0.5, -1.0))
    folds = np.arange(1000) % 2
    said = np.where(folds == 0, *(scale * logits[1000:] + shift for scale, shift in scales))
    validated = np.stack([scale * own.logits + shift for scale, shift in scales])
    held = HeldOut(said[:, None], present[1000:, None], ("t",) * 1000)
    aligned = align_folds(FoldedLogits(held, folds, validated, np.empty((2, 0, 1))), own)

    assert aligned.logits[:, 0] == pytest.approx(logits[1000:], abs=1e-3)
    assert (aligned.targets == held.targets).all()


def test_the_logits_of_a_fold_that_learnt_nothing_stay():
    logits, present = _draw(6, n=400)
    own = HeldOut(logits[:200, None], present[:200, None], ("v",) * 200)
    held = HeldOut(logits[200:, None], present[200:, None], ("t",) * 200)
    backwards = FoldedLogits(held, np.zeros(200, dtype=np.intp), -own.logits[None], np.empty((1, 0, 1)))

    assert (align_folds(backwards, own).logits == held.logits).all()


def test_framing_that_is_never_present_is_refused_by_name():
    targets = np.zeros((10, 2), dtype=bool)
    targets[:5, 0] = True
    held_out = HeldOut(np.linspace(-1, 1, 20).reshape(10, 2), targets, ("a",) * 10)

    with pytest.raises(TrainingError, match="'governance' in the validation passages: present in 0 of 10"):
        calibrate(held_out, held_out, ("securitized", "governance"))
