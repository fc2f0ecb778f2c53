from __future__ import annotations

from policyframes.profiles import Collection
from policyframes.report.column_notes import NOTES
from policyframes.report.explanation import describe_band, describe_metrics, explain_results
from policyframes.scorer import load
from tests.inference.builders import make_bundle

NAMES = ("securitized", "governance", "partnership")


def figure(value):
    return {"value": value, "low": 0.7, "high": 0.9}


def bundle_with(part, **figures):
    framings = {name: {key: figure(value) for key, value in figures.items()} for name in NAMES}
    return make_bundle(metrics={"test": {part: {"passages": 40, "documents": 9, "framings": framings}}})


def test_figures_of_original_texts_go_before_those_of_rewrites():
    split, phrases = describe_metrics(bundle_with("originals", f1=0.81))

    assert split == "40 passages of 9 documents that it was not trained on"
    assert phrases[0] == "securitized F1 0.81 (95 % interval 0.70 to 0.90)"
    assert len(phrases) == 3
    assert describe_metrics(bundle_with("rewrites", f1=0.8))[0].startswith("40 rewritten passages of 9")


def test_a_bundle_without_figures_says_so():
    assert describe_metrics(make_bundle()) == ("", [])
    assert "states no figures" in explain_results(Collection((), (), make_bundle()), ())


def test_a_figure_that_is_not_defined_is_left_out():
    bundle = bundle_with("originals", f1=0.8)
    bundle.metrics["test"]["originals"]["framings"]["governance"]["f1"] = dict.fromkeys(("value", "low", "high"))

    assert [phrase.split()[0] for phrase in describe_metrics(bundle)[1]] == ["securitized", "partnership"]


def test_what_the_band_kept_on_test_is_told_for_both_decisions():
    sentence = describe_band(bundle_with("originals", precision_outside_band=0.85, absence_precision_outside_band=0.93))

    assert '"present" was right in securitized 0.85, governance 0.85, partnership 0.85' in sentence
    assert '"absent" was right in securitized 0.93' in sentence
    assert describe_band(make_bundle()) == ""


def test_the_text_for_the_shipped_bundle_has_no_gap():
    text = " ".join(explain_results(Collection((), (), load().bundle), tuple(NOTES)).split())

    assert "{" not in text
    assert "None" not in text
    assert "On the test documents, outside it," in text
