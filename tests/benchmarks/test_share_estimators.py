"""The estimators of shares that the shipped one is set beside."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from benchmarks.share_estimators import SIZES, compare_estimators, main, maximise_likelihood
from policyframes_training.tiers.errors import ReadPassages

with warnings.catch_warnings():
    # It warns of its own dependencies when it is imported.
    warnings.simplefilter("ignore")
    aggregative = pytest.importorskip("quapy.method.aggregative")


def draw(seed: int, documents: int, each: int, share: float = 0.4) -> ReadPassages:
    generator = np.random.default_rng(seed)
    coded = generator.random(documents * each) < share
    scores = np.clip(np.where(coded, 0.75, 0.2) + generator.normal(0, 0.1, len(coded)), 0.01, 0.99)
    names = tuple(f"{seed}-{number}" for number in np.repeat(np.arange(documents), each))
    ids = tuple(f"{seed}-{row}" for row in range(len(coded)))
    return ReadPassages(scores[:, None], coded[:, None], names, ids)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.8])
def test_the_likelihood_is_greatest_where_quapy_finds_it(share):
    scores = draw(1, 500, 1, share).probabilities[:, 0]
    posteriors = np.column_stack([1 - scores, scores])

    expected = aggregative.EMQ.EM(np.array([0.6, 0.4]), posteriors, epsilon=1e-9)[0][1]

    assert maximise_likelihood(scores, 0.4) == pytest.approx(expected, abs=1e-4)


def test_each_size_of_document_is_a_row():
    rows = compare_estimators(draw(1, 60, 5), draw(2, 20, 12), np.array([0.5]))

    assert [row["passages"] for row in rows] == [f"{least} to {most}" for least, most in SIZES]
    assert [row["documents"] for row in rows] == [60, 20, 0]


def test_where_only_the_share_of_the_class_differs_the_adjusted_count_is_better_than_the_mean():
    rows = compare_estimators(draw(1, 60, 12), draw(2, 60, 12, share=0.9), np.array([0.5]))

    assert rows[1]["probabilistic adjusted count"] < rows[1]["mean probability"]


def test_a_folder_that_is_no_bundle_is_an_error_without_a_traceback(tmp_path, capsys):
    assert main([str(tmp_path / "none-v1"), "--work", str(tmp_path)]) == 1
    assert "there is no such folder" in capsys.readouterr().err
