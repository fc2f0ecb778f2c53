"""Figures against scikit-learn's, and intervals against a plain bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from policyframes.bundle import FramingSettings
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.evaluation.figures import draw_weights, evaluate, split_bins

FRAMINGS = ("securitized", "governance", "partnership")
SETTINGS = {name: FramingSettings(0.5, 1.0, 0.0, 0.3, 0.7) for name in FRAMINGS}


def _make(n: int = 240, documents: int = 24, seed: int = 5):
    generator = np.random.default_rng(seed)
    # One decimal, so that many passages share a probability.
    probabilities = np.round(generator.random((n, 3)), 1)
    passages = PassageSet(
        framings=FRAMINGS,
        ids=tuple(str(i) for i in range(n)),
        texts=("",) * n,
        documents=tuple(f"d{i % documents}" for i in range(n)),
        targets=generator.random((n, 3)) < probabilities,
        doubt=np.zeros(n, dtype=np.int64),
        is_original=np.zeros(n, dtype=bool),
    )
    return probabilities, passages


@pytest.mark.parametrize(
    ("figure", "reference"), [("f1", f1_score), ("precision", precision_score), ("recall", recall_score)]
)
def test_decisions_are_measured_as_scikit_learn_does(figure, reference):
    probabilities, passages = _make()
    measured = evaluate(probabilities, passages, SETTINGS, seed=0, resamples=5)

    for column, framing in enumerate(FRAMINGS):
        expected = reference(passages.targets[:, column], probabilities[:, column] >= 0.5)
        assert measured.framings[framing][figure].value == pytest.approx(expected, abs=1e-12)


def test_average_precision_with_ties_is_scikit_learns():
    probabilities, passages = _make()
    measured = evaluate(probabilities, passages, SETTINGS, seed=0, resamples=5)

    for column, framing in enumerate(FRAMINGS):
        expected = average_precision_score(passages.targets[:, column], probabilities[:, column])
        assert measured.framings[framing]["average_precision"].value == pytest.approx(expected, abs=1e-12)


def test_a_resample_is_measured_as_if_its_passages_were_repeated():
    probabilities, passages = _make()
    weights = draw_weights(passages.documents, seed=3, resamples=1)
    repeated = np.repeat(np.arange(len(passages)), weights[1].astype(int))
    measured = evaluate(probabilities, passages, SETTINGS, seed=3, resamples=1)

    for column, framing in enumerate(FRAMINGS):
        target, score = passages.targets[repeated, column], probabilities[repeated, column]
        figures = measured.framings[framing]
        assert figures["f1"].low == pytest.approx(f1_score(target, score >= 0.5), abs=1e-12)
        assert figures["average_precision"].low == pytest.approx(average_precision_score(target, score), abs=1e-12)


def test_macro_f1_is_the_mean_of_presence_f1_and_not_the_pooled_one():
    probabilities, passages = _make()
    measured = evaluate(probabilities, passages, SETTINGS, seed=0, resamples=5)
    pooled = f1_score(passages.targets.ravel(), (probabilities >= 0.5).ravel())

    expected = f1_score(passages.targets, probabilities >= 0.5, average="macro")
    assert measured.overall["macro_f1"].value == pytest.approx(expected, abs=1e-12)
    assert abs(measured.overall["macro_f1"].value - pooled) > 1e-4


def test_exact_set_accuracy_counts_passages_with_all_framings_right():
    probabilities, passages = _make()
    measured = evaluate(probabilities, passages, SETTINGS, seed=0, resamples=5)

    expected = ((probabilities >= 0.5) == passages.targets).all(axis=1).mean()
    assert measured.overall["exact_set_accuracy"].value == pytest.approx(expected, abs=1e-12)


def test_resamples_draw_whole_documents():
    documents = ("a", "a", "b", "c", "c", "c")
    weights = draw_weights(documents, seed=1, resamples=200)

    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_intervals_are_those_of_a_plain_bootstrap_over_documents():
    probabilities, passages = _make()
    measured = evaluate(probabilities, passages, SETTINGS, seed=0).framings["governance"]["recall"]
    generator = np.random.default_rng(99)
    groups = [np.flatnonzero(np.array(passages.documents) == name) for name in sorted(set(passages.documents))]
    draws = []
    for _ in range(1_000):
        rows = np.concatenate([groups[i] for i in generator.integers(len(groups), size=len(groups))])
        draws.append(recall_score(passages.targets[rows, 1], probabilities[rows, 1] >= 0.5))

    assert (measured.low, measured.high) == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.015)


def test_same_seed_gives_the_same_intervals():
    probabilities, passages = _make()

    assert evaluate(probabilities, passages, SETTINGS, seed=4, resamples=50) == evaluate(
        probabilities, passages, SETTINGS, seed=4, resamples=50
    )
    assert evaluate(probabilities, passages, SETTINGS, seed=4, resamples=50) != evaluate(
        probabilities, passages, SETTINGS, seed=5, resamples=50
    )


def test_calibration_error_of_a_constant_probability_is_its_distance_from_the_share():
    _, passages = _make()
    constant = np.full((len(passages), 3), 0.9)
    measured = evaluate(constant, passages, SETTINGS, seed=0, resamples=20)
    share = passages.targets[:, 0].mean()

    assert measured.framings["securitized"]["ece"].value == pytest.approx(0.9 - share, abs=0.06)


def test_interval_of_the_calibration_error_holds_its_value():
    probabilities, passages = _make()
    measured = evaluate(probabilities, passages, SETTINGS, seed=0)

    for framing in FRAMINGS:
        error = measured.framings[framing]["ece"]
        assert error.low <= error.value <= error.high


def test_precision_outside_the_band_and_its_coverage():
    probabilities, passages = _make()
    measured = evaluate(probabilities, passages, SETTINGS, seed=0, resamples=5).framings["partnership"]
    score, target = probabilities[:, 2], passages.targets[:, 2]

    assert measured["precision_outside_band"].value == pytest.approx(target[score >= 0.7].mean(), abs=1e-12)
    assert measured["absence_precision_outside_band"].value == pytest.approx((~target[score < 0.3]).mean(), abs=1e-12)
    assert measured["coverage"].value == pytest.approx(((score < 0.3) | (score >= 0.7)).mean(), abs=1e-12)


def test_precision_of_no_decision_is_not_a_number():
    probabilities, passages = _make()
    never = {name: FramingSettings(1.0, 1.0, 0.0, 0.0, 1.0) for name in FRAMINGS}
    measured = evaluate(probabilities * 0.9, passages, never, seed=0, resamples=5)

    for figure in ("precision", "precision_outside_band", "absence_precision_outside_band"):
        assert np.isnan(measured.framings["governance"][figure].value)


def test_bins_have_equal_mass_and_hold_every_passage():
    bins = split_bins(np.random.default_rng(0).random(100))

    assert sorted(np.concatenate(bins).tolist()) == list(range(100))
    assert {len(rows) for rows in bins} == {6, 7}
