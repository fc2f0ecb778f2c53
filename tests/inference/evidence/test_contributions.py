"""What the words give to the logits adds up to the logits, for every kind of n-gram."""

import numpy as np
import pytest

from policyframes.backends import open_backend
from policyframes.backends.ngram import extract_ngrams
from policyframes.bundle import load_bundle
from policyframes.evidence.contributions import NgramContributions
from policyframes.evidence.words import find_words
from policyframes.resources import models_folder
from tests.inference.builders import make_bundle

TEXTS = (
    "The court, the court and the partner: rules for the border, rules for cooper-\nation.",
    "Threat upon threat; a partner’s court.",
    "the",
    "...",
    "",
)
KINDS = (
    {"word_ngrams": [1, 1], "char_ngrams": None},
    {"word_ngrams": [1, 2], "char_ngrams": None},
    {"word_ngrams": [2, 3], "char_ngrams": None},
    {"word_ngrams": [1, 2], "char_ngrams": [2, 4]},
)


def make_ngram_bundle(features):
    vocabulary = tuple(dict.fromkeys(gram for text in TEXTS for gram in extract_ngrams(text, features)))[::2]
    chance = np.random.default_rng(4)
    tensors = {
        "coefficients": chance.normal(size=(len(vocabulary), 3)).astype(np.float32),
        "idf": chance.uniform(1, 5, len(vocabulary)).astype(np.float32),
        "intercepts": chance.normal(size=3).astype(np.float32),
    }
    return make_bundle(features=features, vocabulary=vocabulary, tensors=tensors)


@pytest.mark.parametrize("features", KINDS)
def test_the_shares_of_the_words_and_the_intercepts_make_the_logits(features):
    bundle = make_ngram_bundle(features)
    contributions, intercepts = NgramContributions(bundle), bundle.tensors["intercepts"].astype(np.float64)
    shares = [contributions.share(find_words(text)) for text in TEXTS]

    assert any(np.abs(share).max(initial=0) > 0.1 for share in shares)
    summed = np.array([share.sum(axis=0) for share in shares]) + intercepts
    assert summed == pytest.approx(open_backend(bundle).logits(TEXTS), abs=1e-12)


def test_they_do_so_for_the_shipped_bundle():
    bundle = load_bundle(models_folder() / "fast-v3")
    summed = [NgramContributions(bundle).share(find_words(text)).sum(axis=0) for text in TEXTS]

    expected = open_backend(bundle).logits(TEXTS) - bundle.tensors["intercepts"].astype(np.float64)
    assert np.array(summed) == pytest.approx(expected, abs=1e-12)


def test_a_words_share_is_weight_times_value_and_repetitions_share_alike():
    # Values 1 + log 2 for `threat` and 1 for `partner`, divided by the length of the two.
    value = 1 + np.log(2)
    length = np.hypot(value, 1)
    shares = NgramContributions(make_bundle()).share(find_words("threat, partner, threat"))

    assert shares[:, 0] == pytest.approx([6 * value / length / 2, -2 / length, 6 * value / length / 2])


def test_words_of_an_n_gram_share_it_alike():
    features = {"word_ngrams": [2, 2], "char_ngrams": None}
    tensors = {
        "coefficients": np.array([[4, 0, -2]], dtype=np.float32),
        "idf": np.ones(1, dtype=np.float32),
        "intercepts": np.zeros(3, dtype=np.float32),
    }
    bundle = make_bundle(features=features, vocabulary=("free trade",), tensors=tensors)

    shares = NgramContributions(bundle).share(find_words("We want free\ntrade now."))
    assert shares.tolist() == [[0, 0, 0], [0, 0, 0], [2, 0, -1], [2, 0, -1], [0, 0, 0]]
