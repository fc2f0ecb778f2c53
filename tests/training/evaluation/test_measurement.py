"""A bundle's decisions against the codes, at every coverage, and against another bundle's."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score

from policyframes.errors import UsageError
from policyframes.resources import models_folder
from policyframes.scorer import load
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.comparison import compare
from policyframes_training.evaluation.coverage import COVERAGES, measure_coverage
from policyframes_training.evaluation.figures import evaluate, evaluate_decisions
from policyframes_training.evaluation.measurement import find_parts, measure_brier, score_decisions
from policyframes_training.evaluation.resampling import decide, draw_f1, draw_weights, summarise
from policyframes_training.evaluation.sections import Section, describe_section, render_csv, render_markdown
from policyframes_training.evaluation.spread import measure_spread
from tests.training.coded import FRAMINGS, SETTINGS, make_passages, make_scored


def test_decisions_at_the_thresholds_have_the_figures_of_their_probabilities():
    probabilities, passages = make_scored()

    assert evaluate_decisions(decide(probabilities, SETTINGS), passages, seed=3, resamples=50) == evaluate(
        probabilities, passages, SETTINGS, seed=3, resamples=50
    )


def test_it_is_the_decisions_that_are_measured_and_not_the_probabilities():
    probabilities, passages = make_scored()
    decisions = replace(decide(probabilities, SETTINGS), present=passages.targets)
    measured = evaluate_decisions(decisions, passages, seed=0, resamples=5)

    assert measured.overall["macro_f1"].value == 1.0
    assert measured.overall["exact_set_accuracy"].value == 1.0
    assert measured.overall["macro_average_precision"].value < 1.0


def test_brier_score_is_scikit_learns():
    probabilities, passages = make_scored()
    measured = measure_brier(decide(probabilities, SETTINGS), passages, seed=0, resamples=50)
    expected = [brier_score_loss(passages.targets[:, j], probabilities[:, j]) for j in range(3)]

    assert [measured[name].value for name in FRAMINGS] == pytest.approx(expected, abs=1e-12)
    assert measured["macro"].value == pytest.approx(np.mean(expected), abs=1e-12)
    assert all(estimate.low < estimate.value < estimate.high for estimate in measured.values())


def test_other_framings_than_the_bundles_are_refused():
    bundle = load(models_folder() / "fast-v1").bundle
    passages = replace(make_scored()[1], framings=("safety", "cost", "health"))

    with pytest.raises(UsageError, match="those of the labels, safety, cost, health"):
        score_decisions(bundle, passages)


def test_parts_are_the_whole_where_there_are_no_originals():
    _, passages = make_scored(n=6)
    mixed = replace(passages, is_original=np.array([True, False] * 3))

    assert list(find_parts(passages)) == ["rewrites"]
    assert {part: int(mask.sum()) for part, mask in find_parts(mixed).items()} == {
        "rewrites": 3,
        "originals": 3,
        "both": 6,
    }


def test_at_full_coverage_risk_is_the_error_and_precision_the_precision():
    probabilities, passages = make_scored()
    decisions = decide(probabilities, SETTINGS)
    curve = measure_coverage(decisions, passages, seed=0, resamples=20)["governance"]
    decided, coded = decisions.present[:, 1], passages.targets[:, 1]

    assert COVERAGES[-1] == 1.0
    assert curve.risk[-1].value == pytest.approx((decided != coded).mean(), abs=1e-12)
    assert curve.precision[-1].value == pytest.approx(coded[decided].mean(), abs=1e-12)


def test_at_half_coverage_only_the_surest_half_counts():
    # Sure and right, then unsure and wrong.
    probabilities = np.full((10, 3), 0.05)
    probabilities[5:] = 0.4
    targets = np.zeros((10, 3), dtype=bool)
    targets[5:] = True
    curve = measure_coverage(
        decide(probabilities, SETTINGS), make_passages([f"d{i}" for i in range(10)], targets), seed=0, resamples=10
    )["securitized"]
    by_coverage = dict(zip(COVERAGES, curve.risk, strict=True))

    assert by_coverage[0.5].value == 0.0
    assert by_coverage[1.0].value == 0.5
    # Risk after 6, 7, 8, 9 and 10 of ten: 1/6, 2/7, 3/8, 4/9, 5/10.
    assert curve.area.value == pytest.approx((1 / 6 + 2 / 7 + 3 / 8 + 4 / 9 + 1 / 2) / 10)
    assert np.isnan(curve.precision[-1].value)


def test_a_resampled_risk_is_that_of_repeated_passages():
    probabilities, passages = make_scored()
    probabilities = probabilities + np.random.default_rng(1).random(probabilities.shape) * 1e-3
    decisions = decide(probabilities, SETTINGS)
    weights = draw_weights(passages.documents, seed=3, resamples=1)[1].astype(int)
    curve = measure_coverage(decisions, passages, seed=3, resamples=1)["partnership"]
    rows = np.repeat(np.arange(len(passages)), weights)

    wrong = decisions.present[rows, 2] != passages.targets[rows, 2]
    assert curve.risk[-1].low == pytest.approx(wrong.mean(), abs=1e-12)


def test_a_bundle_does_not_differ_from_itself():
    probabilities, passages = make_scored()
    decisions = decide(probabilities, SETTINGS)
    differences = compare(decisions, decisions, passages, seed=0, resamples=50)

    assert {(d.difference.value, d.difference.low, d.difference.high) for d in differences} == {(0.0, 0.0, 0.0)}
    assert not any(d.is_clear for d in differences)


def test_a_difference_is_first_less_second_with_the_interval_of_the_paired_draws():
    probabilities, passages = make_scored()
    better = np.where(passages.targets, np.maximum(probabilities, 0.6), probabilities)
    first, second = decide(better, SETTINGS), decide(probabilities, SETTINGS)
    found = {(d.figure, d.group): d for d in compare(first, second, passages, seed=4, resamples=200)}
    weights = draw_weights(passages.documents, seed=4, resamples=200)
    draws = [draw_f1(part.present, passages.targets, weights=weights).mean(axis=0) for part in (first, second)]

    macro = found["f1", "mean"]
    assert macro.difference == summarise(draws[0] - draws[1])
    assert macro.first - macro.second == pytest.approx(macro.difference.value)
    assert macro.is_clear
    assert macro.difference.value > 0


def test_paired_intervals_are_narrower_than_the_figures_own():
    probabilities, passages = make_scored()
    changed = probabilities.copy()
    changed[:10] = 1 - changed[:10]
    first, second = decide(probabilities, SETTINGS), decide(changed, SETTINGS)
    paired = next(
        d for d in compare(first, second, passages, seed=0, resamples=200) if (d.figure, d.group) == ("f1", "mean")
    )
    own = evaluate_decisions(first, passages, seed=0, resamples=200).overall["macro_f1"]

    assert paired.difference.high - paired.difference.low < own.high - own.low


def test_spread_is_mean_deviation_and_each_value_of_the_runs():
    probabilities, passages = make_scored()
    runs = [decide(np.roll(probabilities, shift, axis=0), SETTINGS) for shift in (0, 1, 2)]
    found = {entry.figure: entry for entry in measure_spread(runs, passages)}
    expected = [f1_score(passages.targets, run.present, average="macro") for run in runs]

    assert list(found) == ["macro_f1", *FRAMINGS, "exact_set"]
    assert found["macro_f1"].values == pytest.approx(expected)
    assert found["macro_f1"].mean == pytest.approx(np.mean(expected))
    assert found["macro_f1"].deviation == pytest.approx(np.std(expected, ddof=1))


def test_a_section_reads_the_same_in_every_form():
    nothing = float("nan")
    rows = (
        {"name": "a|b", "f1": Estimate(0.8, 0.75, 0.85), "n": 1200},
        {"name": "c", "f1": "too few", "n": 3},
        {"name": "d", "f1": Estimate(0.5, nothing, nothing), "n": 4},
    )
    section = Section("slices", "Slices", "A note.", rows)
    table = list(csv.DictReader(io.StringIO(render_csv(section))))

    assert list(table[0]) == ["name", "f1", "f1_low", "f1_high", "n"]
    assert table[0] == {"name": "a|b", "f1": "0.8", "f1_low": "0.75", "f1_high": "0.85", "n": "1200"}
    assert table[1] == {"name": "c", "f1": "too few", "f1_low": "", "f1_high": "", "n": "3"}
    assert "| a\\|b | 0.800 [0.750, 0.850] | 1,200 |" in render_markdown(section)
    assert "| d | 0.500 | 4 |" in render_markdown(section)
    described = describe_section(section)["rows"]
    assert described[0]["f1"] == {"value": 0.8, "low": 0.75, "high": 0.85}
    assert described[2]["f1"] == {"value": 0.5, "low": None, "high": None}


def test_what_is_out_of_reach_says_so_in_every_form():
    section = Section("law", "Law", "", ({"labels": Estimate(897.4, 813.6, float("inf"))},))

    assert describe_section(section)["rows"] == [{"labels": {"value": 897.4, "low": 813.6, "high": "out of reach"}}]
    assert "| 897 [814, out of reach] |" in render_markdown(section)
    assert render_csv(section).splitlines()[1] == "897.4,813.6,out of reach"
