"""Figures by slice: a number only where there is enough to go by, and a flag only where it is clear."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.evaluation.resampling import decide
from policyframes_training.evaluation.slices import describe_passages, measure_slices, name_length
from policyframes_training.labels.coded import load_labels
from tests.training.coded import FRAMINGS, SETTINGS, make_scored


def _measure(probabilities, passages, values, resamples=100):
    decisions = decide(probabilities, SETTINGS)
    slices = measure_slices(decisions, passages, {"kind": values}, seed=0, resamples=resamples)
    return {entry.value: entry for entry in slices}


def test_a_slice_has_the_figures_of_its_own_passages():
    probabilities, passages = make_scored()
    values = ["news" if i % 3 else "eo" for i in range(len(passages))]
    rows = np.array([value == "news" for value in values])
    news = _measure(probabilities, passages, values)["news"]
    expected = f1_score(passages.targets[rows], probabilities[rows] >= 0.5, average=None)

    assert news.passages == rows.sum()
    assert [news.f1[name].value for name in FRAMINGS] == pytest.approx(expected)
    assert news.macro_f1.value == pytest.approx(np.mean(expected))
    assert news.positives == dict(zip(FRAMINGS, passages.targets[rows].sum(axis=0).tolist(), strict=True))


def test_fewer_than_ten_positives_give_no_number_and_no_mean():
    probabilities, passages = make_scored()
    targets = passages.targets.copy()
    targets[:, 2] = False
    targets[:9, 2] = True
    part = _measure(probabilities, replace(passages, targets=targets), ["news"] * len(passages))["news"]

    assert part.f1["partnership"] is None
    assert part.macro_f1 is None
    assert part.f1["governance"] is not None
    targets[9, 2] = True
    part = _measure(probabilities, replace(passages, targets=targets), ["news"] * len(passages))["news"]
    assert part.f1["partnership"] is not None
    assert part.macro_f1 is not None


def test_few_documents_give_no_interval_and_no_flag():
    _, passages = make_scored(documents=8)
    first = np.array([name in {"d0", "d1", "d2", "d3"} for name in passages.documents])
    wrong = np.where(first[:, None], 1.0 - passages.targets, passages.targets.astype(float))
    values = ["news" if is_first else "eo" for is_first in first]
    part = _measure(wrong, passages, values)["news"]

    assert part.documents == 4
    assert part.macro_f1.value == 0.0
    assert np.isnan(part.macro_f1.high)
    assert part.below == ()


def test_a_slice_is_flagged_where_its_interval_lies_below_the_whole():
    probabilities, passages = make_scored()
    bad = np.array([int(name[1:]) < 12 for name in passages.documents])
    noise = np.random.default_rng(2).random(probabilities.shape)
    good = passages.targets * 0.8 + 0.1
    slices = _measure(np.where(bad[:, None], noise, good), passages, ["news" if row else "eo" for row in bad])

    assert set(slices["news"].below) == {"macro_f1", "exact_set", *FRAMINGS}
    assert slices["eo"].below == ()


def test_slices_come_in_the_order_of_the_catalogue_and_the_unknown_last():
    probabilities, passages = make_scored(n=60, documents=6)
    values = [["Biden", "(none)", "Reagan"][i % 3] for i in range(60)]

    assert list(_measure(probabilities, passages, values)) == ["Reagan", "Biden", "(none)"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (1, "under 60 words"),
        (59, "under 60 words"),
        (60, "60-99 words"),
        (100, "100-149 words"),
        (149, "100-149 words"),
        (150, "150 words or more"),
    ],
)
def test_length_is_counted_in_words(words, name):
    assert name_length("word " * words) == name


def test_dimensions_follow_the_passages_of_the_split(tiny):
    corpus, labels = read_corpus(tiny.labels, tiny.documents), load_labels(tiny.labels)
    passages = corpus.passages("test")
    described = describe_passages(corpus, labels.catalogue)

    assert list(described) == ["kind", "administration", "decade", "length", "voice", "origin", "doubt"]
    assert {len(values) for values in described.values()} == {len(passages)}
    assert set(described["decade"]) == {"2020s"}
    assert set(described["administration"]) == {"(none)"}
    assert [value == "original" for value in described["origin"]] == passages.is_original.tolist()
    assert described["doubt"] == [str(doubt) for doubt in passages.doubt]


def test_without_a_catalogue_only_what_the_passages_say_is_sliced(tiny):
    assert list(describe_passages(read_corpus(tiny.labels), {})) == ["length", "voice", "origin", "doubt"]


def test_intervals_draw_the_documents_of_the_slice_alone():
    probabilities, passages = make_scored()
    news = np.array([int(name[1:]) < 12 for name in passages.documents])
    values = ["news" if row else "eo" for row in news]
    alone = _measure(probabilities[news], passages.select(news), ["news"] * int(news.sum()))["news"]

    assert replace(_measure(probabilities, passages, values)["news"], below=()) == replace(alone, below=())
