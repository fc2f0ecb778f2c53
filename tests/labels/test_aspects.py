"""The sample that aspects are measured with: what it must hold, and that the figures are right."""

import json
import math

import pytest
from typer.testing import CliRunner

from policyframes.errors import LabelsError
from policyframes.taxonomy import Aspect
from policyframes_training.cli.labels import app
from policyframes_training.labels.aspects import AspectCoding, load_aspect_codings, measure_aspects
from policyframes_training.labels.audit import check_labels
from policyframes_training.labels.coded import load_labels
from tests.labels.plantings import write_rows

FILE = "aspects.jsonl"
# The rewrites hold the words of these sentences in reverse; see plantings.
GUARD = Aspect("guard", "Guard", "d", ("patrol", "guard"))
PLANT = Aspect("plant", "Plant", "d", ("seedling", "orchard", "grower"))


def coding(passage, *aspects, weight=1):
    return {"passage": passage, "aspects": list(aspects), "weight": weight}


def defects(labels, *rows):
    write_rows(labels / FILE, rows)
    return [(defect.file, defect.line, defect.kind) for defect in check_labels(labels)]


def test_a_folder_without_the_sample_has_no_defect(labels):
    assert check_labels(labels) == []


def test_a_sound_sample_has_no_defect(labels):
    assert defects(labels, coding("p0", "mexico", "border", weight=2.5), coding("p1")) == []


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (coding("p99"), "unknown-passage"),
        (coding("p0", "rivers"), "unknown-aspect"),
        (coding("p0", "border", "mexico"), "aspect-order"),
        (coding("p0", "border", "border"), "aspect-order"),
        (coding("p0", weight=0.5), "wrong-type"),
        (coding("p0", weight=True), "wrong-type"),
        (coding("p0", weight="2"), "wrong-type"),
        (coding("p0") | {"coder": "A"}, "unknown-field"),
        ({"passage": "p0", "aspects": []}, "missing-field"),
        (coding("p0") | {"aspects": "border"}, "wrong-type"),
        (coding("p2"), "duplicate-id"),
    ],
)
def test_a_defect_of_the_sample_is_reported_on_its_line(labels, row, kind):
    assert defects(labels, coding("p2"), row) == [(FILE, 2, kind)]


def test_the_reader_names_the_first_fault(labels):
    write_rows(labels / FILE, [coding("p0"), coding("p99")])
    with pytest.raises(LabelsError, match=r"aspects\.jsonl:2: the id p99"):
        load_aspect_codings(labels / FILE, load_labels(labels))


def test_a_missing_sample_is_named(labels):
    with pytest.raises(LabelsError, match=r"aspects\.jsonl:1: it cannot be read"):
        load_aspect_codings(labels / FILE, load_labels(labels))


def test_figures_are_weighted_by_what_a_passage_stands_for(labels):
    codings = [
        AspectCoding("p2", ("guard",), 3.0),
        AspectCoding("p6", (), 1.0),
        AspectCoding("p3", ("guard",), 2.0),
        AspectCoding("p5", ("plant",), 1.0),
    ]
    measure = measure_aspects(load_labels(labels), codings, aspects=[GUARD, PLANT], resamples=50)
    guard = measure.by_aspect["guard"]

    assert (guard.coded, guard.found) == (2, 2)
    assert guard.precision.value == pytest.approx(3 / 4)
    assert guard.recall.value == pytest.approx(3 / 5)
    assert guard.f1.value == pytest.approx(6 / 9)
    assert measure.by_aspect["plant"].f1.value == 1
    assert measure.micro.precision.value == pytest.approx(4 / 5)
    assert measure.micro.recall.value == pytest.approx(4 / 6)
    assert measure.macro.value == pytest.approx((6 / 9 + 1) / 2)
    assert (measure.passages, measure.documents) == (4, 3)


def test_intervals_hold_the_figure_and_are_the_same_each_time(labels):
    codings = [AspectCoding(f"p{number}", ("guard",) if number in {2, 3, 6} else (), 1.0) for number in range(8)]
    first, again = (measure_aspects(load_labels(labels), codings, aspects=[GUARD], resamples=200) for _ in range(2))
    fit = first.by_aspect["guard"]

    assert first == again
    assert fit.f1.low <= fit.f1.value <= fit.f1.high
    assert fit.f1.low < fit.f1.high


def test_an_aspect_that_nobody_marks_and_nothing_finds_has_no_figures(labels):
    measure = measure_aspects(
        load_labels(labels), [AspectCoding("p2", ("guard",), 1.0)], aspects=[GUARD, PLANT], resamples=20
    )

    assert math.isnan(measure.by_aspect["plant"].f1.value)
    assert measure.macro.value == 1


def test_errors_name_passage_aspect_and_words(labels):
    codings = [AspectCoding("p3", ("guard",), 1.0), AspectCoding("p6", (), 1.0)]
    measure = measure_aspects(load_labels(labels), codings, aspects=[GUARD], resamples=20)

    assert [(error.passage, error.words) for error in measure.errors] == [("p3", ()), ("p6", ("guards",))]


def test_the_command_prints_a_row_for_each_aspect_and_the_errors(labels):
    write_rows(labels / FILE, [coding("p0", "mexico"), coding("p6")])
    result = CliRunner().invoke(app, ["aspects", "--labels", str(labels), "--errors"])

    assert result.exit_code == 0, result.output
    assert "2 passages of 2 documents" in result.stdout
    assert "western-hemisphere" in result.stdout
    assert result.stdout.splitlines()[-1] == "mexico  p0  missed"


def test_the_command_writes_json(labels):
    write_rows(labels / FILE, [coding("p0", "mexico")])
    result = CliRunner().invoke(app, ["aspects", "--labels", str(labels), "--json"])

    assert json.loads(result.stdout)["by_aspect"]["mexico"]["coded"] == 1
