"""Agreement is computed on what both coders read, and equals values worked out by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from policyframes.errors import LabelsError
from policyframes_training.cli.labels import app
from policyframes_training.labels.agreement import measure_agreement, measure_alpha, measure_f1, measure_second_coder
from policyframes_training.labels.coded import load_labels


def marks(text):
    return np.array([int(mark) for mark in text], dtype=np.int8)


def test_alpha_equals_the_value_worked_out_by_hand():
    # 10 units, 20 values, 12 ones and 8 zeros, 2 units disagree: 1 - 19 * 4 / (2 * 12 * 8).
    first, second = marks("1111110000"), marks("1111101000")
    assert measure_alpha(first, second) == pytest.approx(1 - 19 * 4 / (2 * 12 * 8))


def test_alpha_of_equal_marks_is_one_and_without_variation_undefined():
    assert measure_alpha(marks("1010"), marks("1010")) == pytest.approx(1.0)
    assert np.isnan(measure_alpha(marks("1111"), marks("1111")))


def test_f1_is_that_of_the_positive_class():
    assert measure_f1(marks("1110"), marks("1101")) == pytest.approx(2 / 3)
    assert np.isnan(measure_f1(marks("00"), marks("00")))


def test_the_shipped_second_coding_agrees_as_the_datasheet_says(checkout):
    result = measure_agreement(load_labels(checkout / "labels"), resamples=200)
    assert result.passages == 299
    assert {name: round(measure.value, 3) for name, measure in result.alpha.items()} == {
        "securitized": 0.937,
        "governance": 0.92,
        "partnership": 0.948,
    }
    assert round(result.mean_f1.value, 3) == 0.961
    for measure in (*result.alpha.values(), *result.f1.values(), result.mean_f1, result.exact):
        assert measure.low < measure.value < measure.high
    datasheet = (checkout / "labels" / "DATASHEET.md").read_text(encoding="utf-8")
    assert all(f"{measure.value:.3f}" in datasheet for measure in (*result.alpha.values(), result.mean_f1))


def test_the_interval_is_the_same_under_the_same_seed(checkout):
    labels = load_labels(checkout / "labels")
    assert measure_agreement(labels, resamples=50, seed=3) == measure_agreement(labels, resamples=50, seed=3)


def test_labels_without_a_second_coding_are_refused(checkout):
    labels = replace(load_labels(checkout / "labels"), second=())
    with pytest.raises(LabelsError, match="no second coding of a passage"):
        measure_agreement(labels)


def test_the_command_prints_every_measure(checkout):
    result = CliRunner().invoke(app, ["agreement", "--labels", str(checkout / "labels"), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["alpha"]["partnership"]["value"] == pytest.approx(0.948, abs=0.001)
    table = CliRunner().invoke(app, ["agreement", "--labels", str(checkout / "labels")]).stdout
    assert "alpha securitized    0.937" in table


def test_second_coder_is_measured_against_the_codes(tiny):
    reached = measure_second_coder(load_labels(tiny.labels))

    assert set(reached) == {"securitized", "governance", "partnership", "macro", "exact_set"}
    assert {estimate.value for estimate in reached.values()} == {1.0}


def test_without_a_second_coding_there_is_no_ceiling(tiny):
    assert measure_second_coder(replace(load_labels(tiny.labels), second=())) == {}
