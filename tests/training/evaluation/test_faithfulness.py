"""Deleting what evidence names moves scores far more than deleting as much at random, and random evidence does not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from policyframes.bundle import save_bundle
from policyframes.evidence.weights import Weigher
from policyframes.resources import models_folder
from policyframes.scorer import Scorer, load
from policyframes_training.cli.evaluate import app
from policyframes_training.corpus.corpus import PassageSet, read_corpus
from policyframes_training.evaluation import faithfulness, randomisation
from policyframes_training.evaluation.faithfulness import (
    ALL,
    MEAN,
    SENTENCE,
    SENTENCE_AS_WORDS,
    SHOWN,
    choose_effort,
    measure_faithfulness,
)
from policyframes_training.evaluation.randomisation import correlate_shuffled, shuffle_bundle
from tests.inference.builders import make_bundle
from tests.inference.encoders import make_cascade, save_parts


@pytest.fixture(scope="module")
def rewrites(checkout):
    return read_corpus(checkout / "labels").passages("test")


@pytest.fixture(scope="module")
def fast():
    return load("fast-v3")


@pytest.fixture(scope="module")
def measured(fast, rewrites):
    # All passages: of 200 of them only 63 decisions are of partnership.
    found = measure_faithfulness(fast, rewrites, seed=0, resamples=200, draws=5)
    return found, {(effect.way, effect.framing): effect for effect in found.effects}


def make_passages(*texts):
    return PassageSet(
        framings=("securitized", "governance", "partnership"),
        ids=tuple(f"p{i}" for i in range(len(texts))),
        texts=texts,
        documents=tuple(f"d{i}" for i in range(len(texts))),
        targets=np.zeros((len(texts), 3), dtype=bool),
        doubt=np.zeros(len(texts), dtype=np.int64),
        is_original=np.zeros(len(texts), dtype=bool),
    )


@pytest.mark.parametrize("framing", [ALL, "securitized", "governance", "partnership"])
def test_without_its_marks_a_passage_of_the_test_split_loses_far_more_than_without_random_words(measured, framing):
    effect = measured[1][SHOWN, framing]

    # The logit falls by 2.4 to 3.7 more, and 4 of 5 decisions turn, against 1 of 15.
    assert effect.logit.difference.low > 2.0
    assert effect.probability.difference.low > 0.4
    assert effect.flips.difference.low > 0.6
    assert effect.logit.marked.value > 8 * effect.logit.random.value


def test_so_it_does_at_every_share_of_the_words_and_the_more_the_further(measured):
    falls = [measured[1][f"{share} deleted", ALL].logit for share in ("5%", "10%", "20%")]

    assert all(fall.difference.low > bound for fall, bound in zip(falls, (1.5, 2.5, 3.5), strict=True))
    assert measured[1][MEAN, ALL].logit.marked.value == pytest.approx(np.mean([fall.marked.value for fall in falls]))


def test_a_twentieth_of_the_words_keeps_the_decision_where_random_words_do_not(measured):
    effect = measured[1]["all but 5%", ALL]

    assert effect.flips.marked.value < 0.05
    assert effect.flips.random.value > 0.5
    assert effect.logit.difference.high < -5


def test_the_strongest_sentence_carries_more_than_another_and_than_as_many_words(measured):
    assert measured[1][SENTENCE, ALL].logit.difference.low > 1.0
    assert measured[1][SENTENCE_AS_WORDS, ALL].logit.difference.low > 0.5


def test_marks_cover_a_fifth_of_the_words_at_most(measured):
    assert 0.03 < measured[0].marked_share <= 0.2


def test_evidence_of_a_model_that_has_learnt_nothing_is_no_better_than_chance(rewrites):
    scorer = load("fast-v3")
    scorer.__dict__["weigher"] = Weigher(shuffle_bundle(scorer.bundle, seed=1), scorer._backend)
    found = measure_faithfulness(scorer, rewrites, seed=0, resamples=200, draws=5, limit=200)
    effects = {(effect.way, effect.framing): effect for effect in found.effects}

    assert effects[SHOWN, ALL].logit.difference.value < 0.6
    assert effects[SHOWN, ALL].flips.difference.value < 0.1


def test_figures_are_those_that_can_be_worked_out_by_hand():
    # One word of ten carries the framing; every tenth random set of one word is that word.
    scorer = Scorer(make_bundle())
    passages = make_passages("The threat " + "the " * 8, "the " * 10)
    found = measure_faithfulness(scorer, passages, seed=0, resamples=100, draws=2_000)
    effects = {(effect.way, effect.framing): effect for effect in found.effects}
    shown = effects[SHOWN, ALL]

    assert (found.passages, found.documents, shown.decisions, found.marked_share) == (1, 1, 1, 0.1)
    value = 1 / np.hypot(1, 1 + np.log(9))
    assert shown.logit.marked.value == pytest.approx(6 * value)
    assert shown.flips.marked.value == 1.0
    assert shown.flips.random.value == pytest.approx(0.1, abs=0.03)
    # Nothing of a single sentence can go alone.
    assert (SENTENCE, ALL) not in effects


def test_passages_without_a_framing_have_no_figures():
    found = measure_faithfulness(Scorer(make_bundle()), make_passages("the the", ""), seed=0)

    assert (found.effects, found.passages) == ((), 0)


def test_a_cascade_is_measured_on_a_sample_and_its_fast_quality_on_all(tmp_path):
    cascade = make_cascade(save_parts(tmp_path))

    assert choose_effort(Scorer(cascade, "best")).passages == choose_effort(Scorer(cascade)).passages == 150
    assert choose_effort(Scorer(cascade, "fast")).passages is None
    found = measure_faithfulness(
        Scorer(cascade, "best"), make_passages("The threat " + "the " * 20), seed=0, resamples=100, draws=3
    )
    assert found.effects[0].logit.difference.value > 1


def test_weights_of_the_shuffled_model_do_not_rank_words_alike(fast, rewrites):
    correlation = correlate_shuffled(fast, rewrites, seed=0, resamples=100, limit=200)

    assert abs(correlation.value) < 0.1


def test_the_same_model_would_rank_them_alike(fast, rewrites, monkeypatch):
    monkeypatch.setattr(randomisation, "shuffle_bundle", lambda bundle, **_: bundle)

    assert correlate_shuffled(fast, rewrites, seed=0, resamples=100, limit=20).value == pytest.approx(1.0)


def test_shuffling_moves_weights_and_changes_none(fast):
    before = fast.bundle.tensors["coefficients"]
    shuffled = shuffle_bundle(fast.bundle, seed=0)
    after = shuffled.tensors["coefficients"]

    assert (np.sort(before, axis=0) == np.sort(after, axis=0)).all()
    assert np.mean(before == after) < 0.1
    assert (shuffle_bundle(fast.bundle, seed=0).tensors["coefficients"] == after).all()


@pytest.mark.slow
def test_a_shuffled_encoder_runs_and_says_something_else():
    encoder = load("encoder-v1")
    texts = ["Both governments plan together and share the cost.", "Armed gangs threaten every village."]
    shuffled = Scorer(shuffle_bundle(encoder.bundle, seed=0)).score(texts)

    assert (models_folder() / "encoder-v1").is_dir()
    assert all(
        abs(ours.probabilities[name] - theirs.probabilities[name]) > 0.05
        for ours, theirs in zip(encoder.score(texts), shuffled, strict=True)
        for name in ours.framings
    )


def test_the_command_adds_a_section_for_it(tiny, monkeypatch, tmp_path):
    save_bundle(make_bundle(vocabulary=("gangs", "rules", "jointly", "near", "the")), tmp_path / "tiny-v1")
    monkeypatch.setattr(faithfulness, "_OF_NGRAMS", faithfulness.Effort(draws=2, passages=None, shuffled=None))
    options = ["--labels", str(tiny.labels), "--resamples", "100", "--evidence", "--json", "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [str(tmp_path / "tiny-v1"), *options])
    section = json.loads(result.stdout)["sections"]["evidence"]

    assert result.exit_code == 0
    assert section["rows"][0]["words"] == SHOWN
    assert "near 0 is right" in section["note"]
    assert (tmp_path / "out" / "evidence.csv").read_text().startswith("words,framing,decisions,logit_fall,")
