"""A fast tier that weighs no names."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from policyframes.backends.ngram import extract_ngrams
from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.linear.linear import choose_settings, fit_linear
from policyframes_training.linear.names import find_name_terms
from policyframes_training.linear.settings import LinearSettings, candidate_settings

TEXTS = (
    "Canada sent soldiers to the border in 1997.",
    "Mexico sent judges to the border.",
    "The court in Ottawa and NATO agreed, and Canada agreed too.",
    "Both states agreed on the court.",
    "He was born in the states of the north.",
)
WORDS = {"word_ngrams": [1, 1], "char_ngrams": None}
PAIRS = {"word_ngrams": [1, 2], "char_ngrams": None}


def find(features):
    return find_name_terms(TEXTS, partial(extract_ngrams, features=features))


def test_names_are_found_and_other_words_are_not():
    found = find(WORDS)

    assert {"canada", "mexico", "nato", "ottawa", "1997"} <= found
    assert not {"soldiers", "border", "court", "agreed", "states", "the"} & found


def test_pairs_of_words_with_a_name_in_them_are_names():
    found = find(PAIRS)

    assert {"canada sent", "in ottawa", "and nato"} <= found
    assert not {"the border", "soldiers to", "the court"} & found


def test_a_text_without_names_has_none():
    assert not find_name_terms(("The river froze.",), partial(extract_ngrams, features=WORDS))


def test_a_model_without_names_says_the_same_whoever_is_named(tiny):
    corpus = read_corpus(tiny.labels, tiny.documents)
    train, validation = corpus.passages("train"), corpus.passages("validation")
    # Who is named tells the first framing, all but for sure.
    named = tuple(
        f"{text} {'Canada' if present else 'Brazil'} was named."
        for text, present in zip(train.texts, train.targets[:, 0], strict=True)
    )
    train = replace(train, texts=named)
    knows, blind = (
        fit_linear(train, LinearSettings(word_ngrams=(1, 1), names=names), seed=0) for names in (True, False)
    )
    texts = [f"{text} {{}} was named." for text in validation.texts]
    shift = [
        np.abs(model.logits([t.format("Canada") for t in texts]) - model.logits([t.format("Brazil") for t in texts]))
        for model in (knows, blind)
    ]

    assert {"canada", "brazil"} <= set(knows.vocabulary)
    assert not {"canada", "brazil"} & set(blind.vocabulary)
    assert shift[0][:, 0].min() > 0.5
    assert shift[1].max() == 0
    assert {trial.settings.names for trial in _choose(train, validation)} == {True, False}


def _choose(train, validation):
    candidates = [LinearSettings(word_ngrams=(1, 1), names=names) for names in (True, False)]
    trials = choose_settings(train, validation, candidates, seed=0)
    assert trials[0].score != trials[1].score
    return trials


def test_with_a_teacher_names_are_left_out():
    assert not any(settings.names for settings in candidate_settings(with_originals=True, with_teacher=True))
    assert all(settings.names for settings in candidate_settings(with_originals=True))
