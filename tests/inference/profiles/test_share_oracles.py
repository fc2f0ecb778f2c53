"""Estimates of shares against those of QuaPy and of ppi_py."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from policyframes.profiles.coded import correct_share, tune_weight
from policyframes.profiles.errors import KindErrors
from policyframes.profiles.shares import Sample, bound_share

with warnings.catch_warnings():
    # Both warn of their own dependencies when they are imported.
    warnings.simplefilter("ignore")
    aggregative = pytest.importorskip("quapy.method.aggregative")
    ppi_py = pytest.importorskip("ppi_py")


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose posterior probabilities are its input."""

    def fit(self, _, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, x):
        return x

    def predict(self, x):
        return self.classes_[x.argmax(axis=1)]


def draw(seed: int, share: float, n: int = 400):
    generator = np.random.default_rng(seed)
    coded = generator.random(n) < share
    return coded, np.clip(np.where(coded, 0.7, 0.25) + generator.normal(0, 0.15, n), 0.01, 0.99)


def quantify(method, known, scores, **options):
    """Return what a method of QuaPy says of the share, from passages whose codes are known."""
    coded, learnt = known
    pairs = np.column_stack([1 - learnt, learnt])
    quantifier = method(Given().fit(pairs, coded.astype(int)), fit_classifier=False, **options)
    quantifier.fit(pairs, coded.astype(int))
    return quantifier.predict(np.column_stack([1 - scores, scores]))[1]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_at_the_slope_of_prior_shift_the_estimate_is_the_probabilistic_adjusted_count(share):
    coded, learnt = known = draw(1, 0.4, 4_000)
    separation = learnt[coded].mean() - learnt[~coded].mean()
    errors = KindErrors(coded.mean(), learnt.mean(), separation, separation, 0.02, 0.02, 0.0, 0.0, 0.0)
    _, scores = draw(2, share)

    found = bound_share(Sample(scores.mean(), len(scores), 0.0), errors)[0]

    assert found == pytest.approx(quantify(aggregative.PACC, known, scores, val_split=None), abs=1e-4)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_at_the_slope_of_covariate_shift_the_estimate_is_the_mean_probability(share):
    known = draw(1, 0.4, 4_000)
    errors = KindErrors(0.4, 0.4, 1.0, 0.5, 0.02, 0.02, 0.0, 0.0, 0.0)
    _, scores = draw(2, share)

    found = bound_share(Sample(scores.mean(), len(scores), 0.0), errors)[0]

    assert found == pytest.approx(quantify(aggregative.PCC, known, scores))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_the_estimate_from_a_coded_sample_is_that_of_ppi_py(seed, share):
    coded, scores = draw(seed, share)
    codes = coded[:100].astype(float)

    value, low, high = correct_share(codes, scores[:100], scores[100:])

    assert value == pytest.approx(ppi_py.ppi_mean_pointestimate(codes, scores[:100], scores[100:]).item(), abs=0.005)
    # Theirs is centred on the estimate, with the normal quantile; ours with Student's t.
    low_ppi, high_ppi = (end.item() for end in ppi_py.ppi_mean_ci(codes, scores[:100], scores[100:], alpha=0.05))
    assert high - low == pytest.approx(high_ppi - low_ppi, rel=0.1)


def test_a_model_that_says_nothing_gets_no_weight():
    codes = np.tile([0.0, 1.0], 50)

    assert tune_weight(codes, np.repeat([0.0, 1.0], 50), 300) == 0.0
    assert tune_weight(codes, codes, 10**9) == pytest.approx(1.0)
