"""The points of the learning curve, and what the law through them may claim."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from policyframes.bundle import load_bundle
from policyframes.errors import TrainingError, UsageError
from policyframes.resources import models_folder
from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.evaluation.learning_curve import SHARES, fit_law, measure_curve
from policyframes_training.evaluation.refits import Bench, LinearRefit, recover_refit
from policyframes_training.evaluation.resampling import Decisions
from policyframes_training.evaluation.spread import rerun
from policyframes_training.linear.settings import LinearSettings

LABELS = [100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0]


def _draws(values, noise=0.0, runs=3, resamples=200):
    generator = np.random.default_rng(0)
    drawn = []
    for value in values:
        rows = np.full((runs, resamples + 1), value)
        rows[:, 1:] += generator.normal(scale=noise, size=(runs, resamples)) if noise else 0.0
        drawn.append(rows)
    return drawn


def _law(limit, scale, exponent):
    return [limit - scale * count**-exponent for count in LABELS]


class _Counting:
    """A recipe whose decisions are as good as it knows labels."""

    def __init__(self, known=120):
        self.known, self.sizes = known, []

    def __call__(self, train, validation, scored):
        labels = len(set(train.ids))
        self.sizes.append((len(set(train.documents)), labels, len(validation)))
        wrong = np.random.default_rng(labels).random(scored.targets.shape) > labels / self.known
        present = scored.targets ^ wrong
        return Decisions(np.where(present, 0.8, 0.2), present, np.ones_like(present))


def test_a_known_law_is_found_again():
    law = fit_law(LABELS, _draws(_law(0.9, 1.5, 0.5)), seed=0)

    assert (law.limit, law.scale, law.exponent) == pytest.approx((0.9, 1.5, 0.5), abs=1e-9)
    assert law.predict(np.array(LABELS)) == pytest.approx(_law(0.9, 1.5, 0.5))


def test_labels_for_a_point_bring_the_law_one_point_up():
    law = fit_law(LABELS, _draws(_law(0.9, 1.5, 0.5)), seed=0)
    now, then = law.predict(np.array([LABELS[-1], LABELS[-1] + law.labels_for_gain.value]))

    assert then - now == pytest.approx(0.01)
    assert law.out_of_reach == 0.0


def test_where_the_limit_is_near_a_point_more_is_out_of_reach():
    law = fit_law(LABELS, _draws(_law(0.8, 20.0, 2.0)), seed=0)

    assert law.limit - law.predict(np.array([LABELS[-1]]))[0] < 0.01
    assert law.labels_for_gain.value == float("inf")
    assert law.out_of_reach == 1.0


def test_noise_widens_what_is_claimed():
    sure, unsure = (fit_law(LABELS, _draws(_law(0.9, 1.5, 0.5), noise=noise), seed=0) for noise in (0.001, 0.01))

    widths = [law.limit_interval.high - law.limit_interval.low for law in (sure, unsure)]
    assert widths[0] < widths[1]
    assert sure.labels_for_gain.low < sure.labels_for_gain.value < sure.labels_for_gain.high
    assert unsure.labels_for_gain.high > sure.labels_for_gain.high


def test_no_law_promises_more_than_perfection():
    law = fit_law(LABELS, _draws([0.2, 0.3, 0.4, 0.5, 0.6, 0.7]), seed=0)

    assert law.limit <= 1.0
    assert law.predict(np.array([1e12]))[0] <= 1.0


def test_falling_points_give_a_flat_law():
    law = fit_law(LABELS, _draws([0.8, 0.79, 0.78, 0.77, 0.76, 0.75]), seed=0)

    assert law.scale == 0.0
    assert law.labels_for_gain.value == float("inf")


def test_the_last_size_is_foretold_without_the_last_two():
    values = _law(0.9, 1.5, 0.5)
    honest = fit_law(LABELS, _draws(values), seed=0)
    broken = fit_law(LABELS, _draws([*values[:-2], 0.5, 0.5]), seed=0)

    assert honest.foretold.value == pytest.approx(values[-1], abs=1e-9)
    assert broken.foretold.value == pytest.approx(values[-1], abs=1e-9)


def test_three_sizes_are_too_few_for_a_law():
    assert fit_law(LABELS[:3], _draws([0.5, 0.6, 0.7]), seed=0) is None


def test_points_grow_by_documents_and_validation_stays_whole(tiny):
    corpus, refit = read_corpus(tiny.labels, tiny.documents), _Counting()
    curve = measure_curve(corpus, refit, seed=0, resamples=20, runs=3)

    # Of 10 training documents with 12 spans each, the originals beside the rewrites.
    assert [point.labels for point in curve.points] == [12, 12, 24, 48, 72, 96, 120]
    assert [len(point.runs) for point in curve.points] == [3, 3, 3, 3, 3, 3, 1]
    assert {validation for _, _, validation in refit.sizes} == {len(corpus.passages("validation"))}
    assert curve.points[-1].mean.value == 1.0
    assert curve.points[-1].share == SHARES[-1]


def test_same_seed_gives_the_same_curve(tiny):
    corpus = read_corpus(tiny.labels)
    refit = LinearRefit(LinearSettings(word_ngrams=(1, 1)), 0)

    once, again = (measure_curve(corpus, refit, seed=3, resamples=20, runs=2) for _ in range(2))
    assert once == again


def test_a_share_in_which_a_framing_is_missing_is_left_out(tiny):
    def refit(train, validation, scored):
        if len(set(train.documents)) < 4:
            raise TrainingError(where="here", found="none", allowed="some", remedy="Add passages.")
        return _Counting()(train, validation, scored)

    lines: list[str] = []
    curve = measure_curve(read_corpus(tiny.labels), refit, seed=0, resamples=20, runs=2, report=lines.append)

    assert [point.share for point in curve.points] == [0.4, 0.6, 0.8, 1.0]
    assert lines[0] == "5% of the training documents: a framing is missing, left out"


def test_runs_of_the_linear_tier_differ_by_their_documents(tiny):
    corpus = read_corpus(tiny.labels)
    refit = LinearRefit(LinearSettings(word_ngrams=(1, 1)), 0)
    one, two = rerun(corpus, refit, runs=2, seed=0)
    again, _ = rerun(corpus, refit, runs=2, seed=0)

    assert (one.probabilities != two.probabilities).any()
    assert (one.probabilities == again.probabilities).all()


def test_the_recipe_of_the_shipped_bundle_is_read_from_its_card():
    bundle = load_bundle(models_folder() / "fast-v1")
    refit = recover_refit(bundle, seed=5, bench=Bench())

    assert refit.seed == 5
    assert list(refit.settings.word_ngrams) == bundle.features["word_ngrams"]
    assert f"| strength | {refit.settings.strength} |" in bundle.card


def test_a_card_that_does_not_say_how_it_was_trained_is_no_recipe():
    bundle = replace(load_bundle(models_folder() / "fast-v1"), card="# fast-v1\n")

    with pytest.raises(UsageError, match="in its card 0 of 4 settings that a fit needs"):
        recover_refit(bundle, seed=0, bench=Bench())


def test_a_setting_that_is_no_value_is_a_named_error():
    bundle = load_bundle(models_folder() / "fast-v1")
    broken = re.sub(r"\| strength \| .+ \|", "| strength | open('x') |", bundle.card)

    with pytest.raises(UsageError, match="a setting that cannot be read"):
        recover_refit(replace(bundle, card=broken), seed=0, bench=Bench())
