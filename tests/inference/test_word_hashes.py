"""Hashing the words of many texts at once finds exactly the words that reading each text finds."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyframes.backends import words
from policyframes.backends.words import find_words, hash_words

PIECES = st.sampled_from(
    "border|Mexico's|co-\nop|US-\nled|‘|–|—|•|\xa0|ü|’|'|''|_|-\n|\u00ad\n| |\n|…|“|”|a’b|Σ|aΣ…a|aΣ‘a|Σ’a|aΣ”|–-\n|"
    "security|government|interoperability|disproportionately|antidisestablishmentarianism1234|"
    "antidisestablishmentarianism12345|ﬁn|İ|ß|Å|½|²|é|e\u0301|日本|\u200b|\ud800|"
    "\x00|\xff|7|a1|(|‿|\t".split("|")
)
TEXTS = st.lists(st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=14).map("".join), st.just("")), max_size=6)


def hash_word(word: str) -> int:
    data = word.encode()
    if len(data) > 32:
        return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little", signed=True)
    value = 0
    for start in range(0, len(data), 8):
        value ^= value >> 32
        value = (value * words._BASE + int.from_bytes(data[start : start + 8], "little")) % 2**64
    return int(np.uint64(value).view(np.int64))


def expect(texts):
    hashes, owner = [], []
    for number, text in enumerate(texts):
        hashes += [*map(hash_word, find_words(text)), 0xFF]
        owner += [number] * (len(hashes) - len(owner))
    return hashes, owner


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_the_words_are_those_of_each_text(texts):
    hashes, owner = hash_words(texts)
    assert (hashes.tolist(), owner.tolist()) == expect(texts)


@given(TEXTS, st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_cutting_long_runs_of_text_changes_nothing(texts, block):
    whole = hash_words(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_BLOCK", block)
        hashes, owner = hash_words(texts)
    assert hashes.tolist() == whole[0].tolist()
    assert owner.tolist() == whole[1].tolist()


def test_a_text_longer_than_a_block_is_read_whole():
    text = "Both sides agreed. " * 20_000
    hashes, owner = hash_words([text, "Both"])
    assert len(hashes) == 60_000 + 1 + 2
    assert len(np.unique(hashes)) == 4
    assert owner.tolist() == [0] * 60_001 + [1, 1]


def test_one_word_longer_than_a_block_is_one_word():
    assert len(hash_words(["a" * 300_000])[0]) == 2


def test_no_texts_hold_no_words():
    hashes, owner = hash_words([])
    assert len(hashes) == len(owner) == 0


def test_a_word_with_the_hash_of_an_end_ends_no_text(monkeypatch):
    monkeypatch.setattr(words, "_hash_spans", lambda *spans: np.full(len(spans[1]), 0xFF))

    assert hash_words(["one two", "three"])[1].tolist() == [0, 0, 0, 1, 1]


def test_words_that_differ_in_the_last_bytes_of_two_pieces_differ():
    written = [f"xxxxxxx{one}xxxxxxx{other}" for one in "abcdefghijklmnop" for other in "abcdefghijklmnop"]

    assert len(np.unique(hash_words([" ".join(written)])[0])) == len(written) + 1
