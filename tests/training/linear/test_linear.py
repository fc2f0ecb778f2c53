"""The fit, the choice of settings, and the way into a bundle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policyframes.backends import open_backend
from policyframes.errors import TrainingError
from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.corpus.held_out import HeldOut
from policyframes_training.linear.linear import LinearFolding, choose_settings, fit_linear, hold_out
from policyframes_training.linear.settings import LinearSettings, candidate_settings
from policyframes_training.tiers.calibration import calibrate
from policyframes_training.tiers.export import build_bundle


@pytest.fixture(scope="module")
def corpus(tiny):
    return read_corpus(tiny.labels, tiny.documents)


@pytest.mark.parametrize(
    "settings",
    [
        LinearSettings(),
        LinearSettings(word_ngrams=(1, 1), strength=1.0),
        LinearSettings(char_ngrams=(3, 5), min_documents=3),
    ],
)
def test_bundle_gives_the_logits_of_scikit_learn(corpus, settings):
    model = fit_linear(corpus.passages("train"), settings, seed=0)
    test = corpus.passages("test")
    held_out = HeldOut(model.logits(test.texts), test.targets, test.documents)
    chosen = calibrate(held_out, held_out, corpus.framings).settings
    bundle = build_bundle(model, chosen, name="tiny-v1", promised_precision=0.9, provenance={})
    texts = [*test.texts, "", "zzz unknown", "Courts courts COURTS need\nneed rules’ end-\ning"]

    assert open_backend(bundle).logits(texts) == pytest.approx(model.logits(texts), abs=1e-5)


def test_same_seed_gives_the_same_bits(corpus):
    first, second = (fit_linear(corpus.passages("train"), LinearSettings(), seed=1).weights() for _ in range(2))

    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }


def test_best_settings_are_those_with_the_highest_score_on_validation(corpus):
    candidates = [LinearSettings(strength=strength) for strength in (0.001, 1.0, 10.0)]
    trials = choose_settings(corpus.passages("train"), corpus.passages("validation"), candidates, seed=0)

    assert [trial.score for trial in trials] == sorted((trial.score for trial in trials), reverse=True)
    assert {trial.settings for trial in trials} == set(candidates)


def test_choice_does_not_depend_on_the_test_passages(corpus):
    train, validation = corpus.passages("train"), corpus.passages("validation")
    kept = [LinearSettings(strength=1.0), LinearSettings(strength=10.0)]

    assert choose_settings(train, validation, kept, seed=0) == choose_settings(train, validation, kept, seed=0)


def test_weights_of_originals_and_doubt_change_the_fit(corpus):
    train = corpus.passages("train")
    base = fit_linear(train, LinearSettings(doubt_weight=1.0), seed=0).weights()["coefficients"]
    doubted = fit_linear(train, LinearSettings(doubt_weight=0.2), seed=0).weights()["coefficients"]
    light = fit_linear(train, LinearSettings(doubt_weight=1.0, original_weight=0.1), seed=0).weights()["coefficients"]

    assert np.abs(base - doubted).max() > 1e-3
    assert np.abs(base - light).max() > 1e-3


def test_candidates_hold_no_run_longer_than_two_words():
    assert max(settings.word_ngrams[1] for settings in candidate_settings(with_originals=True)) == 2


def test_without_originals_their_weight_is_not_tried():
    assert {settings.original_weight for settings in candidate_settings(with_originals=False)} == {1.0}


def test_framing_that_validation_lacks_is_refused_before_any_fit(corpus):
    validation = corpus.passages("validation")
    targets = validation.targets.copy()
    targets[:, 0] = False

    with pytest.raises(TrainingError, match="'securitized' in the validation passages: present in 0 of 96"):
        choose_settings(corpus.passages("train"), replace(validation, targets=targets), [LinearSettings()], seed=0)


def test_short_passages_are_tried_with_runs_of_characters_and_long_ones_are_not(corpus):
    train = corpus.passages("train")
    long = replace(train, texts=tuple(" ".join([text] * 10) for text in train.texts))

    assert any(settings.char_ngrams for settings in candidate_settings(with_originals=True, train=train))
    assert candidate_settings(with_originals=True, train=long) == candidate_settings(with_originals=True)


def test_weights_of_doubt_are_tried_only_where_somebody_doubted(corpus):
    train = replace(corpus.passages("train"), doubt=np.zeros_like(corpus.passages("train").doubt))

    assert {settings.doubt_weight for settings in candidate_settings(with_originals=True, train=train)} == {1.0}


def test_framing_that_is_never_present_is_refused_by_name(corpus):
    train = corpus.passages("train")
    targets = train.targets.copy()
    targets[:, 2] = False

    with pytest.raises(TrainingError, match="'partnership' in the training passages: present in 0 of 240"):
        fit_linear(replace(train, targets=targets), LinearSettings(), seed=0)


def test_too_few_passages_for_any_term_are_refused(corpus):
    with pytest.raises(TrainingError, match="no usable n-gram"):
        fit_linear(corpus.passages("train"), LinearSettings(min_documents=100_000), seed=0)


def test_no_candidate_is_refused(corpus):
    with pytest.raises(TrainingError, match="no candidate"):
        choose_settings(corpus.passages("train"), corpus.passages("validation"), [], seed=0)


def test_held_out_logits_come_from_fits_without_the_document(corpus):
    train = corpus.passages("train")
    validation = corpus.passages("validation")
    folded = hold_out(train, validation, LinearSettings(), seed=0)
    found = folded.held_out
    first = np.array(train.documents) == train.documents[0]
    without = fit_linear(train.select(~first), LinearSettings(), seed=0)

    # Ten documents in ten parts: each is a part of its own.
    assert found.logits[first] == pytest.approx(without.logits(train.select(first).texts), abs=1e-9)
    assert (found.targets == train.targets).all()
    assert sorted(set(folded.folds)) == list(range(10))
    its_fold = folded.validation[folded.folds[first][0]]
    assert its_fold == pytest.approx(without.logits(validation.texts), abs=1e-9)
    assert folded.validation.shape == (10, *validation.targets.shape)


def test_linked_documents_are_held_out_together(corpus):
    train = corpus.passages("train")
    pair = sorted(set(train.documents))[:2]
    linked = np.isin(train.documents, pair)
    without = fit_linear(train.select(~linked), LinearSettings(), seed=0)

    found = hold_out(
        train, corpus.passages("validation"), LinearSettings(), folding=LinearFolding([pair]), seed=0
    ).held_out
    assert found.logits[linked] == pytest.approx(without.logits(train.select(linked).texts), abs=1e-9)


def test_documents_that_are_all_linked_cannot_be_held_out(corpus):
    train = corpus.passages("train")

    with pytest.raises(TrainingError, match="no two that are not linked"):
        hold_out(
            train,
            corpus.passages("validation"),
            LinearSettings(),
            folding=LinearFolding([sorted(set(train.documents))]),
            seed=0,
        )
