from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from policyframes.backends import open_backend
from policyframes.backends.ngram import extract_ngrams
from tests.inference.builders import make_bundle

WORDS_ONLY = {"word_ngrams": [1, 2], "char_ngrams": None}


def test_words_and_pairs_are_taken_in_lower_case():
    grams = ["the", "border", "secured", "the border", "border secured"]

    assert extract_ngrams("The Border, secured.", WORDS_ONLY) == grams


def test_a_hyphen_at_a_line_end_is_typesetting():
    assert "cooperation" in extract_ngrams("coop-\neration", WORDS_ONLY)
    assert "us" in extract_ngrams("US-\nMexico", WORDS_ONLY)


def test_apostrophes_of_either_kind_are_the_same():
    assert extract_ngrams("nation’s", WORDS_ONLY) == extract_ngrams("nation's", WORDS_ONLY) == ["nation's"]


def test_character_ngrams_stay_within_words():
    grams = extract_ngrams("ab cd", {"word_ngrams": [1, 1], "char_ngrams": [3, 3]})

    assert grams == ["ab", "cd", "c: ab", "c:ab ", "c: cd", "c:cd "]


def test_logits_follow_the_weighting_by_hand():
    logits = open_backend(make_bundle()).logits(["threat threat court"])
    twice, once = 1 + math.log(2), 1.0
    norm = math.hypot(twice, once)

    expected = np.array([6 * twice - 2 * once, -2 * twice + 6 * once, -2 * twice - 2 * once]) / norm - 1
    assert np.allclose(logits, [expected], atol=1e-12)


def test_unknown_words_and_empty_texts_get_the_intercepts():
    logits = open_backend(make_bundle()).logits(["", "nothing here", "\n"])

    assert np.array_equal(logits, np.full((3, 3), -1.0))


def test_no_texts_give_no_rows():
    assert open_backend(make_bundle()).logits([]).shape == (0, 3)


@given(st.lists(st.text(alphabet="threapncouwb \n", max_size=40), min_size=1, max_size=8), st.randoms())
def test_a_text_scores_the_same_among_any_neighbours(texts, chance):
    backend = open_backend(make_bundle())
    order = list(range(len(texts)))
    chance.shuffle(order)
    together = backend.logits([texts[i] for i in order])

    for row, i in enumerate(order):
        assert np.array_equal(together[row], backend.logits([texts[i]])[0])


def test_batches_do_not_change_results():
    backend = open_backend(make_bundle())
    texts = [f"threat {'court ' * (i % 7)}" for i in range(1_100)]

    assert np.array_equal(backend.logits(texts)[600], backend.logits([texts[600]])[0])
