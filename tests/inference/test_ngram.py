from __future__ import annotations

import json
import math
import re
import threading
import time
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyframes.backends import chunks as chunks_module
from policyframes.backends import ngram, ngram_index, open_backend
from policyframes.backends.ngram import NgramLinear, extract_ngrams
from policyframes.backends.words import find_words, join_hyphens
from policyframes.bundle import load_bundle
from policyframes.resources import models_folder
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


def test_batches_do_not_change_results(monkeypatch):
    backend = open_backend(make_bundle())
    texts = [f"threat {'court ' * (i % 7)}" for i in range(110)]
    whole = backend.logits(texts)
    monkeypatch.setattr(ngram, "_BATCH", 4)

    assert np.array_equal(backend.logits(texts), whole)
    assert np.array_equal(whole[60], backend.logits([texts[60]])[0])


# White space of every kind, marks that combine, signs that NFKC turns into others or into several, sigma, hyphens.
ODD = (
    "aAbzSsΣσςé'’“”‘–—…•-\u00ad_ \n\t\r\x0b\x0c\x1c\x1f\x85"
    "\xa0\u1680\u2003\u2028\u202f\u3000\u200b\u0301\u0327\u00a8\u00b4\ufb01\ufdfa½ⅣİIı각ᄀ\u1161\u11a8\u0345"
)
FEATURES = (
    {"word_ngrams": [1, 1], "char_ngrams": None},
    {"word_ngrams": [1, 2], "char_ngrams": None},
    {"word_ngrams": [2, 4], "char_ngrams": None},
    {"word_ngrams": [1, 3], "char_ngrams": [2, 4]},
)


def find_words_of_a_whole_text(text):
    """What the words of a text are, without any short cut."""
    text = re.sub(r"(?<=[a-z])[-\u00ad]\n(?=[a-z])", "", text)
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", unicodedata.normalize("NFKC", text).replace("’", "'").lower())


def score_plainly(bundle, texts):
    rows = {term: row for row, term in enumerate(bundle.vocabulary)}
    coefficients, intercepts = bundle.tensors["coefficients"].astype(np.float64), bundle.tensors["intercepts"]
    logits = []
    for text in texts:
        counts = Counter(rows[gram] for gram in extract_ngrams(text, bundle.features) if gram in rows)
        weights = {row: (1 + math.log(count)) * float(bundle.tensors["idf"][row]) for row, count in counts.items()}
        norm = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        total = sum((weight * coefficients[row] for row, weight in weights.items()), np.zeros(3))
        logits.append(total / norm + intercepts)
    return logits


def bundle_of(texts, features, *, every=2):
    """Return a bundle whose vocabulary is every second n-gram of the texts, with numbers of no meaning."""
    terms = sorted({gram for text in texts for gram in extract_ngrams(text, features)})[::every] or ["none"]
    chance = np.random.default_rng(len(terms))
    tensors = {
        "coefficients": chance.normal(size=(len(terms), 3)).astype(np.float32),
        "idf": chance.uniform(1, 5, len(terms)).astype(np.float32),
        "intercepts": np.ones(3, np.float32),
    }
    return make_bundle(vocabulary=tuple(terms), tensors=tensors, features=features)


@pytest.mark.parametrize("features", [FEATURES[1], FEATURES[3]])
def test_threads_do_not_change_results(features, monkeypatch):
    texts = [f"threat {'court ' * (i % 7)} to – the ’banks’ {'x' * (i % 60)} No. {i}" for i in range(600)]
    bundle = bundle_of(texts, features, every=3)
    whole = NgramLinear(bundle, threads=1).logits(texts)
    # Small batches, a cache that is soon full: by these threads could disturb each other.
    monkeypatch.setattr(ngram, "_BATCH", 8)
    monkeypatch.setattr(chunks_module, "_MOST_CHUNKS", 5)
    backend = NgramLinear(bundle, threads=4)
    seen = set()
    score_batch = backend._score_batch

    def watch(batch):
        seen.add(threading.get_ident())
        time.sleep(0.001)
        return score_batch(batch)

    monkeypatch.setattr(backend, "_score_batch", watch)

    assert np.array_equal(backend.logits(texts), whole)
    assert len(seen) > 1


@given(st.text(alphabet=ODD, max_size=40) | st.text(max_size=40))
def test_chunks_have_the_words_of_the_whole_text(text):
    words = [word for chunk in join_hyphens(text).split() for word in find_words(chunk)]

    assert words == find_words_of_a_whole_text(text)
    assert words == extract_ngrams(text, FEATURES[0])


@settings(max_examples=50)
@given(st.lists(st.text(alphabet="ab-\n ’“–é", max_size=30), min_size=1, max_size=4), st.sampled_from(FEATURES))
def test_logits_are_those_of_the_plain_sum(texts, features):
    bundle = bundle_of(texts, features)

    assert np.allclose(open_backend(bundle).logits(texts), score_plainly(bundle, texts), atol=1e-9)


@pytest.mark.slow
def test_every_labelled_passage_scores_as_the_plain_sum(checkout):
    with (checkout / "labels" / "passages.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    shipped = load_bundle(models_folder() / "fast-v3")
    for bundle in (shipped, bundle_of(texts[::20], {"word_ngrams": [1, 2], "char_ngrams": None})):
        plain = score_plainly(bundle, texts)

        assert np.abs(open_backend(bundle).logits(texts) - plain).max() <= 1e-9


def test_ngrams_do_not_reach_from_one_text_into_the_next():
    bundle = bundle_of(["the court"], {"word_ngrams": [2, 2], "char_ngrams": None}, every=1)
    apart, together = (open_backend(bundle).logits(texts) for texts in (["the", "court"], ["the court"]))

    assert np.array_equal(apart, np.ones((2, 3)))
    assert not np.array_equal(together, np.ones((1, 3)))


def test_an_unknown_word_keeps_its_neighbours_apart():
    bundle = bundle_of(["the court"], {"word_ngrams": [2, 2], "char_ngrams": None}, every=1)

    assert np.array_equal(open_backend(bundle).logits(["the unheard court"]), np.ones((1, 3)))


def test_the_cache_forgets_and_the_logits_stay(monkeypatch):
    texts = ["threat court the", "partner border, the", "Threat! court? " + "x" * 90]
    bundle = bundle_of(texts, {"word_ngrams": [1, 1], "char_ngrams": [2, 3]})
    expected = open_backend(bundle).logits(texts)
    monkeypatch.setattr(chunks_module, "_MOST_CHUNKS", 2)
    backend = open_backend(bundle)

    assert np.array_equal(backend.logits(texts), expected)
    assert np.array_equal(backend.logits(texts), expected)
    assert len(backend._characters) <= 2


@pytest.mark.parametrize("bits", [1, 4, 20])
def test_ngrams_are_found_where_many_share_a_slot(bits, monkeypatch):
    texts = ["the court of the people at the border", "a border of the court, a threat at the people's border"]
    bundle = bundle_of(texts, {"word_ngrams": [1, 3], "char_ngrams": None})
    monkeypatch.setattr(ngram_index, "_MOST_SLOT_BITS", bits)

    assert np.allclose(open_backend(bundle).logits(texts), score_plainly(bundle, texts), atol=1e-9)


def test_a_long_chunk_is_not_kept():
    backend = open_backend(bundle_of(["threat"], {"word_ngrams": [1, 1], "char_ngrams": [2, 3]}))
    backend.logits(["threat/" * 20])

    assert len(backend._characters) == 0


def test_no_words_at_all_give_the_intercepts_with_any_features():
    for features in FEATURES:
        bundle = bundle_of(["threat of the court"], features)

        assert np.array_equal(open_backend(bundle).logits(["", "?! _ -"]), np.ones((2, 3)))
